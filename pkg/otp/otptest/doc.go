// Package otptest has what the proofs of package otp are made of: a clock that is
// moved by hand, a provider that keeps a log, and a scheduler that runs requests one
// effect at a time, in any order, with crashes, lost answers and provider faults
// where a test wants them. It is for tests only.
package otptest

import (
	"sync"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/email"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/phone"
	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// Start is when every clock of this package begins.
var Start = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

// Clock is moved by hand. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

var _ otp.Clock = (*Clock)(nil)

// NewClock returns a clock that stands at Start.
func NewClock() *Clock { return &Clock{now: Start} }

// Now implements otp.Clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Skewed is a clock that goes before or behind another.
type Skewed struct {
	Clock otp.Clock
	By    time.Duration
}

// Now implements otp.Clock.
func (s Skewed) Now() time.Time { return s.Clock.Now().Add(s.By) }

// Number returns the recipient behind a phone number, which has to be valid.
func Number(s string) recipient.Recipient {
	n, err := phone.Parse(s)
	if err != nil {
		panic("otptest: " + err.Error()) // a mistake of the test
	}
	return recipient.OfPhone(n)
}

// Address returns the recipient behind an e-mail address, which has to be valid.
func Address(s string) recipient.Recipient {
	a, err := email.Parse(s)
	if err != nil {
		panic("otptest: " + err.Error()) // a mistake of the test
	}
	return recipient.OfEmail(a)
}

// Three people who have nothing to do with each other. Carol has an e-mail address.
var (
	Alice = Number("+14155552671")
	Bob   = Number("+41446681800")
	Carol = Address("carol@example.com")
)

// Keyring returns a fixed key.
func Keyring() pseudonym.Key {
	key, err := pseudonym.NewKey("1", []byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		panic("otptest: " + err.Error()) // a mistake of this package
	}
	return key
}
