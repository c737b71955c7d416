package ratelimit

import (
	"context"
	"sync"
	"time"
)

// Memory is a Counter for a laptop.
type Memory struct {
	mu      sync.Mutex
	windows map[string]window
}

type window struct {
	hits int
	ends time.Time
}

var _ Counter = (*Memory)(nil)

// NewMemory returns a Counter in which nothing was counted yet.
func NewMemory() *Memory { return &Memory{windows: map[string]window{}} }

// Hit implements Counter.
func (m *Memory) Hit(_ context.Context, key string, now time.Time, length time.Duration) (int, time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	w, ok := m.windows[key]
	if !ok || !now.Before(w.ends) {
		w = window{ends: now.Add(length)}
	}
	w.hits++
	m.windows[key] = w
	m.sweep(now)
	return w.hits, w.ends, nil
}

// GiveBack implements Counter.
func (m *Memory) GiveBack(_ context.Context, key string, ends time.Time, hits int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	w, ok := m.windows[key]
	if ok && w.ends.UnixMilli() == ends.UnixMilli() && w.hits >= hits {
		w.hits -= hits
		m.windows[key] = w
	}
	return nil
}

// sweep looks at a few windows on every hit (Go's map order is random), which keeps
// the map near the number of running ones. It is called with mu held.
func (m *Memory) sweep(now time.Time) {
	const glance = 4
	looked := 0
	for key, w := range m.windows {
		if looked == glance {
			return
		}
		if !now.Before(w.ends) {
			delete(m.windows, key)
		}
		looked++
	}
}
