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

// newRole makes a function's role: what the function was granted, its own log, and traces where
// they are asked for. No managed policy: AWSLambdaBasicExecutionRole writes to every log group of
// the account. A grant of the app's own (table.GrantReadData(service.Send)) is a policy beside
// this one.
func newRole(scope constructs.Construct, id string, p props.Props, logs awslogs.LogGroup, f function) awsiam.IRole {
	statements := append([]awsiam.PolicyStatement{}, f.grants...)
	statements = append(statements, writeLog(logs))
	if p.Tracing {
		statements = append(statements, writeTrace())
	}
	if p.VPC != nil {
		statements = append(statements, joinNetwork(scope)...)
	}
	role := awsiam.NewRole(scope, jsii.String(id), &awsiam.RoleProps{
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
		InlinePolicies: &map[string]awsiam.PolicyDocument{
			f.name: awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &statements}),
		},
	})
	acceptWildcards(role, p)
	return role
}

// useTable is one read, one conditional write and one counter: no query, scan or delete. With a
// key of the customer's, that through DynamoDB only.
func useTable(scope constructs.Construct, table awsdynamodb.ITable, p props.Props) []awsiam.PolicyStatement {
	statements := []awsiam.PolicyStatement{
		allow(table.TableArn(), "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"),
	}
	if p.TableKeyARN == "" {
		return statements
	}
	// As AWS lists them for who reads and writes an encrypted table; no grants, which only its
	// creation needs.
	crypt := allow(jsii.String(p.TableKeyARN), "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt",
		"kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo")
	through(scope, crypt, "dynamodb")
	return append(statements, crypt)
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
	through(scope, decrypt, "secretsmanager")
	return append(statements, decrypt)
}

// through restricts the use of a key to what a service does on behalf of the function.
func through(scope constructs.Construct, statement awsiam.PolicyStatement, service string) {
	stack := awscdk.Stack_Of(scope)
	statement.AddCondition(jsii.String("StringEquals"), map[string]*string{
		"kms:ViaService": jsii.Sprintf("%s.%s.%s", service, *stack.Region(), *stack.UrlSuffix()),
	})
}

// joinNetwork returns what Lambda needs of the role to put a function into subnets, as
// AWSLambdaVPCAccessExecutionRole lists it; EC2 knows no resource for most of it. It is for Lambda
// itself: the function's own code, whose calls alone bear its ARN, is denied all of it.
func joinNetwork(scope constructs.Construct) []awsiam.PolicyStatement {
	actions := []string{
		"ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:DeleteNetworkInterface",
		"ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses",
	}
	deny := allow(jsii.String("*"), actions...)
	deny.SetEffect(awsiam.Effect_DENY)
	deny.AddCondition(jsii.String("ArnLike"), map[string]*string{
		"lambda:SourceFunctionArn": awscdk.Stack_Of(scope).FormatArn(&awscdk.ArnComponents{
			Service:      jsii.String("lambda"),
			Resource:     jsii.String("function"),
			ResourceName: jsii.String("*"),
			ArnFormat:    awscdk.ArnFormat_COLON_RESOURCE_NAME,
		}),
	})
	return []awsiam.PolicyStatement{allow(jsii.String("*"), actions...), deny}
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
