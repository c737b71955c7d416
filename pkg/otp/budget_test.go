package otp

import (
	"fmt"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

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

func TestWindowsBeginAnewAndWithTheirOwnSends(t *testing.T) {
	l := Ledger{
		Sends: 4, Unconfirmed: 2, WindowEnds: at(time.Hour), Senders: []Sender{{home, 5, at(2 * time.Hour)}},
		Total: 9, TotalEnds: at(3 * time.Hour),
	}
	now := 3 * time.Hour
	mustReserve(t, &l, at(now), anOrder("v"))
	l.Verifications = nil
	wantLedger(t, l, Ledger{
		Sends: 1, WindowEnds: at(now + time.Hour), Senders: []Sender{{home, 1, at(now + 2*time.Hour)}},
		Total: 1, TotalEnds: at(now + 3*time.Hour), NextSendAt: at(now + 10*time.Second),
	})
}

func TestLongestWaitIsTold(t *testing.T) {
	p := testPolicy()
	ends := []time.Duration{time.Hour, 2 * time.Hour, 3 * time.Hour}
	for longest := range ends {
		l := Ledger{
			Sends: 4, WindowEnds: at(ends[(longest+1)%3]), Senders: []Sender{{home, 5, at(ends[(longest+2)%3])}},
			Total: 9, TotalEnds: at(ends[longest]),
		}
		_, refused := l.Reserve(at(0), p, anOrder("v"))
		wantRefusal(t, refused, RecipientLimited, 3*time.Hour)
	}
}

// A store writes maps, and gives lists back in this order.
func TestClientsStandInOrder(t *testing.T) {
	p := testPolicy()
	p.SendCooldown = 0
	var l Ledger
	for _, client := range []string{"b", "", "c", "a"} {
		mustSendUnder(t, p, &l, at(0), of(client, "v-"+client))
	}
	want := []Sender{{"", 1, at(2 * time.Hour)}, {"a", 1, at(2 * time.Hour)}, {"b", 1, at(2 * time.Hour)}, {"c", 1, at(2 * time.Hour)}}
	if fmt.Sprint(l.Senders) != fmt.Sprint(want) {
		t.Errorf("clients are %v, want %v", l.Senders, want)
	}
}

// slowPolicy lets sends run, and codes live, for longer than all windows.
func slowPolicy() Policy {
	p := testPolicy()
	p.SendTimeout, p.PINTTL, p.SendCooldown = 24*time.Hour, 24*time.Hour, 0
	return p
}

func TestOutcomesCountInTheWindowsOfTheirSends(t *testing.T) {
	p := slowPolicy()
	for name, outcome := range map[string]func(*Ledger, Order) error{
		"failed": func(l *Ledger, o Order) error { return l.Fail(p, o.ID, o, NotDelivered) },
		"lost":   func(l *Ledger, o Order) error { return l.Lose(p, o.ID, o) },
		"withdrawn": func(l *Ledger, o Order) error {
			l.Withdraw(p, o)
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			var l Ledger
			late := anOrder("late")
			if _, err := l.Reserve(at(0), p, late); err != nil {
				t.Fatal(err)
			}
			mustSendUnder(t, p, &l, at(3*time.Hour), anOrder("v")) // begins all windows anew
			if err := outcome(&l, late); err != nil {
				t.Fatal(err)
			}
			if l.Sends != 1 || l.Unconfirmed != 0 || l.sender(home).Sends != 1 || l.Total != 1 {
				t.Errorf("%d sends, %d unconfirmed, %v of clients and a total of %d; want those of the new windows", l.Sends, l.Unconfirmed, l.Senders, l.Total)
			}
		})
	}
}

// A success gives nothing back that is under way, and charges nothing anew.
func TestSuccessLeavesSendsUnderWay(t *testing.T) {
	p := slowPolicy()
	t.Run("of its own client", func(t *testing.T) {
		var l Ledger
		mustSendUnder(t, p, &l, at(0), anOrder("v"))
		if _, err := l.Reserve(at(time.Second), p, anOrder("under way")); err != nil {
			t.Fatal(err)
		}
		mustVerify(t, p, &l, at(2*time.Second), named("g", "v"))
		if l.Sends != 1 || l.sender(home).Sends != 1 {
			t.Errorf("%d sends and %v of clients, want the one under way", l.Sends, l.Senders)
		}
	})
	t.Run("of windows before", func(t *testing.T) {
		var l Ledger
		if _, err := l.Reserve(at(0), p, anOrder("under way")); err != nil {
			t.Fatal(err)
		}
		mustSendUnder(t, p, &l, at(3*time.Hour), anOrder("v"))
		mustVerify(t, p, &l, at(3*time.Hour), named("g", "v"))
		if l.Sends != 0 || len(l.Senders) != 0 {
			t.Errorf("%d sends and %v of clients, want none", l.Sends, l.Senders)
		}
	})
}
