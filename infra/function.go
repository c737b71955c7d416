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
// HTTP API waits.
const timeoutSeconds = 20

type function struct {
	name        string
	description string
	environment map[string]*string
	grants      []awsiam.PolicyStatement
	reserved    *int
}

// newFunction places one function of a release, with the log group and the role that are its own.
func newFunction(scope constructs.Construct, p props.Props, f function, release string) awslambda.Function {
	id := strings.ToUpper(f.name[:1]) + f.name[1:]
	logs := newLogGroup(scope, id+"Logs", p)
	var reserved *float64
	if f.reserved != nil {
		reserved = jsii.Number(*f.reserved)
	}
	placed := awslambda.NewFunction(scope, jsii.String(id+"Function"), &awslambda.FunctionProps{
		Description:  jsii.String(described(f.description, release)),
		Runtime:      awslambda.Runtime_PROVIDED_AL2023(),
		Architecture: architecture(p),
		Handler:      jsii.String("bootstrap"),
		// A zip goes up as it is, so the same zip is the same asset and deploys nothing new.
		Code:                  awslambda.Code_FromAsset(jsii.String(filepath.Join(p.AssetsDir, f.name+".zip")), nil),
		MemorySize:            jsii.Number(p.MemoryMB),
		Timeout:               awscdk.Duration_Seconds(jsii.Number(timeoutSeconds)),
		Environment:           &f.environment,
		LoggingFormat:         awslambda.LoggingFormat_JSON,
		ApplicationLogLevelV2: awslambda.ApplicationLogLevel(p.LogLevel),
		// Lambda's own lines are as many bytes as half of ours, and say of a request that ended well
		// nothing that ours does not. Of one that did not (a timeout, a crash) they are warnings.
		SystemLogLevelV2:             awslambda.SystemLogLevel_WARN,
		LogGroup:                     logs,
		ReservedConcurrentExecutions: reserved,
		Role:                         newRole(scope, id+"Role", p, logs, f),
		CurrentVersionOptions:        versionOptions(p, f, release),
	})
	// Set below the CDK's own construct, which would add statements to the role for both:
	// what the role may do is in access.go, and what an app grants it.
	plain := placed.Node().DefaultChild().(awslambda.CfnFunction)
	if p.Tracing {
		plain.SetTracingConfig(&awslambda.CfnFunction_TracingConfigProperty{Mode: jsii.String("Active")})
	}
	if p.VPC != nil {
		plain.SetVpcConfig(&awslambda.CfnFunction_VpcConfigProperty{
			SubnetIds:        jsii.Strings(p.VPC.SubnetIDs...),
			SecurityGroupIds: jsii.Strings(p.VPC.SecurityGroupIDs...),
		})
	}
	return placed
}

func architecture(p props.Props) awslambda.Architecture {
	if p.GOARCH() == "amd64" {
		return awslambda.Architecture_X86_64()
	}
	return awslambda.Architecture_ARM_64()
}

// newLogGroup is made here rather than by Lambda at the first event, which would keep the log
// for ever.
func newLogGroup(scope constructs.Construct, id string, p props.Props) awslogs.LogGroup {
	logs := awslogs.NewLogGroup(scope, jsii.String(id), &awslogs.LogGroupProps{RemovalPolicy: removal(p)})
	// The CDK has an enumeration for the period, CloudFormation the days that we are given.
	plain := logs.Node().DefaultChild().(awslogs.CfnLogGroup)
	plain.SetRetentionInDays(jsii.Number(p.LogRetentionDays))
	if p.LogKeyARN != "" {
		plain.SetKmsKeyId(jsii.String(p.LogKeyARN))
	}
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
// The parameters are named after the service, so that a stack has room for several.
func infobipValues(scope constructs.Construct, p props.Props) (map[string]*string, []awscdk.CfnParameter) {
	values := map[string]*string{}
	if p.Infobip != nil {
		for name, value := range p.Infobip.Variables() {
			values[name] = jsii.String(value)
		}
		return values, nil
	}
	var parameters []awscdk.CfnParameter
	parameter := func(variable, id string, is awscdk.CfnParameterProps) {
		is.Type = jsii.String("String")
		made := awscdk.NewCfnParameter(scope, jsii.String(id), &is)
		parameters = append(parameters, made)
		values[variable] = made.ValueAsString()
	}
	required := func(variable, id, description string) {
		parameter(variable, id, awscdk.CfnParameterProps{MinLength: jsii.Number(1), Description: jsii.String(description)})
	}
	required("INFOBIP_BASE_URL", "InfobipBaseUrl", "Personal Infobip address, such as abc123.api.infobip.com.")
	required("INFOBIP_2FA_APP_ID", "Infobip2faAppId", "Infobip 2FA application id.")
	const messageID = "Infobip 2FA message template id."
	if len(p.OnMessageID()) > 0 {
		required("INFOBIP_2FA_MSG_ID", "Infobip2faMsgId", messageID)
	} else {
		// Whoever has filled it in may go on doing so.
		parameter("INFOBIP_2FA_MSG_ID", "Infobip2faMsgId", awscdk.CfnParameterProps{
			Default: "", Description: jsii.String(messageID + " Not needed where INFOBIP_2FA_MESSAGES serves every channel that is offered."),
		})
	}
	return values, parameters
}
