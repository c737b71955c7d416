package ratelimit

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Mark is a hit as it is written down, to be given back once it turned out to be
// welcome: of which key, in which window.
type Mark struct {
	Key  string
	Ends time.Time
}

// The end of a window is written in milliseconds, which is what a Counter keeps, to the
// base 36: eight characters until the year 2059.
const (
	markSeparator = "."
	markBase      = 36
)

// String returns the mark as text: the key, a dot, and the window's end.
func (m Mark) String() string {
	return m.Key + markSeparator + strconv.FormatInt(m.Ends.UnixMilli(), markBase)
}

// ParseMark reads what String wrote, and reports whether it was a mark.
func ParseMark(text string) (Mark, bool) {
	i := strings.LastIndex(text, markSeparator)
	if i <= 0 {
		return Mark{}, false
	}
	ends, err := strconv.ParseInt(text[i+1:], markBase, 64)
	if err != nil {
		return Mark{}, false
	}
	m := Mark{Key: text[:i], Ends: time.UnixMilli(ends).UTC()}
	return m, m.String() == text // one spelling: no sign, no capitals
}

// GiveBack takes marked hits off the windows that they were counted in. All marks of
// one window cost one call, those of a window that is over none; calls run side by side.
// Its error joins theirs: what was not given back then is the strict side.
func GiveBack(ctx context.Context, c Counter, now time.Time, marks []Mark) error {
	hits := map[Mark]int{}
	for _, m := range marks {
		if now.Before(m.Ends) {
			m.Ends = m.Ends.UTC().Truncate(time.Millisecond) // as a key: one moment, one value
			hits[m]++
		}
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	for m, n := range hits {
		all.Go(func() {
			if err := c.GiveBack(ctx, m.Key, m.Ends, n); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}
