package infra

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed-a131a524/infobip-otp/infra/props"
)

// NewApp returns a CDK app that synthesizes into outdir, with nothing taken from a cdk.json, so that
// a test and `cdk deploy` see the same template.
func NewApp(outdir string) awscdk.App {
	return awscdk.NewApp(&awscdk.AppProps{
		Outdir:             jsii.String(outdir),
		AnalyticsReporting: jsii.Bool(false), // no resource that reports the CDK's use to AWS
	})
}

// StackName returns the name of a stage's stack, which `make deploy` deploys.
func StackName(stage string) string { return props.StackName(stage) }

// NewStack places the service in a stack of its own, for whatever account and region it is
// deployed to, and prints what an operator needs next.
func NewStack(scope constructs.Construct, p props.Props) (awscdk.Stack, *Service, error) {
	err := p.Validate()
	if err != nil {
		return nil, nil, fmt.Errorf("checking the props: %w", err)
	}
	stack := awscdk.NewStack(scope, jsii.String(StackName(p.Stage)), &awscdk.StackProps{
		Description:           jsii.String("Phone verification with one-time PINs through Infobip 2FA (" + p.Stage + " stage)."),
		TerminationProtection: jsii.Bool(p.Keeps()),
	})
	// The CDK writes a DependsOn for a role that the function's own GetAtt already waits for.
	stack.TemplateOptions().SetMetadata(&map[string]any{
		"cfn-lint": map[string]any{"config": map[string]any{"ignore_checks": []string{"W3005"}}},
	})
	service, err := NewService(stack, "Otp", p)
	if err != nil {
		return nil, nil, fmt.Errorf("placing the service: %w", err)
	}
	// The stack has one service, whose parameters have the names that a command line takes.
	for _, parameter := range service.parameters {
		parameter.OverrideLogicalId(parameter.Node().Id())
	}
	output(stack, "ApiUrl", "Base address of the service.", service.URL)
	output(stack, "TableName", "State, one item for a phone number or a client address.", service.Table.TableName())
	output(stack, "SecretId", "Put the secret's value here.", service.SecretID)
	output(stack, "ApiId", "Id of the HTTP API.", service.API.ApiId())
	output(stack, "SendLogGroup", "Log of the send function.", service.Send.LogGroup().LogGroupName())
	output(stack, "VerifyLogGroup", "Log of the verify function.", service.Verify.LogGroup().LogGroupName())
	output(stack, "DiscoveryLogGroup", "Log of the discovery function.", service.Discovery.LogGroup().LogGroupName())
	output(stack, "AccessLogGroup", "Log of what the API was asked.", service.AccessLog.LogGroupName())
	output(stack, "SendAliasArn", "What the API calls to send.", service.SendAlias.FunctionArn())
	output(stack, "VerifyAliasArn", "What the API calls to verify.", service.VerifyAlias.FunctionArn())
	output(stack, "DiscoveryAliasArn", "What the API calls for everything else.", service.DiscoveryAlias.FunctionArn())
	if service.Domain != nil {
		output(stack, "DomainTarget", "Where a record of the domain points: an alias, or a CNAME.", service.Domain.RegionalDomainName())
	}
	if p.Authorizer == props.IAMCallers {
		output(stack, "InvokeArn", "What a backend's role is granted execute-api:Invoke on.", service.InvokeARN())
	}
	return stack, service, nil
}

func output(stack awscdk.Stack, id, description string, value *string) {
	awscdk.NewCfnOutput(stack, jsii.String(id), &awscdk.CfnOutputProps{
		Description: jsii.String(description),
		Value:       value,
	})
}
