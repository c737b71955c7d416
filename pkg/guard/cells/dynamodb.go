package cells

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/seed-a131a524/infobip-otp/pkg/attributes"
	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// DynamoDBAPI is what DynamoDB needs of the SDK's client.
type DynamoDBAPI interface {
	BatchGetItem(context.Context, *dynamodb.BatchGetItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error)
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
}

// DynamoDB keeps one item for each cell in a table whose hash key is the string pk and
// whose TTL attribute is ttl.
type DynamoDB struct {
	client DynamoDBAPI
	table  string
}

var _ guard.Cells = (*DynamoDB)(nil)

// NewDynamoDB returns the cells in that table.
func NewDynamoDB(client DynamoDBAPI, table string) *DynamoDB {
	return &DynamoDB{client: client, table: table}
}

// callTimeout bounds one call with the SDK's one repeat.
const callTimeout = 2500 * time.Millisecond

var (
	errIncomplete = errors.New("the table left keys out of its answer")
	errStrange    = errors.New("the answer has an item that was not asked for")
)

// Read implements guard.Cells.
func (d *DynamoDB) Read(ctx context.Context, keys []string) ([]guard.Cell, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	asked := types.KeysAndAttributes{ConsistentRead: aws.Bool(true)}
	at := make(map[string]int, len(keys))
	for i, key := range keys {
		asked.Keys = append(asked.Keys, item{attributeKey: attributes.Text(key)})
		at[key] = i
	}
	out, err := d.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{
		RequestItems: map[string]types.KeysAndAttributes{d.table: asked},
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading cells: %w: %w", otp.ErrUnavailable, err)
	case len(out.UnprocessedKeys) > 0: // throttled: they are there, or not
		return nil, fmt.Errorf("reading cells: %w: %w", otp.ErrUnavailable, errIncomplete)
	}
	found := make([]guard.Cell, len(keys))
	for _, e := range out.Responses[d.table] {
		r := read(e)
		i, ok := at[r.Text(attributeKey)]
		if !ok {
			return nil, fmt.Errorf("reading cells: %w: %w", otp.ErrUnavailable, errStrange)
		}
		found[i] = r.cell()
		if r.Err != nil {
			return nil, fmt.Errorf("reading cells: %w: %w", otp.ErrUnavailable, r.Err)
		}
	}
	return found, nil
}

// Order implements guard.Cells. As in a ledger's save, the revision is fresh, so an item
// that comes back with ours means that our write had won and its answer was lost.
func (d *DynamoDB) Order(ctx context.Context, key string, o guard.Orders, was guard.Revision, keep time.Time) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	revision := attributes.NewRevision()
	in := &dynamodb.UpdateItemInput{
		TableName:                           &d.table,
		Key:                                 item{attributeKey: attributes.Text(key)},
		UpdateExpression:                    aws.String("SET orders = :orders, ordersRev = :rev, #ttl = :ttl"),
		ConditionExpression:                 aws.String("attribute_not_exists(ordersRev)"),
		ExpressionAttributeNames:            map[string]string{"#ttl": attributeTTL}, // a reserved word
		ExpressionAttributeValues:           item{":orders": encodeOrders(o), ":rev": attributes.Text(revision), ":ttl": attributes.Number(attributes.TTL(keep))},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
	if was != "" {
		in.ConditionExpression = aws.String("ordersRev = :was")
		in.ExpressionAttributeValues[":was"] = attributes.Text(string(was))
	}
	_, err := d.client.UpdateItem(ctx, in)
	if err == nil {
		return true, nil
	}
	if refused, ok := errors.AsType[*types.ConditionalCheckFailedException](err); ok {
		r := read(refused.Item)
		return r.Text(attributeOrdersRevision) == revision, nil
	}
	return false, fmt.Errorf("writing orders: %w: %w", otp.ErrUnavailable, err)
}
