// Package ratelimittest is the contract of ratelimit.Counter as a test. Every
// implementation has to pass it.
package ratelimittest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/rate"

	"github.com/seed-a131a524/infobip-otp/pkg/ratelimit"
)

// Run runs the suite. Open returns a counter; it is called once for every test. The
// counter need not be empty: the suite draws its keys.
func Run(t *testing.T, open func(testing.TB) ratelimit.Counter) {
	t.Helper()
	for _, test := range []struct {
		name string
		run  func(*suite)
	}{
		{"hits count up", counting},
		{"the window is fixed from the first hit", fixed},
		{"a window that is over starts anew", anew},
		{"a long silence starts anew", silence},
		{"a clock that lags counts in the running window", lagging},
		{"a window changed by a deployment holds from the next one", changed},
		{"keys are independent", keys},
		{"no parallel hit is lost", parallel},
		{"no parallel hit is lost where a window ends", boundary},
		{"a limit is never passed", limit},
		{"hits that are given back count no more", givenBack},
		{"to another window nothing is given back", anotherWindow},
		{"a window that ended gets nothing back", endedWindow},
		{"no window has less than no hits", neverBelowZero},
		{"hits are given back to the window of a mark", marked},
		{"no more is given back in parallel than there is", givenBackInParallel},
		{"hits and what is given back meet in parallel", bothInParallel},
	} {
		t.Run(test.name, func(t *testing.T) {
			// A time of our own: whole milliseconds, near the real one, because a
			// table's TTL goes by that.
			s := &suite{T: t, Counter: open(t), now: time.Now().UTC().Truncate(time.Millisecond)}
			s.key = fmt.Sprintf("client#test#%s#%d", t.Name(), s.now.UnixNano())
			test.run(s)
		})
	}
}

// suite is one test: a counter, a key that nobody used, and the time.
type suite struct {
	*testing.T
	ratelimit.Counter
	key string
	now time.Time
}

const window = time.Hour

// hit counts at a time after the start, and checks count and end.
func (s *suite) hit(after time.Duration, wantHits int, wantEnd time.Duration) {
	s.Helper()
	hits, ends, err := s.Hit(s.Context(), s.key, s.now.Add(after), window)
	if err != nil {
		s.Fatalf("Hit after %s: %v", after, err)
	}
	if hits != wantHits || !ends.Equal(s.now.Add(wantEnd)) {
		s.Errorf("Hit after %s gave %d until %s, want %d until %s", after, hits, ends.Sub(s.now), wantHits, wantEnd)
	}
}

func counting(s *suite) {
	for i := range 12 {
		s.hit(0, i+1, window)
	}
}

func fixed(s *suite) {
	s.hit(0, 1, window)
	s.hit(time.Minute, 2, window)
	s.hit(window/2, 3, window)
	s.hit(window-time.Millisecond, 4, window)
}

func anew(s *suite) {
	s.hit(0, 1, window)
	s.hit(0, 2, window)
	s.hit(window, 1, 2*window)
	s.hit(window, 2, 2*window)
	s.hit(2*window, 1, 3*window)
}

func silence(s *suite) {
	s.hit(0, 1, window)
	s.hit(100*window, 1, 101*window)
}

// lagging: two environments' clocks differ by a little.
func lagging(s *suite) {
	s.hit(5*time.Second, 1, window+5*time.Second)
	s.hit(0, 2, window+5*time.Second)
}

func changed(s *suite) {
	s.hit(0, 1, window)
	hits, ends, err := s.Hit(s.Context(), s.key, s.now.Add(time.Minute), 2*window)
	if err != nil || hits != 2 || !ends.Equal(s.now.Add(window)) {
		s.Errorf("within the old window: %d until %s, %v", hits, ends.Sub(s.now), err)
	}
	hits, ends, err = s.Hit(s.Context(), s.key, s.now.Add(window), 2*window)
	if err != nil || hits != 1 || !ends.Equal(s.now.Add(3*window)) {
		s.Errorf("after it: %d until %s, %v", hits, ends.Sub(s.now), err)
	}
}

func keys(s *suite) {
	s.hit(0, 1, window)
	other := *s
	other.key += "'"
	other.hit(0, 1, window)
	s.hit(0, 2, window)
}

// parallel checks that every count is given out once.
func parallel(s *suite) {
	s.together(0, 40)
}

func boundary(s *suite) {
	s.hit(0, 1, window)
	s.together(window, 40) // all find a window that is over
}

func (s *suite) together(after time.Duration, clients int) {
	s.Helper()
	var mu sync.Mutex
	seen := map[int]int{}
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			hits, _, err := s.Hit(s.Context(), s.key, s.now.Add(after), window)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				s.Errorf("Hit: %v", err)
			}
			seen[hits]++
		})
	}
	all.Wait()
	for i := range clients {
		if seen[i+1] != 1 {
			s.Errorf("the count %d was given %d times, want once", i+1, seen[i+1])
		}
	}
}

func limit(s *suite) {
	const clients, attempts = 30, 5
	l := rate.Rate{Attempts: attempts, Window: window}
	var mu sync.Mutex
	allowed := 0
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			decision, err := ratelimit.Hit(context.WithoutCancel(s.Context()), s.Counter, l, s.key, s.now)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				s.Errorf("Hit: %v", err)
			}
			if decision.Allowed {
				allowed++
			}
		})
	}
	all.Wait()
	if allowed != attempts {
		s.Errorf("%d of %d were allowed, want %d", allowed, clients, attempts)
	}
}

// back takes hits off the window that ends so long after the start.
func (s *suite) back(wantEnd time.Duration, hits int) {
	s.Helper()
	if err := s.GiveBack(s.Context(), s.key, s.now.Add(wantEnd), hits); err != nil {
		s.Errorf("GiveBack of %d: %v", hits, err)
	}
}

func givenBack(s *suite) {
	for i := range 5 {
		s.hit(0, i+1, window)
	}
	s.back(window, 3)
	s.hit(time.Minute, 3, window) // the same window goes on
	s.back(window, 3)
	s.hit(time.Minute, 1, window)
}

func anotherWindow(s *suite) {
	s.hit(0, 1, window)
	s.hit(0, 2, window)
	for _, end := range []time.Duration{0, window - time.Millisecond, window + time.Millisecond, 2 * window} {
		s.back(end, 1)
	}
	s.hit(0, 3, window)
	other := *s
	other.key += "'"
	other.back(window, 1) // a key that nobody hit
	other.hit(time.Minute, 1, window+time.Minute)
	s.hit(0, 4, window)
}

func endedWindow(s *suite) {
	s.hit(0, 1, window)
	s.hit(0, 2, window)
	s.hit(window, 1, 2*window)
	s.back(window, 1)
	s.hit(window, 2, 2*window)
}

func neverBelowZero(s *suite) {
	s.hit(0, 1, window)
	s.back(window, 2)
	s.hit(0, 2, window)
	s.back(window, 2)
	s.back(window, 1)
	s.hit(0, 1, window)
}

// marked: what Hit said, written down and read again, names the window, also where the
// clock is finer than what is kept.
func marked(s *suite) {
	s.now = s.now.Add(123456 * time.Nanosecond)
	for range 3 {
		if _, _, err := s.Hit(s.Context(), s.key, s.now, window); err != nil {
			s.Fatal(err)
		}
	}
	hits, ends, err := s.Hit(s.Context(), s.key, s.now, window)
	if err != nil || hits != 4 {
		s.Fatalf("Hit = %d, %v; want 4", hits, err)
	}
	mark, ok := ratelimit.ParseMark(ratelimit.Mark{Key: s.key, Ends: ends}.String())
	if !ok {
		s.Fatal("a mark cannot be read")
	}
	if err := ratelimit.GiveBack(s.Context(), s.Counter, s.now, []ratelimit.Mark{mark, mark, mark}); err != nil {
		s.Fatal(err)
	}
	if hits, _, err := s.Hit(s.Context(), s.key, s.now, window); err != nil || hits != 2 {
		s.Errorf("after three of four were given back, Hit = %d, %v; want 2", hits, err)
	}
}

func givenBackInParallel(s *suite) {
	const hits, backs = 12, 30
	for i := range hits {
		s.hit(0, i+1, window)
	}
	var all sync.WaitGroup
	for range backs {
		all.Go(func() { s.back(window, 1) })
	}
	all.Wait()
	s.hit(0, 1, window)
}

func bothInParallel(s *suite) {
	const before, each = 20, 20
	for i := range before {
		s.hit(0, i+1, window)
	}
	var all sync.WaitGroup
	for range each {
		all.Go(func() { s.back(window, 1) })
		all.Go(func() {
			if _, _, err := s.Hit(context.WithoutCancel(s.Context()), s.key, s.now, window); err != nil {
				s.Errorf("Hit: %v", err)
			}
		})
	}
	all.Wait()
	s.hit(0, before+1, window)
}
