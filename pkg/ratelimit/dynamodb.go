package ratelimit

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

// DynamoDBAPI is what DynamoDB needs of the SDK's client.
type DynamoDBAPI interface {
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
}

// DynamoDB keeps one counter item per key: pk, hits, ends (milliseconds) and ttl. A
// hit is one write; only an item whose window is over, and which the TTL has not
// taken yet, costs a second one.
type DynamoDB struct {
	client DynamoDBAPI
	table  string
}

var _ Counter = (*DynamoDB)(nil)

// NewDynamoDB returns the Counter in that table.
func NewDynamoDB(client DynamoDBAPI, table string) *DynamoDB {
	return &DynamoDB{client: client, table: table}
}

const (
	// callTimeout bounds one call with the SDK's one repeat.
	callTimeout = 2500 * time.Millisecond
	// maxTries bounds the to and fro between counting and starting a window. A
	// second round needs a window to end between two calls.
	maxTries = 3
)

var (
	errUnsettled  = errors.New("counting a request: the window would not settle")
	errUnreadable = errors.New("counting a request: the counter item is unreadable")
)

// Hit implements Counter.
func (d *DynamoDB) Hit(ctx context.Context, key string, now time.Time, length time.Duration) (int, time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	ends := now.Add(length)
	values := attributes.Item{
		":one":  attributes.Number(1),
		":now":  attributes.Number(now.UnixMilli()),
		":ends": attributes.Number(ends.UnixMilli()),
		":ttl":  attributes.Number(attributes.TTL(ends)),
	}
	names := map[string]string{"#ttl": "ttl"} // a reserved word
	count := &dynamodb.UpdateItemInput{
		UpdateExpression:    aws.String("ADD hits :one SET ends = if_not_exists(ends, :ends), #ttl = if_not_exists(#ttl, :ttl)"),
		ConditionExpression: aws.String("attribute_not_exists(pk) OR ends > :now"),
	}
	restart := &dynamodb.UpdateItemInput{
		UpdateExpression:    aws.String("SET hits = :one, ends = :ends, #ttl = :ttl"),
		ConditionExpression: aws.String("attribute_not_exists(pk) OR ends <= :now"),
	}
	for range maxTries {
		for _, in := range []*dynamodb.UpdateItemInput{count, restart} {
			in.TableName = &d.table
			in.Key = attributes.Item{"pk": attributes.Text(key)}
			in.ExpressionAttributeNames = names
			in.ExpressionAttributeValues = values
			in.ReturnValues = types.ReturnValueAllNew
			out, err := d.client.UpdateItem(ctx, in)
			if err == nil {
				return decode(out.Attributes)
			}
			if _, refused := errors.AsType[*types.ConditionalCheckFailedException](err); !refused {
				return 0, time.Time{}, fmt.Errorf("counting a request: %w", err)
			}
		}
	}
	return 0, time.Time{}, errUnsettled
}

// GiveBack implements Counter.
func (d *DynamoDB) GiveBack(ctx context.Context, key string, ends time.Time, hits int) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := d.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:           &d.table,
		Key:                 attributes.Item{"pk": attributes.Text(key)},
		UpdateExpression:    aws.String("ADD hits :minus"),
		ConditionExpression: aws.String("ends = :ends AND hits >= :hits"),
		ExpressionAttributeValues: attributes.Item{
			":minus": attributes.Number(int64(-hits)),
			":hits":  attributes.Number(int64(hits)),
			":ends":  attributes.Number(ends.UnixMilli()),
		},
	}, once)
	if _, refused := errors.AsType[*types.ConditionalCheckFailedException](err); refused {
		return nil
	}
	if err != nil {
		return fmt.Errorf("giving hits back: %w", err)
	}
	return nil
}

// once keeps the SDK from repeating a call whose answer was lost: it may have taken
// place, and hits that are given back twice are a limit that does not hold.
func once(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} }

func decode(item attributes.Item) (int, time.Time, error) {
	r := attributes.Reader{Item: item}
	hits, ends := r.Integer("hits"), r.Time("ends")
	if r.Err != nil || hits == 0 || ends.IsZero() { // what is absent is zero
		return 0, time.Time{}, errUnreadable
	}
	return int(hits), ends, nil
}
