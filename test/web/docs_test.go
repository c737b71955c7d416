package web_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

var pageBlock = regexp.MustCompile("(?s)```html\n(.*?)```")

// TestDocumentedPage: what docs/front-end.md says to save and open works, from a server of its own.
func TestDocumentedPage(t *testing.T) {
	t.Parallel()
	read := func(name ...string) string {
		text, err := os.ReadFile(filepath.Join(append([]string{harness.Root()}, name...)...))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	found := pageBlock.FindStringSubmatch(read("docs", "front-end.md"))
	if found == nil {
		t.Fatal("docs/front-end.md has no page")
	}
	g := harness.StartGateway(t)
	page := strings.Replace(found[1], "http://localhost:3000", "http://localhost:"+portOf(t, g.URL), 1)
	otp := read("web", "otp.js")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte(page))
		case "/otp.js":
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = w.Write([]byte(otp))
		default:
			w.WriteHeader(http.StatusNoContent) // the browser's wish for an icon
		}
	}))
	t.Cleanup(server.Close)
	v := desktop
	v.hosts = []string{"localhost:" + portOf(t, g.URL), "127.0.0.1:" + portOf(t, g.Control.URL)}
	p := open(t, server.URL, v)
	told := func(text string) {
		t.Helper()
		p.until("the page says "+text, `document.querySelector('#told').innerText.includes(`+quoted(text)+`)`)
	}
	p.types(`[name="number"]`, "415 KLONDIKE")
	p.click("#ask button")
	told("Please write the number with its country")
	p.types(`[name="number"]`, "+1 (415) 555-2671")
	p.click("#ask button")
	told("We sent a code to +14155552671.")
	p.until("the wait is shown", `/^in 0:\d\d$/.test(document.querySelector('#left').innerText) && document.querySelector('[name="resend"]').disabled`)
	pin := g.Newest(t, digits).PIN
	p.types(`[name="code"]`, wrong(pin))
	p.click("#check button")
	told("This code is not right.")
	p.types(`[name="code"]`, pin[:3]+" "+pin[3:])
	p.click("#check button") // sooner than Infobip wants: waited for, not told
	told("Thank you. Your number is verified.")
	// A page of this machine may ask the control listener for the code, as a browser test would.
	if got := js[string](p, `fetch(`+quoted(g.Control.URL)+` + '/outbox/wait?to=14155552671').then((r) => r.json()).then((m) => m.pin)`); got != pin {
		t.Errorf("the page is told %q, want the PIN", got)
	}
}
