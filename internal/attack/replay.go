package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

const (
	day  = 24 * time.Hour
	unit = guard.Amount(1_000_000)
)

// owner is whose deployment is attacked.
type owner struct {
	trade     trade
	price     guard.Amount
	spend     guard.Amount // SPEND_LIMIT for a day: three honest days
	challenge bool
	rules     func(*guard.Rules)
	setup     func(*setup)
}

// size is an owner with so many sign-ups a day at 0.10, and money for three such days.
func size(signUps int) owner {
	return owner{
		trade: trade{signUps: signUps, logins: signUps * 18 / 100, regions: fiveRegions},
		price: unit / 10, spend: guard.Amount(signUps) * 4 * unit / 10,
	}
}

func (o owner) setupFor(a *attack) setup {
	s := setup{
		rules: guard.Rules{
			Channels: []otp.Channel{otp.SMS}, Spend: guard.Limit{Amount: o.spend, Window: day},
			Prices:     guard.MessagePrices{SMS: guard.Prices{"*": o.price}, Voice: guard.Prices{"*": 3 * o.price}},
			Allowances: guard.DefaultAllowances(),
		},
		policy: otp.DefaultPolicy(), ipLimit: 5, ipWindow: 15 * time.Minute,
	}
	if o.challenge {
		s.rules.Challenge = guard.Suspicious
	}
	if a != nil && a.voice {
		s.rules.Channels = append(s.rules.Channels, otp.Voice)
	}
	if o.rules != nil {
		o.rules(&s.rules)
	}
	if o.setup != nil {
		o.setup(&s)
	}
	return s
}

// result is what a replay came to.
type result struct {
	attacker *party
	began    time.Time
	lasted   time.Duration
	// honest are the honest parties from the beginning of the attack until a day after it.
	honest map[string]party
	// knownRoom is what the service's room of known numbers held when it began.
	knownRoom int64
	world     *world
}

// strangers is what the parties of people who sign up are called, with the region behind it.
const strangers, members = "strangers ", "members"

// warmUp is how long an owner does business before it is attacked.
const warmUp = 3

// attackedAt is when on its day an attack begins: when the rooms hold the most, after the
// busiest hours.
const attackedAt = 18*time.Hour + 30*time.Minute

// replay attacks an owner on the evening of the fourth day, and watches until a day after the attack.
func replay(seed uint64, o owner, a *attack) result {
	w := newWorld(seed, o.setupFor(a))
	start := w.now
	days := warmUp + 2 + int(a.lasts/day)
	for i := range days {
		w.at(start.Add(time.Duration(i)*day), func() { w.day(o.trade, start.Add(time.Duration(i)*day)) })
	}
	began := start.Add(warmUp*day + attackedAt)
	w.run(began)
	before := map[string]party{}
	for name, p := range w.parties {
		before[name] = *p
	}
	r := result{attacker: w.party(attacker), began: began, lasted: a.lasts, honest: map[string]party{}, knownRoom: w.knownRoom(), world: w}
	a.begin(w, a)
	w.run(began.Add(a.lasts).Add(day))
	for name, p := range w.parties {
		if name == attacker {
			continue
		}
		was := before[name]
		r.honest[name] = party{
			requests: p.requests - was.requests, messages: p.messages - was.messages, money: p.money - was.money, verified: p.verified - was.verified,
			byGuard: p.byGuard - was.byGuard, byAddress: p.byAddress - was.byAddress, byNumber: p.byNumber - was.byNumber,
			challenged: p.challenged - was.challenged, solved: p.solved - was.solved, refusedLast: p.refusedLast,
		}
	}
	return r
}

// refused returns the share of honest requests that the guard refused, in percent, of the
// parties whose name a function takes.
func (r result) refused(takes func(name string) bool) float64 {
	requests, refused := 0, 0
	for name, p := range r.honest {
		if takes(name) {
			requests += p.requests
			refused += p.byGuard
		}
	}
	if requests == 0 {
		return 0
	}
	return 100 * float64(refused) / float64(requests)
}

// knownRoom returns the most that the service's room of known numbers may hold now.
func (w *world) knownRoom() int64 {
	key := guard.ServiceKeys()[0]
	found, err := w.cells.Read(context.Background(), []string{key})
	if err != nil {
		panic(err) // a memory can be read
	}
	sight, _ := w.rules.Sight(key, found[0], w.now)
	return sight.KnownMost
}

// opensAfter returns how long after the attack's end the guard refused an honest request for
// the last time.
func (r result) opensAfter() time.Duration {
	var last time.Duration
	for _, p := range r.honest {
		last = max(last, p.refusedLast.Sub(r.began.Add(r.lasted)))
	}
	return last.Round(time.Minute)
}

// strangersIn takes the strangers of some regions.
func strangersIn(regions []string) func(string) bool {
	return func(name string) bool {
		region, ok := strings.CutPrefix(name, strangers)
		return ok && slices.Contains(regions, region)
	}
}

// strangersBeside takes the strangers of all others.
func strangersBeside(regions []string) func(string) bool {
	return func(name string) bool {
		region, ok := strings.CutPrefix(name, strangers)
		return ok && !slices.Contains(regions, region)
	}
}

// isMember takes the people who were verified before.
func isMember(name string) bool { return name == members }
