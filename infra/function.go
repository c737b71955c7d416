package infra

import (
	"path/filepath"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed-a131a524/infobip-otp/infra/props"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// Every call that a function makes fits into its timeout, and the timeout into the 30 s that an
// HTTP API waits. 256 MB buys the CPU share that a TLS handshake needs, not memory.
const (
	timeoutSeconds = 20
	memoryMB       = 256
)

type function struct {
	name        string
	description string
	environment map[string]*string
	grants      []awsiam.PolicyStatement
	reserved    *int
}

// newFunction places one function with the log group and the role that are its own.
func newFunction(scope constructs.Construct, p props.Props, f function) awslambda.Function {
	id := strings.ToUpper(f.name[:1]) + f.name[1:]
	logs := newLogGroup(scope, id+"Logs", p)
	var reserved *float64
	if f.reserved != nil {
		reserved = jsii.Number(*f.reserved)
	}
	return awslambda.NewFunction(scope, jsii.String(id+"Function"), &awslambda.FunctionProps{
		Description:  jsii.String(f.description),
		Runtime:      awslambda.Runtime_PROVIDED_AL2023(),
		Architecture: awslambda.Architecture_ARM_64(),
		Handler:      jsii.String("bootstrap"),
		// A zip goes up as it is, so the same zip is the same asset and deploys nothing new.
		Code:                         awslambda.Code_FromAsset(jsii.String(filepath.Join(p.AssetsDir, f.name+".zip")), nil),
		MemorySize:                   jsii.Number(memoryMB),
		Timeout:                      awscdk.Duration_Seconds(jsii.Number(timeoutSeconds)),
		Environment:                  &f.environment,
		Tracing:                      tracing(p),
		LoggingFormat:                awslambda.LoggingFormat_JSON,
		ApplicationLogLevelV2:        awslambda.ApplicationLogLevel(p.LogLevel),
		LogGroup:                     logs,
		ReservedConcurrentExecutions: reserved,
		Role:                         newRole(scope, id+"Role", p, logs, f),
		CurrentVersionOptions:        versionOptions(f),
	})
}

// tracing is off unless it is asked for: X-Ray takes the first request of each second and one in
// twenty of the others, so of a quiet service nearly all, and each costs more than the request.
// Disabled leaves the property out of the template: Lambda's default is then PassThrough.
func tracing(p props.Props) awslambda.Tracing {
	if p.Tracing {
		return awslambda.Tracing_ACTIVE
	}
	return awslambda.Tracing_DISABLED
}

// newLogGroup is made here rather than by Lambda at the first event, which would keep the log
// for ever.
func newLogGroup(scope constructs.Construct, id string, p props.Props) awslogs.LogGroup {
	logs := awslogs.NewLogGroup(scope, jsii.String(id), &awslogs.LogGroupProps{RemovalPolicy: removal(p)})
	// The CDK has an enumeration for the period, CloudFormation the days that we are given.
	logs.Node().DefaultChild().(awslogs.CfnLogGroup).SetRetentionInDays(jsii.Number(p.LogRetentionDays))
	return logs
}

// environment is what a function is told: the owner's settings and, over them, what the stack
// knows, as far as the function reads it.
func environment(p props.Props, function settings.Program, known map[string]*string) map[string]*string {
	values := map[string]*string{}
	for name, value := range p.Environment(function) {
		values[name] = jsii.String(value)
	}
	for name, value := range known {
		if s, _ := settings.Lookup(name); s.ReadBy(function) {
			values[name] = value
		}
	}
	return values
}

// infobipValues are the address, the application's id and the message template's id: as given,
// or as parameters that a deployment has to fill in.
func infobipValues(scope constructs.Construct, p props.Props) map[string]*string {
	if p.Infobip != nil {
		return map[string]*string{
			"INFOBIP_BASE_URL":   jsii.String(p.Infobip.BaseURL),
			"INFOBIP_2FA_APP_ID": jsii.String(p.Infobip.ApplicationID),
			"INFOBIP_2FA_MSG_ID": jsii.String(p.Infobip.MessageID),
		}
	}
	parameter := func(id, description string) *string {
		value := awscdk.NewCfnParameter(scope, jsii.String(id), &awscdk.CfnParameterProps{
			Type:        jsii.String("String"),
			MinLength:   jsii.Number(1),
			Description: jsii.String(description),
		})
		value.OverrideLogicalId(jsii.String(id))
		return value.ValueAsString()
	}
	return map[string]*string{
		"INFOBIP_BASE_URL":   parameter("InfobipBaseUrl", "Personal Infobip address, such as abc123.api.infobip.com."),
		"INFOBIP_2FA_APP_ID": parameter("Infobip2faAppId", "Infobip 2FA application id."),
		"INFOBIP_2FA_MSG_ID": parameter("Infobip2faMsgId", "Infobip 2FA message template id."),
	}
}
