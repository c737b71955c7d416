package guard

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// Sight is a cell as an operator sees it.
type Sight struct {
	// Kind is network, prefix, region or service, with "mail" behind it for the cells of
	// e-mail; Name is the region's code, or what logs call the network or prefix.
	Kind, Name string
	// Left and Most are the whole sends that strangers' room has, and may hold; the others
	// those of known numbers. All are zero where the allowance is off.
	Left, Most           int64
	KnownLeft, KnownMost int64
	// Spent is the money of the running window, of Limit as it is raised; both are zero
	// where there is no limit. Ends is the window's end.
	Spent, Limit Amount
	Ends         time.Time
	Orders       Orders
}

// Near reports whether the cell is out of strangers' room or of money, or near it: less than
// a fifth is left.
func (s Sight) Near() bool {
	const part = 5
	room := s.Most > 0 && s.Left*part < s.Most
	return room || s.Limit > 0 && (s.Limit-s.Spent)*part < s.Limit
}

// kinds are the cells' kinds by the beginning of their keys, and what logs call them.
var kinds = []struct {
	key, kind string
	allowance func(Allowances) Allowance
}{
	{serviceMailKey, "service mail", func(a Allowances) Allowance { return a.Service }},
	{serviceKey, "service", func(a Allowances) Allowance { return a.Service }},
	{regionKey, "region", func(a Allowances) Allowance { return a.Region }},
	{networkMailKey, "network mail", func(a Allowances) Allowance { return a.Network }},
	{networkKey, "network", func(a Allowances) Allowance { return a.Network }},
	{prefixMailKey, "prefix mail", func(a Allowances) Allowance { return a.Prefix }},
	{prefixKey, "prefix", func(a Allowances) Allowance { return a.Prefix }},
}

// Sight returns what an operator sees of a cell under these rules, and whether its key is one
// of the guard's.
func (r Rules) Sight(key string, c Cell, now time.Time) (Sight, bool) {
	for _, k := range kinds {
		name, ok := strings.CutPrefix(key, k.key)
		if !ok {
			continue
		}
		s := Sight{Kind: k.kind, Name: name, Orders: c.Orders}
		if a := k.allowance(r.Allowances); a.Mode != Off {
			s.Left, s.Most = floorDiv(a.level(c.Strangers, now)), a.most(c.Strangers, now)/milli
			s.KnownLeft, s.KnownMost = floorDiv(a.level(c.Known, now)), a.most(c.Known, now)/milli
		}
		switch k.kind {
		case "service":
			s.Limit = r.Spend.Amount
		case "region":
			s.Limit = r.RegionSpend.of(name).Amount
		case "prefix", "prefix mail":
			if r.Allowances.Prefix.Mode == Enforce {
				s.Limit = r.Spend.Amount / tenthPart
			}
		}
		if s.Limit > 0 {
			s.Limit += c.Orders.Raise.at(now)
			s.Spent = c.Purse.spent(now)
		}
		if c.Purse.within(now) {
			s.Ends = c.Purse.Ends
		}
		return s, true
	}
	return Sight{}, false
}

// Look returns what an operator sees of the cells under these keys.
func (o Operator) Look(ctx context.Context, r Rules, now time.Time, keys ...string) ([]Sight, error) {
	cells, err := o.Cells.Read(ctx, keys)
	if err != nil {
		return nil, err
	}
	sights := make([]Sight, 0, len(keys))
	for i, key := range keys {
		if s, ok := r.Sight(key, cells[i], now); ok {
			sights = append(sights, s)
		}
	}
	return sights, nil
}

// Scan returns what an operator sees of every cell for which the filter is true, those with
// the least room first.
func (o Operator) Scan(ctx context.Context, scanner Scanner, r Rules, now time.Time, filter func(Sight) bool) ([]Sight, error) {
	var sights []Sight
	err := scanner.Scan(ctx, func(key string, c Cell) {
		if s, ok := r.Sight(key, c, now); ok && filter(s) {
			sights = append(sights, s)
		}
	})
	slices.SortFunc(sights, func(a, b Sight) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Left, b.Left), cmp.Compare(a.Name, b.Name))
	})
	return sights, err
}

// ServiceKeys are the keys of the cells of the whole service.
func ServiceKeys() []string { return []string{serviceKey, serviceMailKey} }

// RegionKeys are the keys of a region's cell.
func RegionKeys(region string) []string { return []string{regionKey + region} }

// NetworkKeys are the keys of the cells of a client's network. The client is an IPv4 address
// or an IPv6 /48.
func NetworkKeys(client string, names otp.Keyring) []string {
	return named("network", name(names, "network", networkOf(client)))
}

// PrefixKeys are the keys of the cell of a number's prefix (the number without its last four
// digits, in E.164), or of an e-mail address in lower case.
func PrefixKeys(prefix string, names otp.Keyring) []string {
	if strings.Contains(prefix, "@") {
		return []string{prefixMailKey + name(names, mailPrefix, mailboxOf(prefix))}
	}
	return []string{prefixKey + name(names, "prefix", prefix)}
}

// NamedKeys are the keys of the cells that logs call so: of a network or of a prefix.
func NamedKeys(logged string) []string {
	return append(named("network", logged), prefixKey+logged, prefixMailKey+logged)
}

func named(kind, name string) []string {
	return []string{"guard#" + kind + "#" + name, "guard#" + kind + "-mail#" + name}
}
