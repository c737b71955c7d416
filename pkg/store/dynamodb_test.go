package store

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

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// The suite runs on the real DynamoDB Local in test/dynamodb. Here is what a healthy
// table does not show: the form of the calls, and answers that get lost or make no sense.

// client answers calls with functions, and keeps what it was asked.
type client struct {
	get func(context.Context, *dynamodb.GetItemInput) (*dynamodb.GetItemOutput, error)
	put func(context.Context, *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error)
}

func (c *client) GetItem(ctx context.Context, in *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	return c.get(ctx, in)
}

func (c *client) PutItem(ctx context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	return c.put(ctx, in)
}

var errDown = errors.New("down")

func moment(ms int) time.Time { return time.UnixMilli(1773342238000 + int64(ms)).UTC() }

func TestLoadIsOneConsistentRead(t *testing.T) {
	calls := 0
	c := &client{get: func(_ context.Context, in *dynamodb.GetItemInput) (*dynamodb.GetItemOutput, error) {
		calls++
		if *in.TableName != "table" || !*in.ConsistentRead || in.ProjectionExpression != nil {
			t.Errorf("the read is of table %s, consistent %v", *in.TableName, *in.ConsistentRead)
		}
		if diff := cmp.Diff(item{"pk": &types.AttributeValueMemberS{Value: "key"}}, in.Key, ignoreNoSmithy); diff != "" {
			t.Errorf("the key differs: %s", diff)
		}
		return &dynamodb.GetItemOutput{Item: encode("key", otp.Ledger{Sends: 7, ForgetAt: moment(0)}, "rev-1")}, nil
	}}
	n, revision, err := NewDynamoDB(c, "table").Load(t.Context(), "key")
	if err != nil || n.Sends != 7 || revision != "rev-1" || calls != 1 {
		t.Errorf("got %+v, %q, %v after %d calls", n, revision, err, calls)
	}
}

var ignoreNoSmithy = cmpopts.IgnoreUnexported(types.AttributeValueMemberS{}, types.AttributeValueMemberN{},
	types.AttributeValueMemberL{}, types.AttributeValueMemberM{})

func TestSaveIsOneConditionalWrite(t *testing.T) {
	for was, condition := range map[otp.Revision]string{"": "attribute_not_exists(pk)", "rev-1": "rev = :was"} {
		calls := 0
		c := &client{put: func(_ context.Context, in *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
			calls++
			if *in.TableName != "table" || *in.ConditionExpression != condition {
				t.Errorf("from %q the write is to %s under %q, want %q", was, *in.TableName, *in.ConditionExpression, condition)
			}
			if in.ReturnValuesOnConditionCheckFailure != types.ReturnValuesOnConditionCheckFailureAllOld {
				t.Error("a refused write would not bring the current item")
			}
			value, given := in.ExpressionAttributeValues[":was"].(*types.AttributeValueMemberS)
			if given != (was != "") || given && value.Value != string(was) {
				t.Errorf("from %q :was is %v", was, value)
			}
			return &dynamodb.PutItemOutput{}, nil
		}}
		if _, err := NewDynamoDB(c, "table").Save(t.Context(), "key", otp.Ledger{}, was); err != nil || calls != 1 {
			t.Errorf("%v after %d calls", err, calls)
		}
	}
}

// refusedWith is the refusal of a conditional write that found this item.
func refusedWith(found item) error {
	return &types.ConditionalCheckFailedException{Item: found}
}

// TestLostAnswerOfASave: the SDK repeats a write whose answer was lost, and the repeat
// fails its own condition. The item that comes back shows who won.
func TestLostAnswerOfASave(t *testing.T) {
	var written item
	c := &client{put: func(_ context.Context, in *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
		written = in.Item
		return nil, refusedWith(in.Item)
	}}
	revision, err := NewDynamoDB(c, "table").Save(t.Context(), "key", otp.Ledger{Sends: 1}, "rev-1")
	if err != nil {
		t.Fatalf("our own write came back as %v", err)
	}
	if got := written["rev"].(*types.AttributeValueMemberS).Value; got != string(revision) {
		t.Errorf("the revision is %q, want the one that was written, %q", revision, got)
	}
}

func TestConflicts(t *testing.T) {
	theirs := otp.Ledger{Sends: 3, ForgetAt: moment(0)}
	for name, c := range map[string]struct {
		found    item
		number   otp.Ledger
		revision otp.Revision
	}{
		"somebody else saved":   {encode("key", theirs, "theirs"), theirs, "theirs"},
		"the item is gone":      {nil, otp.Ledger{}, ""},
		"the item is not there": {item{}, otp.Ledger{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			fake := &client{put: func(context.Context, *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
				return nil, refusedWith(c.found)
			}}
			_, err := NewDynamoDB(fake, "table").Save(t.Context(), "key", otp.Ledger{}, "ours")
			conflict, ok := errors.AsType[*otp.Conflict](err)
			if !ok {
				t.Fatalf("got %v, want a conflict", err)
			}
			if diff := cmp.Diff(c.number, conflict.Current, cmpopts.EquateEmpty()); diff != "" || conflict.Revision != c.revision {
				t.Errorf("the conflict is with %q:\n%s", conflict.Revision, diff)
			}
		})
	}
}

// TestUnavailable: every other failure is the store's, and never passes as "nothing
// saved".
func TestUnavailable(t *testing.T) {
	garbage := item{"pk": &types.AttributeValueMemberS{Value: "key"}}
	errs := map[string]error{
		"network": errDown, "throttled": &types.ProvisionedThroughputExceededException{}, "no table": &types.ResourceNotFoundException{},
		"request limit": &types.RequestLimitExceeded{}, "internal": &types.InternalServerError{}, "throttling": &types.ThrottlingException{},
		"collection size": &types.ItemCollectionSizeLimitExceededException{}, "transaction": &types.TransactionConflictException{},
		"refused, unreadable": refusedWith(garbage),
	}
	for name, failure := range errs {
		t.Run(name, func(t *testing.T) {
			d := NewDynamoDB(&client{
				get: func(context.Context, *dynamodb.GetItemInput) (*dynamodb.GetItemOutput, error) { return nil, failure },
				put: func(context.Context, *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) { return nil, failure },
			}, "table")
			_, _, err := d.Load(t.Context(), "key")
			wantUnavailable(t, err)
			_, err = d.Save(t.Context(), "key", otp.Ledger{}, "")
			wantUnavailable(t, err)
		})
	}
	t.Run("loaded, unreadable", func(t *testing.T) {
		d := NewDynamoDB(&client{get: func(context.Context, *dynamodb.GetItemInput) (*dynamodb.GetItemOutput, error) {
			return &dynamodb.GetItemOutput{Item: garbage}, nil
		}}, "table")
		_, _, err := d.Load(t.Context(), "key")
		wantUnavailable(t, err)
	})
}

func wantUnavailable(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, otp.ErrUnavailable) {
		t.Errorf("the error %v is no ErrUnavailable", err)
	}
	if _, conflict := errors.AsType[*otp.Conflict](err); conflict {
		t.Errorf("the error %v passes as a conflict", err)
	}
}

// TestCallsEnd: a table that does not answer ends a call within its own time, a
// request that is over sooner.
func TestCallsEnd(t *testing.T) {
	hanging := NewDynamoDB(&client{
		get: func(ctx context.Context, _ *dynamodb.GetItemInput) (*dynamodb.GetItemOutput, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
		put: func(ctx context.Context, _ *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
	}, "table")
	for _, c := range []struct{ given, want time.Duration }{{20 * time.Second, 2500 * time.Millisecond}, {time.Second, time.Second}} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), c.given)
			defer cancel()
			started := time.Now()
			_, _, err := hanging.Load(ctx, "key")
			wantUnavailable(t, err)
			if took := time.Since(started); took != c.want {
				t.Errorf("Load took %s of %s, want %s", took, c.given, c.want)
			}
		})
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), c.given)
			defer cancel()
			started := time.Now()
			_, err := hanging.Save(ctx, "key", otp.Ledger{}, "")
			wantUnavailable(t, err)
			if took := time.Since(started); took != c.want {
				t.Errorf("Save took %s of %s, want %s", took, c.given, c.want)
			}
		})
	}
}

// TestErrorsNameNoKey: a table key is the pseudonym of a number; it and the number's
// state stay out of errors.
func TestErrorsNameNoKey(t *testing.T) {
	fake := &client{
		get: func(context.Context, *dynamodb.GetItemInput) (*dynamodb.GetItemOutput, error) { return nil, errDown },
		put: func(context.Context, *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
			return nil, refusedWith(item{"rev": &types.AttributeValueMemberN{Value: "1234"}})
		},
	}
	n := otp.Ledger{Verifications: []otp.Verification{{PinID: "canary-pin-id", Delivery: otp.Delivery{ID: "canary-id"}}}}
	_, _, loading := NewDynamoDB(fake, "table").Load(t.Context(), "canary-key")
	_, saving := NewDynamoDB(fake, "table").Save(t.Context(), "canary-key", n, "canary-was")
	for _, err := range []error{loading, saving} {
		if strings.Contains(err.Error(), "canary") {
			t.Errorf("the error shows what it should not: %v", err)
		}
	}
}
