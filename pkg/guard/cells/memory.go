// Package cells keeps the guard's counters: in DynamoDB, or in memory for a laptop.
package cells

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// Memory is guard.Cells for a laptop.
type Memory struct {
	clock   otp.Clock
	mu      sync.Mutex
	cells   map[string]kept
	written int
}

// kept is a cell and until when it matters; zero is for ever, as in a table.
type kept struct {
	guard.Cell
	until time.Time
}

var (
	_ guard.Cells   = (*Memory)(nil)
	_ guard.Scanner = (*Memory)(nil)
)

// NewMemory returns cells in which nothing was counted yet.
func NewMemory(clock otp.Clock) *Memory {
	return &Memory{clock: clock, cells: map[string]kept{}}
}

// Read implements guard.Cells.
func (m *Memory) Read(_ context.Context, keys []string) ([]guard.Cell, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := make([]guard.Cell, len(keys))
	for i, key := range keys {
		found[i] = copied(m.cells[key].Cell)
	}
	return found, nil
}

// Apply implements guard.Cells.
func (m *Memory) Apply(_ context.Context, key string, c guard.Change) (guard.Cell, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	was := m.cells[key]
	next, applied := c.Apply(was.Cell)
	if applied {
		m.keep(key, next, c.Keep)
	}
	return copied(next), applied, nil
}

// Order implements guard.Cells.
func (m *Memory) Order(_ context.Context, key string, o guard.Orders, was guard.Revision, keep time.Time) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	cell := m.cells[key].Cell
	if cell.Revision != was {
		return false, nil
	}
	m.written++
	cell.Orders, cell.Revision = o, guard.Revision(strconv.Itoa(m.written))
	m.keep(key, copied(cell), keep)
	return true, nil
}

// keep puts a cell in its place. It is called with mu held.
func (m *Memory) keep(key string, cell guard.Cell, until time.Time) {
	if until.IsZero() {
		until = m.cells[key].until
	}
	m.cells[key] = kept{cell, until}
	m.sweep()
}

// sweep looks at a few cells on every write (Go's map order is random), which keeps the map
// near the number of those that matter. It is called with mu held.
func (m *Memory) sweep() {
	const glance = 4
	now, looked := m.clock.Now(), 0
	for key, cell := range m.cells {
		if looked == glance {
			return
		}
		if !cell.until.IsZero() && !now.Before(cell.until) {
			delete(m.cells, key)
		}
		looked++
	}
}

// Scan implements guard.Scanner.
func (m *Memory) Scan(_ context.Context, yield func(key string, cell guard.Cell)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, cell := range m.cells {
		yield(key, copied(cell.Cell))
	}
	return nil
}

// copied shares no memory with the cell.
func copied(cell guard.Cell) guard.Cell {
	cell.Orders.Stops = slices.Clone(cell.Orders.Stops)
	return cell
}
