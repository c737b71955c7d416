package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/proof"
)

// refusal is an answer that is not a success: what the client sees of it. Its cause
// stays in the log.
type refusal struct {
	status   int
	code     string
	sentence string
	// retryAfter is sent if it is not zero.
	retryAfter time.Duration
	// remaining tries and the code's state, for those who may know.
	remaining *int
	state     otp.CodeState
	// allow is the Allow header of a 405.
	allow string
}

func (r *refusal) Error() string { return r.code }

// The sentences. This file is the only place where a client's sentence is written.
var (
	refuseOrigin            = &refusal{status: http.StatusForbidden, code: "origin_refused", sentence: "Forbidden."}
	refuseClientAddress     = badRequest("client_address_required", "Client address is required.")
	refuseNotFound          = &refusal{status: http.StatusNotFound, code: "not_found", sentence: "Not found."}
	refuseContentType       = &refusal{status: http.StatusUnsupportedMediaType, code: "content_type_unsupported", sentence: "Content-Type must be application/json."}
	refuseSize              = &refusal{status: http.StatusRequestEntityTooLarge, code: "body_too_large", sentence: "Request body too large."}
	refuseBody              = badRequest("body_invalid", "Request body must be a JSON object.")
	refuseNoNumber          = badRequest("phone_number_required", "Phone number is required.")
	refuseNoNumberOrPIN     = badRequest("phone_number_and_pin_required", "Phone number and PIN code are required.")
	refuseNoNumberOrID      = badRequest("verification_id_required", "Phone number and verification ID are required.")
	refuseNoVerificationID  = badRequest("verification_id_required", "Verification ID is required.")
	refuseNumberToSend      = badRequest("phone_number_invalid", "Invalid phone number format. Use E.164 format (e.g., +14155552671).")
	refuseNumberToVerify    = badRequest("phone_number_invalid", "Invalid phone number format. Use E.164 format.")
	refuseUnassigned        = badRequest("phone_number_unassigned", "This phone number is not in service.")
	refuseVerificationID    = badRequest("verification_id_invalid", "Invalid verification ID.")
	refuseNonce             = badRequest("nonce_invalid", "Invalid nonce.")
	refuseProof             = &refusal{status: http.StatusInternalServerError, code: "proof_failed", sentence: "Failed to issue the proof."}
	refuseChannel           = badRequest("channel_unknown", "Unknown channel: use sms or voice.")
	refuseIdempotencyKey    = badRequest("idempotency_key_invalid", "Invalid Idempotency-Key: use 1 to 255 printable ASCII characters.")
	refuseInternal          = &refusal{status: http.StatusInternalServerError, code: "internal", sentence: "Internal error."}
	sentenceFailedToSend    = "Failed to send OTP."
	sentenceFailedToVerify  = "Failed to verify OTP."
	sentenceWaitForOTP      = "Please wait before requesting another OTP."
	sentenceTooManyRequests = "Too many requests, please try again later."
)

func badRequest(code, sentence string) *refusal {
	return &refusal{status: http.StatusBadRequest, code: code, sentence: sentence}
}

func refuseField(name string) *refusal {
	return badRequest("field_unknown", fmt.Sprintf("Unknown field: %s.", name))
}

func refuseType(name string) *refusal {
	return badRequest("field_type", fmt.Sprintf("%s must be a string.", name))
}

func refusePIN(length int) *refusal {
	return badRequest("pin_invalid", fmt.Sprintf("Invalid PIN format. Expecting %d digits.", length))
}

func refuseMethod(allow string) *refusal {
	return &refusal{status: http.StatusMethodNotAllowed, code: "method_not_allowed", sentence: "Method not allowed.", allow: allow}
}

func refuseAddress(what string, window, retryAfter time.Duration) *refusal {
	return &refusal{
		status: http.StatusTooManyRequests, code: "address_limited", retryAfter: retryAfter,
		sentence: fmt.Sprintf("Too many %s from this IP, please try again after %s", what, inWords(window)),
	}
}

const (
	// defaultRetryAfter stands where a repeat may help and nobody knows when.
	defaultRetryAfter = 5 * time.Second
	// maxConflictRetryAfter: the domain says when a running request is over at the
	// latest. Nearly all are long before, and a person is waiting.
	maxConflictRetryAfter = 2 * time.Second
)

// reasons says what a client sees of each of the domain's refusals. The linter keeps it
// complete.
//
//exhaustive:enforce
var reasons = map[otp.Reason]refusal{
	otp.InvalidOrExpired:   {status: http.StatusUnauthorized, code: "invalid_or_expired", sentence: "Invalid or expired OTP."},
	otp.CoolingDown:        {status: http.StatusTooManyRequests, code: "too_soon", sentence: sentenceWaitForOTP},
	otp.RecipientLimited:   {status: http.StatusTooManyRequests, code: "number_limited", sentence: sentenceWaitForOTP},
	otp.VerifyTooSoon:      {status: http.StatusTooManyRequests, code: "too_soon", sentence: "Please wait before trying again."},
	otp.KeyInUse:           {status: http.StatusConflict, code: "idempotency_key_in_use", sentence: "A request with this Idempotency-Key is still running."},
	otp.KeyReused:          {status: http.StatusUnprocessableEntity, code: "idempotency_key_reused", sentence: "This Idempotency-Key was used with another request."},
	otp.KeyExpired:         {status: http.StatusUnprocessableEntity, code: "idempotency_key_expired", sentence: "This Idempotency-Key belongs to a code that is over: use a new one."},
	otp.ChannelNotAllowed:  {status: http.StatusBadRequest, code: "channel_not_allowed", sentence: "This service does not use this channel."},
	otp.RegionNotAllowed:   {status: http.StatusBadRequest, code: "region_not_allowed", sentence: "This service does not send to phone numbers of this country."},
	otp.LineTypeNotAllowed: {status: http.StatusBadRequest, code: "line_type_not_allowed", sentence: "This service does not send to phone numbers of this kind."},
	otp.TrafficLimited:     {status: http.StatusTooManyRequests, code: "traffic_limited", sentence: sentenceTooManyRequests},
	otp.BudgetExhausted:    {status: http.StatusTooManyRequests, code: "budget_exhausted", sentence: sentenceTooManyRequests},
	otp.ChallengeRequired:  {status: http.StatusForbidden, code: "challenge_required", sentence: "Please complete the challenge."},
	otp.ProviderThrottled:  {status: http.StatusTooManyRequests, code: "provider_throttled", sentence: sentenceTooManyRequests},
	otp.Busy:               {status: http.StatusTooManyRequests, code: "busy", sentence: sentenceTooManyRequests},
	otp.SendFailed:         {status: http.StatusInternalServerError, code: "send_failed", sentence: sentenceFailedToSend},
	otp.SendUnconfirmed:    {status: http.StatusInternalServerError, code: "send_unconfirmed", sentence: sentenceFailedToSend},
	otp.VerifyFailed:       {status: http.StatusInternalServerError, code: "verify_failed", sentence: sentenceFailedToVerify},
	otp.Unavailable:        {status: http.StatusServiceUnavailable, code: "unavailable", sentence: "Service temporarily unavailable."},
}

// refusalOf renders an error. One that nobody classified is an internal one, and says
// nothing of its effect.
func refusalOf(err error) *refusal {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r
	}
	if _, ok := errors.AsType[*proof.Error](err); ok {
		return refuseProof
	}
	failure, ok := errors.AsType[*otp.Error](err)
	if !ok {
		return refuseInternal
	}
	r, ok := reasons[failure.Reason]
	if !ok {
		return refuseInternal
	}
	r.retryAfter, r.remaining, r.state = failure.RetryAfter, failure.Remaining, failure.Code
	mustWait := r.status == http.StatusTooManyRequests || r.status == http.StatusServiceUnavailable
	switch {
	case mustWait && r.retryAfter <= 0:
		r.retryAfter = defaultRetryAfter
	case r.status == http.StatusConflict:
		r.retryAfter = min(r.retryAfter, maxConflictRetryAfter)
	}
	return &r
}

// inWords writes a window as a sentence has it: 15 minutes, 1 hour, 90 seconds.
func inWords(d time.Duration) string {
	units := []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}}
	for _, u := range units {
		if d < u.length || d%u.length != 0 {
			continue
		}
		if n := d / u.length; n != 1 {
			return fmt.Sprintf("%d %ss", n, u.name)
		}
		return "1 " + u.name
	}
	return inWords(wholeSeconds(d))
}

// wholeSeconds rounds up: who waits as long as told must not be too early.
func wholeSeconds(d time.Duration) time.Duration {
	return max((d + time.Second - 1).Truncate(time.Second), time.Second)
}
