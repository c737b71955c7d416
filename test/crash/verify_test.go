package crash

import (
	"testing"
	"time"

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
		// charged: an attempt and a failure are; verified: the success was recorded, which
		// leaves nothing charged.
		charged  bool
		verified bool
	}{
		{name: "before the address is counted", at: beforeCount},
		{name: "after the address was counted", at: afterCount},
		{name: "before the debit", at: beforeReserve},
		{name: "after the debit", at: afterReserve, charged: true},
		{name: "before the provider compares", at: beforeAsked, charged: true},
		{name: "after the provider said verified", at: afterAsked, charged: true},
		{name: "before the success is settled", at: beforeRecord, charged: true},
		{name: "after the success was settled", at: afterRecord, verified: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := newNumber(t)
			id := ask(t, sender, send(n, "")).wants(t, "send", "200").id
			right := verify(n, s.pin(t, n), id, "the-key")
			s.crash(t, function, right, tt.at)

			charged := 0
			if tt.charged {
				charged = 1
			}
			got := s.state(t, n)
			if v := got.Verifications[0]; v.Attempts != charged || failures(got) != charged || (v.State == otp.StateVerified) != tt.verified {
				t.Fatalf("after the crash %d attempts, %d failures and state %s, want %d of each and verified %t", v.Attempts, failures(got), v.State, charged, tt.verified)
			}
			// The client repeats what it has no answer to. Infobip lets a PIN be verified more
			// than once, so its own "verified" that nobody heard costs the person nothing but,
			// under the same key, the time in which the killed run might still be running.
			if tt.charged {
				if a := ask(t, function, right).wants(t, "the same request at once", "409 idempotency_key_in_use"); a.retryAfter == "" {
					t.Error("the request that may be running has no Retry-After")
				}
				s.age(t, n, functionTimeout+time.Second)
			}
			ask(t, function, right).wants(t, "the same request again", "200")
			ask(t, function, right).wants(t, "and again under its key", "200")
			ask(t, function, verify(n, s.pin(t, n), id, "")).wants(t, "the same PIN without the key", "401 invalid_or_expired")
			ask(t, function, verify(n, s.pin(t, n), id, "another")).wants(t, "the same PIN under another key", "401 invalid_or_expired")
			after := s.state(t, n)
			if v := after.Verifications[0]; v.State != otp.StateVerified || failures(after) != 0 || after.Sends != 0 || after.Total != 1 {
				t.Errorf("at the end %s, %d failures, %d sends and a total of %d; want verified, and its sends but not the total given back",
					v.State, failures(after), after.Sends, after.Total)
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
