// Package cells keeps the guard's counters: in DynamoDB, or in memory for a laptop.
package cells

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
)

// Memory is guard.Cells for a laptop.
type Memory struct {
	mu      sync.Mutex
	cells   map[string]guard.Cell
	written int
}

var _ guard.Cells = (*Memory)(nil)

// NewMemory returns cells in which nothing was counted yet.
func NewMemory() *Memory { return &Memory{cells: map[string]guard.Cell{}} }

// Read implements guard.Cells.
func (m *Memory) Read(_ context.Context, keys []string) ([]guard.Cell, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := make([]guard.Cell, len(keys))
	for i, key := range keys {
		found[i] = m.cells[key]
		found[i].Orders.Stops = slices.Clone(found[i].Orders.Stops)
	}
	return found, nil
}

// Order implements guard.Cells.
func (m *Memory) Order(_ context.Context, key string, o guard.Orders, was guard.Revision, _ time.Time) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	cell := m.cells[key]
	if cell.Revision != was {
		return false, nil
	}
	m.written++
	o.Stops = slices.Clone(o.Stops)
	cell.Orders, cell.Revision = o, guard.Revision(strconv.Itoa(m.written))
	m.cells[key] = cell
	return true, nil
}
