// Package guardtest is the contract of guard.Cells as a test. Every implementation has to
// pass it.
package guardtest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// Run runs the suite. Open returns cells; it is called once for every test. They need not
// be empty: the suite draws its keys.
func Run(t *testing.T, open func(testing.TB) guard.Cells) {
	t.Helper()
	for _, test := range []struct {
		name string
		run  func(*suite)
	}{
		{"what was never written is empty", empty},
		{"orders are read as they were written", orders},
		{"orders are replaced whole", replaced},
		{"orders are written only over those that were seen", stale},
		{"of parallel orders one is written", parallel},
		{"cells come in the order of their keys", several},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &suite{T: t, Cells: open(t), now: time.Now().UTC().Truncate(time.Millisecond)}
			s.key = fmt.Sprintf("guard#test#%s#%d", t.Name(), s.now.UnixNano())
			test.run(s)
		})
	}
}

// suite is one test: cells, a key that nobody used, and the time.
type suite struct {
	*testing.T
	guard.Cells
	key string
	now time.Time
}

func (s *suite) read(keys ...string) []guard.Cell {
	s.Helper()
	found, err := s.Read(s.Context(), keys)
	if err != nil {
		s.Fatalf("Read: %v", err)
	}
	if len(found) != len(keys) {
		s.Fatalf("Read returned %d cells for %d keys", len(found), len(keys))
	}
	return found
}

func (s *suite) order(o guard.Orders, was guard.Revision, want bool) {
	s.Helper()
	written, err := s.Order(s.Context(), s.key, o, was, s.now.Add(time.Hour))
	if err != nil || written != want {
		s.Fatalf("Order over %q: %v, %v, want %v", was, written, err, want)
	}
}

func (s *suite) wantOrders(want guard.Orders) guard.Revision {
	s.Helper()
	got := s.read(s.key)[0]
	if diff := cmp.Diff(want, got.Orders, cmpopts.EquateEmpty()); diff != "" {
		s.Errorf("the orders differ (-want +got):\n%s", diff)
	}
	return got.Revision
}

func empty(s *suite) {
	if diff := cmp.Diff([]guard.Cell{{}, {}}, s.read(s.key, s.key+"'")); diff != "" {
		s.Errorf("unknown keys have (-want +got):\n%s", diff)
	}
}

func (s *suite) sample() guard.Orders {
	return guard.Orders{
		Stops: []guard.Stop{
			{Since: s.now, Reason: "everything, until somebody starts it"},
			{Scope: guard.Scope{Region: "AT"}, Since: s.now, Until: s.now.Add(time.Minute), Reason: "größer"},
			{Scope: guard.Scope{Region: "001", Channel: otp.Voice}, Since: s.now, Reason: "calls"},
		},
		Started: guard.Start{Scope: guard.Scope{Channel: otp.SMS}, At: s.now.Add(-time.Hour), Reason: "over"},
	}
}

func orders(s *suite) {
	s.order(s.sample(), "", true)
	if s.wantOrders(s.sample()) == "" {
		s.Error("the cell has no revision")
	}
}

func replaced(s *suite) {
	s.order(s.sample(), "", true)
	first := s.wantOrders(s.sample())
	next := guard.Orders{Stops: s.sample().Stops[1:2]}
	s.order(next, first, true)
	second := s.wantOrders(next)
	if first == second {
		s.Errorf("both orders have the revision %q", first)
	}
	s.order(guard.Orders{}, second, true)
	s.wantOrders(guard.Orders{})
}

func stale(s *suite) {
	s.order(s.sample(), "never", false)
	s.wantOrders(guard.Orders{})
	s.order(s.sample(), "", true)
	first := s.wantOrders(s.sample())
	s.order(guard.Orders{}, "", false)
	next := guard.Orders{Stops: s.sample().Stops[:1]}
	s.order(next, first, true)
	s.order(guard.Orders{}, first, false)
	s.wantOrders(next)
}

func parallel(s *suite) {
	const operators = 20
	var mu sync.Mutex
	wrote := 0
	var all sync.WaitGroup
	for i := range operators {
		all.Go(func() {
			o := guard.Orders{Stops: []guard.Stop{{Since: s.now, Reason: fmt.Sprint(i)}}}
			written, err := s.Order(s.Context(), s.key, o, "", s.now.Add(time.Hour))
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				s.Errorf("Order: %v", err)
			}
			if written {
				wrote++
			}
		})
	}
	all.Wait()
	if wrote != 1 {
		s.Errorf("%d of %d were written, want 1", wrote, operators)
	}
}

func several(s *suite) {
	s.order(s.sample(), "", true)
	got := s.read(s.key+"before", s.key, s.key+"after")
	for i, want := range []int{0, 3, 0} {
		if len(got[i].Orders.Stops) != want {
			s.Errorf("cell %d has %d stops, want %d", i, len(got[i].Orders.Stops), want)
		}
	}
}
