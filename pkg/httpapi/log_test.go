package httpapi_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// wantOneLine checks that the log since its reset is one line, in agreement with the
// answer.
func (r *rig) wantOneLine(got response) {
	r.tb.Helper()
	if lines := strings.Count(r.logs.String(), "\n"); lines != 1 {
		r.tb.Errorf("a request wrote %d lines, want one:\n%s", lines, r.logs.String())
	}
	line := r.lastLine()
	code := got.Code
	if code == "" {
		code = "ok"
	}
	if line["status"] != float64(got.StatusCode) || line["code"] != code {
		r.tb.Errorf("the line says %v %v of a %d %s", line["status"], line["code"], got.StatusCode, code)
	}
	if wrong := got.StatusCode >= http.StatusInternalServerError; wrong != (line["level"] == "ERROR") && line["event"] == nil {
		r.tb.Errorf("the level of a %d is %v", got.StatusCode, line["level"])
	}
	if line["_aws"] == nil || line["Requests"] != 1.0 {
		r.tb.Errorf("the line is no record of metrics: %v", line)
	}
	if got.StatusCode >= http.StatusInternalServerError && line["cause"] == nil {
		r.tb.Errorf("the line of a %d names no cause", got.StatusCode)
	}
}

// TestLine checks the members of a request's line.
func TestLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.fault(simulator.Fault{Operation: "send", Delay: "120ms"})
		r.post(httpapi.RouteSend, sendBody(number2)).wantOK(t)
		line := r.lastLine()
		name, _ := line["number"].(string)
		if len(name) != 12 {
			t.Errorf("the pseudonym is %q, want 12 characters", name)
		}
		delete(line, "number")
		for _, member := range []string{"_aws", "Stage", "Requests", "SendsOK", "SendsFailed", "SendsUnconfirmed", "SendsThrottled", "VerifiesOK", "ProviderTime"} {
			if line[member] == nil {
				t.Errorf("the line has no %s", member)
			}
			delete(line, member)
		}
		seen, _ := line["guard"].(map[string]any)
		for _, name := range []string{"client", "network", "prefix"} {
			if hash, _ := seen[name].(string); len(hash) != 8 {
				t.Errorf("the guard names the %s %q, want 8 characters", name, hash)
			}
			delete(seen, name)
		}
		want := map[string]any{
			"timestamp": "2000-01-01T00:00:00.12Z", "level": "INFO", "message": "request", "apiRequestId": "request-1",
			"route": "POST /send-otp", "status": 200.0, "code": "ok", "durationMs": 120.0, "region": "CH",
			"provider": "sent", "providerMs": 120.0, "channel": "sms", "locale": "*", "guard": map[string]any{},
		}
		if diff := cmp.Diff(want, line); diff != "" {
			t.Errorf("the line differs (-want +got):\n%s", diff)
		}
		r.post(httpapi.RouteVerify, verifyBody(number2, r.pin())).wantOK(t)
		if again := r.lastLine()["number"]; again != name {
			t.Errorf("the number is %v in one line and %v in the next", name, again)
		}
		r.post(httpapi.RouteSend, sendBody("+1"))
		if line := r.lastLine(); line["region"] != nil || line["number"] != nil || line["provider"] != nil {
			t.Errorf("a refused request's line says %v", line)
		}
		r.do(event(http.MethodGet, "/nowhere", ""))
		if route := r.lastLine()["route"]; route != "other" {
			t.Errorf("the route of an unknown path is %v", route)
		}
	})
}

// TestLineOfTrouble: what a client is not told stands in the line.
func TestLineOfTrouble(t *testing.T) {
	conflict := func(_ context.Context, _ func() error) error { return &otp.Conflict{} }
	for _, c := range []struct {
		name   string
		path   string
		inject func(*rig)
		member string
		want   any
	}{
		{"a code that nobody can verify", httpapi.RouteSend, func(r *rig) { r.store.save.set(fromCall(2, failing)) }, "event", "activate_failed"},
		{"a write repeated", httpapi.RouteSend, func(r *rig) { r.store.save.set(only(2, failing)) }, "writeRetries", 1.0},
		{"a write repeated after a verify", httpapi.RouteVerify, func(r *rig) { r.store.save.set(only(2, failing)) }, "writeRetries", 1.0},
		{"an ordinary send", httpapi.RouteSend, func(*rig) {}, "writeRetries", nil},
		{"an ordinary send", httpapi.RouteSend, func(*rig) {}, "conflicts", nil},
		{"an ordinary send", httpapi.RouteSend, func(*rig) {}, "event", nil},
		{"a conflict", httpapi.RouteSend, func(r *rig) { r.store.save.set(only(1, conflict)) }, "conflicts", 1.0},
		{"a conflict storm", httpapi.RouteSend, func(r *rig) { r.store.setStorm(true) }, "conflicts", 20.0},
		{"a verdict", httpapi.RouteVerify, func(*rig) {}, "provider", "verified"},
		{"a timeout", httpapi.RouteSend, func(r *rig) { r.fault(simulator.Fault{Operation: "send", Delay: "6s"}) }, "provider", "unknown"},
		{"a refusal", httpapi.RouteSend, func(r *rig) { r.fault(simulator.Fault{Operation: "send", Status: 400}) }, "provider", "refused"},
	} {
		t.Run(c.name+"/"+c.member, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				request := sendBody(number)
				if c.path == httpapi.RouteVerify {
					r.post(httpapi.RouteSend, request).wantOK(t)
					request = verifyBody(number, r.pin())
				}
				c.inject(r)
				r.logs.Reset()
				got := r.post(c.path, request)
				r.wantOneLine(got)
				line := r.lastLine()
				if line[c.member] != c.want {
					t.Errorf("%s is %v, want %v", c.member, line[c.member], c.want)
				}
				if c.want == "activate_failed" && line["level"] != "ERROR" {
					t.Errorf("the level is %v", line["level"])
				}
			})
		})
	}
}
