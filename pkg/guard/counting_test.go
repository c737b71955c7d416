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
	"github.com/seed-a131a524/infobip-otp/pkg/guard/cells"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
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
	spent("the first success of a window", "0 reads, 8 changes") // each room begins to count
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

// solver is a checker that knows one token.
type solver struct {
	mu     sync.Mutex
	asked  []string
	broken error
}

func (s *solver) Check(_ context.Context, token string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, token)
	if token != "solved" {
		return errors.New("not solved")
	}
	return s.broken
}

func (s *solver) want(t *testing.T, what string, tokens ...string) {
	t.Helper()
	if !slices.Equal(s.asked, tokens) {
		t.Errorf("%s: the checker was asked about %q, want %q", what, s.asked, tokens)
	}
	s.asked = nil
}

func (r *rig) sendWith(to recipient.Recipient, token, key string) (otp.SendRequest, error) {
	request := otp.SendRequest{Caller: r.caller("192.0.2.1"), To: to, Channel: otp.SMS, Challenge: token}
	request.IdempotencyKey = key
	_, err := r.Send(context.Background(), request)
	return request, err
}

// TestChallengeWhereThereIsNoRoom: it is asked for only there, and checked only there.
func TestChallengeWhereThereIsNoRoom(t *testing.T) {
	rules := fullRules()
	rules.Challenge = guard.Suspicious
	rules.Allowances = guard.Allowances{Service: guard.Allowance{Mode: guard.Enforce, Floor: 2, Window: day}}
	checker := &solver{}
	r := newRig(t, rules)
	r.checker = checker
	r.guard(rules, r.cells)
	for i := range 2 {
		_, err := r.sendWith(phoneNumber(t, i), "unneeded", "")
		want(t, "a send with room", err, "")
	}
	checker.want(t, "with room")
	_, err := r.sendWith(phoneNumber(t, 2), "", "")
	want(t, "a send without room or token", err, otp.ChallengeRequired)
	checker.want(t, "without a token")
	_, err = r.sendWith(phoneNumber(t, 2), "guessed", "")
	want(t, "a send with a wrong token", err, otp.ChallengeRequired)
	checker.want(t, "with a wrong token", "guessed")
	checker.broken = errors.New("the checker is down")
	_, err = r.sendWith(phoneNumber(t, 2), "solved", "")
	want(t, "a send whose token nobody checks", err, otp.ChallengeRequired)
	checker.broken = nil
	r.calls(2)
	checker.want(t, "with a broken checker", "solved")

	request, err := r.sendWith(phoneNumber(t, 2), "solved", "key")
	want(t, "a send with a solved challenge", err, "")
	checker.want(t, "with a solved one", "solved")
	if !slices.Contains(request.Trace.Guard, otp.Finding{Name: "challenge", Value: "solved"}) {
		t.Errorf("the trace has %v", request.Trace.Guard)
	}
	_, err = r.sendWith(phoneNumber(t, 2), "guessed", "key")
	want(t, "its repeat, whatever its token", err, "")
	checker.want(t, "a repeat")
	_, err = r.sendWith(phoneNumber(t, 3), "solved", "")
	want(t, "the last that the room holds below zero", err, "")
	checker.asked = nil
	_, err = r.sendWith(phoneNumber(t, 4), "solved", "")
	want(t, "one more", err, otp.TrafficLimited)
	checker.want(t, "where a solved one would not help")
	r.calls(4)
}

// TestChallengeAlways: every send needs one, and none doubles the room.
func TestChallengeAlways(t *testing.T) {
	rules := fullRules()
	rules.Challenge = guard.Always
	rules.Allowances = guard.Allowances{Service: guard.Allowance{Mode: guard.Enforce, Floor: 1, Window: day}}
	r := newRig(t, rules)
	_, err := r.sendWith(phoneNumber(t, 1), "solved", "")
	want(t, "without a checker", err, otp.ChallengeRequired)
	checker := &solver{}
	r.checker = checker
	r.guard(rules, r.cells)
	_, err = r.sendWith(phoneNumber(t, 1), "", "")
	want(t, "a send without a token", err, otp.ChallengeRequired)
	_, err = r.sendWith(phoneNumber(t, 1), "solved", "")
	want(t, "a send with a solved one", err, "")
	checker.asked = nil
	_, err = r.sendWith(phoneNumber(t, 2), "solved", "")
	want(t, "a send without room", err, otp.TrafficLimited)
	checker.want(t, "where a solved one would not help")
}

// TestTokenIsCheckedOnce: checkers take one only once, and a conflict decides again.
func TestTokenIsCheckedOnce(t *testing.T) {
	rules := fullRules()
	rules.Challenge = guard.Always
	r := newRig(t, rules)
	checker := &solver{}
	r.checker = checker
	r.guard(rules, r.cells)
	r.Store = &busyStore{r.Store, []func(*otp.Ledger){func(l *otp.Ledger) {
		l.VerifiedAt = r.clock.Now().Add(-time.Hour)
		l.ForgetAt = r.clock.Now().Add(day)
	}}}
	_, err := r.sendWith(phoneNumber(t, 1), "solved", "")
	want(t, "a send with a conflict", err, "")
	checker.want(t, "a conflict", "solved")
}

// TestFindings: what the log line of a send says, and what it does not.
func TestFindings(t *testing.T) {
	r := newRig(t, fullRules())
	request, err := r.sendWith(phoneNumber(t, 1), "canary-token", "canary-key")
	want(t, "the send", err, "")
	got := map[string]string{}
	for _, f := range request.Trace.Guard {
		got[f.Name] = f.Value
	}
	for name, want := range map[string]string{
		"networkRoom": "50/50", "prefixRoom": "100/100", "regionRoom": "100/100", "serviceRoom": "100/100",
		"prefixSpent": "0.00/100.00", "regionSpent": "0.00/400.00", "serviceSpent": "0.00/800.00",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	for _, name := range []string{"client", "network", "prefix"} {
		if len(got[name]) != 11 {
			t.Errorf("%s is named %q", name, got[name])
		}
	}
	text := fmt.Sprint(request.Trace.Guard)
	for _, canary := range []string{"canary", "192.0.2", "43664", "664100"} {
		if strings.Contains(text, canary) {
			t.Errorf("the findings show %q: %s", canary, text)
		}
	}
	// One attacker and a thousand do not look alike.
	other, err := r.sendWith(phoneNumber(t, 20000), "", "")
	want(t, "another send", err, "")
	if fmt.Sprint(other.Trace.Guard[0:2]) != fmt.Sprint(request.Trace.Guard[0:2]) || other.Trace.Guard[2] == request.Trace.Guard[2] {
		t.Errorf("the same client and network, and another prefix, are %v and %v", request.Trace.Guard[:3], other.Trace.Guard[:3])
	}
}

// TestFindingsOfRefusals: the line says which rule it was, and what a rule that only records
// would have done.
func TestFindingsOfRefusals(t *testing.T) {
	rules := fullRules()
	rules.Allowances.Region = guard.Allowance{Mode: guard.Record, Floor: 1, Window: day}
	rules.Allowances.Network.Floor = 2
	r := newRig(t, rules)
	for i, c := range []struct {
		reason        otp.Reason
		region, by    string
		regionalLevel string
	}{
		{"", "1/1", "", "0"},
		{"", "0/1 would refuse", "", "0"},
		{otp.TrafficLimited, "0/1 would refuse", "network", "0"},
	} {
		request, err := r.sendWith(phoneNumber(t, i), "", "")
		want(t, "a send", err, c.reason)
		got := map[string]string{}
		for _, f := range request.Trace.Guard {
			got[f.Name] = f.Value
		}
		if got["regionRoom"] != c.region || got["by"] != c.by {
			t.Errorf("send %d: the findings are %v", i+1, request.Trace.Guard)
		}
		// What only records takes nothing below zero.
		if books := r.books()["region"]; !strings.HasPrefix(books, c.regionalLevel+" ") {
			t.Errorf("send %d: the region has %s", i+1, books)
		}
	}
}

// changedCells keeps the changes that were made.
type changedCells struct {
	guard.Cells
	mu      sync.Mutex
	changes []guard.Change
}

func (c *changedCells) Apply(ctx context.Context, key string, change guard.Change) (guard.Cell, bool, error) {
	current, applied, err := c.Cells.Apply(ctx, key, change)
	c.mu.Lock()
	defer c.mu.Unlock()
	if applied {
		c.changes = append(c.changes, change)
	}
	return current, applied, err
}

// TestOnlyGivingIsTriedOnce: what takes may be repeated by the transport, what gives may not;
// and no cell begins without a time to forget it.
func TestOnlyGivingIsTriedOnce(t *testing.T) {
	r := newRig(t, fullRules())
	kept := &changedCells{Cells: r.cells}
	r.guard(fullRules(), kept)
	_, err := r.send(phoneNumber(t, 1), "192.0.2.1")
	want(t, "a send", err, "")
	took := len(kept.changes)
	r.provider.delivery = &otp.ProviderError{Effect: otp.NotSent, Err: errors.New("test")}
	_, err = r.send(phoneNumber(t, 2), "192.0.2.1")
	want(t, "a send that fails", err, otp.SendFailed)
	want(t, "a success", r.verify(phoneNumber(t, 1), "192.0.2.1"), "")
	if took != 4 || len(kept.changes) != 4+8+4 {
		t.Fatalf("%d changes, of them %d by the first send", len(kept.changes), took)
	}
	for i, c := range kept.changes {
		gives := i >= 8
		if c.Once != gives {
			t.Errorf("change %d is tried once: %v: %+v", i, c.Once, c.Room)
		}
		if c.Room.Settles && c.Keep.IsZero() {
			t.Errorf("change %d begins a cell that is never forgotten", i)
		}
	}
}

// TestKnownRoomIsGivenBack to where it was taken from.
func TestKnownRoomIsGivenBack(t *testing.T) {
	r := newRig(t, fullRules())
	number := phoneNumber(t, 1)
	_, err := r.send(number, "192.0.2.1")
	want(t, "a send", err, "")
	want(t, "its verify", r.verify(number, "192.0.2.1"), "")
	r.clock.advance(time.Minute)
	before := r.books()["service"]
	r.provider.delivery = &otp.ProviderError{Effect: otp.NotSent, Err: errors.New("test")}
	_, err = r.send(number, "192.0.2.1")
	want(t, "a send to the known number that fails", err, otp.SendFailed)
	if got, want := r.books()["service"], strings.Replace(before, " spent", " known 100 spent", 1); got != want {
		t.Errorf("the service went from %s to %s, want %s", before, got, want)
	}
}

// TestGivingBackWhatIsGone: a window that is over, or a cell that was forgotten meanwhile,
// gets nothing back, and what is there does.
func TestGivingBackWhatIsGone(t *testing.T) {
	fails := &otp.ProviderError{Effect: otp.NotSent, Err: errors.New("test")}
	t.Run("the window", func(t *testing.T) {
		rules := fullRules()
		rules.RegionSpend, rules.Spend.Window = nil, time.Minute
		r := newRig(t, rules)
		r.provider.delivery = fails
		r.provider.meanwhile = func() {
			r.provider.meanwhile, r.provider.delivery = nil, nil
			r.clock.advance(2 * time.Minute)
			_, err := r.send(phoneNumber(t, 20000), "198.51.100.1")
			want(t, "a send in the next window", err, "")
			r.provider.delivery = fails
		}
		_, err := r.send(phoneNumber(t, 1), "192.0.2.1")
		want(t, "a send that fails late", err, otp.SendFailed)
		if got := r.books()["service"]; got != "99 spent 1.00" {
			t.Errorf("the service has %s, want the room of both and the money of the second", got)
		}
	})
	t.Run("the cell", func(t *testing.T) {
		r := newRig(t, fullRules())
		swapped := &swappedCells{Cells: r.cells}
		r.guard(fullRules(), swapped)
		r.provider.delivery = fails
		r.provider.meanwhile = func() {
			r.cells = cells.NewMemory(r.clock)
			swapped.Cells = r.cells
		}
		caller := r.caller("192.0.2.1")
		_, err := r.Send(t.Context(), otp.SendRequest{Caller: caller, To: phoneNumber(t, 1), Channel: otp.SMS})
		want(t, "a send that fails", err, otp.SendFailed)
		if books := r.books(); len(books) != 0 {
			t.Errorf("what was forgotten has %v", books)
		}
		for _, f := range caller.Trace.Guard {
			if f.Name == "giveBack" {
				t.Errorf("the trace says %v", f)
			}
		}
	})
}

// swappedCells are others later.
type swappedCells struct{ guard.Cells }

// TestCreditWithoutAMark: a code that was sent while networks were not counted has no network
// to credit.
func TestCreditWithoutAMark(t *testing.T) {
	rules := fullRules()
	rules.Allowances.Network = guard.Allowance{}
	r := newRig(t, rules)
	_, err := r.send(phoneNumber(t, 1), "192.0.2.1")
	want(t, "a send", err, "")
	r.guard(fullRules(), r.cells)
	want(t, "its verify under the next settings", r.verify(phoneNumber(t, 1), "192.0.2.1"), "")
	if got, there := r.books()["network"]; there {
		t.Errorf("a network has %s", got)
	}
	// And the cells of a rule that is on since then begin with the success.
	rules = fullRules()
	rules.Allowances.Region = guard.Allowance{}
	rules.RegionSpend = nil
	r = newRig(t, rules)
	_, err = r.send(phoneNumber(t, 1), "192.0.2.1")
	want(t, "a send", err, "")
	kept := &changedCells{Cells: r.cells}
	r.guard(fullRules(), kept)
	want(t, "its verify", r.verify(phoneNumber(t, 1), "192.0.2.1"), "")
	if got := r.books()["region"]; got != "104" {
		t.Errorf("the region has %s, of which its next read takes what is too much", got)
	}
	for _, c := range kept.changes {
		if c.Room.Settles && c.Keep.IsZero() {
			t.Errorf("a cell begins that is never forgotten: %+v", c.Room)
		}
	}
}

// TestPricesHaveDefaults: a limit without prices would be none.
func TestPricesHaveDefaults(t *testing.T) {
	r := newRig(t, guard.Rules{Spend: guard.Limit{Amount: unit, Window: day}})
	_, err := r.send(phoneNumber(t, 1), "192.0.2.1")
	want(t, "a send", err, "")
	r.wantBooks("a send", "service: 0 spent 0.10")
}
