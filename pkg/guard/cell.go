package guard

import (
	"context"
	"time"
)

// Cell is one item of the guard's counters, as it was last written. The zero Cell is one in
// which nothing was counted or ordered yet.
type Cell struct {
	// Orders are an operator's, and Revision names the last time that one wrote.
	Orders   Orders
	Revision Revision
}

// Revision names one saved state of a cell's orders. Empty means: no operator wrote yet.
type Revision string

// Cells keeps the guard's counters. It has no rule of its own.
//
// Obligations on implementations: all methods are safe for concurrent use and bound their
// time, by ctx's deadline and one of their own; a read sees every write before it; what
// cannot be read, of which a part is missing from the answer or which is of another shape,
// is an error, never an empty cell.
type Cells interface {
	// Read returns the cells under these keys, which differ, in their order. It is one
	// call.
	Read(ctx context.Context, keys []string) ([]Cell, error)
	// Order writes an operator's orders if nobody wrote others since was, and reports
	// whether it did. One whose own earlier write won, although its answer was lost, did.
	// The cell is kept until then at least.
	Order(ctx context.Context, key string, o Orders, was Revision, keep time.Time) (written bool, err error)
}

// serviceMemory is how long the cell of the service is kept after a write. It holds orders
// that last until an operator says otherwise, so it is as good as for ever.
const serviceMemory = 10 * 365 * 24 * time.Hour

// serviceKey is the key of the cell of the whole service. Every send reads it, whatever the
// settings: an operator's stops are in it.
const serviceKey = "guard#service"
