package guard

import (
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const day = 24 * time.Hour

// ten is the allowance that examples use: ten at first, ten a day, three more for a number.
var ten = Allowance{Mode: Enforce, Floor: 10, Window: day, Growth: 3 * tenths}

// send applies what a send does to a room, as the guard does: again if its condition fails.
func (a Allowance) send(t interface{ Fatalf(string, ...any) }, r Room, now time.Time) Room {
	next, ok := a.take(r, now).apply(r)
	if !ok {
		t.Fatalf("a take from %+v, which nobody changed, does not apply", r)
	}
	return next
}

// success applies a success, blind first.
func (a Allowance) success(t interface{ Fatalf(string, ...any) }, r Room, now time.Time, sends int, fresh bool) Room {
	next, ok := a.credit(a.blind(now), now, sends, fresh).apply(r)
	if !ok {
		next, ok = a.credit(r, now, sends, fresh).apply(r)
	}
	if !ok {
		t.Fatalf("a credit to %+v, which nobody changed, does not apply", r)
	}
	return next
}

func (a Allowance) wantLevel(t *testing.T, what string, r Room, now time.Time, want float64) {
	t.Helper()
	if got := a.level(r, now); got != int64(want*milli) {
		t.Errorf("%s: the level is %d, want %g", what, got, want*milli)
	}
}

// TestRoomByExample walks through one room's days.
func TestRoomByExample(t *testing.T) {
	var r Room
	now := start // noon
	ten.wantLevel(t, "at first", r, now, 10)
	for range 10 {
		r = ten.send(t, r, now)
	}
	ten.wantLevel(t, "after ten sends", r, now, 0)
	if wait := ten.wait(r, now, milli); wait < day/10 || wait > day/10+time.Second {
		t.Errorf("the wait for a send is %s, want a tenth of a day", wait)
	}
	ten.wantLevel(t, "after a tenth of a day", r, now.Add(day/10), 1)
	ten.wantLevel(t, "after half a day", r, now.Add(day/2), 5)
	ten.wantLevel(t, "after three days", r, now.Add(3*day), 10)

	// A number's success gives its two sends back, and three more once in a window.
	r = ten.success(t, r, now, 2, true)
	ten.wantLevel(t, "after a success", r, now, 5)
	r = ten.success(t, r, now, 1, false)
	ten.wantLevel(t, "after another of the number", r, now, 6)
	if got := ten.most(r, now); got != 13*milli {
		t.Errorf("it holds %d, want 13", got)
	}
	ten.wantLevel(t, "at the day's end", r, now.Add(12*time.Hour), 11)
	if got := ten.most(r, now.Add(day)); got != 13*milli {
		t.Errorf("on the day after it holds %d, want 13", got)
	}
	if got := ten.most(r, now.Add(2*day)); got != 10*milli {
		t.Errorf("two days after it holds %d, want 10", got)
	}
	// Windows are those since 1970, so midnight ends one.
	later := now.Add(12 * time.Hour)
	for range 2 {
		r = ten.success(t, r, later, 0, true)
	}
	if got := ten.most(r, later); got != 16*milli || r.Verified != 2 || r.Before != 1 {
		t.Errorf("with two numbers in this window and one before it holds %d (%+v), want 16", got, r)
	}
	ten.wantLevel(t, "after two more numbers", r, later, 16)
}

// TestRoomBelowZero: below zero it refills as above.
func TestRoomBelowZero(t *testing.T) {
	var r Room
	for range 20 {
		r = ten.send(t, r, start)
	}
	ten.wantLevel(t, "after twenty sends", r, start, -10)
	ten.wantLevel(t, "a day later", r, start.Add(day), 0)
	ten.wantLevel(t, "two days later", r, start.Add(2*day), 10)
	if wait := ten.wait(r, start, milli); wait < 11*day/10 || wait > 11*day/10+time.Second {
		t.Errorf("the wait for a send is %s, want 1.1 days", wait)
	}
	recording := ten
	recording.Mode = Record
	recording.wantLevel(t, "the same, while recording", r, start, 0)
}

// rule is the rule as it is written down, in fractions without rounding, for one sender at
// a time.
type rule struct {
	a        Allowance
	level    *big.Rat // nil: full
	at       time.Time
	verified map[int64]int64 // distinct numbers by window
}

func (m *rule) most(now time.Time) *big.Rat {
	index := m.a.index(now)
	numbers := max(m.verified[index], m.verified[index-1])
	grown := big.NewRat(numbers*int64(m.a.Growth), tenths)
	return grown.Add(grown, big.NewRat(int64(m.a.Floor), 1))
}

// read returns the level, without changing anything.
func (m *rule) read(now time.Time) *big.Rat {
	if m.level == nil {
		return big.NewRat(int64(m.a.Floor), 1)
	}
	refill := big.NewRat(int64(m.a.Floor)*now.Sub(m.at).Milliseconds(), m.a.Window.Milliseconds())
	level := refill.Add(refill, m.level)
	if most := m.most(now); level.Cmp(most) > 0 {
		return most
	}
	return level
}

func (m *rule) add(now time.Time, n *big.Rat, cut bool) {
	level := m.read(now)
	if !cut && m.level != nil { // what is too much is cut off when it is next read
		refill := big.NewRat(int64(m.a.Floor)*now.Sub(m.at).Milliseconds(), m.a.Window.Milliseconds())
		level = refill.Add(refill, m.level)
	}
	m.level, m.at = level.Add(level, n), now
}

func drawAllowance(t *rapid.T) Allowance {
	return Allowance{
		Mode:   Enforce,
		Floor:  rapid.OneOf(rapid.IntRange(1, 30), rapid.IntRange(1, mostFloor)).Draw(t, "floor"),
		Window: time.Duration(rapid.OneOf(rapid.Int64Range(60_000, 86_400_000), rapid.Just(longestWindow.Milliseconds())).Draw(t, "window")) * time.Millisecond,
		Growth: rapid.IntRange(0, 40).Draw(t, "growth"),
	}
}

// TestRoomKeepsTheRule: whatever happens, one at a time, the room as it is kept differs from
// the rule by less than what is left to the next send to settle, and by the rounding.
func TestRoomKeepsTheRule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawAllowance(t)
		m := &rule{a: a, verified: map[int64]int64{}}
		var r Room
		now := start
		settled := int64(0)
		seen := map[string]time.Time{} // when a number was last verified
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.Int64Range(1, 2*a.Window.Milliseconds()/int64(min(a.Floor, 100))).Draw(t, "pause")) * time.Millisecond)
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0, 1:
				before := r.At
				r = a.send(t, r, now)
				m.add(now, big.NewRat(-1, 1), true)
				if !r.At.Equal(before) {
					settled++
				}
			case 2: // a message that was not sent
				if !r.At.IsZero() {
					r, _ = RoomChange{Add: milli}.apply(r)
					m.add(now, big.NewRat(1, 1), false)
				}
			case 3:
				number := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "number")
				sends := rapid.IntRange(0, 4).Draw(t, "sends")
				fresh := a.fresh(seen[number], now)
				seen[number] = now
				r = a.success(t, r, now, sends, fresh)
				gain := big.NewRat(int64(sends), 1)
				if fresh {
					m.verified[a.index(now)]++
					gain.Add(gain, big.NewRat(int64(a.Growth), tenths))
				}
				m.add(now, gain, false)
			}
			exact := m.read(now)
			exact.Mul(exact, big.NewRat(milli, 1))
			off := new(big.Rat).Sub(big.NewRat(a.level(r, now), 1), exact)
			if off.Cmp(big.NewRat(a.settleAfter(), 1)) > 0 || off.Cmp(big.NewRat(-settled-1, 1)) < 0 {
				t.Fatalf("%s: the level is %d, by the rule %s; %d were settled", a, a.level(r, now), exact.FloatString(3), settled)
			}
			if got, want := a.most(r, now), m.most(now); big.NewRat(got, milli).Cmp(want) != 0 {
				t.Fatalf("%s: it holds %d, by the rule %s", a, got, want.FloatString(1))
			}
		}
	})
}

// TestWaitIsTrue: after the wait that is told there is room, and not much before.
func TestWaitIsTrue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawAllowance(t)
		var r Room
		for range rapid.IntRange(0, min(2*a.Floor, 100)).Draw(t, "sends") {
			r = a.send(t, r, start)
		}
		now := start.Add(time.Duration(rapid.Int64Range(0, a.Window.Milliseconds()).Draw(t, "ms")) * time.Millisecond)
		need := rapid.SampledFrom([]int64{milli, milli - a.most(r, now)}).Draw(t, "need")
		wait := a.wait(r, now, need)
		if a.level(r, now) >= need {
			if wait != 0 {
				t.Fatalf("with room the wait is %s", wait)
			}
			return
		}
		if got := a.level(r, now.Add(wait)); got < need {
			t.Fatalf("%s: after %s the level is %d, want %d", a, wait, got, need)
		}
		// A thousandth of a send is known no better than to itself.
		early := wait - 2*time.Millisecond - a.Window/time.Duration(int64(a.Floor)*milli)
		if got := a.level(r, now.Add(early)); early > 0 && got >= need {
			t.Fatalf("%s: already after %s the level is %d, want to wait %s", a, early, got, wait)
		}
	})
}

// TestParallelSendsAreAllCounted: however many read a room at one moment, and in whatever
// order they write, each takes one send, and one of them at most settles.
func TestParallelSendsAreAllCounted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawAllowance(t)
		var r Room
		for range rapid.IntRange(0, 5).Draw(t, "sends before") {
			r = a.send(t, r, start)
		}
		if rapid.Bool().Draw(t, "too much") && !r.At.IsZero() {
			r.Milli += 100 * a.settleAfter()
		}
		now := start.Add(time.Duration(rapid.Int64Range(1, 3*a.Window.Milliseconds()).Draw(t, "ms")) * time.Millisecond)
		seen, before := r, a.level(r, now)
		settled := 0
		senders := rapid.IntRange(2, 20).Draw(t, "senders")
		for range senders {
			view := seen // all read before any wrote
			for try := 0; ; try++ {
				change := a.take(view, now)
				next, ok := change.apply(r)
				if ok {
					r = next
					if change.Settles {
						settled++
					}
					break
				}
				if try > 0 {
					t.Fatalf("a send failed again although it knew the room: %+v", r)
				}
				view = r
			}
		}
		if settled > 1 {
			t.Fatalf("%d senders settled", settled)
		}
		// What is left to the next to settle may hide a part of what was taken.
		got, want := a.level(r, now), before-int64(senders)*milli
		if got < want || got > want+a.settleAfter() || settled == 1 && got != want {
			t.Fatalf("%s: after %d sends the level went from %d to %d, want %d", a, senders, before, got, want)
		}
	})
}

// TestSettlingLosesNothing: what others add between a send's read and its write stays.
func TestSettlingLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawAllowance(t)
		r := a.send(t, Room{}, start)
		now := start.Add(a.Window)
		change := a.take(r, now)
		if !change.Settles {
			t.Fatalf("after a window there is nothing to settle in %+v", r)
		}
		others := rapid.SliceOfN(rapid.Int64Range(-3*milli, 3*milli), 0, 5).Draw(t, "others")
		sum := int64(0)
		for _, n := range others {
			r, _ = RoomChange{Add: n}.apply(r)
			sum += n
		}
		next, ok := change.apply(r)
		if want := int64(a.Floor)*milli - milli + sum; !ok || next.Milli != want {
			t.Fatalf("%s: the account is %d, want %d", a, next.Milli, want)
		}
		if _, again := change.apply(next); again {
			t.Fatal("the same settlement applied twice")
		}
	})
}
