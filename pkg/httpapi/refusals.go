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

// codeOK stands in the log for a request that was not refused.
const codeOK = "ok"

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
	refuseNoEmail           = badRequest("email_required", "Email address is required.")
	refuseNoEmailOrPIN      = badRequest("email_and_pin_required", "Email address and PIN code are required.")
	refuseNoEmailOrID       = badRequest("verification_id_required", "Email address and verification ID are required.")
	refuseEmail             = badRequest("email_invalid", "Invalid email address.")
	refuseAmbiguous         = badRequest("recipient_ambiguous", "Give either a phone number or an email address.")
	refuseUnassigned        = badRequest("phone_number_unassigned", "This phone number is not in service.")
	refuseVerificationID    = badRequest("verification_id_invalid", "Invalid verification ID.")
	refuseLocale            = badRequest("locale_invalid", "Invalid locale.")
	refuseNonce             = badRequest("nonce_invalid", "Invalid nonce.")
	refuseProof             = &refusal{status: http.StatusInternalServerError, code: "proof_failed", sentence: "Failed to issue the proof."}
	refuseChannel           = badRequest("channel_unknown", "Unknown channel: use "+otp.Alternatives()+".")
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
	otp.ChannelMismatch:    {status: http.StatusBadRequest, code: "channel_mismatch", sentence: "This channel cannot reach this recipient."},
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

// Explanation is a line of docs/api.md's table: what a front end does about codes.
type Explanation struct {
	Status string
	Codes  []string
	Advice string
}

// Explanations explains every code that a client can get. docs/api.md's table is made of it.
func Explanations() []Explanation {
	return []Explanation{
		{"400", []string{"phone_number_required", "phone_number_and_pin_required", "email_required", "email_and_pin_required"}, "ask for what is missing"},
		{"400", []string{"phone_number_invalid"}, "the number is not E.164: ask again, with the country's prefix"},
		{"400", []string{"phone_number_unassigned"}, "the form is right and no such number exists: ask for a typing mistake"},
		{"400", []string{"email_invalid"}, "not an e-mail address, or one in another script than ASCII: ask again"},
		{"400", []string{"pin_invalid"}, "ask again for all digits; this cost no try"},
		{"400", []string{"region_not_allowed", "line_type_not_allowed", "channel_not_allowed", "channel_mismatch"}, "not sent to, and no repeat helps: ask for a mobile number, or offer another way"},
		{"400", []string{"verification_id_required", "verification_id_invalid"}, "the page lost or garbled its `verificationId`: repeat the send under its Idempotency-Key, or begin anew"},
		{"400", []string{"nonce_invalid"}, "a `nonce` is 1 to 255 printable ASCII characters, as your backend issued it"},
		{"400", []string{"body_invalid", "field_unknown", "field_type", "recipient_ambiguous", "channel_unknown", "locale_invalid", "idempotency_key_invalid"}, "a mistake in the front end"},
		{"401", []string{"invalid_or_expired"}, "see `state` below; without it: \"wrong or too old\", and offer another code"},
		{"403", []string{"origin_refused"}, "the request went past CloudFront, or past your backend ([who the client is](#who-the-client-is))"},
		{"400", []string{"client_address_required"}, "what stands before the API names no client: its mistake, not the person's"},
		{"404, 405, 413, 415", []string{"not_found", "method_not_allowed", "body_too_large", "content_type_unsupported"}, "a mistake in the front end"},
		{"409", []string{"idempotency_key_in_use"}, "the first request is still running: repeat this one after `retryAfter`, under the same key"},
		{"422", []string{"idempotency_key_reused"}, "the key was used with other content: a mistake in the front end"},
		{"422", []string{"idempotency_key_expired"}, "the code that this key had sent is over: send anew under a new key"},
		{"429", []string{"too_soon"}, "run a countdown of `retryAfter` seconds, then let the person ask again"},
		{"429", []string{"number_limited"}, "no more codes for this number until `retryAfter` is over, which may be a day: say so"},
		{"429", []string{"address_limited"}, "this network has asked too often: say when to come back"},
		{"403", []string{"challenge_required"}, "show the challenge, then send again with its `challengeToken`, under the same Idempotency-Key; a token is good once, so a second 403 means: show it anew"},
		{"429", []string{"traffic_limited", "budget_exhausted"}, "nobody new is sent anything for now, and no challenge helps: say when to come back (`retryAfter`), and offer another way"},
		{"429", []string{"provider_throttled", "busy"}, "try again after `retryAfter`"},
		{"500", []string{"send_failed"}, "nothing was sent: offer to try again (under a new key)"},
		{"500", []string{"send_unconfirmed"}, "a message may be out, and its code cannot be used: say so, and offer another one after `retryAfter`"},
		{"500", []string{"verify_failed"}, "nobody knows whether the PIN was right: let the person try it again"},
		{"500", []string{"proof_failed"}, "the PIN was right, and counted: repeat the request under its Idempotency-Key, and the proof comes with it"},
		{"500", []string{"internal"}, "nothing is known: repeat once under the same key, then give up with words"},
		{"503", []string{"unavailable"}, "try again after `retryAfter`"},
	}
}
