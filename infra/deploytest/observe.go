package deploytest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/seed-a131a524/infobip-otp/infra/internal/template"
)

// observer reads one resource back through its service's API, as properties of CloudFormation,
// and notes what references to it stand for. Nil properties: it is not there.
type observer func(ctx context.Context, d *deployment, name string) (map[string]any, error)

var observers = map[string]observer{
	"AWS::Lambda::Function":            observeFunction,
	"AWS::Lambda::Version":             observeVersion,
	"AWS::Lambda::Alias":               observeAlias,
	"AWS::Lambda::Permission":          observePermission,
	"AWS::IAM::Role":                   observeRole,
	"AWS::Logs::LogGroup":              observeLogGroup,
	"AWS::DynamoDB::Table":             observeTable,
	"AWS::SecretsManager::Secret":      observeSecret,
	"AWS::KMS::Key":                    observeKey,
	"AWS::ApiGatewayV2::Api":           observeAPI,
	"AWS::ApiGatewayV2::Integration":   observeIntegration,
	"AWS::ApiGatewayV2::Route":         observeRoute,
	"AWS::ApiGatewayV2::Stage":         observeStage,
	"AWS::ApiGatewayV2::DomainName":    observeDomain,
	"AWS::ApiGatewayV2::ApiMapping":    observeMapping,
	"AWS::CodeDeploy::Application":     observeApplication,
	"AWS::CodeDeploy::DeploymentGroup": observeDeploymentGroup,
}

// observe returns what there is of the template, as a template. A type that has no observer is not
// there, and so shows in the comparison.
func (d *deployment) observe(ctx context.Context) (template.Template, error) {
	observed := template.Template{Resources: map[string]template.Resource{}, Outputs: map[string]any{}}
	// Permissions name an API and aliases, so they come when those are known.
	for _, late := range []bool{false, true} {
		for name, resource := range d.template.Resources {
			observer, known := observers[resource.Type]
			if !known || late != (resource.Type == "AWS::Lambda::Permission") {
				continue
			}
			properties, err := observer(ctx, d, name)
			if err != nil {
				return template.Template{}, fmt.Errorf("reading back %s: %w", name, err)
			}
			if properties != nil {
				observed.Resources[name] = template.Resource{Type: resource.Type, Properties: properties}
			}
		}
	}
	stacks, err := d.cloudformation.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String(d.name)})
	if err != nil {
		return template.Template{}, fmt.Errorf("reading back the outputs: %w", err)
	}
	for _, output := range stacks.Stacks[0].Outputs {
		observed.Outputs[aws.ToString(output.OutputKey)] = map[string]any{
			"Value": aws.ToString(output.OutputValue), "Description": aws.ToString(output.Description),
		}
	}
	return observed, nil
}

func observeFunction(ctx context.Context, d *deployment, name string) (map[string]any, error) {
	physical, there := d.physical[name]
	if !there {
		return nil, nil
	}
	function, err := d.lambda.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: aws.String(physical)})
	if err != nil {
		return nil, fmt.Errorf("getting a function: %w", err)
	}
	d.values[name], d.values[name+".Arn"] = physical, aws.ToString(function.Configuration.FunctionArn)
	answer, err := shape(function.Configuration)
	if err != nil {
		return nil, err
	}
	properties := pick(answer, "Architectures", "Description", "Environment", "Handler", "LoggingConfig", "MemorySize", "Role", "Runtime",
		"Timeout", "TracingConfig", "Layers", "VpcConfig", "DeadLetterConfig", "FileSystemConfigs", "KMSKeyArn")
	if t := function.Configuration.TracingConfig; t != nil && t.Mode == lambdatypes.TracingModePassThrough {
		delete(properties, "TracingConfig") // of a function that asks for nothing
	}
	properties["Code"] = map[string]any{"Sha256": aws.ToString(function.Configuration.CodeSha256)}
	concurrency, err := d.lambda.GetFunctionConcurrency(ctx, &lambda.GetFunctionConcurrencyInput{FunctionName: aws.String(physical)})
	if err != nil {
		return nil, fmt.Errorf("getting a function's concurrency: %w", err)
	}
	if concurrency.ReservedConcurrentExecutions != nil {
		properties["ReservedConcurrentExecutions"] = float64(*concurrency.ReservedConcurrentExecutions)
	}
	return properties, nil
}

func observeRole(ctx context.Context, d *deployment, name string) (map[string]any, error) {
	physical, there := d.physical[name]
	if !there {
		return nil, nil
	}
	role, err := d.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String(physical)})
	if err != nil {
		return nil, fmt.Errorf("getting a role: %w", err)
	}
	d.values[name], d.values[name+".Arn"] = physical, aws.ToString(role.Role.Arn)
	trust, err := policyDocument(role.Role.AssumeRolePolicyDocument)
	if err != nil {
		return nil, err
	}
	properties := map[string]any{"AssumeRolePolicyDocument": trust}

	names, err := d.iam.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: aws.String(physical)})
	if err != nil {
		return nil, fmt.Errorf("listing a role's policies: %w", err)
	}
	var policies []any
	for _, policyName := range names.PolicyNames {
		policy, err := d.iam.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: aws.String(physical), PolicyName: aws.String(policyName)})
		if err != nil {
			return nil, fmt.Errorf("getting a role's policy: %w", err)
		}
		document, err := policyDocument(policy.PolicyDocument)
		if err != nil {
			return nil, err
		}
		policies = append(policies, map[string]any{"PolicyName": policyName, "PolicyDocument": document})
	}
	properties["Policies"] = policies

	attached, err := d.iam.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: aws.String(physical)})
	if err != nil {
		return nil, fmt.Errorf("listing a role's managed policies: %w", err)
	}
	var managed []any
	for _, policy := range attached.AttachedPolicies {
		managed = append(managed, aws.ToString(policy.PolicyArn))
	}
	if managed != nil {
		properties["ManagedPolicyArns"] = managed
	}
	return properties, nil
}

// policyDocument reads a policy, which IAM encodes as in an address. One that is no JSON (the
// emulated CloudFormation writes a role's trust as Python would) is given as the text it is.
func policyDocument(encoded *string) (any, error) {
	text, err := url.QueryUnescape(aws.ToString(encoded))
	if err != nil {
		return nil, fmt.Errorf("decoding a policy: %w", err)
	}
	var document any
	if !json.Valid([]byte(text)) {
		return text, nil
	}
	err = json.Unmarshal([]byte(text), &document)
	if err != nil {
		return nil, fmt.Errorf("reading a policy: %w", err)
	}
	return document, nil
}

func ignoreNotFound(err error, operation string) error {
	coded, ok := errors.AsType[interface {
		error
		ErrorCode() string
	}](err)
	if ok && strings.Contains(coded.ErrorCode(), "NotFound") {
		return nil
	}
	return fmt.Errorf("%s: %w", operation, err)
}
