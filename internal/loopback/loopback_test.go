package loopback_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed-a131a524/infobip-otp/internal/loopback"
)

// request is one that came in by port 3002.
func request(t *testing.T, method, host, body string, header ...string) *http.Request {
	t.Helper()
	local := net.Addr(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 3002})
	ctx := context.WithValue(t.Context(), http.LocalAddrContextKey, local)
	r := httptest.NewRequestWithContext(ctx, method, "http://x/outbox", strings.NewReader(body))
	r.Host = host
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

func TestHost(t *testing.T) {
	for host, want := range map[string]error{
		"localhost:3002":                nil,
		"LOCALHOST:3002":                nil,
		"console.localhost:3002":        nil,
		"evillocalhost:3002":            loopback.ErrHost,
		"127.0.0.1:3002":                nil,
		"127.0.0.2:3002":                nil,
		"[::1]:3002":                    nil,
		"[::ffff:127.0.0.1]:3002":       nil,
		"localhost":                     loopback.ErrHost, // port 80 is somebody else's
		"[::1]":                         loopback.ErrHost,
		"localhost:3001":                loopback.ErrHost,
		"localhost:":                    loopback.ErrHost,
		"":                              loopback.ErrHost,
		"192.0.2.1:3002":                loopback.ErrHost,
		"0.0.0.0:3002":                  loopback.ErrHost,
		"host.docker.internal:3002":     loopback.ErrHost,
		"rebound.example:3002":          loopback.ErrHost,
		"localhost.example:3002":        loopback.ErrHost,
		"127.0.0.1.example:3002":        loopback.ErrHost,
		"localhost.:3002":               loopback.ErrHost,
		"localhost:3002.example":        loopback.ErrHost,
		"user@localhost:3002":           loopback.ErrHost,
		"localhost:3002, evil.example":  loopback.ErrHost,
		"2130706433:3002":               loopback.ErrHost,
		"[fe80::1%25localhost]:3002":    loopback.ErrHost,
		"[::1%25localhost]:3002":        loopback.ErrHost,
		"127.1:3002":                    loopback.ErrHost,
		"localhost:3002:3002":           loopback.ErrHost,
		"xn--localhost:3002":            loopback.ErrHost,
		"[::ffff:192.0.2.1]:3002":       loopback.ErrHost,
		"localhost%00.example:3002":     loopback.ErrHost,
		strings.Repeat("a", 300) + ":1": loopback.ErrHost,
	} {
		got := loopback.Check(request(t, "GET", host, ""))
		if !errors.Is(got, want) {
			t.Errorf("Host %q: got %v, want %v", host, got, want)
		}
	}
}

func TestPages(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	for _, c := range []struct {
		name   string
		method string
		body   string
		header []string
		want   error
	}{
		{"curl", "GET", "", nil, nil},
		{"curl -d", "POST", "{}", []string{"Content-Type", form}, nil},
		{"a body without a type", "POST", "{}", nil, nil},
		{"our own page", "POST", "{}", []string{"Origin", "http://localhost:3002", "Sec-Fetch-Site", "same-origin", "Content-Type", "application/json"}, nil},
		{"our own page reads", "GET", "", []string{"Sec-Fetch-Site", "same-origin"}, nil},
		{"an address typed in", "GET", "", []string{"Sec-Fetch-Site", "none", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, nil},
		{"a link elsewhere", "GET", "", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, nil},
		{"a developer's page", "POST", "{}", []string{"Origin", "http://localhost:5173", "Content-Type", "application/json; charset=utf-8"}, nil},
		{"a developer's page by address", "GET", "", []string{"Origin", "https://127.0.0.1:8443", "Sec-Fetch-Site", "cross-site"}, nil},
		{"a preflight", "OPTIONS", "", []string{"Origin", "http://[::1]:5173"}, nil},

		{"a foreign fetch", "GET", "", []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, loopback.ErrOrigin},
		{"a foreign fetch, JSON", "POST", "{}", []string{"Origin", "https://evil.example", "Content-Type", "application/json"}, loopback.ErrOrigin},
		{"a sandboxed frame or a file", "GET", "", []string{"Origin", "null"}, loopback.ErrOrigin},
		{"an origin that looks alike", "GET", "", []string{"Origin", "http://localhost.evil.example"}, loopback.ErrOrigin},
		{"an origin with a user", "GET", "", []string{"Origin", "http://evil.example@localhost:3002"}, loopback.ErrOrigin},
		{"an origin with a path", "GET", "", []string{"Origin", "http://localhost:3002/"}, loopback.ErrOrigin},
		{"an extension", "GET", "", []string{"Origin", "chrome-extension://localhost"}, loopback.ErrOrigin},
		{"an empty origin", "GET", "", []string{"Origin", ""}, loopback.ErrOrigin},
		{"two origins", "GET", "", []string{"Origin", "http://localhost:3002", "Origin", "https://evil.example"}, loopback.ErrOrigin},
		{"a foreign image", "GET", "", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"}, loopback.ErrOrigin},
		{"a foreign frame", "GET", "", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}, loopback.ErrOrigin},
		{"a foreign form without its origin", "POST", "a=b", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Content-Type", form}, loopback.ErrOrigin},
		{"a foreign form", "POST", "a=b", []string{"Origin", "https://evil.example", "Content-Type", form}, loopback.ErrOrigin},
		{"a WebSocket", "GET", "", []string{"Origin", "https://evil.example", "Connection", "Upgrade", "Upgrade", "websocket"}, loopback.ErrOrigin},

		{"a form of a developer's page", "POST", "a=b", []string{"Origin", "http://localhost:5173", "Content-Type", form}, loopback.ErrContentType},
		{"a text form", "POST", "{}", []string{"Origin", "http://localhost:3002", "Content-Type", "text/plain"}, loopback.ErrContentType},
		{"a page's body without a type", "POST", "{}", []string{"Sec-Fetch-Site", "same-origin"}, loopback.ErrContentType},
		{"two types", "POST", "{}", []string{"Origin", "http://localhost:3002", "Content-Type", "application/json", "Content-Type", form}, loopback.ErrContentType},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := loopback.Check(request(t, c.method, "localhost:3002", c.body, c.header...))
			if !errors.Is(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestHandler(t *testing.T) {
	for _, c := range []struct {
		name    string
		request *http.Request
		status  int
		header  map[string]string
		body    string
	}{
		{"curl", request(t, "GET", "localhost:3002", ""), 200, map[string]string{"Access-Control-Allow-Origin": ""}, "secret"},
		{"a developer's page", request(t, "GET", "localhost:3002", "", "Origin", "http://localhost:5173"), 200, map[string]string{
			"Access-Control-Allow-Origin": "http://localhost:5173", "Vary": "Origin", "X-Content-Type-Options": "nosniff",
		}, "secret"},
		{"its preflight", request(t, "OPTIONS", "localhost:3002", "", "Origin", "http://localhost:5173", "Access-Control-Request-Method", "DELETE"), 204, map[string]string{
			"Access-Control-Allow-Origin": "http://localhost:5173", "Access-Control-Allow-Methods": "GET, POST, DELETE", "Access-Control-Allow-Headers": "Content-Type",
		}, ""},
		{"an OPTIONS that is no preflight", request(t, "OPTIONS", "localhost:3002", ""), 200, nil, "secret"},
		{"a foreign page", request(t, "GET", "localhost:3002", "", "Origin", "https://evil.example"), 403, map[string]string{
			"Access-Control-Allow-Origin": "", "Cache-Control": "no-store", "Content-Type": "application/json",
		}, `{"error":"this listener does not answer web pages of another machine"}`},
		{"a foreign preflight", request(t, "OPTIONS", "localhost:3002", "", "Origin", "https://evil.example", "Access-Control-Request-Method", "POST"), 403, map[string]string{
			"Access-Control-Allow-Origin": "", "Access-Control-Allow-Methods": "",
		}, `{"error":"this listener does not answer web pages of another machine"}`},
		{"a rebound name", request(t, "GET", "rebound.example:3002", "", "Origin", "http://rebound.example:3002"), 403, nil,
			`{"error":"this listener answers only to localhost, 127.0.0.1 or [::1] with its own port"}`},
		{"a form", request(t, "POST", "localhost:3002", "a=b", "Origin", "http://localhost:5173"), 415, nil,
			`{"error":"a page's request body must be application/json"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked := false
			recorder := httptest.NewRecorder()
			loopback.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked = true
				_, _ = w.Write([]byte("secret"))
			})).ServeHTTP(recorder, c.request)
			if recorder.Code != c.status || recorder.Body.String() != c.body || asked != (c.status == 200) {
				t.Errorf("got %d %q, asked %t; want %d %q", recorder.Code, recorder.Body, asked, c.status, c.body)
			}
			for name, want := range c.header {
				if got := recorder.Header().Get(name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
		})
	}
}

// FuzzOrigin: what passes for an origin on this machine is one, written as browsers do.
func FuzzOrigin(f *testing.F) {
	for _, origin := range []string{"http://localhost:3002", "https://[::1]", "null", "http://localhost@evil.example", "http://127.0.0.1:1/", "http://LOCALHOST"} {
		f.Add(origin)
	}
	f.Fuzz(func(t *testing.T, origin string) {
		if !loopback.Origin(origin) {
			return
		}
		rest, isHTTP := strings.CutPrefix(origin, "http://")
		if !isHTTP {
			rest, isHTTP = strings.CutPrefix(origin, "https://")
		}
		if !isHTTP || strings.ContainsAny(rest, "@/?#\\ ") {
			t.Errorf("%q passes for an origin of this machine", origin)
		}
	})
}
