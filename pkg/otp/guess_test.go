package otp

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

func remainingOf(err error) string {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Remaining == nil {
		return "none"
	}
	return fmt.Sprint(*e.Remaining)
}

func TestDebitChargesBeforeTheProviderIsAsked(t *testing.T) {
	var n Ledger
	mustSend(t, &n, at(0), anOrder("v"))
	charged := mustDebit(t, &n, at(time.Minute), guess("run"))
	if want := (Debited{VerificationID: "v", PinID: "pin-of-v", Channel: SMS}); charged != want {
		t.Errorf("charged = %+v, want %+v", charged, want)
	}
	v := n.find("v")
	if v.Attempts != 1 || len(v.Charges) != 1 || v.Charges[0].RunID != "run" {
		t.Errorf("attempts %d, pending %v", v.Attempts, v.Charges)
	}
	if inRow(n) != 1 || !n.LastFailureAt.Equal(at(time.Minute)) {
		t.Errorf("failures %d, last at %s", inRow(n), n.LastFailureAt)
	}
	if !n.NextVerifyAt.Equal(at(time.Minute + 3*time.Second)) {
		t.Errorf("next verify at %s", n.NextVerifyAt)
	}
}

func TestDebitRefusals(t *testing.T) {
	p := testPolicy()
	sent := func(t *testing.T, n *Ledger) { mustSend(t, n, at(0), anOrder("v")) }
	spent := func(t *testing.T, n *Ledger) {
		sent(t, n)
		for i := range p.PINAttempts {
			mustDebit(t, n, at(time.Duration(i)*p.VerifySpacing), guess(fmt.Sprint(i)))
		}
	}
	tests := []struct {
		name      string
		prepare   func(*testing.T, *Ledger)
		now       time.Time
		guess     Check
		reason    Reason
		wait      time.Duration
		remaining string
	}{
		{"never sent", nothing, at(0), guess("g"), InvalidOrExpired, 0, "none"},
		{"never sent, named", nothing, at(0), named("g", "v"), InvalidOrExpired, 0, "none"},
		{"foreign id", sent, at(0), named("g", "w"), InvalidOrExpired, 0, "none"},
		{"still sending", func(t *testing.T, n *Ledger) { mustReserve(t, n, at(0), anOrder("v")) }, at(0), guess("g"), InvalidOrExpired, 0, "none"},
		{"still sending, named", func(t *testing.T, n *Ledger) { mustReserve(t, n, at(0), anOrder("v")) }, at(0), named("g", "v"), InvalidOrExpired, 0, "3"},
		{"sending never ended, named", func(t *testing.T, n *Ledger) { mustReserve(t, n, at(0), anOrder("v")) }, at(10 * time.Minute), named("g", "v"), InvalidOrExpired, 0, "0"},
		{"expired", sent, at(10 * time.Minute), guess("g"), InvalidOrExpired, 0, "none"},
		{"expired, named", sent, at(10 * time.Minute), named("g", "v"), InvalidOrExpired, 0, "0"},
		{"attempts spent", spent, at(time.Minute), guess("g"), InvalidOrExpired, 0, "none"},
		{"attempts spent, named", spent, at(time.Minute), named("g", "v"), InvalidOrExpired, 0, "0"},
		{"attempts spent says so at once", spent, at(6 * time.Second), guess("g"), InvalidOrExpired, 0, "none"},
		{"disabled", func(t *testing.T, n *Ledger) { sent(t, n); n.DisabledAt = at(0) }, at(time.Minute), guess("g"), InvalidOrExpired, 0, "none"},
		{"disabled, named", func(t *testing.T, n *Ledger) { sent(t, n); n.DisabledAt = at(0) }, at(time.Minute), named("g", "v"), InvalidOrExpired, 0, "0"},
		{"failures used up", func(t *testing.T, n *Ledger) { sent(t, n); n.Failures, n.LastFailureAt = inARow(7), at(0) }, at(time.Minute), guess("g"), InvalidOrExpired, 0, "none"},
		{"too soon", func(t *testing.T, n *Ledger) { sent(t, n); mustDebit(t, n, at(0), guess("0")) }, at(3*time.Second - time.Millisecond), guess("g"), VerifyTooSoon, time.Millisecond, "none"},
		{"used", func(t *testing.T, n *Ledger) {
			sent(t, n)
			n.Settle(at(0), p, mustDebit(t, n, at(0), guess("0")), guess("0"), Verified)
		}, at(time.Minute), guess("g"), InvalidOrExpired, 0, "none"},
		{"used, at once: the spacing is for questions to the provider", func(t *testing.T, n *Ledger) {
			sent(t, n)
			n.Settle(at(0), p, mustDebit(t, n, at(0), guess("0")), guess("0"), Verified)
		}, at(time.Millisecond), named("g", "v"), InvalidOrExpired, 0, "0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var n Ledger
			tt.prepare(t, &n)
			before := n.Clone()
			_, refused := n.Debit(tt.now, p, tt.guess)
			wantRefusal(t, refused, tt.reason, tt.wait)
			if got := remainingOf(refused); got != tt.remaining {
				t.Errorf("attempts remaining: %s, want %s", got, tt.remaining)
			}
			wantLedger(t, n, forgotten(before, tt.now))
		})
	}
}

func TestDebitTakesTheVerificationThatIsNamed(t *testing.T) {
	var n Ledger
	mustSend(t, &n, at(0), anOrder("victim"))
	mustSend(t, &n, at(10*time.Second), anOrder("stranger"))
	if got := mustDebit(t, &n, at(20*time.Second), named("a", "victim")).PinID; got != "pin-of-victim" {
		t.Errorf("named: handle is %q", got)
	}
	if got := mustDebit(t, &n, at(30*time.Second), guess("b")).PinID; got != "pin-of-stranger" {
		t.Errorf("not named: handle is %q, want the newest one's", got)
	}
}

// A decision made again after a lost write finds its own charge.
func TestDebitRecognisesItsOwnCharge(t *testing.T) {
	var n Ledger
	mustSend(t, &n, at(0), anOrder("v"))
	first := mustDebit(t, &n, at(0), guess("run"))
	once := n.Clone()
	again := mustDebit(t, &n, at(time.Millisecond), guess("run"))
	if again != first {
		t.Errorf("second decision gives %+v, want %+v", again, first)
	}
	wantLedger(t, n, once)
}

// A client that lost the answer repeats with its key and gets the same success, for
// as long as the code would have lived.
func TestDebitRepeatOfASuccess(t *testing.T) {
	p := testPolicy()
	var n Ledger
	mustSend(t, &n, at(0), anOrder("v"))
	winner := Check{ID: "derived from the key", RunID: "run1"}
	n.Settle(at(0), p, mustDebit(t, &n, at(0), winner), winner, Verified)
	mustSend(t, &n, at(10*time.Second), anOrder("newer"))

	repeat := Check{ID: winner.ID, RunID: "run2"}
	if charged := mustDebit(t, &n, at(10*time.Minute-time.Millisecond), repeat); !charged.Repeat || charged.VerificationID != "v" {
		t.Errorf("within its life: %+v, want a repeat", charged)
	}
	if charged := mustDebit(t, &n, at(5*time.Minute), Check{ID: "another key", RunID: "run3"}); charged.Repeat {
		t.Error("another key gets the success")
	}
	if charged := mustDebit(t, &n, at(10*time.Minute), repeat); charged.Repeat {
		t.Error("the success is repeated after the code's life")
	}
}

func TestSettle(t *testing.T) {
	p := testPolicy()
	tests := []struct {
		name      string
		attempts  int // charged and settled before
		verdict   Verdict
		state     State
		failures  int
		reason    Reason
		remaining string
	}{
		{"right", 0, Verified, StateVerified, 0, "", "none"},
		{"right at the last attempt", 2, Verified, StateVerified, 0, "", "none"},
		{"wrong", 0, Wrong, StateActive, 1, InvalidOrExpired, "2"},
		{"wrong at the last attempt", 2, Wrong, StateLocked, 3, InvalidOrExpired, "0"},
		{"exhausted at the provider", 0, Exhausted, StateLocked, 1, InvalidOrExpired, "0"},
		{"gone at the provider: not compared", 0, Gone, StateExpired, 0, InvalidOrExpired, "0"},
		{"a verdict nobody knows is wrong", 0, Verdict(99), StateActive, 1, InvalidOrExpired, "2"},
		{"no verdict is wrong", 0, Verdict(0), StateActive, 1, InvalidOrExpired, "2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var n Ledger
			mustSend(t, &n, at(0), anOrder("v"))
			now := at(0)
			for i := range tt.attempts {
				g := named(fmt.Sprint(i), "v")
				n.Settle(now, p, mustDebit(t, &n, now, g), g, Wrong)
				now = now.Add(p.VerifySpacing)
			}
			g := named("run", "v")
			charged := mustDebit(t, &n, now, g)
			_, changed, refused := n.Settle(now, p, charged, g, tt.verdict)
			if !changed {
				t.Error("nothing to save, says Settle")
			}
			wantState(t, &n, "v", tt.state)
			if inRow(n) != tt.failures {
				t.Errorf("%d failures in a row, want %d", inRow(n), tt.failures)
			}
			if tt.reason == "" {
				if refused != nil {
					t.Fatalf("refused: %v", refused)
				}
				if got := n.find("v").SettledBy; got != g.ID {
					t.Errorf("settled by %q", got)
				}
				return
			}
			wantRefusal(t, refused, tt.reason, 0)
			if got := remainingOf(refused); got != tt.remaining {
				t.Errorf("attempts remaining: %s, want %s", got, tt.remaining)
			}
		})
	}
}

func TestSettleCountsOnce(t *testing.T) {
	p := testPolicy()
	for _, verdict := range []Verdict{Verified, Wrong, Exhausted, Gone} {
		t.Run(verdict.String(), func(t *testing.T) {
			var n Ledger
			mustSend(t, &n, at(0), anOrder("v"))
			g := guess("run")
			charged := mustDebit(t, &n, at(0), g)
			_, _, first := n.Settle(at(0), p, charged, g, verdict)
			once := n.Clone()
			_, changed, again := n.Settle(at(time.Second), p, charged, g, verdict)
			if changed {
				t.Error("the second time has something to save")
			}
			if (first == nil) != (again == nil) {
				t.Errorf("first %v, then %v", first, again)
			}
			wantLedger(t, n, once)
		})
	}
}

func TestOneCodeOneSuccess(t *testing.T) {
	p := testPolicy()
	var n Ledger
	mustSend(t, &n, at(0), anOrder("v"))
	a, b := guess("a"), guess("b")
	chargedA := mustDebit(t, &n, at(0), a)
	chargedB := mustDebit(t, &n, at(3*time.Second), b)
	if _, _, refused := n.Settle(at(4*time.Second), p, chargedB, b, Verified); refused != nil {
		t.Fatalf("the first right PIN was refused: %v", refused)
	}
	_, _, refused := n.Settle(at(5*time.Second), p, chargedA, a, Verified)
	wantRefusal(t, refused, InvalidOrExpired, 0)
}

// What ends a code must not take the chance of a right PIN that is under way.
func TestRightPINUnderWaySurvives(t *testing.T) {
	p := testPolicy()
	for _, verdict := range []Verdict{Wrong, Exhausted, Gone} {
		t.Run(verdict.String(), func(t *testing.T) {
			var n Ledger
			mustSend(t, &n, at(0), anOrder("v"))
			n.find("v").Attempts = p.PINAttempts - 2
			right, other := guess("right"), guess("other")
			chargedRight := mustDebit(t, &n, at(0), right)
			chargedOther := mustDebit(t, &n, at(3*time.Second), other)
			_, _, refused := n.Settle(at(4*time.Second), p, chargedOther, other, verdict)
			wantRefusal(t, refused, InvalidOrExpired, 0)
			_, refused = n.Debit(at(30*time.Second), p, guess("more"))
			wantRefusal(t, refused, InvalidOrExpired, 0)
			if _, _, refused := n.Settle(at(5*time.Second), p, chargedRight, right, Verified); refused != nil {
				t.Fatalf("the right PIN was refused: %v", refused)
			}
			wantState(t, &n, "v", StateVerified)
		})
	}
}

// Of several guesses under way the last one to be settled ends the code.
func TestLastGuessUnderWayEndsTheCode(t *testing.T) {
	p := testPolicy()
	var n Ledger
	mustSend(t, &n, at(0), anOrder("v"))
	var charged []Debited
	for i := range p.PINAttempts {
		charged = append(charged, mustDebit(t, &n, at(time.Duration(i)*p.VerifySpacing), guess(fmt.Sprint(i))))
	}
	for i, c := range charged {
		wantState(t, &n, "v", StateActive)
		n.Settle(at(time.Minute), p, c, guess(fmt.Sprint(i)), Wrong)
	}
	wantState(t, &n, "v", StateLocked)
}

func TestSettleOfAVerificationThatIsGone(t *testing.T) {
	var n Ledger
	_, changed, refused := n.Settle(at(0), testPolicy(), Debited{VerificationID: "v"}, guess("g"), Verified)
	if changed {
		t.Error("an empty number would be saved, with no end to its life")
	}
	wantRefusal(t, refused, InvalidOrExpired, 0)
}

func TestRefund(t *testing.T) {
	tests := []struct {
		effect   Effect
		attempts int
	}{
		{NotSent, 0}, // the provider was not reached
		{Throttled, 1},
		{Refused, 1},
		{NotFound, 1},
	}
	for _, tt := range tests {
		t.Run(tt.effect.String(), func(t *testing.T) {
			var n Ledger
			mustSend(t, &n, at(0), anOrder("v"))
			charged := mustDebit(t, &n, at(0), guess("g"))
			if !n.Refund(at(time.Second), testPolicy(), charged.VerificationID, guess("g"), tt.effect) {
				t.Error("nothing to save, says Refund")
			}
			v := n.find("v")
			if v.Attempts != tt.attempts || inRow(n) != 0 || len(v.Charges) != 0 {
				t.Errorf("attempts %d, failures %d, pending %v; want %d, 0 and none", v.Attempts, inRow(n), v.Charges, tt.attempts)
			}
			if !n.NextVerifyAt.Equal(at(3 * time.Second)) {
				t.Errorf("the spacing was given back: next verify at %s", n.NextVerifyAt)
			}
			once := n.Clone()
			if n.Refund(at(time.Second), testPolicy(), charged.VerificationID, guess("g"), tt.effect) {
				t.Error("taking it back again has something to save")
			}
			wantLedger(t, n, once)
		})
	}
}

// A guess under way that is given back must not open a code that the provider closed.
func TestClosedCodeStaysClosed(t *testing.T) {
	p := testPolicy()
	var n Ledger
	mustSend(t, &n, at(0), anOrder("v"))
	open, other := guess("open"), guess("other")
	chargedOpen := mustDebit(t, &n, at(0), open)
	chargedOther := mustDebit(t, &n, at(3*time.Second), other)
	n.Settle(at(4*time.Second), p, chargedOther, other, Exhausted)
	n.Refund(at(5*time.Second), p, chargedOpen.VerificationID, open, NotSent)
	_, refused := n.Debit(at(time.Minute), p, named("more", "v"))
	wantRefusal(t, refused, InvalidOrExpired, 0)
	if got := remainingOf(refused); got != "0" {
		t.Errorf("attempts remaining: %s, want 0", got)
	}
}

func stateOf(err error) CodeState {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return ""
	}
	return e.Code
}
