package secrets_test

import (
	"sync"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/secrets"
)

// pauses are those after the reads that did not help, one after another.
var pauses = []time.Duration{
	1 * time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second, time.Minute, time.Minute,
}

// TestFailingReadsPause: without a secret every request is refused at once, and one read
// is made after each pause, however many ask.
func TestFailingReadsPause(t *testing.T) {
	bubble(t, func(t *testing.T, m *manager, s *secrets.Source) {
		m.set(func(m *manager) { m.err = errDown })
		ask := func() {
			t.Helper()
			const requests = 25
			var all sync.WaitGroup
			for range requests {
				all.Go(func() {
					_, err := s.APIKey(t.Context())
					wantUnavailable(t, err, errDown)
					_, err = s.PhoneKeys(t.Context())
					wantUnavailable(t, err, errDown)
					_, err = s.IsOriginKey(t.Context(), "")
					wantUnavailable(t, err, errDown)
					_, err = s.OriginKeys(t.Context())
					wantUnavailable(t, err, errDown)
				})
			}
			all.Wait()
		}
		for i, pause := range pauses {
			ask()
			m.wantReads(t, i+1)
			time.Sleep(pause - 1)
			ask()
			m.wantReads(t, i+1)
			time.Sleep(1)
		}
		m.set(func(m *manager) { m.err = nil })
		wantKey(t, s, "first")
		m.wantReads(t, len(pauses)+1)
		// A success ends it: the next trouble begins with a short pause.
		m.set(func(m *manager) { m.err = errDown })
		refuse := func() {
			t.Helper()
			_, err := s.RefreshAPIKey(t.Context(), "first")
			wantUnavailable(t, err, errDown)
		}
		refuse()
		m.wantReads(t, len(pauses)+2)
		time.Sleep(time.Second)
		refuse()
		m.wantReads(t, len(pauses)+3)
	})
}

// TestKeyThatStaysRefusedPauses: the same key is returned without a read, so that its
// refusal stands, and everything else goes on.
func TestKeyThatStaysRefusedPauses(t *testing.T) {
	bubble(t, func(t *testing.T, m *manager, s *secrets.Source) {
		refuse := func(key, want string) {
			t.Helper()
			const requests = 25
			var all sync.WaitGroup
			for range requests {
				all.Go(func() {
					if got, err := s.RefreshAPIKey(t.Context(), key); got != want || err != nil {
						t.Errorf("after a refusal of %s the key is %q, %v; want %q", key, got, err, want)
					}
				})
			}
			all.Wait()
		}
		wantKey(t, s, "first")
		reads := 1
		for _, pause := range pauses {
			refuse("first", "first")
			reads++
			m.wantReads(t, reads)
			time.Sleep(pause - 1)
			refuse("first", "first")
			wantKey(t, s, "first")
			m.wantReads(t, reads)
			time.Sleep(1)
		}
		// Another key ends it.
		m.set(func(m *manager) { m.key = "second" })
		refuse("first", "second")
		refuse("second", "second")
		reads += 2
		m.wantReads(t, reads)
		time.Sleep(time.Second)
		refuse("second", "second")
		m.wantReads(t, reads+1)
	})
}

// TestRefusedKeyOfAnUnreadableSecret: there is no other key to know of, and the read that
// failed is not repeated by every refusal.
func TestRefusedKeyOfAnUnreadableSecret(t *testing.T) {
	bubble(t, func(t *testing.T, m *manager, s *secrets.Source) {
		wantKey(t, s, "first")
		m.set(func(m *manager) { m.err = errDown })
		for range 10 {
			_, err := s.RefreshAPIKey(t.Context(), "first")
			wantUnavailable(t, err, errDown)
			wantKey(t, s, "first")
		}
		m.wantReads(t, 2)
	})
}

// TestReadingAgainIsNoTrouble: a secret that is merely old comes back with the same key, and
// the first refusal after that is looked into at once.
func TestReadingAgainIsNoTrouble(t *testing.T) {
	bubble(t, func(t *testing.T, m *manager, s *secrets.Source) {
		wantKey(t, s, "first")
		time.Sleep(15 * time.Minute)
		wantKey(t, s, "first")
		m.wantReads(t, 2)
		m.set(func(m *manager) { m.key = "second" })
		if got, err := s.RefreshAPIKey(t.Context(), "first"); got != "second" || err != nil {
			t.Errorf("after a refusal the key is %q, %v", got, err)
		}
		m.wantReads(t, 3)
	})
}

// TestTroubleLongAgo: what went wrong once lengthens no pause of another day.
func TestTroubleLongAgo(t *testing.T) {
	bubble(t, func(t *testing.T, m *manager, s *secrets.Source) {
		wantKey(t, s, "first")
		refuse := func() {
			t.Helper()
			if got, err := s.RefreshAPIKey(t.Context(), "first"); got != "first" || err != nil {
				t.Errorf("after a refusal the key is %q, %v", got, err)
			}
		}
		for _, pause := range pauses[:4] {
			refuse()
			time.Sleep(pause)
		}
		m.wantReads(t, 5)
		time.Sleep(time.Minute)
		refuse()
		m.wantReads(t, 6)
		time.Sleep(time.Second)
		refuse()
		m.wantReads(t, 7)
	})
}
