package crash

import (
	"testing"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

var (
	beforeAsked = point{atProvider, "verify", 1, before}
	afterAsked  = point{atProvider, "verify", 1, after}
)

func TestVerifyKilledBetweenAnyTwoEffects(t *testing.T) {
	s := newService(t)
	sender := s.start(t, "send")
	function := s.start(t, "verify")
	for _, tt := range []struct {
		name string
		at   point
		// attempts charged, and whether the success was recorded.
		attempts int
		verified bool
	}{
		{name: "before the address is counted", at: beforeCount},
		{name: "after the address was counted", at: afterCount},
		{name: "before the debit", at: beforeReserve},
		{name: "after the debit", at: afterReserve, attempts: 1},
		{name: "before the provider compares", at: beforeAsked, attempts: 1},
		{name: "after the provider said verified", at: afterAsked, attempts: 1},
		{name: "before the success is settled", at: beforeRecord, attempts: 1},
		{name: "after the success was settled", at: afterRecord, attempts: 1, verified: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := newNumber(t)
			id := ask(t, sender, send(n, "")).wants(t, "send", "200").id
			right := verify(n, s.pin(t, n), id, "the-key")
			s.crash(t, function, right, tt.at)

			got := s.state(t, n)
			if v := got.Verifications[0]; v.Attempts != tt.attempts || (v.State == otp.StateVerified) != tt.verified {
				t.Fatalf("after the crash %d attempts and state %s, want %d and verified %t", v.Attempts, v.State, tt.attempts, tt.verified)
			}
			if !tt.verified && failures(got) != tt.attempts {
				t.Errorf("failures charged = %d, want %d", failures(got), tt.attempts)
			}
			// The client repeats what it has no answer to. Infobip lets a PIN be verified more
			// than once, so its own "verified" that nobody heard costs the person nothing.
			ask(t, function, right).wants(t, "the same request again", "200")
			ask(t, function, right).wants(t, "and again under its key", "200")
			ask(t, function, verify(n, s.pin(t, n), id, "")).wants(t, "the same PIN without the key", "401 invalid_or_expired")
			ask(t, function, verify(n, s.pin(t, n), id, "another")).wants(t, "the same PIN under another key", "401 invalid_or_expired")
			after := s.state(t, n)
			if v := after.Verifications[0]; v.State != otp.StateVerified || after.Sends != 1 {
				t.Errorf("at the end %s and %d sends, want verified and 1", v.State, after.Sends)
			}
		})
	}
}

// Killed once a try, a guesser gets no more of them: each is charged before the provider
// compares, and stays charged.
func TestAttemptsOfKilledVerifiesAreSpent(t *testing.T) {
	s := newService(t)
	sender := s.start(t, "send")
	function := s.start(t, "verify")
	for name, at := range map[string]point{
		"after the debit":                  afterReserve,
		"after the provider said verified": afterAsked,
		"before the success is settled":    beforeRecord,
	} {
		t.Run(name, func(t *testing.T) {
			n := newNumber(t)
			asked := s.verifies()
			id := ask(t, sender, send(n, "")).wants(t, "send", "200").id
			right := verify(n, s.pin(t, n), id, "")
			for i := range attempts {
				s.crash(t, function, right, at)
				if got := s.state(t, n).Verifications[0].Attempts; got != i+1 {
					t.Fatalf("attempts after crash %d = %d", i+1, got)
				}
			}
			a := ask(t, function, right).wants(t, "the right PIN once more", "401 invalid_or_expired")
			if a.remaining == nil || *a.remaining != 0 {
				t.Error("the answer does not say that no attempt remains")
			}
			if got := s.verifies() - asked; got > attempts {
				t.Errorf("the provider was asked %d times about one code, want at most %d", got, attempts)
			}
			if got := s.state(t, n); failures(got) != attempts || got.Verifications[0].State == otp.StateVerified {
				t.Errorf("failures = %d, state %s; want %d charged and no success", failures(got), got.Verifications[0].State, attempts)
			}
		})
	}
}
