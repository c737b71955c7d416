package otp

import (
	"fmt"
	"testing"
	"time"
)

func mustResend(t *testing.T, n *Ledger, now time.Time, id string, o Order) Ticket {
	t.Helper()
	ticket, refused := n.ReserveResend(now, testPolicy(), id, o)
	if refused != nil {
		t.Fatalf("ReserveResend(%s) refused: %v", o.ID, refused)
	}
	return ticket
}

func TestResendChargesLikeASendAndRenewsNothing(t *testing.T) {
	var n Ledger
	mustSend(t, &n, at(0), anOrder("v"))
	mustDebit(t, &n, at(0), guess("g"))
	ticket := mustResend(t, &n, at(time.Minute), "v", anOrder("r"))
	want := Ticket{
		Receipt: Receipt{VerificationID: "v", ExpiresAt: at(10 * time.Minute), ResendAt: at(80 * time.Second)},
		PinID:   "pin-of-v", Channel: SMS,
	}
	if ticket != want {
		t.Errorf("ticket = %+v, want %+v", ticket, want)
	}
	if err := n.Activate(testPolicy(), "v", anOrder("r"), "pin-2"); err != nil {
		t.Fatal(err)
	}
	wantLedger(t, n, Ledger{
		Sends: 2, WindowEnds: at(time.Hour), Senders: []Sender{{home, 2, at(2 * time.Hour)}},
		Total: 2, TotalEnds: at(3 * time.Hour), NextSendAt: at(80 * time.Second),
		NextVerifyAt: at(3 * time.Second), Failures: []Failures{{home, 1}}, LastFailureAt: at(0),
		Verifications: []Verification{{
			Delivery: Delivery{ID: "v", Progress: Sent, Channel: SMS, Client: home, StartedAt: at(0), ResendAt: at(10 * time.Second)},
			State:    StateActive, PinID: "pin-2", ExpiresAt: at(10 * time.Minute),
			Attempts: 1, // its outcome was not heard of in time
			Resends:  []Delivery{{ID: "r", Progress: Sent, Channel: SMS, Client: home, StartedAt: at(time.Minute), ResendAt: at(80 * time.Second)}},
		}},
	})
}

func TestResendRefusals(t *testing.T) {
	p := testPolicy()
	tests := []struct {
		name    string
		prepare func(*testing.T, *Ledger)
		now     time.Time
		reason  Reason
		wait    time.Duration
	}{
		{"never sent", nothing, at(0), InvalidOrExpired, 0},
		{"of another id", func(t *testing.T, n *Ledger) { mustSend(t, n, at(0), anOrder("other")) }, at(time.Minute), InvalidOrExpired, 0},
		{"still sending", func(t *testing.T, n *Ledger) { mustReserve(t, n, at(0), anOrder("v")) }, at(time.Minute), InvalidOrExpired, 0},
		{"expired", func(t *testing.T, n *Ledger) { mustSend(t, n, at(0), anOrder("v")) }, at(10 * time.Minute), InvalidOrExpired, 0},
		{"used", func(t *testing.T, n *Ledger) {
			mustSend(t, n, at(0), anOrder("v"))
			n.Settle(at(0), p, mustDebit(t, n, at(0), guess("g")), guess("g"), Verified)
		}, at(time.Minute), InvalidOrExpired, 0},
		{"no attempts left, their outcomes unknown", func(t *testing.T, n *Ledger) {
			mustSend(t, n, at(0), anOrder("v"))
			for i, by := range []string{"a", "b", "c"} {
				mustDebit(t, n, at(time.Duration(i)*3*time.Second), guess(by))
			}
		}, at(time.Minute), InvalidOrExpired, 0},
		{"dead costs nothing even when cooling down", func(t *testing.T, n *Ledger) { mustSend(t, n, at(0), anOrder("other")) }, at(0), InvalidOrExpired, 0},
		{"cooling down", func(t *testing.T, n *Ledger) { mustSend(t, n, at(0), anOrder("v")) }, at(9 * time.Second), CoolingDown, time.Second},
		{"sends used up", func(t *testing.T, n *Ledger) {
			mustSend(t, n, at(0), anOrder("v"))
			n.Sends = 4
		}, at(time.Minute), RecipientLimited, 59 * time.Minute},
		{"disabled", func(t *testing.T, n *Ledger) {
			mustSend(t, n, at(0), anOrder("v"))
			n.DisabledAt = at(0)
		}, at(time.Minute), RecipientLimited, p.DisabledMemory - time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var n Ledger
			tt.prepare(t, &n)
			_, refused := n.ReserveResend(tt.now, p, "v", anOrder("r"))
			wantRefusal(t, refused, tt.reason, tt.wait)
		})
	}
}

func TestResendRepeatUnderAKey(t *testing.T) {
	first := keyed("r", "run1", "v")
	again := keyed("r", "run2", "v")
	inMinute := at(time.Minute)
	tests := []struct {
		name    string
		outcome func(*testing.T, *Ledger)
		now     time.Time
		order   Order
		repeat  bool
		reason  Reason
		wait    time.Duration
	}{
		{"sent", func(t *testing.T, n *Ledger) { concludeResend(t, n, first, Sent) }, inMinute.Add(time.Minute), again, true, "", 0},
		{"sent and used", func(t *testing.T, n *Ledger) {
			concludeResend(t, n, first, Sent)
			n.find("v").end(StateVerified)
		}, inMinute.Add(time.Minute), again, false, InvalidOrExpired, 0},
		{"running", nothing, inMinute.Add(time.Second), again, false, KeyInUse, 19 * time.Second},
		{"asker is gone", nothing, inMinute.Add(20 * time.Second), again, false, SendUnconfirmed, 0},
		{"answer lost", func(t *testing.T, n *Ledger) { concludeResend(t, n, first, Unconfirmed) }, inMinute.Add(time.Second), again, false, SendUnconfirmed, 19 * time.Second},
		{"known not sent", func(t *testing.T, n *Ledger) { concludeResend(t, n, first, NotDelivered) }, inMinute.Add(time.Minute), again, false, SendFailed, 0},
		{"turned away, cooling down", func(t *testing.T, n *Ledger) { concludeResend(t, n, first, DeliveryThrottled) }, inMinute.Add(time.Second), again, false, ProviderThrottled, 19 * time.Second},
		{"turned away, cooled down", func(t *testing.T, n *Ledger) { concludeResend(t, n, first, DeliveryThrottled) }, inMinute.Add(20 * time.Second), again, false, "", 0},
		{"other meaning", func(t *testing.T, n *Ledger) { concludeResend(t, n, first, Sent) }, inMinute.Add(time.Minute), keyed("r", "run2", "w"), false, KeyReused, 0},
		{"this run's own record after a lost write", nothing, inMinute.Add(time.Second), first, false, "", 0},
		{"this run's own record, code used meanwhile", func(t *testing.T, n *Ledger) { n.find("v").end(StateVerified) }, inMinute.Add(time.Second), first, false, InvalidOrExpired, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var n Ledger
			mustSend(t, &n, at(0), anOrder("v"))
			mustResend(t, &n, inMinute, "v", first)
			tt.outcome(t, &n)
			before := n.Clone()
			ticket, refused := n.ReserveResend(tt.now, testPolicy(), "v", tt.order)
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
			if !tt.repeat && ticket.PinID != "pin-of-v" {
				t.Fatalf("handle is %q, want the code's", ticket.PinID)
			}
			if n.Sends != 2 || len(n.find("v").Resends) != 1 {
				t.Fatalf("%d sends and %d resends, want 2 and 1", n.Sends, len(n.find("v").Resends))
			}
		})
	}
}

func concludeResend(t *testing.T, n *Ledger, o Order, p Progress) {
	t.Helper()
	var err error
	switch p {
	case Sent:
		err = n.Activate(testPolicy(), "v", o, "pin-of-v")
	case Unconfirmed:
		err = n.Lose(testPolicy(), "v", o)
	default:
		err = n.Fail(testPolicy(), "v", o, p)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A resend whose outcome is bad leaves the code as it was: the person may hold it.
func TestFailedResendKeepsTheCode(t *testing.T) {
	for _, p := range []Progress{NotDelivered, DeliveryThrottled, Unconfirmed} {
		t.Run(string(p), func(t *testing.T) {
			var n Ledger
			mustSend(t, &n, at(0), anOrder("v"))
			mustResend(t, &n, at(time.Minute), "v", anOrder("r"))
			concludeResend(t, &n, anOrder("r"), p)
			wantState(t, &n, "v", StateActive)
			if got := n.find("v").PinID; got != "pin-of-v" {
				t.Errorf("handle is %q", got)
			}
			total := 1
			if p == Unconfirmed {
				total = 2 // the message may be out
			}
			if n.Sends != 1 || n.Total != total {
				t.Errorf("%d sends and a total of %d are charged, want 1 and %d", n.Sends, n.Total, total)
			}
		})
	}
}

// A resend known not to have gone out leaves its place to the next one.
func TestFailedResendsDoNotPileUp(t *testing.T) {
	var n Ledger
	mustSend(t, &n, at(0), anOrder("v"))
	now := at(time.Minute)
	for _, id := range []string{"r1", "r2", "r3"} {
		mustResend(t, &n, now, "v", anOrder(id))
		concludeResend(t, &n, anOrder(id), NotDelivered)
		now = now.Add(time.Minute)
	}
	if got := len(n.find("v").Resends); got != 1 {
		t.Fatalf("%d resends are kept, want 1", got)
	}
}

// A key that asked for one code once more is taken, also when that code is over: it brings no
// message for another code.
func TestResendKeyOfAnEndedCodeIsTaken(t *testing.T) {
	var l Ledger
	mustSend(t, &l, at(0), anOrder("v"))
	again := anOrder("r")
	again.Fingerprint = "of-v"
	mustResend(t, &l, at(time.Minute), "v", again)
	concludeResend(t, &l, again, Sent)
	winner := named("winner", "v")
	_, _, err := l.Settle(at(2*time.Minute), testPolicy(), mustDebit(t, &l, at(2*time.Minute), winner), winner, Verified)
	if err != nil {
		t.Fatal(err)
	}
	want := []Delivery{{ID: "r", Progress: Sent, Fingerprint: "of-v", Channel: SMS}}
	if got := l.find("v").Resends; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the code that ended keeps %+v, want %+v", got, want)
	}
	mustSend(t, &l, at(3*time.Minute), anOrder("w"))
	again.RunID = "another run"
	_, err = l.ReserveResend(at(5*time.Minute), testPolicy(), "v", again)
	wantRefusal(t, err, InvalidOrExpired, 0)
	again.Fingerprint = "of-w"
	_, err = l.ReserveResend(at(5*time.Minute), testPolicy(), "w", again)
	wantRefusal(t, err, KeyReused, 0)
}
