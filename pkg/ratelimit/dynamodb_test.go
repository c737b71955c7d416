package ratelimit

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/seed-a131a524/infobip-otp/pkg/attributes"
)

// The suite runs on the real DynamoDB Local in test/dynamodb. Here is what a healthy
// table does not show.

// client answers call after call with functions; the last one stays.
type client struct {
	answers []func(context.Context, *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error)
	asked   []*dynamodb.UpdateItemInput
	// attempts that the SDK would make of each call.
	attempts []int
}

func (c *client) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, change ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	kept := *in
	c.asked = append(c.asked, &kept)
	options := dynamodb.Options{Retryer: retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts = 2 })}
	for _, f := range change {
		f(&options)
	}
	c.attempts = append(c.attempts, options.Retryer.MaxAttempts())
	answer := c.answers[0]
	if len(c.answers) > 1 {
		c.answers = c.answers[1:]
	}
	return answer(ctx, in)
}

var errDown = errors.New("down")

func fails(err error) func(context.Context, *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) {
	return func(context.Context, *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) { return nil, err }
}

func gives(hits, ends types.AttributeValue) func(context.Context, *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) {
	return func(context.Context, *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) {
		item := attributes.Item{"hits": hits, "ends": ends}
		maps.DeleteFunc(item, func(_ string, value types.AttributeValue) bool { return value == nil })
		return &dynamodb.UpdateItemOutput{Attributes: item}, nil
	}
}

var (
	over    = fails(&types.ConditionalCheckFailedException{})
	counted = gives(attributes.Number(3), attributes.Number(1773342238000))
	start   = time.UnixMilli(1773342238000 - 60_000)
)

func TestCallsOfAHit(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers []func(context.Context, *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error)
		calls   int
		err     error
	}{
		{"an item that counts", append(none, counted), 1, nil},
		{"a stale item", append(none, over, counted), 2, nil},
		{"a stale item that somebody else started anew", append(none, over, over, counted), 3, nil},
		{"an item that never settles", append(none, over), 6, errUnsettled},
		{"a failing table", append(none, fails(errDown)), 1, errDown},
		{"a table that fails to start anew", append(none, over, fails(errDown)), 2, errDown},
		{"throttled", append(none, fails(&types.ThrottlingException{})), 1, &types.ThrottlingException{}},
		{"no hits", append(none, gives(nil, attributes.Number(1))), 1, errUnreadable},
		{"hits of another kind", append(none, gives(&types.AttributeValueMemberS{Value: "3"}, attributes.Number(1))), 1, errUnreadable},
		{"no end", append(none, gives(attributes.Number(3), nil)), 1, errUnreadable},
		{"hits that are no number", append(none, gives(&types.AttributeValueMemberN{Value: "1.5"}, attributes.Number(1))), 1, errUnreadable},
		{"an end that is no number", append(none, gives(attributes.Number(1), &types.AttributeValueMemberN{Value: "x"})), 1, errUnreadable},
	} {
		t.Run(c.name, func(t *testing.T) {
			fake := &client{answers: c.answers}
			hits, ends, err := NewDynamoDB(fake, "table").Hit(t.Context(), "key", start, time.Minute)
			if len(fake.asked) != c.calls {
				t.Errorf("it took %d calls, want %d", len(fake.asked), c.calls)
			}
			if c.err == nil && (err != nil || hits != 3 || ends.UnixMilli() != 1773342238000) {
				t.Errorf("got %d until %s, %v", hits, ends, err)
			}
			if c.err != nil && (err == nil || !strings.Contains(err.Error(), c.err.Error()) || hits != 0) {
				t.Errorf("got %d, %v; want %v", hits, err, c.err)
			}
			for _, in := range fake.asked {
				if *in.TableName != "table" || in.Key["pk"].(*types.AttributeValueMemberS).Value != "key" || in.ReturnValues != types.ReturnValueAllNew {
					t.Errorf("a call is of %s %v", *in.TableName, in.Key)
				}
			}
		})
	}
}

var none []func(context.Context, *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error)

// TestTTL: the table may drop a counter no sooner than its window is over.
func TestTTL(t *testing.T) {
	for ms, want := range map[int64]string{0: "1773342238", 1: "1773342239", 999: "1773342239"} {
		fake := &client{answers: append(none, counted)}
		_, _, err := NewDynamoDB(fake, "table").Hit(t.Context(), "key", start.Add(time.Duration(ms)*time.Millisecond), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if got := fake.asked[0].ExpressionAttributeValues[":ttl"].(*types.AttributeValueMemberN).Value; got != want {
			t.Errorf("the TTL of a window that ends %d ms after the second is %s, want %s", ms, got, want)
		}
	}
}

func TestHitEnds(t *testing.T) {
	hanging := func(ctx context.Context, _ *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	for _, c := range []struct{ given, want time.Duration }{{20 * time.Second, 2500 * time.Millisecond}, {time.Second, time.Second}} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), c.given)
			defer cancel()
			started := time.Now()
			_, _, err := NewDynamoDB(&client{answers: append(none, hanging)}, "table").Hit(ctx, "key", start, time.Minute)
			if took := time.Since(started); err == nil || took != c.want {
				t.Errorf("after %s: %v", took, err)
			}
		})
	}
}

// TestCallsOfGivingBack: one call, which the SDK does not repeat, for a repeat would give
// back what was given back already.
func TestCallsOfGivingBack(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer func(context.Context, *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error)
		err    error
	}{
		{"given back", counted, nil},
		{"another window", over, nil},
		{"a failing table", fails(errDown), errDown},
		{"throttled", fails(&types.ThrottlingException{}), &types.ThrottlingException{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			fake := &client{answers: append(none, c.answer)}
			err := NewDynamoDB(fake, "table").GiveBack(t.Context(), "key", start, 3)
			if (err == nil) != (c.err == nil) || err != nil && !strings.Contains(err.Error(), c.err.Error()) {
				t.Errorf("got %v, want %v", err, c.err)
			}
			if len(fake.asked) != 1 || fake.attempts[0] != 1 {
				t.Fatalf("it took %d calls of %v attempts, want one of one", len(fake.asked), fake.attempts)
			}
			in := fake.asked[0]
			if *in.TableName != "table" || in.Key["pk"].(*types.AttributeValueMemberS).Value != "key" {
				t.Errorf("the call is of %s %v", *in.TableName, in.Key)
			}
		})
	}
}

func TestGivingBackEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hanging := func(ctx context.Context, _ *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		started := time.Now()
		err := NewDynamoDB(&client{answers: append(none, hanging)}, "table").GiveBack(t.Context(), "key", start, 1)
		if took := time.Since(started); err == nil || took != callTimeout {
			t.Errorf("after %s: %v", took, err)
		}
	})
}
