package main

import (
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/internal/loopback"
	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
)

// corsOf returns the CORS headers, and Vary, of an answer.
func corsOf(header http.Header) map[string]string {
	found := map[string]string{}
	for name := range header {
		if strings.HasPrefix(name, "Access-Control-") || name == "Vary" {
			found[name] = strings.Join(header.Values(name), "; ")
		}
	}
	return found
}

// permission is what a preflight is answered with, readable what an actual request is.
func permission(origin string) map[string]string {
	return map[string]string{
		"Access-Control-Allow-Origin":  origin,
		"Access-Control-Allow-Methods": "GET,POST",
		"Access-Control-Allow-Headers": "content-type,idempotency-key,traceparent,tracestate,baggage,sentry-trace,x-amzn-trace-id",
		"Access-Control-Max-Age":       "3600",
		"Vary":                         "Origin",
	}
}

func readable(origin string) map[string]string {
	return map[string]string{
		"Access-Control-Allow-Origin":   origin,
		"Access-Control-Expose-Headers": "date,retry-after,ratelimit-policy,ratelimit-limit,ratelimit-remaining,ratelimit-reset",
		"Vary":                          "Origin",
	}
}

// TestPages: a page that this machine serves may use the gateway, by every port, and
// reads what it has to act on. A page from elsewhere goes through and reads nothing.
func TestPages(t *testing.T) {
	p := started(t, nil)
	none := map[string]string{}
	const page, foreign = "http://localhost:5173", "https://evil.example"
	for _, c := range []struct {
		name, method, path, origin string
		header                     []string
		status                     int
		want                       map[string]string
	}{
		{"preflight", "OPTIONS", "/send-otp", page, []string{"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type"}, 204, permission(page)},
		{"preflight, a page's other name", "OPTIONS", "/verify-otp", "http://127.0.0.1:8080", []string{"Access-Control-Request-Method", "POST"}, 204, permission("http://127.0.0.1:8080")},
		{"preflight of an unknown path", "OPTIONS", "/nowhere", page, []string{"Access-Control-Request-Method", "POST"}, 404, permission(page)},
		{"foreign preflight", "OPTIONS", "/send-otp", foreign, []string{"Access-Control-Request-Method", "POST"}, 204, none},
		{"OPTIONS that is no preflight", "OPTIONS", "/send-otp", page, nil, 204, readable(page)},
		{"OPTIONS of no page", "OPTIONS", "/send-otp", "", []string{"Access-Control-Request-Method", "POST"}, 204, none},
		{"success", "POST", "/send-otp", page, nil, 200, readable(page)},
		{"refusal", "POST", "/send-otp", page, nil, 429, readable(page)},
		{"method", "PUT", "/send-otp", page, nil, 405, readable(page)},
		{"banner", "GET", "/", page, nil, 200, readable(page)},
		{"foreign", "POST", "/send-otp", foreign, nil, 429, none},
		{"foreign form", "POST", "/send-otp", foreign, []string{"Content-Type", "text/plain"}, 415, none},
		{"a file", "GET", "/", "null", nil, 200, none},
		{"no page", "GET", "/", "", nil, 200, none},
	} {
		header := c.header
		if c.origin != "" {
			header = append(slices.Clone(header), "Origin", c.origin)
		}
		status, got, body := p.call(c.method, p.base+c.path, `{"phoneNumber":"+14155552671"}`, header...)
		if status != c.status {
			t.Errorf("%s: got %d %v, want %d", c.name, status, body, c.status)
		}
		if diff := cmp.Diff(c.want, corsOf(got)); diff != "" {
			t.Errorf("%s: the headers differ (-want +got):\n%s", c.name, diff)
		}
		if c.method == http.MethodOptions && c.status == http.StatusNoContent && got.Get("Allow") != "POST, OPTIONS" {
			t.Errorf("%s: Allow is %q", c.name, got.Get("Allow"))
		}
	}
}

// TestChosenOrigins: CORS_ORIGINS replaces this machine's pages, to the letter.
func TestChosenOrigins(t *testing.T) {
	discovery := httpapi.NewDiscovery(slog.New(slog.DiscardHandler), nil)
	for _, c := range []struct {
		origins origins
		origin  string
		want    map[string]string
	}{
		{origins{"https://app.example.com", "http://localhost:3003"}, "https://app.example.com", readable("https://app.example.com")},
		{origins{"https://app.example.com", "http://localhost:3003"}, "http://localhost:3003", readable("http://localhost:3003")},
		{origins{"https://app.example.com"}, "http://localhost:3003", nil},
		{origins{"https://app.example.com"}, "https://app.example.com.evil.example", nil},
		{origins{"https://app.example.com"}, "http://app.example.com", nil},
		{origins{"https://app.example.com"}, "https://app.example.com:8443", nil},
		{origins{"https://app.example.com"}, "null", nil},
		{origins{"*"}, "https://anywhere.example", map[string]string{
			"Access-Control-Allow-Origin":   "*",
			"Access-Control-Expose-Headers": readable("")["Access-Control-Expose-Headers"],
		}},
		{origins{"*"}, "", nil},
	} {
		r := httptest.NewRequest(http.MethodGet, "http://localhost:3000/", nil)
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		w := httptest.NewRecorder()
		newGateway(discovery, discovery, discovery, c.origins, nil).ServeHTTP(w, r)
		if got := corsOf(w.Header()); w.Code != http.StatusOK || !maps.Equal(got, c.want) {
			t.Errorf("%v answers %q with %d %v, want %v", c.origins, c.origin, w.Code, got, c.want)
		}
	}
}

var loopbackOrigins = []string{
	"http://localhost", "http://localhost:5173", "https://localhost:3443", "http://app.localhost:8080", "http://127.0.0.1", "http://127.0.0.1:3002",
	"http://127.9.8.7:80", "http://[::1]", "http://[::1]:5173", "https://[::1]:1",
}

// foreignOrigins are no pages of this machine, or nothing that a browser writes.
var foreignOrigins = []string{
	"", "null", "*", "localhost", "localhost:5173", "//localhost", "http://", "http://:5173", "https://evil.example", "http://localhost.evil.example",
	"http://evillocalhost", "http://127.0.0.1.evil.example", "http://evil.example:127", "http://192.168.0.1", "http://10.0.0.1:5173", "http://0.0.0.0:5173",
	"http://[::]:5173", "http://169.254.169.254", "http://[fe80::1]", "http://[fd00::1]:80", "http://128.0.0.1", "http://2130706433", "http://0x7f.1",
	"http://127.1", "http://127.0.0.01", "ftp://localhost", "file://localhost", "javascript:localhost", "HTTP://localhost", "http://localhost/", "http://localhost/x",
	"http://localhost?x", "http://localhost#x", "http://me@localhost", "http://localhost@evil.example", "http://evil.example#@localhost",
	"http://evil.example/http://localhost", "http://localhost, http://evil.example", " http://localhost", "http://localhost ", "http://local host",
	"http://localhost\\@evil.example", "http://localhost%00.evil.example", "http://[::1", "http://[::1%25lo]:80",
}

func TestLoopbackOrigins(t *testing.T) {
	for _, origin := range loopbackOrigins {
		if !loopback.Origin(origin) {
			t.Errorf("%q is taken for a foreign origin", origin)
		}
	}
	for _, origin := range foreignOrigins {
		if loopback.Origin(origin) {
			t.Errorf("%q is taken for an origin of this machine", origin)
		}
	}
}

// FuzzOrigin: what is taken for a page of this machine is scheme, host and port of one.
func FuzzOrigin(f *testing.F) {
	for _, origin := range append(loopbackOrigins, foreignOrigins...) {
		f.Add(origin)
	}
	f.Fuzz(func(t *testing.T, origin string) {
		if !loopback.Origin(origin) {
			return
		}
		u, err := url.Parse(origin)
		if err != nil || u.Scheme+"://"+u.Host != origin {
			t.Fatalf("%q is no origin: %v", origin, err)
		}
		host := u.Hostname()
		if host != "localhost" && !strings.HasSuffix(host, ".localhost") && !strings.HasPrefix(host, "127.") && !strings.Contains(host, ":") {
			t.Errorf("%q is the host %q", origin, host)
		}
	})
}
