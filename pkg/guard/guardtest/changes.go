package guardtest

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
)

// apply makes a change, and fails the test if that is no answer at all.
func (s *suite) apply(c guard.Change) (guard.Cell, bool) {
	s.Helper()
	current, applied, err := s.Apply(s.Context(), s.key, c)
	if err != nil {
		s.Errorf("Apply: %v", err)
	}
	return current, applied
}

// changes draws changes of every kind, with conditions that hold and that do not, and holds
// the implementation to what guard.Change.Apply makes of each.
func changes(s *suite) {
	const steps = 400
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a draw that is the same each time
	var want guard.Cell
	kinds := map[bool]int{}
	for i := range steps {
		c := s.draw(r, want)
		next, ok := c.Apply(want)
		current, applied := s.apply(c)
		if applied != ok {
			s.Fatalf("change %d: applied is %v, want %v: %+v", i, applied, ok, c)
		}
		if diff := cmp.Diff(want, current, cmpopts.EquateEmpty()); !ok && diff != "" {
			s.Fatalf("change %d did not apply, and came back with (-want +got):\n%s", i, diff)
		}
		want = next
		if diff := cmp.Diff(want, s.read(s.key)[0], cmpopts.EquateEmpty()); diff != "" {
			s.Fatalf("change %d: %+v left (-want +got):\n%s", i, c, diff)
		}
		kinds[ok]++
	}
	if kinds[true] < steps/4 || kinds[false] < steps/4 {
		s.Errorf("of the changes %v applied: the draw tests little", kinds)
	}
}

// draw returns a change. Two times of three it expects the cell as it is.
func (s *suite) draw(r *rand.Rand, cell guard.Cell) guard.Change {
	moment := func() time.Time { return s.now.Add(time.Duration(r.IntN(5)) * time.Minute) }
	seen := cell
	if r.IntN(3) == 0 {
		seen.Strangers = guard.Room{At: moment(), Window: int64(r.IntN(3))}
		seen.Known = guard.Room{At: moment(), Window: int64(r.IntN(3))}
		seen.Purse.Ends = moment()
	}
	var c guard.Change
	if r.IntN(3) > 0 {
		known := r.IntN(2) == 0
		room := seen.Strangers
		if known {
			room = seen.Known
		}
		c.Room = drawRoom(r, room, moment)
		c.Room.Known = known
	}
	switch kind := r.IntN(4); {
	case kind == 0 && c.Room != nil:
	case kind <= 1:
		now := moment()
		c.Payment = &guard.Payment{
			Price: guard.Amount(1 + r.IntN(40)), Most: guard.Amount(r.IntN(120)), Mail: r.IntN(3) == 0, MostMail: guard.Amount(r.IntN(40)),
			Now: now, Ends: now.Add(2 * time.Minute), Begins: !now.Before(seen.Purse.Ends),
		}
	case kind == 2:
		c.Refund = &guard.Refund{Price: guard.Amount(r.IntN(10)), Mail: r.IntN(3) == 0, Ends: seen.Purse.Ends}
		if seen.Purse.Ends.IsZero() {
			c.Refund.Ends = moment()
		}
	default:
		ends := seen.Purse.Ends
		if ends.IsZero() {
			ends = moment()
		}
		c.Reset = &ends
	}
	if r.IntN(2) == 0 {
		c.Keep = s.now.Add(time.Hour)
	}
	c.Once = r.IntN(2) == 0
	return c
}

func drawRoom(r *rand.Rand, room guard.Room, moment func() time.Time) *guard.RoomChange {
	c := &guard.RoomChange{Add: int64(r.IntN(5000) - 2500)}
	if room.At.IsZero() || r.IntN(2) == 0 {
		c.Settles, c.From, c.To = true, room.At, moment()
	}
	if r.IntN(2) == 0 {
		c.Counts, c.OldIndex, c.Index = true, room.Window, room.Window
		if room.Window == 0 || r.IntN(2) == 0 {
			c.Index, c.Verified, c.Before = room.Window+1+int64(r.IntN(2)), 1, int64(r.IntN(2))
		}
	}
	return c
}

// apart: operators write under a revision of their own, so that counters do not conflict
// with them.
func apart(s *suite) {
	begins := guard.Change{Room: &guard.RoomChange{Add: 7, Settles: true, To: s.now}, Keep: s.now.Add(time.Hour)}
	if _, applied := s.apply(begins); !applied {
		s.Fatal("a room does not begin")
	}
	s.order(s.sample(), "", true)
	first := s.wantOrders(s.sample())
	if _, applied := s.apply(guard.Change{Room: &guard.RoomChange{Add: 5}}); !applied {
		s.Fatal("orders are in a room's way")
	}
	if second := s.wantOrders(s.sample()); second != first {
		s.Error("a counter changes the orders' revision")
	}
	s.order(guard.Orders{}, first, true)
	if got := s.read(s.key)[0].Strangers; got.Milli != 12 || !got.At.Equal(s.now) {
		s.Errorf("orders changed the room: %+v", got)
	}
}

// together runs a function many times at once, and returns how often it was true.
func (s *suite) together(times int, f func() bool) int {
	s.Helper()
	var mu sync.Mutex
	count := 0
	var all sync.WaitGroup
	for range times {
		all.Go(func() {
			if f() {
				mu.Lock()
				defer mu.Unlock()
				count++
			}
		})
	}
	all.Wait()
	return count
}

const parallelism = 60

func additions(s *suite) {
	s.apply(guard.Change{Room: &guard.RoomChange{Settles: true, To: s.now}})
	applied := s.together(parallelism, func() bool {
		_, ok := s.apply(guard.Change{Room: &guard.RoomChange{Add: -3}})
		return ok
	})
	if got := s.read(s.key)[0].Strangers.Milli; applied != parallelism || got != -3*parallelism {
		s.Errorf("after %d of %d additions of -3 there is %d", applied, parallelism, got)
	}
}

func settlements(s *suite) {
	s.apply(guard.Change{Room: &guard.RoomChange{Settles: true, To: s.now}})
	applied := s.together(parallelism, func() bool {
		_, ok := s.apply(guard.Change{Room: &guard.RoomChange{Add: 5, Settles: true, From: s.now, To: s.now.Add(time.Minute)}})
		return ok
	})
	if got := s.read(s.key)[0].Strangers.Milli; applied != 1 || got != 5 {
		s.Errorf("%d settlements applied, and there is %d; want 1 and 5", applied, got)
	}
}

// payments: all find that the window has not begun, so all but one have to try again.
func payments(s *suite) {
	const price, most = 3, 100
	ends := s.now.Add(time.Hour)
	paid := s.together(parallelism, func() bool {
		var purse guard.Purse
		for {
			p := &guard.Payment{Price: price, Most: most, Now: s.now, Ends: ends, Begins: !s.now.Before(purse.Ends)}
			if purse.Spent+price > most {
				return false
			}
			current, applied := s.apply(guard.Change{Payment: p})
			if applied || s.Failed() {
				return applied
			}
			purse = current.Purse
		}
	})
	if got := s.read(s.key)[0].Purse; paid != most/price || got.Spent != most/price*price || !got.Ends.Equal(ends) {
		s.Errorf("%d of %d paid %d, want %d: %+v", paid, parallelism, price, most/price, got)
	}
}
