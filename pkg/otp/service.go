package otp

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// Keyring turns what callers name into what may be kept, under a secret key.
type Keyring interface {
	// LedgerKey is the key under which a recipient's ledger is kept.
	LedgerKey(r recipient.Recipient) string
	// Derive returns 16 bytes that depend on the label and all parts, and that nobody
	// can guess without the key.
	Derive(label string, parts ...string) [16]byte
}

// Service carries out sends, resends and verifies: it decides through Ledger, saves
// through Store and asks Provider, in the order that loses nothing and sends
// nothing twice. It is safe for concurrent use.
type Service struct {
	Store    Store
	Provider Provider
	// Messages, if not nil, knows the messages that codes go in. Without it all go in the
	// one that the provider knows.
	Messages Messages
	// Guard, if not nil, rules what may be sent.
	Guard Guard
	// Tests, if not nil, knows the test recipients. Without it there are none.
	Tests  TestRecipients
	Clock  Clock
	Policy Policy
}

// Caller is what every request brings along.
type Caller struct {
	// Keyrings, the one in use first. Older ones are there during a rotation: what is
	// kept under them is found.
	Keyrings []Keyring
	// IdempotencyKey as the caller gave it; empty for none.
	IdempotencyKey string
	// Names is the oldest keyring: what is named under it keeps its name across
	// rotations.
	Names Keyring
	// Client is the bucket of the caller's address: an IPv4 address, an IPv6 /48. It
	// is kept as a short keyed hash. Empty if it is not known.
	Client string
	// Count, if not nil, starts to count the caller's address and returns how to wait
	// for whether it is within its limits. It runs beside the load of the ledger and
	// is waited for before anything is written. Its error is returned as it is; the mark
	// is kept with a delivery, and comes back with the recipient's next success.
	Count func(context.Context) (admitted func() (mark string, err error))
	// Trace, if not nil, learns what happened on the way.
	Trace *Trace
}

// SendRequest asks for a new code.
type SendRequest struct {
	Caller
	To      recipient.Recipient
	Channel Channel // that reaches the recipient, or it is ChannelMismatch
	// Locale is the language that the message should have, as the caller wrote it; empty
	// for the default.
	Locale string
	// Challenge is the token of a solved challenge; empty for none.
	Challenge string
}

// ResendRequest asks for the same code once more. Without a channel it goes by that of
// its send.
type ResendRequest struct {
	Caller
	To             recipient.Recipient
	VerificationID string
	Channel        Channel
	// Challenge is the token of a solved challenge; empty for none.
	Challenge string
}

// VerifyRequest asks whether a PIN is the recipient's.
type VerifyRequest struct {
	Caller
	To             recipient.Recipient
	PIN            string
	VerificationID string
	// Nonce is what the caller wants to find in a proof of the success; empty for none.
	// A repeat of a success has its nonce, or is KeyReused.
	Nonce string
	// Seal, if not nil, is called with every success, beside the save that records it, so
	// that to sign it takes no time of its own; with a repeat too. It may be called once
	// more, never twice at once, where the success is recorded otherwise than at first
	// decided: the last call is the one that counts, and none does if Verify fails. Its
	// context ends when what it makes is not wanted any more.
	Seal func(context.Context, Success)
}

// Success is a verification: somebody who has the recipient's phone gave its PIN.
type Success struct {
	VerificationID string
	To             recipient.Recipient
	// Channel by which the PIN was last delivered.
	Channel Channel
	// At is when it was verified, also of a repeat.
	At time.Time
	// Repeat: this very request had the success before.
	Repeat bool
	// Marks of the recipient's sends since the success before; none of a repeat.
	Marks []string
	// Test: it is a test recipient's, who has shown nothing but a PIN that the owner chose.
	Test bool
}

// Verification id: 16 bytes, at least as hard to guess as ASVS 5.0 asks of any
// reference token (7.2.3: 128 bits of entropy), in unpadded base64url.
const (
	verificationIDLength = 22
	verificationIDBytes  = 16
)

// ValidVerificationID reports whether an id could be one that this service issued.
func ValidVerificationID(id string) bool {
	if len(id) != verificationIDLength {
		return false
	}
	decoded, err := base64.RawURLEncoding.Strict().DecodeString(id)
	return err == nil && len(decoded) == verificationIDBytes // the decoder skips line breaks
}

// Send charges the recipient, has the provider send a PIN, and records its handle. Its
// error is an *Error, or Count's.
func (s *Service) Send(ctx context.Context, r SendRequest) (Receipt, error) {
	return s.deliver(ctx, &deliveryRequest{
		Caller: r.Caller, to: r.To, channel: r.Channel, locale: r.Locale, challenge: r.Challenge,
		order: func(k Keyring, client string, channel Channel) Order {
			return order(r.Caller, k, "send", r.To, channel, r.Locale, client)
		},
		call: func(ctx context.Context, t Ticket, m Message) (string, error) {
			return s.Provider.Send(ctx, r.To, t.Channel, m)
		},
	})
}

// Resend has the provider deliver the PIN of a live verification again. Its error is
// an *Error, or Count's.
func (s *Service) Resend(ctx context.Context, r ResendRequest) (Receipt, error) {
	return s.deliver(ctx, &deliveryRequest{
		Caller: r.Caller, to: r.To, channel: r.Channel, resend: true, resendOf: r.VerificationID, challenge: r.Challenge,
		order: func(k Keyring, client string, channel Channel) Order {
			return order(r.Caller, k, "resend", r.To, channel, r.VerificationID, client)
		},
		call: func(ctx context.Context, t Ticket, _ Message) (string, error) {
			return s.Provider.Resend(ctx, t.PinID, t.Channel)
		},
	})
}

// Verify charges an attempt, asks the provider, and records the answer. A nil error
// means verified; any other is an *Error, or Count's.
func (s *Service) Verify(ctx context.Context, r VerifyRequest) (Success, error) {
	terms, err := s.testTerms(ctx, r.To)
	if err != nil {
		return Success{}, err
	}
	doc, err := s.open(ctx, r.Caller, r.To, r.VerificationID)
	if err != nil {
		return Success{}, err
	}
	c := check(r, doc.keyring)
	if terms != nil && doc.ledger.meansTest(s.now(), s.Policy, c) {
		return s.verifyTest(ctx, doc, &r, c, terms)
	}
	debited, err := update(ctx, s, doc, r.Trace, onceOnly, func(l *Ledger, now time.Time) (Debited, bool, error) {
		debited, err := l.Debit(now, s.Policy, c)
		return debited, err == nil && !debited.Repeat, err
	})
	if err != nil {
		s.takeBack(ctx, doc, r.Trace, err, func(l *Ledger, now time.Time) bool { return l.withdrawCheck(now, s.Policy, c) })
		return Success{}, err
	}
	r.Trace.set(func(t *Trace) { t.Channel, t.Repeat = debited.Channel, debited.Repeat })
	if debited.Repeat {
		success := Success{
			VerificationID: debited.VerificationID, To: r.To, Channel: debited.Channel, At: debited.At, Repeat: true,
		}
		r.seal(ctx, success)
		return success, nil
	}

	r.Trace.set(func(t *Trace) { t.Locale = traced(debited.Locale) })
	started := s.Clock.Now()
	verdict, err := s.Provider.Verify(ctx, debited.PinID, r.To, r.PIN)
	r.Trace.provider(verdict.String(), err, s.Clock.Now().Sub(started))
	if err != nil {
		return Success{}, s.checkError(ctx, doc, r.Trace, debited, c, err)
	}
	sealing := sealing{request: &r}
	settled, err := update(ctx, s, doc, r.Trace, untilDeadline, func(l *Ledger, now time.Time) (Settled, bool, error) {
		settled, changed, err := l.Settle(now, s.Policy, debited, c, verdict)
		if err == nil && changed {
			sealing.begin(ctx, settled.success(r.To))
		}
		return settled, changed, err
	})
	if err != nil {
		sealing.drop()
		return Success{}, err
	}
	s.credit(ctx, &r, settled.Earned)
	success := settled.success(r.To)
	sealing.end(ctx, success)
	return success, nil
}

func (d Settled) success(to recipient.Recipient) Success {
	return Success{VerificationID: d.VerificationID, To: to, Channel: d.Channel, At: d.At, Marks: d.Marks}
}

// credit tells the guard, if there is one, of the success that this request made.
func (s *Service) credit(ctx context.Context, r *VerifyRequest, earned *Earned) {
	if s.Guard == nil || earned == nil {
		return
	}
	err := s.Guard.Credit(ctx, Earning{To: r.To, Names: r.Names, Earned: *earned})
	if err != nil {
		r.Trace.set(func(t *Trace) { t.Guard = append(t.Guard, Finding{"credit", "lost: " + err.Error()}) })
	}
}

// checkError takes back what a failed verify was charged, as far as it is certain that
// nothing was compared, and says what it came to.
func (s *Service) checkError(ctx context.Context, doc *document, trace *Trace, d Debited, c Check, cause error) *Error {
	failure, reason := checkFailure(cause)
	// Best effort: the charge that stays is the safe side.
	_, lost := update(ctx, s, doc, trace, untilDeadline, func(l *Ledger, now time.Time) (struct{}, bool, error) {
		if failure.Effect == Unknown {
			return struct{}{}, l.Release(d.VerificationID, c), nil
		}
		return struct{}{}, l.Refund(now, s.Policy, d.VerificationID, c, failure.Effect), nil
	})
	cause = errors.Join(cause, lost)
	err := &Error{Reason: reason, Err: cause}
	if reason == ProviderThrottled {
		err.RetryAfter = failure.RetryAfter
	}
	return err
}

// fingerprintLength is enough to tell one request's fingerprint from another's.
const fingerprintLength = 11

// shortLength is enough to tell apart the few clients of one recipient, and the few checks
// that are under way: 48 bits.
const shortLength = 8

// clientOf returns how a client is kept: empty if it is not known.
func clientOf(k Keyring, client string) string {
	if client == "" {
		return ""
	}
	return encodeID(k.Derive("client", client))[:shortLength]
}

func order(c Caller, k Keyring, route string, to recipient.Recipient, channel Channel, meaning, client string) Order {
	o := Order{ID: newID(), RunID: newID()[:shortLength], Channel: channel, Client: client}
	if c.IdempotencyKey != "" {
		o.ID = encodeID(k.Derive(route, to.Canonical(), c.IdempotencyKey))
		o.Fingerprint = encodeID(k.Derive("meaning", string(channel), meaning))[:fingerprintLength]
	}
	return o
}

func check(r VerifyRequest, k Keyring) Check {
	c := Check{
		ID: newID(), RunID: newID()[:shortLength],
		VerificationID: r.VerificationID, Client: clientOf(k, r.Client),
	}
	if r.Nonce != "" {
		c.Nonce = encodeID(k.Derive("nonce", r.Nonce))[:fingerprintLength]
	}
	if r.IdempotencyKey != "" {
		c.ID = encodeID(k.Derive("verify", r.To.Canonical(), r.IdempotencyKey, r.VerificationID, r.PIN))
		c.Key = c.ID[:shortLength]
	}
	return c
}

func newID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails: crypto/rand ends the program instead
	return encodeID(id)
}

func encodeID(id [16]byte) string { return base64.RawURLEncoding.EncodeToString(id[:]) }
