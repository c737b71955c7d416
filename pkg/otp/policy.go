package otp

import (
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

// Policy holds every number the rules depend on. A zero duration turns a
// cooldown or a spacing off.
type Policy struct {
	// SendLimit bounds sends and resends to one recipient, ClientSendLimit those of one
	// client among them, and TotalLimit all of them, whatever succeeded. Each window is
	// fixed from its first send. The smallest rules.
	SendLimit       rate.Rate
	ClientSendLimit rate.Rate
	TotalLimit      rate.Rate
	// SendCooldown is the pause after the first send of a window; it doubles with
	// every further one (see cooldown).
	SendCooldown time.Duration
	// VerifySpacing is the pause between two questions to the provider about one
	// recipient: Infobip's own verifyPinLimit, met before Infobip has to refuse.
	VerifySpacing time.Duration
	// PINTTL is the life of a code (ASVS 5.0 6.5.5), never longer than the provider's.
	PINTTL time.Duration
	// PINAttempts is how many times a code is compared (ASVS 5.0 6.6.3) for who started
	// it or names it, and as often again for all others. Both together are never more
	// than the provider allows.
	PINAttempts int
	// FailureLimit is how many failures in a row, over any number of codes, disable a
	// recipient; those of one client count for at most half of it. NIST SP 800-63B-4
	// 3.2.2 caps it at 100.
	FailureLimit int
	// FailureMemory is how long failures in a row are remembered after the last.
	FailureMemory time.Duration
	// DisabledMemory is how long a recipient stays disabled.
	DisabledMemory time.Duration
	// KnownMemory is how long a recipient is known after a success.
	KnownMemory time.Duration
	// SendTimeout is the time after which a send without an outcome is no longer
	// running: the function's own timeout.
	SendTimeout time.Duration
}

// DefaultPolicy returns the defaults that README's table of settings documents.
func DefaultPolicy() Policy {
	const day = 24 * time.Hour
	return Policy{
		SendLimit:       rate.Rate{Attempts: 5, Window: day},
		ClientSendLimit: rate.Rate{Attempts: 3, Window: day},
		TotalLimit:      rate.Rate{Attempts: 10, Window: day},
		SendCooldown:    30 * time.Second,
		VerifySpacing:   3 * time.Second,
		PINTTL:          10 * time.Minute,
		PINAttempts:     5,
		FailureLimit:    50,
		FailureMemory:   90 * day,
		DisabledMemory:  day,
		KnownMemory:     90 * day,
		SendTimeout:     20 * time.Second,
	}
}

// maxCooldown ends the doubling: beyond it the send limit is the better guard.
const maxCooldown = 10 * time.Minute

// cooldown is the pause after the sends-th send of a window (counted from 1).
func (p Policy) cooldown(sends int) time.Duration {
	pause := p.SendCooldown
	for range sends - 1 {
		if pause >= maxCooldown {
			break
		}
		pause = min(2*pause, maxCooldown)
	}
	return pause
}

// clientFailures is what the failures of one client count for at most.
func (p Policy) clientFailures() int { return max(p.FailureLimit/2, 1) }
