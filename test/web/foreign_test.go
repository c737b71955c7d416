package web_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// foreign serves pages of another machine, as far as a browser can tell.
func foreign(t *testing.T, body string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, "<!doctype html><title>foreign</title>%s", body)
	}))
	t.Cleanup(server.Close)
	return "http://foreign.example:" + portOf(t, server.URL) + "/"
}

// unchanged checks that nobody from elsewhere has done anything.
func unchanged(t *testing.T, g *harness.Gateway) {
	t.Helper()
	if got := len(g.Outbox(t, digits)); got != 1 {
		t.Errorf("the outbox has %d messages, want the one", got)
	}
	for path, want := range map[string]string{"/faults": "[]", "/clock": ""} {
		answer := control(t, g, path)
		if want != "" && answer != want {
			t.Errorf("%s is %s, want %s", path, answer, want)
		}
	}
	if log := control(t, g, "/exchanges"); !strings.Contains(log, "/send-otp") {
		t.Errorf("the log was forgotten: %s", log)
	}
}

func control(t *testing.T, g *harness.Gateway, path string) string {
	t.Helper()
	response, err := http.Get(g.Control.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d, %v", path, response.StatusCode, err)
	}
	return string(body)
}

// anything is what a browser says of requests that failed or were refused.
var anything = regexp.MustCompile(`.`)

// TestForeignPage: whatever a page of another machine tries, it changes nothing and reads nothing.
func TestForeignPage(t *testing.T) {
	t.Parallel()
	g := harness.StartGateway(t, loose...)
	g.Post(t, "/send-otp", fmt.Sprintf(`{"phoneNumber":%q}`, phone))
	pin := g.Newest(t, digits).PIN
	hosts := []string{"localhost:" + portOf(t, g.Control.URL), "127.0.0.1:" + portOf(t, g.Control.URL)}
	p := open(t, foreign(t, ""), view{width: 800, height: 600, tolerates: anything, hosts: hosts})
	clock := control(t, g, "/clock")
	tries := js[map[string]string](p, fmt.Sprintf(`(async () => {
		const told = {};
		const tell = async (name, promise) => { try { told[name] = String(await promise); } catch (error) { told[name] = 'refused'; } };
		const json = { 'Content-Type': 'application/json' };
		for (const base of [%s, %s]) {
			for (const path of ['/outbox', '/outbox/wait?timeout=1ms', '/exchanges', '/config', '/events', '/requests', '/']) {
				await tell('fetch ' + base + path, fetch(base + path).then((r) => r.text()));
				await tell('opaque fetch ' + base + path, fetch(base + path, { mode: 'no-cors' }).then((r) => r.text()));
			}
			for (const [path, body] of [['/clock', '{"advance":"11m"}'], ['/faults', '{"times":0}'], ['/reset', '{}']]) {
				await tell('JSON ' + base + path, fetch(base + path, { method: 'POST', headers: json, body }).then((r) => r.status));
				await tell('text ' + base + path, fetch(base + path, { method: 'POST', mode: 'no-cors', body }).then((r) => r.status || 'opaque'));
				await tell('beacon ' + base + path, navigator.sendBeacon(base + path, body));
			}
			await tell('DELETE ' + base, fetch(base + '/outbox', { method: 'DELETE' }).then((r) => r.status));
			await tell('WebSocket ' + base, new Promise((resolve) => {
				const socket = new WebSocket(base.replace('http', 'ws') + '/events');
				socket.onopen = () => resolve('opened');
				socket.onerror = () => resolve('refused');
			}));
			await tell('EventSource ' + base, new Promise((resolve) => {
				const events = new EventSource(base + '/events');
				events.onopen = () => resolve('opened');
				events.onerror = () => { events.close(); resolve('refused'); };
			}));
			for (const tag of ['img', 'script', 'iframe', 'object', 'link']) {
				await tell(tag + ' ' + base, new Promise((resolve) => {
					const element = document.createElement(tag);
					element[{ object: 'data', link: 'href' }[tag] ?? 'src'] = base + (tag === 'iframe' ? '/' : '/outbox');
					if (tag === 'link') element.rel = 'stylesheet';
					element.onload = () => { let text = 'opaque'; try { text = element.contentDocument?.body?.innerText ?? text; } catch {} resolve(text); };
					element.onerror = () => resolve('refused');
					document.body.append(element);
					setTimeout(() => resolve('nothing'), 1500);
				}));
			}
		}
		return told;
	})()`, quoted("http://localhost:"+portOf(t, g.Control.URL)), quoted("http://127.0.0.1:"+portOf(t, g.Control.URL))))
	if len(tries) < 60 {
		t.Errorf("only %d attempts were made", len(tries))
	}
	for name, got := range tries {
		switch {
		case strings.HasPrefix(name, "beacon"), got == "refused", got == "nothing", got == "opaque", got == "": // a beacon is told nothing
		default:
			t.Errorf("%s got %q", name, got)
		}
		if strings.Contains(got, pin) {
			t.Errorf("%s reads the PIN", name)
		}
	}
	unchanged(t, g)
	// Real time has passed, but not eleven minutes.
	if now := control(t, g, "/clock"); minutes(t, now)-minutes(t, clock) > 5 {
		t.Errorf("the clock moved from %s to %s", clock, now)
	}
}

var hourAndMinute = regexp.MustCompile(`T(\d\d):(\d\d)`)

func minutes(t *testing.T, clock string) int {
	t.Helper()
	var hour, minute int
	found := hourAndMinute.FindStringSubmatch(clock)
	if found == nil {
		t.Fatalf("the clock says %s", clock)
	}
	_, _ = fmt.Sscan(found[1], &hour)
	_, _ = fmt.Sscan(found[2], &minute)
	return hour*60 + minute
}

// TestForeignForm: a form that posts itself, of every kind that a form can have.
func TestForeignForm(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			g := harness.StartGateway(t, loose...)
			g.Post(t, "/send-otp", fmt.Sprintf(`{"phoneNumber":%q}`, phone))
			clock := control(t, g, "/clock")
			target := "http://localhost:" + portOf(t, g.Control.URL)
			// As text/plain this is the JSON {"advance":"11m","x":"="}.
			page := fmt.Sprintf(`<form id="f" method="post" enctype=%q action="%s/clock"><input name='{"advance":"11m","x":"' value='"}'></form>`, kind, target)
			p := open(t, foreign(t, page), view{width: 800, height: 600, tolerates: anything, hosts: []string{"localhost:" + portOf(t, g.Control.URL)}})
			js[bool](p, `(document.querySelector('#f').submit(), true)`)
			p.until("the form was answered", `location.host !== 'foreign.example:`+portOf(t, js[string](p, `location.origin`))+`' && document.body`)
			if got := p.text("body"); !strings.Contains(got, "web pages of another machine") {
				t.Errorf("the form is answered %s", got)
			}
			unchanged(t, g)
			if now := control(t, g, "/clock"); minutes(t, now)-minutes(t, clock) > 5 {
				t.Errorf("the clock moved from %s to %s", clock, now)
			}
		})
	}
}

// TestReboundName: a name of another machine that now leads here is as foreign as before, although the browser holds it for
// one origin.
func TestReboundName(t *testing.T) {
	t.Parallel()
	g := harness.StartGateway(t, loose...)
	g.Post(t, "/send-otp", fmt.Sprintf(`{"phoneNumber":%q}`, phone))
	pin := g.Newest(t, digits).PIN
	base := "http://rebound.example:" + portOf(t, g.Control.URL)
	p := open(t, base+"/outbox", view{width: 800, height: 600, tolerates: anything})
	if got := p.text("body"); strings.Contains(got, pin) || !strings.Contains(got, "answers only to localhost") {
		t.Errorf("the page shows %s", got)
	}
	for _, c := range []struct{ method, path, body string }{
		{"GET", "/outbox", ""}, {"GET", "/config", ""}, {"GET", "/exchanges", ""}, {"GET", "/", ""}, {"GET", "/console.js", ""}, {"POST", "/clock", `{"advance":"11m"}`}, {"POST", "/reset", "{}"}, {"DELETE", "/outbox", ""},
	} {
		got := js[string](p, fmt.Sprintf(`fetch(%s, { method: %s, headers: { 'Content-Type': 'application/json' }, body: %s || undefined }).then(async (r) => r.status + ' ' + await r.text(), () => 'refused')`, quoted(c.path), quoted(c.method), quoted(c.body)))
		if !strings.HasPrefix(got, "403 ") || strings.Contains(got, pin) {
			t.Errorf("%s %s: %s", c.method, c.path, got)
		}
	}
	unchanged(t, g)
}

// TestFramed: no page can put the console into a frame, one of this machine included.
func TestFramed(t *testing.T) {
	t.Parallel()
	g := harness.StartGateway(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, `<!doctype html><iframe src=%q></iframe>`, g.Console)
	}))
	t.Cleanup(server.Close)
	p := open(t, server.URL, view{width: 800, height: 600, tolerates: anything, hosts: []string{"localhost:" + portOf(t, g.Control.URL)}})
	p.until("the browser refuses the frame", `performance.now() > 500`)
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, address := range p.called {
		if strings.HasSuffix(address, "/console.js") {
			t.Error("the frame runs the console")
		}
	}
}
