package guard

import (
	"context"
	"time"
)

// Cell is one item of the guard's counters, as it was last written. The zero Cell is one in
// which nothing was counted or ordered yet.
type Cell struct {
	// Strangers and Known are the rooms of the two kinds of recipient.
	Strangers, Known Room
	Purse            Purse
	// Orders are an operator's, and Revision names the last time that one wrote.
	Orders   Orders
	Revision Revision
}

// room returns the room of known numbers, or that of strangers.
func (c *Cell) room(known bool) *Room {
	if known {
		return &c.Known
	}
	return &c.Strangers
}

// Revision names one saved state of a cell's orders. Empty means: no operator wrote yet.
type Revision string

// Change is one atomic change of a cell: all of its parts, if the conditions of each hold,
// else none.
type Change struct {
	Room    *RoomChange
	Payment *Payment
	Refund  *Refund
	// Reset, if not nil, begins the purse anew, if its window ends then.
	Reset *time.Time
	// Keep is until when the cell is kept at least; zero leaves that as it is.
	Keep time.Time
	// Once: the change gives something back. If its answer is lost it must not be tried
	// again: what is taken twice lets too little pass, what is given twice too much.
	Once bool
}

// Apply returns the cell after a change, and reports whether its conditions hold. It is what
// a change means, for implementations of Cells and their tests.
func (c Change) Apply(cell Cell) (Cell, bool) {
	next, ok := cell, true
	if c.Room != nil {
		room := next.room(c.Room.Known)
		*room, ok = c.Room.apply(*room)
	}
	if ok && c.Payment != nil {
		next.Purse, ok = c.Payment.apply(next.Purse)
	}
	if ok && c.Refund != nil {
		next.Purse, ok = c.Refund.apply(next.Purse)
	}
	if ok && c.Reset != nil {
		next.Purse, ok = Purse{}, next.Purse.Ends.Equal(*c.Reset)
	}
	if !ok {
		return cell, false
	}
	return next, true
}

// Cells keeps the guard's counters. It has no rule of its own.
//
// Obligations on implementations: all methods are safe for concurrent use and bound their
// time, by ctx's deadline and one of their own; a read sees every write before it; what
// cannot be read, of which a part is missing from the answer or which is of another shape,
// is an error, never an empty cell; such an error, and any that means that the store could
// not be reached, has otp.ErrUnavailable in its chain.
type Cells interface {
	// Read returns the cells under these keys, which differ, in their order. It is one
	// call.
	Read(ctx context.Context, keys []string) ([]Cell, error)
	// Apply makes a change if its conditions hold, and reports whether it did. If they do
	// not, it returns the cell as it is. After an error the change may have taken place.
	Apply(ctx context.Context, key string, c Change) (current Cell, applied bool, err error)
	// Order writes an operator's orders if nobody wrote others since was, and reports
	// whether it did. One whose own earlier write won, although its answer was lost, did.
	// The cell is kept until then at least.
	Order(ctx context.Context, key string, o Orders, was Revision, keep time.Time) (written bool, err error)
}

// serviceMemory is how long the cell of the service is kept after a write. It holds orders
// that last until an operator says otherwise, so it is as good as for ever.
const serviceMemory = 10 * 365 * 24 * time.Hour
