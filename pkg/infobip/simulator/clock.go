package simulator

import (
	"sync/atomic"
	"time"
)

// Clock is the simulator's time. Everything that ages (PINs, windows) is
// measured with it; the delay of a fault is not, it takes real time.
type Clock interface {
	Now() time.Time
	// Advance moves the clock forward. It must be safe to call from many goroutines.
	Advance(by time.Duration)
}

// MovableClock is real time plus an offset that only grows. One of them shared
// with the gateway lets POST /clock move both.
type MovableClock struct {
	offset atomic.Int64
}

var _ Clock = (*MovableClock)(nil)

// NewClock returns a clock that shows real time until it is advanced.
func NewClock() *MovableClock { return &MovableClock{} }

// Now is the real time plus everything the clock was advanced by.
func (c *MovableClock) Now() time.Time {
	return time.Now().Add(time.Duration(c.offset.Load()))
}

// Advance moves the clock forward; a negative duration is ignored.
func (c *MovableClock) Advance(by time.Duration) {
	if by > 0 {
		c.offset.Add(int64(by))
	}
}
