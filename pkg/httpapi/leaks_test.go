package httpapi_test

import (
	"encoding/base64"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
)

// canaries are what no log may show.
func (r *rig) canaries() map[string]string {
	all := map[string]string{
		"number": digits, "e-mail address": "canary.person", "national number": digits[1:], "API key": apiKey, "phone key": phoneKey,
		"phone key, base64": base64.StdEncoding.EncodeToString([]byte(phoneKey)), "address": sourceIP,
		"other address": "198.51.100.", "idempotency key": idempotent, "origin key": "canary-origin-key", "panic value": "canary panic",
	}
	for _, m := range r.sim.Outbox("") {
		all["PIN "+m.PIN] = m.PIN
		all["pinId "+m.PINID] = m.PINID
	}
	return all
}

// wantNoCanary searches every byte of the log. A PIN is short: it may be part of a
// longer run of digits, such as a duration, and no leak.
func (r *rig) wantNoCanary(more ...string) {
	r.tb.Helper()
	text := r.logs.String()
	all := r.canaries()
	for _, c := range more {
		all["value "+c] = c
	}
	for name, canary := range all {
		if strings.HasPrefix(name, "PIN ") {
			if hasWord(text, canary) {
				r.tb.Errorf("the log shows the %s:\n%s", name, text)
			}
			continue
		}
		if strings.Contains(strings.ToLower(text), strings.ToLower(canary)) {
			r.tb.Errorf("the log shows the %s:\n%s", name, text)
		}
	}
}

// stackAddress is an address in a stack, whose digits mean nothing.
var stackAddress = regexp.MustCompile(`0x[0-9a-f]+`)

// hasWord finds a run of digits that is exactly the PIN.
func hasWord(text, pin string) bool {
	text = stackAddress.ReplaceAllString(text, "")
	for _, run := range strings.FieldsFunc(text, func(c rune) bool { return c < '0' || c > '9' }) {
		if run == pin {
			return true
		}
	}
	return false
}

// TestNothingLeaks takes canaries through every route and every kind of answer, among
// them clients' text in all the places where a client can write some.
func TestNothingLeaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		sent := r.post(httpapi.RouteSend, sendBody(number), withKey).wantOK(t)
		id, pin := sent.VerificationID, r.pin()
		const written = "canary-of-a-client"
		for _, got := range []response{
			r.post(httpapi.RouteSend, sendBody(number), withKey),
			r.post(httpapi.RouteSend, `{"phoneNumber":"+14155552671","locale":"`+written+`"}`, withKey),
			r.post(httpapi.RouteSend, sendBody(number+written)),
			r.post(httpapi.RouteSend, `{"`+written+`":"+14155552671"}`),
			r.post(httpapi.RouteSend, sendBody(number), withHeader("content-type", written)),
			r.post(httpapi.RouteSend, sendBody(number)),
			r.post(httpapi.RouteResend, resendBody(number, id), withKey, from("198.51.100.1")),
			r.post(httpapi.RouteResend, resendBody(number, id), withHeader("idempotency-key", written+"\x00"), from("198.51.100.1")),
			r.post(httpapi.RouteVerify, verifyBodyID(number, wrong(pin), id), withKey),
			r.post(httpapi.RouteVerify, verifyBodyID(number, pin, id), withKey),
			r.post(httpapi.RouteVerify, verifyBodyID(number, written, id)),
			r.post(httpapi.RouteVerify, verifyBodyID(number, pin, written)),
			r.post(httpapi.RouteVerify, verifyBody(number, pin), from(written)),
			r.post(httpapi.RouteSend, `{"email":"`+mailbox+`"}`, withKey, from("198.51.100.2")),
			r.post(httpapi.RouteSend, `{"email":"`+strings.ToUpper(mailbox)+`"}`, withKey, from("198.51.100.2")),
			r.post(httpapi.RouteSend, `{"email":"`+mailbox+`","channel":"sms"}`),
			r.post(httpapi.RouteSend, `{"email":"`+mailbox+` "}`),
			r.post(httpapi.RouteSend, `{"`+mailbox+`":"email"}`),
			r.post(httpapi.RouteSend, `{"email":"`+mailbox+`","phoneNumber":"+14155552671"}`),
			r.post(httpapi.RouteResend, `{"email":"`+mailbox+`","verificationId":"`+id+`"}`),
			r.post(httpapi.RouteVerify, `{"email":"`+mailbox+`","pin":"`+wrong(pin)+`"}`),
			r.do(event(http.MethodGet, "/"+mailbox, mailbox)),
			r.do(event(http.MethodGet, "/"+written, written)),
			r.do(event(written, "/send-otp", written)),
			r.do(event(http.MethodGet, "/", written)),
		} {
			r.wantNoCanary(id, written, wrong(pin))
			if strings.Contains(got.Body, r.sim.Outbox("")[0].PINID) {
				t.Errorf("an answer shows the pinId: %s", got.Body)
			}
		}
	})
}
