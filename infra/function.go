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
		Tracing:                      awslambda.Tracing_ACTIVE,
		LoggingFormat:                awslambda.LoggingFormat_JSON,
		LogGroup:                     logs,
		ReservedConcurrentExecutions: reserved,
		Role:                         newRole(scope, id+"Role", logs, f),
	})
}

// newLogGroup is made here rather than by Lambda at the first event, which would keep the log
// for ever.
func newLogGroup(scope constructs.Construct, id string, p props.Props) awslogs.LogGroup {
	logs := awslogs.NewLogGroup(scope, jsii.String(id), &awslogs.LogGroupProps{RemovalPolicy: removal(p)})
	// The CDK has an enumeration for the period, CloudFormation the days that we are given.
	logs.Node().DefaultChild().(awslogs.CfnLogGroup).SetRetentionInDays(jsii.Number(p.LogRetentionDays))
	return logs
}

// settings is the environment of the functions that hold state.
func settings(scope constructs.Construct, p props.Props) map[string]*string {
	infobip := infobipValues(scope, p)
	values := map[string]*string{
		"INFOBIP_BASE_URL":   infobip[0],
		"INFOBIP_2FA_APP_ID": infobip[1],
		"INFOBIP_2FA_MSG_ID": infobip[2],
	}
	for name, value := range p.Environment() {
		values[name] = jsii.String(value)
	}
	return values
}

// infobipValues are the address, the application's id and the message template's id: as given,
// or as parameters that a deployment has to fill in.
func infobipValues(scope constructs.Construct, p props.Props) [3]*string {
	if p.Infobip != nil {
		return [3]*string{
			jsii.String(p.Infobip.BaseURL),
			jsii.String(p.Infobip.ApplicationID),
			jsii.String(p.Infobip.MessageID),
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
	return [3]*string{
		parameter("InfobipBaseUrl", "Personal Infobip address, such as abc123.api.infobip.com."),
		parameter("Infobip2faAppId", "Infobip 2FA application id."),
		parameter("Infobip2faMsgId", "Infobip 2FA message template id."),
	}
}
