package guard_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/guard/cells"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/otp/otptest"
)

// An attack by e-mail, on the guard alone: the domain's own limits bound one address, and an
// attacker has any number of them. internal/attack replays it on the whole.

// keptCells remember the keys that were changed.
type keptCells struct {
	guard.Cells
	mu      sync.Mutex
	changed map[string]bool
}

func (k *keptCells) Apply(ctx context.Context, key string, c guard.Change) (guard.Cell, bool, error) {
	k.mu.Lock()
	k.changed[key] = true
	k.mu.Unlock()
	return k.Cells.Apply(ctx, key, c)
}

// mailbox is a deployment that is asked for codes by e-mail.
type mailbox struct {
	*rig
	kept *keptCells
}

func newMailbox(t *testing.T) *mailbox {
	t.Helper()
	rules := guard.Rules{
		Channels: []otp.Channel{otp.SMS, otp.Email}, Spend: guard.Limit{Amount: 400 * unit, Window: 24 * time.Hour},
		Prices: guard.DefaultPrices(), Allowances: guard.DefaultAllowances(),
	}
	m := &mailbox{rig: newRig(t, rules)}
	m.kept = &keptCells{Cells: cells.NewMemory(m.clock), changed: map[string]bool{}}
	m.guard(rules, m.kept)
	return m
}

// send asks for a code to an address, and returns why there is none. Where it is sent, and
// the sender owns the domain, he types it in as well.
func (m *mailbox) send(t *testing.T, address, client string, owned bool) otp.Reason {
	t.Helper()
	to := otptest.Address(address)
	admission := m.Service.Guard.Admit(t.Context(), otp.Application{To: to, Client: client, Names: m.key})
	if err := admission.Decide(t.Context(), otp.Terms{Channel: otp.Email}); err != nil {
		return reasonOf(t, err)
	}
	if err := admission.Charge(t.Context()); err != nil {
		t.Fatalf("a charge of what was decided: %v", err)
	}
	if owned {
		earned := otp.Earned{At: m.clock.Now(), Sends: 1, Mark: admission.Mark()}
		if err := m.Service.Guard.Credit(t.Context(), otp.Earning{To: to, Names: m.key, Earned: earned}); err != nil {
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

// fromNetwork is an address of the i-th of 10,000 networks.
func fromNetwork(i int) string {
	const networks, byte256 = 10_000, 256
	return fmt.Sprintf("10.%d.%d.1", i%networks/byte256, i%networks%byte256)
}

// TestAddressesOfOneDomain: who has a domain has any number of addresses, and can verify each
// of them. One a second for a day, from 10,000 networks, cost a tenth of the limit and no
// phone number its room.
func TestAddressesOfOneDomain(t *testing.T) {
	for _, c := range []struct {
		name  string
		owned bool
		asked int
		// most messages, and what refuses the next one.
		sent int
		by   otp.Reason
	}{
		// A tenth of 400 at 0.001 each.
		{"verified, each of them", true, 41_000, 40_000, otp.BudgetExhausted},
		// The floor of the service's cell of e-mail, and what refills in the day.
		{"not verified", false, 86_400, 40 + 159, otp.TrafficLimited},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := newMailbox(t)
			start := m.clock.Now()
			sent := 0
			var last otp.Reason
			for i := range c.asked {
				if last = m.send(t, fmt.Sprintf("a%d@example.com", i), fromNetwork(i), c.owned); last == "" {
					sent++
				}
				m.clock.now = start.Add(time.Duration(i) * time.Second)
			}
			if sent != c.sent || last != c.by {
				t.Errorf("%d messages of %d went out, and the last one was refused as %q; want %d and %q", sent, c.asked, last, c.sent, c.by)
			}
			whole, err := m.kept.Read(t.Context(), guard.ServiceKeys())
			if err != nil {
				t.Fatal(err)
			}
			if p := whole[0].Purse; p.Mail > 40*unit || p.Mail != p.Spent || p.Spent != guard.Amount(sent)*unit/1000 {
				t.Errorf("they cost %s, of all spending %s", p.Mail, p.Spent)
			}
			if whole[0].Strangers != (guard.Room{}) || whole[0].Known != (guard.Room{}) {
				t.Errorf("phone numbers have lost room: %+v, known %+v", whole[0].Strangers, whole[0].Known)
			}
			for key := range m.kept.changed {
				kind, _, _ := strings.Cut(strings.TrimPrefix(key, "guard#"), "#")
				if kind != "service" && !strings.HasSuffix(kind, "-mail") {
					t.Errorf("a cell of phone numbers was touched: %s", key)
				}
			}
		})
	}
}

// TestTagsOfOneAddress: person+1, person+2 and so on are one inbox, and have one room.
func TestTagsOfOneAddress(t *testing.T) {
	m := newMailbox(t)
	sent := 0
	for i := range 1000 {
		if m.send(t, fmt.Sprintf("person+%d@example.com", i), fromNetwork(i), false) == "" {
			sent++
		}
	}
	if sent != 20 {
		t.Errorf("%d messages went to one inbox, want the floor of 20", sent)
	}
}

// TestMailIsSentAndCredited is an address on its way through the domain: paid from what
// e-mail may take, and its room given back by its success.
func TestMailIsSentAndCredited(t *testing.T) {
	m := newMailbox(t)
	to := otptest.Carol
	_, err := m.Send(t.Context(), otp.SendRequest{Caller: m.caller("203.0.113.9"), To: to, Channel: otp.Email})
	want(t, "a send by e-mail", err, "")
	look := func() (guard.Cell, guard.Cell) {
		whole, err := m.kept.Read(t.Context(), guard.ServiceKeys())
		if err != nil {
			t.Fatal(err)
		}
		return whole[0], whole[1]
	}
	whole, mail := look()
	if whole.Purse.Mail != unit/1000 || whole.Purse.Spent != unit/1000 || mail.Strangers == (guard.Room{}) {
		t.Errorf("it paid %s of %s, and its room is %+v", whole.Purse.Mail, whole.Purse.Spent, mail.Strangers)
	}
	want(t, "its verify", m.verify(to, "203.0.113.9"), "")
	if _, after := look(); after.Strangers.Milli <= mail.Strangers.Milli || after.Strangers.Verified != 1 {
		t.Errorf("its success earned nothing: %+v, then %+v", mail.Strangers, after.Strangers)
	}
}

// TestPrefixKeysOfAnAddress: an operator finds the very cell that a send took from.
func TestPrefixKeysOfAnAddress(t *testing.T) {
	m := newMailbox(t)
	m.send(t, "person+1@example.com", fromNetwork(1), false)
	keys := guard.PrefixKeys("per.son+2@example.com", m.key)
	if len(keys) != 1 || !m.kept.changed[keys[0]] {
		t.Errorf("the cell is looked for under %v", keys)
	}
}
