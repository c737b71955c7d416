package guard

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Operator is the side of the guard that an operator uses.
type Operator struct{ Cells Cells }

// maxConflicts bounds how often an order is decided anew. Every conflict means that another
// operator got through.
const maxConflicts = 10

// ErrBusy is returned where other operators kept getting in between. Nothing was changed.
var ErrBusy = errors.New("other operators kept getting in between")

// Orders returns what operators have ordered of the whole service.
func (o Operator) Orders(ctx context.Context) (Orders, error) {
	cells, err := o.Cells.Read(ctx, []string{serviceKey})
	if err != nil {
		return Orders{}, fmt.Errorf("reading the orders: %w", err)
	}
	return cells[0].Orders, nil
}

// Stop orders a stop, and returns the orders as they are then.
func (o Operator) Stop(ctx context.Context, now time.Time, s Stop) (Orders, error) {
	return o.change(ctx, now, func(orders Orders) (Orders, bool, error) {
		next, err := orders.Stop(now, s)
		return next, err == nil, err
	})
}

// Start ends a stop, and returns the orders as they are then. The second result reports
// whether there was anything to end.
func (o Operator) Start(ctx context.Context, now time.Time, s Start) (Orders, bool, error) {
	found := false
	orders, err := o.change(ctx, now, func(orders Orders) (Orders, bool, error) {
		next, changed, err := orders.Start(now, s)
		found = changed
		return next, changed, err
	})
	return orders, found, err
}

// change decides on the orders as they are and writes the result, again from the current
// ones whenever another operator wrote first.
func (o Operator) change(ctx context.Context, now time.Time, decide func(Orders) (orders Orders, changed bool, err error)) (Orders, error) {
	for range maxConflicts {
		cells, err := o.Cells.Read(ctx, []string{serviceKey})
		if err != nil {
			return Orders{}, fmt.Errorf("reading the orders: %w", err)
		}
		orders, changed, err := decide(cells[0].Orders)
		if err != nil || !changed {
			return orders, err
		}
		written, err := o.Cells.Order(ctx, serviceKey, orders, cells[0].Revision, now.Add(serviceMemory))
		if err != nil {
			return Orders{}, fmt.Errorf("writing the orders: %w", err)
		}
		if written {
			return orders, nil
		}
	}
	return Orders{}, ErrBusy
}
