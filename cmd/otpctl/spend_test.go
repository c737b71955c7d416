package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
)

const unit = guard.Amount(1_000_000)

// spends puts money and room into a cell.
func (g *guardAt) spends(t *testing.T, key string, amount guard.Amount, left int64) {
	t.Helper()
	_, applied, err := g.operator.Cells.Apply(t.Context(), key, guard.Change{
		Payment: &guard.Payment{Price: amount, Most: 1_000_000 * unit, Now: now, Ends: now.Add(2 * time.Hour), Begins: true},
		Room:    &guard.RoomChange{Add: left * 1000, Settles: true, To: now},
	})
	if err != nil || !applied {
		t.Fatalf("Apply: %v, %v", applied, err)
	}
}

// spendAt is the spend commands at a moment, on a memory of their own.
type spendAt struct {
	at *guardAt
	spendCommand
}

func newSpendAt() *spendAt {
	g := newGuardAt()
	g.rules = guard.Rules{
		Spend:       guard.Limit{Amount: 100 * unit, Window: 24 * time.Hour},
		RegionSpend: guard.RegionLimits{"AT": {Amount: 20 * unit, Window: 24 * time.Hour}},
		Allowances: guard.Allowances{
			Network: guard.Allowance{Mode: guard.Enforce, Floor: 10, Window: 24 * time.Hour},
			Prefix:  guard.Allowance{Mode: guard.Enforce, Floor: 20, Window: 24 * time.Hour},
			Region:  guard.Allowance{Mode: guard.Enforce, Floor: 100, Window: 24 * time.Hour},
			Service: guard.Allowance{Mode: guard.Enforce, Floor: 150, Window: 24 * time.Hour},
		},
	}
	return &spendAt{at: g, spendCommand: spendCommand{guardCommand: g.guardCommand}}
}

func (s *spendAt) does(t *testing.T, do func(*spendCommand, context.Context, guard.Operator) error, want ...string) {
	t.Helper()
	s.at.does(t, func(_ *guardCommand, ctx context.Context, operator guard.Operator) error {
		return do(&s.spendCommand, ctx, operator)
	}, want...)
}

func TestSpend(t *testing.T) {
	s := newSpendAt()
	s.does(t, (*spendCommand).show, "table                 otp", "spent for everything  0.00 of 100.00", "window                begins with the next message")
	s.at.spends(t, "guard#service", 42*unit+unit/2, 150)
	s.does(t, (*spendCommand).show, "table                 otp", "spent for everything  42.50 of 100.00", "window                ends 2026-11-24T14:00:00Z (in 2h00m)")

	s.by, s.until, s.reason = "50", "6h", "launch"
	s.does(t, (*spendCommand).raise, "otpctl: raised by 50.00 what may be spent for everything, until 2026-11-24T18:00:00Z (in 6h00m): launch")
	s.json = true
	s.does(t, (*spendCommand).show, `{
  "table": "otp",
  "spent": "42.50",
  "limit": "150.00",
  "windowEnds": "2026-11-24T14:00:00Z",
  "raise": {
    "by": "50.00",
    "until": "2026-11-24T18:00:00Z",
    "since": "2026-11-24T12:00:00Z",
    "reason": "launch"
  }
}`)
	s.json = false
	s.does(t, (*spendCommand).reset,
		"otpctl: error: reset asks before it forgets, and nobody can be asked here; nothing was changed", "otpctl: hint: add --yes")
	s.yes = true
	s.does(t, (*spendCommand).reset, "otpctl: forgotten: 42.50 spent for everything in the window until 2026-11-24T14:00:00Z (in 2h00m)")
	s.does(t, (*spendCommand).reset, "otpctl: nothing to change: nothing was spent for everything")
	s.does(t, (*spendCommand).show,
		"table                 otp", "spent for everything  0.00 of 150.00", "window                begins with the next message",
		"raised                by 50.00 until 2026-11-24T18:00:00Z (in 6h00m): launch")

	// A region's money is its own.
	s.region = "AT"
	s.at.spends(t, "guard#region#AT", 19*unit, 100)
	s.does(t, (*spendCommand).show, "table        otp", "spent to AT  19.00 of 20.00", "window       ends 2026-11-24T14:00:00Z (in 2h00m)")
	s.does(t, (*spendCommand).raise, "otpctl: raised by 50.00 what may be spent to AT, until 2026-11-24T18:00:00Z (in 6h00m): launch")
	s.region = "DE"
	s.does(t, (*spendCommand).show, "table        otp", "spent to DE  0.00 of none", "window       begins with the next message")
}

func TestSpendRefuses(t *testing.T) {
	for _, c := range []struct{ region, by, until, reason, want string }{
		{"XX", "50", "6h", "x", `there is no region "XX": use an ISO 3166 code in capitals such as AT, or 001`},
		{"", "0", "6h", "x", "must be an amount such as 100 or 0.08: at most six decimals, above 0"},
		{"", "50", "", "x", "a raise ends in the future"},
		{"", "50", "2026-11-24T12:00:00Z", "x", "a raise ends in the future"},
		{"", "50", "soon", "x", `"soon" is neither a time such as 2026-12-01T08:00:00Z nor a duration such as 6h`},
		{"", "50", "6h", " ", "a reason has 1 to 100 bytes of printable text in one line"},
	} {
		s := newSpendAt()
		s.region, s.by, s.until, s.reason = c.region, c.by, c.until, c.reason
		s.does(t, (*spendCommand).raise, "otpctl: error: "+c.want)
	}
}

// TestGuardShowsCells: those of the service, and those that are near their end.
func TestGuardShowsCells(t *testing.T) {
	s := newSpendAt()
	g := s.at
	key, err := pseudonym.NewKey("1", make([]byte, pseudonym.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	g.scanner = g.operator.Cells.(guard.Scanner)
	g.names = func(context.Context) (otp.Keyring, error) { return key, nil }
	g.spends(t, "guard#service", 42*unit, 120)
	g.spends(t, "guard#region#AT", 19*unit, 90) // near the end of its money
	g.spends(t, "guard#region#DE", 2*unit, 90)
	g.spends(t, guard.NetworkKeys("203.0.113.7", key)[0], unit, -3)
	g.spends(t, guard.PrefixKeys("+1415555", key)[0], unit, 15)
	g.spends(t, guard.PrefixKeys("jane+tag@example.com", key)[0], unit, 17)
	network := strings.TrimPrefix(guard.NetworkKeys("203.0.113.7", key)[0], "guard#network#")
	head := []string{
		"table             " + "otp",
		"stopped           " + "nothing",
		"service           120 of 150 left  known 150 of 150  spent 42.00 of 100.00 until 2026-11-24T14:00:00Z (in 2h00m)",
		"service mail      150 of 150 left  known 150 of 150",
		"network " + network + "  -3 of 10 left    known 10 of 10",
		"region AT         90 of 100 left   known 100 of 100  spent 19.00 of 20.00 until 2026-11-24T14:00:00Z (in 2h00m)",
	}
	g.does(t, (*guardCommand).show, head...)

	shows := func(want string) {
		t.Helper()
		g.stdout.Reset()
		if err := g.show(t.Context(), g.operator); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(g.stdout.String(), want) || strings.Contains(g.stdout.String(), "region AT") {
			t.Errorf("it shows\n%swithout %q", g.stdout.String(), want)
		}
	}
	g.address = "203.0.113.200" // of the same network
	shows("-3 of 10 left")
	g.address, g.prefix = "", "1415555"
	shows("15 of 20 left")
	g.prefix = "Jane+Another@Example.com" // of the same mailbox
	shows("17 of 20 left")
	g.prefix, g.region = "", "DE"
	shows("90 of 100 left")
	g.region, g.logged = "", network
	shows("-3 of 10 left")
	g.logged, g.address = "", "nowhere"
	g.does(t, (*guardCommand).show, "otpctl: error: this is not an address", "otpctl: hint: write an IPv4 or IPv6 address, such as 203.0.113.7")
	g.address, g.prefix = "", "1415x"
	g.does(t, (*guardCommand).show, "otpctl: error: this is not a prefix of numbers", "otpctl: hint: write a number in E.164 without its last four digits, such as +1415555, or an e-mail address")
	g.prefix = "canary@example"
	g.does(t, (*guardCommand).show, "otpctl: error: this is not a valid e-mail address", "otpctl: hint: write the address alone, in ASCII, such as jane@example.com")
	g.prefix, g.names = "1415", func(context.Context) (otp.Keyring, error) { return nil, fails(errors.New("no key")) }
	g.does(t, (*guardCommand).show, "otpctl: error: no key")
}
