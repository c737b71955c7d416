package ratelimit_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/ratelimit"
)

// markChars are those of a counter's key and a mark's own. A mark stands in an item
// beside others' parts, which are told apart by what it cannot hold.
const markChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_#."

func TestMark(t *testing.T) {
	ends := time.UnixMilli(1773342238123).UTC()
	m := ratelimit.Mark{Key: "1#" + strings.Repeat("k", 43), Ends: ends}
	text := m.String()
	if want := "1#" + strings.Repeat("k", 43) + ".mmnu6k6j"; text != want {
		t.Errorf("the mark is %q, want %q", text, want)
	}
	if strings.Trim(text, markChars) != "" {
		t.Errorf("the mark %q has other characters", text)
	}
	got, ok := ratelimit.ParseMark(text)
	if !ok || got != m {
		t.Errorf("%q is read as %+v, %t", text, got, ok)
	}
	for name, text := range map[string]string{
		"nothing": "", "no window": "1#key", "no key": ".mmnu6k6j", "an empty window": "1#key.", "a sign": "1#key.+mmnu6k6j", "a space": "1#key. mmnu6k6j",
		"capitals": "1#key.MMNU6K6J", "leading zero": "1#key.0mmnu6k6j", "too long": "1#key.zzzzzzzzzzzzzzzzz", "no digits": "1#key.mmnu!k6j",
	} {
		if got, ok := ratelimit.ParseMark(text); ok {
			t.Errorf("%s: %q is read as %+v", name, text, got)
		}
	}
}

// FuzzParseMark: what is read is written the same way again.
func FuzzParseMark(f *testing.F) {
	for _, text := range []string{"", ".", "1#key.mmnu6k6j", "a.b.c", "1#key.-1", "1#key.0", "é.z", "\xff.1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, ok := ratelimit.ParseMark(text)
		if ok && (m.String() != text || m.Key == "") {
			t.Errorf("%q is read as %+v", text, m)
		}
	})
}

// backCounter notes what is given back, and fails for one key.
type backCounter struct {
	fixedCounter
	failing string
	mu      sync.Mutex
	calls   int
	given   map[string]int // by mark
}

func (c *backCounter) GiveBack(_ context.Context, key string, ends time.Time, hits int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	c.given[ratelimit.Mark{Key: key, Ends: ends}.String()] += hits
	if key == c.failing {
		return errDown
	}
	return nil
}

// TestGiveBack: one call for all marks of a window, none for a window that is over, and
// a call that fails keeps no other from being made.
func TestGiveBack(t *testing.T) {
	now := time.UnixMilli(1773342238000)
	mark := func(key string, left time.Duration) ratelimit.Mark {
		return ratelimit.Mark{Key: key, Ends: now.Add(left)}
	}
	elsewhere := mark("a", time.Minute)
	elsewhere.Ends = elsewhere.Ends.In(time.FixedZone("east", 3600)).Add(time.Microsecond)
	marks := []ratelimit.Mark{
		mark("a", time.Minute), mark("b", time.Minute), mark("a", time.Minute), elsewhere, mark("a", time.Hour),
		mark("a", 0), mark("c", -time.Minute),
	}
	want := map[string]int{
		mark("a", time.Minute).String(): 3, mark("b", time.Minute).String(): 1, mark("a", time.Hour).String(): 1,
	}
	for _, failing := range []string{"", "b"} {
		c := &backCounter{failing: failing, given: map[string]int{}}
		err := ratelimit.GiveBack(t.Context(), c, now, marks)
		if failed := errors.Is(err, errDown); failed != (failing != "") {
			t.Errorf("with %q failing the error is %v", failing, err)
		}
		if c.calls != len(want) {
			t.Errorf("it took %d calls, want %d", c.calls, len(want))
		}
		if diff := cmp.Diff(want, c.given); diff != "" {
			t.Errorf("what was given back differs (-want +got):\n%s", diff)
		}
	}
}
