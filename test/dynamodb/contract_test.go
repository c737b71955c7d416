package dynamodb

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/seed-a131a524/infobip-otp/pkg/app"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/ratelimit"
	"github.com/seed-a131a524/infobip-otp/pkg/ratelimit/ratelimittest"
	"github.com/seed-a131a524/infobip-otp/pkg/store"
	"github.com/seed-a131a524/infobip-otp/pkg/store/storetest"
	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// The product's own client, with its one repeat.
func client(tb testing.TB) *dynamodb.Client {
	tb.Helper()
	return app.NewDynamoDB(app.AWS{DynamoDB: harness.DynamoDBLocal(tb), Attempt: patience})
}

func TestStore(t *testing.T) {
	table := harness.Table(t, harness.DynamoDBLocal(t))
	storetest.Run(t, func(tb testing.TB) otp.Store { return store.NewDynamoDB(client(tb), table) })
}

func TestCounter(t *testing.T) {
	table := harness.Table(t, harness.DynamoDBLocal(t))
	ratelimittest.Run(t, func(tb testing.TB) ratelimit.Counter { return ratelimit.NewDynamoDB(client(tb), table) })
}

// TestCreateTable is what `make run` does with a DynamoDB it is given.
func TestCreateTable(t *testing.T) {
	c := client(t)
	table := fmt.Sprintf("otp-create-%d", time.Now().UnixNano())
	t.Cleanup(func() {
		if _, err := c.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &table}); err != nil {
			t.Errorf("deleting the table: %v", err)
		}
	})
	for range 2 { // the second finds it there
		if err := store.CreateTable(t.Context(), c, table); err != nil {
			t.Fatal(err)
		}
		if err := store.WarmUp(t.Context(), c, table); err != nil {
			t.Fatal(err)
		}
		found, err := c.Scan(t.Context(), &dynamodb.ScanInput{TableName: &table, ConsistentRead: aws.Bool(true)})
		if err != nil || len(found.Items) != 0 {
			t.Errorf("after the warm-up: %v, %v, want an empty table", found, err)
		}
	}
	ttl, err := c.DescribeTimeToLive(t.Context(), &dynamodb.DescribeTimeToLiveInput{TableName: &table})
	if err != nil {
		t.Fatal(err)
	}
	if d := ttl.TimeToLiveDescription; d.TimeToLiveStatus != types.TimeToLiveStatusEnabled || *d.AttributeName != "ttl" {
		t.Errorf("the TTL is %s", d.TimeToLiveStatus)
	}
	n := otp.Ledger{Sends: 1, ForgetAt: time.Now().Add(time.Hour)}
	if _, err := store.NewDynamoDB(c, table).Save(t.Context(), "key", n, ""); err != nil {
		t.Errorf("saving in it: %v", err)
	}
}

// TestNothingInClear reads every item and searches it for what must not be in a table.
func TestNothingInClear(t *testing.T) {
	r := newRig(t, free("SEND_COOLDOWN", "0s"))
	sent := r.send("idempotency-key", "canary-idempotency-key").want(t, 200, "")
	r.resend(sent.VerificationID).want(t, 200, "")
	r.verify(wrong(r.pin())).want(t, 401, "invalid_or_expired")
	pin := r.pin()
	r.verify(pin, "idempotency-key", "canary-idempotency-key").want(t, 200, "")
	items := r.items()
	if len(items) != 3 { // a number, and a counter of each function
		t.Fatalf("there are %d items, want 3", len(items))
	}
	for _, item := range items {
		for what, canary := range map[string]string{
			"number": digits, "address": "203.0.113.1", "idempotency key": "canary", "API key": simulatorKey,
		} {
			if strings.Contains(item, canary) {
				t.Errorf("an item shows the %s: %s", what, item)
			}
		}
		if strings.Contains(item, `"`+pin+`"`) {
			t.Errorf("an item shows the PIN: %s", item)
		}
		if !strings.Contains(item, "ttl=") {
			t.Errorf("an item has no TTL: %s", item)
		}
	}
}

const simulatorKey = "simulator"

// items returns every item of the table as text.
func (r *rig) items() []string {
	r.tb.Helper()
	c := harness.DynamoDB(r.proxy.Upstream)
	out, err := c.Scan(r.tb.Context(), &dynamodb.ScanInput{TableName: &r.table})
	if err != nil {
		r.tb.Fatal(err)
	}
	items := make([]string, 0, len(out.Items))
	for _, item := range out.Items {
		items = append(items, write(&types.AttributeValueMemberM{Value: item}))
	}
	return items
}

func write(value types.AttributeValue) string {
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		return fmt.Sprintf("%q", v.Value)
	case *types.AttributeValueMemberN:
		return v.Value
	case *types.AttributeValueMemberL:
		parts := make([]string, 0, len(v.Value))
		for _, e := range v.Value {
			parts = append(parts, write(e))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case *types.AttributeValueMemberM:
		parts := make([]string, 0, len(v.Value))
		for name, e := range v.Value {
			parts = append(parts, name+"="+write(e))
		}
		return "{" + strings.Join(parts, " ") + "}"
	}
	return fmt.Sprintf("%T", value)
}

// TestCounterItem: its TTL is the end of its window, whatever hits come later.
func TestCounterItem(t *testing.T) {
	r := newRig(t, map[string]string{})
	r.verify("123456").want(t, 401, "invalid_or_expired")
	before := r.items()
	r.advance(2 * time.Minute)
	r.verify("123456").want(t, 401, "invalid_or_expired")
	after := r.items()
	ttl := regexp.MustCompile(`ttl=\d+`)
	if len(after) != 1 || ttl.FindString(after[0]) != ttl.FindString(before[0]) || !strings.Contains(after[0], "hits=2") {
		t.Errorf("two minutes later %s became %s", before, after)
	}
}
