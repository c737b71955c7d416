package guard

import "time"

// The arithmetic of money, in one place.
//
// A purse is what the messages of one window cost. The window begins with its first message.
// A message is paid before the provider is asked, by one conditional addition, so the sum of
// a window never passes what may be spent in it, however many send at once. Of a limit,
// strangers may spend four fifths, counting what known numbers spent; e-mail a tenth, within
// the same; a prefix of numbers a tenth of the whole, in a purse of its own. Equal to the
// limit is within it. What was certainly not sent is given back to the window that it was paid
// from, if that still runs; a message of which nobody knows stays paid.

// Purse is the money of one cell. The zero Purse is one from which nothing was paid yet.
type Purse struct {
	// Spent is what the messages of the window cost, Mail the part of e-mail in it.
	Spent, Mail Amount
	// Ends is the end of the window.
	Ends time.Time
}

// within reports whether the purse's window still runs.
func (p Purse) within(now time.Time) bool { return now.Before(p.Ends) }

// spent returns what the messages of the running window cost.
func (p Purse) spent(now time.Time) Amount {
	if !p.within(now) {
		return 0
	}
	return p.Spent
}

// Payment is an atomic change of a purse: a price, if that is within what may be spent.
type Payment struct {
	Price Amount
	// Most is what may be spent in the window, this price included; MostMail, of a payment
	// for e-mail, what e-mail may take of it.
	Most     Amount
	Mail     bool
	MostMail Amount
	// Begins: the window is over at Now, and a new one begins that ends at Ends. Else the
	// window has to run.
	Begins    bool
	Now, Ends time.Time
}

// apply returns the purse after a payment, and reports whether the window is the one that
// was expected, and the price within what may be spent.
func (p Payment) apply(purse Purse) (Purse, bool) {
	if purse.within(p.Now) == p.Begins {
		return purse, false
	}
	before := purse
	if p.Begins {
		purse = Purse{Ends: p.Ends}
	}
	purse.Spent += p.Price
	if p.Mail {
		purse.Mail += p.Price
	}
	if purse.Spent > p.Most || p.Mail && purse.Mail > p.MostMail {
		return before, false
	}
	return purse, true
}

// Possible reports whether there is any purse that could pay.
func (p Payment) Possible() bool { return p.Price <= p.Most && (!p.Mail || p.Price <= p.MostMail) }

// Refund is an atomic change of a purse: a price that was paid in the window that ends then.
type Refund struct {
	Price Amount
	Mail  bool
	Ends  time.Time
}

// apply returns the purse after a refund, and reports whether its window still is the one
// that was paid from.
func (r Refund) apply(purse Purse) (Purse, bool) {
	if !purse.Ends.Equal(r.Ends) {
		return purse, false
	}
	purse.Spent -= r.Price
	if r.Mail {
		purse.Mail -= r.Price
	}
	return purse, true
}

// The parts of a limit.
const (
	strangersShare, fifths = 4, 5 // what strangers may spend of a limit
	tenthPart              = 10   // what a prefix, or e-mail, may
)

// share returns what may be spent of a limit by a known number, or by a stranger.
func share(limit Amount, known bool) Amount {
	if known {
		return limit
	}
	return limit/fifths*strangersShare + limit%fifths*strangersShare/fifths
}

// Raise is what an operator added to a limit for a time.
type Raise struct {
	By     Amount
	Until  time.Time
	Reason string
	At     time.Time
}

// at returns what the raise adds at a moment.
func (r Raise) at(now time.Time) Amount {
	if now.Before(r.Until) {
		return r.By
	}
	return 0
}
