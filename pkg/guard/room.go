package guard

import (
	"math"
	"math/bits"
	"time"
)

// The arithmetic of an allowance, `FLOOR/WINDOW+GROWTH`, in one place.
//
// A cell has a room for strangers and one for known numbers (verified here in the last 90
// days), each by the same rule and apart from the other:
//
//	most(t)  = FLOOR + GROWTH x max(distinct numbers verified in t's window, in the one before)
//	level(t) = min(most(t), level(s) + FLOOR x (t - s) / WINDOW)     for the last change at s
//	level    = FLOOR                                                 where there was none
//
//	a send, or a resend     level - 1, if level >= 1
//	  with a solved challenge          if level - 1 >= -most
//	its message was not sent, or nobody knows    level + 1
//	a success               level + the number's sends since its last success
//	  the first of a number in a window          + GROWTH more, and one distinct number
//
// Windows are the multiples of WINDOW since 1970. What most(t) cuts off is cut off when the
// room is next read, not when it is written.
//
// How it is kept. Reads and writes of many senders interleave, and the store has one atomic
// operation: add to numbers and set others, under a condition. So a room is kept as an
// account, Milli, that everybody only adds to, and a moment, At, since when refill has not
// been added to it. Additions commute, so no send waits for another. What does not commute,
// adding the refill and cutting off what is too much, is done by the send that finds the
// account a whole send (or a thousandth of FLOOR) off: it adds the difference as it saw it,
// and moves At, under the condition that At is still what it saw. Of several that do so at
// once one wins; whatever others added in between stays added. The rest then take their send
// alone. So a room may be passed by the sends that read it at the same moment, and nothing
// else is lost.

// milli is the unit of a room: thousandths of a send, in which FLOOR, GROWTH and a refill of
// a millisecond's grain have no rounding that matters.
const milli = 1000

// Room is what a cell lets pass of one kind of recipient. The zero Room is full.
type Room struct {
	// Milli is the account, in thousandths of a send.
	Milli int64
	// At is the moment from which refill is not in the account; zero where nothing was
	// taken or given yet.
	At time.Time
	// Verified counts the distinct numbers verified in the window of that index, Before
	// those of the window before it.
	Window, Verified, Before int64
}

// index returns the window that a moment is in.
func (a Allowance) index(now time.Time) int64 { return now.UnixMilli() / a.Window.Milliseconds() }

// most returns how much a room holds at most, in thousandths.
func (a Allowance) most(r Room, now time.Time) int64 {
	numbers := int64(0)
	switch index := a.index(now); {
	case index <= r.Window: // a clock that lags is in the newest window there is
		numbers = max(r.Verified, r.Before)
	case index == r.Window+1:
		numbers = r.Verified
	}
	return int64(a.Floor)*milli + numbers*int64(a.Growth)*milli/tenths
}

// level returns how much room there is, in thousandths.
func (a Allowance) level(r Room, now time.Time) int64 {
	if r.At.IsZero() {
		return int64(a.Floor) * milli
	}
	level := min(a.most(r, now), r.Milli+a.refill(now.Sub(r.At)))
	if a.Mode == Record {
		level = max(level, 0)
	}
	return level
}

// refill returns what comes back in a time, in thousandths, rounded down.
func (a Allowance) refill(elapsed time.Duration) int64 {
	if elapsed <= 0 {
		return 0
	}
	return mulDiv(int64(a.Floor)*milli, elapsed.Milliseconds(), a.Window.Milliseconds())
}

// wait returns how long it takes until a room that nobody touches has this much.
func (a Allowance) wait(r Room, now time.Time, need int64) time.Duration {
	missing := need - a.level(r, now)
	if missing <= 0 {
		return 0
	}
	floor := int64(a.Floor) * milli
	ms := mulDiv(missing, a.Window.Milliseconds(), floor) + 1
	return time.Duration(ms) * time.Millisecond
}

// mulDiv returns a*b/c for numbers that are not negative, rounded down, or a very large
// number where that is too much.
func mulDiv(a, b, c int64) int64 {
	const most = math.MaxInt64 / 4                // so that sums with it stay in an int64
	high, low := bits.Mul64(uint64(a), uint64(b)) //nolint:gosec // none is negative
	divisor := uint64(c)                          //nolint:gosec // none is negative
	if high >= divisor {
		return most
	}
	quotient, _ := bits.Div64(high, low, divisor)
	return int64(min(quotient, most))
}

// settleAfter is how much refill, or how much that is to be cut off, a send leaves to the
// next one.
func (a Allowance) settleAfter() int64 { return max(milli, int64(a.Floor)) }

// RoomChange is an atomic change of a room.
type RoomChange struct {
	// Known: it is about the room of known numbers.
	Known bool
	// Add is added to the account.
	Add int64
	// From, if Settles, is what At has to be, and To what it becomes. A zero From is a
	// room of which nothing is kept.
	Settles  bool
	From, To time.Time
	// Counts: a distinct number was verified in the window Index. The room's window has
	// to be OldIndex. If it is another, Verified and Before are set for Index; else
	// Verified goes up by one. A delivery only sets them, where it is the first of a window.
	Counts           bool
	Index, OldIndex  int64
	Verified, Before int64
}

// take returns the change that a delivery makes of a room as it was read. Without anything
// to settle, and in the window of the last, its condition holds for any room of which
// something is kept.
func (a Allowance) take(r Room, now time.Time) RoomChange {
	change := RoomChange{Add: -milli}
	if index := a.index(now); index > r.Window { // so that a credit finds what it expects
		change.Counts, change.Index, change.OldIndex = true, index, r.Window
		if index == r.Window+1 {
			change.Before = r.Verified
		}
	}
	level, refill := a.level(r, now), int64(0)
	if !r.At.IsZero() {
		refill = a.refill(now.Sub(r.At))
		cut := level - (r.Milli + refill)
		if !now.After(r.At) || max(refill, cut, -cut) < a.settleAfter() {
			return change
		}
	}
	change.Add += level - r.Milli
	change.Settles, change.From, change.To = true, r.At, now
	return change
}

// credit returns the change that a success makes. Sends are what it gives back; fresh says
// that the number was not yet verified in the window. The room may be one that was not read
// (see blind).
func (a Allowance) credit(r Room, now time.Time, sends int, fresh bool) RoomChange {
	change := RoomChange{Add: int64(sends) * milli}
	if fresh {
		change.Add += int64(a.Growth) * milli / tenths
		change.Counts, change.Index, change.OldIndex = true, a.index(now), r.Window
		switch {
		case change.Index <= r.Window:
			change.Index = r.Window
			change.Verified, change.Before = r.Verified+1, r.Before
		case change.Index == r.Window+1:
			change.Verified, change.Before = 1, r.Verified
		default:
			change.Verified, change.Before = 1, 0
		}
	}
	if r.At.IsZero() { // nothing is kept: it is full, and holds more from now on
		change.Add += int64(a.Floor) * milli
		change.Settles, change.To = true, now
	}
	return change
}

// blind returns the room that a credit expects without having read it: one from which the
// number's send took, in this window or after a credit in it.
func (a Allowance) blind(now time.Time) Room { return Room{At: now, Window: a.index(now)} }

// fresh reports whether a success is the first of its number in a window. No window holds
// the zero time, which is that of a number that had none before.
func (a Allowance) fresh(before, now time.Time) bool { return a.index(before) != a.index(now) }

// apply returns the room after a change, and reports whether the change's conditions hold.
func (c RoomChange) apply(r Room) (Room, bool) {
	exists := !r.At.IsZero()
	switch {
	case c.Settles && !r.At.Equal(c.From), !c.Settles && !exists, c.Counts && r.Window != c.OldIndex:
		return r, false
	}
	r.Milli += c.Add
	if c.Settles {
		r.At = c.To
	}
	if c.Counts && c.Index == c.OldIndex {
		r.Verified++
	} else if c.Counts {
		r.Window, r.Verified, r.Before = c.Index, c.Verified, c.Before
	}
	return r, true
}

// keep is how long a room matters after a moment: until it is full again and its numbers
// count no more.
func (a Allowance) keep(r Room, now time.Time) time.Time {
	const windows = 2
	full := a.wait(r, now, int64(a.Floor)*milli)
	return now.Add(full + windows*a.Window)
}
