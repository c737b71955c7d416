package guard

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/internal/cost"
	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
	"github.com/seed-a131a524/infobip-otp/pkg/store"
	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// gatedCells let so many calls through at a time as a slow machine answers within their
// time. The sends are under way together all the same.
type gatedCells struct {
	guard.Cells
	gate chan struct{}
}

func (g *gatedCells) Read(ctx context.Context, keys []string) ([]guard.Cell, error) {
	g.gate <- struct{}{}
	defer func() { <-g.gate }()
	return g.Cells.Read(ctx, keys)
}

func (g *gatedCells) Apply(ctx context.Context, key string, c guard.Change) (guard.Cell, bool, error) {
	g.gate <- struct{}{}
	defer func() { <-g.gate }()
	return g.Cells.Apply(ctx, key, c)
}

// newRace is a rig whose cells alone are in DynamoDB Local: they are what races here.
func newRace(t *testing.T, rules guard.Rules) *rig {
	t.Helper()
	const atOnce = 16
	r := newRigOn(t, rules, harness.DynamoDB(harness.DynamoDBLocal(t)))
	r.cells = &gatedCells{r.cells, make(chan struct{}, atOnce)}
	r.Store, r.Guard = store.NewMemory(r.clock), guard.New(rules, r.cells, nil, r.clock)
	return r
}

// together has many send at once, each to a number of its own.
func (r *rig) together(t *testing.T, senders int, refusal otp.Reason) int64 {
	t.Helper()
	var sent atomic.Int64
	var all sync.WaitGroup
	for i := range senders {
		all.Go(func() {
			err := r.send(t, number(t, i), fmt.Sprintf("192.0.2.%d", i))
			if err == nil {
				sent.Add(1)
				return
			}
			want(t, "a send", err, refusal)
			if err != nil && strings.Contains(err.Error(), "unavailable") {
				t.Errorf("a send: %v", err)
			}
		})
	}
	all.Wait()
	return sent.Load()
}

// TestMoneyIsExact: 200 sends at once, and the limit pays for 40. No more go out, no fewer,
// and the table says so.
func TestMoneyIsExact(t *testing.T) {
	const senders, messages = 200, 40
	rules := fullRules()
	rules.Allowances, rules.RegionSpend = guard.Allowances{}, nil
	rules.Spend.Amount = messages * unit * 5 / 4 // strangers have four fifths
	r := newRace(t, rules)
	sent := r.together(t, senders, otp.BudgetExhausted)
	if sent != messages || r.provider.calls.Load() != messages || r.spentBy(t) != messages*unit {
		t.Errorf("%d were sent, the provider was asked %d times, and %s is spent; want %d each", sent, r.provider.calls.Load(), r.spentBy(t), messages)
	}
}

// TestMoneyIsExactWithEveryRule: the region's limit is the one that ends it, and what the
// others had taken by then is given back.
func TestMoneyIsExactWithEveryRule(t *testing.T) {
	const senders, messages = 100, 30
	rules := fullRules()
	rules.RegionSpend = guard.RegionLimits{"AT": {Amount: messages * unit * 5 / 4, Window: time.Hour}}
	loose := guard.Allowance{Mode: guard.Enforce, Floor: 1000, Window: 24 * time.Hour}
	rules.Allowances = guard.Allowances{Prefix: loose, Region: loose, Service: loose}
	r := newRace(t, rules)
	sent := r.together(t, senders, otp.BudgetExhausted)
	if sent != messages || r.provider.calls.Load() != messages || r.spentBy(t) != messages*unit {
		t.Errorf("%d were sent, the provider was asked %d times, and %s is spent; want %d each", sent, r.provider.calls.Load(), r.spentBy(t), messages)
	}
	found, err := r.cells.Read(t.Context(), []string{"guard#service", "guard#region#AT"})
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"service", "region"} {
		if left := found[i].Strangers.Milli; left != (1000-messages)*1000 {
			t.Errorf("the %s has room for %d thousandths, want %d sends", name, left, 1000-messages)
		}
	}
}

// TestSendsThatFailGiveTheirMoneyBack, in parallel with those that take it.
func TestSendsThatFailGiveTheirMoneyBack(t *testing.T) {
	rules := fullRules()
	rules.Allowances = guard.Allowances{}
	rules.Spend.Amount = 100 * unit
	r := newRace(t, rules)
	r.provider.delivery = &otp.ProviderError{Effect: otp.NotSent, Err: fmt.Errorf("test")}
	if sent := r.together(t, 50, otp.SendFailed); sent != 0 || r.spentBy(t) != 0 {
		t.Errorf("%d were sent, and %s is spent; want nothing", sent, r.spentBy(t))
	}
}

// withoutAddress is what docs/cost.md counts with for a request, less the count of the client's
// address, which is not the domain's.
func withoutAddress(s cost.Spent) cost.Spent {
	return cost.Spent{Calls: s.Calls - cost.AddressCount.Calls, Read: s.Read, Write: s.Write - cost.AddressCount.Write}
}

// TestBudgets asserts what guarded requests cost as numbers, by SMS and by e-mail, whose
// cells are others and as many: nine calls, seven write units and five read units, of which
// the count of the address (one call, one write) is not here. A success by e-mail credits one
// cell less: the money of all channels is in a cell that has no room of e-mail's.
func TestBudgets(t *testing.T) {
	full, numberEarns := withoutAddress(cost.GuardedSend), withoutAddress(cost.GuardedVerify)
	for kind, c := range map[string]struct {
		to    func(*testing.T, int) recipient.Recipient
		earns cost.Spent
	}{
		"a number":   {number, numberEarns},
		"an address": {mailbox, cost.Spent{Calls: numberEarns.Calls - 1, Read: numberEarns.Read, Write: numberEarns.Write - 1}},
	} {
		t.Run(kind, func(t *testing.T) {
			to := c.to
			r := newRig(t, fullRules())
			want(t, "the first send", r.send(t, to(t, 0), "192.0.2.1"), "")
			// DynamoDB Local charges nothing for cells that are not there yet; AWS does.
			r.wantSpent(t, "the first send", cost.Spent{Calls: 8, Read: 1, Write: 2 + 4})
			want(t, "a further send", r.send(t, to(t, 1), "192.0.2.1"), "")
			r.wantSpent(t, "a further send", full)
			r.proxy.LoadAfterRead()
			want(t, "a send too soon", r.send(t, to(t, 1), "192.0.2.1"), otp.CoolingDown)
			r.wantSpent(t, "a send too soon", cost.Spent{Calls: 2, Read: 5})
			want(t, "the first success", r.verify(t, to(t, 0)), "")
			r.wantSpent(t, "the first success of a window", c.earns)
			want(t, "a further success", r.verify(t, to(t, 1)), "")
			r.wantSpent(t, "a further success", c.earns)
		})
	}

	r := newRig(t, guard.Rules{})
	want(t, "a send with everything off", r.send(t, number(t, 0), "192.0.2.1"), "")
	r.wantSpent(t, "a send with everything off", cost.Spent{Calls: 4, Read: 1, Write: 2})
	// What an operator has ordered is read with it all the same.
	now := r.clock.Now()
	_, err := guard.Operator{Cells: r.cells}.Stop(t.Context(), now, guard.Stop{Scope: guard.Scope{Region: "DE"}, Until: now.Add(time.Hour), Reason: "test"})
	if err != nil {
		t.Fatal(err)
	}
	r.wantSpent(t, "the order", cost.Spent{Calls: 2, Write: 1})
	want(t, "a send beside an order", r.send(t, number(t, 1), "192.0.2.1"), "")
	r.wantSpent(t, "a send beside an order", withoutAddress(cost.Send))
	want(t, "a success with everything off", r.verify(t, number(t, 1)), "")
	r.wantSpent(t, "a success with everything off", withoutAddress(cost.Verify))
}

// TestLostAnswers: what is taken may be taken twice, and what is given is given once.
func TestLostAnswers(t *testing.T) {
	rules := fullRules()
	rules.Allowances, rules.RegionSpend = guard.Allowances{}, nil
	r := newRig(t, rules)
	// The charge's answer is lost, and the SDK repeats it: too much is charged, never too
	// little.
	r.proxy.Inject(harness.DynamoDBFault{Operation: "UpdateItem", Lose: true, Times: 1})
	want(t, "a send whose charge is not answered", r.send(t, number(t, 0), "192.0.2.1"), "")
	r.proxy.Mend()
	if got := r.spentBy(t); got != 2*unit {
		t.Errorf("%s is spent, want the one message and its repeated charge", got)
	}
	// The give-back's answer is lost: it is not repeated.
	r.provider.delivery = &otp.ProviderError{Effect: otp.NotSent, Err: fmt.Errorf("test")}
	r.proxy.Spent()
	r.proxy.Inject(harness.DynamoDBFault{Operation: "UpdateItem", Skip: 1, Lose: true, Times: 1})
	want(t, "a send whose give-back is not answered", r.send(t, number(t, 1), "192.0.2.1"), otp.SendFailed)
	r.proxy.Mend()
	updates := r.proxy.Spent().Update
	if got := r.spentBy(t); got != 2*unit || updates != 2 {
		t.Errorf("%s is spent after %d updates, want the same as before and no repeat", got, updates)
	}
}
