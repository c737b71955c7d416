package otp

import (
	"fmt"
	"testing"
	"time"
)

// What single guards are there for, where the tests of the rules around them would not
// notice that one is missing.

// A code whose time is over becomes small at once, unless something is still to be recorded
// in it.
func TestCodesThatAreOverEndUnlessSomethingIsUnderWay(t *testing.T) {
	long, now := at(-10*time.Minute), at(-time.Second)
	code := func(change func(*Verification)) Verification {
		v := Verification{Delivery: Delivery{ID: "v", Progress: Sent, StartedAt: long}, State: StateActive, PinID: "pin", ExpiresAt: at(0)}
		change(&v)
		return v
	}
	for name, c := range map[string]struct {
		v    Verification
		want State
	}{
		"nothing":                  {code(func(*Verification) {}), StateExpired},
		"a check":                  {code(func(v *Verification) { v.Charges = []Charge{{RunID: "r", At: now}} }), StateActive},
		"its send":                 {code(func(v *Verification) { v.State, v.Progress, v.StartedAt = StateSending, InFlight, now }), StateSending},
		"a resend":                 {code(func(v *Verification) { v.Resends = []Delivery{{ID: "r", Progress: InFlight, StartedAt: now}} }), StateActive},
		"a resend that went out":   {code(func(v *Verification) { v.Resends = []Delivery{{ID: "r", Progress: Sent, StartedAt: now}} }), StateExpired},
		"nothing, and it was used": {code(func(v *Verification) { v.end(StateVerified) }), StateVerified},
	} {
		t.Run(name, func(t *testing.T) {
			l := forgotten(Ledger{Verifications: []Verification{c.v}}, at(0))
			wantState(t, &l, "v", c.want)
			if got, kept := l.find("v").PinID, c.want == StateActive || c.want == StateSending; (got != "") != kept {
				t.Errorf("its handle is %q", got)
			}
		})
	}
}

func TestResendTakesTheChannelOfItsSend(t *testing.T) {
	var l Ledger
	send := anOrder("v")
	send.Channel = Voice
	mustSend(t, &l, at(0), send)
	resend := anOrder("r")
	resend.Channel = ""
	ticket := mustResend(t, &l, at(time.Minute), "v", resend)
	if kept := l.find("v").Resends[0].Channel; ticket.Channel != Voice || kept != Voice {
		t.Errorf("it goes by %q and is kept as %q, want %q", ticket.Channel, kept, Voice)
	}
}

// A resend whose outcome comes after its code's end leaves nothing behind.
func TestEndedCodesKeepNoResends(t *testing.T) {
	for _, progress := range []Progress{Sent, NotDelivered, DeliveryThrottled, Unconfirmed} {
		var l Ledger
		mustSend(t, &l, at(0), anOrder("v"))
		mustResend(t, &l, at(time.Minute), "v", anOrder("r"))
		l.find("v").end(StateLocked)
		if got := len(l.find("v").Resends); got != 1 {
			t.Fatalf("%s: %d resends are kept while one is under way", progress, got)
		}
		concludeResend(t, &l, anOrder("r"), progress)
		if got := l.find("v").Resends; len(got) != 0 {
			t.Errorf("%s: kept are %+v", progress, got)
		}
		wantState(t, &l, "v", StateLocked)
	}
}

func TestWithdraw(t *testing.T) {
	p := testPolicy()
	sent := func(t *testing.T) Ledger {
		t.Helper()
		var l Ledger
		mustSend(t, &l, at(0), anOrder("v"))
		return l
	}
	t.Run("a send, as if it had never been", func(t *testing.T) {
		l := sent(t)
		want := l.Clone()
		want.NextSendAt = at(time.Minute) // over
		mustReserve(t, &l, at(time.Minute), anOrder("w"))
		if !l.Withdraw(p, anOrder("w")) {
			t.Error("there is nothing to save, it says")
		}
		wantLedger(t, l, want)
	})
	t.Run("a resend, and not its send", func(t *testing.T) {
		l := sent(t)
		want := l.Clone()
		want.NextSendAt = at(time.Minute)
		mustResend(t, &l, at(time.Minute), "v", anOrder("r"))
		if !l.Withdraw(p, anOrder("r")) {
			t.Error("there is nothing to save, it says")
		}
		wantLedger(t, l, want)
	})
	t.Run("not the cooldown of a later one", func(t *testing.T) {
		l := sent(t)
		p := testPolicy()
		p.SendCooldown = time.Second
		for i, id := range []string{"w", "later"} {
			if _, err := l.Reserve(at(time.Duration(i+1)*10*time.Second), p, anOrder(id)); err != nil {
				t.Fatal(err)
			}
		}
		cooldown := l.NextSendAt
		if !l.Withdraw(p, anOrder("w")) {
			t.Error("there is nothing to save, it says")
		}
		if !l.NextSendAt.Equal(cooldown) {
			t.Errorf("the next send may be at %s, want %s", l.NextSendAt, cooldown)
		}
	})
	for name, c := range map[string]struct {
		prepare func(*Ledger)
		order   Order
	}{
		"not what another run reserved": {func(l *Ledger) { mustReserve(t, l, at(time.Minute), keyed("w", "run1", "")) }, keyed("w", "run2", "")},
		"not what went out":             {func(*Ledger) {}, Order{ID: "v"}},
		"not what may be out": {func(l *Ledger) {
			mustReserve(t, l, at(time.Minute), anOrder("w"))
			l.giveUp(at(2*time.Minute), p) // the run stays named
		}, anOrder("w")},
		"nothing": {func(*Ledger) {}, anOrder("w")},
	} {
		t.Run(name, func(t *testing.T) {
			l := sent(t)
			c.prepare(&l)
			want := l.Clone()
			if l.Withdraw(p, c.order) {
				t.Error("there is something to save, it says")
			}
			wantLedger(t, l, want)
		})
	}
}

func TestKeysOfCodesThatAreOver(t *testing.T) {
	first, again := keyed("v", "run1", "sms"), keyed("v", "run2", "sms")
	t.Run("expired, and a check is still under way", func(t *testing.T) {
		var l Ledger
		mustReserve(t, &l, at(0), first)
		activate(t, &l, first)
		mustDebit(t, &l, at(10*time.Minute-time.Second), guess("g"))
		_, refused := l.Reserve(at(10*time.Minute), testPolicy(), again)
		wantRefusal(t, refused, KeyExpired, 0)
	})
	t.Run("never sent: there was no code", func(t *testing.T) {
		var l Ledger
		mustReserve(t, &l, at(0), first)
		fail(t, &l, first, NotDelivered)
		_, refused := l.Reserve(at(10*time.Minute), testPolicy(), again)
		wantRefusal(t, refused, SendFailed, 0)
	})
}

func TestClientsThatAreNotKnownAreStrangers(t *testing.T) {
	p := testPolicy()
	var l Ledger
	mustSend(t, &l, at(0), of("", "v"))
	for i := range p.PINAttempts {
		mustDebit(t, &l, at(time.Duration(i)*p.VerifySpacing), byClient("", fmt.Sprint(i)))
	}
	if v := l.find("v"); v.Attempts != 0 || v.Strangers != p.PINAttempts {
		t.Errorf("%d attempts of the owner and %d of strangers, want all of strangers", v.Attempts, v.Strangers)
	}
}

// What a success was is told again as it was, until PIN_TTL after it and no longer.
func TestSuccessIsRepeatedAsItWas(t *testing.T) {
	p := testPolicy()
	var l Ledger
	mustSend(t, &l, at(0), anOrder("v"))
	for i, channel := range []Channel{Voice, SMS} { // the second one fails
		o := anOrder(fmt.Sprint("r", i))
		o.Channel = channel
		mustResend(t, &l, at(time.Duration(i+1)*time.Minute), "v", o)
		concludeResend(t, &l, o, []Progress{Sent, Unconfirmed}[i])
	}
	winner := named("winner", "v")
	debited := mustDebit(t, &l, at(5*time.Minute), winner)
	want := Settled{VerificationID: "v", Channel: Voice, At: at(5 * time.Minute)}
	for i := range 2 { // and found again after a lost write
		settled, _, err := l.Settle(at(5*time.Minute), p, debited, winner, Verified)
		if first := i == 0; first != (settled.Earned != nil) {
			t.Errorf("time %d: a guard is told %+v; it is to be told once", i+1, settled.Earned)
		}
		settled.Earned = nil
		if err != nil || fmt.Sprint(settled) != fmt.Sprint(want) {
			t.Errorf("settled as %+v, %v; want %+v", settled, err, want)
		}
	}
	again := winner
	again.RunID = "again"
	repeat, err := l.Debit(at(15*time.Minute-time.Millisecond), p, again)
	if want := (Debited{Repeat: true, VerificationID: "v", Channel: Voice, At: at(5 * time.Minute)}); err != nil || repeat != want {
		t.Errorf("repeated as %+v, %v; want %+v", repeat, err, want)
	}
	_, refused := l.Debit(at(15*time.Minute), p, again)
	wantRefusal(t, refused, InvalidOrExpired, 0)
}

func TestStrangersAttemptComesBackToStrangers(t *testing.T) {
	var l Ledger
	mustSend(t, &l, at(0), anOrder("v"))
	mustDebit(t, &l, at(0), guess("own"))
	stranger := byClient("stranger", "s")
	mustDebit(t, &l, at(3*time.Second), stranger)
	l.Refund(at(4*time.Second), testPolicy(), "v", stranger, NotSent)
	if v := l.find("v"); v.Attempts != 1 || v.Strangers != 0 {
		t.Errorf("%d attempts of the owner and %d of strangers, want 1 and 0", v.Attempts, v.Strangers)
	}
}

// A code that has to wait for checks under way tells its state all the same.
func TestCodeStateWhileChecksAreUnderWay(t *testing.T) {
	p := testPolicy()
	for want, c := range map[CodeState]struct{ checks, from time.Duration }{
		CodeExpired: {1, 10*time.Minute - time.Second},
		CodeLocked:  {3, time.Minute},
	} {
		var l Ledger
		mustSend(t, &l, at(0), anOrder("v"))
		for i := range c.checks {
			mustDebit(t, &l, at(c.from+time.Duration(int(i))*p.VerifySpacing), guess(fmt.Sprint(int(i))))
		}
		_, refused := l.Debit(at(c.from+10*time.Second), p, named("late", "v"))
		wantRefusal(t, refused, InvalidOrExpired, 0)
		if got := stateOf(refused); got != want || remainingOf(refused) != "0" {
			t.Errorf("state is %q with %s tries left, want %q and 0", got, remainingOf(refused), want)
		}
		wantState(t, &l, "v", StateActive)
	}
}

// Twice a function's life after its start nobody will say any more what a run came to.
func TestRunsAreWrittenOff(t *testing.T) {
	p := testPolicy()
	var l Ledger
	mustSend(t, &l, at(0), anOrder("v"))
	mustReserve(t, &l, at(10*time.Second), anOrder("dead"))
	mustDebit(t, &l, at(10*time.Second), guess("dead"))
	l.find("v").Charges = append(l.find("v").Charges, Charge{RunID: "of the version before"}) // which kept no moment
	for _, c := range []struct {
		now     time.Time
		charges int
		named   bool
	}{{at(50*time.Second - time.Millisecond), 2, true}, {at(50 * time.Second), 1, false}} {
		after := forgotten(l, c.now)
		if got := after.find("v").Charges; len(got) != c.charges {
			t.Errorf("at %s: charges are %+v, want %d", c.now, got, c.charges)
		}
		if d := after.find("dead"); d.Progress != Unconfirmed || (d.RunID != "") != c.named {
			t.Errorf("at %s: the send is %s of run %q, want its run named: %t", c.now, d.Progress, d.RunID, c.named)
		}
	}
	after := forgotten(l, at(50*time.Second))
	if err := after.Activate(p, "dead", anOrder("dead"), "pin"); err == nil {
		t.Error("a run that was written off records its outcome")
	}
	if after.find("v").Attempts != 1 || inRow(after) != 1 {
		t.Errorf("%d attempts and %d failures, want those of the run that is dead", after.find("v").Attempts, inRow(after))
	}
}

// Two runs of one request may differ in what is to stand in the proof: the one whose success
// is recorded has it.
func TestSuccessHasOneNonce(t *testing.T) {
	p := testPolicy()
	p.VerifySpacing = 0
	var l Ledger
	mustSend(t, &l, at(0), anOrder("v"))
	first := Check{ID: "derived", RunID: "run1", Client: home, Nonce: "a"}
	second := Check{ID: "derived", RunID: "run2", Client: home, Nonce: "b"}
	debited := mustDebit(t, &l, at(0), first)
	mustDebit(t, &l, at(3*time.Second), second)
	if _, _, err := l.Settle(at(4*time.Second), p, debited, first, Verified); err != nil {
		t.Fatal(err)
	}
	_, changed, refused := l.Settle(at(5*time.Second), p, debited, second, Verified)
	wantRefusal(t, refused, KeyReused, 0)
	if changed {
		t.Error("there is something to save, it says")
	}
}
