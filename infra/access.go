package infra

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed-a131a524/infobip-otp/infra/props"
)

// All that the functions may do in AWS is in this file.

// newRole is a function's role: what the function was granted, its own log, and traces where
// they are asked for. No managed policy: AWSLambdaBasicExecutionRole writes to every log group of
// the account.
func newRole(scope constructs.Construct, id string, p props.Props, logs awslogs.LogGroup, f function) awsiam.IRole {
	statements := append([]awsiam.PolicyStatement{}, f.grants...)
	statements = append(statements, writeLog(logs))
	if p.Tracing {
		statements = append(statements, writeTrace())
	}
	role := awsiam.NewRole(scope, jsii.String(id), &awsiam.RoleProps{
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
		InlinePolicies: &map[string]awsiam.PolicyDocument{
			f.name: awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &statements}),
		},
	})
	if p.Tracing {
		acceptWildcards(role)
	}
	// The CDK adds statements of its own to a role it can change.
	return role.WithoutPolicyUpdates(nil)
}

// useTable is one read, one conditional write and one counter: no query, scan or delete.
func useTable(table awsdynamodb.ITable) []awsiam.PolicyStatement {
	return []awsiam.PolicyStatement{
		allow(table.TableArn(), "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"),
	}
}

// readCells reads what the guard counts, all of it in one call; it changes that as counters do.
func readCells(table awsdynamodb.ITable) awsiam.PolicyStatement {
	return allow(table.TableArn(), "dynamodb:BatchGetItem")
}

// useSecret reads the one secret; with a key of the customer's, through Secrets Manager only.
func useSecret(scope constructs.Construct, s secret, p props.Props) []awsiam.PolicyStatement {
	statements := []awsiam.PolicyStatement{allow(s.arn, "secretsmanager:GetSecretValue")}
	if p.SecretKeyARN == "" {
		return statements
	}
	decrypt := allow(jsii.String(p.SecretKeyARN), "kms:Decrypt")
	stack := awscdk.Stack_Of(scope)
	decrypt.AddCondition(jsii.String("StringEquals"), map[string]*string{
		"kms:ViaService": jsii.Sprintf("secretsmanager.%s.%s", *stack.Region(), *stack.UrlSuffix()),
	})
	return append(statements, decrypt)
}

// signProofs signs with the one key, and with no other that is published.
func signProofs(keys proofKeys) []awsiam.PolicyStatement {
	if len(keys) == 0 {
		return nil
	}
	return []awsiam.PolicyStatement{allow(keys[0], "kms:Sign")}
}

// readProofKeys reads the public halves of the keys that are published.
func readProofKeys(keys proofKeys) []awsiam.PolicyStatement {
	var statements []awsiam.PolicyStatement
	for _, key := range keys {
		statements = append(statements, allow(key, "kms:GetPublicKey"))
	}
	return statements
}

func writeLog(logs awslogs.LogGroup) awsiam.PolicyStatement {
	return allow(logs.LogGroupArn(), "logs:CreateLogStream", "logs:PutLogEvents")
}

// writeTrace has no resource to name: X-Ray knows none.
func writeTrace() awsiam.PolicyStatement {
	return allow(jsii.String("*"), "xray:PutTraceSegments", "xray:PutTelemetryRecords")
}

func allow(resource *string, actions ...string) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:   jsii.Strings(actions...),
		Resources: &[]*string{resource},
	})
}
