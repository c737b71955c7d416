package httpapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-lambda-go/events"

	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/proof"
)

const (
	notFound   = `{"error":"Not found.","code":"not_found"}`
	notAllowed = `{"error":"Method not allowed.","code":"method_not_allowed"}`
)

// allows are the methods of each path, as the Allow header lists them.
var allows = map[string]string{
	httpapi.RouteBanner:  "GET, HEAD, OPTIONS",
	httpapi.RouteOpenAPI: "GET, HEAD, OPTIONS",
	httpapi.RouteSend:    "POST, OPTIONS",
	httpapi.RouteResend:  "POST, OPTIONS",
	httpapi.RouteVerify:  "POST, OPTIONS",
	// With proofs off these are there for no method but GET and HEAD, which find nothing.
	proof.ConfigurationPath: "GET, HEAD, OPTIONS",
	proof.KeySetPath:        "GET, HEAD, OPTIONS",
}

// everywhere asks each function, for API Gateway sends what it does not route to
// discovery, and a mistaken route could send anything anywhere.
func (r *rig) everywhere(e events.APIGatewayV2HTTPRequest) map[string]response {
	r.tb.Helper()
	answers := map[string]response{}
	for name, handler := range map[string]*httpapi.Handler{"discovery": r.discovery, "send": r.send, "verify": r.verify} {
		answer, err := handler.Handle(context.Background(), e)
		if err != nil {
			r.tb.Fatal(err)
		}
		answers[name] = r.parse(answer)
	}
	return answers
}

func TestUnknownPaths(t *testing.T) {
	for _, path := range []string{
		"", "//", "/index.html", "/send-otp/", "/Send-OTP", "/send-otp%2f", "/../send-otp", "/verify-otp/1", "/health", "/send-otp?x", "/favicon.ico", "/\x00", "*",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete, http.MethodOptions} {
			t.Run(method+" "+path, func(t *testing.T) {
				r := newRig(t)
				got := r.do(event(method, path, `{}`))
				got.want(t, http.StatusNotFound, notFound)
				r.wantFree(got)
			})
		}
	}
}

func TestMethods(t *testing.T) {
	for path, allow := range allows {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "post", "options", ""} {
			if slices.Contains(strings.Split(allow, ", "), method) {
				continue
			}
			t.Run(method+" "+path, func(t *testing.T) {
				r := newRig(t)
				body := notAllowed
				if method == http.MethodHead {
					body = ""
				}
				for name, got := range r.everywhere(event(method, path, posts[path])) {
					got.want(t, http.StatusMethodNotAllowed, body)
					if got.Headers["Allow"] != allow {
						t.Errorf("%s: Allow is %q, want %q", name, got.Headers["Allow"], allow)
					}
					r.wantFree(got)
				}
			})
		}
	}
}

// TestOptions: a preflight reaches us by the $default route, and any function.
func TestOptions(t *testing.T) {
	for path, allow := range allows {
		t.Run(path, func(t *testing.T) {
			r := newRig(t)
			for name, got := range r.everywhere(event(http.MethodOptions, path, "")) {
				got.want(t, http.StatusNoContent, "")
				if got.Headers["Allow"] != allow {
					t.Errorf("%s: Allow is %q, want %q", name, got.Headers["Allow"], allow)
				}
				if contentType, there := got.Headers["Content-Type"]; there {
					t.Errorf("%s: no content has the type %q", name, contentType)
				}
				r.wantFree(got)
			}
			if line := r.lastLine(); line["route"] != "OPTIONS "+path || line["code"] != "ok" || line["level"] != "INFO" {
				t.Errorf("the line says %v", line)
			}
		})
	}
}

func TestBanner(t *testing.T) {
	r := newRig(t)
	got := r.do(event(http.MethodGet, "/", ""))
	got.want(t, http.StatusOK, "Infobip OTP Service Running!")
	if contentType := got.Headers["Content-Type"]; contentType != "text/plain; charset=utf-8" {
		t.Errorf("Content-Type is %q", contentType)
	}
	head := r.do(event(http.MethodHead, "/", ""))
	head.want(t, http.StatusOK, "")
	if fmt.Sprint(head.Headers) != fmt.Sprint(got.Headers) {
		t.Errorf("HEAD has the headers %v, GET %v", head.Headers, got.Headers)
	}
	if route := r.lastLine()["route"]; route != "HEAD /" {
		t.Errorf("the line names the route %v", route)
	}
	r.do(event(http.MethodHead, "/nowhere", "")).want(t, http.StatusNotFound, "")
}

// TestPayloadFormat: an integration set up for another format is told in the log, and
// serves nothing.
func TestPayloadFormat(t *testing.T) {
	for version, named := range map[string]string{"1.0": `"1.0"`, "": `""`, "2": `"2"`, "3.0": `"3.0"`, "2.0 and much more": `"2.0 and "`} {
		t.Run(version, func(t *testing.T) {
			r := newRig(t)
			e := event(http.MethodPost, httpapi.RouteSend, sendBody(number))
			e.Version = version
			for _, got := range r.everywhere(e) {
				got.want(t, http.StatusInternalServerError, internal)
				r.wantFree(got)
			}
			r.logs.Reset()
			got := r.do(e)
			r.wantOneLine(got)
			if cause, want := r.lastLine()["cause"], "the event has payload format "+named+`: the integration must use "2.0"`; cause != want {
				t.Errorf("the cause is %q, want %q", cause, want)
			}
		})
	}
	t.Run("a recorded event of 1.0", func(t *testing.T) {
		r := newRig(t)
		r.do(recorded(t, "apigateway-format-1.json")).want(t, http.StatusInternalServerError, internal)
		if cause := fmt.Sprint(r.lastLine()["cause"]); !strings.Contains(cause, `payload format "1.0"`) {
			t.Errorf("the cause is %q", cause)
		}
	})
}

// TestPathsBehindAPrefix: API Gateway puts a stage's name, or a custom domain's base
// path, before the path of a route that it has matched.
func TestPathsBehindAPrefix(t *testing.T) {
	for _, c := range []struct {
		method, routeKey, path, stage string
		status                        int
	}{
		{"POST", "POST /send-otp", "/prod/send-otp", "prod", 200},
		{"POST", "POST /send-otp", "/send-otp", "prod", 200}, // behind a custom domain
		{"POST", "POST /send-otp", "/otp/v1/send-otp", "prod", 200},
		{"POST", "POST /verify-otp", "/prod/verify-otp", "prod", 401},
		{"POST", "$default", "/prod/send-otp", "prod", 200},
		{"GET", "GET /", "/prod/", "prod", 200},
		{"GET", "GET /", "/prod", "prod", 200},
		{"GET", "$default", "/prod", "prod", 200},
		{"HEAD", "$default", "/prod/", "prod", 200},
		{"OPTIONS", "$default", "/prod/send-otp", "prod", 204},
		{"OPTIONS", "$default", "/otp/v1/send-otp", "$default", 204}, // behind a custom domain's base path
		{"OPTIONS", "$default", "/otp/v1/resend-otp", "prod", 204},
		{"OPTIONS", "$default", "/otp/v1/.well-known/jwks.json", "prod", 204},
		{"OPTIONS", "$default", "/otp/v1/", "prod", 404},
		{"OPTIONS", "$default", "/otp/v1send-otp", "prod", 404},
		{"OPTIONS", "$default", "/send-otp/v1", "prod", 404},
		{"PUT", "$default", "/prod/send-otp", "prod", 405},
		{"POST", "$default", "/prod/prod/send-otp", "prod", 404},
		{"POST", "$default", "/product/send-otp", "prod", 404},
		{"POST", "$default", "/production", "prod", 404},
		{"POST", "$default", "/dev/send-otp", "prod", 404},
		{"POST", "$default", "/$default/send-otp", "$default", 404},
		{"POST", "$default", "//send-otp", "", 404},
		{"POST", "POST /send-otp", "/prod/verify-otp", "", 404}, // the route is not at the path's end
		{"POST", "POST /admin", "/prod/admin", "prod", 404},
	} {
		t.Run(c.method+" "+c.path+" "+c.stage+" "+c.routeKey, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				body := sendBody(number)
				handler := r.send
				switch {
				case strings.HasSuffix(c.routeKey, "verify-otp"):
					body, handler = verifyBody(number, "123456"), r.verify
				case c.method != http.MethodPost:
					handler = r.discovery
				}
				e := event(c.method, c.path, body)
				e.RouteKey, e.RequestContext.RouteKey, e.RequestContext.Stage = c.routeKey, c.routeKey, c.stage
				answer, _ := handler.Handle(t.Context(), e) // its error is always nil
				if got := r.parse(answer); got.StatusCode != c.status {
					t.Errorf("got %d %s, want %d", got.StatusCode, got.Body, c.status)
				}
				if line := r.lastLine(); c.status != http.StatusNotFound && strings.Contains(fmt.Sprint(line["route"]), "prod") {
					t.Errorf("the line names the route %v", line["route"])
				}
			})
		})
	}
}

// FuzzPath: whatever a client asks for, and whatever stands before it, is answered, and
// reaches the domain only by the path of a route.
func FuzzPath(f *testing.F) {
	for _, path := range []string{"/send-otp", "/prod/send-otp", "/prod", "", "*", "/send-otp/", "//", "/prod/prod/send-otp"} {
		f.Add("POST", path, "POST /send-otp", "prod")
		f.Add("POST", path, "$default", "$default")
		f.Add("OPTIONS", path, "", "")
	}
	f.Fuzz(func(t *testing.T, method, path, routeKey, stage string) {
		l := newListener(t)
		e := event(method, path, sendBody(number))
		e.RouteKey, e.RequestContext.Stage = routeKey, stage
		answer := l.handle(t, e)
		if answer.StatusCode >= http.StatusInternalServerError {
			t.Fatalf("got %d %s", answer.StatusCode, answer.Body)
		}
		if l.asked == 1 && (method != http.MethodPost || !strings.HasSuffix(path, "/send-otp")) {
			t.Errorf("%q %q reached the domain", method, path)
		}
		if method == http.MethodHead && answer.Body != "" {
			t.Errorf("HEAD has the body %q", answer.Body)
		}
	})
}

// recorded reads a payload as API Gateway documents it.
func recorded(t *testing.T, file string) events.APIGatewayV2HTTPRequest {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var e events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(text, &e); err != nil {
		t.Fatal(err)
	}
	return e
}
