package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/seed-a131a524/infobip-otp/pkg/attributes"
)

// CreateTable makes the table, with its TTL, where there is none: for a laptop and
// for tests. In AWS the stack makes it.
func CreateTable(ctx context.Context, client *dynamodb.Client, table string) error {
	_, err := client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:   &table,
		BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String(attributeKey), AttributeType: types.ScalarAttributeTypeS},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String(attributeKey), KeyType: types.KeyTypeHash},
		},
	})
	if _, exists := errors.AsType[*types.ResourceInUseException](err); exists {
		return nil
	}
	if err != nil {
		return fmt.Errorf("creating table %s: %w", table, err)
	}
	const patience = time.Minute
	waiter := dynamodb.NewTableExistsWaiter(client)
	if err := waiter.Wait(ctx, &dynamodb.DescribeTableInput{TableName: &table}, patience); err != nil {
		return fmt.Errorf("waiting for table %s: %w", table, err)
	}
	_, err = client.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName: &table,
		TimeToLiveSpecification: &types.TimeToLiveSpecification{
			AttributeName: aws.String(attributeTTL), Enabled: aws.Bool(true),
		},
	})
	if err != nil {
		return fmt.Errorf("turning on the TTL of table %s: %w", table, err)
	}
	return nil
}

// WarmUp makes a call of each kind that requests make, and leaves nothing behind: the first ones
// may take an emulator that was just started longer than a request waits for them.
func WarmUp(ctx context.Context, client *dynamodb.Client, table string) error {
	key := attributes.Item{attributeKey: attributes.Text("warm-up")}
	exists := map[string]string{"#pk": attributeKey}
	_, putErr := client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &table, Item: key,
		ConditionExpression: aws.String("attribute_not_exists(#pk)"), ExpressionAttributeNames: exists,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if _, refused := errors.AsType[*types.ConditionalCheckFailedException](putErr); refused {
		putErr = nil // an earlier start was ended between this and the last call
	}
	_, updateErr := client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &table, Key: key, UpdateExpression: aws.String("ADD hits :one"),
		ConditionExpression: aws.String("attribute_exists(#pk)"), ExpressionAttributeNames: exists,
		ExpressionAttributeValues: attributes.Item{":one": attributes.Number(1)},
		ReturnValues:              types.ReturnValueAllNew,
	})
	_, readErr := client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{
		table: {Keys: []attributes.Item{key}, ConsistentRead: aws.Bool(true)},
	}})
	_, deleteErr := client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &table, Key: key})
	if err := errors.Join(putErr, updateErr, readErr, deleteErr); err != nil {
		return fmt.Errorf("warming up table %s: %w", table, err)
	}
	return nil
}
