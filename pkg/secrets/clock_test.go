package secrets_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/seed-a131a524/infobip-otp/pkg/secrets"
)

// setClock is a clock that shows what it was set to.
type setClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *setClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *setClock) set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

// frozen returns the moment that is d later for the wall clock alone, as a machine sees it
// whose monotonic clock stood still meanwhile. No method of time.Time makes one.
func frozen(t *testing.T, then time.Time, d time.Duration) time.Time {
	t.Helper()
	later := then.Add(d)
	monotonic := (*int64)(unsafe.Pointer(uintptr(unsafe.Pointer(&later)) + unsafe.Sizeof(uint64(0)))) //nolint:gosec // the two lines below check where it points
	*monotonic -= int64(d)
	if later.Sub(then) != 0 || later.Round(0).Sub(then.Round(0)) != d {
		t.Fatal("the two clocks of a time.Time are not where this test looks for them")
	}
	return later
}

// TestAgeIsThatOfTheWallClock: a secret grows old in an execution environment that is
// frozen, and a clock that is set back makes none young for ever.
func TestAgeIsThatOfTheWallClock(t *testing.T) {
	read := time.Now()
	if read == read.Round(0) {
		t.Fatal("this machine's clock has no monotonic reading")
	}
	for name, c := range map[string]struct {
		read, later time.Time
		reads       int
	}{
		"frozen for its lifetime":        {read, frozen(t, read, 15*time.Minute), 2},
		"frozen for a little less":       {read, frozen(t, read, 15*time.Minute-1), 1},
		"without a monotonic reading":    {read.Round(0), read.Round(0).Add(15 * time.Minute), 2},
		"with one at first":              {read, read.Round(0).Add(15 * time.Minute), 2},
		"with one at the end":            {read.Round(0), read.Add(15 * time.Minute), 2},
		"with one, in its lifetime":      {read, read.Add(15*time.Minute - 1), 1},
		"without one, in its lifetime":   {read.Round(0), read.Round(0).Add(15*time.Minute - 1), 1},
		"set back while frozen":          {read, frozen(t, read, -time.Second), 2},
		"set back by years":              {read.Round(0), read.Round(0).AddDate(-10, 0, 0), 2},
		"at the very moment of the read": {read, read, 1},
	} {
		t.Run(name, func(t *testing.T) {
			c1, m := &setClock{now: c.read}, &manager{key: "first"}
			s := secrets.NewSource(m, c1)
			wantKey(t, s, "first")
			c1.set(c.later)
			wantKey(t, s, "first")
			m.wantReads(t, c.reads)
		})
	}
}

// TestPauseIsThatOfTheWallClock: an environment that wakes up asks again, and one whose
// clock was set back does not wait for the old time to return.
func TestPauseIsThatOfTheWallClock(t *testing.T) {
	failed := time.Now()
	for name, c := range map[string]struct {
		later time.Time
		reads int
	}{
		"in the pause":    {frozen(t, failed, time.Second-1), 1},
		"after the pause": {frozen(t, failed, time.Second), 2},
		"set back":        {frozen(t, failed, -time.Hour), 2},
	} {
		t.Run(name, func(t *testing.T) {
			c1, m := &setClock{now: failed}, &manager{err: errDown}
			s := secrets.NewSource(m, c1)
			_, err := s.APIKey(t.Context())
			wantUnavailable(t, err, errDown)
			c1.set(c.later)
			_, err = s.APIKey(t.Context())
			wantUnavailable(t, err, errDown)
			m.wantReads(t, c.reads)
		})
	}
}

// TestReadThatWasFrozen: nobody waits for an answer that was on its way hours ago, and
// what it brings at last is not taken for new.
func TestReadThatWasFrozen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := &setClock{now: time.Now()}, &manager{key: "old", takes: time.Second}
		s := secrets.NewSource(m, c)
		var frozen sync.WaitGroup
		frozen.Go(func() { wantKey(t, s, "old") })
		synctest.Wait()
		c.set(c.Now().Add(time.Hour))
		m.set(func(m *manager) { m.key, m.takes = "new", 0 })
		wantKey(t, s, "new")
		frozen.Wait()
		wantKey(t, s, "new")
		m.wantReads(t, 2)
	})
}

// TestSecretIsAsOldAsTheQuestion: what was read is not taken to be younger than it may be.
func TestSecretIsAsOldAsTheQuestion(t *testing.T) {
	bubble(t, func(t *testing.T, m *manager, s *secrets.Source) {
		m.set(func(m *manager) { m.takes = time.Second })
		wantKey(t, s, "first")
		time.Sleep(15*time.Minute - time.Second)
		wantKey(t, s, "first")
		m.wantReads(t, 2)
	})
}
