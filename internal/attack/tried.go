package main

import (
	"fmt"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
)

// variation is a choice of settings that might do better against those whom nothing tells
// from people. None of the rows is a promise: they say what was tried.
type variation struct {
	setting string
	rules   func(*guard.Rules)
}

var variations = []variation{
	{"the defaults", func(*guard.Rules) {}},
	{"windows of a day: `100/1d+2`, `150/1d+1.5`", func(r *guard.Rules) {
		r.Allowances.Region, r.Allowances.Service = enforce(100, day, 20), enforce(150, day, 15)
	}},
	{"half the floors", func(r *guard.Rules) {
		r.Allowances.Region.Floor /= 2
		r.Allowances.Service.Floor /= 2
	}},
	{"SERVICE_ALLOWANCE with a growth of 0.6", func(r *guard.Rules) { r.Allowances.Service.Growth = 6 }},
	{"`REGION_SPEND_LIMIT=*=200/1d`", func(r *guard.Rules) {
		r.RegionSpend = guard.RegionLimits{"*": {Amount: r.Spend.Amount / 2, Window: day}}
	}},
	{"`CHALLENGE_MODE=always`", func(r *guard.Rules) {
		if r.Challenge != guard.NoChallenge {
			r.Challenge = guard.Always
		}
	}},
}

// row replays the two attacks that look the most like people.
func (v *variation) row(seed uint64) row {
	out := row{section: "What was tried", cells: []string{v.setting}}
	for _, name := range []string{"interceptors", "patient"} {
		a := attackNamed(name)
		for _, challenge := range []bool{false, true} {
			o := size(1000)
			o.rules, o.challenge = v.rules, challenge
			r := replay(seed, o, a)
			out.cells = append(out.cells, percent(r.attacker.worst(), r.world.rules.Spend.Amount), share(r.refused(strangersIn(everywhere))))
			if a.solves {
				out.cells = append(out.cells, fmt.Sprint(r.opensAfter()))
			}
		}
	}
	return out
}
