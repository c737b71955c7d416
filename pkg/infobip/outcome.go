package infobip

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// maxRetryAfter is the longest wait that a provider's Retry-After is believed
// for: the application's own limits count by the day.
const maxRetryAfter = 24 * time.Hour

// failure turns a call that gave no 2xx into its effect. The status decides; the
// body only tells the provider's limits from other refusals.
func failure(r request, res response, cut *CallError) *otp.ProviderError {
	if cut != nil && !cut.Sent {
		return &otp.ProviderError{Effect: otp.NotSent, Err: cut}
	}
	if cut != nil && cut.Status == 0 {
		return &otp.ProviderError{Effect: otp.Unknown, Err: cut}
	}
	said := readRefusal(res.body)
	call := &CallError{Operation: r.operation, Status: res.status, MessageID: word(said.id, r.secrets), Sent: true}
	result := &otp.ProviderError{RetryAfter: retryAfter(res.header, time.Now()), Err: call}
	switch status := res.status; {
	case status < 400 || status >= 500 || status == http.StatusRequestTimeout:
		result.Effect, call.Reason = otp.Unknown, "no usable answer"
		call.again = status >= 500
	case status == http.StatusTooManyRequests || said.throttled():
		result.Effect, call.Reason = otp.Throttled, "the provider's limits"
	case status == http.StatusNotFound:
		result.Effect, call.Reason = otp.NotFound, "not known to the provider"
	default:
		result.Effect, call.Reason = otp.Refused, "refused"
	}
	return result
}

// unusable is a 2xx that does not say what it has to.
func unusable(r request, res response, cut *CallError, reason string) *otp.ProviderError {
	if cut != nil {
		return &otp.ProviderError{Effect: otp.Unknown, Err: cut}
	}
	return &otp.ProviderError{
		Effect: otp.Unknown,
		Err:    &CallError{Operation: r.operation, Status: res.status, Reason: reason, Sent: true},
	}
}

// refusal is what an error's body says, in either of the two envelopes.
type refusal struct {
	id   string
	text string
	// reasons are what is wrong with which member, for provisioning.
	reasons []string
}

// readRefusal reads an error's body as far as it makes sense.
func readRefusal(body []byte) refusal {
	answer, ok := parseObject(body)
	if !ok {
		return refusal{}
	}
	if code := answer.text("errorCode"); code != "" {
		return refusal{id: code, text: answer.text("description"), reasons: violations(answer)}
	}
	legacy := answer.object("requestError")
	exception := legacy.object("serviceException")
	if len(exception) == 0 {
		exception = legacy.object("policyException")
	}
	return refusal{id: exception.text("messageId"), text: exception.text("text"), reasons: validationErrors(exception)}
}

// throttled is whether a refusal is about the provider's limits. Infobip does
// not say with which status and word the limits of an application refuse.
func (r refusal) throttled() bool {
	said := strings.ToLower(strings.ReplaceAll(r.id+" "+r.text, "_", " "))
	return r.id == "E429" || strings.Contains(said, "limit") || strings.Contains(said, "throttl") || strings.Contains(said, "too many")
}

// retryAfter reads a Retry-After of whole seconds or of an HTTP date; anything
// else is none.
func retryAfter(header http.Header, now time.Time) time.Duration {
	value := header.Get("Retry-After")
	seconds, err := strconv.ParseUint(value, 10, 64)
	if err == nil {
		return time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(date.Sub(now), 0), maxRetryAfter)
}
