package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
)

// row is what a replay came to, and whether that is what was promised.
type row struct {
	section string
	cells   []string
	misses  []string
}

// section is one table of the report.
type section struct{ title, about, head string }

var sections = []section{
	{
		"Attacks", "An owner with 1,000 sign-ups a day at 0.10 and `SPEND_LIMIT=400/1d` (three honest days), attacked on the evening of the fourth day, when the rooms hold the most.",
		"attack|asked|sent|loss|of the limit|AWS|stopped after|open again after|refused there|elsewhere|members|with a challenge: loss|there|elsewhere|members",
	}, {
		"Ten times larger", "The same attacks on an owner with 10,000 sign-ups a day and `SPEND_LIMIT=4000/1d`.",
		"attack|asked|sent|loss|of the limit|AWS|stopped after|open again after|refused there|elsewhere|members|with a challenge: loss|there|elsewhere|members",
	}, {
		"Ten times smaller", "The loss of an owner with 100 sign-ups a day and `SPEND_LIMIT=40/1d`. The default floors are within what the warning at start asks of it.",
		"attack|asked|sent|loss|of the limit",
	}, {
		"Incidents", "Attacks that people published (each name leads to the page; of the small service only the figures are known), on an owner with money for three honest days and the defaults; the first one with calls has a `REGION_SPEND_LIMIT` besides. *Their loss* happened. Ours is a replay of what they tell: how many, how fast, where to, from how many places. What they do not tell is ours, such as the size of six of them (1,330 messages a day; the first and the seventh tell it) and the price (their loss by their messages). So compare the orders of magnitude. The victim could verify throughout: *refused* says how many others could not ask for a code.",
		"incident|their loss|asked|sent|our loss|of the limit|AWS|stopped after|open again after|refused there|elsewhere|members|with a challenge: there|elsewhere",
	}, {
		"The trade", "Attacks on one region without a challenge, by the settings that move what they take against who is refused beside them, of the owner with 1,000 sign-ups a day.",
		"settings|one region: loss|of the limit|refused there|elsewhere|slow drip: loss|of the limit|refused there|elsewhere",
	}, {
		"What was tried", "Other settings against those whom nothing tells from people, of the owner with 1,000 sign-ups a day: the part of the limit that went in the worst window, and the share of all strangers that was refused.",
		"settings|interceptors: of the limit|refused|with a challenge: of the limit|refused|patient: of the limit|refused|open again after|with a challenge: of the limit|refused|open again after",
	}, {
		"Without an attack", "What the guard refuses of honest business.",
		"sign-ups a day|business|asked|refused by the guard|refused by the address limit",
	}, {
		"By e-mail", "The owner with 1,000 sign-ups a day offers e-mail too, at 0.001 a message: one code a second is asked for, for a day, from 10,000 addresses of clients. *Refused* is of the people with phones beside it.",
		"attack|asked|sent|loss|of the limit|AWS|stopped after|refused",
	}, {
		"One person", "Three days, in which a person wants a code 18 times while somebody keeps at the number.",
		"attack|verified|longest wait",
	}, {
		"Forged addresses", "One host sends one request a second for an hour, through the handlers, and claims another client's address in each.",
		"deployment, and what is forged|asked|sent|refused: address limit|no room|not the origin",
	}, {
		"Junk at the throttle", "An hour of junk from one host at a model of API Gateway's token bucket with `THROTTLE_SEND=50/100`, beside 1,000 honest requests. What a day of it costs in AWS money, and what AWS WAF costs to look at it.",
		"junk a second|honest requests displaced|AWS a day|WAF a day",
	},
}

// What AWS costs per million, by the price lists of us-east-1 in 2026-11: a request to an HTTP
// API (1.00), an invocation of 20 ms at 256 MB on arm64 (0.27), a kilobyte of log (0.50), a
// read unit (0.125) and a write unit (0.625) of DynamoDB on demand.
const (
	perRequest = 1.00 + 0.27 + 0.50 + 5*0.125 + 0.625
	perMessage = 6 * 0.625
	million    = 1_000_000
)

func aws(p *party) string {
	return fmt.Sprintf("%.2f", (float64(p.requests)*perRequest+float64(p.messages)*perMessage)/million)
}

func percent(part, whole guard.Amount) string {
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
}

func share(percent float64) string { return fmt.Sprintf("%.2f %%", percent) }

func (r result) stoppedAfter() string {
	if r.attacker.refusedAt.IsZero() {
		return "-"
	}
	return r.attacker.refusedAt.Sub(r.began).Round(time.Second).String()
}

// honestly is the most that the guard may refuse of honest requests under attack, in percent.
const honestly = 0.5

// opens is how long after an attack's end the guard may still refuse honest requests: within
// the day that is watched, for that the money's window ends is part of the rule.
const opens = day - 2*time.Hour

// row makes an attack's row of its two replays, without and with a challenge.
func (a *attack) row(section string, limit guard.Amount, r, challenged result) row {
	p := r.attacker
	out := row{section: section, cells: []string{
		a.name, fmt.Sprint(p.requests), fmt.Sprint(p.messages), p.money.String(), percent(p.worst(), limit), aws(p), r.stoppedAfter(), r.opensAfter().String(),
		share(r.refused(strangersIn(a.regions))), share(r.refused(strangersBeside(a.regions))), share(r.refused(isMember)),
		challenged.attacker.money.String(),
		share(challenged.refused(strangersIn(a.regions))), share(challenged.refused(strangersBeside(a.regions))), share(challenged.refused(isMember)),
	}}
	for _, replay := range []result{r, challenged} {
		out.misses = append(out.misses, a.misses(limit, replay)...)
	}
	refuses := func(what string, replay result, takes func(string) bool) {
		if got := replay.refused(takes); got > honestly {
			out.miss("%s %.2f %% are refused", what, got)
		}
	}
	if !a.slips {
		refuses("without a challenge, outside of the attacked regions", r, strangersBeside(a.regions))
	}
	if !a.drains {
		refuses("without a challenge, of members", r, isMember)
	}
	if !a.solves {
		refuses("with a challenge, in the attacked regions", challenged, strangersIn(a.regions))
	}
	refuses("with a challenge, outside of the attacked regions", challenged, strangersBeside(a.regions))
	refuses("with a challenge, of members", challenged, isMember)
	for _, replay := range []result{r, challenged} {
		// Who solves challenges takes a room as far below zero as it holds above.
		if after := replay.opensAfter(); after > opens && !(a.solves && replay.world.rules.Challenge != guard.NoChallenge) {
			out.miss("honest requests are refused until %s after its end", after)
		}
	}
	return out
}

func (r *row) miss(format string, args ...any) {
	r.misses = append(r.misses, fmt.Sprintf(format, args...))
}

// misses returns what a replay did not keep of what is promised about the loss.
func (a *attack) misses(limit guard.Amount, r result) []string {
	var out row
	p := r.attacker
	if worst := p.worst(); worst*100 > limit*guard.Amount(a.share) {
		out.miss("the loss of a window is %s, more than %d %% of %s", worst, a.share, limit)
	}
	if a.drains {
		// The known room of a moment, and what comes back to it.
		if most := int(r.knownRoom) + a.comesBack(r, r.began, r.began.Add(r.lasted)); p.messages > most {
			out.miss("%d messages went to known numbers, and their room had %d with what came back to it", p.messages, most)
		}
	}
	if p.refusedAt.IsZero() || a.slips || a.solves {
		return out.misses
	}
	// From a minute after the room's end nothing passes but what comes back to it.
	from, until := p.refusedAt.Add(time.Minute), r.began.Add(r.lasted)
	passed := p.between(from, until)
	if most := a.comesBack(r, from, until); passed > most {
		out.miss("%d messages passed from a minute after the first refusal, and %d came back to the room", passed, most)
	}
	return out.misses
}

// comesBack returns what refills in a time, and what successes give back and add, in all cells
// of the attacked regions or in that of the service, whichever is less.
func (a *attack) comesBack(r result, from, until time.Time) int {
	allowances := r.world.rules.Allowances
	verified := func(takes func(string) bool) int {
		n := r.attacker.verified
		for name, p := range r.honest {
			if takes(name) {
				n += p.verified
			}
		}
		return n
	}
	const sends = 2 // of one success, at most, on average
	refills := func(cells int, c guard.Allowance, verified int) float64 {
		windows := float64(until.Sub(from)) / float64(c.Window)
		return float64(cells*c.Floor)*windows + float64(verified)*(float64(c.Growth)/10+sends)
	}
	served := func(string) bool { return true }
	if a.drains { // known numbers have a room of their own
		served = isMember
	}
	most := refills(1, allowances.Service, verified(served))
	if len(a.regions) > 0 {
		most = min(most, refills(len(a.regions), allowances.Region, verified(strangersIn(a.regions))))
	}
	return int(most) + 1
}

// print writes the tables as Markdown.
func print(rows []row) string {
	var b strings.Builder
	for _, s := range sections {
		first := true
		for _, r := range rows {
			if r.section != s.title {
				continue
			}
			if first {
				columns := strings.Split(s.head, "|")
				fmt.Fprintf(&b, "\n### %s\n\n%s\n\n| %s |\n|%s\n", s.title, s.about, strings.Join(columns, " | "), strings.Repeat("---|", len(columns)))
				first = false
			}
			fmt.Fprintf(&b, "| %s |\n", strings.Join(r.cells, " | "))
		}
	}
	return strings.TrimLeft(b.String(), "\n")
}
