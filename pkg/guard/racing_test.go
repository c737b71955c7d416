package guard_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// racedCells are changed by somebody else between a read and the first change that follows it,
// under one key; under another they cannot be changed.
type racedCells struct {
	guard.Cells
	mu    sync.Mutex
	raced string // in a key; empty once it is done
	other func(key string)
	stuck string
}

func (r *racedCells) Apply(ctx context.Context, key string, c guard.Change) (guard.Cell, bool, error) {
	r.mu.Lock()
	if r.raced != "" && strings.Contains(key, r.raced) {
		r.raced = ""
		r.other(key)
	}
	r.mu.Unlock()
	if r.stuck != "" && strings.Contains(key, r.stuck) {
		return guard.Cell{}, false, fmt.Errorf("changing a cell: %w", otp.ErrUnavailable)
	}
	return r.Cells.Apply(ctx, key, c)
}

// race guards the rig with cells in which somebody else pays so much beside the next send.
func (r *rig) race(rules guard.Rules, cell string, price guard.Amount) *racedCells {
	raced := &racedCells{Cells: r.cells, raced: "guard#" + cell}
	now := r.clock.Now()
	raced.other = func(key string) {
		payment := guard.Payment{Price: price, Most: price, Begins: true, Now: now, Ends: now.Add(10 * time.Minute)}
		if _, applied, err := r.cells.Apply(context.Background(), key, guard.Change{Payment: &payment}); err != nil || !applied {
			r.tb.Errorf("the other payment: %v, %v", applied, err)
		}
	}
	r.guard(rules, raced)
	return raced
}

// TestMoneyThatIsSpentMeanwhile is not there: whoever had read that it was is refused as one
// who reads it now, and nothing stays taken.
func TestMoneyThatIsSpentMeanwhile(t *testing.T) {
	rules := fullRules()
	for cell, c := range map[string]struct {
		spent  guard.Amount
		reason otp.Reason
	}{
		"service": {800 * unit, otp.BudgetExhausted}, "region": {400 * unit, otp.BudgetExhausted}, "prefix": {100 * unit, otp.TrafficLimited},
	} {
		r := newRig(t, rules)
		r.race(rules, cell, c.spent)
		_, err := r.send(phoneNumber(t, 1), "192.0.2.1")
		refused := want(t, "a send beside one that spends all in the "+cell, err, c.reason)
		if refused.RetryAfter != 15*time.Minute {
			t.Errorf("%s: told to wait %s, want the window's rest in quarters of an hour", cell, refused.RetryAfter)
		}
		r.calls(0)
		for kind, text := range r.books() {
			full := "100"
			switch kind {
			case "network":
				full = "50"
			case cell: // its room was never taken
				full = "0 spent " + c.spent.String()
			}
			if text != full {
				t.Errorf("%s: the %s cell has %s, want %s", cell, kind, text, full)
			}
		}
	}

	// That a cell cannot be reached says more: the money elsewhere may be there again.
	r := newRig(t, rules)
	r.race(rules, "service", 800*unit).stuck = "guard#region"
	_, err := r.send(phoneNumber(t, 1), "192.0.2.1")
	want(t, "a send that one cell refuses and another cannot be asked about", err, otp.Unavailable)
}

// TestMoneyThatIsLeftMeanwhile: a window that somebody else has begun is paid into.
func TestMoneyThatIsLeftMeanwhile(t *testing.T) {
	rules := fullRules()
	r := newRig(t, rules)
	r.race(rules, "service", 5*unit)
	_, err := r.send(phoneNumber(t, 1), "192.0.2.1")
	want(t, "a send beside one that spends a little", err, "")
	if got := r.books()["service"]; got != "99 spent 6.00" {
		t.Errorf("the service has %s, want what both cost", got)
	}
}

// TestCreditAfterTheCellChanged: it is tried blind, and then with the cell as it is.
func TestCreditAfterTheCellChanged(t *testing.T) {
	r := newRig(t, fullRules())
	number := phoneNumber(t, 1)
	r.clock.advance(12*time.Hour - time.Minute) // a minute before the next window of a day
	_, err := r.send(number, "192.0.2.1")
	want(t, "a send", err, "")
	counted := &countedCells{Cells: r.cells}
	r.guard(fullRules(), counted)
	r.clock.advance(2 * time.Minute)
	want(t, "its verify in the next window", r.verify(number, "192.0.2.1"), "")
	if got := counted.since(); got != "0 reads, 8 changes" {
		t.Errorf("a success in the next window costs %s, want each cell tried twice", got)
	}
	if got := r.books()["service"]; got != "103 spent 1.00" {
		t.Errorf("the service has %s", got)
	}
}

// TestNothingIsWrittenForNothing: the second code of a number, in the window of the first,
// neither gives a send back nor counts a number.
func TestNothingIsWrittenForNothing(t *testing.T) {
	r := newRig(t, fullRules())
	number := phoneNumber(t, 1)
	var ids []string
	for range 2 {
		receipt, err := r.send(number, "192.0.2.1")
		want(t, "a send", err, "")
		ids = append(ids, receipt.VerificationID)
		r.clock.advance(2 * time.Minute)
	}
	counted := &countedCells{Cells: r.cells}
	r.guard(fullRules(), counted)
	for i, want := range []string{"0 reads, 4 changes", "0 reads, 0 changes"} {
		request := otp.VerifyRequest{Caller: r.caller("192.0.2.1"), To: number, PIN: "123456", VerificationID: ids[i]}
		if _, err := r.Verify(t.Context(), request); err != nil {
			t.Fatal(err)
		}
		if got := counted.since(); got != want {
			t.Errorf("success %d costs %s, want %s", i+1, got, want)
		}
		r.clock.advance(time.Minute)
	}
}

// TestMomentsAreWhatCellsKeep: a moment that changes on its way to the table would meet no
// condition again.
func TestMomentsAreWhatCellsKeep(t *testing.T) {
	r := newRig(t, fullRules())
	r.clock.advance(1234567)
	_, err := r.send(phoneNumber(t, 1), "192.0.2.1")
	want(t, "a send", err, "")
	err = r.cells.(guard.Scanner).Scan(t.Context(), func(key string, c guard.Cell) {
		for _, moment := range []time.Time{c.Strangers.At, c.Purse.Ends} {
			if !moment.Equal(moment.Truncate(time.Millisecond)) {
				t.Errorf("%s has the moment %s", key, moment)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}
