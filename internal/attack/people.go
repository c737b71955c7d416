package main

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/phone"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// plans are what mobile numbers of a region look like; X is any digit.
var plans = map[string]string{
	"AT": "+43664XXXXXXX", "DE": "+4915XXXXXXXXX", "GB": "+4474XXXXXXXX", "FR": "+336XXXXXXXX", "US": "+1XXXXXXXXXX",
	"MT": "+35679XXXXXX", "MM": "+959XXXXXXXXX", "IN": "+9198XXXXXXXX", "SL": "+23276XXXXXX", "ZW": "+2637XXXXXXXX", "MD": "+3736XXXXXXX", "NO": "+479XXXXXXX",
}

// number returns a random number of a region.
func (w *world) number(region string) recipient.Recipient {
	for {
		if to, ok := parse(w.fill(plans[region]), region); ok {
			return to
		}
	}
}

func (w *world) fill(plan string) string {
	var b strings.Builder
	for _, c := range plan {
		if c == 'X' {
			c = rune("0123456789"[w.random.IntN(10)])
		}
		b.WriteRune(c)
	}
	return b.String()
}

func parse(text, region string) (recipient.Recipient, bool) {
	n, err := phone.Parse(text)
	if err != nil || region != "" && n.Region() != region {
		return recipient.Recipient{}, false
	}
	return recipient.OfPhone(n), true
}

// home returns an address of a provider of internet access: one of many networks.
func (w *world) home() string {
	return fmt.Sprintf("%d.%d.%d.%d", 60+w.random.IntN(60), w.random.IntN(256), w.random.IntN(256), 1+w.random.IntN(254))
}

// trade is the owner's business on a day.
type trade struct {
	signUps int
	// logins are sends to numbers that were verified before.
	logins  int
	regions []market
}

// market is one region's part of it.
type market struct {
	region     string
	part       float64
	conversion float64
}

// fiveRegions convert from 65 to 85 percent.
var fiveRegions = []market{{"AT", 0.30, 0.85}, {"DE", 0.30, 0.80}, {"GB", 0.15, 0.75}, {"FR", 0.15, 0.70}, {"US", 0.10, 0.65}}

// day has the owner's business happen over a day: less by night, most in the evening.
func (w *world) day(t trade, start time.Time) {
	moment := func() time.Time {
		for {
			hour := w.random.Float64() * 24
			if w.random.Float64() < (1-0.8*math.Cos((hour-4)*math.Pi/12))/1.8 {
				return start.Add(time.Duration(hour * float64(time.Hour)))
			}
		}
	}
	for range t.signUps {
		m := w.market(t)
		address := w.clientOf(m.region)
		w.at(moment(), func() { w.signUp(w.party(strangers+m.region), w.number(m.region), address, m.conversion) })
	}
	for range t.logins {
		w.at(moment(), func() { w.login() })
	}
}

func (w *world) market(t trade) market {
	at := w.random.Float64()
	for _, m := range t.regions {
		at -= m.part
		if at < 0 {
			return m
		}
	}
	return t.regions[0]
}

// clientOf returns where a person is: every second one behind a mobile carrier's NAT.
func (w *world) clientOf(region string) string {
	if w.random.IntN(2) == 0 {
		return w.home()
	}
	return w.carrier(region)
}

// carrier returns an address of a region's mobile carriers: of 16 networks, with eight
// addresses in use in each.
func (w *world) carrier(region string) string {
	return fmt.Sprintf("%d.%d.%d.%d", 150+int(region[0]-'A'), int(region[1]-'A'), w.random.IntN(16), 1+w.random.IntN(8))
}

// party returns the party of that name.
func (w *world) party(name string) *party {
	p := w.parties[name]
	if p == nil {
		p = &party{name: name}
		w.parties[name] = p
	}
	return p
}

// signUp is a person who wants to be verified: one in seven asks again before the code is
// there, and as many as convert type it in, half of them within 25 seconds.
func (w *world) signUp(p *party, to recipient.Recipient, address string, conversion float64) {
	if !w.ask(p, to, address, otp.SMS) {
		return
	}
	typing := time.Duration(25 * math.Exp(0.8*w.random.NormFloat64()) * float64(time.Second))
	if w.random.IntN(7) == 0 {
		w.after(45*time.Second, func() { w.ask(p, to, address, otp.SMS) })
		typing += time.Minute
	}
	if w.random.Float64() >= conversion {
		return
	}
	w.after(min(typing, 9*time.Minute), func() {
		if w.verify(p, to, address, true) {
			w.members = append(w.members, member{to, address})
		}
	})
}

// ask asks for a code, and solves the challenge if there has to be one.
func (w *world) ask(p *party, to recipient.Recipient, address string, channel otp.Channel) bool {
	reason := w.send(p, to, address, channel, "")
	if reason == otp.ChallengeRequired {
		reason = w.send(p, to, address, channel, solved)
		p.requests-- // one request to the person
		p.solved++
	}
	return reason == ""
}

// member is somebody who was verified.
type member struct {
	to      recipient.Recipient
	address string
}

// login is a member who comes back.
func (w *world) login() {
	if len(w.members) == 0 {
		return
	}
	m := w.members[w.random.IntN(len(w.members))]
	p := w.party(members)
	if w.ask(p, m.to, m.address, otp.SMS) && w.random.Float64() < 0.95 {
		w.after(20*time.Second, func() { w.verify(p, m.to, m.address, true) })
	}
}
