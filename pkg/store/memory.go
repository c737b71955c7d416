// Package store keeps otp.Number aggregates: in DynamoDB, and in memory for a
// laptop. Both pass the same suite (storetest). It holds no rule: what may be saved
// is decided in pkg/otp.
package store

import (
	"context"
	"fmt"
	"sync"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// Memory is a store that forgets everything when the program ends, and each number
// when its time is over, as the table's TTL does.
type Memory struct {
	clock otp.Clock

	mu      sync.Mutex
	entries map[string]entry
}

type entry struct {
	number   otp.Number
	revision otp.Revision
}

var _ otp.Store = (*Memory)(nil)

// NewMemory gives an empty store that tells lives from the clock.
func NewMemory(clock otp.Clock) *Memory {
	return &Memory{clock: clock, entries: map[string]entry{}}
}

// Load implements otp.Store.
func (m *Memory) Load(ctx context.Context, key string) (otp.Number, otp.Revision, error) {
	if err := ctx.Err(); err != nil {
		return otp.Number{}, "", fmt.Errorf("loading number: %w: %w", otp.ErrUnavailable, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	current := m.live(key)
	return current.number.Clone(), current.revision, nil
}

// Save implements otp.Store.
func (m *Memory) Save(ctx context.Context, key string, n otp.Number, was otp.Revision) (otp.Revision, error) {
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("saving number: %w: %w", otp.ErrUnavailable, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	current := m.live(key)
	if current.revision != was {
		return "", &otp.Conflict{Current: current.number.Clone(), Revision: current.revision}
	}
	revision := newRevision()
	m.entries[key] = entry{number: n.Clone(), revision: revision}
	m.sweep()
	return revision, nil
}

// live gives the entry, or none once its time is over. It is called with mu held.
func (m *Memory) live(key string) entry {
	e, ok := m.entries[key]
	if ok && !m.clock.Now().Before(e.number.ForgetAt) {
		delete(m.entries, key)
		return entry{}
	}
	return e
}

// sweep looks at a few entries on every save (Go's map order is random), which
// keeps the map near the number of live ones. It is called with mu held.
func (m *Memory) sweep() {
	const glance = 4
	looked := 0
	for key := range m.entries {
		if looked == glance {
			return
		}
		m.live(key)
		looked++
	}
}
