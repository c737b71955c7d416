package guard_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

const (
	unit = guard.Amount(1_000_000)
	day  = 24 * time.Hour
)

// fullRules have every rule on, with room that one test does not use up.
func fullRules() guard.Rules {
	allowance := guard.Allowance{Mode: guard.Enforce, Floor: 100, Window: day, Growth: 30}
	network := allowance
	network.Floor = 50
	return guard.Rules{
		Channels: both, Spend: guard.Limit{Amount: 1000 * unit, Window: day},
		RegionSpend: guard.RegionLimits{"*": {Amount: 500 * unit, Window: day}},
		Prices:      guard.MessagePrices{SMS: guard.Prices{"*": unit}, Voice: guard.Prices{"*": 3 * unit}},
		Allowances:  guard.Allowances{Network: network, Prefix: allowance, Region: allowance, Service: allowance},
	}
}

// books are what the cells hold, by kind: what is left of strangers' and of known numbers'
// room, and the money.
func (r *rig) books() map[string]string {
	r.tb.Helper()
	found := map[string]string{}
	err := r.cells.(guard.Scanner).Scan(context.Background(), func(key string, c guard.Cell) {
		kind := strings.Split(key, "#")[1]
		text := fmt.Sprint(c.Strangers.Milli / 1000)
		if !c.Known.At.IsZero() {
			text += fmt.Sprintf(" known %d", c.Known.Milli/1000)
		}
		if c.Purse.Spent != 0 {
			text += " spent " + c.Purse.Spent.String()
		}
		if _, twice := found[kind]; twice {
			kind += "'"
		}
		found[kind] = text
	})
	if err != nil {
		r.tb.Fatal(err)
	}
	return found
}

func (r *rig) wantBooks(what string, want ...string) {
	r.tb.Helper()
	books := r.books()
	var got []string
	for _, kind := range slices.Sorted(maps.Keys(books)) {
		got = append(got, kind+": "+books[kind])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		r.tb.Errorf("%s: the cells differ (-want +got):\n%s", what, diff)
	}
}

// TestDeliveriesAreCharged: what a delivery takes, and what it gets back for what it came to.
func TestDeliveriesAreCharged(t *testing.T) {
	failure := func(effect otp.Effect) error { return &otp.ProviderError{Effect: effect, Err: errors.New("test")} }
	paid := []string{"network: 49", "prefix: 99 spent 1.00", "region: 99 spent 1.00", "service: 99 spent 1.00"}
	nothing := []string{"network: 50", "prefix: 100", "region: 100", "service: 100"}
	for _, c := range []struct {
		name     string
		delivery error
		reason   otp.Reason
		want     []string
	}{
		{"sent", nil, "", paid},
		{"not sent", failure(otp.NotSent), otp.SendFailed, nothing},
		{"refused", failure(otp.Refused), otp.SendFailed, nothing},
		{"throttled", failure(otp.Throttled), otp.ProviderThrottled, nothing},
		{"without a secret", fmt.Errorf("secret: %w", otp.ErrUnavailable), otp.Unavailable, nothing},
		// An outage of the provider must not close the service after it, but money is exact.
		{"unconfirmed", failure(otp.Unknown), otp.SendUnconfirmed, []string{"network: 50", "prefix: 100 spent 1.00", "region: 100 spent 1.00", "service: 100 spent 1.00"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, fullRules())
			r.provider.delivery = c.delivery
			_, err := r.send(phoneNumber(t, 1), "192.0.2.1")
			want(t, "the send", err, c.reason)
			r.wantBooks(c.name, c.want...)
		})
	}
	t.Run("a call and its resend by SMS", func(t *testing.T) {
		r := newRig(t, fullRules())
		receipt, err := r.Send(t.Context(), otp.SendRequest{Caller: r.caller("192.0.2.1"), To: phoneNumber(t, 1), Channel: otp.Voice})
		want(t, "the call", err, "")
		r.clock.advance(time.Minute)
		_, err = r.Resend(t.Context(), otp.ResendRequest{
			Caller: r.caller("192.0.2.1"), To: phoneNumber(t, 1), VerificationID: receipt.VerificationID, Channel: otp.SMS,
		})
		want(t, "the resend", err, "")
		r.wantBooks("both", "network: 48", "prefix: 98 spent 4.00", "region: 98 spent 4.00", "service: 98 spent 4.00")
	})
}

// TestSuccessesAreCredited: to the room that they were taken from, and to the network that
// had the code sent.
func TestSuccessesAreCredited(t *testing.T) {
	r := newRig(t, fullRules())
	number := phoneNumber(t, 1)
	send := func(client string) {
		t.Helper()
		_, err := r.send(number, client)
		want(t, "the send", err, "")
		r.clock.advance(time.Minute)
	}
	send("192.0.2.1")
	send("198.51.100.1")
	r.wantBooks("two sends", "network: 49", "network': 49", "prefix: 98 spent 2.00", "region: 98 spent 2.00", "service: 98 spent 2.00")
	// The code that was sent last is verified from elsewhere.
	want(t, "the verify", r.verify(number, "203.0.113.1"), "")
	books := r.books()
	networks := []string{books["network"], books["network'"]}
	slices.Sort(networks)
	if networks[0] != "49" || networks[1] != "54" {
		t.Errorf("the networks have %v, want two sends back and three more for the one of the verified code", networks)
	}
	if books["prefix"] != "103 spent 2.00" || books["region"] != "103 spent 2.00" || books["service"] != "103 spent 2.00" {
		t.Errorf("after the success the cells are %v", books)
	}
	// From now on the number is known, and has a room of its own. It was verified in this
	// window, so nothing grows.
	r.clock.advance(time.Minute)
	send("192.0.2.1")
	if got := r.books()["service"]; got != "103 known 99 spent 3.00" {
		t.Errorf("after a send to a known number the service has %s", got)
	}
	want(t, "the next verify", r.verify(number, "192.0.2.1"), "")
	if got := r.books()["service"]; got != "103 known 100 spent 3.00" {
		t.Errorf("after another success of the day the service has %s", got)
	}
	r.clock.advance(day)
	send("192.0.2.1")
	want(t, "the verify of the next day", r.verify(number, "192.0.2.1"), "")
	if got := r.books()["service"]; got != "103 known 103 spent 1.00" {
		t.Errorf("after a success on the next day the service has %s", got)
	}
}

// TestWhatAGuardedRequestCosts, in calls: they do not jitter.
func TestWhatAGuardedRequestCosts(t *testing.T) {
	synctest.Test(t, guardedRequestCosts)
}

func guardedRequestCosts(t *testing.T) {
	r := newRig(t, fullRules())
	counted := &countedCells{Cells: r.cells}
	r.guard(fullRules(), counted)
	number := phoneNumber(t, 1)
	spent := func(what, want string) {
		t.Helper()
		synctest.Wait() // a read that nobody waited for
		if got := counted.since(); got != want {
			t.Errorf("%s costs %s, want %s", what, got, want)
		}
	}
	_, err := r.send(number, "192.0.2.1")
	want(t, "the first send", err, "")
	spent("a first send", "1 reads, 4 changes")
	_, err = r.send(number, "192.0.2.1")
	want(t, "a send too soon", err, otp.CoolingDown)
	spent("a send that the number refuses", "1 reads, 0 changes")
	r.provider.verdict = otp.Wrong
	want(t, "a wrong PIN", r.verify(number, "192.0.2.1"), otp.InvalidOrExpired)
	spent("a wrong PIN", "0 reads, 0 changes")
	r.clock.advance(5 * time.Second)
	r.provider.verdict = otp.Verified
	want(t, "a right PIN", r.verify(number, "192.0.2.1"), "")
	spent("the first success of a window", "0 reads, 4 changes") // each room began to count with the send
	other := phoneNumber(t, 2)
	_, err = r.send(other, "192.0.2.1")
	want(t, "the next send", err, "")
	spent("a further send", "1 reads, 4 changes")
	want(t, "the next success", r.verify(other, "192.0.2.1"), "")
	spent("a further success", "0 reads, 4 changes")
	r.provider.delivery = &otp.ProviderError{Effect: otp.NotSent, Err: errors.New("test")}
	_, err = r.send(phoneNumber(t, 3), "192.0.2.1")
	want(t, "a send that fails", err, otp.SendFailed)
	spent("a send that fails", "1 reads, 8 changes")

	tight := fullRules()
	tight.Spend.Amount = 10 * unit
	r.guard(tight, counted)
	_, err = r.send(phoneNumber(t, 4), "192.0.2.1")
	want(t, "a send without the prefix's money", err, otp.TrafficLimited)
	spent("a send that the guard refuses", "1 reads, 0 changes")

	r.provider.delivery = nil
	r.guard(guard.Rules{}, counted)
	_, err = r.send(phoneNumber(t, 5), "192.0.2.1")
	want(t, "a send with everything off", err, "")
	spent("a send with everything off", "1 reads, 0 changes")
}

// TestCellsThatCannotBeWritten: nothing is sent, what was taken elsewhere is given back, and
// the recipient has lost nothing.
func TestCellsThatCannotBeWritten(t *testing.T) {
	for _, stuck := range []string{"network", "prefix", "region", "service"} {
		t.Run(stuck, func(t *testing.T) {
			r := newRig(t, fullRules())
			cells := &stuckCells{Cells: r.cells, stuck: stuck}
			r.guard(fullRules(), cells)
			_, err := r.send(phoneNumber(t, 1), "192.0.2.1")
			want(t, "the send", err, otp.Unavailable)
			r.calls(0)
			for kind, text := range r.books() {
				if full := map[string]string{"network": "50"}[kind]; text != max(full, "100") && text != full {
					t.Errorf("the %s cell has %s", kind, text)
				}
			}
			cells.stuck = ""
			_, err = r.send(phoneNumber(t, 1), "192.0.2.1")
			want(t, "the send afterwards", err, "")
		})
	}
	t.Run("credit", func(t *testing.T) {
		r := newRig(t, fullRules())
		cells := &stuckCells{Cells: r.cells}
		r.guard(fullRules(), cells)
		_, err := r.send(phoneNumber(t, 1), "192.0.2.1")
		want(t, "the send", err, "")
		cells.stuck = "region"
		request := otp.VerifyRequest{Caller: r.caller("192.0.2.1"), To: phoneNumber(t, 1), PIN: "123456"}
		_, err = r.Verify(t.Context(), request)
		want(t, "a success whose credit is lost", err, "")
		if len(request.Trace.Guard) != 1 || !strings.HasPrefix(request.Trace.Guard[0].Value, "lost: ") {
			t.Errorf("the trace has %v", request.Trace.Guard)
		}
	})
}

// TestMoneyIsExactInParallel: as many messages go out as the money pays for, however many ask
// at once, and the cells say so.
func TestMoneyIsExactInParallel(t *testing.T) {
	const senders, messages = 200, 40
	rules := fullRules()
	rules.RegionSpend = nil
	rules.Allowances = guard.Allowances{}
	rules.Spend.Amount = messages * unit * 5 / 4 // strangers have four fifths
	r := newRig(t, rules)
	var all sync.WaitGroup
	for i := range senders {
		all.Go(func() {
			_, err := r.send(phoneNumber(t, i), fmt.Sprintf("192.0.2.%d", i))
			if failure, ok := errors.AsType[*otp.Error](err); ok && failure.Reason != otp.BudgetExhausted {
				t.Errorf("a send: %v", err)
			}
		})
	}
	all.Wait()
	r.calls(messages)
	r.wantBooks("the money", "service: 0 spent 40.00")
}

// TestRoomIsPassedByThoseUnderWay, and by nobody after them.
func TestRoomIsPassedByThoseUnderWay(t *testing.T) {
	rules := fullRules()
	rules.Allowances = guard.Allowances{Service: guard.Allowance{Mode: guard.Enforce, Floor: 10, Window: day}}
	r := newRig(t, rules)
	const senders = 30
	var all sync.WaitGroup
	for i := range senders {
		all.Go(func() { _, _ = r.send(phoneNumber(t, i), "192.0.2.1") })
	}
	all.Wait()
	if r.provider.calls < 10 || r.provider.calls > senders {
		t.Errorf("%d messages went out", r.provider.calls)
	}
	before := r.provider.calls
	_, err := r.send(phoneNumber(t, senders), "192.0.2.1")
	refused := want(t, "the next send", err, otp.TrafficLimited)
	r.calls(before)
	r.clock.advance(refused.RetryAfter)
	_, err = r.send(phoneNumber(t, senders), "192.0.2.1")
	want(t, "a send after the wait", err, "")
}
