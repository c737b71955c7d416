package simulator_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

func TestStatusFaultTakesNoEffect(t *testing.T) {
	for _, test := range []struct {
		status    int
		messageID string
	}{
		{400, "BAD_REQUEST"}, {401, "UNAUTHORIZED"}, {403, "FORBIDDEN"}, {404, "NOT_FOUND"}, {429, "TOO_MANY_REQUESTS"},
		{500, "GENERAL_ERROR"}, {502, "GENERAL_ERROR"}, {503, "0"}, {418, "BAD_REQUEST"},
	} {
		r := newRig(t, simulator.Options{})
		sent := r.sent(number)
		r.fault(fmt.Sprintf(`{"status":%d,"times":3}`, test.status))
		r.send(number).wantRefusal(test.status, test.messageID)
		r.post("pin/"+sent.PINID+"/resend", ``).wantRefusal(test.status, test.messageID)
		r.verify(sent.PINID, sent.PIN).wantRefusal(test.status, test.messageID)
		if got := len(r.Outbox("")); got != 1 {
			t.Errorf("status %d: %d messages, want the one of before", test.status, got)
		}
		// The faulty verify counted in no limit, and the fault is used up.
		r.verify(sent.PINID, sent.PIN).want(200, map[string]any{"verified": true})
	}
}

func TestStatusFaultWithEffect(t *testing.T) {
	r := newRig(t, simulator.Options{})
	r.fault(`{"operation":"send","status":500,"effect":true}`)
	r.send(number).wantRefusal(500, "GENERAL_ERROR")
	if got := len(r.Outbox(number)); got != 1 {
		t.Errorf("%d messages, want the one whose answer was a 500", got)
	}
}

func TestFaultEnvelopes(t *testing.T) {
	r := newRig(t, simulator.Options{})
	r.fault(`{"status":403,"messageId":"UNAUTHORIZED","text":"Unauthorized access"}`)
	r.send(number).wantRefusal(403, "UNAUTHORIZED").want(403, map[string]any{"requestError.serviceException.text": "Unauthorized access"})
	r.fault(`{"status":429,"envelope":"new"}`)
	r.send(number).want(429, map[string]any{"errorCode": "E429", "description": "Too many requests", "requestError": nil})
	r.fault(`{"status":500,"envelope":"legacy"}`)
	r.send(number).wantRefusal(500, "GENERAL_ERROR")
	// An envelope alone rewrites the simulator's own refusals.
	r.fault(`{"operation":"verify","envelope":"new"}`)
	r.verify("NOBODYS", "1").want(404, map[string]any{"errorCode": "E404"})
}

func TestFaultHeaders(t *testing.T) {
	r := newRig(t, simulator.Options{})
	for _, test := range []struct{ fault, name, want string }{
		{`{"status":429,"retryAfter":7}`, "Retry-After", "7"},
		{`{"status":429,"retryAfter":"Wed, 25 Nov 2026 12:00:00 GMT"}`, "Retry-After", "Wed, 25 Nov 2026 12:00:00 GMT"},
		{`{"status":429}`, "Retry-After", ""},
		{`{"headers":{"deprecation":"true"}}`, "Deprecation", "true"},
		{`{"status":502,"body":"<h1>Bad gateway</h1>","contentType":"text/html"}`, "Content-Type", "text/html"},
		{`{"contentType":""}`, "Content-Type", ""},
	} {
		r.fault(test.fault)
		got, err := r.exchange("POST", r.apiURL+"/2fa/2/pin/voice", r.startBody(number), jsonHeader())
		if err != nil {
			t.Fatal(err)
		}
		if got.header.Get(test.name) != test.want {
			t.Errorf("%s: %s = %q, want %q", test.fault, test.name, got.header.Get(test.name), test.want)
		}
	}
}

func TestRedirectFault(t *testing.T) {
	r := newRig(t, simulator.Options{})
	r.fault(`{"status":307,"headers":{"Location":"/elsewhere"}}`)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.apiURL+"/2fa/2/pin", strings.NewReader(r.startBody(number)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = jsonHeader()
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusTemporaryRedirect || response.Header.Get("Location") != "/elsewhere" || len(r.Outbox("")) != 0 {
		t.Errorf("status %d to %q, %d messages", response.StatusCode, response.Header.Get("Location"), len(r.Outbox("")))
	}
}

// A replaced body is an answer that got spoilt after the effect.
func TestBodyFaults(t *testing.T) {
	r := newRig(t, simulator.Options{})
	r.configure(`{"sendPinPerPhoneNumberLimit":"100/1d"}`)
	for i, test := range []struct {
		fault  string
		status int
		body   string
	}{
		{`{"body":""}`, 200, ""},
		{`{"body":"{\"pinId\":\"A"}`, 200, `{"pinId":"A`},
		{`{"status":200,"body":"{}"}`, 200, `{}`},
		{`{"status":202,"body":"null"}`, 202, `null`},
	} {
		r.fault(test.fault)
		got := r.send(number)
		if got.status != test.status || string(got.body) != test.body {
			t.Errorf("%s: status %d, body %q", test.fault, got.status, got.body)
		}
		if messages := len(r.Outbox(number)); messages != i+1 {
			t.Errorf("%s: %d messages, want %d", test.fault, messages, i+1)
		}
	}
	r.fault(`{"status":201}`)
	r.send(number).want(201, map[string]any{"smsStatus": "MESSAGE_SENT"})
	r.fault(`{"status":204}`)
	if got := r.send(number); got.status != 204 || len(got.body) != 0 {
		t.Errorf("status %d, body %q, want an empty 204", got.status, got.body)
	}
}

// An answer of 4 MiB is one that a client may be tested with; of lines too, which take
// more room in JSON.
func TestLargeFaults(t *testing.T) {
	r := newRig(t, simulator.Options{})
	for _, line := range []string{"x", "\n"} {
		body := strings.Repeat(line, 4<<20)
		written, err := json.Marshal(map[string]string{"body": body})
		if err != nil {
			t.Fatal(err)
		}
		r.fault(string(written))
		if got := r.send(number); got.status != 200 || string(got.body) != body {
			t.Errorf("status %d and %d bytes, want all of it", got.status, len(got.body))
		}
	}
	// All of them together have an end.
	large := strings.Repeat("x", 4<<20)
	var err error
	count := 0
	for ; err == nil && count < 100; count++ {
		err = r.AddFault(simulator.Fault{Body: &large})
	}
	if count != 17 || !strings.Contains(err.Error(), "64 MiB") {
		t.Errorf("the fault %d: %v, want the 17th refused", count, err)
	}
	r.ClearFaults()
	if err := r.AddFault(simulator.Fault{Body: &large}); err != nil {
		t.Errorf("after all were cleared: %v", err)
	}
}

func TestMemberFaults(t *testing.T) {
	r := newRig(t, simulator.Options{})
	r.configure(`{"sendPinPerPhoneNumberLimit":"100/1d","verifyPinLimit":"100/1s"}`)
	r.fault(`{"operation":"send","fields":{"smsStatus":null,"surprise":{"a":1},"pinId":""},"omit":["to"]}`)
	got := string(r.send(number).want(200, nil).body)
	if want := `{"pinId":"","smsStatus":null,"surprise":{"a":1}}`; got != want {
		t.Errorf("body = %s, want %s", got, want)
	}
	r.fault(`{"operation":"send","omit":["pinId"]}`)
	r.send(number).want(200, map[string]any{"pinId": nil, "smsStatus": "MESSAGE_SENT"})

	sent := r.sent(number)
	r.fault(`{"operation":"verify","fields":{"msisdn":"447400123456"}}`)
	r.verify(sent.PINID, sent.PIN).want(200, map[string]any{"verified": true, "msisdn": "447400123456"})
	r.fault(`{"operation":"verify","pinError":"PIN_ON_HOLIDAY"}`)
	r.verify(sent.PINID, sent.PIN).want(200, map[string]any{"verified": false, "pinError": "PIN_ON_HOLIDAY", "attemptsRemaining": 10.0})
}

func TestNotSentFaults(t *testing.T) {
	r := newRig(t, simulator.Options{})
	r.configure(`{"sendPinPerPhoneNumberLimit":"100/1d"}`)
	for _, test := range []struct {
		fault, sms, nc string
		delivered      bool
	}{
		{`{"smsStatus":"MESSAGE_NOT_SENT"}`, "MESSAGE_NOT_SENT", "", false},
		{`{"ncStatus":"NC_NOT_REACHABLE"}`, "MESSAGE_NOT_SENT", "NC_NOT_REACHABLE", false},
		{`{"ncStatus":"NC_DESTINATION_NOT_REACHABLE"}`, "MESSAGE_NOT_SENT", "NC_DESTINATION_NOT_REACHABLE", false},
		{`{"ncStatus":"NC_DESTINATION_UNKNOWN"}`, "MESSAGE_SENT", "NC_DESTINATION_UNKNOWN", true},
		{`{"ncStatus":"NC_NOT_CONFIGURED"}`, "MESSAGE_SENT", "NC_NOT_CONFIGURED", true},
		{`{"smsStatus":"MESSAGE_QUEUED"}`, "MESSAGE_QUEUED", "", true},
	} {
		before := len(r.Outbox(number))
		r.fault(test.fault)
		want := map[string]any{"smsStatus": test.sms, "ncStatus": nil}
		if test.nc != "" {
			want["ncStatus"] = test.nc
		}
		sent := r.send(number).want(200, want)
		sent.text("pinId")
		if delivered := len(r.Outbox(number)) > before; delivered != test.delivered {
			t.Errorf("%s: delivered = %t, want %t", test.fault, delivered, test.delivered)
		}
	}
	got := string(r.get("applications/" + r.app + "/verifications?sent=false&msisdn=" + number).body)
	if strings.Count(got, `"msisdn"`) != 3 || strings.Contains(got, "sentAt") {
		t.Errorf("verifications that were not sent = %s, want 3 rows without sentAt", got)
	}
}

// TestEmailStatus: what is rejected does not arrive, and is a 200 all the same.
func TestEmailStatus(t *testing.T) {
	r := newRig(t, simulator.Options{})
	r.configure(`{"sendPinPerPhoneNumberLimit":"100/1d"}`)
	templates, err := r.ProvisionTemplates(r.app, 6, []simulator.Template{{EmailTemplateID: 1}})
	if err != nil {
		t.Fatal(err)
	}
	template := templates[0]
	arrived := 0
	for _, test := range []struct {
		status  string
		arrives bool
	}{{"", true}, {"REJECTED_DESTINATION", false}, {"UNDELIVERABLE_NOT_DELIVERED", false}, {"PENDING_ENROUTE", true}} {
		want := "PENDING_ACCEPTED"
		if test.status != "" {
			want = test.status
			r.fault(`{"operation":"send","emailStatus":"` + test.status + `"}`)
		}
		r.post("pin/email", `{"applicationId":"`+r.app+`","messageId":"`+template+`","to":"`+address+`"}`).
			want(200, map[string]any{"emailStatus.name": want})
		if test.arrives {
			arrived++
		}
		if got := r.Outbox(address); len(got) != arrived || got[0].Channel != "email" || len(got[0].PIN) != 6 {
			t.Errorf("after %s there are %d messages, want %d", want, len(got), arrived)
		}
	}
}

func TestPINIDFaults(t *testing.T) {
	r := newRig(t, simulator.Options{})
	r.configure(`{"verifyPinLimit":"100/1s"}`)
	r.fault(`{"operation":"send","pinId":"1234567"}`)
	sent := r.sent(number)
	if sent.PINID != "1234567" {
		t.Errorf("pinId = %q, want the fault's", sent.PINID)
	}
	r.fault(`{"operation":"resend","pinId":"new"}`)
	changed := r.post("pin/1234567/resend", ``).want(200, nil).text("pinId")
	if changed == "1234567" || !pinIDForm.MatchString(changed) {
		t.Errorf("pinId after the resend = %q, want a new one", changed)
	}
	r.verify("1234567", sent.PIN).wantRefusal(404, "NOT_FOUND")
	r.verify(changed, sent.PIN).want(200, map[string]any{"verified": true, "pinId": changed})
	r.fault(`{"operation":"verify","pinId":"ANOTHER"}`)
	r.verify(changed, sent.PIN).want(200, map[string]any{"verified": true, "pinId": "ANOTHER"})
	r.verify(changed, sent.PIN).want(200, map[string]any{"pinId": changed})
}

func TestDropFaults(t *testing.T) {
	for _, test := range []struct {
		drop      string
		delivered int
	}{{"before", 0}, {"after", 1}, {"during", 1}} {
		r := newRig(t, simulator.Options{})
		r.fault(`{"operation":"send","drop":"` + test.drop + `"}`)
		got, err := r.exchange("POST", r.apiURL+"/2fa/2/pin?ncNeeded=false", r.startBody(number), jsonHeader())
		switch {
		case test.drop == "during" && (!errors.Is(err, io.ErrUnexpectedEOF) || got.status != 200):
			t.Errorf("during: status %d, error %v, want a cut body", got.status, err)
		case err == nil:
			t.Errorf("%s: status %d, want a cut connection", test.drop, got.status)
		}
		if got := len(r.Outbox(number)); got != test.delivered {
			t.Errorf("%s: %d messages, want %d", test.drop, got, test.delivered)
		}
		want := 0
		if test.drop == "during" {
			want = 200
		}
		if log := r.Requests("send"); len(log) != 1 || log[0].Status != want {
			t.Errorf("%s: log = %+v, want one call with status %d", test.drop, log, want)
		}
		r.send(number).want(200, nil) // the listener lives on
	}
}

func TestWhichCallsMeetAFault(t *testing.T) {
	r := newRig(t, simulator.Options{})
	r.configure(`{"sendPinPerPhoneNumberLimit":"100/1d","verifyPinLimit":"100/1s"}`)
	statuses := func(calls ...func() reply) string {
		var seen []string
		for _, call := range calls {
			seen = append(seen, fmt.Sprint(call().status))
		}
		return strings.Join(seen, " ")
	}
	sent := r.sent(number)
	others := r.sent(otherNumber)
	send := func() reply { return r.send(number) }
	sendOther := func() reply { return r.send("+" + otherNumber) }
	voice := func() reply { return r.post("pin/voice", r.startBody(number)) }
	resend := func() reply { return r.post("pin/"+sent.PINID+"/resend", ``) }
	verify := func() reply { return r.verify(sent.PINID, sent.PIN) }
	verifyOther := func() reply { return r.verify(others.PINID, others.PIN) }
	list := func() reply { return r.get("applications") }
	messages := func() reply { return r.get("applications/" + r.app + "/messages") }
	status := func() reply { return r.get("applications/" + r.app + "/verifications?msisdn=" + number) }

	for _, test := range []struct {
		fault string
		calls []func() reply
		want  string
	}{
		{`{"status":500}`, []func() reply{send, send}, "500 200"},
		{`{"status":500,"times":2}`, []func() reply{verify, send, send}, "500 500 200"},
		{`{"status":500,"times":0}`, []func() reply{send, verify, resend, list, messages, status}, "500 500 500 500 500 500"},
		{`{"operation":"send","status":500,"times":2}`, []func() reply{verify, resend, list, send, voice, send}, "200 200 200 500 500 200"},
		{`{"operation":"send","channel":"voice","status":500}`, []func() reply{send, voice, voice}, "200 500 200"},
		{`{"operation":"applications","status":500}`, []func() reply{messages, list, list}, "200 500 200"},
		{`{"operation":"messages","status":500}`, []func() reply{list, messages, messages}, "200 500 200"},
		{`{"operation":"status","status":500,"to":"+41 44 668 18 00"}`, []func() reply{list, status, status}, "200 500 200"},
		{`{"to":"` + otherNumber + `","status":500,"times":2}`, []func() reply{send, verify, list, sendOther, verifyOther, sendOther}, "200 200 200 500 500 200"},
		{`{"operation":"send","every":3,"status":500,"times":2}`, []func() reply{send, send, send, send, verify, send, send, send, send, send}, "200 200 500 200 200 200 500 200 200 200"},
	} {
		r.fault(test.fault)
		if got := statuses(test.calls...); got != test.want {
			t.Errorf("%s: statuses %s, want %s", test.fault, got, test.want)
		}
		r.control("DELETE", "/faults", "").want(200, map[string]any{"faults": 0.0})
	}

	r.fault(`{"operation":"send","status":500}`)
	r.fault(`{"operation":"send","status":503}`)
	if got := statuses(send, send, send); got != "500 503 200" {
		t.Errorf("two faults: statuses %s, want them in the order they came", got)
	}
	// A call that is refused for its key leaves the fault for the next.
	r.fault(`{"status":500}`)
	r.callWith(nil, "POST", "/2fa/2/pin", r.startBody(number)).wantRefusal(401, "UNAUTHORIZED")
	send().want(500, nil)
}

func TestDelayComesAfterTheEffect(t *testing.T) {
	r := newRig(t, simulator.Options{})
	r.fault(`{"operation":"send","delay":"1h"}`)
	answered := make(chan error, 1)
	go func() {
		_, err := r.exchange("POST", r.apiURL+"/2fa/2/pin?ncNeeded=false", r.startBody(number), jsonHeader())
		answered <- err
	}()
	eventually(t, func() bool { return len(r.Outbox(number)) == 1 })
	if log := r.Requests("send"); len(log) != 1 || log[0].Status != 0 {
		t.Errorf("log = %+v, want one call under way", log)
	}
	r.send(otherNumber).want(200, nil) // others are not held up
	r.Close()
	select {
	case err := <-answered:
		if err == nil {
			t.Error("the delayed call was answered, want it cut by Close")
		}
	case <-time.After(30 * time.Second):
		t.Fatal("Close did not end the delayed call")
	}
}

func TestShortDelayIsAnswered(t *testing.T) {
	r := newRig(t, simulator.Options{})
	r.fault(`{"operation":"send","delay":"30ms"}`)
	began := time.Now()
	r.send(number).want(200, map[string]any{"smsStatus": "MESSAGE_SENT"})
	if took := time.Since(began); took < 30*time.Millisecond {
		t.Errorf("answered after %v, want 30ms at least", took)
	}
}

// eventually waits for what another goroutine is about to do.
func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it did not happen in thirty seconds")
		}
	}
}
