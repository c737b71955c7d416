package guard

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// the rules that examples use: 100 a day at 1 a message, and each kind of cell.
func sampleRules() Rules {
	return Rules{
		Channels: []otp.Channel{otp.SMS, otp.Voice}, Spend: Limit{Amount: 100 * one, Window: day},
		RegionSpend: RegionLimits{"AT": {Amount: 50 * one, Window: 2 * day}},
		Prices:      MessagePrices{SMS: Prices{"*": one}, Voice: Prices{"*": 3 * one}, Mail: Prices{"*": one / 10}},
		Allowances: Allowances{
			Network: Allowance{Enforce, 10, day, 30}, Prefix: Allowance{Enforce, 20, day, 30},
			Region: Allowance{Enforce, 100, day, 20}, Service: Allowance{Enforce, 150, day, 15},
		},
	}
}

// bench judges deliveries to AT over cells by name.
type bench struct {
	rules Rules
	cells map[string]*Cell
	slots []slot
	now   time.Time
}

func newBench(rules Rules) *bench {
	b := &bench{rules: rules, cells: map[string]*Cell{}, now: start}
	b.slots = rules.slots(subject{network: "n", prefix: "p", region: "AT"})
	for _, s := range b.slots {
		b.cells[s.name] = &Cell{}
	}
	return b
}

func (b *bench) judge(known bool) judgement {
	cells := make([]Cell, len(b.slots))
	for i, s := range b.slots {
		cells[i] = *b.cells[s.name]
	}
	s := sender{region: "AT", channel: otp.SMS, price: b.rules.Prices.SMS.of("AT"), known: known}
	return b.rules.judge(b.slots, cells, s, b.now)
}

// room sets what is left of a cell's room.
func (b *bench) room(cell string, known bool, sends int) {
	*b.cells[cell].room(known) = Room{Milli: int64(sends) * milli, At: b.now}
}

func (b *bench) spent(cell string, amount Amount) {
	b.cells[cell].Purse = Purse{Spent: amount, Ends: b.now.Add(time.Hour)}
}

// text is a judgement in a word and a wait.
func (j judgement) text() string {
	switch {
	case j.refused != nil:
		return string(j.refused.Reason) + " by " + j.by + " for " + j.refused.RetryAfter.String()
	case j.suspicious:
		return "suspicious by " + j.by
	}
	return "passes"
}

func (b *bench) want(t *testing.T, what string, known bool, want string) {
	t.Helper()
	if got := b.judge(known).text(); got != want {
		t.Errorf("%s: %s, want %s", what, got, want)
	}
}

const (
	stranger = false
	known    = true
)

// TestEachCellRefuses: every cell alone, and only the kind of recipient whose room it is.
func TestEachCellRefuses(t *testing.T) {
	waits := map[string]string{"network": "2h30m0s", "prefix": "1h15m0s", "region": "15m0s", "service": "15m0s"}
	for cell, wait := range waits {
		b := newBench(sampleRules())
		b.want(t, cell+" untouched", stranger, "passes")
		b.room(cell, stranger, 1)
		b.want(t, cell+" with one left", stranger, "passes")
		b.room(cell, stranger, 0)
		b.want(t, cell+" without room", stranger, "traffic_limited by "+cell+" for "+wait)
		b.want(t, cell+" without strangers' room", known, "passes")
		b = newBench(sampleRules())
		b.room(cell, known, 0)
		b.want(t, cell+" without known room", stranger, "passes")
		b.want(t, cell+" without known room", known, "traffic_limited by "+cell+" for "+wait)
	}
	b := newBench(sampleRules())
	for cell := range waits {
		b.room(cell, stranger, 0)
	}
	b.want(t, "of several the longest wait", stranger, "traffic_limited by network for 2h30m0s")
}

// TestModes: off is not counted, record does not refuse.
func TestModes(t *testing.T) {
	rules := sampleRules()
	rules.Allowances.Network.Mode = Record
	b := newBench(rules)
	b.room("network", stranger, -5)
	b.want(t, "while recording", stranger, "passes")
	rules.Allowances = Allowances{}
	rules.RegionSpend = nil
	names := ""
	for _, s := range rules.slots(subject{network: "n", prefix: "p", region: "AT"}) {
		names += s.name + " "
	}
	if names != "service " {
		t.Errorf("with every allowance off the cells are %s", names)
	}
}

// TestMoneyRefuses: what may be spent, by whom, and in which purse.
func TestMoneyRefuses(t *testing.T) {
	b := newBench(sampleRules())
	b.spent("service", 79*one)
	b.want(t, "within four fifths", stranger, "passes")
	b.spent("service", 79*one+1)
	b.want(t, "above four fifths", stranger, "budget_exhausted by service money for 1h0m0s")
	b.want(t, "above four fifths", known, "passes")
	b.spent("service", 99*one)
	b.want(t, "equal to the limit", known, "passes")
	b.spent("service", 99*one+1)
	b.want(t, "above the limit", known, "budget_exhausted by service money for 1h0m0s")
	b.now = b.now.Add(time.Hour)
	b.want(t, "in the next window", known, "passes")

	b = newBench(sampleRules())
	b.spent("region", 39*one+1)
	b.want(t, "above four fifths of the region", stranger, "budget_exhausted by region money for 1h0m0s")
	b.want(t, "above four fifths of the region", known, "passes")

	b = newBench(sampleRules())
	b.spent("prefix", 9*one)
	b.want(t, "a tenth by a prefix", stranger, "passes")
	b.spent("prefix", 9*one+1)
	b.want(t, "above a tenth by a prefix", stranger, "traffic_limited by prefix money for 1h0m0s")
	b.want(t, "above a tenth by a prefix", known, "traffic_limited by prefix money for 1h0m0s")
	b.spent("service", 80*one)
	b.want(t, "money first", stranger, "budget_exhausted by service money for 1h0m0s")
	b.room("network", stranger, -20)
	b.want(t, "money before room", stranger, "budget_exhausted by service money for 1h0m0s")

	rules := sampleRules()
	rules.Allowances.Prefix.Mode = Record
	b = newBench(rules)
	b.spent("prefix", 50*one)
	b.want(t, "a prefix that is only recorded", stranger, "passes")

	rules = sampleRules()
	rules.Prices.SMS = Prices{"*": 90 * one}
	b = newBench(rules)
	b.want(t, "dearer than all that may be spent", stranger, "budget_exhausted by region money for 48h0m0s")
}

// TestRaisedLimits: an operator's raise counts while it lasts.
func TestRaisedLimits(t *testing.T) {
	b := newBench(sampleRules())
	b.spent("service", 100*one)
	b.cells["service"].Orders.Raise = Raise{By: 50 * one, Until: b.now.Add(time.Minute)}
	b.want(t, "raised to 150", stranger, "passes")
	b.now = b.now.Add(time.Minute)
	b.want(t, "after the raise", stranger, "budget_exhausted by service money for 1h0m0s")
	b = newBench(sampleRules())
	b.spent("region", 50*one)
	b.cells["region"].Orders.Raise = Raise{By: 50 * one, Until: b.now.Add(time.Minute)}
	b.want(t, "a region raised", stranger, "passes")
}

// TestMailIsATenth: by its own count in the service's purse.
func TestMailIsATenth(t *testing.T) {
	rules := sampleRules()
	slots := rules.slots(subject{mail: true, network: "n", prefix: "p"})
	var keys []string
	for _, s := range slots {
		keys = append(keys, s.key)
	}
	if got := strings.Join(keys, " "); got != "guard#service-mail guard#network-mail#n guard#prefix-mail#p guard#service" {
		t.Errorf("the cells of e-mail are %s", got)
	}
	for _, c := range []struct {
		mailSpent, spent Amount
		known            bool
		want             string
	}{
		{99 * one / 10, 99 * one / 10, stranger, "passes"},
		{99*one/10 + 1, 99*one/10 + 1, stranger, "budget_exhausted by service money for 1h0m0s"},
		{99*one/10 + 1, 99*one/10 + 1, known, "budget_exhausted by service money for 1h0m0s"},
		{0, 80 * one, stranger, "budget_exhausted by service money for 1h0m0s"},
		{0, 80 * one, known, "passes"},
	} {
		cells := make([]Cell, len(slots))
		cells[3].Purse = Purse{Spent: c.spent, Mail: c.mailSpent, Ends: start.Add(time.Hour)}
		j := rules.judge(slots, cells, sender{channel: otp.Email, price: one / 10, known: c.known}, start)
		if j.text() != c.want {
			t.Errorf("%+v: %s", c, j.text())
		}
	}
	// Its rooms are its own.
	cells := make([]Cell, len(slots))
	cells[3].Strangers = Room{Milli: -100 * milli, At: start}
	if j := rules.judge(slots, cells, sender{channel: otp.Email, price: one / 10}, start); j.text() != "passes" {
		t.Errorf("without room for phone numbers: %s", j.text())
	}
	cells[0].Strangers = Room{At: start}
	if j := rules.judge(slots, cells, sender{channel: otp.Email, price: one / 10}, start); j.text() != "traffic_limited by service for 15m0s" {
		t.Errorf("without room for e-mail: %s", j.text())
	}
}

// TestSuspicious: with a challenge the room goes as far below zero as it can hold above, for
// who solves it.
func TestSuspicious(t *testing.T) {
	rules := sampleRules()
	rules.Challenge = Suspicious
	b := newBench(rules)
	b.room("network", stranger, 1)
	b.want(t, "with room", stranger, "passes")
	b.room("network", stranger, 0)
	b.want(t, "without", stranger, "suspicious by network")
	b.want(t, "a known number beside it", known, "suspicious by network")
	b.room("network", stranger, -9)
	b.want(t, "nine below", stranger, "suspicious by network")
	b.room("network", stranger, -10)
	b.want(t, "ten below", stranger, "traffic_limited by network for 2h30m0s")
	b.want(t, "a known number beside it", known, "suspicious by network")
	b.room("network", known, -10)
	b.want(t, "and without a room of its own", known, "traffic_limited by network for 2h30m0s")

	// A room that has grown goes further.
	b = newBench(rules)
	b.room("network", stranger, -15)
	b.cells["network"].Strangers.Window = rules.Allowances.Network.index(b.now)
	b.want(t, "fifteen below of ten", stranger, "traffic_limited by network for 14h30m0s")
	b.cells["network"].Strangers.Verified = 2
	b.want(t, "fifteen below of sixteen", stranger, "suspicious by network")

	// No challenge is asked for where money or a stop refuses.
	b.spent("prefix", 10*one)
	b.want(t, "without the prefix's money", stranger, "traffic_limited by prefix money for 1h0m0s")
	b.cells["service"].Orders, _ = Orders{}.Stop(b.now, Stop{Reason: "test", Until: b.now.Add(7 * time.Minute)})
	b.want(t, "stopped", stranger, "traffic_limited by stop for 7m0s")

	rules.Challenge = Always
	b = newBench(rules)
	b.room("network", stranger, 0)
	b.want(t, "where every send has a solved one none doubles the room", stranger, "traffic_limited by network for 2h30m0s")
}

// TestHalfTheMoneyIsSuspicious: where a challenge is set, the second half of what strangers may
// spend takes solved ones, of everybody alike.
func TestHalfTheMoneyIsSuspicious(t *testing.T) {
	rules := sampleRules()
	rules.Challenge = Suspicious
	b := newBench(rules)
	for cell, half := range map[string]Amount{"service": 40 * one, "region": 20 * one} {
		b = newBench(rules)
		b.spent(cell, half-one)
		b.want(t, cell+": up to half", stranger, "passes")
		b.spent(cell, half-one+1)
		b.want(t, cell+": above half", stranger, "suspicious by "+cell+" money")
		b.want(t, cell+": above half, a known number", known, "suspicious by "+cell+" money")
		b.spent(cell, 2*half-one+1)
		b.want(t, cell+": spent", stranger, "budget_exhausted by "+cell+" money for 1h0m0s")
		b.want(t, cell+": spent, a known number", known, "suspicious by "+cell+" money")
		b.now = b.now.Add(time.Hour)
		b.want(t, cell+": the next window", stranger, "passes")
	}
	b.spent("prefix", 9*one)
	b.want(t, "a prefix has all of its tenth", stranger, "passes")
	b.spent("service", 70*one)
	b.cells["service"].Orders.Raise = Raise{By: 100 * one, Until: b.now.Add(time.Minute)}
	b.want(t, "half of what is raised", stranger, "passes")

	// With every allowance off too, and in no other mode.
	rules.Allowances = Allowances{}
	b = newBench(rules)
	b.spent("service", 50*one)
	b.want(t, "without allowances", stranger, "suspicious by service money")
	for _, mode := range []ChallengeMode{NoChallenge, Always} {
		rules.Challenge = mode
		b = newBench(rules)
		b.spent("service", 50*one)
		b.want(t, "mode "+string(mode), stranger, "passes")
	}
}

// TestNoChallengeForNothing: whatever the cells hold, who is asked for a challenge passes
// with it, and who is told to wait passes after the wait if nobody else sends.
func TestNoChallengeForNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := sampleRules()
		rules.Challenge = rapid.SampledFrom([]ChallengeMode{NoChallenge, Suspicious, Always}).Draw(t, "challenge")
		b := newBench(rules)
		for _, s := range b.slots {
			for _, k := range []bool{stranger, known} {
				b.room(s.name, k, rapid.IntRange(-2*s.allowance.Floor, s.allowance.Floor).Draw(t, s.name))
				b.cells[s.name].room(k).Window = s.allowance.index(b.now)
				b.cells[s.name].room(k).Verified = rapid.Int64Range(0, 3).Draw(t, "numbers")
			}
			if rapid.IntRange(0, 4).Draw(t, "spends") == 0 {
				b.spent(s.name, Amount(rapid.IntRange(0, 110).Draw(t, "spent"))*one)
			}
		}
		isKnown := rapid.Bool().Draw(t, "known")
		j := b.judge(isKnown)
		if j.suspicious && rules.Challenge != Suspicious {
			t.Fatalf("asked for a challenge in mode %q", rules.Challenge)
		}
		if j.refused == nil {
			for _, s := range b.slots {
				room := *b.cells[s.name].room(isKnown)
				left := s.allowance.level(room, b.now) - milli
				if j.suspicious && left < -s.allowance.most(room, b.now) || !j.suspicious && left < 0 {
					t.Fatalf("%s passes with %d left in %s", j.text(), left, s.name)
				}
			}
			return
		}
		b.now = b.now.Add(j.refused.RetryAfter)
		// At the end of a wait for room the money may be what is missing, and the other way
		// round; each wait is true of its own.
		if next := b.judge(isKnown); next.refused != nil && next.by == j.by {
			t.Fatalf("told %s, and then %s", j.text(), next.text())
		}
	})
}

// TestKeep: a cell is kept for as long as anything in it matters, the service's for ever.
func TestKeep(t *testing.T) {
	rules := sampleRules()
	slots := rules.slots(subject{network: "n", prefix: "p", region: "AT"})
	network, perRegion, whole := slots[0], slots[2], slots[3]
	const slack = day
	for name, c := range map[string]struct {
		slot slot
		cell Cell
		want time.Duration
	}{
		"an empty one":          {network, Cell{}, 2*day + slack},
		"one without room":      {network, Cell{Strangers: Room{At: start}}, day + 2*day + slack},
		"one without known":     {network, Cell{Known: Room{Milli: -10 * milli, At: start}}, 2*day + 2*day + slack},
		"a region's window":     {perRegion, Cell{}, 2*day + slack},
		"a window of yore":      {perRegion, Cell{Purse: Purse{Ends: start.Add(9 * day)}}, 9*day + slack},
		"a raise":               {perRegion, Cell{Orders: Orders{Raise: Raise{Until: start.Add(8 * day)}}}, 8*day + slack},
		"the whole, for orders": {whole, Cell{}, serviceMemory},
	} {
		got := c.slot.keep(c.cell, start).Sub(start)
		if got < c.want || got > c.want+time.Minute {
			t.Errorf("%s is kept for %s, want %s", name, got, c.want)
		}
	}
}

func TestNetworkOf(t *testing.T) {
	for client, want := range map[string]string{
		"192.0.2.77": "192.0.2.0/24", "203.0.113.255": "203.0.113.0/24", "2001:db8:1::/48": "2001:db8:1::/48",
		"": "unknown", "unknown": "unknown", "2001:db8::1": "unknown", "192.0.2.77/33": "unknown",
	} {
		got := networkOf(client)
		if client == "2001:db8::1" || client == "192.0.2.77/33" { // no bucket looks so
			continue
		}
		if got != want {
			t.Errorf("networkOf(%q) = %q, want %q", client, got, want)
		}
	}
	if networkOf("2001:db8:1::/48") == networkOf("2001:db8:2::/48") || networkOf("192.0.2.1") == networkOf("192.0.3.1") {
		t.Error("two networks are one")
	}
}

func TestMailboxOf(t *testing.T) {
	for address, want := range map[string]string{
		"a@example.com": "a@example.com", "a+b@example.com": "a@example.com", "a+b+c@example.com": "a@example.com",
		"+b@example.com": "@example.com", "a@sub+x.example.com": "a@sub+x.example.com", "none": "none",
		"a.b.c@example.com": "abc@example.com", "a.b+c.d@mail.example.com": "ab@mail.example.com",
	} {
		if got := mailboxOf(address); got != want {
			t.Errorf("mailboxOf(%q) = %q, want %q", address, got, want)
		}
	}
}
