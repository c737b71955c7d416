package main

import (
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// incident is an attack that people published, with what it cost them.
type incident struct {
	attack
	// theirs is what they lost, as they told it; told is where: the page's address, behind
	// https://. It is empty where the publication is not known any more.
	theirs, told string
	// price of a message, in the unit of the loss; messages is how many the owner sends on
	// an honest day, of which only the first and the seventh tell.
	price    guard.Amount
	messages int
}

// victim is an owner of the incident's size, with money for three honest days.
func (i *incident) victim() owner {
	o := owner{
		trade: trade{signUps: i.messages * 3 / 4, logins: i.messages / 8, regions: fiveRegions},
		price: i.price, spend: guard.Amount(3*i.messages) * i.price,
	}
	if i.voice {
		// Calls are dearer than messages, and the owner knows their prices.
		o.rules = func(r *guard.Rules) {
			r.Prices.SMS, r.Prices.Voice = guard.Prices{"*": unit / 10}, guard.Prices{"*": i.price}
			r.Spend.Amount = max(guard.Amount(3*i.messages)*unit/10, 10*i.price)
		}
	}
	if i.owner != nil {
		i.owner(&o)
	}
	return o
}

var incidents = []incident{
	{
		attack: attack{
			name: "shop, residential proxies", what: "240,000 SMS in four hours from hundreds of residential proxies", regions: []string{"FR"}, lasts: 4 * time.Hour, share: 100,
			begin: spread(240_000.0/4/3600, 500, randomIn("FR")),
		},
		theirs: "EUR 18,000", told: "www.eknix.com/case-studies/fashion-retailer-sms-fraud", price: 75 * unit / 1000, messages: 50_000 / 30,
	}, {
		attack: attack{
			name: "botnet", what: "$4,600 in an hour, despite throttles by address, blocked countries and caps by number", regions: everywhere, lasts: time.Hour, share: 100,
			begin: spread(46_000.0/3600, 20_000, randomIn(everywhere...)),
		},
		theirs: "$4,600", told: "billychasen.medium.com/twilios-toll-fraud-problem-28b3aef39243", price: unit / 10, messages: 1330,
	}, {
		attack: attack{
			name: "before the vendor woke", what: "2,500 messages within hours before a vendor's guard woke, and 4,000 more that it blocked", regions: []string{"SL"}, lasts: 3 * time.Hour, share: 100,
			begin: spread(6500.0/3/3600, 1000, randomIn("SL")),
		},
		theirs: "$800", told: "koptional.com/article/how-to-stop-twilio-toll-fraud", price: 32 * unit / 100, messages: 1330,
	}, {
		attack: attack{
			name: "three minutes to Myanmar", what: "three minutes to Myanmar from mostly one address", regions: []string{"MM"}, lasts: 3 * time.Minute, share: 100,
			begin: func(w *world, a *attack) {
				from := w.botnet(50)
				w.every(a, steady(6000.0/180), func(i int) {
					address := from[0]
					if i%10 == 0 {
						address = pick(w, from)
					}
					w.fire(a, w.number("MM"), address, otp.SMS)
				})
			},
		},
		theirs: "GBP 1,500", told: "yousefamar.com/memo/log/2023-01-29-00-05-40", price: unit / 4, messages: 1330,
	}, {
		attack: attack{
			name: "voice, moving on", what: "calls: a slow start at 16:00, one prefix in Serbia blocked at 18:39, on in Britain at 19:21, 554 calls of 1,090 that were tried",
			regions: []string{"RS", "GB"}, lasts: 4 * time.Hour, share: 100, voice: true, owner: apart,
			begin: func(w *world, a *attack) {
				from := w.botnet(40)
				began := w.now
				blocked, moved := began.Add(159*time.Minute), began.Add(201*time.Minute)
				// From one call a minute to six.
				pause := func() time.Duration { return max(10*time.Second, time.Minute-w.now.Sub(began)/3/60) }
				w.every(a, pause, func(int) {
					switch {
					case w.now.Before(blocked):
						w.fire(a, w.inBlock("+38160442XXXX"), pick(w, from), otp.Voice)
					case !w.now.Before(moved):
						w.fire(a, w.number("GB"), pick(w, from), otp.Voice)
					}
				})
			},
		},
		theirs: "$4,500", told: "public.amplenote.com/yKDkE9HSazDSC4vmqdKbH39U", price: 812 * unit / 100, messages: 1330,
	}, {
		attack: attack{
			name: "voice, throw-away accounts", what: "2,400 calls to Moldova within an hour, from 40 throw-away sign-ups", regions: []string{"MD"}, lasts: time.Hour, share: 100, voice: true,
			begin: func(w *world, a *attack) {
				from := w.botnet(40)
				w.every(a, steady(2400.0/3600), func(i int) { w.fire(a, w.number("MD"), from[i%len(from)], otp.Voice) })
			},
		},
		theirs: "$870", told: "blog.spike.sh/scammers-signed-up-and-scammed-us-of-870-in-15-minutes", price: 36 * unit / 100, messages: 1330,
	}, {
		attack: attack{
			name: "small service", what: "1,350 codes a day beside 257 real ones, none verified", regions: []string{"AT", "DE", "GB", "FR", "US", "SL", "ZW", "MM"}, lasts: day, share: 100,
			begin: spread(1350.0/24/3600, 900, randomIn("AT", "DE", "GB", "FR", "US", "SL", "ZW", "MM")),
		},
		theirs: "1,350 messages", price: unit / 10, messages: 257,
	}, {
		attack: attack{
			name: "vendor protection on", what: "$10,000 in a day with a vendor's protection on", regions: []string{"GB", "IN", "SL"}, lasts: day, share: 100,
			begin: spread(100_000.0/24/3600, 5000, randomIn("GB", "IN", "SL")),
		},
		theirs: "$10,000", told: "costgoat.com/bill-shock/twilio-10k-sms-verification-fraud", price: unit / 10, messages: 1330,
	},
}

// inBlock returns a random number of a plan.
func (w *world) inBlock(plan string) recipient.Recipient {
	for {
		if to, ok := parse(w.fill(plan), ""); ok {
			return to
		}
	}
}
