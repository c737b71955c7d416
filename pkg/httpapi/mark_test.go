package httpapi

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
	"github.com/seed-a131a524/infobip-otp/pkg/ratelimit"
)

type fixedClock struct{ now time.Time }

func (c fixedClock) Now() time.Time { return c.now }

// countingRig counts sends of addresses as the send route does.
type countingRig struct {
	*testing.T
	gate gate
	key  pseudonym.Key
}

func newCountingRig(t *testing.T, counter ratelimit.Counter, attempts int) *countingRig {
	t.Helper()
	key, err := pseudonym.NewKey("1", []byte("a-phone-key-of-32-bytes-in-tests"))
	if err != nil {
		t.Fatal(err)
	}
	edge := Edge{Counter: counter, Clock: fixedClock{time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC)}}
	return &countingRig{t, gate{edge: edge, name: sendCounter, limit: rate.Rate{Attempts: attempts, Window: 15 * time.Minute}}, key}
}

func (r *countingRig) count(address string) *count {
	r.Helper()
	return r.gate.start(r.Context(), r.key.ClientKey(r.gate.name, ratelimit.Bucket(address)))
}

func (r *countingRig) remaining(address string) int {
	r.Helper()
	c := r.count(address)
	<-c.done
	return c.decision.Remaining
}

// TestMarksGiveSendsBack: what was counted is given back by its mark, to the address that
// it was counted for.
func TestMarksGiveSendsBack(t *testing.T) {
	r := newCountingRig(t, ratelimit.NewMemory(), 10)
	var marks []string
	for range 3 {
		marks = append(marks, r.count("203.0.113.1").mark())
	}
	marks = append(marks, r.count("2001:db8::1").mark(), "", "not a mark")
	r.count("2001:db8::1").mark()
	if err := r.gate.edge.giveBack(t.Context(), marks); err != nil {
		t.Fatal(err)
	}
	if got := r.remaining("203.0.113.1"); got != 9 {
		t.Errorf("of ten sends, three given back, %d are left after one, want 9", got)
	}
	if got := r.remaining("2001:db8::2"); got != 8 {
		t.Errorf("of ten sends, one of two given back, %d are left after one more, want 8", got)
	}
}

// TestMarkIsShort: it stands in a number's item once for each delivery.
func TestMarkIsShort(t *testing.T) {
	r := newCountingRig(t, ratelimit.NewMemory(), 10)
	c := r.count("203.0.113.1")
	mark := c.mark()
	if len(mark) > 55 || strings.Contains(mark, "client") || !strings.HasSuffix(c.key, strings.Split(mark, ".")[0]) {
		t.Errorf("the mark of %s is %q", c.key, mark)
	}
	if strings.Trim(mark, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_#.") != "" {
		t.Errorf("the mark %q has other characters", mark)
	}
}

// TestWhatHasNoMark: a send that was refused, or could not be counted, is given to
// nobody.
func TestWhatHasNoMark(t *testing.T) {
	r := newCountingRig(t, ratelimit.NewMemory(), 1)
	if r.count("203.0.113.1").mark() == "" {
		t.Error("the first send has no mark")
	}
	if mark := r.count("203.0.113.1").mark(); mark != "" {
		t.Errorf("a send over the limit has the mark %q", mark)
	}
	if mark := newCountingRig(t, counterAway{}, 10).count("203.0.113.1").mark(); mark != "" {
		t.Errorf("a send that was not counted has the mark %q", mark)
	}
}

var errAway = errors.New("away")

// counterAway is a counter that cannot be reached.
type counterAway struct{}

func (counterAway) Hit(context.Context, string, time.Time, time.Duration) (int, time.Time, error) {
	return 0, time.Time{}, errAway
}

func (counterAway) GiveBack(context.Context, string, time.Time, int) error { return errAway }

// TestMarksNameOnlyCounters: numbers are kept in the same table, and no mark reaches them.
func TestMarksNameOnlyCounters(t *testing.T) {
	c := &keyCounter{}
	r := newCountingRig(t, c, 10)
	ends := r.gate.edge.Clock.Now().Add(time.Minute)
	for _, key := range []string{"number#1#abc", "client#verify#1#abc", "1#abc"} {
		if err := r.gate.edge.giveBack(t.Context(), []string{ratelimit.Mark{Key: key, Ends: ends}.String()}); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range c.keys {
		if !strings.HasPrefix(key, "client#send#") {
			t.Errorf("a mark named the item %s", key)
		}
	}
	if len(c.keys) != 3 {
		t.Errorf("it took %d calls, want 3", len(c.keys))
	}
	err := newCountingRig(t, counterAway{}, 10).gate.edge.giveBack(t.Context(), []string{ratelimit.Mark{Key: "1#abc", Ends: ends}.String()})
	if !errors.Is(err, errAway) {
		t.Errorf("with the counter away: %v", err)
	}
}

// keyCounter notes to whom is given back.
type keyCounter struct {
	counterAway
	keys []string
}

func (c *keyCounter) GiveBack(_ context.Context, key string, _ time.Time, _ int) error {
	c.keys = append(c.keys, key)
	return nil
}
