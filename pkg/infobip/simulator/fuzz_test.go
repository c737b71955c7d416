package simulator_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

// FuzzAPI sends any body to any operation: whatever it is, the answer is JSON,
// it is no 5xx, and it does not hold the PIN.
func FuzzAPI(f *testing.F) {
	paths := []string{
		"POST applications", "PUT applications/APP", "POST applications/APP/messages", "PUT applications/APP/messages/MSG",
		"POST applications/APP/email/messages", "POST pin", "POST pin?ncNeeded=undefined", "POST pin/voice", "POST pin/email",
		"POST pin/PIN/resend", "POST pin/PIN/resend/voice", "POST pin/PIN/resend/email", "POST pin/PIN/verify",
		"GET applications/APP/verifications?msisdn=41446681800",
	}
	for i := range paths {
		for _, body := range []string{
			``, `{}`, `null`, `{"name":"x","configuration":{"pinTimeToLive":"1m","verifyPinLimit":"1/3s"}}`,
			`{"messageText":"{{pin}}","pinType":"HEX","pinLength":6,"speechRate":1e400,"regional":{"indiaDlt":{"telemarketerId":"1"}}}`,
			`{"emailTemplateId":9223372036854775808}`, `{"applicationId":"APP","messageId":"MSG","to":"41446681800","placeholders":{"a":"{{pin}}"}}`,
			`{"pin":"123456"}`, `{"pin":null,"pin":""}`, "{\"pin\":\"\xff\"}", strings.Repeat(`{"a":`, 2000),
		} {
			f.Add(uint8(i), body)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, body string) {
		for _, strict := range []bool{false, true} {
			sim := simulator.New(simulator.Options{Strict: strict})
			_, _, err := sim.Provision(simulator.Settings{ApplicationID: "APP", MessageID: "MSG", PINLength: simulator.LongestPIN})
			if err != nil {
				t.Fatal(err)
			}
			call := func(method, path, body string) *httptest.ResponseRecorder {
				request := httptest.NewRequestWithContext(t.Context(), method, "/2fa/2/"+path, strings.NewReader(body))
				request.Header = jsonHeader()
				recorder := httptest.NewRecorder()
				sim.API().ServeHTTP(recorder, request)
				return recorder
			}
			call("POST", "pin", `{"applicationId":"APP","messageId":"MSG","to":"41446681800"}`)
			sent := sim.Outbox("")[0]
			method, path, _ := strings.Cut(paths[int(which)%len(paths)], " ")
			got := call(method, strings.ReplaceAll(path, "PIN", sent.PINID), body)
			switch {
			case got.Code >= 500:
				t.Fatalf("status %d: %s", got.Code, got.Body)
			case !json.Valid(got.Body.Bytes()) || !strings.HasPrefix(got.Header().Get("Content-Type"), "application/json"):
				t.Fatalf("status %d, %q: not JSON", got.Code, got.Body)
			case strings.Contains(got.Body.String(), sent.PIN):
				t.Fatalf("status %d: the answer holds the PIN", got.Code)
			}
		}
	})
}

// FuzzFault takes any fault: it is refused, or it is met without a panic other
// than the one that cuts a connection.
func FuzzFault(f *testing.F) {
	for _, fault := range []string{
		`{"status":503,"retryAfter":5}`, `{"body":"<html>","contentType":"text/html"}`, `{"fields":{"a":null},"omit":["pinId"]}`,
		`{"smsStatus":"MESSAGE_NOT_SENT"}`, `{"pinId":"new","operation":"send"}`, `{"drop":"during"}`, `{"delay":"1h"}`, `{"envelope":"new","status":400}`,
		`{"headers":{"a":"b"},"every":1,"to":"41446681800"}`, `{"status":299,"effect":false}`, `{"text":"x","messageId":"y"}`,
	} {
		f.Add(fault)
	}
	f.Fuzz(func(t *testing.T, fault string) {
		sim := simulator.New(simulator.Options{})
		_, _, err := sim.Provision(simulator.Settings{ApplicationID: "APP", MessageID: "MSG"})
		if err != nil {
			t.Fatal(err)
		}
		request := httptest.NewRequestWithContext(t.Context(), "POST", "http://localhost/faults", strings.NewReader(fault))
		recorder := httptest.NewRecorder()
		sim.Control().ServeHTTP(recorder, request)
		if recorder.Code != 200 && recorder.Code != 400 || !json.Valid(recorder.Body.Bytes()) {
			t.Fatalf("status %d, body %s", recorder.Code, recorder.Body)
		}
		api := httptest.NewRequestWithContext(t.Context(), "POST", "/2fa/2/pin", strings.NewReader(`{"applicationId":"APP","messageId":"MSG","to":"41446681800"}`))
		api.Header = jsonHeader()
		sim.Close() // a delay then ends at once
		defer func() {
			cut := recover()
			if err, isError := cut.(error); cut != nil && (!isError || !errors.Is(err, http.ErrAbortHandler)) {
				panic(cut)
			}
		}()
		sim.API().ServeHTTP(httptest.NewRecorder(), api)
	})
}
