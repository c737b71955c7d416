package guard

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Operator is the side of the guard that an operator uses.
type Operator struct{ Cells Cells }

// Scanner finds the cells that there are.
type Scanner interface {
	// Scan yields every cell of the guard, in any order. It reads as much as the table
	// holds, so it is for operators alone.
	Scan(ctx context.Context, yield func(key string, cell Cell)) error
}

// maxConflicts bounds how often an order is decided anew. Every conflict means that another
// operator got through.
const maxConflicts = 10

// ErrBusy is returned where other operators kept getting in between. Nothing was changed.
var ErrBusy = errors.New("other operators kept getting in between")

// purseKey returns the key of the cell whose purse a region's money is in, or, without a
// region, that of the whole service.
func purseKey(region string) string {
	if region == "" {
		return serviceKey
	}
	return regionKey + region
}

// Service returns the cell of the whole service: its orders and its money.
func (o Operator) Service(ctx context.Context) (Cell, error) { return o.Purse(ctx, "") }

// Purse returns the cell of a region, or, without one, that of the whole service.
func (o Operator) Purse(ctx context.Context, region string) (Cell, error) {
	cells, err := o.Cells.Read(ctx, []string{purseKey(region)})
	if err != nil {
		return Cell{}, fmt.Errorf("reading the cell: %w", err)
	}
	return cells[0], nil
}

// Stop orders a stop, and returns the orders as they are then.
func (o Operator) Stop(ctx context.Context, now time.Time, s Stop) (Orders, error) {
	return o.change(ctx, now, serviceKey, func(orders Orders) (Orders, bool, error) {
		next, err := orders.Stop(now, s)
		return next, err == nil, err
	})
}

// Start ends a stop, and returns the orders as they are then. The second result reports
// whether there was anything to end.
func (o Operator) Start(ctx context.Context, now time.Time, s Start) (Orders, bool, error) {
	found := false
	orders, err := o.change(ctx, now, serviceKey, func(orders Orders) (Orders, bool, error) {
		next, changed, err := orders.Start(now, s)
		found = changed
		return next, changed, err
	})
	return orders, found, err
}

// Raise raises what a region, or without one the whole service, may spend, in the place of
// an earlier raise. Every send reads it.
func (o Operator) Raise(ctx context.Context, now time.Time, region string, r Raise) error {
	_, err := o.change(ctx, now, purseKey(region), func(orders Orders) (Orders, bool, error) {
		switch {
		case r.By <= 0 || r.By > mostLimit:
			return orders, false, errRaise
		case !now.Before(r.Until):
			return orders, false, errRaiseEnd
		}
		if err := checkReason(r.Reason); err != nil {
			return orders, false, err
		}
		r.At, r.Until = now.UTC().Truncate(time.Millisecond), r.Until.UTC().Truncate(time.Millisecond)
		orders.Raise = r
		return orders, true, nil
	})
	return err
}

// Reset begins the window of a region's money, or without one of the whole service's, anew,
// and returns what was spent in it. What was under way then is not given back to it.
func (o Operator) Reset(ctx context.Context, region string) (Purse, error) {
	for range maxConflicts {
		cell, err := o.Purse(ctx, region)
		if err != nil || cell.Purse.Ends.IsZero() {
			return cell.Purse, err
		}
		_, applied, err := o.Cells.Apply(ctx, purseKey(region), Change{Reset: &cell.Purse.Ends, Once: true})
		if err != nil {
			return Purse{}, fmt.Errorf("beginning the window anew: %w", err)
		}
		if applied {
			return cell.Purse, nil
		}
	}
	return Purse{}, ErrBusy
}

// change decides on a cell's orders as they are and writes the result, again from the current
// ones whenever another operator wrote first.
func (o Operator) change(
	ctx context.Context, now time.Time, key string, decide func(Orders) (orders Orders, changed bool, err error),
) (Orders, error) {
	for range maxConflicts {
		cells, err := o.Cells.Read(ctx, []string{key})
		if err != nil {
			return Orders{}, fmt.Errorf("reading the orders: %w", err)
		}
		orders, changed, err := decide(cells[0].Orders)
		if err != nil || !changed {
			return orders, err
		}
		written, err := o.Cells.Order(ctx, key, orders, cells[0].Revision, now.Add(serviceMemory))
		if err != nil {
			return Orders{}, fmt.Errorf("writing the orders: %w", err)
		}
		if written {
			return orders, nil
		}
	}
	return Orders{}, ErrBusy
}
