package template

import (
	"fmt"
	"maps"
	"strings"
)

// expand does to a template what AWS::Serverless-2016-10-31 does at deployment, as far as our
// template asks for it. The transform writes the routes as an OpenAPI document; here they are the
// resources that API Gateway makes of it.
func expand(t Template, globals any) (Template, error) {
	defaults, err := functionGlobals(globals)
	if err != nil {
		return Template{}, err
	}
	expanded := Template{Resources: map[string]Resource{}, Outputs: t.Outputs}
	for name, resource := range t.Resources {
		made := map[string]Resource{name: resource}
		switch {
		case resource.Condition != "" && strings.HasPrefix(resource.Type, "AWS::Serverless::"):
			err = fmt.Errorf("a Condition of %s is not understood here", resource.Type)
		case resource.Type == "AWS::Serverless::Function":
			made, err = expandFunction(name, resource, defaults)
		case resource.Type == "AWS::Serverless::HttpApi":
			made, err = expandAPI(name, resource)
		case strings.HasPrefix(resource.Type, "AWS::Serverless::"):
			err = fmt.Errorf("%s is not understood here", resource.Type)
		}
		if err != nil {
			return Template{}, fmt.Errorf("resource %s: %w", name, err)
		}
		for name, resource := range made {
			if _, twice := expanded.Resources[name]; twice {
				return Template{}, fmt.Errorf("two resources would be called %s", name)
			}
			expanded.Resources[name] = resource
		}
	}
	return expanded, nil
}

func functionGlobals(globals any) (map[string]any, error) {
	plain, err := render(globals, func(name string) string { return name })
	if err != nil {
		return nil, fmt.Errorf("reading Globals: %w", err)
	}
	sections, ok := plain.(map[string]any)
	if !ok && plain != nil {
		return nil, fmt.Errorf("the section Globals is %T, not an object", plain)
	}
	for section := range sections {
		if section != "Function" {
			return nil, fmt.Errorf("section Globals.%s is not understood here", section)
		}
	}
	defaults, _ := sections["Function"].(map[string]any)
	return defaults, nil
}

func expandFunction(name string, resource Resource, defaults map[string]any) (map[string]Resource, error) {
	properties := maps.Clone(defaults)
	if properties == nil {
		properties = map[string]any{}
	}
	for property, value := range resource.Properties {
		if _, both := properties[property]; both {
			return nil, fmt.Errorf("%s is in Globals too; how the two merge is not understood here", property)
		}
		properties[property] = value
	}

	made := map[string]Resource{}
	lambda := Resource{
		Type:                "AWS::Lambda::Function",
		Properties:          map[string]any{},
		DeletionPolicy:      resource.DeletionPolicy,
		UpdateReplacePolicy: resource.UpdateReplacePolicy,
	}
	for property, value := range properties {
		switch property {
		case "Runtime", "Handler", "Architectures", "MemorySize", "Timeout", "Description", "Role",
			"LoggingConfig", "Environment", "ReservedConcurrentExecutions":
			lambda.Properties[property] = value
		case "CodeUri":
			lambda.Properties["Code"] = value
		case "Tracing":
			lambda.Properties["TracingConfig"] = map[string]any{"Mode": value}
		case "Events":
			events, ok := value.(map[string]any)
			if !ok {
				return nil, fmt.Errorf("its Events are %T", value)
			}
			for event, value := range events {
				err := expandEvent(made, name, event, value, hasDefault(events))
				if err != nil {
					return nil, fmt.Errorf("event %s: %w", event, err)
				}
			}
		default:
			return nil, fmt.Errorf("%s is not understood here", property)
		}
	}
	made[name] = lambda
	return made, nil
}

// hasDefault reports whether one of a function's events is the $default route.
func hasDefault(events map[string]any) bool {
	for _, event := range events {
		members, _ := event.(map[string]any)
		properties, _ := members["Properties"].(map[string]any)
		if properties["Method"] == nil && properties["Path"] == nil {
			return true
		}
	}
	return false
}

// expandEvent makes the route of one HttpApi event, the function's integration, and the permission
// of the route. That of a $default route is for all methods and paths, and the transform leaves
// out those of the function's other routes then (covered).
func expandEvent(made map[string]Resource, function, event string, value any, covered bool) error {
	members, _ := value.(map[string]any)
	properties, _ := members["Properties"].(map[string]any)
	if members["Type"] != "HttpApi" || len(members) != 2 || properties == nil {
		return fmt.Errorf("only HttpApi with Properties is understood here")
	}
	var api, method, path string
	for property, value := range properties {
		text, ok := value.(string)
		if !ok {
			return fmt.Errorf("%s is %T", property, value)
		}
		switch property {
		case "ApiId":
			api = strings.Trim(text, "${}")
		case "Method":
			method = text
		case "Path":
			path = text
		default:
			return fmt.Errorf("%s is not understood here", property)
		}
	}
	if api == "" {
		return fmt.Errorf("ApiId is missing")
	}
	key, permitted := "$default", "*"
	if method != "" || path != "" {
		key, permitted = method+" "+path, method+path
	}
	integration := strings.TrimSuffix(function, "Function") + "Integration"
	made[integration] = Resource{Type: "AWS::ApiGatewayV2::Integration", Properties: map[string]any{
		"ApiId":                "${" + api + "}",
		"IntegrationType":      "AWS_PROXY",
		"IntegrationUri":       "${" + function + ".Arn}",
		"PayloadFormatVersion": "2.0",
	}}
	made[event+"Route"] = Resource{Type: "AWS::ApiGatewayV2::Route", Properties: map[string]any{
		"ApiId":             "${" + api + "}",
		"RouteKey":          key,
		"AuthorizationType": "NONE",
		"Target":            "integrations/${" + integration + "}",
	}}
	if covered && key != "$default" {
		return nil
	}
	made[event+"Permission"] = Resource{Type: "AWS::Lambda::Permission", Properties: map[string]any{
		"Action":       "lambda:InvokeFunction",
		"FunctionName": "${" + function + "}",
		"Principal":    "apigateway.amazonaws.com",
		"SourceArn":    "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${" + api + "}/*/" + permitted,
	}}
	return nil
}

func expandAPI(name string, resource Resource) (map[string]Resource, error) {
	api := Resource{Type: "AWS::ApiGatewayV2::Api", Properties: map[string]any{
		"Name":         "${AWS::StackName}",
		"ProtocolType": "HTTP",
	}}
	stage := Resource{Type: "AWS::ApiGatewayV2::Stage", Properties: map[string]any{
		"ApiId":      "${" + name + "}",
		"AutoDeploy": true,
	}}
	for property, value := range resource.Properties {
		switch property {
		case "StageName", "AccessLogSettings", "DefaultRouteSettings", "RouteSettings":
			stage.Properties[property] = value
		case "CorsConfiguration":
			api.Properties[property] = value
		default:
			return nil, fmt.Errorf("%s is not understood here", property)
		}
	}
	return map[string]Resource{name: api, "Stage": stage}, nil
}
