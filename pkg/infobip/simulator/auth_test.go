package simulator_test

import (
	"net/http"
	"testing"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

func (r *rig) callWith(authorization []string, method, path, body string) reply {
	r.t.Helper()
	header := http.Header{"Content-Type": {"application/json; charset=UTF-8"}, "Authorization": authorization}
	got, err := r.exchange(method, r.apiURL+path, body, header)
	if err != nil {
		r.t.Fatal(err)
	}
	return got
}

func TestKey(t *testing.T) {
	r := newRig(t, simulator.Options{})
	for _, authorization := range [][]string{
		nil, {""}, {"App"}, {"App "}, {"App  simulator"}, {"App simulator "}, {"App wrong"}, {"simulator"}, {"App simulator", "App simulator"},
		{"Basic c2ltdWxhdG9y"}, {"IBSSO x"}, {"Bearer x"}, {"Digest x"},
	} {
		got := r.callWith(authorization, "POST", "/2fa/2/pin", r.startBody(number))
		// net/http trims the space after a header's value.
		if len(authorization) == 1 && authorization[0] == "App simulator " {
			got.want(200, nil)
			continue
		}
		got.wantRefusal(401, "UNAUTHORIZED")
	}
	r.callWith([]string{"App simulator"}, "POST", "/2fa/2/pin", r.startBody(number)).want(200, nil)
	r.callWith([]string{"app simulator"}, "POST", "/2fa/2/pin", r.startBody(number)).want(200, nil)
	r.callWith(nil, "GET", "/nowhere", "").wantRefusal(401, "UNAUTHORIZED")
	r.callWith(nil, "DELETE", "/2fa/2/applications", "").wantRefusal(401, "UNAUTHORIZED")
}

func TestOtherSchemesAreASwitch(t *testing.T) {
	r := newRig(t, simulator.Options{OtherSchemes: true, Key: "simulator"})
	for _, authorization := range []string{"Basic dXNlcjpwYXNz", "IBSSO token", "Bearer token", "App simulator"} {
		r.callWith([]string{authorization}, "GET", "/2fa/2/applications", "").want(200, nil)
	}
	for _, authorization := range []string{"App wrong", "Digest x", "Basic", "Bearer "} {
		r.callWith([]string{authorization}, "GET", "/2fa/2/applications", "").wantRefusal(401, "UNAUTHORIZED")
	}
}

func TestScopes(t *testing.T) {
	r := newRig(t, simulator.Options{LimitedKeys: map[string][]string{
		"manager": {"2fa:manage"}, "sender": {"2fa:pin:send"}, "mailer": {"2fa:pin:manage"}, "nothing": nil,
	}})
	sent := r.sent(number)
	configure, pins, mail := "/2fa/2/applications", "/2fa/2/pin/"+sent.PINID+"/resend", "/2fa/2/pin/"+sent.PINID+"/resend/email"
	for _, test := range []struct {
		key, method, path string
		allowed           bool
	}{
		{"manager", "GET", configure, true}, {"sender", "GET", configure, false}, {"mailer", "GET", configure, false}, {"nothing", "GET", configure, false},
		{"manager", "POST", pins, true}, {"sender", "POST", pins, true}, {"mailer", "POST", pins, false}, {"nothing", "POST", pins, false},
		{"manager", "POST", mail, false}, {"sender", "POST", mail, true}, {"mailer", "POST", mail, true}, {"nothing", "POST", mail, false},
	} {
		got := r.callWith([]string{"App " + test.key}, test.method, test.path, "")
		if forbidden := got.status == http.StatusForbidden; forbidden == test.allowed {
			t.Errorf("%s, %s: status %d", test.key, test.path, got.status)
		}
		if !test.allowed {
			got.wantRefusal(403, "FORBIDDEN")
		}
	}
}

func TestNewEnvelopeForGatewayErrors(t *testing.T) {
	r := newRig(t, simulator.Options{NewEnvelope: true, LimitedKeys: map[string][]string{"nothing": nil}})
	r.callWith(nil, "GET", "/2fa/2/applications", "").want(401, map[string]any{"errorCode": "E401", "requestError": nil})
	r.callWith([]string{"App nothing"}, "GET", "/2fa/2/applications", "").want(403, map[string]any{"errorCode": "E403"})
	sent := r.sent(number)
	r.verify(sent.PINID, "x").want(200, nil)
	r.verify(sent.PINID, "x").want(429, map[string]any{"errorCode": "E429"})
	r.verify("NOBODYS", "x").wantRefusal(404, "NOT_FOUND")
}
