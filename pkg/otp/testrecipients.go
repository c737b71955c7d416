package otp

import (
	"context"
	"errors"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// TestRecipients knows whom the owner lets in without a message.
//
// Obligations on implementations: safe for concurrent use, and ended within ctx's deadline.
type TestRecipients interface {
	// Find returns the terms of a test recipient whose end is not over, and nil for
	// everybody else. An error means that nobody knows, and that nothing may be done (fail
	// closed).
	Find(ctx context.Context, to recipient.Recipient, now time.Time) (*TestTerms, error)
}

// testTerms asks for a recipient's terms, if anybody can be a test recipient here.
func (s *Service) testTerms(ctx context.Context, to recipient.Recipient) (*TestTerms, error) {
	if s.Tests == nil {
		return nil, nil //nolint:nilnil // nil is everybody who is no test recipient
	}
	terms, err := s.Tests.Find(ctx, to, s.now())
	if err != nil {
		return nil, &Error{Reason: Unavailable, Err: err}
	}
	return terms, nil
}

// deliverTest begins a code of a test recipient, or repeats one: a load and a save. No
// guard is asked what it may cost, for it costs nothing.
func (s *Service) deliverTest(ctx context.Context, r *deliveryRequest, terms *TestTerms) (Receipt, error) {
	r.Trace.set(func(t *Trace) { t.Test = true })
	if err := s.offers(r.to, r.channel); err != nil {
		return Receipt{}, err
	}
	if err := s.find(r); err != nil { // for what a key means, although none is sent
		return Receipt{}, err
	}
	doc, err := s.open(ctx, r.Caller, r.to, r.resendOf)
	if err != nil {
		return Receipt{}, err
	}
	channel := r.channel
	v := findIn(doc.ledger.Tests, r.resendOf)
	if channel == "" && v != nil {
		channel = v.Channel
		if err := s.offers(r.to, channel); err != nil {
			return Receipt{}, err
		}
	}
	r.traceMessage(channel, v)
	order := r.order(doc.keyring, clientOf(doc.keyring, r.Client), channel)
	order.Locale = r.message.Locale
	ticket, err := update(ctx, s, doc, r.Trace, onceOnly, func(l *Ledger, now time.Time) (Ticket, bool, error) {
		var ticket Ticket
		var err error
		if r.resend {
			order.Unspoken = s.unspoken(findIn(l.Tests, r.resendOf), channel)
			ticket, err = l.ResendTest(now, s.Policy, r.resendOf, order)
		} else {
			ticket, err = l.ReserveTest(now, s.Policy, *terms, order)
		}
		return ticket, err == nil && !ticket.Repeat, err
	})
	if err != nil {
		return Receipt{}, err
	}
	r.Trace.set(func(t *Trace) { t.Repeat = ticket.Repeat })
	return ticket.Receipt, nil
}

// offers asks the guard, if there is one, whether a channel is there for a recipient. What
// else it permits is about money: regions and line types.
func (s *Service) offers(to recipient.Recipient, channel Channel) error {
	err := s.permits(to, channel)
	refused, ok := errors.AsType[*Error](err)
	if kind := ok && (refused.Reason == RegionNotAllowed || refused.Reason == LineTypeNotAllowed); !kind {
		return err
	}
	if channel != "" && !channel.Reaches(to) {
		return refuse(ChannelMismatch, 0)
	}
	return nil
}

// verifyTest compares a PIN with that of a test recipient: a load and a save. No guard is
// told of a success, for it makes no room and nobody known.
func (s *Service) verifyTest(ctx context.Context, doc *document, r *VerifyRequest, c Check, terms *TestTerms) (Success, error) {
	r.Trace.set(func(t *Trace) { t.Test = true })
	right := terms.Accepts(r.PIN)
	tried, err := update(ctx, s, doc, r.Trace, onceOnly, func(l *Ledger, now time.Time) (Tried, bool, error) {
		return l.TryTest(now, s.Policy, *terms, c, right)
	})
	if err != nil {
		return Success{}, err
	}
	r.Trace.set(func(t *Trace) { t.Channel, t.Repeat = tried.Channel, tried.Repeat })
	success := tried.success(r.To)
	success.Repeat, success.Test = tried.Repeat, true
	r.seal(ctx, success)
	return success, nil
}
