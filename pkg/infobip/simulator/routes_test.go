package simulator_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

func TestOddPathsAnswerInJSONAndRedirectNothing(t *testing.T) {
	r := newRig(t, simulator.Options{})
	for _, path := range []string{
		"/", "/2fa", "/2fa/2", "/2fa/2/", "/2fa/2/pins", "/2fa/2/pin//", "/2fa/2//pin", "//2fa/2/pin", "/2fa/2/pin/../pin", "/2fa/2/./pin", "/2fa/1/pin",
		"/2FA/2/pin", "/2fa/2/pin/x/verify/y", "/2fa/2/pin//verify", "/2fa/2/applications/a/b", "/2fa%2F2/pin", "/2fa/2/pin/voice%2F",
	} {
		got := r.callWith([]string{"App simulator"}, "POST", path, "{}").wantRefusal(404, "NOT_FOUND")
		if !strings.HasPrefix(got.header.Get("Content-Type"), "application/json") {
			t.Errorf("%s: content type %q", path, got.header.Get("Content-Type"))
		}
	}
	if got := len(r.Requests("unknown")); got != 17 {
		t.Errorf("the log has %d unknown calls, want 17", got)
	}
}

// The refusal of a path tells it from the refusal of an id.
func TestUnknownPathsAreNamed(t *testing.T) {
	r := newRig(t, simulator.Options{})
	for path, said := range map[string]string{
		"/2fa/2/pin/A%2FB/verify/x":             "/2fa/2/pin/A%2FB/verify/x",
		"/2fa/1/pin?ncNeeded=true":              "/2fa/1/pin",
		"/2fa/2/" + strings.Repeat("a", 300):    "/2fa/2/" + strings.Repeat("a", 193),
		"/2fa/2/pin/9C817C6F8AF3D48F9FE5/verif": "/2fa/2/pin/9C817C6F8AF3D48F9FE5/verif",
	} {
		got := r.callWith([]string{"App simulator"}, "POST", path, "{}").wantRefusal(404, "NOT_FOUND")
		if text := got.text("requestError.serviceException.text"); text != "Requested URL not found: "+said {
			t.Errorf("%s: %q", path, text)
		}
	}
	if text := r.verify("NOBODYS", "1").wantRefusal(404, "NOT_FOUND").text("requestError.serviceException.text"); text != "PIN not found" {
		t.Errorf("an unknown pinId: %q", text)
	}
}

func TestMethods(t *testing.T) {
	r := newRig(t, simulator.Options{})
	for path, allow := range map[string]string{
		"applications": "GET, POST", "applications/a": "GET, PUT", "applications/a/messages/m": "GET, PUT", "pin": "POST", "pin/p/verify": "POST",
	} {
		for _, method := range []string{"DELETE", "PATCH", "OPTIONS"} {
			got := r.call(method, path, "").wantRefusal(405, "METHOD_NOT_ALLOWED")
			if got.header.Get("Allow") != allow {
				t.Errorf("%s %s: Allow = %q, want %q", method, path, got.header.Get("Allow"), allow)
			}
		}
	}
}

func TestIDsArePercentDecoded(t *testing.T) {
	r := newRig(t, simulator.Options{})
	_, _, err := r.Provision(simulator.Settings{ApplicationID: "a/b ü", MessageID: "m"})
	if err != nil {
		t.Fatal(err)
	}
	r.get("applications/a%2Fb%20%C3%BC").want(200, map[string]any{"applicationId": "a/b ü"})
	r.get("applications/a/b%20%C3%BC").wantRefusal(404, "NOT_FOUND")
}

func TestEveryAnswerHasARequestID(t *testing.T) {
	r := newRig(t, simulator.Options{})
	ids := map[string]bool{}
	for _, got := range []reply{r.get("applications"), r.get("nowhere"), r.post("pin", `{}`), r.call("DELETE", "pin", "")} {
		id := got.header.Get("X-Request-Id")
		if !regexp.MustCompile(`^[0-9]+$`).MatchString(id) || ids[id] {
			t.Errorf("X-Request-Id = %q, want digits, each time others", id)
		}
		ids[id] = true
	}
}

// What Infobip's own SDKs send beyond the contract, in both modes.
func TestLenientAndStrict(t *testing.T) {
	with := func(body, more string) string { return strings.TrimSuffix(body, "}") + more + "}" }
	for _, test := range []struct {
		name          string
		method, path  string
		body          func(*rig) string
		lenient       int
		withoutHeader bool
	}{
		{"plus", "POST", "/pin?ncNeeded=false", func(r *rig) string { return r.startBody("+" + number) }, 200, false},
		{"trailing slash", "POST", "/pin/", func(r *rig) string { return r.startBody(number) }, 200, false},
		{"trailing slash of the status", "GET", "/applications/{app}/verifications/?msisdn=" + number, nil, 200, false},
		{"ncNeeded undefined", "POST", "/pin?ncNeeded=undefined", func(r *rig) string { return r.startBody(number) }, 200, false},
		{"unknown member", "POST", "/pin", func(r *rig) string { return with(r.startBody(number), `,"surprise":1`) }, 200, false},
		{"unknown parameter", "POST", "/pin?surprise=1", func(r *rig) string { return r.startBody(number) }, 200, false},
		{"repeated parameter", "POST", "/pin?ncNeeded=false&ncNeeded=false", func(r *rig) string { return r.startBody(number) }, 200, false},
		{"e-mail's member in an SMS", "POST", "/pin", func(r *rig) string { return with(r.startBody(number), `,"landingPagePlaceholders":{}`) }, 200, false},
		{"no content type", "POST", "/pin", func(r *rig) string { return r.startBody(number) }, 200, true},
		{"leading zero", "POST", "/pin", func(r *rig) string { return r.startBody("0446681800") }, 200, false},
	} {
		for _, strict := range []bool{false, true} {
			r := newRig(t, simulator.Options{Strict: strict})
			body := ""
			if test.body != nil {
				body = test.body(r)
			}
			header := jsonHeader()
			if test.withoutHeader {
				header.Del("Content-Type")
			}
			got, err := r.exchange(test.method, r.apiURL+"/2fa/2"+strings.ReplaceAll(test.path, "{app}", r.app), body, header)
			if err != nil {
				t.Fatal(err)
			}
			if refused := got.status >= 400; refused != strict {
				t.Errorf("%s, strict %t: status %d, body %s", test.name, strict, got.status, got.body)
			}
		}
	}
}

// Strict mode refuses none of what the contract has.
func TestStrictTakesTheContract(t *testing.T) {
	r := newRig(t, simulator.Options{Strict: true})
	sent := r.sent(number)
	r.post("pin/"+sent.PINID+"/resend", ``).want(200, nil)
	r.verify(sent.PINID, sent.PIN).want(200, map[string]any{"verified": true})
	r.get("applications/"+r.app+"/verifications?msisdn="+number+"&verified=true&sent=true").want(200, nil)
}

func TestContentTypes(t *testing.T) {
	r := newRig(t, simulator.Options{})
	for _, test := range []struct {
		values []string
		status int
	}{
		{[]string{"application/json"}, 201},
		{[]string{"application/json;charset=UTF-8"}, 201},
		{[]string{"Application/JSON; charset=utf-8"}, 201},
		{[]string{"application/xml"}, 415},
		{[]string{"text/plain"}, 415},
		{[]string{"application/x-www-form-urlencoded"}, 415},
		{[]string{"application/json", "application/json"}, 415},
		{[]string{"application/json; charset"}, 415},
	} {
		header := http.Header{"Authorization": {"App simulator"}, "Content-Type": test.values}
		got, err := r.exchange("POST", r.apiURL+"/2fa/2/applications", `{"name":"x"}`, header)
		if err != nil {
			t.Fatal(err)
		}
		if got.status != test.status {
			t.Errorf("%q: status = %d, want %d", test.values, got.status, test.status)
		}
	}
}
