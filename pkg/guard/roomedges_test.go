package guard

import (
	"fmt"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestChangedFloor: a deployment changes FLOOR while rooms are kept. What was refilled at the
// old one is not taken away.
func TestChangedFloor(t *testing.T) {
	old := Allowance{Mode: Enforce, Floor: 150, Window: day, Growth: 15}
	next := old
	next.Floor = 100
	var r Room
	now := start
	for range 100 * 24 { // a send an hour for a hundred days
		now = now.Add(time.Hour)
		r = old.send(t, r, now)
	}
	if got := next.level(r, now); got < 95*milli || got > 100*milli {
		t.Errorf("the level is %d after the change, and %d before", got, old.level(r, now))
	}
}

// TestLaggingClock: a clock that is behind refills nothing, settles nothing and counts in the
// newest window there is.
func TestLaggingClock(t *testing.T) {
	midnight := start.Truncate(day).Add(day)
	r := ten.send(t, Room{}, midnight)
	r = ten.success(t, r, midnight, 0, true)
	behind := midnight.Add(-5 * time.Second)
	level := ten.level(r, behind)
	if level != r.Milli {
		t.Errorf("the level is %d, want what is in the account: %d", level, r.Milli)
	}
	full := r
	full.Milli += 100 * milli // more than it may hold
	if change := ten.take(full, behind); change.Settles || change.Add != -milli {
		t.Errorf("a send cuts off: %+v", change)
	}
	if change := ten.take(r, behind); change.Settles || change.Add != -milli {
		t.Errorf("a send settles: %+v", change)
	}
	next := ten.success(t, r, behind, 0, true)
	if next.Window != r.Window || next.Verified != 2 || ten.level(next, behind) != level+3*milli {
		t.Errorf("a success makes %+v of %+v", next, r)
	}
}

// TestSettlingIsRare: a send that finds no whole send of refill has no condition but that
// there is a room, so the sends of a moment do not get in one another's way.
func TestSettlingIsRare(t *testing.T) {
	r := ten.send(t, Room{}, start)
	for _, after := range []time.Duration{time.Millisecond, time.Minute, day/10 - time.Second} {
		if change := ten.take(r, start.Add(after)); change.Settles {
			t.Errorf("after %s a send settles", after)
		}
	}
	if change := ten.take(r, start.Add(day/10)); !change.Settles {
		t.Error("after a whole send of refill nothing is settled")
	}
}

// TestWaitIsRoundedUp: of a refill that is no whole number of milliseconds.
func TestWaitIsRoundedUp(t *testing.T) {
	seven := ten
	seven.Floor = 7
	var r Room
	for range 7 {
		r = seven.send(t, r, start)
	}
	wait := seven.wait(r, start, milli)
	if got := seven.level(r, start.Add(wait)); got < milli {
		t.Errorf("after %s the level is %d", wait, got)
	}
}

// TestRoomConditions: each condition of a change, alone.
func TestRoomConditions(t *testing.T) {
	at, later := start, start.Add(time.Hour)
	kept := Room{Milli: 5, At: at, Window: 7, Verified: 2, Before: 1}
	for name, c := range map[string]struct {
		room   Room
		change RoomChange
		want   Room
		ok     bool
	}{
		"an addition":                  {kept, RoomChange{Add: 2}, Room{7, at, 7, 2, 1}, true},
		"an addition to nothing":       {Room{}, RoomChange{Add: 2}, Room{}, false},
		"a settlement":                 {kept, RoomChange{Add: 2, Settles: true, From: at, To: later}, Room{7, later, 7, 2, 1}, true},
		"a settlement that comes late": {kept, RoomChange{Add: 2, Settles: true, From: later, To: later}, kept, false},
		"a beginning":                  {Room{}, RoomChange{Add: 2, Settles: true, To: later}, Room{2, later, 0, 0, 0}, true},
		"a beginning that comes late":  {kept, RoomChange{Add: 2, Settles: true, To: later}, kept, false},
		"a number":                     {kept, RoomChange{Counts: true, Index: 7, OldIndex: 7}, Room{5, at, 7, 3, 1}, true},
		"a number of another window":   {kept, RoomChange{Counts: true, Index: 8, OldIndex: 8}, kept, false},
		"a new window":                 {kept, RoomChange{Counts: true, Index: 8, OldIndex: 7, Verified: 1, Before: 2}, Room{5, at, 8, 1, 2}, true},
		"a new window that comes late": {kept, RoomChange{Counts: true, Index: 8, OldIndex: 6, Verified: 1, Before: 9}, kept, false},
	} {
		got, ok := c.change.apply(c.room)
		if got != c.want || ok != c.ok {
			t.Errorf("%s: %+v, %v, want %+v, %v", name, got, ok, c.want, c.ok)
		}
	}
}

// TestMulDiv holds it against numbers without an end.
func TestMulDiv(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.Int64Range(0, 1<<62).Draw(t, "a")
		b := rapid.Int64Range(0, 1<<62).Draw(t, "b")
		c := rapid.Int64Range(1, 1<<62).Draw(t, "c")
		want := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
		want.Quo(want, big.NewInt(c))
		if limit := big.NewInt(1<<63/4 - 1); want.Cmp(limit) > 0 {
			want = big.NewInt((1<<63 - 1) / 4)
		}
		if got := mulDiv(a, b, c); fmt.Sprint(got) != want.String() {
			t.Fatalf("%d * %d / %d = %d, want %s", a, b, c, got, want)
		}
	})
}

// TestKeepOutlivesWhatMatters: a cell that was forgotten at its time is as one that was not.
func TestKeepOutlivesWhatMatters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawAllowance(t)
		var r Room
		now := start
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.Int64Range(0, a.Window.Milliseconds()/10).Draw(t, "pause")) * time.Millisecond)
			if rapid.Bool().Draw(t, "success") {
				r = a.success(t, r, now, 1, true)
			} else {
				r = a.send(t, r, now)
			}
		}
		at := a.keep(r, now)
		if got, want := a.level(r, at), int64(a.Floor)*milli; got != want || a.most(r, at) != want {
			t.Fatalf("%s: when it is forgotten %+v has %d of %d", a, r, got, a.most(r, at))
		}
	})
}
