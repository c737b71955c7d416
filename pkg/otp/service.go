package otp

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/phone"
)

// Keyring turns what callers name into what may be kept, under a secret key.
type Keyring interface {
	// NumberKey is the key under which a number's state is kept.
	NumberKey(n phone.Number) string
	// Derive gives 16 bytes that depend on the label and all parts, and that nobody
	// can guess without the key.
	Derive(label string, parts ...string) [16]byte
}

// Service carries out sends, resends and verifies: it decides through Number, saves
// through Store and asks Provider, in the order that loses nothing and sends
// nothing twice. It is safe for concurrent use.
type Service struct {
	Store    Store
	Provider Provider
	Clock    Clock
	Policy   Policy
}

// Caller is what every request brings along.
type Caller struct {
	Keyring Keyring
	// IdempotencyKey as the caller gave it; empty for none.
	IdempotencyKey string
	// Admit says whether the caller's address is within its limits. It is asked
	// after the number was loaded and before anything is written, so that both
	// round trips may overlap. Its error is returned as it is.
	Admit func(context.Context) error
	// Trace, if not nil, learns what happened on the way.
	Trace *Trace
}

// SendRequest asks for a new code.
type SendRequest struct {
	Caller
	Number  phone.Number
	Channel Channel
	Locale  string
}

// ResendRequest asks for the same code once more.
type ResendRequest struct {
	Caller
	Number         phone.Number
	VerificationID string
	Channel        Channel
}

// VerifyRequest asks whether a PIN is the number's.
type VerifyRequest struct {
	Caller
	Number         phone.Number
	PIN            string
	VerificationID string
}

// Verification id: 16 bytes, at least as hard to guess as ASVS 5.0 asks of any
// reference token (7.2.3: 128 bits of entropy), in unpadded base64url.
const (
	verificationIDLength = 22
	verificationIDBytes  = 16
)

// ValidVerificationID says whether an id could be one that this service issued.
func ValidVerificationID(id string) bool {
	if len(id) != verificationIDLength {
		return false
	}
	decoded, err := base64.RawURLEncoding.Strict().DecodeString(id)
	return err == nil && len(decoded) == verificationIDBytes // the decoder skips line breaks
}

// Send charges the number, has the provider send a PIN, and records its handle. Its
// error is an *Error, or Admit's.
func (s *Service) Send(ctx context.Context, r SendRequest) (Receipt, error) {
	o := order(r.Caller, "send", r.Number, r.Channel, r.Locale)
	return s.deliver(ctx, r.Caller, r.Number, &run{
		order: o,
		reserve: func(n *Number, now time.Time) (Ticket, *Error) {
			return n.Reserve(now, s.Policy, o)
		},
		call: func(ctx context.Context, _ string) (string, error) {
			return s.Provider.Send(ctx, r.Number.Digits(), r.Channel)
		},
	})
}

// Resend has the provider deliver the PIN of a live verification again. Its error is
// an *Error, or Admit's.
func (s *Service) Resend(ctx context.Context, r ResendRequest) (Receipt, error) {
	o := order(r.Caller, "resend", r.Number, r.Channel, r.VerificationID)
	return s.deliver(ctx, r.Caller, r.Number, &run{
		order: o,
		reserve: func(n *Number, now time.Time) (Ticket, *Error) {
			return n.ReserveResend(now, s.Policy, r.VerificationID, o)
		},
		call: func(ctx context.Context, pinID string) (string, error) {
			return s.Provider.Resend(ctx, pinID, r.Channel)
		},
	})
}

// Verify charges an attempt, asks the provider, and records the answer. A nil error
// means verified; any other is an *Error, or Admit's.
func (s *Service) Verify(ctx context.Context, r VerifyRequest) error {
	g := Guess{ID: newID(), By: newID()[:runLength], VerificationID: r.VerificationID}
	if r.IdempotencyKey != "" {
		g.ID = encodeID(r.Keyring.Derive("verify", r.Number.E164(), r.IdempotencyKey, r.VerificationID, r.PIN))
	}
	doc, err := s.open(ctx, r.Caller, r.Number)
	if err != nil {
		return err
	}
	var charged Charged
	var refused *Error
	err = s.update(ctx, doc, r.Trace, onceOnly, func(n *Number, now time.Time) bool {
		charged, refused = n.Debit(now, s.Policy, g)
		return refused == nil && !charged.Repeat
	})
	switch {
	case err != nil:
		return err
	case refused != nil:
		return refused
	case charged.Repeat:
		r.Trace.set(func(t *Trace) { t.Repeat = true })
		return nil
	}

	started := s.Clock.Now()
	verdict, err := s.Provider.Verify(ctx, charged.PinID, r.Number.Digits(), r.PIN)
	r.Trace.provider(verdict.String(), err, s.Clock.Now().Sub(started))
	if err != nil {
		return s.undebit(ctx, doc, r.Trace, charged, g, err)
	}
	err = s.update(ctx, doc, r.Trace, untilDeadline, func(n *Number, now time.Time) bool {
		var changed bool
		changed, refused = n.Settle(now, s.Policy, charged, g, verdict)
		return changed
	})
	if err != nil {
		return err
	}
	if refused != nil {
		return refused
	}
	return nil
}

func (s *Service) undebit(ctx context.Context, doc *document, trace *Trace, c Charged, g Guess, cause error) error {
	failure := providerFailure(cause)
	if failure.Effect != Unknown {
		// Best effort: the charge that stays is the safe side.
		err := s.update(ctx, doc, trace, untilDeadline, func(n *Number, now time.Time) bool {
			return n.Undebit(now, s.Policy, c, g, failure.Effect)
		})
		if err != nil {
			cause = errors.Join(cause, err)
		}
	}
	switch {
	case errors.Is(cause, ErrUnavailable):
		return &Error{Reason: Unavailable, Err: cause}
	case failure.Effect == Throttled:
		return &Error{Reason: ProviderThrottled, RetryAfter: failure.RetryAfter, Err: cause}
	default:
		return &Error{Reason: VerifyFailed, Err: cause}
	}
}

// runLength is enough to tell the few parallel runs of one request apart.
const runLength = 11

func order(c Caller, route string, n phone.Number, channel Channel, meaning string) Order {
	o := Order{ID: newID(), By: newID()[:runLength], Channel: channel}
	if c.IdempotencyKey != "" {
		o.ID = encodeID(c.Keyring.Derive(route, n.E164(), c.IdempotencyKey))
		o.Meaning = encodeID(c.Keyring.Derive("meaning", string(channel), meaning))[:runLength]
	}
	return o
}

func newID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails: crypto/rand ends the program instead
	return encodeID(id)
}

func encodeID(id [16]byte) string { return base64.RawURLEncoding.EncodeToString(id[:]) }

func providerFailure(err error) *ProviderError {
	if failure, ok := errors.AsType[*ProviderError](err); ok {
		return failure
	}
	return &ProviderError{Effect: Unknown, Err: err}
}
