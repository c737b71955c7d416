package otp

import (
	"errors"
	"slices"
	"time"
)

// Receipt is what the caller of a send or resend learns.
type Receipt struct {
	VerificationID string
	ExpiresAt      time.Time
	ResendAt       time.Time
}

// Order is one request for a delivery: a send, or a resend.
type Order struct {
	// ID is the same for a repeat under the same idempotency key.
	ID string
	// RunID is fresh for every request.
	RunID string
	// Fingerprint is that of what is asked for, empty without a key.
	Fingerprint string
	// Channel of the delivery. Empty, for a resend, is that of its send.
	Channel Channel
	// Locale of a send's message; empty for the default's.
	Locale string
	// Unspoken: the channel of a resend does not speak the language of the message.
	Unspoken bool
	// Client is the caller's, a short keyed hash.
	Client string
	// Mark is what the guard wants to find again with the delivery, Counted what the
	// count of the caller's address left (Caller.Count).
	Mark    string
	Counted string
}

// Ticket is a reservation's result.
type Ticket struct {
	Receipt Receipt
	// Repeat: the order was carried out before, and there is nothing to do.
	Repeat bool
	// PinID to deliver again; empty for a send.
	PinID   string
	Channel Channel
}

// Reserve charges a send and records it as StateSending, before the provider is
// asked. A repeat of an earlier order gets that one's outcome. Deciding again
// after a lost write finds the record by ID and RunID and charges nothing.
func (l *Ledger) Reserve(now time.Time, p Policy, o Order) (Ticket, error) {
	l.forget(now, p)
	if v := l.find(o.ID); v != nil {
		ticket := v.ticket(&v.Delivery)
		again, err := v.repeat(now, p, o)
		if err != nil || !again {
			ticket.Repeat = v.Progress == Sent
			return ticket, err
		}
	}
	if v := findIn(l.Tests, o.ID); v != nil { // the key is that of a code that is worth nothing here
		if !sameSecret(v.Fingerprint, o.Fingerprint) {
			return Ticket{}, refuse(KeyReused, 0)
		}
		return Ticket{}, refuse(KeyExpired, 0)
	}
	if err := l.charge(now, p, o.Client); err != nil {
		return Ticket{}, err
	}
	l.prune(now, p)
	if wait := l.crowded(now); wait > 0 {
		return Ticket{}, refuse(RecipientLimited, wait)
	}
	v := Verification{Delivery: l.delivery(now, o), State: StateSending, Locale: o.Locale, ExpiresAt: now.Add(p.PINTTL)}
	l.Verifications = append(l.Verifications, v)
	return v.ticket(&v.Delivery), nil
}

// ReserveResend charges one more delivery of a live code. It refills no attempts
// and extends no life.
func (l *Ledger) ReserveResend(now time.Time, p Policy, verificationID string, o Order) (Ticket, error) {
	l.forget(now, p)
	// Of a code that has ended only the key is still taken: the same request finds no code.
	if v, d := l.resend(o.ID); d != nil && (v.Live(now) || !d.notSent() && !sameSecret(d.Fingerprint, o.Fingerprint)) {
		again, err := d.repeat(now, p, o, sameSecret(d.Fingerprint, o.Fingerprint))
		if err != nil || !again {
			ticket := v.ticket(d)
			ticket.Repeat = d.Progress == Sent
			return ticket, err
		}
	}
	v := l.find(verificationID)
	if v == nil || !v.Live(now) || v.Attempts >= p.PINAttempts {
		return Ticket{}, refuse(InvalidOrExpired, 0)
	}
	if o.Channel == "" {
		o.Channel = v.Channel
	}
	if o.Unspoken {
		return Ticket{}, refuse(ChannelMismatch, 0)
	}
	if err := l.charge(now, p, o.Client); err != nil {
		return Ticket{}, err
	}
	l.prune(now, p)
	v = l.find(verificationID) // pruning moves it
	d := l.delivery(now, o)
	v.Resends = append(v.Resends, d)
	return v.ticket(&d), nil
}

var (
	errNoRecord = errors.New("the delivery's record is gone")
	errNotOurs  = errors.New("the delivery's record belongs to another run of the request")
)

// Activate records that the provider accepted a delivery, under the handle that is
// valid from now on.
func (l *Ledger) Activate(p Policy, verificationID string, o Order, pinID string) error {
	v, d, err := l.conclude(p, verificationID, o, Sent)
	if err != nil || d == nil {
		return err
	}
	if !v.final() {
		v.State = StateActive
		v.PinID = pinID
	}
	v.slim()
	return nil
}

// Fail records that a delivery is known not to have taken place (NotDelivered or
// DeliveryThrottled), and gives its budget back, not the cooldown.
func (l *Ledger) Fail(p Policy, verificationID string, o Order, progress Progress) error {
	v, d, err := l.conclude(p, verificationID, o, progress)
	if err != nil || d == nil {
		return err
	}
	l.share(p, d, -1)
	l.giveBackTotal(p, d)
	if v.State == StateSending {
		v.end(StateFailed)
	}
	v.slim()
	return nil
}

// Lose records that the provider's answer was lost. The total stays charged, for the
// message may be out; the rest is given back, for the person may have nothing.
func (l *Ledger) Lose(p Policy, verificationID string, o Order) error {
	v, d, err := l.conclude(p, verificationID, o, Unconfirmed)
	if err != nil || d == nil {
		return err
	}
	l.unconfirmed(p, d, +1)
	v.slim()
	return nil
}

// Withdraw takes back a reservation whose request ends before the provider was asked:
// budget, cooldown and record, as if it had never been. It reports whether there was
// anything to take back.
func (l *Ledger) Withdraw(p Policy, o Order) bool {
	v, d := l.delivered(o.ID, o.ID)
	if d == nil || d.RunID != o.RunID || d.Progress != InFlight {
		return false
	}
	l.share(p, d, -1)
	l.giveBackTotal(p, d)
	if l.NextSendAt.Equal(d.ResendAt) {
		l.NextSendAt = d.StartedAt
	}
	if d == &v.Delivery {
		l.Verifications = slices.DeleteFunc(l.Verifications, func(v Verification) bool { return v.ID == o.ID })
	} else {
		v.Resends = slices.DeleteFunc(v.Resends, func(d Delivery) bool { return d.ID == o.ID })
	}
	return true
}

// delivered returns the delivery of that id: a verification's own, or a resend.
func (l *Ledger) delivered(verificationID, id string) (*Verification, *Delivery) {
	if v := l.find(verificationID); v != nil && sameSecret(v.ID, id) {
		return v, &v.Delivery
	}
	return l.resend(id)
}

// conclude moves a delivery of this run out of InFlight. It returns nil without an
// error where the same outcome was recorded before.
func (l *Ledger) conclude(p Policy, verificationID string, o Order, outcome Progress) (*Verification, *Delivery, error) {
	v, d := l.delivered(verificationID, o.ID)
	switch {
	case d == nil:
		return nil, nil, errNoRecord
	case d.RunID == "" && d.Progress == outcome:
		return v, nil, nil
	case d.RunID != o.RunID:
		return nil, nil, errNotOurs
	}
	if d.Progress == Unconfirmed { // given up although this run lives
		l.unconfirmed(p, d, -1)
	}
	d.Progress = outcome
	d.RunID = ""
	return v, d, nil
}

// Expire records that the provider does not know the code behind a handle any more. A
// handle that a resend has replaced meanwhile says nothing.
func (l *Ledger) Expire(p Policy, verificationID, pinID string) {
	if v := l.find(verificationID); v != nil && v.State == StateActive && v.PinID == pinID {
		v.close(p, StateExpired)
	}
}

// prune drops verifications that nothing can refer to any more. One is kept while
// its code lives, and while the send window lasts in which it was charged, so that
// a repeat under its idempotency key finds it. What is known not to have been sent
// may be tried again under any key.
func (l *Ledger) prune(now time.Time, p Policy) {
	windowStart := l.WindowEnds.Add(-p.SendLimit.Window)
	l.Verifications = slices.DeleteFunc(l.Verifications, func(v Verification) bool {
		over := !now.Before(v.ExpiresAt) && v.StartedAt.Before(windowStart)
		return over || v.notSent()
	})
	for i := range l.Verifications {
		v := &l.Verifications[i]
		v.Resends = slices.DeleteFunc(v.Resends, func(d Delivery) bool { return d.notSent() })
	}
}

// maxLive bounds the live verifications of a recipient, whatever the settings: with no
// cooldown and a long life the send limit alone would let an item outgrow DynamoDB's
// 400 KB. Under any sensible settings the send limit bounds them long before.
const maxLive = 1000

// crowded is how long to wait until there is room for another live verification,
// zero if there is.
func (l *Ledger) crowded(now time.Time) time.Duration {
	live, earliest := 0, time.Time{}
	for i := range l.Verifications {
		v := &l.Verifications[i]
		if !v.final() && now.Before(v.ExpiresAt) {
			live++
			if earliest.IsZero() || v.ExpiresAt.Before(earliest) {
				earliest = v.ExpiresAt
			}
		}
	}
	if live < maxLive {
		return 0
	}
	return earliest.Sub(now)
}

func (l *Ledger) delivery(now time.Time, o Order) Delivery {
	return Delivery{
		ID: o.ID, RunID: o.RunID, Progress: InFlight, Fingerprint: o.Fingerprint,
		Channel: o.Channel, Client: o.Client, Mark: o.Mark, Counted: o.Counted, StartedAt: now, ResendAt: l.NextSendAt,
	}
}

// resend finds a resend by its id. An idempotency key's scope is the recipient, so it
// looks at every verification.
func (l *Ledger) resend(id string) (*Verification, *Delivery) { return resendIn(l.Verifications, id) }

func resendIn(all []Verification, id string) (*Verification, *Delivery) {
	for i := range all {
		v := &all[i]
		for j := range v.Resends {
			if sameSecret(v.Resends[j].ID, id) {
				return v, &v.Resends[j]
			}
		}
	}
	return nil, nil
}

func (v *Verification) ticket(d *Delivery) Ticket {
	return Ticket{
		Receipt: Receipt{VerificationID: v.ID, ExpiresAt: v.ExpiresAt, ResendAt: d.ResendAt},
		PinID:   v.PinID,
		Channel: d.Channel,
	}
}

func (d *Delivery) notSent() bool {
	return d.Progress == NotDelivered || d.Progress == DeliveryThrottled
}

// repeat decides what the repeat of a send gets. One whose code is over is not told that
// it was sent.
func (v *Verification) repeat(now time.Time, p Policy, o Order) (bool, error) {
	over := v.State == StateVerified || v.State == StateLocked || v.State == StateExpired || !now.Before(v.ExpiresAt)
	same := v.asks(o)
	if over && !v.notSent() && same {
		return false, refuse(KeyExpired, 0)
	}
	return v.Delivery.repeat(now, p, o, same)
}

// asks reports whether an order under the key of the verification's send means the same: in
// the same words, which holds whatever the messages were then and are now, or another
// language that comes to the same message. What has ended knows its words alone.
func (v *Verification) asks(o Order) bool {
	return sameSecret(v.Fingerprint, o.Fingerprint) || !v.final() && v.Channel == o.Channel && v.Locale == o.Locale
}

// repeat decides what the repeat of an order gets, if it means the same. True means: nothing was sent, carry it
// out anew. False without an error: it was sent, or it is this very run's own record.
func (d *Delivery) repeat(now time.Time, p Policy, o Order, same bool) (bool, error) {
	if !same {
		return false, refuse(KeyReused, 0)
	}
	switch d.Progress {
	case Sent:
		return false, nil
	case InFlight:
		if d.RunID == o.RunID {
			return false, nil
		}
		return false, refuse(KeyInUse, d.StartedAt.Add(p.SendTimeout).Sub(now))
	case DeliveryThrottled:
		if now.Before(d.ResendAt) {
			return false, refuse(ProviderThrottled, d.ResendAt.Sub(now))
		}
		return true, nil
	case NotDelivered:
		return false, refuse(SendFailed, 0)
	case Unconfirmed:
	}
	return false, refuse(SendUnconfirmed, d.ResendAt.Sub(now))
}
