package guard_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

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
		if len(got[name]) != 8 {
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
