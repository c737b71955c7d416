package guard

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// An attack by e-mail, on the guard alone: no recipient of the product can be an address yet.
// Its stand-in is the subject that an address has; the deliveries are the guard's own.

// plainCells keep cells in a map. What a change means is Change's own word.
type plainCells map[string]Cell

func (p plainCells) Read(_ context.Context, keys []string) ([]Cell, error) {
	found := make([]Cell, len(keys))
	for i, key := range keys {
		found[i] = p[key]
	}
	return found, nil
}

func (p plainCells) Apply(_ context.Context, key string, c Change) (Cell, bool, error) {
	next, ok := c.Apply(p[key])
	p[key] = next
	return next, ok, nil
}

func (p plainCells) Order(context.Context, string, Orders, Revision, time.Time) (bool, error) {
	return false, nil // nobody gives orders here
}

type steppedClock struct{ now time.Time }

func (c *steppedClock) Now() time.Time { return c.now }

// mailbox is a deployment that is asked for codes by e-mail.
type mailbox struct {
	guard *Guard
	cells plainCells
	clock *steppedClock
}

func newMailbox() *mailbox {
	m := &mailbox{cells: plainCells{}, clock: &steppedClock{start}}
	rules := Rules{
		Channels: []otp.Channel{otp.SMS, otp.Email}, Spend: Limit{Amount: 400 * one, Window: day},
		Prices: DefaultPrices(), Allowances: DefaultAllowances(),
	}
	m.guard = New(rules, m.cells, nil, m.clock)
	return m
}

// send asks for a code to an address, and returns why there is none. Where it is sent, and
// the sender owns the domain, he types it in as well.
func (m *mailbox) send(t *testing.T, address, network string, owned bool) otp.Reason {
	t.Helper()
	d := &delivery{
		guard: m.guard, subject: subject{mail: true, network: network, prefix: withoutTag(address)}, read: make(chan struct{}),
	}
	d.slots = m.guard.rules.slots(d.subject)
	for _, s := range d.slots {
		d.cells = append(d.cells, m.cells[s.key])
	}
	close(d.read)
	err := d.Decide(t.Context(), otp.Terms{Channel: otp.Email})
	if err == nil {
		// One slot after another: a map is no store for parallel writers.
		d.taken = make([]taken, len(d.slots))
		for i, s := range d.slots {
			var refused *otp.Error
			if d.taken[i], refused = d.charge(t.Context(), s, d.cells[i]); refused != nil {
				t.Fatalf("a charge of what was decided: %v", refused)
			}
		}
	}
	if err != nil {
		return reasonOf(t, err)
	}
	for _, s := range d.slots {
		if !owned || s.allowance.Mode == Off {
			continue
		}
		if err := m.guard.credit(t.Context(), s, otp.Earning{Earned: otp.Earned{At: m.clock.now, Sends: 1}}); err != nil {
			t.Fatal(err)
		}
	}
	return ""
}

func reasonOf(t *testing.T, err error) otp.Reason {
	t.Helper()
	failure, ok := err.(*otp.Error) //nolint:errorlint // Decide returns nothing else
	if !ok {
		t.Fatal(err)
	}
	return failure.Reason
}

// TestAddressesOfOneDomain: who has a domain has any number of addresses, and can verify each
// of them. One a second for a day, from 10,000 networks, cost a tenth of the limit and no
// phone number its room.
func TestAddressesOfOneDomain(t *testing.T) {
	for _, c := range []struct {
		name  string
		owned bool
		// most messages, and what refuses the next one.
		sent int
		by   otp.Reason
	}{
		// A tenth of 400 at 0.001 each.
		{"verified, each of them", true, 40_000, otp.BudgetExhausted},
		// The floor of the service's cell of e-mail, and what refills in the day.
		{"not verified", false, 40 + 159, otp.TrafficLimited},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMailbox()
			const asked = 86_400
			sent := 0
			var last otp.Reason
			for i := range asked {
				if last = m.send(t, fmt.Sprintf("a%d@example.com", i), fmt.Sprint("network", i%10_000), c.owned); last == "" {
					sent++
				}
				m.clock.now = start.Add(time.Duration(i) * time.Second)
			}
			if sent != c.sent || last != c.by {
				t.Errorf("%d messages of %d went out, and the last one was refused as %q; want %d and %q", sent, asked, last, c.sent, c.by)
			}
			whole := m.cells[serviceKey]
			if whole.Purse.Mail > 40*one || whole.Purse.Mail != whole.Purse.Spent || whole.Purse.Spent != Amount(sent)*one/1000 {
				t.Errorf("they cost %s, of all spending %s", whole.Purse.Mail, whole.Purse.Spent)
			}
			if whole.Strangers != (Room{}) || whole.Known != (Room{}) {
				t.Errorf("phone numbers have lost room: %+v, known %+v", whole.Strangers, whole.Known)
			}
			for key := range m.cells {
				if len(key) > len(regionKey) && key[:len(regionKey)] == regionKey {
					t.Errorf("a region's cell was touched: %s", key)
				}
			}
		})
	}
}

// TestTagsOfOneAddress: person+1, person+2 and so on are one inbox, and have one room.
func TestTagsOfOneAddress(t *testing.T) {
	m := newMailbox()
	sent := 0
	for i := range 1000 {
		if m.send(t, fmt.Sprintf("person+%d@example.com", i), fmt.Sprint("network", i), false) == "" {
			sent++
		}
	}
	if sent != 20 {
		t.Errorf("%d messages went to one inbox, want the floor of 20", sent)
	}
}
