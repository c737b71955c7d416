package otp

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

// start is when every test's clock begins.
var start = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

func at(d time.Duration) time.Time { return start.Add(d) }

// testPolicy has small, unlike numbers, so that a mixed-up setting shows.
func testPolicy() Policy {
	return Policy{
		SendLimit:       rate.Rate{Attempts: 4, Window: time.Hour},
		ClientSendLimit: rate.Rate{Attempts: 5, Window: 2 * time.Hour},
		TotalLimit:      rate.Rate{Attempts: 9, Window: 3 * time.Hour},
		SendCooldown:    10 * time.Second,
		VerifySpacing:   3 * time.Second,
		PINTTL:          10 * time.Minute,
		PINAttempts:     3,
		FailureLimit:    7,
		FailureMemory:   48 * time.Hour,
		DisabledMemory:  96 * time.Hour,
		KnownMemory:     120 * time.Hour,
		SendTimeout:     20 * time.Second,
	}
}

// home is the client that tests ask from where it does not matter.
const home = "home"

// charges are attempts from home under way since the start, by their runs.
func charges(runs ...string) []Charge {
	var all []Charge
	for _, run := range runs {
		all = append(all, Charge{RunID: run, Client: home, At: at(0)})
	}
	return all
}

// inARow are failures in a row that count one by one under testPolicy: of no client more
// than half of the limit.
func inARow(count int) []Failures {
	var all []Failures
	for i := 0; count > 0; i++ {
		one := min(count, testPolicy().clientFailures())
		all = append(all, Failures{Client: fmt.Sprint("client-", i), Count: one})
		count -= one
	}
	return all
}

// inRow counts all failures, whosever they are.
func inRow(l Ledger) int {
	sum := 0
	for _, f := range l.Failures {
		sum += f.Count
	}
	return sum
}

// anOrder is one run of an order that is never repeated.
func anOrder(id string) Order {
	return Order{ID: id, RunID: "run-of-" + id, Channel: SMS, Client: home}
}

// keyed is one run of an order under an idempotency key.
func keyed(id, by, meaning string) Order {
	return Order{ID: id, RunID: by, Fingerprint: meaning, Channel: SMS, Client: home}
}

// in returns an order for the message of a language.
func in(locale string, o Order) Order {
	o.Locale = locale
	return o
}

// by returns an order for another channel.
func by(channel Channel, o Order) Order {
	o.Channel = channel
	return o
}

func mustReserve(t *testing.T, n *Ledger, now time.Time, o Order) Ticket {
	t.Helper()
	ticket, refused := n.Reserve(now, testPolicy(), o)
	if refused != nil {
		t.Fatalf("Reserve(%s) refused: %v", o.ID, refused)
	}
	return ticket
}

// mustSend takes a send to StateActive under the handle "pin-of-<id>".
func mustSend(t *testing.T, n *Ledger, now time.Time, o Order) {
	t.Helper()
	mustReserve(t, n, now, o)
	if err := n.Activate(testPolicy(), o.ID, o, "pin-of-"+o.ID); err != nil {
		t.Fatalf("Activate(%s): %v", o.ID, err)
	}
}

func mustDebit(t *testing.T, n *Ledger, now time.Time, g Check) Debited {
	t.Helper()
	charged, refused := n.Debit(now, testPolicy(), g)
	if refused != nil {
		t.Fatalf("Debit(%s) refused: %v", g.RunID, refused)
	}
	return charged
}

func guess(by string) Check { return Check{ID: "guess-" + by, RunID: by, Client: home} }

func named(by, verificationID string) Check {
	return Check{ID: "guess-" + by, RunID: by, VerificationID: verificationID, Client: home}
}

// wantRefusal checks reason and RetryAfter.
func wantRefusal(t *testing.T, err error, reason Reason, retryAfter time.Duration) {
	t.Helper()
	got, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("error is %v, want %s", err, reason)
	}
	if got.Reason != reason || got.RetryAfter != retryAfter {
		t.Fatalf("refused with %s and a wait of %s, want %s and %s", got.Reason, got.RetryAfter, reason, retryAfter)
	}
}

func wantLedger(t *testing.T, got, want Ledger) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("ledger differs (-want +got):\n%s", diff)
	}
}

// forgotten is a ledger as a decision sees it at a moment.
func forgotten(l Ledger, now time.Time) Ledger {
	l = l.Clone()
	l.forget(now, testPolicy())
	return l
}

func wantState(t *testing.T, n *Ledger, id string, want State) {
	t.Helper()
	v := n.find(id)
	if v == nil {
		t.Fatalf("verification %s is gone, want it %s", id, want)
	}
	if v.State != want {
		t.Fatalf("verification %s is %s, want %s", id, v.State, want)
	}
}

// of is an order of another client than home.
func of(client, id string) Order {
	o := anOrder(id)
	o.Client = client
	return o
}

// byClient is a nameless check of another client than home.
func byClient(client, run string) Check {
	return Check{ID: "guess-" + run, RunID: run, Client: client}
}

func mustSendUnder(t *testing.T, p Policy, l *Ledger, now time.Time, o Order) {
	t.Helper()
	if _, err := l.Reserve(now, p, o); err != nil {
		t.Fatalf("Reserve(%s): %v", o.ID, err)
	}
	if err := l.Activate(p, o.ID, o, "pin-of-"+o.ID); err != nil {
		t.Fatalf("Activate(%s): %v", o.ID, err)
	}
}

func mustVerify(t *testing.T, p Policy, l *Ledger, now time.Time, c Check) Settled {
	t.Helper()
	debited, err := l.Debit(now, p, c)
	if err != nil {
		t.Fatalf("Debit(%s): %v", c.RunID, err)
	}
	settled, _, err := l.Settle(now, p, debited, c, Verified)
	if err != nil {
		t.Fatalf("Settle(%s): %v", c.RunID, err)
	}
	return settled
}
