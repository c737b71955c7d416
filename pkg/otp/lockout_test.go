package otp

import (
	"fmt"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

// What a stranger can do to a recipient's owner is bounded (ASVS 5.0 6.1.1). These are the
// rules one by one; what an attack comes to over days is in lockout_replay_test.go.

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

func TestOneClientHasAShareOfTheSends(t *testing.T) {
	p := testPolicy()
	p.SendCooldown = 0
	p.SendLimit, p.ClientSendLimit = rate.Rate{Attempts: 5, Window: 24 * time.Hour}, rate.Rate{Attempts: 3, Window: 24 * time.Hour}
	var l Ledger
	for i := range 3 {
		mustSendUnder(t, p, &l, at(0), of("stranger", fmt.Sprint("s", i)))
	}
	_, refused := l.Reserve(at(time.Minute), p, of("stranger", "s3"))
	wantRefusal(t, refused, RecipientLimited, 24*time.Hour-time.Minute)
	mustSendUnder(t, p, &l, at(time.Minute), anOrder("own1"))
	mustSendUnder(t, p, &l, at(time.Minute), anOrder("own2"))
	_, refused = l.Reserve(at(time.Minute), p, anOrder("own3"))
	wantRefusal(t, refused, RecipientLimited, 24*time.Hour-time.Minute) // five in all
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

func TestSuccessGivesTheSendsBackNotTheTotal(t *testing.T) {
	p := testPolicy()
	var l Ledger
	mustSendUnder(t, p, &l, at(0), of("elsewhere", "a"))
	lost := anOrder("lost")
	mustReserve(t, &l, at(10*time.Second), lost)
	lose(t, &l, lost)
	mustSendUnder(t, p, &l, at(time.Minute), anOrder("b"))
	underWay := of("third", "under way")
	mustReserve(t, &l, at(3*time.Minute), underWay)
	mustVerify(t, p, &l, at(3*time.Minute+time.Second), named("g", "b"))
	want := fmt.Sprint([]Sender{{"elsewhere", 1, at(2 * time.Hour)}, {"third", 1, at(3*time.Minute + 2*time.Hour)}})
	if got := fmt.Sprint(l.Senders); l.Sends != 1 || l.Unconfirmed != 0 || got != want {
		t.Errorf("%d sends, %d unconfirmed, clients %s; want the one under way, and others' shares", l.Sends, l.Unconfirmed, got)
	}
	if l.Total != 4 {
		t.Errorf("a total of %d, want 4: whatever succeeded", l.Total)
	}
	if !l.VerifiedAt.Equal(at(3*time.Minute + time.Second)) {
		t.Errorf("verified at %s", l.VerifiedAt)
	}
	fail(t, &l, underWay, NotDelivered)
	if l.Sends != 0 || len(l.Senders) != 1 || l.Total != 3 {
		t.Errorf("after it failed: %d sends, clients %v, a total of %d; want 0, one, 3", l.Sends, l.Senders, l.Total)
	}
}

func TestTotalBoundsWhatSuccessesGiveBack(t *testing.T) {
	p := testPolicy()
	p.SendCooldown, p.VerifySpacing = 0, 0
	var l Ledger
	now := at(0)
	for i := range p.TotalLimit.Attempts {
		id := fmt.Sprint("v", i)
		mustSendUnder(t, p, &l, now, anOrder(id))
		mustVerify(t, p, &l, now, named(id, id))
		now = now.Add(time.Minute)
	}
	_, refused := l.Reserve(now, p, anOrder("more"))
	wantRefusal(t, refused, RecipientLimited, at(3*time.Hour).Sub(now))
	if _, refused := l.Reserve(at(3*time.Hour), p, anOrder("next day")); refused != nil {
		t.Errorf("in the total's next window: %v", refused)
	}
}

// A process that died with its send leaves it in flight: after the function's timeout it
// counts as unconfirmed.
func TestADeadSendGivesItsShareBack(t *testing.T) {
	var l Ledger
	o := anOrder("v")
	mustReserve(t, &l, at(0), o)
	early := forgotten(l, at(20*time.Second-time.Millisecond))
	if early.Sends != 1 {
		t.Error("a send under way was given back")
	}
	l = forgotten(l, at(20*time.Second))
	if l.Sends != 0 || l.Unconfirmed != 1 || l.Total != 1 || l.find("v").Progress != Unconfirmed {
		t.Errorf("sends %d, unconfirmed %d, total %d, progress %s", l.Sends, l.Unconfirmed, l.Total, l.find("v").Progress)
	}
	// Clocks differ: it lives after all, and its own outcome counts.
	activate(t, &l, o)
	if l.Sends != 1 || l.Unconfirmed != 0 || len(l.Senders) != 1 || l.find("v").State != StateActive {
		t.Errorf("after its answer: %d sends, %d unconfirmed, %v, state %s", l.Sends, l.Unconfirmed, l.Senders, l.find("v").State)
	}
}

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

func TestMarksComeBackWithASuccessOnce(t *testing.T) {
	p := testPolicy()
	p.SendCooldown = 0
	var l Ledger
	marked := func(id, mark string) Order {
		o := anOrder(id)
		o.Counted = mark
		return o
	}
	mustSendUnder(t, p, &l, at(0), marked("locked", "one"))
	l.find("locked").end(StateLocked)
	mustSendUnder(t, p, &l, at(0), marked("v", "two"))
	mustResend(t, &l, at(0), "v", marked("r", "three"))
	if err := l.Activate(p, "v", marked("r", "three"), "pin-of-v"); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(mustVerify(t, p, &l, at(0), named("g", "v")).Marks); got != "[one two three]" {
		t.Errorf("marks are %s", got)
	}
	mustSendUnder(t, p, &l, at(time.Minute), marked("w", "four"))
	if got := fmt.Sprint(mustVerify(t, p, &l, at(time.Minute), named("h", "w")).Marks); got != "[four]" {
		t.Errorf("marks of the next success are %s", got)
	}
}

func TestSendersAreBounded(t *testing.T) {
	p := testPolicy()
	p.SendCooldown = 0
	p.ClientSendLimit.Window = 365 * 24 * time.Hour
	var l Ledger
	for i := range 50 {
		mustSendUnder(t, p, &l, at(time.Duration(i)*p.TotalLimit.Window), of(fmt.Sprint("client-", i), fmt.Sprint("v", i)))
	}
	if got := len(l.Senders); got != maxSenders {
		t.Errorf("%d clients are remembered, want %d", got, maxSenders)
	}
	if last := l.sender("client-49"); last.Sends != 1 {
		t.Error("the last one is forgotten")
	}
}

func TestIsZero(t *testing.T) {
	if l := (Ledger{ForgetAt: at(0), Verifications: []Verification{}}); !l.IsZero() {
		t.Error("a ledger without anything is not zero")
	}
	for name, l := range map[string]Ledger{
		"sends": {Sends: 1}, "total": {Total: 1}, "failures": {Failures: inARow(1)}, "senders": {Senders: []Sender{{}}},
		"verifications": {Verifications: []Verification{{}}}, "known": {VerifiedAt: at(0)},
	} {
		if l.IsZero() {
			t.Errorf("a ledger with %s is zero", name)
		}
	}
}

// A rotation of the key leaves each ledger where it is; clocks that differ at its moment
// may leave two.
func TestChooseTheLedgerThatMatters(t *testing.T) {
	empty := func() *document { return &document{} }
	doc := func(id string, sent, forget time.Duration) *document {
		return &document{revision: "r", ledger: Ledger{ForgetAt: at(forget), Verifications: []Verification{
			{Delivery: Delivery{ID: id, Progress: Sent, StartedAt: at(sent)}, ExpiresAt: at(time.Hour)},
		}}}
	}
	for _, c := range []struct {
		name         string
		newer, older *document
		id           string
		older2       bool // the older one is wanted
	}{
		{"neither", empty(), empty(), "", false},
		{"only the newer", doc("a", 0, time.Hour), empty(), "", false},
		{"only the older", empty(), doc("a", 0, time.Hour), "", true},
		{"the older is over", empty(), doc("a", 0, 0), "", false},
		{"the newer is over", doc("a", 0, 0), doc("b", 0, time.Hour), "", true},
		{"both, the newer was sent last", doc("a", 2, time.Hour), doc("b", 1, time.Hour), "", false},
		{"both, the older was sent last", doc("a", 1, time.Hour), doc("b", 2, time.Hour), "", true},
		{"both, named in the newer", doc("a", 1, time.Hour), doc("b", 2, time.Hour), "a", false},
		{"both, named in the older", doc("a", 2, time.Hour), doc("b", 1, time.Hour), "b", true},
	} {
		want := c.newer
		if c.older2 {
			want = c.older
		}
		if got := choose([]*document{c.newer, c.older}, at(0), testPolicy(), c.id); got != want {
			t.Errorf("%s: the other one is chosen", c.name)
		}
	}
}

func TestSettledLedger(t *testing.T) {
	p := testPolicy()
	l := Ledger{
		WindowEnds: at(time.Hour), TotalEnds: at(24 * time.Hour), VerifiedAt: at(0), Failures: inARow(2),
		Verifications: []Verification{{ExpiresAt: at(30 * time.Minute)}, {ExpiresAt: at(2 * time.Hour)}},
	}
	for moment, want := range map[time.Duration]bool{
		0: false, time.Hour: false, 2 * time.Hour: false, 2*time.Hour + 40*time.Second - 1: false, 2*time.Hour + 40*time.Second: true,
	} {
		if got := l.settled(at(moment), p); got != want {
			t.Errorf("after %s: settled %t, want %t", moment, got, want)
		}
	}
	l.Verifications = nil
	if l.settled(at(time.Hour+39*time.Second), p) || !l.settled(at(time.Hour+40*time.Second), p) {
		t.Error("the send window, in which keys are remembered, does not count")
	}
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
