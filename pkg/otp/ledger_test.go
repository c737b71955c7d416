package otp

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCloneSharesNoMemory(t *testing.T) {
	original := Ledger{Verifications: []Verification{{
		State: StateActive, Charges: charges("a", "b"), Resends: []Delivery{{ID: "r"}},
	}}}
	want := Ledger{Verifications: []Verification{{
		State: StateActive, Charges: charges("a", "b"), Resends: []Delivery{{ID: "r"}},
	}}}
	clone := original.Clone()
	v := &clone.Verifications[0]
	v.State = StateLocked
	v.Charges[0].RunID = "x"
	v.Resends[0].ID = "x"
	wantLedger(t, original, want)
}

func TestForgetAtIsTheLatestOfAllThatMatters(t *testing.T) {
	p := testPolicy()
	tests := []struct {
		name   string
		ledger Ledger
		want   time.Time
	}{
		{"nothing", Ledger{}, time.Time{}},
		{"send window", Ledger{WindowEnds: at(time.Hour), NextSendAt: at(time.Minute)}, at(time.Hour)},
		{"cooldown", Ledger{WindowEnds: at(time.Second), NextSendAt: at(time.Minute)}, at(time.Minute)},
		{"spacing", Ledger{NextVerifyAt: at(3 * time.Second)}, at(3 * time.Second)},
		{"code", Ledger{WindowEnds: at(time.Minute), Verifications: []Verification{
			{ExpiresAt: at(9 * time.Minute)}, {ExpiresAt: at(10 * time.Minute)}, {ExpiresAt: at(8 * time.Minute)},
		}}, at(10 * time.Minute)},
		{"failures", Ledger{WindowEnds: at(time.Hour), Failures: inARow(1), LastFailureAt: at(time.Minute)}, at(time.Minute + p.FailureMemory)},
		{"failures taken back", Ledger{WindowEnds: at(time.Hour), LastFailureAt: at(time.Minute)}, at(time.Hour)},
		{"disabled", Ledger{WindowEnds: at(time.Hour), Failures: inARow(7), LastFailureAt: at(0), DisabledAt: at(time.Minute)}, at(time.Minute + p.DisabledMemory)},
		{"failures after it was disabled long ago", Ledger{Failures: inARow(1), LastFailureAt: at(90 * time.Hour), DisabledAt: at(0)}, at(138 * time.Hour)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.ledger.forgetAt(p); !got.Equal(tt.want) {
				t.Fatalf("forgetAt = %s, want %s", got, tt.want)
			}
		})
	}
}

// DynamoDB deletes days late, so what the TTL should have taken may still be there.
func TestForgetDropsMemoriesThatRanOut(t *testing.T) {
	p := testPolicy()
	failed := Ledger{Failures: inARow(3), LastFailureAt: at(0)}
	disabled := Ledger{Failures: inARow(7), LastFailureAt: at(0), DisabledAt: at(0)}
	tests := []struct {
		name   string
		ledger Ledger
		now    time.Time
		want   Ledger
	}{
		{"failures at the last moment", failed, at(p.FailureMemory - time.Millisecond), failed},
		{"failures run out", failed, at(p.FailureMemory), Ledger{LastFailureAt: at(0)}},
		{"disabled, failures run out", disabled, at(p.FailureMemory), Ledger{LastFailureAt: at(0), DisabledAt: at(0)}},
		{"disabled at the last moment", disabled, at(p.DisabledMemory - time.Millisecond), Ledger{LastFailureAt: at(0), DisabledAt: at(0)}},
		{"disabled run out", disabled, at(p.DisabledMemory), Ledger{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.ledger.Clone()
			got.forget(tt.now, p)
			wantLedger(t, got, tt.want)
		})
	}
}

func TestDisabledFromTheChargeOfTheLastFailureAllowed(t *testing.T) {
	p := testPolicy()
	tests := []struct {
		name   string
		ledger Ledger
		want   bool
	}{
		{"never used", Ledger{}, false},
		{"one below the limit", Ledger{Failures: inARow(p.FailureLimit - 1)}, false},
		{"at the limit, outcome not known yet", Ledger{Failures: inARow(p.FailureLimit)}, true},
		{"marked", Ledger{DisabledAt: at(0)}, true},
	}
	for _, tt := range tests {
		if got := tt.ledger.Disabled(p); got != tt.want {
			t.Errorf("%s: Disabled = %t, want %t", tt.name, got, tt.want)
		}
	}
}

func TestEnableForgetsFailuresAndNothingElse(t *testing.T) {
	n := Ledger{
		Sends: 2, WindowEnds: at(time.Hour), NextSendAt: at(time.Minute), NextVerifyAt: at(time.Second),
		Failures: inARow(7), LastFailureAt: at(0), DisabledAt: at(0),
		Verifications: []Verification{{State: StateActive, Attempts: 2}},
	}
	n.Enable()
	wantLedger(t, n, Ledger{
		Sends: 2, WindowEnds: at(time.Hour), NextSendAt: at(time.Minute), NextVerifyAt: at(time.Second),
		Verifications: []Verification{{State: StateActive, Attempts: 2}},
	})
	if n.Disabled(testPolicy()) {
		t.Error("number is still disabled")
	}
}

func TestFind(t *testing.T) {
	n := Ledger{Verifications: []Verification{
		{Delivery: Delivery{ID: "a"}}, {Delivery: Delivery{ID: "b"}}, {Delivery: Delivery{ID: "c"}},
	}}
	for i, id := range []string{"a", "b", "c"} {
		if got := n.find(id); got != &n.Verifications[i] {
			t.Errorf("find(%q) does not give verification %d of the aggregate", id, i)
		}
	}
	for _, id := range []string{"", "d", "aa", "A"} {
		if got := n.find(id); got != nil {
			t.Errorf("find(%q) = %s, want none", id, got.ID)
		}
	}
}

// Without an id a guess is for the newest code that went out. A failed or
// unconfirmed send does not hide the code that the person holds.
func TestNewestIsTheLastThatWasSent(t *testing.T) {
	verification := func(id string, p Progress, s State) Verification {
		return Verification{Delivery: Delivery{ID: id, Progress: p}, State: s}
	}
	tests := []struct {
		name string
		list []Verification
		want string
	}{
		{"none", nil, ""},
		{"only failed ones", []Verification{verification("a", NotDelivered, StateFailed), verification("b", DeliveryThrottled, StateFailed)}, ""},
		{"last sent", []Verification{verification("a", Sent, StateActive), verification("b", Sent, StateActive)}, "b"},
		{"failed after", []Verification{verification("a", Sent, StateActive), verification("b", NotDelivered, StateFailed)}, "a"},
		{"unconfirmed after", []Verification{verification("a", Sent, StateActive), verification("b", Unconfirmed, StateSending)}, "a"},
		{"in flight after", []Verification{verification("a", Sent, StateActive), verification("b", InFlight, StateSending)}, "a"},
		{"a used one hides older ones", []Verification{verification("a", Sent, StateActive), verification("b", Sent, StateVerified)}, "b"},
		{"a locked one hides older ones", []Verification{verification("a", Sent, StateActive), verification("b", Sent, StateLocked)}, "b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := Ledger{Verifications: tt.list}
			got := ""
			if v := n.newest(); v != nil {
				got = v.ID
			}
			if got != tt.want {
				t.Fatalf("newest = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAliveComparesExpiryItself(t *testing.T) {
	tests := []struct {
		state State
		now   time.Time
		want  bool
	}{
		{StateActive, at(10*time.Minute - time.Millisecond), true},
		{StateActive, at(10 * time.Minute), false},
		{StateActive, at(24 * time.Hour), false},
		{StateSending, at(0), false},
		{StateFailed, at(0), false},
		{StateVerified, at(0), false},
		{StateLocked, at(0), false},
		{StateExpired, at(0), false},
		{"", at(0), false},
	}
	for _, tt := range tests {
		v := Verification{State: tt.state, ExpiresAt: at(10 * time.Minute)}
		if got := v.Live(tt.now); got != tt.want {
			t.Errorf("%q at %s: alive = %t, want %t", tt.state, tt.now.Sub(start), got, tt.want)
		}
	}
}

func TestEndDropsWhatIsOfNoMoreUse(t *testing.T) {
	v := Verification{
		Delivery: Delivery{ID: "v", Progress: Sent, Fingerprint: "f", Channel: Voice, Client: home, Mark: "m", Counted: "c", StartedAt: at(0), ResendAt: at(1)},
		State:    StateActive, PinID: "pin", Charges: charges("a"), Attempts: 2, Strangers: 1, ExpiresAt: at(0),
		Resends: []Delivery{{ID: "done", Progress: Sent}, {ID: "under way", Progress: InFlight}},
	}
	v.end(StateLocked)
	want := Verification{
		Delivery: Delivery{ID: "v", Progress: Sent, Fingerprint: "f", Channel: Voice, Counted: "c", StartedAt: at(0)},
		State:    StateLocked, ExpiresAt: at(0),
		Resends: []Delivery{{ID: "under way", Progress: InFlight}},
	}
	if diff := cmp.Diff(want, v); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
}

func TestWordsOfVerdictsAndEffects(t *testing.T) {
	words := map[string]string{
		Verified.String(): "verified", Wrong.String(): "wrong", Exhausted.String(): "exhausted", Gone.String(): "gone",
		Verdict(0).String(): "", Verdict(9).String(): "verdict(9)", Verdict(-1).String(): "verdict(-1)",
		Unknown.String(): "unknown", NotSent.String(): "not_sent", Refused.String(): "refused",
		Throttled.String(): "throttled", NotFound.String(): "not_found",
		Effect(9).String(): "effect(9)", Effect(-1).String(): "effect(-1)",
	}
	for got, want := range words {
		if got != want {
			t.Errorf("word is %q, want %q", got, want)
		}
	}
}

func TestErrorsUnwrapToTheirCause(t *testing.T) {
	err := error(&Error{Reason: SendFailed, Err: &ProviderError{Effect: Refused, Err: ErrUnavailable}})
	if !errors.Is(err, ErrUnavailable) {
		t.Error("the chain does not reach the cause")
	}
	if got, want := err.Error(), "otp: send_failed: provider: refused: dependency unavailable"; got != want {
		t.Errorf("text is %q, want %q", got, want)
	}
	if got, want := (&Error{Reason: Busy}).Error(), "otp: busy"; got != want {
		t.Errorf("text is %q, want %q", got, want)
	}
	if got := refuse(CoolingDown, -time.Second).RetryAfter; got != 0 {
		t.Errorf("a wait in the past is %s, want 0", got)
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

// A ledger that moved to the newer key leaves its old copy behind, which says nothing more.
func TestChooseForgetsWhatHasMoved(t *testing.T) {
	p := testPolicy()
	newer := &document{revision: "r", ledger: Ledger{Total: 1, ForgetAt: at(time.Hour)}}
	older := &document{revision: "r", ledger: Ledger{ForgetAt: at(time.Hour), Verifications: []Verification{
		{Delivery: Delivery{ID: "v", Progress: Sent, StartedAt: at(-time.Hour)}, State: StateExpired, ExpiresAt: at(-time.Minute)},
	}}}
	for _, id := range []string{"", "v"} {
		if got := choose([]*document{newer, older}, at(0), p, id); got != newer {
			t.Errorf("named %q: the copy that was left behind is chosen", id)
		}
	}
}

func TestForgetAtKnowsWindowsSharesAndWhoIsKnown(t *testing.T) {
	p := testPolicy()
	for name, c := range map[string]struct {
		ledger Ledger
		want   time.Time
	}{
		"the total":        {Ledger{WindowEnds: at(time.Hour), TotalEnds: at(3 * time.Hour)}, at(3 * time.Hour)},
		"a client's share": {Ledger{WindowEnds: at(time.Hour), Senders: []Sender{{home, 1, at(2 * time.Hour)}, {"other", 1, at(0)}}}, at(2 * time.Hour)},
		"who is known":     {Ledger{WindowEnds: at(time.Hour), VerifiedAt: at(time.Minute)}, at(time.Minute + p.KnownMemory)},
	} {
		if got := c.ledger.forgetAt(p); !got.Equal(c.want) {
			t.Errorf("%s: forgetAt = %s, want %s", name, got, c.want)
		}
	}
	known := Ledger{VerifiedAt: at(0)}
	wantLedger(t, forgotten(known, at(p.KnownMemory-time.Millisecond)), known)
	wantLedger(t, forgotten(known, at(p.KnownMemory)), Ledger{})
}

func TestClonesShareNoList(t *testing.T) {
	original := Ledger{Senders: []Sender{{Client: home}}, Failures: []Failures{{Client: home}}}
	clone := original.Clone()
	clone.Senders[0].Client, clone.Failures[0].Client = "x", "x"
	wantLedger(t, original, Ledger{Senders: []Sender{{Client: home}}, Failures: []Failures{{Client: home}}})
}
