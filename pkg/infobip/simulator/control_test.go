package simulator_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

func (r *rig) rows(path string) []map[string]any {
	r.t.Helper()
	var rows []map[string]any
	got := r.control("GET", path, "").want(200, nil)
	err := json.Unmarshal(got.body, &rows)
	if err != nil {
		r.t.Fatalf("%s: %s: %v", path, got.body, err)
	}
	return rows
}

func TestOutboxRows(t *testing.T) {
	r := newRig(t, simulator.Options{})
	if got := string(r.control("GET", "/outbox", "").body); got != "[]" {
		t.Errorf("empty outbox = %s, want []", got)
	}
	sent := r.sent("+" + number)
	r.sent(otherNumber)
	want := map[string]any{
		"id": 1.0, "messageId": r.message, "to": "+" + number, "channel": "sms", "sender": "InfoSMS", "text": sent.Text, "pin": sent.PIN, "pinId": sent.PINID, "at": "2026-11-24T12:00:00Z",
		"size": map[string]any{"encoding": "GSM-7", "characters": 20.0, "segments": 1.0, "bytes": 18.0, "outside": ""},
	}
	for _, query := range []string{"?to=" + number, "?to=+" + number, "?to=%2B" + number, "?to=%2041-44-668-18-00"} {
		if diff := cmp.Diff([]map[string]any{want}, r.rows("/outbox"+query)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	for query, count := range map[string]int{"": 2, "?to=": 2, "?to=" + otherNumber: 1, "?to=4915123456789": 0, "?to=nobody": 0, "?to=4144": 0} {
		if got := len(r.rows("/outbox" + query)); got != count {
			t.Errorf("%q: %d rows, want %d", query, got, count)
		}
	}
}

func TestOutboxOfAnAddressWithAPlus(t *testing.T) {
	r := newRig(t, simulator.Options{})
	template := r.post("applications/"+r.app+"/email/messages", `{"emailTemplateId":1}`).text("messageId")
	r.post("pin/email", `{"applicationId":"`+r.app+`","messageId":"`+template+`","to":"Jane+otp@example.com"}`).want(200, nil)
	for _, query := range []string{"jane+otp@example.com", "jane%2Botp@example.com"} {
		if got := len(r.rows("/outbox?to=" + query)); got != 1 {
			t.Errorf("%s: %d rows, want 1", query, got)
		}
	}
}

func TestRequestLog(t *testing.T) {
	r := newRig(t, simulator.Options{})
	sent := r.sent(number)
	r.verify(sent.PINID, wrong(sent.PIN))
	r.post("pin/"+sent.PINID+"/resend", ``)
	r.get("applications")
	r.get("applications/" + r.app + "/messages")
	r.get("applications/" + r.app + "/verifications?msisdn=" + number)
	r.callWith([]string{"App another-key"}, "POST", "/2fa/2/pin", r.startBody(number))
	r.get("nowhere")
	row := func(operation, method, path string, status float64) map[string]any {
		return map[string]any{"operation": operation, "method": method, "path": "/2fa/2/" + path, "status": status, "at": "2026-11-24T12:00:00Z"}
	}
	want := []map[string]any{
		row("send", "POST", "pin", 200),
		row("verify", "POST", "pin/"+sent.PINID+"/verify", 200),
		row("resend", "POST", "pin/"+sent.PINID+"/resend", 200),
		row("applications", "GET", "applications", 200),
		row("messages", "GET", "applications/"+r.app+"/messages", 200),
		row("status", "GET", "applications/"+r.app+"/verifications", 200),
		row("send", "POST", "pin", 401),
		row("unknown", "GET", "nowhere", 404),
	}
	for _, path := range []string{"/requests", "/requests?operation=", "/requests?operation=*"} {
		if diff := cmp.Diff(want, r.rows(path)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
	if diff := cmp.Diff([]map[string]any{want[0], want[6]}, r.rows("/requests?operation=send")); diff != "" {
		t.Errorf("sends (-want +got):\n%s", diff)
	}
	log := string(r.control("GET", "/requests", "").body)
	for _, secret := range []string{sent.PIN, number, "simulator", "another-key"} {
		if strings.Contains(log, secret) {
			t.Errorf("the request log holds %q", secret)
		}
	}
}

func TestALongPathIsCut(t *testing.T) {
	r := newRig(t, simulator.Options{})
	r.get(strings.Repeat("x", 5000)).wantRefusal(404, "NOT_FOUND")
	if got := r.Requests("unknown"); len(got) != 1 || len(got[0].Path) != 200 {
		t.Errorf("log = %+v, want one path of 200 characters", got)
	}
}

func TestTooManyFaults(t *testing.T) {
	r := newRig(t, simulator.Options{})
	for range 1000 {
		err := r.AddFault(simulator.Fault{})
		if err != nil {
			t.Fatal(err)
		}
	}
	got := r.control("POST", "/faults", `{}`).want(400, nil)
	if !strings.Contains(got.text("error"), "clear them first") {
		t.Errorf("error = %s", got.body)
	}
}

func TestClock(t *testing.T) {
	r := newRig(t, simulator.Options{})
	r.control("POST", "/clock", `{"advance":"11m"}`).want(200, map[string]any{"now": "2026-11-24T12:11:00Z"})
	r.control("POST", "/clock", `{"advance":"1m30s"}`).want(200, map[string]any{"now": "2026-11-24T12:12:30Z"})
	r.control("POST", "/clock", `{"advance":"1d"}`).want(200, map[string]any{"now": "2026-11-25T12:12:30Z"})
	r.control("GET", "/clock", ``).want(200, map[string]any{"now": "2026-11-25T12:12:30Z"})
	if got := r.clock.Now(); !got.Equal(start.Add(24*time.Hour + 12*time.Minute + 30*time.Second)) {
		t.Errorf("the shared clock shows %v", got)
	}
}

func TestMovableClock(t *testing.T) {
	clock := simulator.NewClock()
	before := time.Now()
	clock.Advance(time.Hour)
	clock.Advance(-time.Minute)
	if got := clock.Now().Sub(before); got < time.Hour || got > time.Hour+time.Minute {
		t.Errorf("the clock is %v ahead, want an hour", got)
	}
}

func TestReset(t *testing.T) {
	r := newRig(t, simulator.Options{})
	for range 3 {
		r.sent(number)
	}
	last := r.Outbox(number)[2]
	r.send(number).want(429, nil)
	r.fault(`{"status":500,"times":0}`)
	r.control("POST", "/clock", `{"advance":"1m"}`).want(200, nil)
	r.control("POST", "/reset", ``).want(200, nil)
	if outbox, requests, faults := len(r.rows("/outbox")), len(r.rows("/requests")), len(r.rows("/faults")); outbox+requests+faults != 0 {
		t.Errorf("%d messages, %d requests, %d faults, want none", outbox, requests, faults)
	}
	r.verify(last.PINID, last.PIN).wantRefusal(404, "NOT_FOUND")
	r.get("applications/"+r.app+"/messages/"+r.message).want(200, nil)
	r.send(number).want(200, nil)
	r.control("GET", "/clock", ``).want(200, map[string]any{"now": "2026-11-24T12:01:00Z"})
}

func TestFaultsAreListed(t *testing.T) {
	r := newRig(t, simulator.Options{})
	r.fault(`{"operation":"send","status":500,"times":0}`)
	r.fault(`{"delay":"1s"}`)
	want := []map[string]any{{"operation": "send", "status": 500.0, "times": 0.0}, {"operation": "*", "delay": "1s", "times": 1.0}}
	if diff := cmp.Diff(want, r.rows("/faults")); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

func TestBadControlCalls(t *testing.T) {
	r := newRig(t, simulator.Options{})
	for _, test := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"POST", "/faults", `{"opration":"send"}`, 400, "opration"},
		{"POST", "/faults", `{"operation":"sned"}`, 400, "sned"},
		{"POST", "/faults", `{"operation":5}`, 400, "operation"},
		{"POST", "/faults", `{"channel":"fax"}`, 400, "fax"},
		{"POST", "/faults", `{"drop":"never"}`, 400, "never"},
		{"POST", "/faults", `{"envelope":"paper"}`, 400, "paper"},
		{"POST", "/faults", `{"to":"nobody"}`, 400, "to must"},
		{"POST", "/faults", `{"times":-1}`, 400, "times"},
		{"POST", "/faults", `{"every":-1}`, 400, "every"},
		{"POST", "/faults", `{"status":99}`, 400, "status"},
		{"POST", "/faults", `{"status":600}`, 400, "status"},
		{"POST", "/faults", `{"effect":true}`, 400, "effect"},
		{"POST", "/faults", `{"delay":"soon"}`, 400, "delay"},
		{"POST", "/faults", `{"delay":"-1s"}`, 400, "delay"},
		{"POST", "/faults", `{"retryAfter":-1}`, 400, "retryAfter"},
		{"POST", "/faults", `{"retryAfter":1.5}`, 400, "retryAfter"},
		{"POST", "/faults", `{"retryAfter":true}`, 400, "retryAfter"},
		{"POST", "/faults", `{"retryAfter":"a\r\nb"}`, 400, "retryAfter"},
		{"POST", "/faults", `{"contentType":"a\nb"}`, 400, "contentType"},
		{"POST", "/faults", `{"headers":{"a b":"c"}}`, 400, "headers"},
		{"POST", "/faults", `{"headers":{"a":"b\n"}}`, 400, "headers"},
		{"POST", "/faults", `{"drop":"after","status":500}`, 400, "drop"},
		{"POST", "/faults", `{"drop":"after","body":""}`, 400, "drop"},
		{"POST", "/faults", `{"operation":"verify","smsStatus":"MESSAGE_SENT"}`, 400, "smsStatus"},
		{"POST", "/faults", `{"operation":"verify","emailStatus":"PENDING_ACCEPTED"}`, 400, "emailStatus"},
		{"POST", "/faults", `{"operation":"send","pinError":"X"}`, 400, "pinError"},
		{"POST", "/faults", `{"pinError":""}`, 400, "pinError"},
		{"POST", "/faults", `{"pinId":""}`, 400, "pinId"},
		{"POST", "/faults", `[]`, 400, "object"},
		{"POST", "/faults", ``, 400, "object"},
		{"POST", "/faults", `{"times":1}{}`, 400, "object"},
		{"POST", "/faults", `{"body":"` + strings.Repeat("x", 9<<20) + `"}`, 400, "large"},
		{"POST", "/faults", `{"body":"` + strings.Repeat("x", 4<<20+1) + `"}`, 400, "at most 4 MiB"},
		{"POST", "/clock", `{"advance":"` + strings.Repeat("x", 64<<10) + `"}`, 400, "large"},
		{"POST", "/clock", `{}`, 400, "advance"},
		{"POST", "/clock", `{"advance":"yesterday"}`, 400, "advance"},
		{"POST", "/clock", `{"advance":"-1m"}`, 400, "advance"},
		{"POST", "/clock", `{"advance":"3651d"}`, 400, "ten years"},
		{"POST", "/clock", `{"advance":"1m","back":true}`, 400, "back"},
		{"GET", "/outbox?number=1", ``, 400, "number"},
		{"GET", "/outbox?to=1&to=2", ``, 400, "to"},
		{"GET", "/outbox?%zz", ``, 400, "query"},
		{"GET", "/requests?operation=sned", ``, 400, "sned"},
		{"GET", "/outbox/wait?after=yesterday", ``, 400, "after"},
		{"GET", "/outbox/wait?timeout=soon", ``, 400, "timeout"},
		{"GET", "/outbox/wait?timeout=11m", ``, 400, "ten minutes"},
		{"GET", "/outbox/wait?number=1", ``, 400, "number"},
		{"DELETE", "/outbox?id=first", ``, 400, "id"},
		{"DELETE", "/outbox?id=0", ``, 400, "id"},
		{"DELETE", "/outbox?number=1", ``, 400, "number"},
		{"GET", "/", ``, 404, "/outbox"},
		{"GET", "/outbox/", ``, 404, "/outbox"},
		{"POST", "/outbox", ``, 405, "GET"},
		{"PUT", "/faults", ``, 405, "DELETE or GET or POST"},
	} {
		got := r.control(test.method, test.path, test.body)
		if got.status != test.status || !strings.Contains(got.text("error"), test.says) {
			t.Errorf("%s %s %.200s: %d %s, want %d and %q", test.method, test.path, test.body, got.status, got.body, test.status, test.says)
		}
	}
	if got := len(r.rows("/faults")); got != 0 {
		t.Errorf("%d faults, want none", got)
	}
	if got := r.clock.Now(); !got.Equal(start) {
		t.Errorf("the clock moved to %v", got)
	}
}

// A web page must not read PINs, neither from another machine nor by making its own
// host name point here. Package loopback has the whole table.
func TestControlKeepsWebPagesOut(t *testing.T) {
	r := newRig(t, simulator.Options{})
	r.sent(number)
	_, port, _ := strings.Cut(strings.TrimPrefix(r.controlURL, "http://"), ":")
	for _, test := range []struct {
		host, origin string
		want         int
	}{
		{"localhost:" + port, "", 200},
		{"127.0.0.1:" + port, "http://localhost:" + port, 200},
		{"localhost:" + port, "http://localhost:5173", 200},
		{"localhost:1", "", 403},
		{"evil.example:" + port, "", 403},
		{"evil.example:" + port, "http://evil.example:" + port, 403},
		{"localhost:" + port, "https://evil.example", 403},
	} {
		for _, path := range []string{"/outbox", "/outbox/wait?timeout=1ms", "/requests", "/nowhere"} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.controlURL+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Host = test.host
			if test.origin != "" {
				request.Header.Set("Origin", test.origin)
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			want := test.want
			if want == 200 && path == "/nowhere" {
				want = 404
			}
			if response.StatusCode != want {
				t.Errorf("host %q, origin %q, %s: status %d, want %d", test.host, test.origin, path, response.StatusCode, want)
			}
		}
	}
}
