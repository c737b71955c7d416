package infra

import (
	"encoding/json"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed-a131a524/infobip-otp/infra/props"
	"github.com/seed-a131a524/infobip-otp/pkg/cors"
)

// defaultRoute is whatever no other route takes. Its permission is for every method and path of
// the API, and so for the other routes of the same function too.
const defaultRoute = "$default"

// route is one route of the API: who answers it, and how often. No throttle of its own: the
// stage's default.
type route struct {
	id       string
	key      string
	alias    awslambda.Alias
	throttle *props.Throttle
}

// newAPI places the HTTP API, without a route: its address is in every proof, so the
// functions come after it. The one stage is the API's own default one, by which the CDK's
// API.Url() knows its address.
func newAPI(scope constructs.Construct, p props.Props) awsapigatewayv2.HttpApi {
	return awsapigatewayv2.NewHttpApi(scope, jsii.String("Api"), &awsapigatewayv2.HttpApiProps{
		ApiName:       jsii.String("infobip-otp-" + p.Stage),
		CorsPreflight: preflights(p.CORSOrigins),
		// A domain is the one way in, or what stands before it would be passed by.
		DisableExecuteApiEndpoint: closed(p),
	})
}

// closed returns true where a domain takes the place of the API's own address; else nil, so that
// the template says nothing of it.
func closed(p props.Props) *bool {
	if p.Domain == nil {
		return nil
	}
	return jsii.Bool(true)
}

// addRoutes places the API's routes, and returns its one stage.
func addRoutes(scope constructs.Construct, p props.Props, s *Service) awsapigatewayv2.HttpStage {
	t, api := p.Throttles, s.API
	routes := []route{
		{id: "Send", key: "POST /send-otp", alias: s.SendAlias, throttle: &t.Send},
		{id: "Resend", key: "POST /resend-otp", alias: s.SendAlias, throttle: &t.Resend},
		{id: "Verify", key: "POST /verify-otp", alias: s.VerifyAlias, throttle: &t.Verify},
		{id: "Banner", key: "GET /", alias: s.DiscoveryAlias},
		// Unknown paths and wrong methods get our own 404 and 405, as they do locally.
		{id: "Default", key: defaultRoute, alias: s.DiscoveryAlias},
	}

	integrations := map[awslambda.Alias]awsapigatewayv2.CfnIntegration{
		s.SendAlias:      newIntegration(scope, "SendIntegration", api, s.SendAlias),
		s.VerifyAlias:    newIntegration(scope, "VerifyIntegration", api, s.VerifyAlias),
		s.DiscoveryAlias: newIntegration(scope, "DiscoveryIntegration", api, s.DiscoveryAlias),
	}

	stage := shapeStage(scope, p, s, routes)
	resource := stage.Node().DefaultChild().(awsapigatewayv2.CfnStage)
	for _, r := range routes {
		placed := awsapigatewayv2.NewCfnRoute(scope, jsii.String(r.id+"Route"), &awsapigatewayv2.CfnRouteProps{
			ApiId:             api.ApiId(),
			RouteKey:          jsii.String(r.key),
			Target:            jsii.Sprintf("integrations/%s", *integrations[r.alias].Ref()),
			AuthorizationType: jsii.String(authorization(p, r)),
		})
		if authorization(p, r) == anyone {
			acceptAnyone(placed)
		}
		// A stage cannot name the throttle of a route that is not there yet.
		resource.AddResourceDependency(placed, nil)
		if r.key == defaultRoute || r.alias != s.DiscoveryAlias {
			// Before anything is called that may not be.
			integrations[r.alias].AddResourceDependency(mayInvoke(scope, api, r), nil)
		}
	}
	return stage
}

// preflights returns what the API answers preflights from these origins with; nil of none, so that
// it answers no preflight and no page can call it.
func preflights(origins []string) *awsapigatewayv2.CorsPreflightOptions {
	if len(origins) == 0 {
		return nil
	}
	var methods []awsapigatewayv2.CorsHttpMethod
	for _, method := range cors.AllowedMethods() {
		methods = append(methods, awsapigatewayv2.CorsHttpMethod(method))
	}
	return &awsapigatewayv2.CorsPreflightOptions{
		AllowOrigins:  jsii.Strings(origins...),
		AllowMethods:  &methods,
		AllowHeaders:  jsii.Strings(cors.AllowedHeaders()...),
		ExposeHeaders: jsii.Strings(cors.ExposedHeaders()...),
		MaxAge:        awscdk.Duration_Seconds(jsii.Number(cors.MaxAge.Seconds())),
	}
}

func newIntegration(scope constructs.Construct, id string, api awsapigatewayv2.HttpApi, alias awslambda.Alias) awsapigatewayv2.CfnIntegration {
	return awsapigatewayv2.NewCfnIntegration(scope, jsii.String(id), &awsapigatewayv2.CfnIntegrationProps{
		ApiId:                api.ApiId(),
		IntegrationType:      jsii.String("AWS_PROXY"),
		IntegrationUri:       alias.FunctionArn(),
		PayloadFormatVersion: jsii.String("2.0"),
	})
}

// mayInvoke lets this route of this API, and nothing else, call the function by its alias.
func mayInvoke(scope constructs.Construct, api awsapigatewayv2.HttpApi, r route) awslambda.CfnPermission {
	methodAndPath := strings.Replace(r.key, " ", "", 1)
	if r.key == defaultRoute {
		methodAndPath = "*"
	}
	return awslambda.NewCfnPermission(scope, jsii.String(r.id+"Permission"), &awslambda.CfnPermissionProps{
		Action:       jsii.String("lambda:InvokeFunction"),
		FunctionName: r.alias.FunctionArn(),
		Principal:    jsii.String("apigateway.amazonaws.com"),
		SourceArn: awscdk.Stack_Of(scope).FormatArn(&awscdk.ArnComponents{
			Service:      jsii.String("execute-api"),
			Resource:     api.ApiId(),
			ResourceName: jsii.String("*/" + methodAndPath), // any stage
		}),
	})
}

// authorization returns who may call a route. The banner, the documents and what is no route are
// everybody's: nothing is sent there, and verifiers of proofs come without credentials.
func authorization(p props.Props, r route) string {
	if p.Authorizer == props.IAMCallers && strings.HasPrefix(r.key, "POST ") {
		return "AWS_IAM"
	}
	return anyone
}

const anyone = "NONE"

// shapeStage sets the throttles and the access log of the API's stage, and returns it.
func shapeStage(scope constructs.Construct, p props.Props, s *Service, routes []route) awsapigatewayv2.HttpStage {
	perRoute := map[string]any{}
	for _, r := range routes {
		if r.throttle != nil {
			// Raw JSON to CloudFormation, so in its own spelling.
			perRoute[r.key] = map[string]any{
				"ThrottlingRateLimit":  r.throttle.Rate,
				"ThrottlingBurstLimit": r.throttle.Burst,
			}
		}
	}
	stage := s.API.DefaultStage().(awsapigatewayv2.HttpStage)
	resource := stage.Node().DefaultChild().(awsapigatewayv2.CfnStage)
	resource.OverrideLogicalId(idOfStage(scope, s.API))
	resource.SetDefaultRouteSettings(&awsapigatewayv2.CfnStage_RouteSettingsProperty{
		ThrottlingRateLimit:  jsii.Number(p.Throttles.Other.Rate),
		ThrottlingBurstLimit: jsii.Number(p.Throttles.Other.Burst),
	})
	resource.SetRouteSettings(perRoute)
	resource.SetAccessLogSettings(&awsapigatewayv2.CfnStage_AccessLogSettingsProperty{
		DestinationArn: s.AccessLog.LogGroupArn(),
		Format:         jsii.String(accessLogFormat()),
	})
	return stage
}

// idOfStage is the logical id that the stage has always had: that of a resource of CloudFormation's
// in a place where the CDK's stage is not. Under another id CloudFormation would make the new
// $default stage before it takes the old one away, and API Gateway has room for one of that name.
func idOfStage(scope constructs.Construct, api awsapigatewayv2.HttpApi) *string {
	before := awsapigatewayv2.NewCfnStage(scope, jsii.String("Stage"), &awsapigatewayv2.CfnStageProps{
		ApiId: api.ApiId(), StageName: jsii.String(defaultRoute),
	})
	id := awscdk.Stack_Of(scope).GetLogicalId(before)
	scope.Node().TryRemoveChild(jsii.String("Stage"))
	return id
}

// newAccessLog makes the log group of the access log. CloudWatch Logs writes there on API Gateway's
// behalf, by a resource policy of the account that AWS extends for each group by its name, up to
// 5,120 characters; past that only groups below /aws/vendedlogs/ are written to, all of them by
// one line. So it has a name of its own there, with the stack's id in it: the group that a stack
// has left behind is not in the way of the next stack of that name.
func newAccessLog(scope constructs.Construct, p props.Props) awslogs.LogGroup {
	const stackUUID = 2 // arn:…:stack/name/uuid
	service := awscdk.Names_UniqueResourceName(scope, &awscdk.UniqueResourceNameOptions{
		MaxLength: jsii.Number(128), Separator: jsii.String("-"), AllowedSpecialCharacters: jsii.String("-"),
	})
	uuid := awscdk.Fn_Select(jsii.Number(stackUUID), awscdk.Fn_Split(jsii.String("/"), awscdk.Stack_Of(scope).StackId(), nil))
	logs := newLogGroup(scope, "ApiLogs", p)
	logs.Node().DefaultChild().(awslogs.CfnLogGroup).SetLogGroupName(jsii.String("/aws/vendedlogs/" + *service + "/" + *uuid))
	return logs
}

// accessLogFields leave out whatever names a person: the client's address, the user agent, the
// path as it was asked (an unknown one may hold a number). Each byte is paid for with every
// request, so they leave out too what stands elsewhere: the time is the event's, and the function's
// line, found by the requestId, has its own share of the latency.
var accessLogFields = []struct{ name, variable string }{
	{"requestId", "requestId"},
	{"routeKey", "routeKey"},
	{"status", "status"},
	{"responseLatency", "responseLatency"},
	{"integrationStatus", "integrationStatus"},
	{"integrationError", "integrationErrorMessage"},
	{"error", "error.message"},
}

func accessLogFormat() string {
	var members []string
	for _, field := range accessLogFields {
		name, err := json.Marshal(field.name)
		if err != nil {
			panic("infra: a field name of the access log is no JSON string: " + err.Error())
		}
		members = append(members, string(name)+`:"$context.`+field.variable+`"`)
	}
	return "{" + strings.Join(members, ",") + "}"
}
