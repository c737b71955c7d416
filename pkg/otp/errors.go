package otp

import (
	"errors"
	"fmt"
	"time"
)

// Reason says why a request was refused or failed. The words are for logs; which
// status and sentence a client sees is decided at the edge (pkg/httpapi).
type Reason string

// Reasons.
const (
	// InvalidOrExpired: wrong, expired, used, exhausted, disabled, never sent, or
	// another number's. Deliberately one reason: a stranger learns nothing.
	InvalidOrExpired Reason = "invalid_or_expired"
	// CoolingDown: the number was sent to a moment ago.
	CoolingDown Reason = "cooling_down"
	// VerifyTooSoon: the provider was asked about this number a moment ago.
	VerifyTooSoon Reason = "verify_too_soon"
	// NumberLimited: the number's sends are used up, or it is disabled.
	NumberLimited Reason = "number_limited"
	// KeyInUse: a request with this idempotency key is still running.
	KeyInUse Reason = "idempotency_key_in_use"
	// KeyReused: this idempotency key was used with another request.
	KeyReused Reason = "idempotency_key_reused"
	// ProviderThrottled: the provider refused for its own limits; nothing was sent.
	ProviderThrottled Reason = "provider_throttled"
	// Busy: parallel requests for the same number did not settle.
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

// Error is the one error type of this package's Service.
type Error struct {
	Reason Reason
	// RetryAfter is when a repeat may do better; zero where it is not known.
	RetryAfter time.Duration
	// Remaining is the number of tries left, where the caller named its
	// verification and may therefore know; nil elsewhere.
	Remaining *int
	// Err is the cause, for the log only.
	Err error
}

func (e *Error) Error() string {
	if e.Err == nil {
		return "otp: " + string(e.Reason)
	}
	return fmt.Sprintf("otp: %s: %v", e.Reason, e.Err)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// ErrUnavailable marks, in the chain of any error a port returns, that one of our
// own dependencies (the store, the secret) could not be reached, as opposed to
// the provider.
var ErrUnavailable = errors.New("dependency unavailable")

func refuse(reason Reason, retryAfter time.Duration) *Error {
	return &Error{Reason: reason, RetryAfter: max(retryAfter, 0)}
}
