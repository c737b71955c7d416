package otp

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// deliveryRequest is what differs between a send and a resend.
type deliveryRequest struct {
	Caller
	to recipient.Recipient
	// channel that the caller chose; empty for a resend by that of its send.
	channel Channel
	// locale that the caller of a send asked for, and the message that was found.
	locale  string
	message Message
	// resend, if set, is of the verification that is named.
	resend   bool
	resendOf string
	// challenge is the token of a solved one; empty for none.
	challenge string
	// order is made once the ledger, and with it the keyring and the channel, is known.
	order func(k Keyring, client string, channel Channel) Order
	call  func(context.Context, Ticket, Message) (pinID string, err error)
}

// deliver reserves, calls the provider at most once, and records the outcome.
func (s *Service) deliver(ctx context.Context, r *deliveryRequest) (Receipt, error) {
	terms, err := s.testTerms(ctx, r.to)
	switch {
	case err != nil:
		return Receipt{}, err
	case terms != nil:
		return s.deliverTest(ctx, r, terms)
	}
	if err := s.permits(r.to, r.channel); err != nil {
		return Receipt{}, err
	}
	if err := s.find(r); err != nil {
		return Receipt{}, err
	}
	fare := &fare{admission: s.admit(ctx, r)}
	defer r.Trace.set(func(t *Trace) { t.Guard = fare.findings() })
	doc, err := s.open(ctx, r.Caller, r.to, r.resendOf)
	if err != nil {
		return Receipt{}, err
	}
	channel := r.channel
	v := doc.ledger.find(r.resendOf)
	if channel == "" && v != nil {
		channel = v.Channel
		if err := s.permits(r.to, channel); err != nil {
			return Receipt{}, err
		}
	}
	r.traceMessage(channel, v)
	order := r.order(doc.keyring, clientOf(doc.keyring, r.Client), channel)
	order.Counted = doc.mark
	if !r.resend { // a success is credited to whoever began the verification
		order.Mark = fare.admission.Mark()
	}
	order.Locale = r.message.Locale
	ticket, err := s.reserve(ctx, doc, r, order, fare)
	if err != nil {
		return Receipt{}, err
	}
	if ticket.Repeat {
		r.Trace.set(func(t *Trace) { t.Repeat = true })
		return ticket.Receipt, nil
	}

	started := s.Clock.Now()
	pinID, callErr := r.call(ctx, ticket, r.message)
	r.Trace.provider("sent", callErr, s.Clock.Now().Sub(started))
	var beside sync.WaitGroup
	defer beside.Wait() // also where the save panics: the trace reads what was given back
	if callErr != nil {
		beside.Go(func() { fare.giveBack(ctx, effectOf(callErr)) })
	}
	_, unrecorded := update(ctx, s, doc, r.Trace, untilDeadline, func(l *Ledger, _ time.Time) (struct{}, bool, error) {
		err := s.record(l, ticket, order, pinID, callErr)
		return struct{}{}, err == nil, err
	})
	beside.Wait()
	if callErr != nil {
		return Receipt{}, s.deliveryError(ticket, callErr, unrecorded)
	}
	if unrecorded != nil {
		// The message is out, but its handle is lost: the code cannot be verified.
		r.Trace.set(func(t *Trace) { t.Unrecorded = true })
		return Receipt{}, &Error{Reason: SendUnconfirmed, RetryAfter: s.until(ticket.Receipt.ResendAt), Err: unrecorded}
	}
	return ticket.Receipt, nil
}

// traceMessage says by which channel and in which language the code goes out: that of the
// message that was found, or, of a resend, that of the verification v; nil for one that is
// not there.
func (r *deliveryRequest) traceMessage(channel Channel, v *Verification) {
	r.Trace.set(func(t *Trace) {
		t.Channel = channel
		switch {
		case !r.resend:
			t.Locale = traced(r.message.Locale)
		case v != nil && !v.final():
			t.Locale = traced(v.Locale)
		}
	})
}

// reserve charges a delivery to the recipient and, beside the save of that, to the guard.
// Whoever refuses, the other's charge is taken back.
func (s *Service) reserve(ctx context.Context, doc *document, r *deliveryRequest, order Order, fare *fare) (Ticket, error) {
	ticket, err := update(ctx, s, doc, r.Trace, onceOnly, func(l *Ledger, now time.Time) (Ticket, bool, error) {
		ticket, err := s.charge(l, now, order, r)
		if err != nil || ticket.Repeat {
			return ticket, false, err
		}
		// Where the save met a conflict, the charge beside it may still be under way.
		if err := fare.paid(); err != nil {
			return Ticket{}, false, err
		}
		// Last, so that a repeat, and who has to wait anyway, is told so.
		if err := fare.admission.Decide(ctx, Terms{Channel: ticket.Channel, Known: l.Known()}); err != nil {
			return Ticket{}, false, err
		}
		fare.take(ctx)
		return ticket, true, nil
	})
	unpaid := fare.paid()
	if err == nil && (ticket.Repeat || unpaid == nil) {
		if ticket.Repeat {
			fare.giveBack(ctx, NotSent)
		}
		return ticket, nil
	}
	var beside sync.WaitGroup
	beside.Go(func() { fare.giveBack(ctx, NotSent) })
	defer beside.Wait()
	withdraw := func(l *Ledger, _ time.Time) bool { return l.Withdraw(s.Policy, order) }
	if err != nil {
		s.takeBack(ctx, doc, r.Trace, err, withdraw)
		return Ticket{}, err
	}
	s.withdraw(ctx, doc, r.Trace, withdraw)
	return Ticket{}, unpaid
}

func (s *Service) charge(l *Ledger, now time.Time, o Order, r *deliveryRequest) (Ticket, error) {
	if r.resend {
		o.Unspoken = s.unspoken(l.find(r.resendOf), o.Channel)
		return l.ReserveResend(now, s.Policy, r.resendOf, o)
	}
	return l.Reserve(now, s.Policy, o)
}

// record saves what the provider's answer means.
func (s *Service) record(l *Ledger, t Ticket, o Order, pinID string, callErr error) error {
	id := t.Receipt.VerificationID
	if callErr == nil {
		return l.Activate(s.Policy, id, o, pinID)
	}
	if errors.Is(callErr, ErrUnavailable) { // the provider was not asked, or refused the key
		l.Withdraw(s.Policy, o)
		return nil
	}
	failure, outcome := deliveryFailure(callErr, t.PinID != "")
	if outcome.progress == Unconfirmed {
		return l.Lose(s.Policy, id, o)
	}
	err := l.Fail(s.Policy, id, o, outcome.progress)
	if failure.Effect == NotFound && t.PinID != "" {
		l.Expire(s.Policy, id, t.PinID) // after Fail: a code that ends drops its resends
	}
	return err
}

func (s *Service) deliveryError(t Ticket, callErr, unrecorded error) *Error {
	failure, outcome := deliveryFailure(callErr, t.PinID != "")
	err := &Error{Reason: outcome.reason, Err: errors.Join(callErr, unrecorded)}
	switch outcome.reason {
	case SendUnconfirmed:
		err.RetryAfter = s.until(t.Receipt.ResendAt)
	case ProviderThrottled:
		err.RetryAfter = max(s.until(t.Receipt.ResendAt), failure.RetryAfter)
	}
	return err
}

// until is the time to a moment, zero if it is past.
func (s *Service) until(moment time.Time) time.Duration { return max(moment.Sub(s.Clock.Now()), 0) }

// permits asks the guard, if there is one, whether the recipient may be sent to, and checks
// that it can be.
func (s *Service) permits(to recipient.Recipient, channel Channel) error {
	if channel == "" {
		return nil
	}
	if s.Guard != nil {
		if err := s.Guard.Permits(to, channel); err != nil {
			return err
		}
	}
	if !channel.Reaches(to) {
		return refuse(ChannelMismatch, 0)
	}
	return nil
}

// find looks up the message of a send. A channel without one is not offered.
func (s *Service) find(r *deliveryRequest) error {
	if r.resend || s.Messages == nil {
		return nil
	}
	message, ok := s.Messages.Message(r.channel, r.locale)
	if !ok {
		return refuse(ChannelNotAllowed, 0)
	}
	r.message = message
	return nil
}

// unspoken reports whether a call would have to speak a language that calls have no message
// in. A resend has the text of its send: whoever reads the language can read it by any
// channel, but a voice has one language.
func (s *Service) unspoken(v *Verification, channel Channel) bool {
	if s.Messages == nil || v == nil || channel != Voice || v.Channel == Voice {
		return false
	}
	return !s.Messages.Speaks(channel, v.Locale)
}
