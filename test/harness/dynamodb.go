package harness

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// The region and the credentials that the emulators are called with. Any will do.
const (
	Region          = "us-east-1"
	AccessKeyID     = "local"
	SecretAccessKey = "local"
)

// DynamoDBLocal returns the endpoint of AWS's DynamoDB Local, kept in memory and shared
// by the tests of a package. Give each test a table of its own: see Table.
func DynamoDBLocal(tb testing.TB) string {
	tb.Helper()
	return shared.address(tb, "DynamoDB Local", startDynamoDB)
}

func startDynamoDB() (string, func() error, error) {
	lib, err := tool("dynamodb")
	if err != nil {
		return "", nil, err
	}
	return onFreePort(func(port int) (string, func() error, error) { return startDynamoDBOn(port, lib) })
}

func startDynamoDBOn(port int, lib string) (string, func() error, error) {
	p, err := start(Command{
		Name: "DynamoDB Local",
		Path: "java",
		Args: []string{
			"-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", // starts sooner, on less
			"-Djava.library.path=" + lib, "-cp", filepath.Join(lib, "*"),
			"software.amazon.dynamodb.services.local.main.ServerRunner",
			"-inMemory", "-sharedDb", "-disableTelemetry", "-port", strconv.Itoa(port),
		},
	})
	if err != nil {
		return "", nil, err
	}
	endpoint := fmt.Sprintf("http://127.0.0.1:%d", port)
	client := DynamoDB(endpoint)
	err = p.ready(2*time.Minute, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_, err := client.ListTables(ctx, &dynamodb.ListTablesInput{}, func(o *dynamodb.Options) { o.RetryMaxAttempts = 1 })
		return err
	})
	if err == nil {
		err = warmUp(client)
	}
	return endpoint, p.stop, err
}

// warmUp makes calls of each kind, several at once. The product gives a call a second, and
// on a busy computer the first ones take a fresh Java machine longer than that.
func warmUp(client *dynamodb.Client) error {
	const lanes, rounds = 20, 5
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	name := "warm-up"
	_, err := client.CreateTable(ctx, tableLike(name))
	if err != nil {
		return fmt.Errorf("creating a table to warm up: %w", err)
	}
	errs := make([]error, lanes)
	var all sync.WaitGroup
	for lane := range lanes {
		all.Go(func() {
			for range rounds {
				errs[lane] = errors.Join(errs[lane], oneOfEach(ctx, client, name))
			}
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("warming up: %w", err)
	}
	_, err = client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &name})
	if err != nil {
		return fmt.Errorf("deleting the table to warm up: %w", err)
	}
	return nil
}

// oneOfEach makes the calls that the product makes; all lanes meet at one item, so that some
// writes are refused.
func oneOfEach(ctx context.Context, client *dynamodb.Client, table string) error {
	key := map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "key"}}
	_, err := client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &table, Item: key, ConditionExpression: aws.String("attribute_not_exists(pk)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if _, refused := errors.AsType[*types.ConditionalCheckFailedException](err); refused {
		err = nil
	}
	_, readErr := client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &table, Key: key, ConsistentRead: aws.Bool(true)})
	_, updateErr := client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &table, Key: key, UpdateExpression: aws.String("ADD hits :one"), ConditionExpression: aws.String("attribute_exists(pk)"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":one": &types.AttributeValueMemberN{Value: "1"}},
		ReturnValues:              types.ReturnValueAllNew,
	})
	return errors.Join(err, readErr, updateErr)
}

// tableLike is a table as both templates make it.
func tableLike(name string) *dynamodb.CreateTableInput {
	return &dynamodb.CreateTableInput{
		TableName:   &name,
		BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("pk"), AttributeType: types.ScalarAttributeTypeS},
		},
		KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash}},
	}
}

// DynamoDB returns a client for an endpoint.
func DynamoDB(endpoint string) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region:       Region,
		BaseEndpoint: &endpoint,
		Credentials:  credentials.NewStaticCredentialsProvider(AccessKeyID, SecretAccessKey, ""),
	})
}

// Table creates a table as both templates do, but with TTL off: DynamoDB Local deletes
// what has expired within seconds and AWS within days, so the item that is still there
// is the case to test. It is deleted when the test ends.
func Table(tb testing.TB, endpoint string) string {
	tb.Helper()
	client := DynamoDB(endpoint)
	name := "otp-" + rand.Text()
	_, err := client.CreateTable(tb.Context(), tableLike(name))
	if err != nil {
		tb.Fatalf("creating a table: %v", err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		_, err := client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &name})
		if err != nil {
			tb.Errorf("deleting the table: %v", err)
		}
	})
	return name
}
