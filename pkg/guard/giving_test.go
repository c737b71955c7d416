package guard_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/guard/cells"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// changedCells keeps the changes that were made.
type changedCells struct {
	guard.Cells
	mu      sync.Mutex
	changes []guard.Change
}

func (c *changedCells) Apply(ctx context.Context, key string, change guard.Change) (guard.Cell, bool, error) {
	current, applied, err := c.Cells.Apply(ctx, key, change)
	c.mu.Lock()
	defer c.mu.Unlock()
	if applied {
		c.changes = append(c.changes, change)
	}
	return current, applied, err
}

// TestOnlyGivingIsTriedOnce: what takes may be repeated by the transport, what gives may not;
// and no cell begins without a time to forget it.
func TestOnlyGivingIsTriedOnce(t *testing.T) {
	r := newRig(t, fullRules())
	kept := &changedCells{Cells: r.cells}
	r.guard(fullRules(), kept)
	_, err := r.send(phoneNumber(t, 1), "192.0.2.1")
	want(t, "a send", err, "")
	took := len(kept.changes)
	r.provider.delivery = &otp.ProviderError{Effect: otp.NotSent, Err: errors.New("test")}
	_, err = r.send(phoneNumber(t, 2), "192.0.2.1")
	want(t, "a send that fails", err, otp.SendFailed)
	want(t, "a success", r.verify(phoneNumber(t, 1), "192.0.2.1"), "")
	if took != 4 || len(kept.changes) != 4+8+4 {
		t.Fatalf("%d changes, of them %d by the first send", len(kept.changes), took)
	}
	for i, c := range kept.changes {
		gives := i >= 8
		if c.Once != gives {
			t.Errorf("change %d is tried once: %v: %+v", i, c.Once, c.Room)
		}
		if c.Room.Settles && c.Keep.IsZero() {
			t.Errorf("change %d begins a cell that is never forgotten", i)
		}
	}
}

// TestKnownRoomIsGivenBack to where it was taken from.
func TestKnownRoomIsGivenBack(t *testing.T) {
	r := newRig(t, fullRules())
	number := phoneNumber(t, 1)
	_, err := r.send(number, "192.0.2.1")
	want(t, "a send", err, "")
	want(t, "its verify", r.verify(number, "192.0.2.1"), "")
	r.clock.advance(time.Minute)
	before := r.books()["service"]
	r.provider.delivery = &otp.ProviderError{Effect: otp.NotSent, Err: errors.New("test")}
	_, err = r.send(number, "192.0.2.1")
	want(t, "a send to the known number that fails", err, otp.SendFailed)
	if got, want := r.books()["service"], strings.Replace(before, " spent", " known 100 spent", 1); got != want {
		t.Errorf("the service went from %s to %s, want %s", before, got, want)
	}
}

// TestGivingBackWhatIsGone: a window that is over, or a cell that was forgotten meanwhile,
// gets nothing back, and what is there does.
func TestGivingBackWhatIsGone(t *testing.T) {
	fails := &otp.ProviderError{Effect: otp.NotSent, Err: errors.New("test")}
	t.Run("the window", func(t *testing.T) {
		rules := fullRules()
		rules.RegionSpend, rules.Spend.Window = nil, time.Minute
		r := newRig(t, rules)
		r.provider.delivery = fails
		r.provider.meanwhile = func() {
			r.provider.meanwhile, r.provider.delivery = nil, nil
			r.clock.advance(2 * time.Minute)
			_, err := r.send(phoneNumber(t, 20000), "198.51.100.1")
			want(t, "a send in the next window", err, "")
			r.provider.delivery = fails
		}
		_, err := r.send(phoneNumber(t, 1), "192.0.2.1")
		want(t, "a send that fails late", err, otp.SendFailed)
		if got := r.books()["service"]; got != "99 spent 1.00" {
			t.Errorf("the service has %s, want the room of both and the money of the second", got)
		}
	})
	t.Run("the cell", func(t *testing.T) {
		r := newRig(t, fullRules())
		swapped := &swappedCells{Cells: r.cells}
		r.guard(fullRules(), swapped)
		r.provider.delivery = fails
		r.provider.meanwhile = func() {
			r.cells = cells.NewMemory(r.clock)
			swapped.Cells = r.cells
		}
		caller := r.caller("192.0.2.1")
		_, err := r.Send(t.Context(), otp.SendRequest{Caller: caller, To: phoneNumber(t, 1), Channel: otp.SMS})
		want(t, "a send that fails", err, otp.SendFailed)
		if books := r.books(); len(books) != 0 {
			t.Errorf("what was forgotten has %v", books)
		}
		for _, f := range caller.Trace.Guard {
			if f.Name == "giveBack" {
				t.Errorf("the trace says %v", f)
			}
		}
	})
}

// swappedCells are others later.
type swappedCells struct{ guard.Cells }

// TestCreditWithoutAMark: a code that was sent while networks were not counted has no network
// to credit.
func TestCreditWithoutAMark(t *testing.T) {
	rules := fullRules()
	rules.Allowances.Network = guard.Allowance{}
	r := newRig(t, rules)
	_, err := r.send(phoneNumber(t, 1), "192.0.2.1")
	want(t, "a send", err, "")
	r.guard(fullRules(), r.cells)
	want(t, "its verify under the next settings", r.verify(phoneNumber(t, 1), "192.0.2.1"), "")
	if got, there := r.books()["network"]; there {
		t.Errorf("a network has %s", got)
	}
	// And the cells of a rule that is on since then begin with the success.
	rules = fullRules()
	rules.Allowances.Region = guard.Allowance{}
	rules.RegionSpend = nil
	r = newRig(t, rules)
	_, err = r.send(phoneNumber(t, 1), "192.0.2.1")
	want(t, "a send", err, "")
	kept := &changedCells{Cells: r.cells}
	r.guard(fullRules(), kept)
	want(t, "its verify", r.verify(phoneNumber(t, 1), "192.0.2.1"), "")
	if got := r.books()["region"]; got != "104" {
		t.Errorf("the region has %s, of which its next read takes what is too much", got)
	}
	for _, c := range kept.changes {
		if c.Room.Settles && c.Keep.IsZero() {
			t.Errorf("a cell begins that is never forgotten: %+v", c.Room)
		}
	}
}

// TestPricesHaveDefaults: a limit without prices would be none.
func TestPricesHaveDefaults(t *testing.T) {
	r := newRig(t, guard.Rules{Spend: guard.Limit{Amount: unit, Window: day}})
	_, err := r.send(phoneNumber(t, 1), "192.0.2.1")
	want(t, "a send", err, "")
	r.wantBooks("a send", "service: 0 spent 0.10")
}
