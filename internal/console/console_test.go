package console

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
	"github.com/seed-a131a524/infobip-otp/pkg/locale"
	"github.com/seed-a131a524/infobip-otp/web"
)

// rig is a console over the wire.
type rig struct {
	t *testing.T
	*Console
	url string
}

func newRig(t *testing.T, c *Console) rig {
	t.Helper()
	server := httptest.NewServer(c.Handler(t.Context()))
	t.Cleanup(server.Close)
	return rig{t, c, server.URL}
}

func simulated(t *testing.T) rig {
	t.Helper()
	feed := NewFeed()
	account := simulator.New(simulator.Options{})
	return newRig(t, &Console{
		Facts: Facts{Gateway: "http://localhost:3000", Channels: []string{"sms"}, PINLength: 6, Simulator: &Simulator{API: "http://127.0.0.1:3001"}},
		Feed:  feed, Exchanges: &Exchanges{Feed: feed}, Control: account.Control(),
	})
}

func (r rig) call(method, path, body string, header ...string) (int, http.Header, string) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute) // /events has no end of its own
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, r.url+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(text)
}

func TestPage(t *testing.T) {
	r := simulated(t)
	for path, contentType := range map[string]string{
		"/": "text/html; charset=utf-8", "/index.html": "text/html; charset=utf-8", "/console.js": "text/javascript; charset=utf-8",
		"/console.css": "text/css; charset=utf-8", "/icon.svg": "image/svg+xml", "/sans.woff2": "font/woff2", "/NOTICE.txt": "text/plain; charset=utf-8",
	} {
		status, header, body := r.call("GET", path, "")
		if status != 200 || header.Get("Content-Type") != contentType || body == "" {
			t.Errorf("%s: %d %s, %d bytes", path, status, header.Get("Content-Type"), len(body))
		}
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Cross-Origin-Opener-Policy": "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin", "Referrer-Policy": "no-referrer",
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; " +
				"connect-src 'self' http://localhost:3000; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
				"require-trusted-types-for 'script'; trusted-types 'none'",
		} {
			if got := header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
	}
	for path, file := range pageFiles() {
		if file.contentType == "" {
			t.Errorf("%s has no content type", path)
		}
	}
	for _, path := range []string{"/../console.go", "/%2e%2e/embed.go", "/console.js/", "/src/main.js", "/console.exe", "/otp.js"} {
		if status, _, _ := r.call("GET", path, ""); status == 200 {
			t.Errorf("%s is served", path)
		}
	}
	if status, _, _ := r.call("POST", "/", "{}"); status == 200 {
		t.Error("POST / is answered like GET /")
	}
	if status, header, body := r.call("HEAD", "/", ""); status != 200 || body != "" || header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("HEAD /: %d %q", status, body)
	}
}

var outside = regexp.MustCompile(`(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?//`)

// TestPageNeedsNothingElse: what the page loads is its own, and under 150 kB compressed.
func TestPageNeedsNothingElse(t *testing.T) {
	const most = 150_000
	total := 0
	err := fs.WalkDir(web.Page(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path == "NOTICE.txt" { // nothing loads that one
			return err
		}
		content, err := fs.ReadFile(web.Page(), path)
		if err != nil {
			return err
		}
		if outside.Match(content) {
			t.Errorf("%s loads something from elsewhere: %q", path, outside.Find(content))
		}
		var compressed bytes.Buffer
		writer, err := gzip.NewWriterLevel(&compressed, gzip.BestCompression)
		if err != nil {
			return err
		}
		if _, err := writer.Write(content); err != nil {
			return err
		}
		if err := writer.Close(); err != nil {
			return err
		}
		t.Logf("%7d bytes, %6d compressed: %s", len(content), compressed.Len(), path)
		total += compressed.Len()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes compressed", total)
	if total > most {
		t.Errorf("the page takes %d bytes compressed, want at most %d", total, most)
	}
}

func TestConfigAndExchanges(t *testing.T) {
	r := simulated(t)
	if _, _, body := r.call("GET", "/config", ""); body != `{"gateway":"http://localhost:3000","realProvider":false,"channels":["sms"],"pinLength":6,`+
		`"simulator":{"api":"http://127.0.0.1:3001","applicationId":"","messageId":"","operations":null}}` {
		t.Errorf("the page is told %s", body)
	}
	if _, _, body := r.call("GET", "/exchanges", ""); body != "[]" {
		t.Errorf("before the first call: %s", body)
	}
	r.Exchanges.Observe(SideGateway, echo(200, `{}`)).ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), "POST", "/send-otp", strings.NewReader(`{}`)))
	_, _, body := r.call("GET", "/exchanges", "")
	var all []Exchange
	if err := json.Unmarshal([]byte(body), &all); err != nil || len(all) != 1 || all[0].URL != "/send-otp" {
		t.Errorf("after one: %s, %v", body, err)
	}
	r.call("DELETE", "/exchanges", "")
	if _, _, body := r.call("GET", "/exchanges", ""); body != "[]" {
		t.Errorf("after they were forgotten: %s", body)
	}
}

// TestChangesAreTold: what a script does is seen by the page.
func TestChangesAreTold(t *testing.T) {
	r := simulated(t)
	events, stop := r.Feed.Listen()
	defer stop()
	for _, c := range []struct{ method, path, body, told string }{
		{"GET", "/outbox", "", ""},
		{"GET", "/outbox/wait?timeout=1ms", "", ""},
		{"POST", "/faults", `{"delay":"soon"}`, ""}, // refused
		{"POST", "/faults", `{}`, `change "/faults"`},
		{"DELETE", "/faults", "", `change "/faults"`},
		{"POST", "/clock", `{"advance":"1m"}`, `change "/clock"`},
		{"DELETE", "/outbox", "", `change "/outbox"`},
		{"POST", "/reset", "", `change "/reset"`},
	} {
		r.call(c.method, c.path, c.body)
		if got := drain(events); got != c.told {
			t.Errorf("%s %s: told %q, want %q", c.method, c.path, got, c.told)
		}
	}
	r.Exchanges.Observe(SideInfobip, echo(200, `{}`)).ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), "POST", "/x", strings.NewReader(`{}`)))
	r.call("POST", "/reset", "")
	if got := r.Exchanges.All(); len(got) != 0 {
		t.Errorf("a reset leaves %d exchanges", len(got))
	}
}

// TestRealProvider: there is no outbox, no PIN and no fault to be had.
func TestRealProvider(t *testing.T) {
	r := newRig(t, WithoutSimulator(Facts{Gateway: "http://localhost:3000", RealProvider: true}, NewMessages(nil, nil, locale.Tag{})))
	for _, path := range []string{"/outbox", "/outbox/wait?timeout=1ms", "/requests", "/faults", "/clock", "/nowhere"} {
		if status, _, body := r.call("GET", path, ""); status != 404 || !strings.Contains(body, "real Infobip") {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	for _, path := range []string{"/", "/config", "/exchanges"} {
		if status, _, _ := r.call("GET", path, ""); status != 200 {
			t.Errorf("%s: %d", path, status)
		}
	}
	if !r.Exchanges.Masked {
		t.Error("its log shows secrets")
	}
}

// TestForeignPagesGetNothing: no path of it answers one. Package loopback has the whole table.
func TestForeignPagesGetNothing(t *testing.T) {
	r := simulated(t)
	for _, path := range []string{"/", "/console.js", "/config", "/events", "/exchanges", "/outbox", "/nowhere"} {
		status, header, body := r.call("GET", path, "", "Origin", "https://evil.example")
		if status != 403 || header.Get("Access-Control-Allow-Origin") != "" || !strings.Contains(body, "web pages of another machine") {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if status, _, body := r.call("POST", "/clock", "advance=11m", "Origin", r.url, "Content-Type", "application/x-www-form-urlencoded"); status != 415 {
		t.Errorf("a form: %d %s", status, body)
	}
	if status, _, body := r.call("POST", "/clock", `{"advance":"11m"}`, "Content-Type", "application/x-www-form-urlencoded"); status != 200 {
		t.Errorf("curl -d: %d %s", status, body)
	}
}
