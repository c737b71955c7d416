package main

import (
	"fmt"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// attacker is the party whose messages are the loss.
const attacker = "attacker"

// everywhere is the regions that the owner does business in.
var everywhere = []string{"AT", "DE", "GB", "FR", "US"}

// attack is one way to make the owner pay.
type attack struct {
	name string
	// what it is, in a sentence of the table.
	what string
	// regions that are sent to; nil for those of the owner's users.
	regions []string
	lasts   time.Duration
	// share is the part of the limit that it may cost at most, in percent.
	share int
	// solves: its robots solve challenges, as bought people do, so that nothing tells them
	// from people.
	solves bool
	// slips: the money alone stops it without a challenge, because it verifies as business
	// does. Then strangers are refused beside it everywhere, and docs/abuse.md says so.
	slips bool
	// drains: it sends to the owner's own users, who are refused beside it without a
	// challenge. What is left of them is in the table.
	drains bool
	// voice: calls are offered.
	voice bool
	// owner, if not nil, changes what the owner has set.
	owner func(*owner)
	begin func(w *world, a *attack)
}

// fire sends from the attacker, who is told nothing that stops him.
func (w *world) fire(a *attack, to recipient.Recipient, address string, channel otp.Channel) bool {
	p := w.party(attacker)
	reason := w.send(p, to, address, channel, "")
	if reason == otp.ChallengeRequired && a.solves {
		reason = w.send(p, to, address, channel, solved)
		p.solved++
	}
	return reason == ""
}

// every calls a function over and over, until the attack is over.
func (w *world) every(a *attack, pause func() time.Duration, do func(i int)) {
	ends := w.now.Add(a.lasts)
	i := 0
	var next func()
	next = func() {
		if !w.now.Before(ends) {
			return
		}
		do(i)
		i++
		w.after(pause(), next)
	}
	w.at(w.now, next)
}

func steady(perSecond float64) func() time.Duration {
	return func() time.Duration { return time.Duration(float64(time.Second) / perSecond) }
}

// botnet is addresses all over the world.
func (w *world) botnet(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("%d.%d.%d.%d", 11+w.random.IntN(40), w.random.IntN(256), w.random.IntN(256), 1+w.random.IntN(254))
	}
	return list
}

// subnet is the addresses of one /24.
func subnet(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("9.9.9.%d", 1+i%254)
	}
	return list
}

func pick[T any](w *world, list []T) T { return list[w.random.IntN(len(list))] }

// spread fires from random addresses to numbers that a function makes.
func spread(rate float64, addresses int, number func(w *world, i int) recipient.Recipient) func(*world, *attack) {
	return func(w *world, a *attack) {
		from := w.botnet(addresses)
		w.every(a, steady(rate), func(i int) { w.fire(a, number(w, i), pick(w, from), otp.SMS) })
	}
}

func randomIn(regions ...string) func(*world, int) recipient.Recipient {
	return func(w *world, i int) recipient.Recipient { return w.number(regions[i%len(regions)]) }
}

// sequence is numbers of one block that follow each other.
func sequence(plan string, from int) func(*world, int) recipient.Recipient {
	return func(_ *world, i int) recipient.Recipient {
		for ; ; i++ {
			if to, ok := parse(fmt.Sprintf(plan, (from+i)%10_000), ""); ok {
				return to
			}
		}
	}
}

// phones are real ones, in one drawer.
func (w *world) phones(n int, region string) []recipient.Recipient {
	list := make([]recipient.Recipient, n)
	for i := range list {
		list[i] = w.number(region)
	}
	return list
}

// intercept verifies some of the numbers that it has sent to, so that the traffic looks real.
func intercept(w *world, a *attack) {
	const verified = 0.6
	w.every(a, func() time.Duration { return 5 * time.Second }, func(int) {
		to := w.number("GB")
		if w.random.Float64() < verified {
			w.own(a, to, w.home())
		} else {
			w.fire(a, to, w.home(), otp.SMS)
		}
	})
}

// own has the attacker send to a phone of his own and verify it.
func (w *world) own(a *attack, to recipient.Recipient, address string) {
	if w.fire(a, to, address, otp.SMS) {
		w.after(15*time.Second, func() { w.verify(w.party(attacker), to, address, true) })
	}
}

// shared is an owner whose users share addresses.
func shared(o *owner) {
	o.setup = func(s *setup) { s.ipLimit, s.ipWindow, s.unverified = 60, 5*time.Minute, true }
}

// apart is an owner who has set a limit for each region: a quarter of the whole.
func apart(o *owner) {
	before := o.rules
	o.rules = func(r *guard.Rules) {
		if before != nil {
			before(r)
		}
		r.RegionSpend = guard.RegionLimits{"*": {Amount: r.Spend.Amount / 4, Window: r.Spend.Window}}
	}
}

var attacks = []attack{
	{
		name: "fast burst", what: "50 a second for ten minutes from one network to random numbers of one region",
		regions: []string{"GB"}, lasts: 10 * time.Minute, share: 10,
		begin: func(w *world, a *attack) {
			from := subnet(200)
			w.every(a, steady(50), func(int) { w.fire(a, w.number("GB"), pick(w, from), otp.SMS) })
		},
	}, {
		name: "slow drip", what: "one send every 60 to 120 s for three days, each from another address",
		regions: []string{"GB"}, lasts: 3 * day, share: 100,
		begin: func(w *world, a *attack) {
			w.every(a, func() time.Duration { return time.Minute + time.Duration(w.random.Int64N(int64(time.Minute))) },
				func(int) { w.fire(a, w.number("GB"), w.home(), otp.SMS) })
		},
	}, {
		name: "spread", what: "20 a second for an hour from 10,000 addresses to random numbers of five regions",
		regions: everywhere, lasts: time.Hour, share: 100, begin: spread(20, 10_000, randomIn(everywhere...)),
	}, {
		name: "one region", what: "the same to random numbers of one region", regions: []string{"GB"},
		lasts: time.Hour, share: 100, begin: spread(20, 10_000, randomIn("GB")),
	}, {
		name: "sequential", what: "the same to numbers of one block that follow each other", regions: []string{"GB"},
		lasts: time.Hour, share: 10, begin: spread(20, 10_000, sequence("+44740012%04d", 0)),
	}, {
		name: "premium", what: "5 a second for an hour to +1 900, +44 90, +979 and satellites", lasts: time.Hour, share: 0,
		begin: spread(5, 1000, func(w *world, i int) recipient.Recipient {
			plans := []string{"+1900XXXXXXX", "+4490XXXXXXXX", "+979XXXXXXXXX", "+88161XXXXXXX"}
			for {
				if to, ok := parse(w.fill(plans[i%len(plans)]), ""); ok {
					return to
				}
			}
		}),
	}, {
		name: "voice", what: "5 calls a second for an hour from 1,000 addresses to one region (calls are offered)", regions: []string{"GB"},
		lasts: time.Hour, share: 100, voice: true,
		begin: func(w *world, a *attack) {
			from := w.botnet(1000)
			w.every(a, steady(5), func(int) { w.fire(a, w.number("GB"), pick(w, from), otp.Voice) })
		},
	}, {
		name: "one real phone", what: "one phone that verifies every two hours to earn growth, and its network fires beside it, for two days",
		regions: []string{"GB"}, lasts: 2 * day, share: 10,
		begin: func(w *world, a *attack) {
			from, own := subnet(200), w.number("GB")
			w.every(a, func() time.Duration { return 2 * time.Hour }, func(int) { w.own(a, own, from[0]) })
			w.every(a, steady(1.0/20), func(int) { w.fire(a, w.number("GB"), pick(w, from), otp.SMS) })
		},
	}, {
		name: "20 real phones", what: "20 phones that verify over and over, each from another address, for two days",
		regions: []string{"GB"}, lasts: 2 * day, share: 100,
		begin: func(w *world, a *attack) {
			own := w.phones(20, "GB")
			w.every(a, func() time.Duration { return time.Minute }, func(i int) { w.own(a, own[i%len(own)], w.home()) })
		},
	}, {
		name: "patient", what: "knows every rule: 20 phones verify to make room, and beside them he takes what there is, spread over all, for four days; solves challenges",
		regions: everywhere, lasts: 4 * day, share: 100, solves: true,
		begin: func(w *world, a *attack) {
			own := append(w.phones(10, "GB"), w.phones(10, "US")...)
			w.every(a, func() time.Duration { return 7 * time.Minute }, func(i int) { w.own(a, own[i%len(own)], w.home()) })
			w.every(a, func() time.Duration { return 10 * time.Second }, func(int) {
				w.fire(a, w.number(pick(w, everywhere)), w.home(), otp.SMS)
			})
		},
	}, {
		name: "interceptors", what: "numbers of their own route, of which they verify 60 %, one every 5 s from everywhere, for a day",
		regions: []string{"GB"}, lasts: day, share: 100, slips: true,
		begin: intercept,
	}, {
		name: "interceptors, by region", what: "the same, of an owner with REGION_SPEND_LIMIT at a quarter of SPEND_LIMIT",
		regions: []string{"GB"}, lasts: day, share: 100, owner: apart,
		begin: intercept,
	}, {
		name: "carrier's NAT", what: "one a second for six hours from inside one carrier's NAT that 200 honest users share, of an owner with 60/5m and `unverified`",
		regions: []string{"GB"}, lasts: 6 * time.Hour, share: 10, owner: shared,
		begin: func(w *world, a *attack) {
			const nat = "100.64.7.1"
			for range 200 {
				w.after(time.Duration(w.random.Int64N(int64(a.lasts))), func() { w.signUp(w.party("NAT"), w.number("GB"), nat, 0.75) })
			}
			w.every(a, steady(1), func(int) { w.fire(a, w.number("GB"), nat, otp.SMS) })
		},
	}, {
		name: "own users", what: "a list of 500 of the owner's own users, 2 a second for two hours from everywhere", lasts: 2 * time.Hour, share: 100, drains: true,
		begin: func(w *world, a *attack) {
			list := w.members[:min(500, len(w.members))]
			w.every(a, steady(2), func(i int) { w.fire(a, list[i%len(list)].to, w.home(), otp.SMS) })
		},
	},
}
