package guard

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/seed-a131a524/infobip-otp/internal/cost"
	"github.com/seed-a131a524/infobip-otp/pkg/app"
	"github.com/seed-a131a524/infobip-otp/pkg/email"
	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/guard/cells"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/otp/otptest"
	"github.com/seed-a131a524/infobip-otp/pkg/phone"
	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
	"github.com/seed-a131a524/infobip-otp/pkg/store"
	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// provider delivers everything, unless it is told otherwise, and finds every PIN right.
type provider struct {
	calls    atomic.Int64
	delivery error
}

func (p *provider) Send(context.Context, recipient.Recipient, otp.Channel, otp.Message) (string, error) {
	return fmt.Sprint("pin-", p.calls.Add(1)), p.delivery
}

func (p *provider) Resend(context.Context, string, otp.Channel) (string, error) {
	return fmt.Sprint("pin-", p.calls.Add(1)), p.delivery
}

func (p *provider) Verify(context.Context, string, recipient.Recipient, string) (otp.Verdict, error) {
	return otp.Verified, nil
}

// rig is the domain behind a guard, on a table of its own.
type rig struct {
	*otp.Service
	provider *provider
	proxy    *harness.DynamoDBProxy
	cells    guard.Cells
	clock    *otptest.Clock
	key      pseudonym.Key
	table    string
}

const unit = guard.Amount(1_000_000)

// patience is what an attempt of a call gets in place of its second: on a busy machine one that
// runs out is repeated, and counted.
const patience = 20 * time.Second

// fullRules have every rule on.
func fullRules() guard.Rules {
	rules := guard.Rules{
		Channels:    []otp.Channel{otp.SMS, otp.Email},
		Spend:       guard.Limit{Amount: 1000 * unit, Window: 24 * time.Hour},
		RegionSpend: guard.RegionLimits{"*": {Amount: 500 * unit, Window: 24 * time.Hour}},
		Prices:      guard.MessagePrices{SMS: guard.Prices{"*": unit}, Mail: guard.Prices{"*": unit}},
		Allowances:  guard.DefaultAllowances(),
	}
	return rules
}

// newRig makes one, whose calls to the table are counted.
func newRig(t *testing.T, rules guard.Rules) *rig {
	t.Helper()
	proxy := harness.StartDynamoDBProxy(t, harness.DynamoDBLocal(t))
	r := newRigOn(t, rules, app.NewDynamoDB(app.AWS{DynamoDB: proxy.URL, Attempt: patience}))
	r.proxy = proxy
	return r
}

// newRigOn makes one that reaches the table through this client.
func newRigOn(t *testing.T, rules guard.Rules, c *dynamodb.Client) *rig {
	t.Helper()
	r := &rig{provider: &provider{}, clock: otptest.NewClock(), table: harness.Table(t, harness.DynamoDBLocal(t))}
	var err error
	r.key, err = pseudonym.NewKey("1", make([]byte, pseudonym.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	r.cells = cells.NewDynamoDB(c, r.table)
	r.Service = &otp.Service{
		Store: store.NewDynamoDB(c, r.table), Provider: r.provider, Clock: r.clock, Policy: otp.DefaultPolicy(),
		Guard: guard.New(rules, r.cells, nil, r.clock),
	}
	return r
}

func number(t *testing.T, i int) recipient.Recipient {
	t.Helper()
	return recipientOf(t, fmt.Sprintf("+43664%07d", 1000000+i))
}

// mailbox is one of many addresses with one mailbox, and so one prefix, as the numbers have.
func mailbox(t *testing.T, i int) recipient.Recipient {
	t.Helper()
	a, err := email.Parse(fmt.Sprintf("person+%d@example.com", i))
	if err != nil {
		t.Fatal(err)
	}
	return recipient.OfEmail(a)
}

func recipientOf(t *testing.T, text string) recipient.Recipient {
	t.Helper()
	n, err := phone.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return recipient.OfPhone(n)
}

func (r *rig) caller(client string) otp.Caller {
	return otp.Caller{Keyrings: []otp.Keyring{r.key}, Names: r.key, Client: client, Trace: &otp.Trace{}}
}

func (r *rig) send(t *testing.T, to recipient.Recipient, client string) error {
	t.Helper()
	_, err := r.Send(t.Context(), otp.SendRequest{Caller: r.caller(client), To: to, Channel: otp.UsualChannel(to.Kind())})
	return err
}

func (r *rig) verify(t *testing.T, to recipient.Recipient) error {
	t.Helper()
	_, err := r.Verify(t.Context(), otp.VerifyRequest{Caller: r.caller("192.0.2.1"), To: to, PIN: "123456"})
	return err
}

// want checks the reason of a refusal; an empty one means none.
func want(t *testing.T, what string, err error, reason otp.Reason) {
	t.Helper()
	failure, _ := errors.AsType[*otp.Error](err)
	if err == nil && reason == "" || failure != nil && failure.Reason == reason {
		return
	}
	t.Errorf("%s: %v, want %q", what, err, reason)
}

// wantSpent checks what was spent since the last look.
func (r *rig) wantSpent(t *testing.T, what string, want cost.Spent) {
	t.Helper()
	if got := r.proxy.Spent().Cost(); got != want {
		t.Errorf("%s spent %+v, want %+v", what, got, want)
	}
}

// spentBy is the money in the service's cell.
func (r *rig) spentBy(t *testing.T) guard.Amount {
	t.Helper()
	found, err := r.cells.Read(t.Context(), []string{"guard#service"})
	if err != nil {
		t.Fatal(err)
	}
	return found[0].Purse.Spent
}
