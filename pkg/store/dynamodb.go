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
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// DynamoDBAPI is what DynamoDB needs of the SDK's client.
type DynamoDBAPI interface {
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
}

// DynamoDB keeps one item per ledger in a table whose hash key is the string pk and
// whose TTL attribute is ttl. A load is one strongly consistent read, a save one
// conditional write.
type DynamoDB struct {
	client DynamoDBAPI
	table  string
}

var _ otp.Store = (*DynamoDB)(nil)

// NewDynamoDB returns the store in that table.
func NewDynamoDB(client DynamoDBAPI, table string) *DynamoDB {
	return &DynamoDB{client: client, table: table}
}

// Attribute names that conditions and templates refer to.
const (
	attributeKey      = "pk"
	attributeRevision = "rev"
	attributeTTL      = "ttl"
)

// callTimeout bounds one call with the SDK's one repeat; an attempt has its own
// limit in the HTTP client.
const callTimeout = 2500 * time.Millisecond

// Load implements otp.Store.
func (d *DynamoDB) Load(ctx context.Context, key string) (otp.Ledger, otp.Revision, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out, err := d.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName:      &d.table,
		Key:            item{attributeKey: &types.AttributeValueMemberS{Value: key}},
		ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return otp.Ledger{}, "", fmt.Errorf("loading ledger: %w: %w", otp.ErrUnavailable, err)
	}
	if len(out.Item) == 0 {
		return otp.Ledger{}, "", nil
	}
	l, revision, err := decode(out.Item)
	if err != nil {
		return otp.Ledger{}, "", fmt.Errorf("loading ledger: %w: %w", otp.ErrUnavailable, err)
	}
	return l, revision, nil
}

// Save implements otp.Store.
//
// The answer to a conditional write can get lost; the SDK then repeats the write,
// and the repeat fails its own condition. The revision is fresh in every Save, so
// an item that comes back with ours means that our write had won.
func (d *DynamoDB) Save(ctx context.Context, key string, l otp.Ledger, was otp.Revision) (otp.Revision, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	revision := otp.Revision(attributes.NewRevision())
	put := &dynamodb.PutItemInput{
		TableName:                           &d.table,
		Item:                                encode(key, l, revision),
		ConditionExpression:                 aws.String("attribute_not_exists(" + attributeKey + ")"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
	if was != "" {
		put.ConditionExpression = aws.String(attributeRevision + " = :was")
		put.ExpressionAttributeValues = item{":was": &types.AttributeValueMemberS{Value: string(was)}}
	}
	_, err := d.client.PutItem(ctx, put)
	if err == nil {
		return revision, nil
	}
	refused, ok := errors.AsType[*types.ConditionalCheckFailedException](err)
	if !ok {
		return "", fmt.Errorf("saving ledger: %w: %w", otp.ErrUnavailable, err)
	}
	if len(refused.Item) == 0 {
		// The item was deleted since it was loaded: by its TTL, or by an operator.
		return "", &otp.Conflict{}
	}
	current, currentRevision, err := decode(refused.Item)
	switch {
	case err != nil:
		return "", fmt.Errorf("saving ledger: %w: %w", otp.ErrUnavailable, err)
	case currentRevision == revision:
		return revision, nil
	}
	return "", &otp.Conflict{Current: current, Revision: currentRevision}
}
