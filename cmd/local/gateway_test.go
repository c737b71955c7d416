package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"
)

// TestEvent checks the payload against what API Gateway documents for format 2.0.
func TestEvent(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "http://localhost:3000/send-otp?a=1&b=%20", strings.NewReader(""))
	r.RemoteAddr = "[2001:db8::1]:4711"
	r.Header = http.Header{"Content-Type": {"application/json"}, "Idempotency-Key": {"a", "b"}, "User-Agent": {"test"}, "X-Forwarded-For": {"198.51.100.1"}}
	got := event(r, "POST /send-otp", []byte(`{"phoneNumber":"+1"}`))
	if got.RequestContext.RequestID == "" || got.RequestContext.TimeEpoch == 0 {
		t.Error("the event has no request id or time")
	}
	at, err := time.Parse("02/Jan/2006:15:04:05 -0700", got.RequestContext.Time)
	if err != nil || at.Unix() != got.RequestContext.TimeEpoch/1000 {
		t.Errorf("the event's time is %q and %d", got.RequestContext.Time, got.RequestContext.TimeEpoch)
	}
	got.RequestContext.RequestID, got.RequestContext.Time, got.RequestContext.TimeEpoch = "", "", 0
	want := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: "POST /send-otp", RawPath: "/send-otp", RawQueryString: "a=1&b=%20",
		Headers: map[string]string{
			"host": "localhost:3000", "content-type": "application/json", "idempotency-key": "a,b", "user-agent": "test", "x-forwarded-for": "198.51.100.1",
		},
		Body: `{"phoneNumber":"+1"}`,
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			RouteKey: "POST /send-otp", AccountID: "000000000000", Stage: "$default", APIID: "local", DomainName: "localhost:3000",
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
				Method: "POST", Path: "/send-otp", Protocol: "HTTP/1.1", SourceIP: "2001:db8::1", UserAgent: "test",
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the event differs (-want +got):\n%s", diff)
	}
	if binary := event(r, "x", []byte("\xff\x00")); !binary.IsBase64Encoded || binary.Body != "/wA=" {
		t.Errorf("bytes that are no text become %q, base64 %t", binary.Body, binary.IsBase64Encoded)
	}
	r.RemoteAddr = "pipe"
	if ip := event(r, "x", nil).RequestContext.HTTP.SourceIP; ip != "" {
		t.Errorf("an address that is none becomes %q", ip)
	}
}

// TestGateway asks over HTTP what the contract says of the edge.
func TestGateway(t *testing.T) {
	p := started(t, nil)
	large := `{"phoneNumber":"` + strings.Repeat("1", 2<<20) + `"}`
	for _, c := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
		code                     string
	}{
		{"unknown path", "GET", "/nowhere", "", nil, 404, "not_found"},
		{"unknown path, POST", "POST", "/send-otp/", "{}", nil, 404, "not_found"},
		{"wrong method", "GET", "/send-otp", "", nil, 405, "method_not_allowed"},
		{"wrong method for the banner", "POST", "/", "{}", nil, 405, "method_not_allowed"},
		{"content type", "POST", "/send-otp", "{}", []string{"Content-Type", "text/plain"}, 415, "content_type_unsupported"},
		{"not UTF-8", "POST", "/send-otp", "{\"phoneNumber\":\"\xff\"}", nil, 400, "body_invalid"},
		{"two keys", "POST", "/send-otp", `{"phoneNumber":"+14155552671"}`, []string{"Idempotency-Key", "a", "Idempotency-Key", "b"}, 400, "idempotency_key_invalid"},
		{"over 4 KiB", "POST", "/verify-otp", `{"pin":"` + strings.Repeat("1", 4096) + `"}`, nil, 413, "body_too_large"},
		{"over the gateway's own limit", "POST", "/verify-otp", large, nil, 413, "body_too_large"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, header, got := p.call(c.method, p.base+c.path, c.body, c.header...)
			if status != c.status || got["code"] != c.code {
				t.Errorf("got %d %v, want %d %s", status, got, c.status, c.code)
			}
			if header.Get("Cache-Control") != "no-store" {
				t.Errorf("Cache-Control is %q", header.Get("Cache-Control"))
			}
		})
	}
	status, header, got := p.call(http.MethodGet, p.base+"/", "")
	if status != http.StatusOK || got["text"] != "Infobip OTP Service Running!" || header.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("GET / got %d %v", status, got)
	}
	status, header, got = p.call(http.MethodHead, p.base+"/", "")
	if status != http.StatusOK || got["text"] != "" || header.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("HEAD / got %d %v %v", status, header, got)
	}
	for path, allow := range map[string]string{"/": "GET, HEAD, OPTIONS", "/send-otp": "POST, OPTIONS", "/resend-otp": "POST, OPTIONS", "/verify-otp": "POST, OPTIONS"} {
		status, header, got := p.call(http.MethodOptions, p.base+path, "")
		if status != http.StatusNoContent || header.Get("Allow") != allow || got["text"] != "" {
			t.Errorf("OPTIONS %s got %d %v %v", path, status, header, got)
		}
	}
}
