package otp

import (
	"context"
	"errors"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/phone"
)

// run is what differs between a send and a resend.
type run struct {
	order   Order
	reserve func(*Number, time.Time) (Ticket, *Error)
	call    func(ctx context.Context, pinID string) (newPinID string, err error)
}

// deliver reserves, calls the provider at most once, and records the outcome.
func (s *Service) deliver(ctx context.Context, c Caller, number phone.Number, r *run) (Receipt, error) {
	doc, err := s.open(ctx, c, number)
	if err != nil {
		return Receipt{}, err
	}
	var ticket Ticket
	var refused *Error
	err = s.update(ctx, doc, c.Trace, onceOnly, func(n *Number, now time.Time) bool {
		ticket, refused = r.reserve(n, now)
		return refused == nil && !ticket.Repeat
	})
	switch {
	case err != nil:
		return Receipt{}, err
	case refused != nil:
		return Receipt{}, refused
	case ticket.Repeat:
		c.Trace.set(func(t *Trace) { t.Repeat = true })
		return ticket.Receipt, nil
	}

	started := s.Clock.Now()
	pinID, callErr := r.call(ctx, ticket.PinID)
	c.Trace.provider("sent", callErr, s.Clock.Now().Sub(started))

	id := ticket.Receipt.VerificationID
	var recordErr error
	err = s.update(ctx, doc, c.Trace, untilDeadline, func(n *Number, _ time.Time) bool {
		recordErr = s.record(n, id, r.order, pinID, callErr)
		return recordErr == nil
	})
	unrecorded := errors.Join(recordErr, err)
	if callErr == nil && unrecorded == nil {
		return ticket.Receipt, nil
	}
	if callErr == nil {
		// The message is out, but its handle is lost: the code cannot be verified.
		c.Trace.set(func(t *Trace) { t.Unrecorded = true })
	}
	return Receipt{}, s.sendError(ticket, callErr, unrecorded)
}

// record is the switch over all that a provider call may have done.
func (s *Service) record(n *Number, id string, o Order, pinID string, callErr error) error {
	if callErr == nil {
		return n.Activate(id, o, pinID)
	}
	switch providerFailure(callErr).Effect {
	case NotSent, Refused:
		return n.Fail(s.Policy, id, o, NotDelivered)
	case Throttled:
		return n.Fail(s.Policy, id, o, TurnedAway)
	case NotFound:
		n.Expire(s.Policy, id)
		return n.Fail(s.Policy, id, o, NotDelivered)
	default: // Unknown
		return n.Lose(id, o)
	}
}

func (s *Service) sendError(t Ticket, callErr, unrecorded error) *Error {
	wait := max(t.Receipt.ResendAt.Sub(s.Clock.Now()), 0)
	cause := errors.Join(callErr, unrecorded)
	if callErr == nil {
		return &Error{Reason: SendUnconfirmed, RetryAfter: wait, Err: cause}
	}
	failure := providerFailure(callErr)
	switch {
	case errors.Is(callErr, ErrUnavailable):
		return &Error{Reason: Unavailable, RetryAfter: wait, Err: cause}
	case failure.Effect == Throttled:
		return &Error{Reason: ProviderThrottled, RetryAfter: max(wait, failure.RetryAfter), Err: cause}
	case failure.Effect == NotFound && t.PinID != "":
		return &Error{Reason: InvalidOrExpired, Err: cause}
	case failure.Effect == Unknown:
		return &Error{Reason: SendUnconfirmed, RetryAfter: wait, Err: cause}
	default:
		return &Error{Reason: SendFailed, Err: cause}
	}
}
