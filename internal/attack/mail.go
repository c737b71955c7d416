package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/email"
	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// byMail offers e-mail beside SMS, as an owner does who has set nothing about its price.
func byMail(o *owner) {
	o.rules = func(r *guard.Rules) {
		r.Channels = append(slices.Clone(r.Channels), otp.Email)
		r.Prices.Mail = guard.DefaultPrices().Mail
	}
}

func address(format string, i int) recipient.Recipient {
	a, err := email.Parse(fmt.Sprintf(format, i))
	if err != nil {
		panic(err) // the formats are addresses
	}
	return recipient.OfEmail(a)
}

// mails asks for codes to addresses, one a second, each from one of 10,000 places. Who has
// the domain types each of them in.
func mails(format string, owned bool) func(*world, *attack) {
	return func(w *world, a *attack) {
		from := w.botnet(10_000)
		w.every(a, steady(1), func(i int) {
			to, place := address(format, i), pick(w, from)
			if w.fire(a, to, place, otp.Email) && owned {
				w.after(10*time.Second, func() { w.verify(w.party(attacker), to, place, true) })
			}
		})
	}
}

// mailings are attacks by e-mail on an owner whose users have phones.
var mailings = []attack{
	{name: "a domain's addresses, each verified", lasts: day, share: 10, owner: byMail, begin: mails("a%d@example.com", true)},
	{name: "a domain's addresses, none verified", lasts: day, share: 1, owner: byMail, begin: mails("a%d@example.com", false)},
	{name: "one address with tags (`person+1@`)", lasts: day, share: 1, owner: byMail, begin: mails("person+%d@example.com", false)},
}

// mail replays an attack by e-mail. No phone number is refused for it, anywhere.
func (a *attack) mail(seed uint64) row {
	const signUps = 1000
	o := size(signUps)
	a.owner(&o)
	r := replay(seed, o, a)
	limit := r.world.rules.Spend.Amount
	p := r.attacker
	everybody := func(string) bool { return true }
	out := row{section: "By e-mail", cells: []string{
		a.name, fmt.Sprint(p.requests), fmt.Sprint(p.messages), p.money.String(), percent(p.worst(), limit), aws(p), r.stoppedAfter(), share(r.refused(everybody)),
	}}
	if worst := p.worst(); worst*100 > limit*guard.Amount(a.share) {
		out.miss("the loss of a window is %s, more than %d %% of %s", worst, a.share, limit)
	}
	if got := r.refused(everybody); got > 0 {
		out.miss("%.2f %% of the phone numbers are refused", got)
	}
	if p.refusedAt.IsZero() {
		out.miss("nothing refuses it")
	}
	return out
}
