package otp

import (
	"errors"
	"testing"
	"time"
)

func TestActivateKeepsTheHandle(t *testing.T) {
	var n Ledger
	o := anOrder("v")
	mustReserve(t, &n, at(0), o)
	activate(t, &n, o)
	wantLedger(t, n, Ledger{
		Sends: 1, WindowEnds: at(time.Hour), Senders: []Sender{{home, 1, at(2 * time.Hour)}},
		Total: 1, TotalEnds: at(3 * time.Hour), NextSendAt: at(10 * time.Second),
		Verifications: []Verification{{
			Delivery: Delivery{ID: "v", Progress: Sent, Channel: SMS, Client: home, StartedAt: at(0), ResendAt: at(10 * time.Second)},
			State:    StateActive, PinID: "pin", ExpiresAt: at(10 * time.Minute),
		}},
	})
}

func TestFailGivesTheBudgetBackNotTheCooldown(t *testing.T) {
	for _, progress := range []Progress{NotDelivered, DeliveryThrottled} {
		t.Run(string(progress), func(t *testing.T) {
			var n Ledger
			o := anOrder("v")
			mustReserve(t, &n, at(0), o)
			fail(t, &n, o, progress)
			wantState(t, &n, "v", StateFailed)
			if n.Sends != 0 {
				t.Errorf("%d sends stay charged, want 0", n.Sends)
			}
			if !n.NextSendAt.Equal(at(10 * time.Second)) {
				t.Errorf("next send at %s, want the cooldown kept", n.NextSendAt)
			}
		})
	}
}

// A budget goes back to the window it was taken from, or to none.
func TestFailGivesNothingToALaterWindow(t *testing.T) {
	p := testPolicy()
	p.SendLimit.Window = 30 * time.Second
	var n Ledger
	late := anOrder("late")
	if _, refused := n.Reserve(at(0), p, late); refused != nil {
		t.Fatal(refused)
	}
	if _, refused := n.Reserve(at(30*time.Second), p, anOrder("v")); refused != nil { // starts the next window
		t.Fatal(refused)
	}
	if err := n.Fail(p, "late", late, NotDelivered); err != nil {
		t.Fatal(err)
	}
	if n.Sends != 1 {
		t.Fatalf("%d sends are charged to the new window, want 1", n.Sends)
	}
}

// An outage must not close a person's day, and a message that may be out must not be free.
func TestLoseGivesTheSharesBackNotTheTotal(t *testing.T) {
	var n Ledger
	o := anOrder("v")
	mustReserve(t, &n, at(0), o)
	lose(t, &n, o)
	wantState(t, &n, "v", StateSending)
	if n.Sends != 0 || len(n.Senders) != 0 {
		t.Errorf("%d sends and %v of clients stay charged, want none", n.Sends, n.Senders)
	}
	if n.Total != 1 || n.Unconfirmed != 1 || !n.NextSendAt.Equal(at(10*time.Second)) {
		t.Errorf("total %d, unconfirmed %d, next send at %s: something was given back", n.Total, n.Unconfirmed, n.NextSendAt)
	}
	mustReserve(t, &n, at(10*time.Second), anOrder("next"))
	if want := at(30 * time.Second); !n.NextSendAt.Equal(want) {
		t.Errorf("the cooldown after it ends at %s, want %s: the doubling counts it", n.NextSendAt, want)
	}
	if got := n.find("v").Progress; got != Unconfirmed {
		t.Fatalf("progress is %s, want %s", got, Unconfirmed)
	}
}

// An outcome may be recorded again after a write whose answer was lost. It must count
// once; and it must not touch a later run under the same key.
func TestOutcomesCountOnce(t *testing.T) {
	o := keyed("v", "run1", "sms")
	tests := []struct {
		name   string
		record func(*Ledger) error
	}{
		{"activate", func(n *Ledger) error { return n.Activate(testPolicy(), "v", o, "pin") }},
		{"fail", func(n *Ledger) error { return n.Fail(testPolicy(), "v", o, NotDelivered) }},
		{"turned away", func(n *Ledger) error { return n.Fail(testPolicy(), "v", o, DeliveryThrottled) }},
		{"lose", func(n *Ledger) error { return n.Lose(testPolicy(), "v", o) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := Ledger{}
			mustReserve(t, &n, at(0), anOrder("other"))
			mustReserve(t, &n, at(10*time.Second), o)
			if err := tt.record(&n); err != nil {
				t.Fatal(err)
			}
			once := n.Clone()
			if err := tt.record(&n); err != nil {
				t.Fatalf("recording it again: %v", err)
			}
			wantLedger(t, n, once)
		})
		t.Run(tt.name+" of a run that was superseded", func(t *testing.T) {
			n := Ledger{}
			mustReserve(t, &n, at(0), keyed("v", "run2", "sms"))
			before := n.Clone()
			if err := tt.record(&n); !errors.Is(err, errNotOurs) {
				t.Fatalf("error is %v, want %v", err, errNotOurs)
			}
			wantLedger(t, n, before)
		})
		t.Run(tt.name+" of a record that is gone", func(t *testing.T) {
			n := Ledger{Sends: 1}
			if err := tt.record(&n); !errors.Is(err, errNoRecord) {
				t.Fatalf("error is %v, want %v", err, errNoRecord)
			}
			wantLedger(t, n, Ledger{Sends: 1})
		})
	}
}

func TestFinalStatesAreFinal(t *testing.T) {
	p := testPolicy()
	for _, final := range []State{StateVerified, StateLocked, StateExpired, StateFailed} {
		n := Ledger{
			Sends: 1, WindowEnds: at(time.Hour),
			Verifications: []Verification{{
				Delivery: Delivery{ID: "v", Progress: Sent, StartedAt: at(0)},
				State:    final, ExpiresAt: at(10 * time.Minute), Attempts: 1, SettledBy: "winner",
				Resends: []Delivery{{ID: "r", RunID: "run-of-r", Progress: InFlight, StartedAt: at(0)}},
			}},
		}
		transitions := map[string]func(*Ledger){
			"reserve resend": func(n *Ledger) { _, _ = n.ReserveResend(at(time.Minute), p, "v", anOrder("r2")) },
			"activate":       func(n *Ledger) { _ = n.Activate(testPolicy(), "v", anOrder("r"), "pin") },
			"fail":           func(n *Ledger) { _ = n.Fail(p, "v", anOrder("r"), NotDelivered) },
			"lose":           func(n *Ledger) { _ = n.Lose(testPolicy(), "v", anOrder("r")) },
			"expire":         func(n *Ledger) { n.Expire(p, "v", "pin-of-v") },
			"debit":          func(n *Ledger) { _, _ = n.Debit(at(time.Minute), p, named("g", "v")) },
			"refund":         func(n *Ledger) { n.Refund(at(time.Minute), p, "v", guess("g"), NotSent) },
		}
		for _, verdict := range []Verdict{Verified, Wrong, Exhausted, Gone} {
			transitions["settle "+verdict.String()] = func(n *Ledger) {
				n.Settle(at(time.Minute), p, Debited{VerificationID: "v"}, guess("g"), verdict)
			}
		}
		for name, transition := range transitions {
			t.Run(string(final)+"/"+name, func(t *testing.T) {
				got := n.Clone()
				transition(&got)
				v := got.find("v")
				if v.State != final || v.PinID != "" || v.SettledBy != "winner" || v.Attempts != 1 || !v.ExpiresAt.Equal(at(10*time.Minute)) {
					t.Fatalf("verification is %+v, want it unchanged but for its deliveries", v)
				}
			})
		}
	}
}

func TestExpire(t *testing.T) {
	p := testPolicy()
	t.Run("active", func(t *testing.T) {
		var n Ledger
		mustSend(t, &n, at(0), anOrder("v"))
		n.Expire(p, "v", "pin-of-v")
		wantState(t, &n, "v", StateExpired)
	})
	t.Run("sending", func(t *testing.T) {
		var n Ledger
		mustReserve(t, &n, at(0), anOrder("v"))
		n.Expire(p, "v", "pin-of-v")
		wantState(t, &n, "v", StateSending)
	})
	t.Run("unknown", func(t *testing.T) {
		var n Ledger
		n.Expire(p, "v", "pin-of-v")
		wantLedger(t, n, Ledger{})
	})
	t.Run("a guess under way keeps its chance", func(t *testing.T) {
		var n Ledger
		mustSend(t, &n, at(0), anOrder("v"))
		charged := mustDebit(t, &n, at(0), guess("g"))
		n.Expire(p, "v", "pin-of-v")
		_, refused := n.Debit(at(30*time.Second), p, guess("later"))
		wantRefusal(t, refused, InvalidOrExpired, 0)
		if _, _, refused := n.Settle(at(30*time.Second), p, charged, guess("g"), Verified); refused != nil {
			t.Fatalf("the right PIN was refused: %v", refused)
		}
	})
}
