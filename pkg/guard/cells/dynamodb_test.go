package cells

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// The suite runs on the real DynamoDB Local in test/guard. Here is what a healthy table
// does not show: the form of the calls, and answers that get lost or make no sense.

// client answers calls with functions.
type client struct {
	batch  func(context.Context, *dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error)
	update func(context.Context, *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error)
}

func (c *client) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	return c.batch(ctx, in)
}

func (c *client) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	return c.update(ctx, in)
}

var errDown = errors.New("down")

func moment(ms int) time.Time { return time.UnixMilli(1773342238000 + int64(ms)).UTC() }

// answering returns a client whose table answers a read with these items.
func answering(items ...item) *client {
	return &client{batch: func(context.Context, *dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error) {
		return &dynamodb.BatchGetItemOutput{Responses: map[string][]item{"table": items}}, nil
	}}
}

func someOrders() guard.Orders {
	return guard.Orders{
		Stops: []guard.Stop{
			{Scope: guard.Scope{Region: "AT", Channel: otp.Voice}, Since: moment(1), Until: moment(2), Reason: "attack"},
			{Since: moment(3), Reason: "all"},
		},
		Started: guard.Start{Scope: guard.Scope{Region: "DE"}, At: moment(4), Reason: "over"},
	}
}

func object(e item) types.AttributeValue { return &types.AttributeValueMemberM{Value: e} }

func list(values ...types.AttributeValue) types.AttributeValue {
	return &types.AttributeValueMemberL{Value: values}
}

// TestOrdersItem pins the names that an operator reads, and that a running deployment has in
// its table.
func TestOrdersItem(t *testing.T) {
	want := object(item{
		"stops": list(
			object(item{
				"region": text("AT"), "channel": text("voice"), "since": number(1773342238001),
				"until": number(1773342238002), "reason": text("attack"),
			}),
			object(item{"since": number(1773342238003), "reason": text("all")}),
		),
		"started": object(item{"region": text("DE"), "at": number(1773342238004), "reason": text("over")}),
	})
	if diff := cmp.Diff(want, encodeOrders(someOrders()), ignoreNoSmithy); diff != "" {
		t.Errorf("the orders differ (-want +got):\n%s", diff)
	}
}

var ignoreNoSmithy = cmpopts.IgnoreUnexported(types.AttributeValueMemberS{}, types.AttributeValueMemberN{},
	types.AttributeValueMemberL{}, types.AttributeValueMemberM{})

func TestReadIsOneConsistentRead(t *testing.T) {
	calls := 0
	c := &client{batch: func(_ context.Context, in *dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error) {
		calls++
		asked := in.RequestItems["table"]
		if len(in.RequestItems) != 1 || !*asked.ConsistentRead || asked.ProjectionExpression != nil {
			t.Errorf("the read is of %d tables, consistent %v", len(in.RequestItems), *asked.ConsistentRead)
		}
		if diff := cmp.Diff([]item{{"pk": text("b")}, {"pk": text("a")}}, asked.Keys, ignoreNoSmithy); diff != "" {
			t.Errorf("the keys differ: %s", diff)
		}
		// A table answers in any order.
		return &dynamodb.BatchGetItemOutput{Responses: map[string][]item{"table": {
			{"pk": text("a"), "orders": encodeOrders(someOrders()), "ordersRev": text("r"), "ttl": number(1)},
		}}}, nil
	}}
	got, err := NewDynamoDB(c, "table").Read(t.Context(), []string{"b", "a"})
	want := []guard.Cell{{}, {Orders: someOrders(), Revision: "r"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil || calls != 1 {
		t.Errorf("%v after %d calls (-want +got):\n%s", err, calls, diff)
	}
}

func TestOrderIsOneConditionalWrite(t *testing.T) {
	for was, condition := range map[guard.Revision]string{"": "attribute_not_exists(ordersRev)", "rev-1": "ordersRev = :was"} {
		calls := 0
		c := &client{update: func(_ context.Context, in *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) {
			calls++
			if *in.TableName != "table" || *in.ConditionExpression != condition {
				t.Errorf("from %q the write is to %s under %q, want %q", was, *in.TableName, *in.ConditionExpression, condition)
			}
			value, given := in.ExpressionAttributeValues[":was"].(*types.AttributeValueMemberS)
			if given != (was != "") || given && value.Value != string(was) {
				t.Errorf("from %q :was is %v", was, value)
			}
			if got := in.ExpressionAttributeValues[":ttl"].(*types.AttributeValueMemberN).Value; got != "1773342239" {
				t.Errorf("the TTL is %s, want no earlier second", got)
			}
			return &dynamodb.UpdateItemOutput{}, nil
		}}
		written, err := NewDynamoDB(c, "table").Order(t.Context(), "key", someOrders(), was, moment(1))
		if err != nil || !written || calls != 1 {
			t.Errorf("%v, %v after %d calls", written, err, calls)
		}
	}
}

// TestRefusedOrder: what comes back with the refusal says who won.
func TestRefusedOrder(t *testing.T) {
	for name, test := range map[string]struct {
		found func(ours types.AttributeValue) item
		want  bool
	}{
		"ours, whose answer was lost": {func(ours types.AttributeValue) item { return item{"ordersRev": ours} }, true},
		"another operator's":          {func(types.AttributeValue) item { return item{"ordersRev": text("theirs")} }, false},
		"gone":                        {func(types.AttributeValue) item { return nil }, false},
		"of another shape":            {func(types.AttributeValue) item { return item{"ordersRev": number(1)} }, false},
	} {
		c := &client{update: func(_ context.Context, in *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) {
			if in.ReturnValuesOnConditionCheckFailure != types.ReturnValuesOnConditionCheckFailureAllOld {
				t.Error("a refused write would not bring the current item")
			}
			return nil, &types.ConditionalCheckFailedException{Item: test.found(in.ExpressionAttributeValues[":rev"])}
		}}
		written, err := NewDynamoDB(c, "table").Order(t.Context(), "key", guard.Orders{}, "rev", moment(0))
		if err != nil || written != test.want {
			t.Errorf("%s: %v, %v, want %v", name, written, err, test.want)
		}
	}
}

// TestUnreadable: what cannot be read, or is not all there, must not pass as a cell in
// which nothing was counted.
func TestUnreadable(t *testing.T) {
	orders := func(value types.AttributeValue) item {
		return item{"pk": text("key"), "ordersRev": text("r"), "orders": value}
	}
	stop := func(name string, value types.AttributeValue) item {
		return orders(object(item{"stops": list(object(item{name: value}))}))
	}
	failing := func(err error) *client {
		return &client{batch: func(context.Context, *dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error) {
			return nil, err
		}}
	}
	for name, c := range map[string]*client{
		"network":      failing(errDown),
		"throttled":    failing(&types.ProvisionedThroughputExceededException{}),
		"no table":     failing(&types.ResourceNotFoundException{}),
		"not asked":    answering(item{"pk": text("other")}),
		"no key":       answering(item{"ordersRev": text("r")}),
		"half read":    {batch: halfRead},
		"orders text":  answering(orders(text("canary"))),
		"stops map":    answering(orders(object(item{"stops": object(nil)}))),
		"stop text":    answering(orders(object(item{"stops": list(text("canary"))}))),
		"started list": answering(orders(object(item{"started": list()}))),
		"started at":   answering(orders(object(item{"started": object(item{"at": text("canary")})}))),
		"region":       answering(stop("region", number(1))),
		"until text":   answering(stop("until", text("canary"))),
		"until huge":   answering(stop("until", &types.AttributeValueMemberN{Value: "99999999999999999999"})),
		"reason null":  answering(stop("reason", &types.AttributeValueMemberNULL{Value: true})),
		"no revision":  answering(item{"pk": text("key"), "orders": object(nil)}),
		"no orders":    answering(item{"pk": text("key"), "ordersRev": text("r")}),
		"numeric rev":  answering(item{"pk": text("key"), "orders": object(nil), "ordersRev": number(1)}),
	} {
		cells, err := NewDynamoDB(c, "table").Read(t.Context(), []string{"key"})
		if !errors.Is(err, otp.ErrUnavailable) || cells != nil {
			t.Errorf("%s: %v, %v, want no cells and ErrUnavailable", name, cells, err)
		}
		if err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: the error shows what is in the item: %v", name, err)
		}
	}
	down := &client{update: func(context.Context, *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) {
		return nil, errDown
	}}
	written, err := NewDynamoDB(down, "table").Order(t.Context(), "key", guard.Orders{}, "", moment(0))
	if written || !errors.Is(err, otp.ErrUnavailable) {
		t.Errorf("an order to a table that is down: %v, %v", written, err)
	}
}

// halfRead is the answer of a table that throttles: some keys were not looked at.
func halfRead(_ context.Context, in *dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error) {
	return &dynamodb.BatchGetItemOutput{UnprocessedKeys: in.RequestItems}, nil
}

// TestCallsEnd: a table that does not answer ends a call within its own time, a request
// that is over sooner.
func TestCallsEnd(t *testing.T) {
	hanging := NewDynamoDB(&client{
		batch: func(ctx context.Context, _ *dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
		update: func(ctx context.Context, _ *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
	}, "table")
	calls := map[string]func(context.Context) error{
		"Read": func(ctx context.Context) error { _, err := hanging.Read(ctx, []string{"key"}); return err },
		"Order": func(ctx context.Context) error {
			_, err := hanging.Order(ctx, "key", guard.Orders{}, "", moment(0))
			return err
		},
	}
	for name, call := range calls {
		for _, c := range []struct{ given, want time.Duration }{{20 * time.Second, 2500 * time.Millisecond}, {time.Second, time.Second}} {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), c.given)
				defer cancel()
				started := time.Now()
				err := call(ctx)
				if took := time.Since(started); took != c.want || !errors.Is(err, otp.ErrUnavailable) {
					t.Errorf("%s took %s of %s, want %s; %v", name, took, c.given, c.want, err)
				}
			})
		}
	}
}
