package infobip

import (
	"net/http"
	"strconv"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// outcome is what an answer comes to: a verdict, which only a verify has, or else an
// effect.
type outcome struct {
	verdict otp.Verdict
	effect  otp.Effect
}

var (
	unknown   = outcome{effect: otp.Unknown}
	refused   = outcome{effect: otp.Refused}
	throttled = outcome{effect: otp.Throttled}
	notKnown  = outcome{effect: otp.NotFound}
	wrong     = outcome{verdict: otp.Wrong}
	exhausted = outcome{verdict: otp.Exhausted}
	gone      = outcome{verdict: otp.Gone}
)

// meaning is what an error says, in whichever status, envelope and words it says it,
// and what that comes to for each call.
type meaning struct {
	reason string
	// send has no PIN yet: whatever an error says of one, the send was refused.
	send outcome
	// resend reports every end of the PIN alike.
	resend outcome
	verify outcome
	// repeat is a verify that is asked once more because its first exchange was cut or
	// ended in a 5xx. Only a verdict helps it: the first may have been compared.
	repeat outcome
}

var (
	noAnswer     = meaning{"no usable answer", unknown, unknown, unknown, unknown}
	wrongURL     = meaning{"no such URL: the address or the path is wrong, check INFOBIP_BASE_URL", refused, refused, refused, unknown}
	notTheAPI    = meaning{"not an answer of the API: a proxy, or another host, check INFOBIP_BASE_URL", refused, refused, refused, unknown}
	limited      = meaning{"the provider's limits", throttled, throttled, throttled, unknown}
	otherRefusal = meaning{"refused", refused, refused, refused, unknown}
	wrongPIN     = meaning{"the PIN is wrong", refused, refused, wrong, wrong}
	exhaustedPIN = meaning{"the PIN has no attempts left", refused, notKnown, exhausted, exhausted}
	gonePIN      = meaning{"not known to the provider (any more)", refused, notKnown, gone, gone}

	// usedPIN is PIN_ALREADY_VERIFIED. To a first verify it says that the PIN is over.
	// To our own repeat it says that somebody's verify was right: perhaps the one whose
	// answer was lost, perhaps one before it. Nobody can tell, so it proves nothing: the
	// outcome is unknown, and never a success.
	usedPIN = meaning{"verified before, and nobody can say by which call", refused, notKnown, gone, unknown}
)

// meaningOf reads an answer outside 2xx: the first case that fits counts. The id is
// the provider's most definite word and goes before the status; the text, which is
// prose, goes behind it.
func meaningOf(status int, said refusal) *meaning {
	byID, byText := said.idVerdict(status), said.textVerdict(status)
	switch {
	case status < 400 || status >= 500:
		return &noAnswer
	case said.noSuchURL():
		return &wrongURL
	case byID != nil:
		return byID
	case said.notFound():
		return &gonePIN
	case status == http.StatusRequestTimeout:
		return &noAnswer
	case status == http.StatusTooManyRequests || said.aboutLimits():
		return &limited
	case byText != nil:
		return byText
	case status == http.StatusNotFound && !said.fromAPI():
		// The API has an envelope for each of its errors. What answers without one must
		// not end every live code.
		return &notTheAPI
	case status == http.StatusNotFound:
		return &gonePIN
	case status == http.StatusBadRequest && said.badRequest():
		// Our bodies are well-formed, so it is the pinId that is bad: one that the
		// provider never issued was answered like this.
		return &gonePIN
	}
	return &otherRefusal
}

// of returns what a meaning comes to for a call.
func (m *meaning) of(r request) outcome {
	switch {
	case r.operation == opSend:
		return m.send
	case r.operation == opResend:
		return m.resend
	case r.repeat:
		return m.repeat
	}
	return m.verify
}

// judge turns an answer outside 2xx, or the lack of an answer, into a verdict or an
// error, of which one is zero.
func judge(r request, res response, cut *CallError) (otp.Verdict, *otp.ProviderError) {
	if cut != nil && !cut.Sent {
		return 0, &otp.ProviderError{Effect: otp.NotSent, Err: cut}
	}
	if cut != nil && cut.Status == 0 {
		return 0, &otp.ProviderError{Effect: otp.Unknown, Err: cut}
	}
	said := readRefusal(res.body)
	meant := meaningOf(res.status, said)
	result := meant.of(r)
	if result.verdict != 0 {
		return result.verdict, nil
	}
	reason := meant.reason
	if result == refused && meant.verify.verdict != 0 {
		reason = otherRefusal.reason // the words are about a PIN, and this call is not
	}
	return 0, &otp.ProviderError{
		Effect:     result.effect,
		RetryAfter: retryAfter(res.header, time.Now()),
		Err: &CallError{
			Operation: r.operation,
			Status:    res.status,
			MessageID: word(said.id, r.secrets),
			Reason:    reason,
			Sent:      true,
			retryable: res.status >= 500,
		},
	}
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

// maxRetryAfter is the longest wait that a provider's Retry-After is believed
// for: the application's own limits count by the day.
const maxRetryAfter = 24 * time.Hour

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
