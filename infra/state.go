package infra

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed-a131a524/infobip-otp/infra/props"
)

// newTable places the one table, with the names that pkg/store and pkg/ratelimit use, or finds one
// that is there. The stack's own goes out of the template then, and stays outside the development
// stage.
func newTable(scope constructs.Construct, p props.Props) awsdynamodb.ITable {
	switch {
	case isTableARN(scope, p.ExistingTable):
		return awsdynamodb.Table_FromTableArn(scope, jsii.String("Table"), jsii.String(p.ExistingTable))
	case p.ExistingTable != "":
		return awsdynamodb.Table_FromTableName(scope, jsii.String("Table"), jsii.String(p.ExistingTable))
	}
	table := awsdynamodb.NewTable(scope, jsii.String("Table"), &awsdynamodb.TableProps{
		PartitionKey: &awsdynamodb.Attribute{
			Name: jsii.String("pk"),
			Type: awsdynamodb.AttributeType_STRING,
		},
		TimeToLiveAttribute: jsii.String("ttl"),
		BillingMode:         awsdynamodb.BillingMode_PAY_PER_REQUEST,
		PointInTimeRecoverySpecification: &awsdynamodb.PointInTimeRecoverySpecification{
			PointInTimeRecoveryEnabled: jsii.Bool(true),
		},
		DeletionProtection: jsii.Bool(p.Keeps()),
		RemovalPolicy:      removalOfTable(p),
	})
	if p.TableKeyARN != "" {
		table.Node().DefaultChild().(awsdynamodb.CfnTable).SetSseSpecification(&awsdynamodb.CfnTable_SSESpecificationProperty{
			SseEnabled:     jsii.Bool(true),
			SseType:        jsii.String("KMS"),
			KmsMasterKeyId: jsii.String(p.TableKeyARN),
		})
	}
	return table
}

// tableID returns what the functions call the table by: its name; of one that was named by its ARN
// that, for it may be another account's.
func tableID(table awsdynamodb.ITable, p props.Props) *string {
	if p.ExistingTable != "" {
		return jsii.String(p.ExistingTable)
	}
	return table.TableName()
}

// isTableARN tells an ARN from a name. Of a token it asks what the template will have in its place.
func isTableARN(scope constructs.Construct, table string) bool {
	if strings.HasPrefix(table, "arn:") {
		return true
	}
	reference, isReference := awscdk.Stack_Of(scope).Resolve(table).(map[string]any)
	attribute, isAttribute := reference["Fn::GetAtt"].([]any)
	return isReference && isAttribute && attribute[len(attribute)-1] == "Arn"
}

// secret is the secret as the functions see it.
type secret struct {
	id  *string // what SECRET_ID says
	arn *string // what the grant names
}

// newSecret creates the secret without a value: CloudFormation would have to be told one, and a
// generated one would not have the form. The operator puts it (docs/deploy.md).
func newSecret(scope constructs.Construct, p props.Props) secret {
	if p.Secret != nil {
		return existingSecret(scope, p.Secret.ID)
	}
	var key *string
	if p.SecretKeyARN != "" {
		key = jsii.String(p.SecretKeyARN)
	}
	created := awssecretsmanager.NewCfnSecret(scope, jsii.String("Secret"), &awssecretsmanager.CfnSecretProps{
		Description: jsii.String("Infobip API key and phone HMAC keys, as JSON."),
		KmsKeyId:    key,
	})
	created.ApplyRemovalPolicy(removal(p), nil)
	acceptNoRotation(created)
	return secret{id: created.Ref(), arn: created.Ref()}
}

// existingSecret names a secret by its full ARN or by its name; to a name Secrets Manager adds a
// hyphen and six characters that only it knows.
func existingSecret(scope constructs.Construct, id string) secret {
	if strings.HasPrefix(id, "arn:") || *awscdk.Token_IsUnresolved(id) {
		return secret{id: jsii.String(id), arn: jsii.String(id)}
	}
	arn := awscdk.Stack_Of(scope).FormatArn(&awscdk.ArnComponents{
		Service:      jsii.String("secretsmanager"),
		Resource:     jsii.String("secret"),
		ResourceName: jsii.String(id + "-??????"),
		ArnFormat:    awscdk.ArnFormat_COLON_RESOURCE_NAME,
	})
	return secret{id: jsii.String(id), arn: arn}
}
