package otp

import (
	"fmt"
	"testing"
	"time"
)

func TestReserveChargesBeforeTheProviderIsAsked(t *testing.T) {
	var n Ledger
	o := keyed("v1", "run1", "meaning")
	ticket, refused := n.Reserve(at(0), testPolicy(), o)
	if refused != nil {
		t.Fatal(refused)
	}
	want := Ticket{Receipt: Receipt{VerificationID: "v1", ExpiresAt: at(10 * time.Minute), ResendAt: at(10 * time.Second)}, Channel: SMS}
	if ticket != want {
		t.Errorf("ticket = %+v, want %+v", ticket, want)
	}
	wantLedger(t, n, Ledger{
		Sends: 1, WindowEnds: at(time.Hour), Senders: []Sender{{home, 1, at(2 * time.Hour)}},
		Total: 1, TotalEnds: at(3 * time.Hour), NextSendAt: at(10 * time.Second),
		Verifications: []Verification{{
			Delivery: Delivery{
				ID: "v1", RunID: "run1", Progress: InFlight, Fingerprint: "meaning", Channel: SMS, Client: home,
				StartedAt: at(0), ResendAt: at(10 * time.Second),
			},
			State: StateSending, ExpiresAt: at(10 * time.Minute),
		}},
	})
}

func TestReserveKeepsTheBudgets(t *testing.T) {
	p := testPolicy()
	hour := at(time.Hour)
	tests := []struct {
		name   string
		ledger Ledger
		now    time.Time
		reason Reason // empty: allowed
		wait   time.Duration
	}{
		{"first", Ledger{}, at(0), "", 0},
		{"cooling down, last moment", Ledger{Sends: 1, WindowEnds: hour, NextSendAt: at(10 * time.Second)}, at(10*time.Second - time.Millisecond), CoolingDown, time.Millisecond},
		{"cooled down", Ledger{Sends: 1, WindowEnds: hour, NextSendAt: at(10 * time.Second)}, at(10 * time.Second), "", 0},
		{"last of the window", Ledger{Sends: 3, WindowEnds: hour}, at(time.Minute), "", 0},
		{"window used up", Ledger{Sends: 4, WindowEnds: hour}, at(time.Minute), RecipientLimited, 59 * time.Minute},
		{"window used up, last moment", Ledger{Sends: 4, WindowEnds: hour}, hour.Add(-time.Millisecond), RecipientLimited, time.Millisecond},
		{"window over", Ledger{Sends: 4, WindowEnds: hour}, hour, "", 0},
		{"used up says so before the cooldown does", Ledger{Sends: 4, WindowEnds: hour, NextSendAt: at(time.Minute)}, at(0), RecipientLimited, time.Hour},
		{"cooldown outlasts its window", Ledger{Sends: 4, WindowEnds: hour, NextSendAt: hour.Add(time.Minute)}, hour, CoolingDown, time.Minute},
		{"disabled: the true wait is told", Ledger{Sends: 1, WindowEnds: hour, DisabledAt: at(0)}, at(time.Minute), RecipientLimited, p.DisabledMemory - time.Minute},
		{"failures used up, the last one pending", Ledger{Failures: inARow(7), LastFailureAt: at(0)}, at(time.Minute), RecipientLimited, p.DisabledMemory - time.Minute},
		{"total used up", Ledger{Total: 9, TotalEnds: at(3 * time.Hour)}, at(time.Hour), RecipientLimited, 2 * time.Hour},
		{"total's window over", Ledger{Total: 9, TotalEnds: at(3 * time.Hour)}, at(3 * time.Hour), "", 0},
		{"the client's share used up", Ledger{Senders: []Sender{{home, 5, at(2 * time.Hour)}}}, at(time.Hour), RecipientLimited, time.Hour},
		{"the client's window over", Ledger{Senders: []Sender{{home, 5, at(2 * time.Hour)}}}, at(2 * time.Hour), "", 0},
		{"another client's share used up", Ledger{Senders: []Sender{{"other", 5, at(2 * time.Hour)}}}, at(time.Hour), "", 0},
		{"all used up: the longest wait is told", Ledger{Sends: 4, WindowEnds: hour, Senders: []Sender{{home, 5, at(2 * time.Hour)}}, Total: 9, TotalEnds: at(3 * time.Hour)}, at(0), RecipientLimited, 3 * time.Hour},
		{"disabled long ago", Ledger{DisabledAt: at(0)}, at(p.DisabledMemory), "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := tt.ledger.Clone()
			_, refused := n.Reserve(tt.now, p, anOrder("v"))
			if tt.reason != "" {
				wantRefusal(t, refused, tt.reason, tt.wait)
				return
			}
			if refused != nil {
				t.Fatal(refused)
			}
			if n.find("v") == nil {
				t.Fatal("nothing was recorded")
			}
		})
	}
}

func TestWindowIsFixedFromItsFirstSend(t *testing.T) {
	p := testPolicy()
	n := Ledger{}
	now := at(0)
	for i := range p.SendLimit.Attempts {
		mustSend(t, &n, now, anOrder(fmt.Sprint("v", i)))
		if !n.WindowEnds.Equal(at(time.Hour)) {
			t.Fatalf("send %d moved the window's end to %s", i+1, n.WindowEnds)
		}
		want := now.Add(p.SendCooldown << i)
		if !n.NextSendAt.Equal(want) {
			t.Fatalf("send %d allows the next at %s, want %s", i+1, n.NextSendAt, want)
		}
		now = n.NextSendAt
	}
	_, refused := n.Reserve(now, p, anOrder("more"))
	wantRefusal(t, refused, RecipientLimited, at(time.Hour).Sub(now))
	mustReserve(t, &n, at(time.Hour), anOrder("next window"))
	if n.Sends != 1 || !n.WindowEnds.Equal(at(2*time.Hour)) {
		t.Fatalf("the next window has %d sends and ends at %s", n.Sends, n.WindowEnds)
	}
}

// One idempotency key, one message: what a repeat gets.
func TestReserveRepeatUnderAKey(t *testing.T) {
	first := keyed("v", "run1", "sms")
	again := keyed("v", "run2", "sms")
	tests := []struct {
		name    string
		outcome func(*testing.T, *Ledger)
		now     time.Time
		order   Order
		repeat  bool
		reason  Reason
		wait    time.Duration
	}{
		{"sent", func(t *testing.T, n *Ledger) { activate(t, n, first) }, at(time.Minute), again, true, "", 0},
		{"sent and used", func(t *testing.T, n *Ledger) {
			activate(t, n, first)
			c := mustDebit(t, n, at(time.Second), guess("g"))
			n.Settle(at(time.Second), testPolicy(), c, guess("g"), Verified)
		}, at(time.Minute), again, false, KeyExpired, 0},
		{"sent and expired", func(t *testing.T, n *Ledger) { activate(t, n, first) }, at(20 * time.Minute), again, false, KeyExpired, 0},
		{"sent, its last moment", func(t *testing.T, n *Ledger) { activate(t, n, first) }, at(10*time.Minute - time.Millisecond), again, true, "", 0},
		{"sent, expired, other meaning", func(t *testing.T, n *Ledger) { activate(t, n, first) }, at(20 * time.Minute), keyed("v", "run2", "voice"), false, KeyReused, 0},
		{"running", nothing, at(20*time.Second - time.Millisecond), again, false, KeyInUse, time.Millisecond},
		{"asker is gone", nothing, at(20 * time.Second), again, false, SendUnconfirmed, 0},
		{"answer lost", func(t *testing.T, n *Ledger) { lose(t, n, first) }, at(time.Second), again, false, SendUnconfirmed, 9 * time.Second},
		{"answer lost long ago", func(t *testing.T, n *Ledger) { lose(t, n, first) }, at(9 * time.Minute), again, false, SendUnconfirmed, 0},
		{"answer lost, and its code is over", func(t *testing.T, n *Ledger) { lose(t, n, first) }, at(time.Hour), again, false, KeyExpired, 0},
		{"known not sent", func(t *testing.T, n *Ledger) { fail(t, n, first, NotDelivered) }, at(time.Minute), again, false, SendFailed, 0},
		{"turned away, cooling down", func(t *testing.T, n *Ledger) { fail(t, n, first, DeliveryThrottled) }, at(9 * time.Second), again, false, ProviderThrottled, time.Second},
		{"turned away, cooled down", func(t *testing.T, n *Ledger) { fail(t, n, first, DeliveryThrottled) }, at(10 * time.Second), again, false, "", 0},
		{"other meaning, sent", func(t *testing.T, n *Ledger) { activate(t, n, first) }, at(time.Minute), in("de", keyed("v", "run2", "de")), false, KeyReused, 0},
		{"other meaning, running", nothing, at(time.Second), in("de", keyed("v", "run2", "de")), false, KeyReused, 0},
		{"other meaning, failed", func(t *testing.T, n *Ledger) { fail(t, n, first, NotDelivered) }, at(time.Minute), keyed("v", "run2", ""), false, KeyReused, 0},
		{"another language that comes to the same message", func(t *testing.T, n *Ledger) { activate(t, n, first) }, at(time.Minute), keyed("v", "run2", "de"), true, "", 0},
		{"the same, running", nothing, at(time.Second), keyed("v", "run2", "de"), false, KeyInUse, 19 * time.Second},
		{"the same, used", func(t *testing.T, n *Ledger) {
			activate(t, n, first)
			c := mustDebit(t, n, at(time.Second), guess("g"))
			n.Settle(at(time.Second), testPolicy(), c, guess("g"), Verified)
		}, at(time.Minute), keyed("v", "run2", "de"), false, KeyReused, 0},
		{"the same words, and the messages are others now", func(t *testing.T, n *Ledger) { activate(t, n, first) }, at(time.Minute), in("de", again), true, "", 0},
		{"the same message by another channel", func(t *testing.T, n *Ledger) { activate(t, n, first) }, at(time.Minute), by(Voice, keyed("v", "run2", "voice")), false, KeyReused, 0},
		{"this run's own record after a lost write", nothing, at(time.Second), first, false, "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := Ledger{}
			mustReserve(t, &n, at(0), first)
			tt.outcome(t, &n)
			before := n.Clone()
			ticket, refused := n.Reserve(tt.now, testPolicy(), tt.order)
			if tt.reason != "" {
				wantRefusal(t, refused, tt.reason, tt.wait)
				wantLedger(t, n, forgotten(before, tt.now))
				return
			}
			if refused != nil {
				t.Fatal(refused)
			}
			if ticket.Repeat != tt.repeat {
				t.Fatalf("Repeat = %t, want %t", ticket.Repeat, tt.repeat)
			}
			if got := ticket.Receipt.VerificationID; got != "v" {
				t.Fatalf("verification id = %q, want that of the first run", got)
			}
			if n.Sends != 1 {
				t.Fatalf("%d sends are charged, want 1", n.Sends)
			}
		})
	}
}

func nothing(*testing.T, *Ledger) {}

func activate(t *testing.T, n *Ledger, o Order) {
	t.Helper()
	if err := n.Activate(testPolicy(), o.ID, o, "pin"); err != nil {
		t.Fatal(err)
	}
}

func lose(t *testing.T, n *Ledger, o Order) {
	t.Helper()
	if err := n.Lose(testPolicy(), o.ID, o); err != nil {
		t.Fatal(err)
	}
}

func fail(t *testing.T, n *Ledger, o Order, p Progress) {
	t.Helper()
	if err := n.Fail(testPolicy(), o.ID, o, p); err != nil {
		t.Fatal(err)
	}
}

// The answer to the write of a reservation was lost, it had taken place, and a third
// write came between: the run finds its record by its own run id and charges nothing.
func TestReserveRecognisesItsOwnRecord(t *testing.T) {
	var n Ledger
	o := anOrder("v1")
	first := mustReserve(t, &n, at(0), o)
	mustSend(t, &n, at(10*time.Second), anOrder("v2"))
	again := mustReserve(t, &n, at(11*time.Second), o)
	if again != first {
		t.Errorf("second decision gives %+v, want %+v", again, first)
	}
	if n.Sends != 2 || len(n.Verifications) != 2 {
		t.Errorf("%d sends and %d verifications, want 2 and 2", n.Sends, len(n.Verifications))
	}
}

func TestPruneKeepsWhatARepeatMayReferTo(t *testing.T) {
	p := testPolicy()
	windowEnds := at(time.Hour)
	verification := func(id string, state State, progress Progress, startedAt time.Time) Verification {
		return Verification{
			Delivery: Delivery{ID: id, Progress: progress, StartedAt: startedAt},
			State:    state, ExpiresAt: startedAt.Add(p.PINTTL),
		}
	}
	tests := []struct {
		name string
		v    Verification
		now  time.Time
		kept bool
	}{
		{"alive, this window", verification("v", StateActive, Sent, at(0)), at(time.Minute), true},
		{"expired, this window", verification("v", StateActive, Sent, at(0)), at(50 * time.Minute), true},
		{"verified, this window", verification("v", StateVerified, Sent, at(0)), at(50 * time.Minute), true},
		{"unconfirmed, this window", verification("v", StateSending, Unconfirmed, at(0)), at(50 * time.Minute), true},
		{"alive, last window", verification("v", StateActive, Sent, at(-time.Second)), at(time.Minute), true},
		{"at its last moment, last window", verification("v", StateActive, Sent, at(-time.Second)), at(10*time.Minute - time.Second - time.Millisecond), true},
		{"expired, last window", verification("v", StateActive, Sent, at(-time.Second)), at(10*time.Minute - time.Second), false},
		{"known not sent", verification("v", StateFailed, NotDelivered, at(0)), at(time.Minute), false},
		{"turned away", verification("v", StateFailed, DeliveryThrottled, at(0)), at(time.Minute), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := Ledger{WindowEnds: windowEnds, Verifications: []Verification{tt.v}}
			n.prune(tt.now, p)
			if kept := n.find("v") != nil; kept != tt.kept {
				t.Fatalf("kept = %t, want %t", kept, tt.kept)
			}
		})
	}
}

// An item must not outgrow what DynamoDB stores, and codes of an earlier window must not
// keep the next one from its sends.
func TestCrowdedBoundsLiveVerifications(t *testing.T) {
	live := func(state State, count int) []Verification {
		list := make([]Verification, count)
		for i := range list {
			list[i] = Verification{State: state, ExpiresAt: at(time.Duration(i+2) * time.Minute)}
		}
		return list
	}
	tests := []struct {
		name string
		list []Verification
		now  time.Time
		want time.Duration
	}{
		{"none", nil, at(0), 0},
		{"one below", live(StateActive, maxLive-1), at(0), 0},
		{"at the bound", live(StateSending, maxLive), at(0), 2 * time.Minute},
		{"one expired", live(StateActive, maxLive), at(2 * time.Minute), 0},
		{"final ones do not count", live(StateVerified, maxLive), at(0), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := Ledger{Verifications: tt.list}
			if got := n.crowded(tt.now); got != tt.want {
				t.Fatalf("crowded = %s, want %s", got, tt.want)
			}
		})
	}
	t.Run("refuses", func(t *testing.T) {
		n := Ledger{Verifications: live(StateActive, maxLive)}
		_, refused := n.Reserve(at(0), testPolicy(), anOrder("v"))
		wantRefusal(t, refused, RecipientLimited, 2*time.Minute)
	})
	t.Run("a new window has all its sends, whatever still lives", func(t *testing.T) {
		p := testPolicy()
		n := Ledger{Verifications: live(StateActive, p.SendLimit.Attempts), WindowEnds: at(0), Sends: p.SendLimit.Attempts}
		_, refused := n.Reserve(at(0), p, anOrder("v"))
		if refused != nil {
			t.Fatalf("refused: %v", refused)
		}
	})
}

// What nothing can refer to is dropped, so that an item stays as small as its window.
func TestNumberDoesNotGrow(t *testing.T) {
	p := testPolicy()
	var n Ledger
	now := at(0)
	for i := range 100 {
		mustSend(t, &n, now, anOrder(fmt.Sprint("v", i)))
		if got, most := len(n.Verifications), 2*p.SendLimit.Attempts; got > most {
			t.Fatalf("%d verifications are kept, at most %d may", got, most)
		}
		now = now.Add(p.SendLimit.Window)
	}
}
