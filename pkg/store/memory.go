// Package store keeps otp.Ledger aggregates: in DynamoDB, and in memory for a
// laptop. Both pass the same suite (storetest). It holds no rule: what may be saved
// is decided in pkg/otp.
package store

import (
	"context"
	"fmt"
	"sync"

	"github.com/seed-a131a524/infobip-otp/pkg/attributes"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// Memory is a store that forgets everything when the program ends, and each ledger
// when its time is over, as the table's TTL does.
type Memory struct {
	clock otp.Clock

	mu      sync.Mutex
	entries map[string]kept
}

type kept struct {
	ledger   otp.Ledger
	revision otp.Revision
}

var _ otp.Store = (*Memory)(nil)

// NewMemory returns an empty store that tells lives from the clock.
func NewMemory(clock otp.Clock) *Memory {
	return &Memory{clock: clock, entries: map[string]kept{}}
}

// Load implements otp.Store.
func (m *Memory) Load(ctx context.Context, key string) (otp.Ledger, otp.Revision, error) {
	if err := ctx.Err(); err != nil {
		return otp.Ledger{}, "", fmt.Errorf("loading ledger: %w: %w", otp.ErrUnavailable, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	current := m.live(key)
	return current.ledger.Clone(), current.revision, nil
}

// Save implements otp.Store.
func (m *Memory) Save(ctx context.Context, key string, l otp.Ledger, was otp.Revision) (otp.Revision, error) {
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("saving ledger: %w: %w", otp.ErrUnavailable, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	current := m.live(key)
	if current.revision != was {
		return "", &otp.Conflict{Current: current.ledger.Clone(), Revision: current.revision}
	}
	revision := otp.Revision(attributes.NewRevision())
	m.entries[key] = kept{ledger: l.Clone(), revision: revision}
	m.sweep()
	return revision, nil
}

// live returns the entry, or none once its time is over. It is called with mu held.
func (m *Memory) live(key string) kept {
	e, ok := m.entries[key]
	if ok && !m.clock.Now().Before(e.ledger.ForgetAt) {
		delete(m.entries, key)
		return kept{}
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
