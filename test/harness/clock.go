package harness

import (
	"sync"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

// Clock stands unless it is advanced: what a test asserts of windows and waits then depends neither
// on how long it takes nor on the time of day.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

var _ simulator.Clock = (*Clock)(nil)

// NewClock returns a clock that shows noon of some day.
func NewClock() *Clock {
	return &Clock{now: time.Date(2026, time.November, 24, 12, 0, 0, 0, time.UTC)}
}

// Now implements simulator.Clock, and otp.Clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance implements simulator.Clock.
func (c *Clock) Advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}
