package otp

import (
	"errors"
	"testing"
	"time"
)

func TestActivateKeepsTheHandle(t *testing.T) {
	var n Number
	o := anOrder("v")
	mustReserve(t, &n, at(0), o)
	activate(t, &n, o)
	wantNumber(t, n, Number{
		Sends: 1, WindowEnds: at(time.Hour), NextSendAt: at(10 * time.Second),
		Verifications: []Verification{{
			Delivery: Delivery{ID: "v", Progress: Sent, StartedAt: at(0), ResendAt: at(10 * time.Second)},
			State:    StateActive, Channel: SMS, PinID: "pin", ExpiresAt: at(10 * time.Minute),
		}},
	})
}

func TestFailGivesTheBudgetBackNotTheCooldown(t *testing.T) {
	for _, progress := range []Progress{NotDelivered, TurnedAway} {
		t.Run(string(progress), func(t *testing.T) {
			var n Number
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
	p.NumberSendLimit.Window = 30 * time.Second
	var n Number
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

func TestLoseGivesNothingBack(t *testing.T) {
	var n Number
	o := anOrder("v")
	mustReserve(t, &n, at(0), o)
	lose(t, &n, o)
	wantState(t, &n, "v", StateSending)
	if n.Sends != 1 || !n.NextSendAt.Equal(at(10*time.Second)) {
		t.Fatalf("sends %d, next send at %s: something was given back", n.Sends, n.NextSendAt)
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
		record func(*Number) error
	}{
		{"activate", func(n *Number) error { return n.Activate("v", o, "pin") }},
		{"fail", func(n *Number) error { return n.Fail(testPolicy(), "v", o, NotDelivered) }},
		{"turned away", func(n *Number) error { return n.Fail(testPolicy(), "v", o, TurnedAway) }},
		{"lose", func(n *Number) error { return n.Lose("v", o) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := Number{}
			mustReserve(t, &n, at(0), anOrder("other"))
			mustReserve(t, &n, at(10*time.Second), o)
			if err := tt.record(&n); err != nil {
				t.Fatal(err)
			}
			once := n.Clone()
			if err := tt.record(&n); err != nil {
				t.Fatalf("recording it again: %v", err)
			}
			wantNumber(t, n, once)
		})
		t.Run(tt.name+" of a run that was superseded", func(t *testing.T) {
			n := Number{}
			mustReserve(t, &n, at(0), keyed("v", "run2", "sms"))
			before := n.Clone()
			if err := tt.record(&n); !errors.Is(err, errNotOurs) {
				t.Fatalf("error is %v, want %v", err, errNotOurs)
			}
			wantNumber(t, n, before)
		})
		t.Run(tt.name+" of a record that is gone", func(t *testing.T) {
			n := Number{Sends: 1}
			if err := tt.record(&n); !errors.Is(err, errNoRecord) {
				t.Fatalf("error is %v, want %v", err, errNoRecord)
			}
			wantNumber(t, n, Number{Sends: 1})
		})
	}
}

func TestFinalStatesAreFinal(t *testing.T) {
	p := testPolicy()
	for _, final := range []State{StateVerified, StateLocked, StateExpired, StateFailed} {
		n := Number{
			Sends: 1, WindowEnds: at(time.Hour),
			Verifications: []Verification{{
				Delivery: Delivery{ID: "v", Progress: Sent, StartedAt: at(0)},
				State:    final, ExpiresAt: at(10 * time.Minute), Attempts: 1, SettledBy: "winner",
				Resends: []Delivery{{ID: "r", By: "run-of-r", Progress: InFlight, StartedAt: at(0)}},
			}},
		}
		transitions := map[string]func(*Number){
			"reserve resend": func(n *Number) { _, _ = n.ReserveResend(at(time.Minute), p, "v", anOrder("r2")) },
			"activate":       func(n *Number) { _ = n.Activate("v", anOrder("r"), "pin") },
			"fail":           func(n *Number) { _ = n.Fail(p, "v", anOrder("r"), NotDelivered) },
			"lose":           func(n *Number) { _ = n.Lose("v", anOrder("r")) },
			"expire":         func(n *Number) { n.Expire(p, "v") },
			"debit":          func(n *Number) { _, _ = n.Debit(at(time.Minute), p, named("g", "v")) },
			"undebit":        func(n *Number) { n.Undebit(at(time.Minute), p, Charged{VerificationID: "v"}, guess("g"), NotSent) },
		}
		for _, verdict := range []Verdict{Verified, Wrong, Exhausted, Gone} {
			transitions["settle "+verdict.String()] = func(n *Number) {
				n.Settle(at(time.Minute), p, Charged{VerificationID: "v"}, guess("g"), verdict)
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
		var n Number
		mustSend(t, &n, at(0), anOrder("v"))
		n.Expire(p, "v")
		wantState(t, &n, "v", StateExpired)
	})
	t.Run("sending", func(t *testing.T) {
		var n Number
		mustReserve(t, &n, at(0), anOrder("v"))
		n.Expire(p, "v")
		wantState(t, &n, "v", StateSending)
	})
	t.Run("unknown", func(t *testing.T) {
		var n Number
		n.Expire(p, "v")
		wantNumber(t, n, Number{})
	})
	t.Run("a guess under way keeps its chance", func(t *testing.T) {
		var n Number
		mustSend(t, &n, at(0), anOrder("v"))
		charged := mustDebit(t, &n, at(0), guess("g"))
		n.Expire(p, "v")
		_, refused := n.Debit(at(time.Minute), p, guess("later"))
		wantRefusal(t, refused, InvalidOrExpired, 0)
		if _, refused := n.Settle(at(time.Minute), p, charged, guess("g"), Verified); refused != nil {
			t.Fatalf("the right PIN was refused: %v", refused)
		}
	})
}
