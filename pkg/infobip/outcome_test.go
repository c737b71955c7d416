package infobip

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// legacy is an error in the envelope that the 2FA API documents.
func legacy(id, text string) string {
	return `{"requestError":{"serviceException":{"messageId":"` + id + `","text":"` + text + `"}}}`
}

// newer is one in the platform's newer envelope.
func newer(code, description string) string {
	return `{"errorCode":"` + code + `","description":"` + description + `","action":"..","violations":[],"resources":[]}`
}

// blaming is a legacy error that blames a member of our request.
func blaming(id, text string) string {
	return strings.Replace(legacy(id, text), `"}}}`, `","validationErrors":{"pin":["must be digits"]}}}}`, 1)
}

// TestOutcomes is the matrix of what an error means: status, id, text and
// validationErrors against the call that meets it. The columns are what a send, a
// resend, a verify and a verify's repeat come to, in the words of the log.
func TestOutcomes(t *testing.T) {
	const (
		gone      = "refused not_found gone gone"
		used      = "refused not_found gone unknown"
		exhausted = "refused not_found exhausted exhausted"
		wrong     = "refused refused wrong wrong"
		refused   = "refused refused refused unknown"
		throttled = "throttled throttled throttled unknown"
		unknown   = "unknown unknown unknown unknown"
	)
	const url = "Requested URL not found: /2fa/2/pin/x/verify"
	for _, test := range []struct {
		status int
		body   string
		want   string
	}{
		// A pinId that the provider does not know, or not any more.
		{404, legacy("NOT_FOUND", "Not found"), gone},
		{404, legacy("NOT_FOUND", "PIN not found"), gone},
		{404, legacy("", "Not found"), gone},
		{404, legacy("NOT_FOUND", ""), gone},
		{404, newer("E404", "Not found"), gone},
		{404, blaming("NOT_FOUND", "Not found"), gone},
		{400, legacy("BAD_REQUEST", "Bad request"), gone},
		{400, legacy("BAD_REQUEST", ""), gone},
		{400, legacy("BAD_REQUEST", "Invalid pinId"), gone},
		{400, newer("E400", "Bad request"), gone},
		{400, `{"requestError":{"serviceException":{"messageId":"BAD_REQUEST","text":"Bad request","validationErrors":null}}}`, gone},
		{400, `{"requestError":{"serviceException":{"messageId":"BAD_REQUEST","text":"Bad request","validationErrors":{}}}}`, gone},
		{400, legacy("RESOURCE_NOT_FOUND", "Resource not found"), gone},
		{401, legacy("RESOURCE_NOT_FOUND", "Resource not found"), gone},
		{403, legacy("RESOURCE_NOT_FOUND", "Resource not found"), gone},
		{404, legacy("RESOURCE_NOT_FOUND", "Resource not found"), gone},
		{408, legacy("RESOURCE_NOT_FOUND", "Resource not found"), gone},
		{409, legacy("RESOURCE_NOT_FOUND", "Resource not found"), gone},
		{422, blaming("RESOURCE_NOT_FOUND", "Resource not found"), gone},
		{429, legacy("RESOURCE_NOT_FOUND", "Resource not found"), gone},
		{499, legacy("resource_not_found", ""), gone},

		// Bad requests that say what they mind are not about the PIN.
		{400, blaming("BAD_REQUEST", "Bad request"), refused},
		{400, `{"requestError":{"serviceException":{"messageId":"BAD_REQUEST","text":"Bad request","validationErrors":["pin"]}}}`, refused},
		{400, `{"requestError":{"serviceException":{"messageId":"BAD_REQUEST","text":"Bad request","validationErrors":"pin"}}}`, refused},
		{400, legacy("BAD_REQUEST", "[pin : must not be blank]"), refused},
		{400, legacy("BAD_REQUEST", "The application is disabled"), refused},
		{400, legacy("BAD_REQUEST", "The account's trial has expired"), refused},
		{400, legacy("INVALID_ARGUMENT", "Bad request"), refused},
		{400, legacy("", "Bad request"), refused},
		{400, blaming("BAD_REQUEST", "PIN attempts must be expired"), refused},
		{400, `<html>Bad request</html>`, refused},
		{400, ``, refused},
		{409, legacy("BAD_REQUEST", "Bad request"), refused},
		{422, legacy("BAD_REQUEST", "Bad request"), refused},

		// No such URL, or nobody who speaks for the API: the code lives on.
		{404, legacy("NOT_FOUND", url), refused},
		{404, legacy("NOT_FOUND", "  requested url not found"), refused},
		{404, newer("E404", url), refused},
		{404, legacy("RESOURCE_NOT_FOUND", url), refused},
		{405, legacy("METHOD_NOT_ALLOWED", url), refused},
		{404, `<html>404 Not Found</html>`, refused},
		{404, `{"message":"Not Found"}`, refused},
		{404, ``, refused},

		// Words for what is over, in the id or the text of any refusal.
		{400, legacy("PIN_EXPIRED", "PIN expired"), gone},
		{400, legacy("TTL_EXPIRED", ""), gone},
		{400, legacy("BAD_REQUEST", "The PIN has expired"), gone},
		{403, legacy("PIN_EXPIRED", "Forbidden"), gone},
		{404, legacy("PIN_NOT_FOUND", "PIN not found"), gone},
		{409, legacy("CONFLICT", "Pin expired."), gone},
		{429, legacy("PIN_EXPIRED", ".."), gone},
		{400, newer("PIN_EXPIRED", ".."), gone},
		{400, legacy("NO_MORE_PIN_ATTEMPTS", "No more attempts"), exhausted},
		{403, legacy("NO_MORE_PIN_ATTEMPTS", "Forbidden"), exhausted},
		{422, legacy("PIN_ATTEMPTS_EXCEEDED", ""), exhausted},
		{429, legacy("NO_MORE_PIN_ATTEMPTS", ""), exhausted},
		{400, legacy("BAD_REQUEST", "Too many attempts"), exhausted},
		{400, legacy("TOO_MANY_ATTEMPTS", ".."), exhausted},
		{400, legacy("", "Too many failed attempts"), exhausted},
		{403, legacy("FORBIDDEN", "PIN attempts exceeded"), exhausted},
		{400, legacy("WRONG_PIN", "Wrong PIN"), wrong},
		{400, legacy("BAD_REQUEST", "Wrong PIN"), wrong},
		{422, legacy("WRONG_PIN", ""), wrong},
		{400, legacy("PIN_ALREADY_VERIFIED", "PIN already verified"), used},
		{403, legacy("PIN_ALREADY_VERIFIED", ""), used},
		{404, legacy("PIN_ALREADY_VERIFIED", ""), used},
		{409, legacy("BAD_REQUEST", "PIN already verified"), used},

		// Who asks: keys and trials expire too, and logins have attempts.
		{401, legacy("UNAUTHORIZED", "Invalid login details"), refused},
		{401, legacy("UNAUTHORIZED", "API key expired"), refused},
		{401, legacy("API_KEY_EXPIRED", ""), refused},
		{403, legacy("FORBIDDEN", "Too many attempts to log in"), refused},
		{403, legacy("TRIAL_EXPIRED", "Forbidden"), refused},
		{403, legacy("LOGIN_ATTEMPTS_EXCEEDED", ""), refused},
		{400, legacy("SOMETHING", "You attempted too much"), refused},
		{402, legacy("PAYMENT_REQUIRED", ".."), refused},
		{405, ``, refused},

		// Limits, and nothing but limits.
		{429, ``, throttled},
		{429, legacy("TOO_MANY_REQUESTS", "Too many requests"), throttled},
		{429, legacy("TOO_MANY_REQUESTS", "Too many attempts"), throttled},
		{429, legacy("BAD_REQUEST", "Bad request"), throttled},
		{400, legacy("BAD_REQUEST", "Too many requests"), throttled},
		{400, legacy("BAD_REQUEST", "Too many requests, attempt it later"), throttled},
		{400, legacy("BAD_REQUEST", "Too many messages"), throttled},
		{400, legacy("BAD_REQUEST", "The request limit has been exceeded"), throttled},
		{400, legacy("VERIFY_PIN_ATTEMPTS_LIMIT", ""), throttled},
		{400, legacy("THROTTLE_EXCEPTION", ".."), throttled},
		{403, newer("E429", ".."), throttled},

		// Whatever a 5xx or a redirect says, it may have been done.
		{500, legacy("GENERAL_ERROR", ".."), unknown},
		{500, legacy("PIN_ALREADY_VERIFIED", ".."), unknown},
		{503, legacy("NOT_FOUND", url), unknown},
		{502, `<html></html>`, unknown},
		{302, legacy("PIN_EXPIRED", ".."), unknown},
		{408, ``, unknown},
	} {
		t.Run(strconv.Itoa(test.status)+" "+test.body, func(t *testing.T) {
			got := strings.Join([]string{
				outcomeOf(t, "send", test.status, test.body), outcomeOf(t, "resend", test.status, test.body),
				outcomeOf(t, "verify", test.status, test.body), outcomeOf(t, "repeat", test.status, test.body),
			}, " ")
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// outcomeOf makes a call that meets an answer and returns the word for what it came to.
func outcomeOf(t *testing.T, call string, status int, body string) string {
	t.Helper()
	result := ""
	synctest.Test(t, func(t *testing.T) {
		var before []roundTrip
		if call == "repeat" {
			before = append(before, step(http.StatusInternalServerError, ``))
		}
		config := testConfig("https://example.com")
		config.VerifyRetryAfter = spacing
		config.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			if len(before) > 0 {
				first := before[0]
				before = before[1:]
				return first(r)
			}
			return step(status, body)(r)
		})
		client := newClient(t, config)
		verdict, err := otp.Verdict(0), error(nil)
		switch call {
		case "send":
			_, err = client.Send(t.Context(), testRecipient, otp.SMS, otp.Message{})
		case "resend":
			_, err = client.Resend(t.Context(), testPinID, otp.SMS)
		default:
			verdict, err = client.Verify(t.Context(), testPinID, testRecipient, testPIN)
		}
		if err == nil {
			result = verdict.String()
			return
		}
		result = effectOf(t, err).String()
	})
	return result
}

// The log says that the address is wrong, in our words: the provider's have the
// pinId in them.
func TestWrongURLIsTold(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		says(404, legacy("NOT_FOUND", "Requested URL not found: "+r.URL.Path))(w, r)
	})
	_, err := clientOf(t, s).Verify(t.Context(), testPinID, testRecipient, testPIN)
	if got := effectOf(t, err); got != otp.Refused {
		t.Errorf("got %v, want %v", got, otp.Refused)
	}
	const want = "provider: refused: infobip verify: status 404: NOT_FOUND: no such URL: the address or the path is wrong, check INFOBIP_BASE_URL"
	if err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// The log says why a success that may be ours is none.
func TestUsedPINIsTold(t *testing.T) {
	s := serve(t, inTurn(hangUp, says(400, legacy("PIN_ALREADY_VERIFIED", "PIN already verified"))))
	_, err := clientOf(t, s).Verify(t.Context(), testPinID, testRecipient, testPIN)
	if got := effectOf(t, err); got != otp.Unknown {
		t.Errorf("got %v, want %v", got, otp.Unknown)
	}
	const want = "once more: infobip verify: status 400: PIN_ALREADY_VERIFIED: verified before, and nobody can say by which call"
	if !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v, want it to end in %s", err, want)
	}
}
