package main

import (
	"fmt"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// lockOut is an attack on one person, who wants a code six times a day and asks again
// every five minutes until there is one and it is verified.
type lockOut struct {
	name, what string
	// attackers' addresses.
	addresses []string
	// guesses: they guess at the person's codes, without naming a verification; else they
	// have codes sent.
	guesses bool
	// shuts: it keeps the person out for as long as it lasts, which SECURITY.md says.
	shuts bool
}

func several(n int, form string) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(form, i+1)
	}
	return list
}

var lockOuts = []lockOut{
	{"from one address", "one address has codes sent to the person as fast as it may", several(1, "198.51.100.%d"), false, false},
	{"from one IPv6 /48", "a site's 500 networks do the same", several(500, "2001:db8:7:%x::1"), false, false},
	{"nameless guesses", "200 addresses guess at every code of the person, without naming it", several(200, "198.51.100.%d"), true, false},
	{"from ten addresses", "ten addresses have codes sent (two are enough)", several(10, "198.51.%d.1"), false, true},
}

// keptOut replays three days, and returns the longest that the person had to wait, and how
// often the person was verified.
func keptOut(seed uint64, l *lockOut) (time.Duration, int) {
	o := size(1000)
	o.trade = trade{}
	w := newWorld(seed, o.setupFor(nil))
	const days, wants = 3, 6
	victim, address := w.number("AT"), w.home()
	a := &attack{lasts: days * day}
	bad := w.party(attacker)
	w.every(a, func() time.Duration { return 20 * time.Second }, func(i int) {
		from := l.addresses[i%len(l.addresses)]
		if l.guesses {
			w.verify(bad, victim, from, false)
		} else {
			w.send(bad, victim, from, otp.SMS, "")
		}
	})
	var longest time.Duration
	verified := 0
	want := func(since time.Time) {
		w.tryUntil(victim, address, func() {
			longest = max(longest, w.now.Sub(since))
			verified++
		})
	}
	for i := range days * wants {
		at := w.now.Add(time.Duration(i)*day/wants + time.Hour)
		w.at(at, func() { want(at) })
	}
	w.run(w.now.Add((days + 2) * day))
	return longest, verified
}

// tryUntil has a person ask for a code and verify it, again and again until that succeeds.
func (w *world) tryUntil(to recipient.Recipient, address string, done func()) {
	p := w.party("victim")
	again := func() { w.after(5*time.Minute, func() { w.tryUntil(to, address, done) }) }
	if w.send(p, to, address, otp.SMS, "") != "" {
		again()
		return
	}
	w.after(25*time.Second, func() { w.typeIn(p, to, address, 4, done, again) })
}

// typeIn is a person who types a code in, and presses the button again where that was too
// soon for the provider.
func (w *world) typeIn(p *party, to recipient.Recipient, address string, presses int, done, again func()) {
	switch {
	case w.verify(p, to, address, true):
		done()
	case presses == 0:
		again()
	default:
		w.after(4*time.Second, func() { w.typeIn(p, to, address, presses-1, done, again) })
	}
}
