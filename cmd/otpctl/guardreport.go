package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/ratelimit"
)

// guardReport is what the guard sees, for an operator.
type guardReport struct {
	Table   string       `json:"table"`
	Stops   []stopReport `json:"stops"`
	Started *startReport `json:"lastStarted,omitempty"`
	// Cells are those of the service, those that were asked for, and of all others those
	// that are out of room or of money, or near it.
	Cells []cellReport `json:"cells"`
}

type stopReport struct {
	Region  string    `json:"region,omitempty"`
	Channel string    `json:"channel,omitempty"`
	Since   time.Time `json:"since"`
	Until   time.Time `json:"until,omitzero"`
	Reason  string    `json:"reason"`

	scope guard.Scope
}

type startReport struct {
	Region  string    `json:"region,omitempty"`
	Channel string    `json:"channel,omitempty"`
	At      time.Time `json:"at"`
	Reason  string    `json:"reason"`

	scope guard.Scope
}

type cellReport struct {
	Kind      string    `json:"kind"`
	Name      string    `json:"name,omitempty"`
	Left      int64     `json:"left"`
	Most      int64     `json:"most"`
	KnownLeft int64     `json:"knownLeft"`
	KnownMost int64     `json:"knownMost"`
	Spent     string    `json:"spent,omitempty"`
	Limit     string    `json:"limit,omitempty"`
	Ends      time.Time `json:"windowEnds,omitzero"`
}

func newGuardReport(table string, orders guard.Orders, sights []guard.Sight, now time.Time) guardReport {
	r := guardReport{Table: table, Stops: []stopReport{}, Cells: []cellReport{}}
	for _, s := range orders.Active(now) {
		reported := stopReport{Region: s.Region, Channel: string(s.Channel), Since: second(s.Since), Reason: s.Reason, scope: s.Scope}
		if !s.Until.IsZero() {
			reported.Until = second(s.Until)
		}
		r.Stops = append(r.Stops, reported)
	}
	if s := orders.Started; s != (guard.Start{}) {
		r.Started = &startReport{Region: s.Region, Channel: string(s.Channel), At: second(s.At), Reason: s.Reason, scope: s.Scope}
	}
	for _, s := range sights {
		c := cellReport{Kind: s.Kind, Name: s.Name, Left: s.Left, Most: s.Most, KnownLeft: s.KnownLeft, KnownMost: s.KnownMost}
		if s.Limit > 0 {
			c.Spent, c.Limit = s.Spent.String(), s.Limit.String()
		}
		if !s.Ends.IsZero() {
			c.Ends = second(s.Ends)
		}
		r.Cells = append(r.Cells, c)
	}
	return r
}

func (g *guardCommand) show(ctx context.Context, operator guard.Operator) error {
	now := g.now()
	service, err := operator.Service(ctx)
	if err != nil {
		return g.explain(err)
	}
	sights, err := g.sights(ctx, operator, now)
	if err != nil {
		return err
	}
	r := newGuardReport(g.target.table, service.Orders, sights, now)
	if g.json {
		return g.ui.emitJSON(r)
	}
	return g.ui.table(func(line func(string, string, ...any)) { r.lines(line, now) })
}

// sights returns the cells of the service, and those that were asked for or, without any,
// those that are near their end.
func (g *guardCommand) sights(ctx context.Context, operator guard.Operator, now time.Time) ([]guard.Sight, error) {
	keys, err := g.asked(ctx)
	if err != nil {
		return nil, err
	}
	sights, err := operator.Look(ctx, g.rules, now, append(guard.ServiceKeys(), keys...)...)
	if err != nil {
		return nil, g.explain(err)
	}
	if len(keys) > 0 || g.scanner == nil {
		return sights, nil
	}
	done := g.ui.during("reading the whole table")
	near, err := operator.Scan(ctx, g.scanner, g.rules, now, func(s guard.Sight) bool {
		return s.Near() && !strings.HasPrefix(s.Kind, "service")
	})
	done()
	if err != nil {
		return nil, g.explain(err)
	}
	return append(sights, near...), nil
}

// asked returns the keys of the cells that the flags are about.
func (g *guardCommand) asked(ctx context.Context) ([]string, error) {
	var keys []string
	if g.region != "" {
		if _, err := guard.ParseScope(g.region, ""); err != nil {
			return nil, fails(err)
		}
		keys = append(keys, guard.RegionKeys(g.region)...)
	}
	if g.logged != "" {
		keys = append(keys, guard.NamedKeys(g.logged)...)
	}
	if g.address == "" && g.prefix == "" {
		return keys, nil
	}
	if _, err := netip.ParseAddr(g.address); g.address != "" && err != nil {
		return nil, fails(errors.New("this is not an address"), "write an IPv4 or IPv6 address, such as 203.0.113.7")
	}
	prefix, err := prefixOf(g.prefix)
	if err != nil {
		return nil, err
	}
	names, err := g.names(ctx)
	if err != nil {
		return nil, err
	}
	if g.address != "" {
		keys = append(keys, guard.NetworkKeys(ratelimit.Site(g.address), names)...)
	}
	if prefix != "" {
		keys = append(keys, guard.PrefixKeys(prefix, names)...)
	}
	return keys, nil
}

// prefixOf reads what a prefix's cell is of: the beginning of numbers, or an e-mail address.
// No error repeats it.
func prefixOf(text string) (string, error) {
	if strings.Contains(text, "@") {
		to, err := parseRecipient(text)
		return to.Canonical(), err
	}
	digits := strings.TrimPrefix(text, "+")
	switch {
	case text == "":
		return "", nil
	case digits == "" || strings.Trim(digits, "0123456789") != "":
		return "", fails(errors.New("this is not a prefix of numbers"), "write a number in E.164 without its last four digits, such as +1415555, or an e-mail address")
	}
	return "+" + digits, nil
}

// secretNames returns the key under which cells are named.
func (g *guardCommand) secretNames(ctx context.Context) (otp.Keyring, error) {
	c, err := g.target.read()
	if err != nil {
		return nil, err
	}
	if c.SecretID == "" && c.Infobip.APIKey == "" {
		return nil, fails(errors.New("no key to find cells by"), "set SECRET_ID or use --secret: the stack's output SecretId names it")
	}
	n := &number{ui: g.ui, target: g.target}
	keys, err := n.phoneKeys(ctx, c)
	return keys.Oldest, err
}

func (r *guardReport) lines(line func(string, string, ...any), now time.Time) {
	line("table", "%s", r.Table)
	if len(r.Stops) == 0 {
		line("stopped", "nothing")
	}
	for _, s := range r.Stops {
		line("stopped", "%s\tsince %s\t%s\t%s", s.scope, when(s.Since, now), ends(s.Until, now), s.Reason)
	}
	if s := r.Started; s != nil {
		line("last started", "%s\t%s\t\t%s", s.scope, when(s.At, now), s.Reason)
	}
	for _, c := range r.Cells {
		if c.Most == 0 && c.Limit == "" {
			continue // nothing is counted there
		}
		room, known, money := "", "", ""
		if c.Most > 0 {
			room, known = fmt.Sprintf("%d of %d left", c.Left, c.Most), fmt.Sprintf("known %d of %d", c.KnownLeft, c.KnownMost)
		}
		if c.Limit != "" {
			money = fmt.Sprintf("spent %s of %s", c.Spent, c.Limit)
			if !c.Ends.IsZero() {
				money += " until " + when(c.Ends, now)
			}
		}
		line(strings.TrimSpace(c.Kind+" "+c.Name), "%s\t%s\t%s", room, known, money)
	}
}
