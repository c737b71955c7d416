package guard

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// oneCell is the service's cell, into which other operators write before each of the next
// orders.
type oneCell struct {
	Cells
	cell    Cell
	keep    time.Time
	between []Orders
	writes  int
	down    error
}

func (c *oneCell) Read(_ context.Context, keys []string) ([]Cell, error) {
	if !slices.Equal(keys, []string{serviceKey}) {
		return nil, errors.New("another cell")
	}
	return []Cell{c.cell}, c.down
}

func (c *oneCell) Order(_ context.Context, _ string, o Orders, was Revision, keep time.Time) (bool, error) {
	c.writes++
	if len(c.between) > 0 {
		c.cell = Cell{Orders: c.between[0], Revision: c.cell.Revision + "'"}
		c.between = c.between[1:]
	}
	if c.cell.Revision != was {
		return false, nil
	}
	c.cell, c.keep = Cell{Orders: o, Revision: was + "!"}, keep
	return true, nil
}

// TestOperatorsDecideAgain: what another operator ordered in between is not lost.
func TestOperatorsDecideAgain(t *testing.T) {
	theirs := Orders{Stops: []Stop{{Scope: Scope{Region: "AT"}, Since: start, Reason: "theirs"}}}
	c := &oneCell{between: []Orders{{}, theirs}}
	orders, err := Operator{c}.Stop(t.Context(), start, Stop{Scope: Scope{Region: "DE"}, Reason: "ours"})
	if err != nil || c.writes != 3 {
		t.Fatalf("%v after %d writes", err, c.writes)
	}
	if len(orders.Stops) != 2 || len(c.cell.Orders.Stops) != 2 {
		t.Errorf("the stops are %v, and %v in the cell", orders.Stops, c.cell.Orders.Stops)
	}
	if !c.keep.Equal(start.Add(serviceMemory)) {
		t.Errorf("the cell is kept until %s", c.keep)
	}
	// Somebody else has started it meanwhile.
	c.between, c.writes = []Orders{{}}, 0
	_, found, err := Operator{c}.Start(t.Context(), start, Start{Scope: Scope{Region: "DE"}, Reason: "ours"})
	if err != nil || found || c.writes != 1 {
		t.Errorf("found %v, %v after %d writes", found, err, c.writes)
	}
}

func TestOperatorsGiveUp(t *testing.T) {
	c := &oneCell{between: make([]Orders, 1000)}
	_, err := Operator{c}.Stop(t.Context(), start, Stop{Reason: "ours"})
	if !errors.Is(err, ErrBusy) || c.writes != maxConflicts {
		t.Errorf("%v after %d writes, want %d", err, c.writes, maxConflicts)
	}
	down := &oneCell{down: errors.New("down")}
	_, err = Operator{down}.Stop(t.Context(), start, Stop{Reason: "ours"})
	if err == nil || !strings.Contains(err.Error(), "down") || down.writes != 0 {
		t.Errorf("without a table: %v after %d writes", err, down.writes)
	}
	_, err = Operator{&oneCell{}}.Stop(t.Context(), start, Stop{})
	if !errors.Is(err, errReason) {
		t.Errorf("without a reason: %v", err)
	}
	if _, err := (Operator{down}).Orders(t.Context()); err == nil {
		t.Error("orders that cannot be read are none")
	}
}
