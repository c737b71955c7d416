package otp

import (
	"fmt"
	"testing"
	"time"
)

func TestFailuresInARowDisableTheNumber(t *testing.T) {
	p := testPolicy()
	var n Ledger
	now := at(0)
	for i := range p.FailureLimit {
		if i%p.PINAttempts == 0 {
			now = now.Add(p.TotalLimit.Window) // a fresh budget and a fresh code
			mustSend(t, &n, now, anOrder(fmt.Sprint("v", i)))
		}
		if n.Disabled(p) {
			t.Fatalf("disabled after %d failures, want %d", i, p.FailureLimit)
		}
		g := named(fmt.Sprint(i), fmt.Sprint("v", i-i%p.PINAttempts))
		g.Client = fmt.Sprint("client-", i%3) // of one client only half would count
		n.Settle(now, p, mustDebit(t, &n, now, g), g, Wrong)
		now = now.Add(p.VerifySpacing)
	}
	if n.DisabledAt.IsZero() {
		t.Fatalf("not disabled after %d failures in a row", p.FailureLimit)
	}
	later := now.Add(p.SendLimit.Window)
	_, refused := n.Reserve(later, p, anOrder("more"))
	wantRefusal(t, refused, RecipientLimited, n.DisabledAt.Add(p.DisabledMemory).Sub(later))
	_, refused = n.Debit(now, p, guess("more"))
	wantRefusal(t, refused, InvalidOrExpired, 0)
	n.Enable()
	mustSend(t, &n, later, anOrder("enabled"))
	mustDebit(t, &n, later, guess("enabled"))
}

func TestSuccessResetsFailuresInARow(t *testing.T) {
	p := testPolicy()
	t.Run("to none", func(t *testing.T) {
		n := Ledger{Failures: inARow(5), LastFailureAt: at(0)}
		mustSend(t, &n, at(0), anOrder("v"))
		n.Settle(at(0), p, mustDebit(t, &n, at(0), guess("g")), guess("g"), Verified)
		if inRow(n) != 0 {
			t.Fatalf("%d failures in a row, want 0", inRow(n))
		}
	})
	t.Run("but keeps charges that are still open", func(t *testing.T) {
		n := Ledger{Failures: inARow(4), LastFailureAt: at(0)}
		mustSend(t, &n, at(0), anOrder("v1"))
		open, right := named("open", "v1"), guess("right")
		charged := mustDebit(t, &n, at(0), open)
		mustSend(t, &n, at(10*time.Second), anOrder("v2"))
		n.Settle(at(10*time.Second), p, mustDebit(t, &n, at(10*time.Second), right), right, Verified)
		if inRow(n) != 1 {
			t.Fatalf("%d failures in a row, want the open one", inRow(n))
		}
		n.Settle(at(11*time.Second), p, charged, open, Wrong)
		if inRow(n) != 1 {
			t.Fatalf("%d failures in a row, want 1", inRow(n))
		}
	})
	t.Run("the last charge allowed may be none", func(t *testing.T) {
		n := Ledger{Failures: inARow(p.FailureLimit - 2), LastFailureAt: at(0)}
		mustSend(t, &n, at(0), anOrder("v"))
		wrong, turned := guess("wrong"), guess("turned away")
		chargedWrong := mustDebit(t, &n, at(0), wrong)
		chargedTurned := mustDebit(t, &n, at(3*time.Second), turned)
		n.Settle(at(4*time.Second), p, chargedWrong, wrong, Wrong)
		n.Refund(at(5*time.Second), p, chargedTurned.VerificationID, turned, Throttled)
		if n.Disabled(p) {
			t.Fatalf("the number is disabled after %d failures of %d", inRow(n), p.FailureLimit)
		}
	})
	t.Run("the last charge allowed may be the right PIN", func(t *testing.T) {
		n := Ledger{Failures: inARow(p.FailureLimit - 2), LastFailureAt: at(0)}
		mustSend(t, &n, at(0), anOrder("v"))
		wrong, right := guess("wrong"), guess("right")
		chargedWrong := mustDebit(t, &n, at(0), wrong)
		chargedRight := mustDebit(t, &n, at(3*time.Second), right)
		n.Settle(at(4*time.Second), p, chargedWrong, wrong, Wrong)
		if _, _, refused := n.Settle(at(5*time.Second), p, chargedRight, right, Verified); refused != nil {
			t.Fatalf("refused: %v", refused)
		}
		if n.Disabled(p) {
			t.Fatal("the number is disabled although its last guess was right")
		}
	})
}

func TestOneClientCannotDisableARecipient(t *testing.T) {
	p := testPolicy()
	p.SendCooldown, p.VerifySpacing = 0, 0
	var l Ledger
	now := at(0)
	failOnce := func(client string, i int) {
		t.Helper()
		id := fmt.Sprint("v-", client, i)
		mustSendUnder(t, p, &l, now, of(client, id))
		c := named(id, id)
		c.Client = client
		debited, err := l.Debit(now, p, c)
		if err != nil {
			t.Fatal(err)
		}
		_, _, _ = l.Settle(now, p, debited, c, Wrong)
		now = now.Add(p.TotalLimit.Window)
	}
	for i := range 12 {
		failOnce("stranger", i)
	}
	if got, half := l.FailuresInARow(p), p.FailureLimit/2; got != half || l.Disabled(p) {
		t.Errorf("%d failures of one client count, disabled %t; want %d and not", got, l.Disabled(p), half)
	}
	for i := range p.FailureLimit - p.FailureLimit/2 {
		failOnce(fmt.Sprint("other", i), i)
	}
	if !l.Disabled(p) {
		t.Errorf("%d failures of several clients do not disable", l.FailuresInARow(p))
	}
}

func TestFailuresAreCountedForFourClients(t *testing.T) {
	p := testPolicy()
	var l Ledger
	for i := range 8 {
		l.fail(fmt.Sprint("client-", i))
	}
	l.fail("")
	want := []Failures{{"", 5}, {"client-0", 1}, {"client-1", 1}, {"client-2", 1}, {"client-3", 1}}
	if fmt.Sprint(l.Failures) != fmt.Sprint(want) {
		t.Errorf("failures are %v, want %v", l.Failures, want)
	}
	if got := l.FailuresInARow(p); got != 4+3 { // the rest counts as one client
		t.Errorf("%d count, want 7", got)
	}
	l.unfail("client-2")
	l.unfail("")
	l.unfail("nobody")
	want = []Failures{{"", 4}, {"client-0", 1}, {"client-1", 1}, {"client-3", 1}}
	if fmt.Sprint(l.Failures) != fmt.Sprint(want) {
		t.Errorf("failures are %v, want %v", l.Failures, want)
	}
}

func TestWhoIsCountedStaysCounted(t *testing.T) {
	var l Ledger
	for _, client := range []string{"", "a", "b", "c", "d", "e", "a"} {
		l.fail(client)
	}
	want := []Failures{{"", 2}, {"a", 2}, {"b", 1}, {"c", 1}, {"d", 1}} // e is one of the rest
	if fmt.Sprint(l.Failures) != fmt.Sprint(want) {
		t.Errorf("failures are %v, want %v", l.Failures, want)
	}
}

// A recipient is closed from the failure that closed it, whatever comes of checks under way.
func TestDisablingBeginsOnce(t *testing.T) {
	p := testPolicy()
	l := Ledger{Failures: inARow(p.FailureLimit - 2), LastFailureAt: at(0)}
	mustSend(t, &l, at(0), anOrder("v"))
	first, second := byClient("a", "first"), byClient("b", "second")
	for i, c := range []Check{first, second} {
		mustDebit(t, &l, at(time.Duration(i)*p.VerifySpacing), c)
	}
	for i, c := range []Check{first, second} {
		_, _, refused := l.Settle(at(time.Minute+time.Duration(i)*time.Second), p, Debited{VerificationID: "v", PinID: "pin-of-v"}, c, Wrong)
		wantRefusal(t, refused, InvalidOrExpired, 0)
	}
	if !l.DisabledAt.Equal(at(time.Minute)) {
		t.Errorf("it is closed since %s, want %s", l.DisabledAt, at(time.Minute))
	}
}
