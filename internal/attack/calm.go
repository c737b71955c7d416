package main

import (
	"fmt"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
)

// calm is business without an attack, of which the guard has to refuse nothing.
type calm struct {
	name, what string
	owner      func(signUps int) owner
	// cold: there was no business before.
	cold  bool
	lasts time.Duration
	// begin has the business happen, at an owner of so many sign-ups a day.
	begin func(w *world, lasts time.Duration, signUps float64)
}

// hour is the part of a day's sign-ups that comes in an hour, on average.
const hour = 1.0 / 24

// crowd has people sign up at a rate that a function gives for the part of the time that is
// over, in a party of their own.
func (w *world) crowd(lasts time.Duration, perHour func(part float64) float64, region, address func() string) {
	began := w.now
	var next func()
	next = func() {
		part := float64(w.now.Sub(began)) / float64(lasts)
		if part >= 1 {
			return
		}
		r := region()
		w.signUp(w.party("crowd"), w.number(r), address(), 0.75)
		rate := max(perHour(part), 1)
		w.after(time.Duration(w.random.ExpFloat64()/rate*float64(time.Hour)), next)
	}
	w.at(w.now, next)
}

func constant(rate float64) func(float64) float64 { return func(float64) float64 { return rate } }

func always(s string) func() string { return func() string { return s } }

func limited(limit int, window time.Duration) func(int) owner {
	return func(signUps int) owner {
		o := size(signUps)
		o.setup = func(s *setup) { s.ipLimit, s.ipWindow, s.unverified = limit, window, true }
		return o
	}
}

func stadium(w *world, lasts time.Duration, signUps float64) {
	w.crowd(lasts, constant(20*signUps*hour), always("AT"), func() string { return w.clientOf("AT") })
}

var calms = []calm{
	{
		name: "launch", what: "from nothing to 5,000 sign-ups an hour within six hours, in five regions", cold: true, lasts: 6 * time.Hour,
		owner: func(signUps int) owner {
			o := size(signUps)
			o.trade = trade{regions: fiveRegions}
			o.rules = func(r *guard.Rules) { r.Spend.Amount = 100_000 * unit }
			return o
		},
		begin: func(w *world, lasts time.Duration, signUps float64) {
			where := ""
			w.crowd(lasts, func(part float64) float64 { return 5 * signUps * part },
				func() string { where = w.market(trade{regions: fiveRegions}).region; return where },
				func() string { return w.clientOf(where) })
		},
	}, {
		name: "small country", what: "a thousand sign-ups a day, all in a country of a hundred prefixes", cold: true, lasts: day,
		owner: func(signUps int) owner { o := size(signUps); o.trade = trade{}; return o },
		begin: func(w *world, lasts time.Duration, signUps float64) {
			w.crowd(lasts, constant(signUps*hour), always("MT"), func() string { return w.clientOf("MT") })
		},
	}, {
		name: "one carrier", what: "a thousand sign-ups a day, all from 16 addresses in two /24", cold: true, lasts: day,
		owner: func(signUps int) owner { o := limited(60, 5*time.Minute)(signUps); o.trade = trade{}; return o },
		begin: func(w *world, lasts time.Duration, signUps float64) {
			w.crowd(lasts, constant(signUps*hour), always("AT"), func() string {
				return fmt.Sprintf("100.64.%d.%d", w.random.IntN(2), 1+w.random.IntN(8))
			})
		},
	}, {
		name: "office, 30/15m", what: "200 people behind one address within four hours, IP_SEND_COUNTS=unverified", lasts: 4 * time.Hour, owner: limited(30, 15*time.Minute),
		begin: func(w *world, lasts time.Duration, _ float64) {
			w.crowd(lasts, constant(50), always("AT"), always("100.64.9.9"))
		},
	}, {
		name: "office, 60/5m", what: "the same with a wider limit", lasts: 4 * time.Hour, owner: limited(60, 5*time.Minute),
		begin: func(w *world, lasts time.Duration, _ float64) {
			w.crowd(lasts, constant(50), always("AT"), always("100.64.9.9"))
		},
	}, {
		name: "office, 5/15m and all", what: "the same under the defaults: the address limit refuses", lasts: 4 * time.Hour, owner: size,
		begin: func(w *world, lasts time.Duration, _ float64) {
			w.crowd(lasts, constant(50), always("AT"), always("100.64.9.9"))
		},
	}, {
		name: "stadium, 60/5m", what: "an hour of 20 times the load, in one region, half of it from its carriers", lasts: time.Hour,
		owner: limited(60, 5*time.Minute), begin: stadium,
	}, {
		name: "stadium, 30/15m", what: "the same with another limit", lasts: time.Hour, owner: limited(30, 15*time.Minute), begin: stadium,
	}, {
		name: "stadium, 5/15m and all", what: "the same under the defaults: the address limit refuses", lasts: time.Hour, owner: size, begin: stadium,
	}, {
		name: "outage and rush", what: "an hour without the provider, and three hours of three times the load after it", lasts: 4 * time.Hour, owner: size,
		begin: func(w *world, lasts time.Duration, signUps float64) {
			w.provider.down = true
			w.after(time.Hour, func() {
				w.provider.down = false
				w.crowd(lasts-time.Hour, constant(3*signUps*hour), always("AT"), func() string { return w.clientOf("AT") })
			})
		},
	},
}

// rest replays business without an attack.
func rest(seed uint64, c *calm, signUps int) result {
	o := c.owner(signUps)
	a := &attack{name: c.name, lasts: c.lasts, begin: func(w *world, a *attack) { c.begin(w, a.lasts, float64(signUps)) }}
	if c.cold {
		o.trade.signUps, o.trade.logins = 0, 0
	}
	return replay(seed, o, a)
}
