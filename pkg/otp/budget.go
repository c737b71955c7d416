package otp

import (
	"slices"
	"strings"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

// The budgets of a recipient, and what of them is given back when. Three windows are
// charged with every send and resend: the recipient's own, the client's share of it, and
// the total. Known not sent gives back all three; unconfirmed the first two, or a
// provider's outage would close a person's day; a success the first, and the second of the
// client that it came from.

// maxSenders bounds the clients that are remembered. There are never more than sends in
// a window, unless a client's window is longer than the recipient's.
const maxSenders = 10

// roll begins new windows in the place of those that are over.
func (l *Ledger) roll(now time.Time) {
	if !now.Before(l.WindowEnds) {
		l.Sends, l.Unconfirmed, l.WindowEnds = 0, 0, time.Time{}
	}
	if !now.Before(l.TotalEnds) {
		l.Total, l.TotalEnds = 0, time.Time{}
	}
	l.Senders = slices.DeleteFunc(l.Senders, func(s Sender) bool { return !now.Before(s.Ends) })
}

// charge takes one delivery from the budgets and starts the cooldown.
func (l *Ledger) charge(now time.Time, p Policy, client string) error {
	if l.Disabled(p) {
		return refuse(RecipientLimited, l.opensAt(p).Sub(now))
	}
	sender := l.sender(client)
	var wait time.Duration
	used := func(count int, limit rate.Rate, ends time.Time) {
		if count >= limit.Attempts {
			wait = max(wait, ends.Sub(now))
		}
	}
	used(l.Sends, p.SendLimit, l.WindowEnds)
	used(sender.Sends, p.ClientSendLimit, sender.Ends)
	used(l.Total, p.TotalLimit, l.TotalEnds)
	switch {
	case wait > 0:
		return refuse(RecipientLimited, wait)
	case now.Before(l.NextSendAt):
		return refuse(CoolingDown, l.NextSendAt.Sub(now))
	}
	begin := func(ends *time.Time, limit rate.Rate) {
		if ends.IsZero() {
			*ends = now.Add(limit.Window)
		}
	}
	begin(&l.WindowEnds, p.SendLimit)
	begin(&l.TotalEnds, p.TotalLimit)
	begin(&sender.Ends, p.ClientSendLimit)
	l.Sends++
	l.Total++
	sender.Sends++
	l.setSender(sender)
	l.NextSendAt = now.Add(p.cooldown(l.Sends + l.Unconfirmed))
	return nil
}

// sender returns what a client has had sent.
func (l *Ledger) sender(client string) Sender {
	for _, s := range l.Senders {
		if s.Client == client {
			return s
		}
	}
	return Sender{Client: client}
}

// setSender puts a client's count in its place, or drops it if it counts nothing.
func (l *Ledger) setSender(changed Sender) {
	l.Senders = slices.DeleteFunc(l.Senders, func(s Sender) bool { return s.Client == changed.Client })
	if changed.Sends > 0 {
		l.Senders = append(l.Senders, changed)
	}
	if len(l.Senders) > maxSenders {
		soonest := slices.MinFunc(l.Senders, func(a, b Sender) int { return a.Ends.Compare(b.Ends) })
		l.Senders = slices.DeleteFunc(l.Senders, func(s Sender) bool { return s == soonest })
	}
	slices.SortFunc(l.Senders, func(a, b Sender) int { return strings.Compare(a.Client, b.Client) })
}

// share adds a delivery to the recipient's and its client's sends, or takes it away.
// Only windows that it was charged to change: what is given back never makes room in a
// later one.
func (l *Ledger) share(p Policy, d *Delivery, by int) {
	if charged(d, l.WindowEnds, p.SendLimit) {
		l.Sends = max(l.Sends+by, 0)
	}
	sender := l.sender(d.Client)
	if by > 0 && sender.Ends.IsZero() {
		sender.Ends = d.StartedAt.Add(p.ClientSendLimit.Window)
	}
	if charged(d, sender.Ends, p.ClientSendLimit) {
		sender.Sends = max(sender.Sends+by, 0)
		l.setSender(sender)
	}
}

// giveBackTotal takes a delivery that certainly sent nothing out of the total.
func (l *Ledger) giveBackTotal(p Policy, d *Delivery) {
	if charged(d, l.TotalEnds, p.TotalLimit) {
		l.Total = max(l.Total-1, 0)
	}
}

// unconfirmed moves a delivery from the sends to those of which nobody knows, or back.
func (l *Ledger) unconfirmed(p Policy, d *Delivery, by int) {
	l.share(p, d, -by)
	if charged(d, l.WindowEnds, p.SendLimit) {
		l.Unconfirmed = max(l.Unconfirmed+by, 0)
	}
}

// charged reports whether a delivery was charged to the window that ends then.
func charged(d *Delivery, ends time.Time, limit rate.Rate) bool {
	return !ends.IsZero() && !d.StartedAt.Before(ends.Add(-limit.Window))
}

// giveUp marks deliveries as unconfirmed whose asker is gone. The run stays named: if it
// lives after all, its own outcome still counts.
func (l *Ledger) giveUp(now time.Time, p Policy) {
	l.eachDelivery(func(d *Delivery) {
		if d.Progress == InFlight && !now.Before(d.StartedAt.Add(p.SendTimeout)) {
			d.Progress = Unconfirmed
			l.unconfirmed(p, d, +1)
		}
	})
}

// giveSendsBack is a success's: the person is real. The recipient has all of its sends
// again, and the client that the code was started from has its share: not the others, or a
// stranger would have a new share with every success, and take the total. Sends under way
// stay charged, for they are yet to come to something.
func (l *Ledger) giveSendsBack(now time.Time, p Policy, client string) {
	l.roll(now)
	l.giveUp(now, p)
	l.Sends, l.Unconfirmed = 0, 0
	own := l.sender(client)
	own.Sends = 0
	l.eachDelivery(func(d *Delivery) {
		if d.Progress != InFlight {
			return
		}
		if charged(d, l.WindowEnds, p.SendLimit) {
			l.Sends++
		}
		if d.Client == client && charged(d, own.Ends, p.ClientSendLimit) {
			own.Sends++
		}
	})
	l.setSender(own)
}

// takeMarks removes what the counts of all deliveries left, and returns it: a success gives
// it back, once.
func (l *Ledger) takeMarks() []string {
	var marks []string
	l.eachDelivery(func(d *Delivery) {
		if d.Counted != "" {
			marks = append(marks, d.Counted)
			d.Counted = ""
		}
	})
	return marks
}

func (l *Ledger) eachDelivery(f func(*Delivery)) {
	for i := range l.Verifications {
		v := &l.Verifications[i]
		f(&v.Delivery)
		for j := range v.Resends {
			f(&v.Resends[j])
		}
	}
}
