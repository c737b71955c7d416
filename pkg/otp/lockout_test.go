package otp

import (
	"fmt"
	"testing"
	"time"
)

// What a stranger can do to a recipient's owner is bounded (ASVS 5.0 6.1.1). These are the
// rules one by one; what an attack comes to over days is in lockout_replay_test.go.

func TestNamelessGuessesOfStrangersLeaveTheOwnersTries(t *testing.T) {
	p := testPolicy()
	p.VerifySpacing = 0
	var l Ledger
	mustSend(t, &l, at(0), anOrder("v"))
	for i := range p.PINAttempts {
		c := byClient("stranger", fmt.Sprint("s", i))
		debited, err := l.Debit(at(0), p, c)
		if err != nil {
			t.Fatalf("guess %d: %v", i, err)
		}
		_, _, _ = l.Settle(at(0), p, debited, c, Wrong)
	}
	_, refused := l.Debit(at(0), p, byClient("stranger", "more"))
	wantRefusal(t, refused, InvalidOrExpired, 0)
	_, refused = l.Debit(at(0), p, byClient("", "unknown client"))
	wantRefusal(t, refused, InvalidOrExpired, 0)
	wantState(t, &l, "v", StateActive)
	// The owner, with the id and without it.
	if v := l.find("v"); v.Attempts != 0 || v.Strangers != p.PINAttempts {
		t.Errorf("%d attempts of the owner and %d of strangers are charged", v.Attempts, v.Strangers)
	}
	wrong := guess("own")
	debited := mustDebit(t, &l, at(0), wrong)
	_, _, refused = l.Settle(at(0), p, debited, wrong, Wrong)
	wantRefusal(t, refused, InvalidOrExpired, 0)
	mustVerify(t, p, &l, at(time.Minute), named("id", "v"))
}

func TestNamedTriesUsedUpLockForAll(t *testing.T) {
	p := testPolicy()
	p.VerifySpacing = 0
	var l Ledger
	mustSend(t, &l, at(0), anOrder("v"))
	for i := range p.PINAttempts {
		c := named(fmt.Sprint(i), "v")
		c.Client = "elsewhere" // who has the id may know of it, wherever it is
		debited, err := l.Debit(at(0), p, c)
		if err != nil {
			t.Fatal(err)
		}
		_, _, _ = l.Settle(at(0), p, debited, c, Wrong)
	}
	wantState(t, &l, "v", StateLocked)
	_, refused := l.Debit(at(0), p, byClient("stranger", "s"))
	wantRefusal(t, refused, InvalidOrExpired, 0)
}

// Infobip says "gone" of the handle that it was asked about. If a resend has replaced that
// one meanwhile, the code lives on.
func TestGoneAboutAReplacedHandleEndsNothing(t *testing.T) {
	p := testPolicy()
	var l Ledger
	mustSend(t, &l, at(0), anOrder("v"))
	c := named("g", "v")
	debited := mustDebit(t, &l, at(10*time.Second), c)
	mustResend(t, &l, at(11*time.Second), "v", anOrder("r"))
	if err := l.Activate(p, "v", anOrder("r"), "new handle"); err != nil {
		t.Fatal(err)
	}
	_, _, refused := l.Settle(at(12*time.Second), p, debited, c, Gone)
	wantRefusal(t, refused, InvalidOrExpired, 0)
	wantState(t, &l, "v", StateActive)
	if got := stateOf(refused); got != CodeWrong {
		t.Errorf("the code's state is %q, want %q", got, CodeWrong)
	}
	l.Expire(p, "v", "pin-of-v")
	wantState(t, &l, "v", StateActive)
	l.Expire(p, "v", "new handle")
	wantState(t, &l, "v", StateExpired)
}

func TestVerifyWhoseKeyIsInFlight(t *testing.T) {
	p := testPolicy()
	var l Ledger
	mustSend(t, &l, at(0), anOrder("v"))
	first := Check{ID: "derived", Key: "key", RunID: "run1", Client: home}
	mustDebit(t, &l, at(0), first)
	again := Check{ID: "derived", Key: "key", RunID: "run2", Client: home}
	_, refused := l.Debit(at(5*time.Second), p, again)
	wantRefusal(t, refused, KeyInUse, 15*time.Second)
	_, refused = l.Debit(at(19*time.Second+999*time.Millisecond), p, again)
	wantRefusal(t, refused, KeyInUse, time.Millisecond)
	// The one before is dead: this is a new try.
	mustDebit(t, &l, at(20*time.Second), again)
	// Another key, and none, are other requests.
	mustDebit(t, &l, at(23*time.Second), Check{ID: "other", Key: "other", RunID: "run3", Client: home})
}

func TestCodeStateForWhoNamesIt(t *testing.T) {
	p := testPolicy()
	sent := func(t *testing.T) Ledger {
		t.Helper()
		var l Ledger
		mustSend(t, &l, at(0), anOrder("v"))
		return l
	}
	end := func(verdict Verdict) func(*testing.T) Ledger {
		return func(t *testing.T) Ledger {
			t.Helper()
			l := sent(t)
			c := named("g", "v")
			_, _, _ = l.Settle(at(0), p, mustDebit(t, &l, at(0), c), c, verdict)
			return l
		}
	}
	failed := func(t *testing.T) Ledger {
		t.Helper()
		var l Ledger
		mustReserve(t, &l, at(0), anOrder("v"))
		fail(t, &l, anOrder("v"), NotDelivered)
		return l
	}
	for name, c := range map[string]struct {
		prepare func(*testing.T) Ledger
		now     time.Time
		want    CodeState
	}{
		"still sending": {func(t *testing.T) Ledger {
			t.Helper()
			var l Ledger
			mustReserve(t, &l, at(0), anOrder("v"))
			return l
		}, at(time.Second), CodeWrong},
		"never sent":                  {failed, at(time.Second), CodeExpired},
		"over":                        {sent, at(10 * time.Minute), CodeExpired},
		"gone at the provider":        {end(Gone), at(time.Minute), CodeExpired},
		"exhausted at the provider":   {end(Exhausted), at(time.Minute), CodeLocked},
		"locked long ago":             {end(Exhausted), at(time.Hour), CodeLocked},
		"verified":                    {end(Verified), at(time.Minute), CodeUsed},
		"verified long ago":           {end(Verified), at(time.Hour), CodeUsed},
		"of a recipient that is shut": {func(t *testing.T) Ledger { t.Helper(); l := sent(t); l.DisabledAt = at(0); return l }, at(time.Minute), CodeLocked},
	} {
		t.Run(name, func(t *testing.T) {
			l := c.prepare(t)
			_, refused := l.Debit(c.now, p, named("late", "v"))
			wantRefusal(t, refused, InvalidOrExpired, 0)
			if got := stateOf(refused); got != c.want {
				t.Errorf("state is %q, want %q", got, c.want)
			}
			_, refused = l.Debit(c.now, p, guess("nameless"))
			if got := stateOf(refused); got != "" {
				t.Errorf("without the id the state is %q", got)
			}
		})
	}
	t.Run("wrong", func(t *testing.T) {
		l := sent(t)
		c := named("g", "v")
		_, _, refused := l.Settle(at(0), p, mustDebit(t, &l, at(0), c), c, Wrong)
		if got := stateOf(refused); got != CodeWrong {
			t.Errorf("state is %q", got)
		}
	})
	t.Run("wrong, and the last one", func(t *testing.T) {
		l := sent(t)
		l.find("v").Attempts = p.PINAttempts - 1
		c := named("g", "v")
		_, _, refused := l.Settle(at(0), p, mustDebit(t, &l, at(0), c), c, Wrong)
		if got := stateOf(refused); got != CodeLocked {
			t.Errorf("state is %q", got)
		}
	})
}

// A verify whose answer was lost runs no more: its key is free, its charge stays.
func TestReleasedKeyIsANewTry(t *testing.T) {
	p := testPolicy()
	p.VerifySpacing = 0
	var l Ledger
	mustSend(t, &l, at(0), anOrder("v"))
	first := Check{ID: "derived", Key: "key", RunID: "run1", Client: home}
	mustDebit(t, &l, at(0), first)
	if l.Release("v", Check{RunID: "another"}) || l.Release("none", first) {
		t.Error("something was released that is not this run's")
	}
	if !l.Release("v", first) || l.Release("v", first) {
		t.Error("the key is released once")
	}
	if _, err := l.Debit(at(3*time.Second), p, Check{ID: "derived", Key: "key", RunID: "run2", Client: home}); err != nil {
		t.Fatalf("the repeat: %v", err)
	}
	if v := l.find("v"); v.Attempts != 2 || len(v.Charges) != 2 {
		t.Errorf("%d attempts, charges %v", v.Attempts, v.Charges)
	}
}

func TestWithdrawnCheckLeavesNothing(t *testing.T) {
	p := testPolicy()
	var l Ledger
	mustSend(t, &l, at(0), anOrder("v"))
	before := l.Clone()
	c := named("g", "v")
	mustDebit(t, &l, at(time.Second), c)
	if !l.withdrawCheck(at(time.Second), p, c) || l.withdrawCheck(at(time.Second), p, c) {
		t.Error("a charge is taken back once")
	}
	before.NextVerifyAt, before.LastFailureAt = at(time.Second), at(time.Second) // both are over
	wantLedger(t, l, before)
}
