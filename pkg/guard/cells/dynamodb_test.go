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

	"github.com/seed-a131a524/infobip-otp/pkg/attributes"
	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// The suite runs on the real DynamoDB Local in test/guard. Here is what a healthy table
// does not show: the form of the calls, and answers that get lost or make no sense.

// client answers calls with functions.
type client struct {
	batch  func(context.Context, *dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error)
	update func(context.Context, *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error)
	// attempts is how often the SDK may try the last update; zero leaves it to the client.
	attempts int
}

func (c *client) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	return c.batch(ctx, in)
}

func (c *client) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, options ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	var o dynamodb.Options
	for _, option := range options {
		option(&o)
	}
	c.attempts = o.RetryMaxAttempts
	if o.Retryer != nil && o.Retryer.MaxAttempts() != 1 {
		c.attempts = o.Retryer.MaxAttempts()
	}
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
		Raise:   guard.Raise{By: 50_000_000, Until: moment(5), At: moment(6), Reason: "launch"},
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
				"region": attributes.Text("AT"), "channel": attributes.Text("voice"), "since": attributes.Number(1773342238001),
				"until": attributes.Number(1773342238002), "reason": attributes.Text("attack"),
			}),
			object(item{"since": attributes.Number(1773342238003), "reason": attributes.Text("all")}),
		),
		"started": object(item{"region": attributes.Text("DE"), "at": attributes.Number(1773342238004), "reason": attributes.Text("over")}),
		"raise": object(item{
			"by": attributes.Number(50_000_000), "until": attributes.Number(1773342238005), "at": attributes.Number(1773342238006), "reason": attributes.Text("launch"),
		}),
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
		if diff := cmp.Diff([]item{{"pk": attributes.Text("b")}, {"pk": attributes.Text("a")}}, asked.Keys, ignoreNoSmithy); diff != "" {
			t.Errorf("the keys differ: %s", diff)
		}
		// A table answers in any order.
		return &dynamodb.BatchGetItemOutput{Responses: map[string][]item{"table": {
			{"pk": attributes.Text("a"), "orders": encodeOrders(someOrders()), "ordersRev": attributes.Text("r"), "ttl": attributes.Number(1)},
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
		"another operator's":          {func(types.AttributeValue) item { return item{"ordersRev": attributes.Text("theirs")} }, false},
		"gone":                        {func(types.AttributeValue) item { return nil }, false},
		"of another shape":            {func(types.AttributeValue) item { return item{"ordersRev": attributes.Number(1)} }, false},
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
		return item{"pk": attributes.Text("key"), "ordersRev": attributes.Text("r"), "orders": value}
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
		"not asked":    answering(item{"pk": attributes.Text("other")}),
		"no key":       answering(item{"ordersRev": attributes.Text("r")}),
		"half read":    {batch: halfRead},
		"orders text":  answering(orders(attributes.Text("canary"))),
		"stops map":    answering(orders(object(item{"stops": object(nil)}))),
		"stop text":    answering(orders(object(item{"stops": list(attributes.Text("canary"))}))),
		"started list": answering(orders(object(item{"started": list()}))),
		"started at":   answering(orders(object(item{"started": object(item{"at": attributes.Text("canary")})}))),
		"region":       answering(stop("region", attributes.Number(1))),
		"until text":   answering(stop("until", attributes.Text("canary"))),
		"until huge":   answering(stop("until", &types.AttributeValueMemberN{Value: "99999999999999999999"})),
		"reason null":  answering(stop("reason", &types.AttributeValueMemberNULL{Value: true})),
		"no revision":  answering(item{"pk": attributes.Text("key"), "orders": object(nil)}),
		"no orders":    answering(item{"pk": attributes.Text("key"), "ordersRev": attributes.Text("r")}),
		"raise text":   answering(orders(object(item{"raise": object(item{"by": attributes.Text("canary")})}))),
		"room text":    answering(item{"pk": attributes.Text("key"), "room": attributes.Text("canary"), "roomAt": attributes.Number(1)}),
		"room alone":   answering(item{"pk": attributes.Text("key"), "room": attributes.Number(1)}),
		"at alone":     answering(item{"pk": attributes.Text("key"), "knownRoomAt": attributes.Number(1)}),
		"window alone": answering(item{"pk": attributes.Text("key"), "roomWindow": attributes.Number(1)}),
		"spent alone":  answering(item{"pk": attributes.Text("key"), "spent": attributes.Number(1)}),
		"ends alone":   answering(item{"pk": attributes.Text("key"), "spentEnds": attributes.Number(1)}),
		"spent 1.5":    answering(item{"pk": attributes.Text("key"), "spent": &types.AttributeValueMemberN{Value: "1.5"}, "spentEnds": attributes.Number(1)}),
		"numeric rev":  answering(item{"pk": attributes.Text("key"), "orders": object(nil), "ordersRev": attributes.Number(1)}),
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
		"Apply": func(ctx context.Context) error { _, _, err := hanging.Apply(ctx, "key", sampleChange()); return err },
		"Read":  func(ctx context.Context) error { _, err := hanging.Read(ctx, []string{"key"}); return err },
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

func sampleChange() guard.Change {
	return guard.Change{
		Room: &guard.RoomChange{Add: -1000}, Keep: moment(1),
		Payment: &guard.Payment{Price: 30, Most: 100, Mail: true, MostMail: 40, Now: moment(2), Ends: moment(3)},
	}
}

// TestChangeIsOneConditionalWrite, which brings the cell where the condition fails.
func TestChangeIsOneConditionalWrite(t *testing.T) {
	full := item{"pk": attributes.Text("key"), "room": attributes.Number(-5), "roomAt": attributes.Number(1773342238004), "spent": attributes.Number(90), "spentEnds": attributes.Number(1773342238005)}
	calls := 0
	c := &client{update: func(_ context.Context, in *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) {
		calls++
		const (
			condition  = "attribute_exists(roomAt) AND spentEnds > :now AND spent <= :rest AND (attribute_not_exists(spentMail) OR spentMail <= :restMail)"
			expression = "SET #ttl = :ttl ADD room :room, spent :price, spentMail :price"
		)
		if *in.TableName != "table" || *in.ConditionExpression != condition || *in.UpdateExpression != expression {
			t.Errorf("the write is %q under %q", *in.UpdateExpression, *in.ConditionExpression)
		}
		want := item{
			":room": attributes.Number(-1000), ":now": attributes.Number(1773342238002), ":rest": attributes.Number(70), ":restMail": attributes.Number(10), ":price": attributes.Number(30), ":ttl": attributes.Number(1773342239),
		}
		if diff := cmp.Diff(want, in.ExpressionAttributeValues, ignoreNoSmithy); diff != "" {
			t.Errorf("the values differ (-want +got):\n%s", diff)
		}
		if in.ReturnValuesOnConditionCheckFailure != types.ReturnValuesOnConditionCheckFailureAllOld {
			t.Error("a refused write would not bring the current item")
		}
		if calls == 1 {
			return &dynamodb.UpdateItemOutput{}, nil
		}
		return nil, &types.ConditionalCheckFailedException{Item: full}
	}}
	d := NewDynamoDB(c, "table")
	if _, applied, err := d.Apply(t.Context(), "key", sampleChange()); err != nil || !applied || calls != 1 {
		t.Errorf("%v, %v after %d calls", applied, err, calls)
	}
	current, applied, err := d.Apply(t.Context(), "key", sampleChange())
	want := guard.Cell{Strangers: guard.Room{Milli: -5, At: moment(4)}, Purse: guard.Purse{Spent: 90, Ends: moment(5)}}
	if diff := cmp.Diff(want, current); err != nil || applied || diff != "" {
		t.Errorf("%v, %v (-want +got):\n%s", applied, err, diff)
	}
}

// TestImpossiblePayment: a price above all that may be spent is refused by no condition of
// DynamoDB's, so the cell is read.
func TestImpossiblePayment(t *testing.T) {
	c := answering(item{"pk": attributes.Text("key"), "spent": attributes.Number(5), "spentEnds": attributes.Number(1773342238000)})
	c.update = func(context.Context, *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) {
		t.Error("it is paid")
		return &dynamodb.UpdateItemOutput{}, nil
	}
	change := guard.Change{Payment: &guard.Payment{Price: 101, Most: 100, Begins: true, Now: moment(1), Ends: moment(2)}}
	current, applied, err := NewDynamoDB(c, "table").Apply(t.Context(), "key", change)
	if err != nil || applied || current.Purse.Spent != 5 {
		t.Errorf("%+v, %v, %v", current, applied, err)
	}
}

// TestGivingBackIsTriedOnce: a repeat whose first try won would give back twice.
func TestGivingBackIsTriedOnce(t *testing.T) {
	c := &client{update: func(context.Context, *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) {
		return &dynamodb.UpdateItemOutput{}, nil
	}}
	for _, once := range []bool{false, true} {
		change := guard.Change{Room: &guard.RoomChange{Add: 1000}, Once: once}
		if _, _, err := NewDynamoDB(c, "table").Apply(t.Context(), "key", change); err != nil {
			t.Fatal(err)
		}
		if want := map[bool]int{false: 0, true: 1}[once]; c.attempts != want {
			t.Errorf("with once %v it may be tried %d times, want %d", once, c.attempts, want)
		}
	}
}

// TestUnreadableChange: a write that failed, or came back with what cannot be read, may have
// taken place.
func TestUnreadableChange(t *testing.T) {
	for name, failure := range map[string]error{
		"network": errDown, "throttled": &types.ProvisionedThroughputExceededException{},
		"unreadable": &types.ConditionalCheckFailedException{Item: item{"room": attributes.Text("canary"), "roomAt": attributes.Number(1)}},
		"half there": &types.ConditionalCheckFailedException{Item: item{"room": attributes.Number(1)}},
	} {
		c := &client{update: func(context.Context, *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) {
			return nil, failure
		}}
		_, applied, err := NewDynamoDB(c, "table").Apply(t.Context(), "key", sampleChange())
		if applied || !errors.Is(err, otp.ErrUnavailable) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v, %v", name, applied, err)
		}
	}
	gone := &client{update: func(context.Context, *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) {
		return nil, &types.ConditionalCheckFailedException{}
	}}
	current, applied, err := NewDynamoDB(gone, "table").Apply(t.Context(), "key", sampleChange())
	if diff := cmp.Diff(guard.Cell{}, current); applied || err != nil || diff != "" {
		t.Errorf("a cell that is not there: %v, %v, %s", applied, err, diff)
	}
}
