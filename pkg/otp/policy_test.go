package otp

import (
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

func TestCooldownDoublesUpToTenMinutes(t *testing.T) {
	tests := []struct {
		first time.Duration
		sends int
		want  time.Duration
	}{
		{30 * time.Second, 1, 30 * time.Second},
		{30 * time.Second, 2, time.Minute},
		{30 * time.Second, 3, 2 * time.Minute},
		{30 * time.Second, 5, 8 * time.Minute},
		{30 * time.Second, 6, 10 * time.Minute},
		{30 * time.Second, 1_000_000_000, 10 * time.Minute}, // and ends
		{0, 1, 0},
		{0, 100, 0},
		{15 * time.Minute, 1, 15 * time.Minute}, // a setting above the maximum is kept
		{15 * time.Minute, 2, 15 * time.Minute},
	}
	for _, tt := range tests {
		got := Policy{SendCooldown: tt.first}.cooldown(tt.sends)
		if got != tt.want {
			t.Errorf("cooldown after send %d of %s = %s, want %s", tt.sends, tt.first, got, tt.want)
		}
	}
}

// The defaults are a promise of README, of ASVS 5.0 and of NIST SP 800-63B-4.
func TestDefaultPolicyKeepsTheStandards(t *testing.T) {
	p := DefaultPolicy()
	if p.PINTTL > 10*time.Minute {
		t.Errorf("a code lives %s; ASVS 5.0 6.5.5 and NIST SP 800-63B-4 3.1.3.2 allow 10 minutes", p.PINTTL)
	}
	if p.FailureLimit > 100 {
		t.Errorf("%d failures in a row disable a number; NIST SP 800-63B-4 3.2.2 allows 100", p.FailureLimit)
	}
	if p.PINAttempts > 10 {
		t.Errorf("%d attempts per code are more than Infobip's 10", p.PINAttempts)
	}
	for name, limit := range map[string]rate.Rate{"sends": p.SendLimit, "of one client": p.ClientSendLimit, "total": p.TotalLimit} {
		if limit.Attempts > 10 || limit.Window < 24*time.Hour {
			t.Errorf("%s to one recipient: %s; the total promises 10 a day", name, limit)
		}
	}
	if p.ClientSendLimit.Attempts >= p.SendLimit.Attempts {
		t.Errorf("one client may take all %d sends of a recipient", p.SendLimit.Attempts)
	}
}
