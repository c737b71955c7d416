package otp

import (
	"errors"
	"fmt"
	"time"
)

// Reason says why a request was refused or failed. The words are for logs; which
// status and sentence a client sees is decided at the edge (pkg/httpapi), in a table
// that the linter keeps complete.
type Reason string

// Reasons.
const (
	// InvalidOrExpired: wrong, expired, used, exhausted, disabled, never sent, or
	// another recipient's. Deliberately one reason: a stranger learns nothing.
	InvalidOrExpired Reason = "invalid_or_expired"
	// CoolingDown: the recipient was sent to a moment ago.
	CoolingDown Reason = "cooling_down"
	// VerifyTooSoon: the provider was asked about this recipient a moment ago.
	VerifyTooSoon Reason = "verify_too_soon"
	// RecipientLimited: the recipient's sends are used up, or it is disabled.
	RecipientLimited Reason = "number_limited"
	// KeyInUse: a request with this idempotency key is still running.
	KeyInUse Reason = "idempotency_key_in_use"
	// KeyReused: this idempotency key was used with another request.
	KeyReused Reason = "idempotency_key_reused"
	// KeyExpired: the code that this idempotency key had sent is over.
	KeyExpired Reason = "idempotency_key_expired"
	// ChannelNotAllowed: the owner does not offer this channel.
	ChannelNotAllowed Reason = "channel_not_allowed"
	// ChannelMismatch: the channel cannot reach this recipient.
	ChannelMismatch Reason = "channel_mismatch"
	// RegionNotAllowed: the owner does not send to this country.
	RegionNotAllowed Reason = "region_not_allowed"
	// LineTypeNotAllowed: the owner does not send to numbers of this kind.
	LineTypeNotAllowed Reason = "line_type_not_allowed"
	// TrafficLimited: what the guard counts is used up, or the owner has stopped sends.
	TrafficLimited Reason = "traffic_limited"
	// BudgetExhausted: the money of the owner's window is spent.
	BudgetExhausted Reason = "budget_exhausted"
	// ChallengeRequired: a solved challenge would let this delivery through.
	ChallengeRequired Reason = "challenge_required"
	// ProviderThrottled: the provider refused for its own limits; nothing was sent.
	ProviderThrottled Reason = "provider_throttled"
	// Busy: parallel requests for the same recipient did not settle.
	Busy Reason = "busy"
	// SendFailed: known not sent.
	SendFailed Reason = "send_failed"
	// SendUnconfirmed: the provider's answer was lost; the message may arrive.
	SendUnconfirmed Reason = "send_unconfirmed"
	// VerifyFailed: the provider could not be asked, or its answer was no answer.
	VerifyFailed Reason = "verify_failed"
	// Unavailable: the store or the secret cannot be reached; nothing was done,
	// or what was done could not be recorded.
	Unavailable Reason = "unavailable"
)

// Error is the one error type of this package.
type Error struct {
	Reason Reason
	// RetryAfter is when a repeat may do better; zero where it is not known.
	RetryAfter time.Duration
	// Remaining is the number of tries left and Code what became of the code, where
	// the caller named its verification and may therefore know; nil and empty
	// elsewhere.
	Remaining *int
	Code      CodeState
	// Err is the cause, for the log only.
	Err error
}

func (e *Error) Error() string {
	if e.Err == nil {
		return "otp: " + string(e.Reason)
	}
	return fmt.Sprintf("otp: %s: %v", e.Reason, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ErrUnavailable marks, in the chain of any error a port returns, that one of our
// own dependencies (the store, the secret) could not be reached, as opposed to
// the provider.
var ErrUnavailable = errors.New("dependency unavailable")

// ErrSecretUnreadable is the ErrUnavailable of the secret: it could not be read, or has
// not its form.
var ErrSecretUnreadable = fmt.Errorf("%w: the secret", ErrUnavailable)

func refuse(reason Reason, retryAfter time.Duration) *Error {
	return &Error{Reason: reason, RetryAfter: max(retryAfter, 0)}
}
