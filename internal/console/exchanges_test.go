package console

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func newLog(masked bool) *Exchanges {
	return &Exchanges{Feed: NewFeed(), Now: func() time.Time { return noon }, Masked: masked}
}

// through sends one request through a log to a handler, over the wire.
func through(t *testing.T, l *Exchanges, handler http.HandlerFunc, method, target, body string, header ...string) {
	t.Helper()
	server := httptest.NewServer(l.Observe(SideGateway, handler))
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), method, server.URL+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "localhost:3000"
	request.Header.Set("User-Agent", "test")
	request.Header.Set("Accept-Encoding", "identity")
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Add(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err == nil {
		_, _ = io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}
}

func echo(status int, answer string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		w.Header()["Date"] = nil
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}
}

func TestExchange(t *testing.T) {
	l := newLog(false)
	events, stop := l.Feed.Listen()
	defer stop()
	through(t, l, echo(401, `{"error":"no"}`), "POST", "/verify-otp?a=b%20c", `{"pin":"123456"}`, "Idempotency-Key", "k", "Authorization", "App canary-key", "Cookie", "canary=1")
	want := []Exchange{{
		ID: 1, Side: "gateway", At: noon, Method: "POST", URL: "/verify-otp?a=b%20c", Status: 401, State: "answered",
		Request: Part{
			Header: [][2]string{
				{"Accept-Encoding", "identity"}, {"Authorization", "App •••"}, {"Content-Length", "16"}, {"Cookie", "•••"}, {"Host", "localhost:3000"},
				{"Idempotency-Key", "k"}, {"User-Agent", "test"},
			},
			Body: `{"pin":"123456"}`,
		},
		Response: Part{Header: [][2]string{{"Content-Type", "application/json"}}, Body: `{"error":"no"}`},
	}}
	if diff := cmp.Diff(want, l.All(), cmpopts.IgnoreFields(Exchange{}, "Took")); diff != "" {
		t.Errorf("the log differs (-want +got):\n%s", diff)
	}
	told := strings.Split(drain(events), "exchange ")[1:]
	if len(told) != 2 || !strings.Contains(told[0], `"state":"open"`) || !strings.Contains(told[1], `"state":"answered"`) {
		t.Errorf("the feed told %q, want the beginning and the end", told)
	}
	l.Forget()
	if got := l.All(); len(got) != 0 {
		t.Errorf("after Forget there are %d", len(got))
	}
}

func TestExchangesThatEndOtherwise(t *testing.T) {
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		status  int
		state   string
		body    string
	}{
		{"no word at all", func(http.ResponseWriter, *http.Request) {}, 200, "answered", ""},
		{"a body without a status", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "text") }, 200, "answered", "text"},
		{"an early hint", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); w.WriteHeader(404) }, 404, "answered", ""},
		{"cut before an answer", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0, "cut", ""},
		{"cut during an answer", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "half")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}, 200, "cut", "half"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLog(false)
			through(t, l, c.handler, "GET", "/", "")
			deadline := time.Now().Add(30 * time.Second)
			for l.All()[0].State == "open" && time.Now().Before(deadline) { // the client may be ahead of the handler's end
				time.Sleep(time.Millisecond)
			}
			got := l.All()[0]
			if got.Status != c.status || got.State != c.state || got.Response.Body != c.body {
				t.Errorf("got %d %s %q, want %d %s %q", got.Status, got.State, got.Response.Body, c.status, c.state, c.body)
			}
		})
	}
}

// TestMasked: with the real provider no canary is in the log or the feed, whatever the form.
func TestMasked(t *testing.T) {
	const canary = "canary"
	for _, c := range []struct {
		name, target, body, answer string
		header                     []string
		shows                      []string
	}{
		{
			"members", "/verify-otp", `{"pin":"canary","phoneNumber":"shown"}`, `{"message":"told","proof":"canary.canary.canary"}`, nil,
			[]string{`{"phoneNumber":"shown","pin":"•••"}`, `{"message":"told","proof":"•••"}`},
		},
		{"letter case", "/verify-otp", `{"PIN":"canary","Proof":"canary","CHALLENGETOKEN":"canary"}`, `{}`, nil, []string{`{"CHALLENGETOKEN":"•••","PIN":"•••","Proof":"•••"}`}},
		{"other types", "/verify-otp", `{"pin":["canary"],"proof":{"a":"canary"}}`, `{}`, nil, []string{`{"pin":"•••","proof":"•••"}`}},
		{"deep within", "/verify-otp", `{"a":{"pin":"canary","b":[{"proof":"canary"}]}}`, `{}`, nil, []string{`{"a":{"b":[{"proof":"•••"}],"pin":"•••"}}`}},
		{"a duplicate", "/verify-otp", `{"pin":"canary","pin":"canary"}`, `{}`, nil, []string{`{"pin":"•••"}`}},
		{"no JSON", "/verify-otp", `pin=canary`, `<p>canary</p>`, nil, []string{"•••"}},
		{"an array", "/verify-otp", `[{"pin":"canary"}]`, `["canary"]`, nil, []string{"•••"}},
		{"cut JSON", "/verify-otp", `{"pin":"canary`, `{"proof":"canary`, nil, []string{"•••"}},
		{"a query", "/verify-otp?pin=canary", `{}`, `{}`, nil, []string{`"/verify-otp"`}},
		{"headers", "/send-otp", `{}`, `{}`, []string{"Authorization", "Bearer canary", "Authorization", "canary", "X-Origin-Key", "canary", "Proxy-Authorization", "Basic canary"}, []string{"Bearer •••"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLog(true)
			events, stop := l.Feed.Listen()
			defer stop()
			through(t, l, echo(200, c.answer), "POST", c.target, c.body, c.header...)
			var plain bytes.Buffer // as the page reads it: not escaped
			writer := json.NewEncoder(&plain)
			writer.SetEscapeHTML(false)
			if err := writer.Encode(l.All()); err != nil {
				t.Fatal(err)
			}
			seen := plain.String() + drain(events)
			if strings.Contains(seen, canary) {
				t.Errorf("the log shows a secret: %s", seen)
			}
			for _, want := range c.shows {
				quoted, err := json.Marshal(want)
				if err != nil {
					t.Fatal(err)
				}
				if !strings.Contains(seen, strings.Trim(string(quoted), `"`)) && !strings.Contains(seen, want) {
					t.Errorf("the log does not show %s: %s", want, seen)
				}
			}
		})
	}
}

// TestExchangesAreBounded: by number, and each by size.
func TestExchangesAreBounded(t *testing.T) {
	l := newLog(false)
	large := strings.Repeat("é", 20<<10)
	var calls sync.WaitGroup
	for range 20 {
		calls.Go(func() {
			for range 15 {
				request := httptest.NewRequestWithContext(t.Context(), "POST", "/"+strings.Repeat("x", 20<<10), strings.NewReader(large))
				request.Header.Set("X", large)
				l.Observe(SideInfobip, echo(200, large)).ServeHTTP(httptest.NewRecorder(), request)
			}
		})
	}
	calls.Wait()
	all := l.All()
	if len(all) != exchangesKept || all[len(all)-1].ID != 300 {
		t.Errorf("%d are kept, the last with id %d; want %d and 300", len(all), all[len(all)-1].ID, exchangesKept)
	}
	const most = largestShown + len("…")
	for _, e := range all {
		if len(e.Request.Body) > most || len(e.Response.Body) > most || len(e.URL) > most || !strings.HasSuffix(e.Response.Body, "é…") {
			t.Fatalf("bodies of %d and %d bytes, a URL of %d: want at most %d", len(e.Request.Body), len(e.Response.Body), len(e.URL), most)
		}
	}
}
