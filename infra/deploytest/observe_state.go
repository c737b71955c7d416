package deploytest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	secrettypes "github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
)

func observeLogGroup(ctx context.Context, d *deployment, name string) (map[string]any, error) {
	physical, there := d.physical[name]
	if !there {
		return nil, nil
	}
	groups, err := d.logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String(physical)})
	if err != nil {
		return nil, fmt.Errorf("describing log groups: %w", err)
	}
	for _, group := range groups.LogGroups {
		if aws.ToString(group.LogGroupName) != physical {
			continue
		}
		d.values[name], d.values[name+".Arn"] = physical, aws.ToString(group.Arn)
		answer, err := shape(group)
		if err != nil {
			return nil, err
		}
		properties := pick(answer, "RetentionInDays", "KmsKeyId")
		if _, named := d.template.Resources[name].Properties["LogGroupName"]; named {
			properties["LogGroupName"] = physical
		}
		return properties, nil
	}
	return nil, nil
}

func observeTable(ctx context.Context, d *deployment, name string) (map[string]any, error) {
	physical, there := d.physical[name]
	if !there {
		return nil, nil
	}
	table, err := d.dynamodb.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(physical)})
	if err != nil {
		return nil, fmt.Errorf("describing a table: %w", err)
	}
	d.values[name], d.values[name+".Arn"] = physical, aws.ToString(table.Table.TableArn)
	answer, err := shape(table.Table)
	if err != nil {
		return nil, err
	}
	properties := pick(answer, "AttributeDefinitions", "KeySchema", "DeletionProtectionEnabled", "StreamSpecification",
		"GlobalSecondaryIndexes", "LocalSecondaryIndexes")
	for _, index := range []string{"GlobalSecondaryIndexes", "LocalSecondaryIndexes"} {
		if indexes, _ := properties[index].([]any); len(indexes) == 0 {
			delete(properties, index)
		}
	}
	if table.Table.BillingModeSummary != nil {
		properties["BillingMode"] = string(table.Table.BillingModeSummary.BillingMode)
	}
	expiry, err := d.dynamodb.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: aws.String(physical)})
	if err != nil {
		return nil, fmt.Errorf("describing a table's expiry: %w", err)
	}
	if ttl := expiry.TimeToLiveDescription; ttl.AttributeName != nil {
		properties["TimeToLiveSpecification"] = map[string]any{
			"AttributeName": *ttl.AttributeName, "Enabled": strings.HasPrefix(string(ttl.TimeToLiveStatus), "ENABL"),
		}
	}
	backups, err := d.dynamodb.DescribeContinuousBackups(ctx, &dynamodb.DescribeContinuousBackupsInput{TableName: aws.String(physical)})
	if err != nil {
		return nil, fmt.Errorf("describing a table's backups: %w", err)
	}
	if recovery := backups.ContinuousBackupsDescription.PointInTimeRecoveryDescription; recovery != nil {
		properties["PointInTimeRecoverySpecification"] = map[string]any{
			"PointInTimeRecoveryEnabled": recovery.PointInTimeRecoveryStatus == "ENABLED",
		}
	}
	return properties, nil
}

func observeKey(ctx context.Context, d *deployment, name string) (map[string]any, error) {
	physical, there := d.physical[name]
	if !there {
		return nil, nil
	}
	key, err := d.kms.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String(physical)})
	if err != nil {
		return nil, fmt.Errorf("describing a key: %w", err)
	}
	d.values[name], d.values[name+".Arn"] = physical, aws.ToString(key.KeyMetadata.Arn)
	answer, err := shape(key.KeyMetadata)
	if err != nil {
		return nil, err
	}
	properties := pick(answer, "Description", "KeySpec", "KeyUsage")
	policy, err := d.kms.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: aws.String(physical), PolicyName: aws.String("default")})
	if err != nil {
		return nil, fmt.Errorf("getting a key's policy: %w", err)
	}
	properties["KeyPolicy"], err = policyDocument(policy.Policy)
	return properties, err
}

// observeSecret also looks for a value, which nobody is to have put there.
func observeSecret(ctx context.Context, d *deployment, name string) (map[string]any, error) {
	physical, there := d.physical[name]
	if !there {
		return nil, nil
	}
	secret, err := d.secrets.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: aws.String(physical)})
	if err != nil {
		return nil, fmt.Errorf("describing a secret: %w", err)
	}
	d.values[name] = aws.ToString(secret.ARN)
	answer, err := shape(secret)
	if err != nil {
		return nil, err
	}
	properties := pick(answer, "Description", "KmsKeyId")
	_, err = d.secrets.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(physical)})
	if _, none := errors.AsType[*secrettypes.ResourceNotFoundException](err); !none {
		properties["SecretString"] = fmt.Sprintf("a value is there, or cannot be looked for (%v)", err)
	}
	return properties, nil
}
