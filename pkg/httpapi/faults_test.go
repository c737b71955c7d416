package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

// outcome is what a client and the provider see of a request.
type outcome struct {
	status int
	code   string
	calls  int
	// unknown: nobody can say what the provider did; refusedKey: it refused the key.
	unknown, refusedKey bool
}

func (o outcome) with(calls int) outcome {
	o.calls = calls
	return o
}

// key marks an outcome that took a second call because the key was refused.
func (o outcome) key() outcome {
	o.calls, o.refusedKey = 2, true
	return o
}

var (
	done          = outcome{status: http.StatusOK, calls: 1}
	denied        = outcome{status: http.StatusUnauthorized, code: "invalid_or_expired", calls: 1}
	sendFailed    = outcome{status: http.StatusInternalServerError, code: "send_failed", calls: 1}
	unconfirmed   = outcome{status: http.StatusInternalServerError, code: "send_unconfirmed", calls: 1, unknown: true}
	throttled     = outcome{status: http.StatusTooManyRequests, code: "provider_throttled", calls: 1}
	verifyRefused = outcome{status: http.StatusInternalServerError, code: "verify_failed", calls: 1}
	verifyUnknown = outcome{status: http.StatusInternalServerError, code: "verify_failed", calls: 1, unknown: true}
	askedTwice    = verifyUnknown.with(2)
	mistake       = outcome{status: http.StatusInternalServerError, code: "internal"}
	unavailable   = outcome{status: http.StatusServiceUnavailable, code: "unavailable"}
	busy          = outcome{status: http.StatusTooManyRequests, code: "busy"}
	notApplicable = outcome{}
)

// sentences is the table of the contract once more: code to sentence.
var sentences = map[string]string{
	"invalid_or_expired": "Invalid or expired OTP.",
	"send_failed":        "Failed to send OTP.",
	"send_unconfirmed":   "Failed to send OTP.",
	"provider_throttled": "Too many requests, please try again later.",
	"busy":               "Too many requests, please try again later.",
	"verify_failed":      "Failed to verify OTP.",
	"unavailable":        "Service temporarily unavailable.",
	"internal":           "Internal error.",
}

// providerFault is a misbehaviour of Infobip and what each route makes of it while
// everything of ours works.
type providerFault struct {
	name                 string
	fault                simulator.Fault
	send, resend, verify outcome
}

func body(s string) simulator.Fault { return simulator.Fault{Body: &s} }

func fields(name, value string) simulator.Fault {
	return simulator.Fault{Fields: map[string]jsontext.Value{name: jsontext.Value(value)}}
}

var providerFaults = []providerFault{
	{"none", simulator.Fault{}, done, done, done},
	{"400", simulator.Fault{Status: 400}, sendFailed, denied, denied},
	{"400 that blames a member", simulator.Fault{Status: 400, Body: new(`{"requestError":{"serviceException":{"messageId":"BAD_REQUEST","text":"Bad request","validationErrors":{"pin":["must be digits"]}}}}`)}, sendFailed, sendFailed, verifyRefused},
	// Refused for the key: it is read again and the call made once more.
	{"401", simulator.Fault{Status: 401}, sendFailed.key(), sendFailed.key(), verifyRefused.key()},
	{"401 once", simulator.Fault{Status: 401, Times: 1}, done.key(), done.key(), done.key()},
	{"403", simulator.Fault{Status: 403}, sendFailed, sendFailed, verifyRefused},
	{"404", simulator.Fault{Status: 404}, sendFailed, denied, denied},
	{"404 of the path", simulator.Fault{Status: 404, Text: new("Requested URL not found: /2fa/2/pin")}, sendFailed, sendFailed, verifyRefused},
	{"400 PIN_EXPIRED", simulator.Fault{Status: 400, MessageID: new("PIN_EXPIRED")}, sendFailed, denied, denied},
	{"400 too many attempts", simulator.Fault{Status: 400, Text: new("Too many attempts")}, sendFailed, denied, denied},
	{"408", simulator.Fault{Status: 408}, unconfirmed, unconfirmed, verifyUnknown},
	{"429", simulator.Fault{Status: 429}, throttled, throttled, throttled},
	{"429 with Retry-After", simulator.Fault{Status: 429, RetryAfter: 7}, throttled, throttled, throttled},
	{"429, newer envelope", simulator.Fault{Status: 429, Envelope: "new"}, throttled, throttled, throttled},
	{"400 that speaks of a limit", simulator.Fault{Status: 400, Text: new("SMS limit reached")}, throttled, throttled, throttled},
	{"500", simulator.Fault{Status: 500}, unconfirmed, unconfirmed, askedTwice},
	{"500 once", simulator.Fault{Status: 500, Times: 1}, unconfirmed, unconfirmed, done.with(2)},
	{"500 after the effect", simulator.Fault{Status: 500, Effect: new(true)}, unconfirmed, unconfirmed, askedTwice},
	{"502 with HTML", simulator.Fault{Status: 502, Body: new("<html>"), ContentType: new("text/html")}, unconfirmed, unconfirmed, askedTwice},
	{"503", simulator.Fault{Status: 503, RetryAfter: "1"}, unconfirmed, unconfirmed, askedTwice},
	{"302", simulator.Fault{Status: 302, Headers: map[string]string{"Location": "/2fa/2/pin"}}, unconfirmed, unconfirmed, verifyUnknown},
	{"201", simulator.Fault{Status: 201}, done, done, done},
	{"empty body", simulator.Fault{Status: 200, Body: new("")}, unconfirmed, unconfirmed, verifyUnknown},
	{"HTML", body("<html><body>Welcome</body></html>"), unconfirmed, unconfirmed, verifyUnknown},
	{"truncated JSON", body(`{"pinId":"9C817C6F8AF3D48F","verified":true,"msisdn":"14155552671"`), unconfirmed, unconfirmed, verifyUnknown},
	{"array", body(`[{"pinId":"9C817C6F8AF3D48F","verified":true,"msisdn":"14155552671"}]`), unconfirmed, unconfirmed, verifyUnknown},
	{"two documents", body(`{"verified":true,"msisdn":"14155552671","pinId":"A"}{}`), unconfirmed, unconfirmed, verifyUnknown},
	{"duplicate members", body(`{"verified":false,"verified":true,"msisdn":"14155552671","pinId":"A","pinId":"B"}`), unconfirmed, unconfirmed, verifyUnknown},
	{"null", body("null"), unconfirmed, unconfirmed, verifyUnknown},
	{"oversized", body(`{"x":"` + strings.Repeat("x", 70_000) + `"}`), unconfirmed, unconfirmed, verifyUnknown},
	{"other content type", simulator.Fault{ContentType: new("text/plain")}, done, done, done},
	{"cut before the effect", simulator.Fault{Drop: "before"}, unconfirmed, unconfirmed, askedTwice},
	{"cut after the effect", simulator.Fault{Drop: "after"}, unconfirmed, unconfirmed, askedTwice},
	{"cut within the answer", simulator.Fault{Drop: "during"}, unconfirmed, unconfirmed, askedTwice},
	{"cut once", simulator.Fault{Drop: "after", Times: 1}, unconfirmed, unconfirmed, done.with(2)},
	{"slow", simulator.Fault{Delay: "2s"}, done, done, done},
	{"too slow", simulator.Fault{Delay: "6s"}, unconfirmed, unconfirmed, askedTwice},
	{"hangs", simulator.Fault{Delay: "60s"}, unconfirmed, unconfirmed, askedTwice},
	{"more members", fields("news", `{"a":[1,2,null]}`), done, done, done},
	{"MESSAGE_NOT_SENT", simulator.Fault{SMSStatus: new("MESSAGE_NOT_SENT")}, sendFailed, sendFailed, notApplicable},
	{"unknown smsStatus", simulator.Fault{SMSStatus: new("MESSAGE_TELEPORTED")}, done, done, notApplicable},
	{"NC_NOT_REACHABLE", simulator.Fault{NCStatus: new("NC_NOT_REACHABLE")}, sendFailed, sendFailed, notApplicable},
	{"NC_DESTINATION_NOT_REACHABLE", simulator.Fault{NCStatus: new("NC_DESTINATION_NOT_REACHABLE")}, sendFailed, sendFailed, notApplicable},
	{"no pinId", simulator.Fault{Omit: []string{"pinId"}}, unconfirmed, unconfirmed, done},
	{"pinId null", fields("pinId", "null"), unconfirmed, unconfirmed, done},
	{"pinId a number", fields("pinId", "17"), unconfirmed, unconfirmed, verifyUnknown},
	{"pinId a path", fields("pinId", `".."`), unconfirmed, unconfirmed, verifyUnknown},
	{"pinId too long", fields("pinId", `"`+strings.Repeat("A", 129)+`"`), unconfirmed, unconfirmed, verifyUnknown},
	{"new pinId", simulator.Fault{PINID: new("new")}, done, done, verifyUnknown},
	{"WRONG_PIN", simulator.Fault{PINError: new("WRONG_PIN")}, notApplicable, notApplicable, denied},
	{"TTL_EXPIRED", simulator.Fault{PINError: new("TTL_EXPIRED")}, notApplicable, notApplicable, denied},
	{"NO_MORE_PIN_ATTEMPTS", simulator.Fault{PINError: new("NO_MORE_PIN_ATTEMPTS")}, notApplicable, notApplicable, denied},
	{"verified beside WRONG_PIN", fields("pinError", `"WRONG_PIN"`), done, done, verifyUnknown},
	{"unknown pinError", simulator.Fault{PINError: new("VERIFIED")}, notApplicable, notApplicable, denied},
	{"verified missing", simulator.Fault{Omit: []string{"verified"}}, done, done, verifyUnknown},
	{"verified null", fields("verified", "null"), done, done, verifyUnknown},
	{"verified as text", fields("verified", `"true"`), done, done, verifyUnknown},
	{"verified as a number", fields("verified", "1"), done, done, verifyUnknown},
	{"another number", fields("msisdn", `"41446681800"`), done, done, verifyUnknown},
	{"no number", simulator.Fault{Omit: []string{"msisdn"}}, done, done, verifyUnknown},
	{"number with a plus", fields("msisdn", `"+14155552671"`), done, done, done},
}

// ownFault is a misbehaviour of something of ours.
type ownFault struct {
	name   string
	inject func(*rig)
	// want tells what becomes of a request that would have ended as given.
	want func(path string, o outcome) outcome
}

func same(_ string, o outcome) outcome { return o }

func becomes(o outcome) func(string, outcome) outcome {
	return func(string, outcome) outcome { return o }
}

// unrecorded is a request whose outcome cannot be saved. A verify without a verdict has
// none that must be: what it was charged stays, which is the safe side.
func unrecorded(path string, o outcome) outcome {
	verdict := o.status == http.StatusOK || o.code == denied.code
	switch {
	case path != httpapi.RouteVerify && o.status == http.StatusOK:
		return unconfirmed.with(o.calls)
	case path == httpapi.RouteVerify && verdict:
		return unavailable.with(o.calls)
	}
	return o
}

// crashedAfter is a panic in saving the outcome, where there is one to save.
func crashedAfter(_ string, o outcome) outcome {
	return mistake.with(o.calls)
}

// keyNotRead is a request for which the key cannot be read anew.
func keyNotRead(_ string, o outcome) outcome {
	if o.refusedKey {
		return unavailable.with(1)
	}
	return o
}

var ownFaults = []ownFault{
	{"nothing", func(*rig) {}, same},
	{"load fails", func(r *rig) { r.store.load.set(always(failing)) }, becomes(unavailable)},
	{"load hangs", func(r *rig) { r.store.load.set(always(hanging)) }, becomes(unavailable)},
	{"load panics", func(r *rig) { r.store.load.set(always(panicking)) }, becomes(mistake)},
	{"store is slow", func(r *rig) { r.store.load.set(always(slow)); r.store.save.set(always(slow)) }, same},
	{"first save fails", func(r *rig) { r.store.save.set(always(failing)) }, becomes(unavailable)},
	{"first save hangs", func(r *rig) { r.store.save.set(always(hanging)) }, becomes(unavailable)},
	{"first save is lost", func(r *rig) { r.store.save.set(only(1, lost)) }, becomes(unavailable)},
	{"first save panics", func(r *rig) { r.store.save.set(always(panicking)) }, becomes(mistake)},
	{"conflict storm", func(r *rig) { r.store.setStorm(true) }, becomes(busy)},
	{"second save fails once", func(r *rig) { r.store.save.set(only(2, failing)) }, same},
	{"second save hangs once", func(r *rig) { r.store.save.set(only(2, hanging)) }, same},
	{"second save is lost", func(r *rig) { r.store.save.set(only(2, lost)) }, same},
	{"second save never works", func(r *rig) { r.store.save.set(fromCall(2, failing)) }, unrecorded},
	{"second save always hangs", func(r *rig) { r.store.save.set(fromCall(2, hanging)) }, unrecorded},
	{"second save panics", func(r *rig) { r.store.save.set(fromCall(2, panicking)) }, crashedAfter},
	{"counter fails", func(r *rig) { r.counter.set(always(failing)) }, becomes(unavailable)},
	{"counter hangs", func(r *rig) { r.counter.set(always(hanging)) }, becomes(unavailable)},
	{"counter is slow", func(r *rig) { r.counter.set(always(slow)) }, same},
	{"counter loses its answer", func(r *rig) { r.counter.set(always(lost)) }, becomes(unavailable)},
	{"counter panics", func(r *rig) { r.counter.set(always(panicking)) }, becomes(unavailable)},
	{"secret fails", func(r *rig) { r.secret.set(always(failing)) }, becomes(unavailable)},
	{"secret hangs", func(r *rig) { r.secret.set(always(hanging)) }, becomes(unavailable)},
	{"secret is slow", func(r *rig) { r.secret.set(always(slow)) }, same},
	{"secret cannot be read again", func(r *rig) { r.secret.set(fromCall(2, failing)) }, keyNotRead},
	{"secret panics", func(r *rig) { r.secret.set(always(panicking)) }, becomes(unavailable)},
}

// TestFaults crosses every route with every fault of the provider and every one of our
// own: what the client is told, that the provider is asked at most once (twice for a
// verify, or after a refused key), that at most one message goes out, that one line is
// logged with no canary in it, and that the next request is served without a restart.
func TestFaults(t *testing.T) {
	for _, theirs := range providerFaults {
		for _, ours := range ownFaults {
			for path, sound := range map[string]outcome{
				httpapi.RouteSend: theirs.send, httpapi.RouteResend: theirs.resend, httpapi.RouteVerify: theirs.verify,
			} {
				if sound == notApplicable {
					continue
				}
				t.Run(path+"/"+theirs.name+"/"+ours.name, func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) { withFaults(t, path, theirs.fault, ours, sound) })
				})
			}
		}
	}
}

func withFaults(t *testing.T, path string, theirs simulator.Fault, ours ownFault, sound outcome) {
	t.Helper()
	r := newRig(t, func(s *setup) { s.policy.PINTTL = time.Hour })
	request, id := sendBody(number), "no id yet"
	if path != httpapi.RouteSend {
		sent := r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
		id = sent.VerificationID
		request = resendBody(number, id)
		if path == httpapi.RouteVerify {
			request = verifyBody(number, r.pin())
		}
		time.Sleep(16 * time.Minute) // the secret is to be read again
	}
	messages := len(r.sim.Outbox(""))
	theirs.Operation = strings.TrimSuffix(strings.TrimPrefix(path, "/"), "-otp")
	r.fault(theirs)
	ours.inject(r)
	r.logs.Reset()

	got := r.post(path, request, withKey, from("198.51.100.1"))
	want := ours.want(path, sound)
	got.wantCode(t, want.status, want.code)
	if got.Error != sentences[want.code] {
		t.Errorf("the sentence is %q, want %q", got.Error, sentences[want.code])
	}
	r.wantCalls(theirs.Operation, want.calls)
	if went := len(r.sim.Outbox("")) - messages; went > 1 {
		t.Errorf("%d messages went out", went)
	}
	if got.VerificationID != "" {
		id = got.VerificationID
	}
	r.wantOneLine(got)
	r.wantNoCanary(id)

	r.sim.ClearFaults()
	r.mend()
	time.Sleep(25 * time.Hour)
	r.post(httpapi.RouteSend, sendBody(number), from("198.51.100.2")).wantOK(t)
	r.post(httpapi.RouteVerify, verifyBody(number, r.pin()), from("198.51.100.2")).wantOK(t)
}

// TestRetryAfterOfTheProvider: its wait is passed on, unless the number's own is longer.
func TestRetryAfterOfTheProvider(t *testing.T) {
	for asked, want := range map[any]string{nil: "5", 7: "7", 3600: "3600", 999_999_999: "86400", "soon": "5", "Sat, 01 Jan 2000 00:01:40 GMT": "100"} {
		t.Run(fmt.Sprint(asked), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.fault(simulator.Fault{Operation: "verify", Status: 429, RetryAfter: asked})
				r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
				got := r.post(httpapi.RouteVerify, verifyBody(number, r.pin()))
				if got.Headers["Retry-After"] != want {
					t.Errorf("a verify has Retry-After %q, want %q", got.Headers["Retry-After"], want)
				}
			})
		})
	}
}
