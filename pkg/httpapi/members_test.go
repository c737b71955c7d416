package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
)

func TestMembers(t *testing.T) {
	const send, resend, verify = httpapi.RouteSend, httpapi.RouteResend, httpapi.RouteVerify
	unknown := func(name string) string { return refused("Unknown field: "+name+".", "field_unknown") }
	kind := func(name string) string { return refused(name+" must be a string.", "field_type") }
	long := strings.Repeat("A", 23)
	for _, c := range []refusal{
		{name: "none", path: send, body: `{}`, want: noNumber},
		{name: "null number", path: send, body: `{"phoneNumber":null}`, want: noNumber},
		{name: "empty number", path: send, body: `{"phoneNumber":""}`, want: noNumber},
		{name: "only a channel", path: send, body: `{"channel":"sms"}`, want: noNumber},
		{name: "wrong case", path: send, body: `{"phonenumber":"+14155552671"}`, want: unknown("phonenumber")},
		{name: "wrong case beside right", path: send, body: `{"phoneNumber":"+14155552671","PhoneNumber":"+41781234567"}`, want: unknown("PhoneNumber")},
		{name: "long s", path: verify, body: `{"phoneNumber":"+14155552671","pin":"123456","pinſ":"x"}`, want: `{"error":"Unknown field: pinſ.","code":"field_unknown"}`},
		{name: "unknown member", path: send, body: `{"phoneNumber":"+14155552671","to":"x"}`, want: unknown("to")},
		{name: "unknown null member", path: send, body: `{"phoneNumber":"+14155552671","to":null}`, want: unknown("to")},
		{name: "empty name", path: send, body: `{"":"x"}`, want: unknown("")},
		{name: "unknown before missing", path: send, body: `{"x":1}`, want: unknown("x")},
		{name: "deep nesting under an unknown name", path: send, body: `{"x":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `}`, want: unknown("x")},
		{name: "prototype", path: send, body: `{"__proto__":{"phoneNumber":"+14155552671"}}`, want: unknown("__proto__")},
		{name: "name with mark-up", path: send, body: `{"<script>":"x"}`, want: `{"error":"Unknown field: \u003cscript\u003e.","code":"field_unknown"}`},
		{name: "pin to send", path: send, body: `{"phoneNumber":"+14155552671","pin":"123456"}`, want: unknown("pin")},
		{name: "verificationID", path: verify, body: `{"phoneNumber":"+14155552671","pin":"123456","verificationID":"x"}`, want: unknown("verificationID")},
		{name: "channel to verify", path: verify, body: `{"phoneNumber":"+14155552671","pin":"123456","channel":"sms"}`, want: unknown("channel")},
		{name: "locale to resend", path: resend, body: `{"phoneNumber":"+14155552671","verificationId":"x","locale":"en"}`, want: unknown("locale")},
		{name: "numeric number", path: send, body: `{"phoneNumber":14155552671}`, want: kind("phoneNumber")},
		{name: "deep nesting", path: send, body: `{"phoneNumber":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `}`, want: kind("phoneNumber")},
		{name: "number in a list", path: send, body: `{"phoneNumber":["+14155552671"]}`, want: kind("phoneNumber")},
		{name: "number in an object", path: send, body: `{"phoneNumber":{"$ne":""}}`, want: kind("phoneNumber")},
		{name: "true", path: send, body: `{"phoneNumber":true}`, want: kind("phoneNumber")},
		{name: "false", path: send, body: `{"phoneNumber":false}`, want: kind("phoneNumber")},
		{name: "numeric channel", path: send, body: `{"phoneNumber":"+14155552671","channel":1}`, want: kind("channel")},
		{name: "numeric challenge token", path: send, body: `{"phoneNumber":"+14155552671","challengeToken":1}`, want: kind("challengeToken")},
		{name: "numeric challenge token to resend", path: resend, body: `{"phoneNumber":"+14155552671","challengeToken":1}`, want: kind("challengeToken")},
		{name: "challenge token to verify", path: verify, body: `{"phoneNumber":"+14155552671","challengeToken":"x"}`, want: unknown("challengeToken")},
		{name: "numeric locale", path: send, body: `{"phoneNumber":"+14155552671","locale":1}`, want: kind("locale")},
		{name: "numeric PIN", path: verify, body: `{"phoneNumber":"+14155552671","pin":123456}`, want: kind("pin")},
		{name: "numeric id", path: verify, body: `{"phoneNumber":"+14155552671","pin":"123456","verificationId":1}`, want: kind("verificationId")},
		{name: "numeric nonce", path: verify, body: `{"phoneNumber":"+14155552671","pin":"123456","nonce":1}`, want: kind("nonce")},
		{name: "nonce to send", path: send, body: `{"phoneNumber":"+14155552671","nonce":"x"}`, want: unknown("nonce")},
		{name: "numeric token to send", path: send, body: `{"phoneNumber":"+14155552671","challengeToken":1}`, want: kind("challengeToken")},
		{name: "token in a list to send", path: send, body: `{"phoneNumber":"+14155552671","challengeToken":["pass"]}`, want: kind("challengeToken")},
		{name: "true for a token to resend", path: resend, body: `{"phoneNumber":"+14155552671","verificationId":"` + possibleID + `","challengeToken":true}`, want: kind("challengeToken")},
		{name: "token to verify", path: verify, body: `{"phoneNumber":"+14155552671","pin":"123456","challengeToken":"pass"}`, want: unknown("challengeToken")},
		{name: "unknown channel", path: send, body: `{"phoneNumber":"+14155552671","channel":"fax"}`, want: badChannel},
		{name: "channel in capitals", path: send, body: `{"phoneNumber":"+14155552671","channel":"SMS"}`, want: badChannel},
		{name: "empty channel", path: send, body: `{"phoneNumber":"+14155552671","channel":""}`, want: badChannel},
		{name: "resend, none", path: resend, body: `{}`, want: noNumberOrID},
		{name: "resend, no id", path: resend, body: `{"phoneNumber":"+14155552671"}`, want: noNumberOrID},
		{name: "resend, null id", path: resend, body: `{"phoneNumber":"+14155552671","verificationId":null}`, want: noNumberOrID},
		{name: "resend, empty id", path: resend, body: `{"phoneNumber":"+14155552671","verificationId":""}`, want: noNumberOrID},
		{name: "resend, no number", path: resend, body: `{"verificationId":"` + possibleID + `"}`, want: noNumberOrID},
		{name: "resend, short id", path: resend, body: resendBody(number, possibleID[1:]), want: badID},
		{name: "resend, long id", path: resend, body: resendBody(number, long), want: badID},
		{name: "resend, unknown channel", path: resend, body: `{"phoneNumber":"+14155552671","verificationId":"` + possibleID + `","channel":"fax"}`, want: badChannel},
		{name: "verify, none", path: verify, body: `{}`, want: noNumberOrPIN},
		{name: "verify, no PIN", path: verify, body: `{"phoneNumber":"+14155552671"}`, want: noNumberOrPIN},
		{name: "verify, empty PIN", path: verify, body: `{"phoneNumber":"+14155552671","pin":""}`, want: noNumberOrPIN},
		{name: "verify, null PIN", path: verify, body: `{"phoneNumber":"+14155552671","pin":null}`, want: noNumberOrPIN},
		{name: "verify, no number", path: verify, body: `{"pin":"123456"}`, want: noNumberOrPIN},
		{name: "verify, empty id", path: verify, body: verifyBodyID(number, "123456", ""), want: badID},
		{name: "verify, short id", path: verify, body: verifyBodyID(number, "123456", "abc"), want: badID},
		{name: "verify, standard base64", path: verify, body: verifyBodyID(number, "123456", "AAAAAAAAAAAAAAAAAAAA+/"), want: badID},
		{name: "verify, padded id", path: verify, body: verifyBodyID(number, "123456", possibleID+"=="), want: badID},
		{name: "verify, bits beyond the 128", path: verify, body: verifyBodyID(number, "123456", "AAAAAAAAAAAAAAAAAAAAAB"), want: badID},
		{name: "verify, newline in the id", path: verify, body: `{"phoneNumber":"+14155552671","pin":"123456","verificationId":"AAAAAAAAAAA\nAAAAAAAAAAA"}`, want: badID},
	} {
		t.Run(c.path+"/"+c.name, func(t *testing.T) {
			c.status = http.StatusBadRequest
			c.check(t)
		})
	}
}

func TestIdempotencyKeyForm(t *testing.T) {
	refusedKeys := map[string]string{
		"empty": "", "256 characters": strings.Repeat("k", 256), "control character": "a\tb", "newline": "a\nb", "NUL": "a\x00b", "DEL": "a\x7f",
		"not ASCII": "schlüssel", "invalid UTF-8": "a\xff", "repeated header": "a,b", "repeated with a space": "a, b", "comma alone": ",",
	}
	for path, body := range posts {
		for name, key := range refusedKeys {
			t.Run(path+"/"+name, func(t *testing.T) {
				c := refusal{
					path: path, body: body, changes: []change{withHeader("idempotency-key", key)},
					status: http.StatusBadRequest, want: badKey,
				}
				c.check(t)
			})
		}
		t.Run(path+"/two spellings", func(t *testing.T) {
			c := refusal{
				path: path, body: body, changes: []change{withHeader("idempotency-key", "a"), withHeader("Idempotency-Key", "b")},
				status: http.StatusBadRequest, want: badKey,
			}
			c.check(t)
		})
	}
	for _, key := range []string{"k", strings.Repeat("k", 255), " ", `~!@#$%^&*()_+"quoted"`, "8e03978e-40d5-43e8-bc93-6894a57f9324"} {
		t.Run("accepted/"+key[:1], func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				newRig(t).post(httpapi.RouteSend, sendBody(number), withHeader("Idempotency-Key", key)).wantOK(t)
			})
		})
	}
}
