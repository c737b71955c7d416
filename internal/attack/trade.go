package main

import (
	"fmt"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
)

// trading is one choice of the settings that decide, where no challenge is set, how much money
// an attack on one region takes against how many people are refused beside it.
type trading struct {
	setting string
	rules   func(*guard.Rules)
}

func enforce(floor int, window time.Duration, growthTenths int) guard.Allowance {
	return guard.Allowance{Mode: guard.Enforce, Floor: floor, Window: window, Growth: growthTenths}
}

var tradings = []trading{
	{"the defaults", func(*guard.Rules) {}},
	{"`REGION_ALLOWANCE=enforce 10/6h+1`", func(r *guard.Rules) { r.Allowances.Region = enforce(10, day/4, 10) }},
	{"`REGION_ALLOWANCE=enforce 100/6h+4`", func(r *guard.Rules) { r.Allowances.Region = enforce(100, day/4, 40) }},
	{"`REGION_ALLOWANCE=enforce 100/1d+2`", func(r *guard.Rules) { r.Allowances.Region = enforce(100, day, 20) }},
	{"`REGION_ALLOWANCE=record 25/6h+2`", func(r *guard.Rules) { r.Allowances.Region.Mode = guard.Record }},
	{"`REGION_SPEND_LIMIT=*=100/1d`", func(r *guard.Rules) {
		r.RegionSpend = guard.RegionLimits{"*": {Amount: r.Spend.Amount / 4, Window: day}}
	}},
}

// row replays a fast and a slow attack on one region.
func (c *trading) row(seed uint64) row {
	out := row{section: "The trade", cells: []string{c.setting}}
	for _, name := range []string{"one region", "slow drip"} {
		a := attackNamed(name)
		o := size(1000)
		o.rules = c.rules
		r := replay(seed, o, a)
		limit := r.world.rules.Spend.Amount
		out.misses = append(out.misses, a.misses(limit, r)...)
		out.cells = append(out.cells, r.attacker.money.String(), percent(r.attacker.worst(), limit),
			share(r.refused(strangersIn(a.regions))), share(r.refused(strangersBeside(a.regions))))
	}
	return out
}

func attackNamed(name string) *attack {
	for i := range attacks {
		if attacks[i].name == name {
			return &attacks[i]
		}
	}
	panic(fmt.Sprintf("there is no attack %q", name))
}
