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
	// By is fresh for every request.
	By string
	// Meaning is the fingerprint of what is asked for, empty without a key.
	Meaning string
	Channel Channel
}

// Ticket is a reservation's result.
type Ticket struct {
	Receipt Receipt
	// Repeat: the order was carried out before, and there is nothing to do.
	Repeat bool
	// PinID to deliver again; empty for a send.
	PinID string
}

// Reserve charges a send and records it as StateSending, before the provider is
// asked. A repeat of an earlier order gets that one's outcome. Deciding again
// after a lost write finds the record by ID and By and charges nothing.
func (n *Number) Reserve(now time.Time, p Policy, o Order) (Ticket, *Error) {
	n.forget(now, p)
	if v := n.find(o.ID); v != nil {
		receipt := v.receipt(&v.Delivery)
		again, err := v.repeat(now, p, o)
		if err != nil || !again {
			return Ticket{Receipt: receipt, Repeat: v.Progress == Sent}, err
		}
	}
	if err := n.charge(now, p); err != nil {
		return Ticket{}, err
	}
	n.prune(now, p)
	if wait := n.crowded(now); wait > 0 {
		return Ticket{}, refuse(NumberLimited, wait)
	}
	v := Verification{
		Delivery:  n.delivery(now, o),
		State:     StateSending,
		Channel:   o.Channel,
		ExpiresAt: now.Add(p.PINTTL),
	}
	n.Verifications = append(n.Verifications, v)
	return Ticket{Receipt: v.receipt(&v.Delivery)}, nil
}

// ReserveResend charges one more delivery of a live code. It refills no attempts
// and extends no life.
func (n *Number) ReserveResend(now time.Time, p Policy, verificationID string, o Order) (Ticket, *Error) {
	n.forget(now, p)
	if v, d := n.resend(o.ID); d != nil {
		again, err := d.repeat(now, p, o)
		switch {
		case err != nil || d.Progress == Sent:
			return Ticket{Receipt: v.receipt(d), Repeat: true}, err
		case !again && v.alive(now): // this run's own record
			return Ticket{Receipt: v.receipt(d), PinID: v.PinID}, nil
		}
	}
	v := n.find(verificationID)
	if v == nil || !v.alive(now) || v.Attempts >= p.PINAttempts {
		return Ticket{}, refuse(InvalidOrExpired, 0)
	}
	if err := n.charge(now, p); err != nil {
		return Ticket{}, err
	}
	n.prune(now, p)
	v = n.find(verificationID) // pruning moves it
	d := n.delivery(now, o)
	v.Resends = append(v.Resends, d)
	return Ticket{Receipt: v.receipt(&d), PinID: v.PinID}, nil
}

var (
	errNoRecord = errors.New("the delivery's record is gone")
	errNotOurs  = errors.New("the delivery's record belongs to another run of the request")
)

// Activate records that the provider accepted a delivery, under the handle that is
// valid from now on.
func (n *Number) Activate(verificationID string, o Order, pinID string) error {
	v, d, err := n.conclude(verificationID, o, Sent)
	if err != nil || d == nil {
		return err
	}
	if v.State == StateSending || v.State == StateActive {
		v.State = StateActive
		v.PinID = pinID
	}
	return nil
}

// Fail records that a delivery is known not to have taken place (NotDelivered or
// TurnedAway), and gives its budget back, not the cooldown.
func (n *Number) Fail(p Policy, verificationID string, o Order, progress Progress) error {
	v, d, err := n.conclude(verificationID, o, progress)
	if err != nil || d == nil {
		return err
	}
	if v.State == StateSending {
		v.end(StateFailed)
	}
	// Only to the window it was taken from.
	if n.Sends > 0 && !d.StartedAt.Before(n.WindowEnds.Add(-p.NumberSendLimit.Window)) {
		n.Sends--
	}
	return nil
}

// Lose records that the provider's answer was lost. Nothing is given back.
func (n *Number) Lose(verificationID string, o Order) error {
	_, _, err := n.conclude(verificationID, o, Unconfirmed)
	return err
}

// conclude moves a delivery of this run out of InFlight. It gives nil without an
// error where the same outcome was recorded before.
func (n *Number) conclude(verificationID string, o Order, outcome Progress) (*Verification, *Delivery, error) {
	v, d := n.find(verificationID), (*Delivery)(nil)
	if v != nil && sameSecret(v.ID, o.ID) {
		d = &v.Delivery
	} else {
		v, d = n.resend(o.ID)
	}
	switch {
	case d == nil:
		return nil, nil, errNoRecord
	case d.Progress == outcome:
		return v, nil, nil
	case d.By != o.By:
		return nil, nil, errNotOurs
	}
	d.Progress = outcome
	d.By = ""
	return v, d, nil
}

// Expire records that the provider does not know the code any more.
func (n *Number) Expire(p Policy, verificationID string) {
	if v := n.find(verificationID); v != nil && v.State == StateActive {
		v.close(p, StateExpired)
	}
}

// charge takes one delivery from the number's budget and starts the cooldown.
func (n *Number) charge(now time.Time, p Policy) *Error {
	if !now.Before(n.WindowEnds) {
		n.Sends = 0
		n.WindowEnds = now.Add(p.NumberSendLimit.Window)
	}
	// A disabled number looks like one that has used up its sends.
	if n.Sends >= p.NumberSendLimit.Attempts || n.Disabled(p) {
		return refuse(NumberLimited, n.WindowEnds.Sub(now))
	}
	if now.Before(n.NextSendAt) {
		return refuse(CoolingDown, n.NextSendAt.Sub(now))
	}
	n.Sends++
	n.NextSendAt = now.Add(p.cooldown(n.Sends))
	return nil
}

// prune drops verifications that nothing can refer to any more. One is kept while
// its code lives, and while the send window lasts in which it was charged, so that
// a repeat under its idempotency key finds it. What is known not to have been sent
// may be tried again under any key.
func (n *Number) prune(now time.Time, p Policy) {
	windowStart := n.WindowEnds.Add(-p.NumberSendLimit.Window)
	n.Verifications = slices.DeleteFunc(n.Verifications, func(v Verification) bool {
		over := !now.Before(v.ExpiresAt) && v.StartedAt.Before(windowStart)
		return over || v.notSent()
	})
	for i := range n.Verifications {
		v := &n.Verifications[i]
		v.Resends = slices.DeleteFunc(v.Resends, func(d Delivery) bool { return d.notSent() })
	}
}

// maxLive bounds the live verifications of a number, whatever the settings: with no
// cooldown and a long life the send limit alone would let an item outgrow DynamoDB's
// 400 KB. Under any sensible settings the send limit bounds them long before.
const maxLive = 1000

// crowded is how long to wait until there is room for another live verification,
// zero if there is.
func (n *Number) crowded(now time.Time) time.Duration {
	live, earliest := 0, time.Time{}
	for i := range n.Verifications {
		v := &n.Verifications[i]
		if (v.State == StateActive || v.State == StateSending) && now.Before(v.ExpiresAt) {
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

func (n *Number) delivery(now time.Time, o Order) Delivery {
	return Delivery{
		ID: o.ID, By: o.By, Progress: InFlight, Meaning: o.Meaning,
		StartedAt: now, ResendAt: n.NextSendAt,
	}
}

// resend finds a resend by its id. An idempotency key's scope is the number, so it
// looks at every verification.
func (n *Number) resend(id string) (*Verification, *Delivery) {
	for i := range n.Verifications {
		v := &n.Verifications[i]
		for j := range v.Resends {
			if sameSecret(v.Resends[j].ID, id) {
				return v, &v.Resends[j]
			}
		}
	}
	return nil, nil
}

func (v *Verification) receipt(d *Delivery) Receipt {
	return Receipt{VerificationID: v.ID, ExpiresAt: v.ExpiresAt, ResendAt: d.ResendAt}
}

func (d *Delivery) notSent() bool {
	return d.Progress == NotDelivered || d.Progress == TurnedAway
}

// repeat decides what the repeat of an order gets. Again true means: nothing was
// sent, carry it out anew. No error and again false: it was sent, or it is this
// very run's own record.
func (d *Delivery) repeat(now time.Time, p Policy, o Order) (bool, *Error) {
	if !sameSecret(d.Meaning, o.Meaning) {
		return false, refuse(KeyReused, 0)
	}
	switch d.Progress {
	case Sent:
		return false, nil
	case InFlight:
		if d.By == o.By {
			return false, nil
		}
		if now.Before(d.StartedAt.Add(p.SendTimeout)) {
			return false, refuse(KeyInUse, 0)
		}
		return false, refuse(SendUnconfirmed, d.ResendAt.Sub(now))
	case TurnedAway:
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
