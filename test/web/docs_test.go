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

// read is a file of the repository.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(harness.Root(), filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// serve serves a page, and scripts by their paths, from a server of its own.
func serve(t *testing.T, page string, scripts map[string]string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		script, found := scripts[r.URL.Path]
		switch {
		case r.URL.Path == "/":
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte(page))
		case found:
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = w.Write([]byte(script))
		default:
			w.WriteHeader(http.StatusNoContent) // the browser's wish for an icon
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

var readmesModule = regexp.MustCompile("(?s)<!-- test/web TestREADMEsModule -->\n```js\n(.*?)```")

// TestREADMEsModule: what README shows of otp.js runs, and tells people what it says.
func TestREADMEsModule(t *testing.T) {
	t.Parallel()
	found := readmesModule.FindStringSubmatch(read(t, "README.md"))
	if found == nil {
		t.Fatal("README.md has no module")
	}
	g := harness.StartGateway(t, loose...)
	gateway := "http://localhost:" + portOf(t, g.URL)
	shown := strings.Replace(found[1], "http://localhost:3000", gateway, 1)
	v := desktop
	v.hosts = []string{"localhost:" + portOf(t, g.URL)}
	p := open(t, serve(t, `<!doctype html><title>README</title><script type="module">import * as page from './readme.js'; globalThis.page = page;</script>`,
		map[string]string{"/readme.js": shown, "/otp.js": read(t, "web/otp.js")}), v)
	p.until("the module is there", `globalThis.page`)
	told := func(call, want string) {
		t.Helper()
		if got := js[string](p, `page.`+call); got != want {
			t.Errorf("%s tells %q, want %q", call, got, want)
		}
	}
	told(`ask('415 KLONDIKE')`, "Please write the number with its country: +1…")
	told(`ask('+1 (415) 555-2671')`, "We sent you a code.")
	pin := g.Newest(t, digits).PIN
	told(`check(`+quoted(wrong(pin))+`, 'n')`, "Not right, 4 tries left.")
	proof := js[string](p, `page.check(`+quoted(pin[:3]+" "+pin[3:])+`, 'a-nonce').then((proof) => atob(proof.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')))`)
	for _, want := range []string{`"phone_number":"` + phone + `"`, `"nonce":"a-nonce"`, `"iss":"` + gateway + `"`} {
		if !strings.Contains(proof, want) {
			t.Errorf("the proof says %s, want %s in it", proof, want)
		}
	}
}

// TestDocumentedPage: what docs/front-end.md says to save and open works, from a server of its own.
func TestDocumentedPage(t *testing.T) {
	t.Parallel()
	found := pageBlock.FindStringSubmatch(read(t, "docs/front-end.md"))
	if found == nil {
		t.Fatal("docs/front-end.md has no page")
	}
	g := harness.StartGateway(t)
	page := strings.Replace(found[1], "http://localhost:3000", "http://localhost:"+portOf(t, g.URL), 1)
	v := desktop
	v.hosts = []string{"localhost:" + portOf(t, g.URL), "127.0.0.1:" + portOf(t, g.Control.URL)}
	p := open(t, serve(t, page, map[string]string{"/otp.js": read(t, "web/otp.js")}), v)
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
