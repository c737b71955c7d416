package infra

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"

	"github.com/seed-a131a524/infobip-otp/infra/props"
)

// What cdk-nag's AwsSolutions rules find and we accept, each with its reason. The tests run the
// rules; anything that is not here is a failure.

func acceptWildcards(role awsiam.Role, p props.Props) {
	var reasons []string
	if p.Tracing {
		reasons = append(reasons, "X-Ray's two write actions know no resource.")
	}
	if p.VPC != nil {
		reasons = append(reasons, "Most of the actions by which Lambda puts a function into subnets know no resource, and the function's own code is denied them.")
	}
	if len(reasons) > 0 {
		suppress(role, "AwsSolutions-IAM5", strings.Join(reasons, " "), "Resource::*")
	}
}

func acceptAllAlarms(role awsiam.Role) {
	suppress(role, "AwsSolutions-IAM5",
		"CodeDeploy asks for alarms by a list of names, and CloudWatch answers a list by one permission for all; it only reads them.", "Resource::*")
}

func acceptAnyone(route awsapigatewayv2.CfnRoute) {
	suppress(route, "AwsSolutions-APIG4",
		"Whoever verifies a phone number is not signed in yet, and verifiers of proofs never are: such routes are public by design, behind throttles, limits per client address and limits per number.")
}

func acceptNoRotation(secret awssecretsmanager.CfnSecret) {
	suppress(secret, "AwsSolutions-SMG4",
		"Infobip issues its key in its own portal, and an HMAC key has to stay beside its successor, or every limit is forgotten: an operator rotates both.")
}

func suppress(scope constructs.IConstruct, rule, reason string, appliesTo ...string) {
	suppression := &cdknag.NagPackSuppression{Id: jsii.String(rule), Reason: jsii.String(reason)}
	if len(appliesTo) > 0 {
		findings := make([]any, len(appliesTo))
		for i, finding := range appliesTo {
			findings[i] = finding
		}
		suppression.AppliesTo = &findings
	}
	cdknag.NagSuppressions_AddResourceSuppressions(scope, &[]*cdknag.NagPackSuppression{suppression}, nil)
}
