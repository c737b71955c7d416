// Package web_test opens the console page in a real headless Chromium, as a person and as a foreign page
// would. Each test has a gateway and a browser context of its own; all share one browser.
package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// patience is how long a page may take to show something. It is for a machine that does much else.
const patience = time.Minute

// chromium is the browser of all tests, once startChromium has run.
var chromium context.Context

// foreignHosts are names of other machines that lead to this one: what a foreign page has in its address, and what
// it would rebind.
const foreignHosts = "MAP foreign.example 127.0.0.1, MAP rebound.example 127.0.0.1"

func startChromium() (string, func() error, error) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return "", nil, fmt.Errorf("chromium is missing: run `make tools`: %w", err)
	}
	dir, err := os.MkdirTemp("", "otp-chromium-")
	if err != nil {
		return "", nil, fmt.Errorf("making a folder for the browser: %w", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(dir), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("host-resolver-rules", foreignHosts),
		// Nothing behind loopback is to be reached, not even by the browser for itself.
		chromedp.Flag("proxy-server", "127.0.0.1:9"), chromedp.Flag("proxy-bypass-list", "<local>;127.0.0.1;*.example"),
		chromedp.Flag("lang", "en-US"),
	)
	allocated, endAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, end := chromedp.NewContext(allocated)
	chromium = ctx
	stop := func() error {
		end()
		endAllocator()
		return os.RemoveAll(dir)
	}
	return "started", stop, chromedp.Do(ctx)
}

// view is how a page is looked at.
type view struct {
	width, height int64
	dark          bool
	// script runs before the page's own.
	script string
	// tolerates matches complaints that the test brings about, beside the browser's line for an answer of 4xx or 5xx.
	tolerates *regexp.Regexp
	// hosts are those that may be called beside the page's own and the gateway's.
	hosts []string
}

var desktop = view{width: 1280, height: 900}

// tab is a page in a browser context of its own.
type tab struct {
	t   *testing.T
	ctx context.Context
	// endAnswers ends those of the last call of answers.
	endAnswers context.CancelFunc

	mu         sync.Mutex
	complaints []string
	called     []string
}

// refusedLine is the browser's own for an answered 4xx or 5xx.
var refusedLine = regexp.MustCompile(`^Failed to load resource: the server responded with a status of [45]\d\d`)

// open shows an address. When the test ends, the page must have complained of nothing, and called nobody else.
func open(t *testing.T, address string, v view) *tab {
	t.Helper()
	harness.Shared(t, "Chromium", startChromium)
	ctx, cancel := chromedp.NewContext(chromium, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	p := &tab{t: t, ctx: ctx}
	if err := chromedp.Do(ctx); err != nil { // opens the tab; it ends with the context that it is opened with
		t.Fatal(err)
	}
	if err := chromedp.Listen(ctx, p.hear); err != nil {
		t.Fatal(err)
	}
	call(p, network.Enable, network.EnableParams{})
	call(p, log.Enable, cdp.Empty{})
	scheme := "light"
	if v.dark {
		scheme = "dark"
	}
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
	p.do(chromedp.EmulateViewport(v.width, v.height))
	if v.script != "" {
		call(p, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: v.script})
	}
	p.do(chromedp.Navigate(address))
	allowed := append([]string{hostOf(t, address)}, v.hosts...)
	t.Cleanup(func() { p.check(allowed, v.tolerates) })
	return p
}

func hostOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

// openConsole shows a gateway's console, and waits until it is live.
func openConsole(t *testing.T, g *harness.Gateway, v view) *tab {
	t.Helper()
	if g.Console == "" {
		t.Fatal("the gateway did not say where its console is")
	}
	v.hosts = append(v.hosts, "localhost:"+portOf(t, g.URL))
	p := open(t, g.Console, v)
	p.until("it is live", `document.querySelector('#live').dataset.live === 'yes' && !document.querySelector('#main').hidden`)
	return p
}

func portOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Port()
}

// hear runs in the loop of the tab.
func (p *tab) hear(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch event := event.(type) {
	case *runtime.EventConsoleAPICalled:
		var words []string
		for _, arg := range event.Args {
			words = append(words, string(arg.Value)+arg.Description)
		}
		p.complaints = append(p.complaints, "console: "+strings.Join(words, " "))
	case *runtime.EventExceptionThrown:
		p.complaints = append(p.complaints, "exception: "+(&chromedp.ExceptionError{ExceptionDetails: event.ExceptionDetails}).Error())
	case *log.EventEntryAdded:
		p.complaints = append(p.complaints, event.Entry.Text)
	case *network.EventRequestWillBeSent:
		p.called = append(p.called, event.Request.URL)
	}
}

func (p *tab) check(allowed []string, tolerates *regexp.Regexp) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, complaint := range p.complaints {
		if !refusedLine.MatchString(complaint) && (tolerates == nil || !tolerates.MatchString(complaint)) {
			p.t.Errorf("the page complained: %s", complaint)
		}
	}
	for _, address := range p.called {
		if host := hostOf(p.t, address); !slices.Contains(allowed, host) && !strings.HasPrefix(address, "data:") {
			p.t.Errorf("the page called %s, want only %v", address, allowed)
		}
	}
	if p.t.Failed() {
		p.t.Logf("the page complained of %d things, the last of them: %q", len(p.complaints), p.complaints[max(0, len(p.complaints)-5):])
	}
}

// do runs actions, within the time that a page may take.
func (p *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.t.Fatal(err)
	}
}

// call runs a command of the protocol.
func call[P, R any](p *tab, command cdp.Command[P, R], params P) R {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	result, err := chromedp.Call(ctx, command, params)
	if err != nil {
		p.t.Fatal(err)
	}
	return result
}

// js evaluates an expression, and what it promises.
func js[T any](p *tab, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%v\nin %s", err, expression)
	}
	return value
}

// until waits for an expression to be true. A failure leaves a screenshot.
func (p *tab) until(what, expression string) {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	for !js[bool](p, "Boolean("+expression+")") {
		if time.Now().After(deadline) {
			p.shot("failed-" + strings.ReplaceAll(p.t.Name(), "/", "-"))
			p.t.Fatalf("still not so after %v: %s\nthe page says: %s", patience, what, p.shown())
		}
		time.Sleep(15 * time.Millisecond)
	}
}

// sees waits until the person's screen shows a text.
func (p *tab) sees(text string) {
	p.t.Helper()
	p.until(fmt.Sprintf("the screen says %q", text), fmt.Sprintf(`document.querySelector('.flow').innerText.includes(%s)`, quoted(text)))
}

// screen waits until that screen is the one that is shown.
func (p *tab) screen(id string) {
	p.t.Helper()
	p.until("the screen is "+id, fmt.Sprintf(`[...document.querySelectorAll('.screen')].filter((s) => !s.hidden).map((s) => s.id).join() === %s`, quoted(id)))
}

func quoted(text string) string {
	raw, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string
	}
	return string(raw)
}

// text is what an element shows.
func (p *tab) text(selector string) string {
	p.t.Helper()
	return js[string](p, fmt.Sprintf(`document.querySelector(%s)?.innerText ?? 'nothing'`, quoted(selector)))
}

// shown is what a failure tells of the page.
func (p *tab) shown() string {
	return js[string](p, `[...document.querySelectorAll('.screen:not([hidden]), body')].find((e) => e.checkVisibility()).innerText.replaceAll(/\s*\n\s*/g, ' | ').slice(0, 600)`)
}

// click uses the mouse, so what lies under something else is not clicked.
func (p *tab) click(selector string) {
	p.t.Helper()
	p.do(chromedp.Click(chromedp.CSS(selector)))
}

// types focuses a field, empties it and types into it, key by key.
func (p *tab) types(selector, text string) {
	p.t.Helper()
	js[bool](p, fmt.Sprintf(`(() => { const field = document.querySelector(%s); field.focus(); field.select(); return true; })()`, quoted(selector)))
	if js[string](p, fmt.Sprintf(`document.querySelector(%s).value`, quoted(selector))) != "" {
		p.do(chromedp.KeyEvent("\b"))
	}
	p.do(chromedp.KeyEvent(text))
}

// choose picks an option as a person does; a select of the browser itself cannot be clicked headless.
func (p *tab) choose(selector, value string) {
	p.t.Helper()
	js[bool](p, fmt.Sprintf(`(() => { const s = document.querySelector(%s); s.value = %s; s.dispatchEvent(new Event('input', { bubbles: true })); s.dispatchEvent(new Event('change', { bubbles: true })); return s.value === %[2]s; })()`, quoted(selector), quoted(value)))
}

// screenshots is where the pictures of a run are left, for who wants to look.
func screenshots() string { return filepath.Join(harness.Root(), "dist", "screenshots") }

// shot leaves a picture of the whole page.
func (p *tab) shot(name string) {
	p.t.Helper()
	js[bool](p, `(scrollTo(0, 0), true)`) // what sticks to the window is then where it begins
	params := page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng, CaptureBeyondViewport: new(true)}
	p.keep(name, call(p, page.CaptureScreenshot, params).Data)
}

// shotOfFlow leaves a picture of the person's screen alone.
func (p *tab) shotOfFlow(name string) {
	p.t.Helper()
	type box struct{ X, Y, Width, Height float64 }
	at := js[box](p, `(() => { const { x, y, width, height } = document.querySelector('.flow').getBoundingClientRect(); return { X: x + scrollX - 12, Y: y + scrollY - 12, Width: width + 24, Height: height + 24 }; })()`)
	p.keep(name, call(p, page.CaptureScreenshot, page.CaptureScreenshotParams{
		Format: page.CaptureScreenshotFormatPng, CaptureBeyondViewport: new(true),
		Clip: &page.Viewport{X: at.X, Y: at.Y, Width: at.Width, Height: at.Height, Scale: 1},
	}).Data)
}

func (p *tab) keep(name string, png []byte) {
	p.t.Helper()
	if err := os.MkdirAll(screenshots(), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(screenshots(), name+".png"), png, 0o644); err != nil {
		p.t.Fatal(err)
	}
}
