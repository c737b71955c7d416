package simulator

import (
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

// windows counts calls by key. It is not safe for concurrent use: the
// simulator's mutex guards it.
type windows struct {
	sliding bool
	byKey   map[string]*window
	// pruneAt is the size at which windows that are over get dropped.
	pruneAt int
}

// window holds the calls of one key: for a fixed window when it ends and how
// many it has, for a sliding one when each call leaves it.
type window struct {
	end    time.Time
	count  int
	leaves []time.Time
}

const firstPrune = 10_000

func newWindows(sliding bool) *windows {
	return &windows{sliding: sliding, byKey: map[string]*window{}, pruneAt: firstPrune}
}

// full reports whether one more call would pass the rate.
func (w *windows) full(key string, rate rate.Rate, now time.Time) bool {
	return w.count(key, now) >= rate.Attempts
}

// add counts one call.
func (w *windows) add(key string, rate rate.Rate, now time.Time) {
	w.prune(now)
	current := w.byKey[key]
	if current == nil {
		current = &window{}
		w.byKey[key] = current
	}
	end := now.Add(rate.Window)
	if w.sliding {
		current.leaves = append(current.leaves, end)
		current.end = end
		return
	}
	if !now.Before(current.end) {
		current.end, current.count = end, 0
	}
	current.count++
}

func (w *windows) count(key string, now time.Time) int {
	current := w.byKey[key]
	if current == nil || !now.Before(current.end) {
		return 0
	}
	if !w.sliding {
		return current.count
	}
	over := 0
	for over < len(current.leaves) && !now.Before(current.leaves[over]) {
		over++
	}
	current.leaves = current.leaves[over:]
	return len(current.leaves)
}

func (w *windows) prune(now time.Time) {
	if len(w.byKey) < w.pruneAt {
		return
	}
	for key, current := range w.byKey {
		if !now.Before(current.end) {
			delete(w.byKey, key)
		}
	}
	w.pruneAt = max(firstPrune, 2*len(w.byKey))
}
