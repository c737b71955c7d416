package otp

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

// start is when every test's clock begins.
var start = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

func at(d time.Duration) time.Time { return start.Add(d) }

// testPolicy has small, unlike numbers, so that a mixed-up setting shows.
func testPolicy() Policy {
	return Policy{
		NumberSendLimit: rate.Rate{Attempts: 4, Window: time.Hour},
		SendCooldown:    10 * time.Second,
		VerifySpacing:   3 * time.Second,
		PINTTL:          10 * time.Minute,
		PINAttempts:     3,
		FailureLimit:    7,
		FailureMemory:   48 * time.Hour,
		DisabledMemory:  96 * time.Hour,
		SendTimeout:     20 * time.Second,
	}
}

// anOrder is one run of an order that is never repeated.
func anOrder(id string) Order { return Order{ID: id, By: "run-of-" + id, Channel: SMS} }

// keyed is one run of an order under an idempotency key.
func keyed(id, by, meaning string) Order {
	return Order{ID: id, By: by, Meaning: meaning, Channel: SMS}
}

func mustReserve(t *testing.T, n *Number, now time.Time, o Order) Ticket {
	t.Helper()
	ticket, refused := n.Reserve(now, testPolicy(), o)
	if refused != nil {
		t.Fatalf("Reserve(%s) refused: %v", o.ID, refused)
	}
	return ticket
}

// mustSend takes a send to StateActive under the handle "pin-of-<id>".
func mustSend(t *testing.T, n *Number, now time.Time, o Order) {
	t.Helper()
	mustReserve(t, n, now, o)
	if err := n.Activate(o.ID, o, "pin-of-"+o.ID); err != nil {
		t.Fatalf("Activate(%s): %v", o.ID, err)
	}
}

func mustDebit(t *testing.T, n *Number, now time.Time, g Guess) Charged {
	t.Helper()
	charged, refused := n.Debit(now, testPolicy(), g)
	if refused != nil {
		t.Fatalf("Debit(%s) refused: %v", g.By, refused)
	}
	return charged
}

func guess(by string) Guess { return Guess{ID: "guess-" + by, By: by} }

func named(by, verificationID string) Guess {
	return Guess{ID: "guess-" + by, By: by, VerificationID: verificationID}
}

// wantRefusal checks reason and RetryAfter.
func wantRefusal(t *testing.T, got *Error, reason Reason, retryAfter time.Duration) {
	t.Helper()
	if got == nil {
		t.Fatalf("allowed, want %s", reason)
	}
	if got.Reason != reason || got.RetryAfter != retryAfter {
		t.Fatalf("refused with %s and a wait of %s, want %s and %s", got.Reason, got.RetryAfter, reason, retryAfter)
	}
}

func wantNumber(t *testing.T, got, want Number) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("number differs (-want +got):\n%s", diff)
	}
}

func wantState(t *testing.T, n *Number, id string, want State) {
	t.Helper()
	v := n.find(id)
	if v == nil {
		t.Fatalf("verification %s is gone, want it %s", id, want)
	}
	if v.State != want {
		t.Fatalf("verification %s is %s, want %s", id, v.State, want)
	}
}
