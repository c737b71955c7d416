package web_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

const (
	phone  = "+14155552671"
	digits = "14155552671"
	mobile = "436641234567"
)

// loose is a gateway whose limits no test of the page meets by accident.
var loose = []string{
	"SEND_COOLDOWN=0s", "IP_SEND_LIMIT=1000/15m", "IP_VERIFY_LIMIT=1000/5m", "VERIFY_SPACING=0s",
	"NUMBER_SEND_LIMIT=100/1d", "NUMBER_CLIENT_SEND_LIMIT=100/1d", "NUMBER_TOTAL_LIMIT=100/1d",
}

// focused waits until the focus is where a person expects it.
func (p *tab) focused(id string) {
	p.t.Helper()
	p.until("the focus is on "+id, fmt.Sprintf(`document.activeElement.id === %s`, quoted(id)))
}

// value is what a field holds.
func (p *tab) value(selector string) string {
	p.t.Helper()
	return js[string](p, fmt.Sprintf(`document.querySelector(%s).value`, quoted(selector)))
}

// asks types a national number of the United States and asks for a code.
func (p *tab) asks() {
	p.t.Helper()
	p.types("#number", "4155552671")
	p.click("#screen-number .primary")
}

// TestVerifiedByKeyboardAlone: from the number to the end with keys alone.
func TestVerifiedByKeyboardAlone(t *testing.T) {
	t.Parallel()
	g := harness.StartGateway(t)
	p := openConsole(t, g, desktop)
	p.shot("number")
	tabTo := func(id string) {
		t.Helper()
		for range 40 {
			if js[string](p, `document.activeElement.id`) == id {
				return
			}
			p.do(chromedp.KeyEvent(kb.Tab))
		}
		t.Fatalf("the Tab key does not lead to %s", id)
	}
	tabTo("number")
	p.do(chromedp.KeyEvent("4155552671"))
	if got := p.value("#number"); got != "(415) 555-2671" {
		t.Errorf("the number is shown as %q while it is typed", got)
	}
	p.do(chromedp.KeyEvent(kb.Enter))
	p.screen("screen-code")
	p.focused("code")
	p.sees("We sent it by text to +1 415 555 2671")
	p.until("the phone has the message", `document.querySelector('#messages .message')`)
	p.shot("code")
	p.do(chromedp.KeyEvent(g.Newest(t, digits).PIN), chromedp.KeyEvent(kb.Enter))
	p.screen("screen-done")
	p.focused("done-title")
	p.sees("+1 415 555 2671 is theirs")
	p.shot("verified")
	tabTo("done-again")
	p.do(chromedp.KeyEvent(kb.Enter))
	p.screen("screen-number")
	p.focused("number-title")
}

// TestCalledInstead: the same code, spoken, and filled in from the phone beside it.
func TestCalledInstead(t *testing.T) {
	t.Parallel()
	g := harness.StartGateway(t, loose...)
	p := openConsole(t, g, desktop)
	p.asks()
	p.screen("screen-code")
	p.until("the code is offered", `!document.querySelector('#offer').hidden`)
	p.until("a call may be asked for", `!document.querySelector('#other-way').hasAttribute('aria-disabled')`)
	p.click("#other-way")
	p.sees("We are calling +1 415 555 2671")
	p.until("the phone shows a call", `document.querySelector('#messages .message.voice .bubble')`)
	p.shot("call")
	messages := g.Outbox(t, digits)
	if len(messages) != 2 || messages[1].Channel != "voice" || messages[0].PIN != messages[1].PIN {
		t.Errorf("%d messages were sent, want a text and a call with the same code", len(messages))
	}
	p.click("#messages .message .tool-fill")
	if got := p.value("#code"); got != messages[1].PIN {
		t.Errorf("the field holds %q, want the code", got)
	}
	p.click("#screen-code .primary")
	p.screen("screen-done")
}

// TestCallFromTheStart: the choice of the first screen.
func TestCallFromTheStart(t *testing.T) {
	t.Parallel()
	g := harness.StartGateway(t, loose...)
	p := openConsole(t, g, desktop)
	p.click(`input[name="channel"][value="voice"]`)
	if got := p.text("#screen-number .primary"); got != "Call me" {
		t.Errorf("the button says %q", got)
	}
	p.asks()
	p.sees("We are calling")
	if got := g.Newest(t, digits).Channel; got != "voice" {
		t.Errorf("the code came by %s", got)
	}
	if got := p.text("#other-way"); got != "Text me instead" {
		t.Errorf("the other way is %q", got)
	}
}

func TestNumberField(t *testing.T) {
	t.Parallel()
	g := harness.StartGateway(t, loose...)
	// A person who reads English, and German as in Austria.
	v := desktop
	v.script = `Object.defineProperty(Navigator.prototype, 'languages', { get: () => ['en-US', 'de-AT'] });`
	p := openConsole(t, g, v)
	country := func() string { return p.value("#country") }
	// autofilled is what a browser's memory does: the whole value at once, and an event that is of no key.
	autofilled := func(number string) {
		js[bool](p, fmt.Sprintf(`(() => { const f = document.querySelector('#number'); f.value = %s; f.dispatchEvent(new Event('input', { bubbles: true })); return true; })()`, quoted(number)))
	}
	if got := country(); got != "US" {
		t.Errorf("at the start the country is %s", got)
	}
	for _, c := range []struct {
		name    string
		act     func()
		shown   string
		country string
		sent    string
	}{
		{"an international number moves the picker", func() { p.types("#number", "+436641234567") }, "+43 664 1234567", "AT", "+436641234567"},
		{"and a national one stays in it", func() { p.types("#number", "06641234567") }, "0664 1234567", "AT", "+436641234567"},
		{"typed with all kinds of marks", func() { p.types("#number", "(0664) 123-45/67") }, "0664 1234567", "AT", "+436641234567"},
		{"another country keeps the national part", func() { p.types("#number", "+436641234567"); p.choose("#country", "DE") }, "6641234567", "DE", "+496641234567"},
		{"autofilled, international", func() { autofilled("+1 415 555 2671") }, "+1 415 555 2671", "US", "+14155552671"},
		{"autofilled, national, of another country that the person reads", func() { autofilled("0664 1234567") }, "0664 1234567", "AT", "+436641234567"},
		{"autofilled, national, of the country that is chosen", func() { autofilled("0650 1234567") }, "0650 1234567", "AT", "+436501234567"},
		{"Arabic digits", func() { autofilled("+٤٣ ٦٦٤ ١٢٣٤٥٦٧") }, "+43 664 1234567", "AT", "+436641234567"},
	} {
		c.act()
		if got := p.value("#number"); got != c.shown || country() != c.country {
			t.Errorf("%s: shown %q of %s, want %q of %s", c.name, got, country(), c.shown, c.country)
		}
		before := len(g.Calls(t, "send"))
		p.click("#screen-number .primary")
		p.until("an answer came", `document.querySelector('#screen-number').hidden || !document.querySelector('#number-error').hidden`)
		if got := js[string](p, `fetch('/exchanges').then((r) => r.json()).then((all) => JSON.parse(all.filter((e) => e.side === 'gateway' && e.method === 'POST').at(-1).request.body).phoneNumber)`); got != c.sent {
			t.Errorf("%s: %s was sent, want %s", c.name, got, c.sent)
		}
		if len(g.Calls(t, "send")) > before {
			p.click("#code-change")
		}
		p.screen("screen-number")
	}
	// Removing is not undone by formatting, and the cursor stays where it is.
	p.types("#number", "+436641234567")
	p.do(chromedp.KeyEvent("\b"), chromedp.KeyEvent("\b"))
	if got := p.value("#number"); got != "+43 664 12345" {
		t.Errorf("after two were removed: %q", got)
	}
	p.do(chromedp.KeyEvent(kb.ArrowLeft), chromedp.KeyEvent(kb.ArrowLeft), chromedp.KeyEvent("9"))
	if got := js[string](p, `document.querySelector('#number').value + ' ' + document.querySelector('#number').selectionStart`); got != "+43 664 123945 12" {
		t.Errorf("a digit within: %q", got)
	}
}

// TestPastedCode: with the browser's own clipboard and its own paste.
func TestPastedCode(t *testing.T) {
	t.Parallel()
	g := harness.StartGateway(t, loose...)
	p := openConsole(t, g, desktop)
	for _, name := range []string{"clipboard-read", "clipboard-write"} {
		call(p, browser.SetPermission, browser.SetPermissionParams{
			Permission: &browser.PermissionDescriptor{Name: name}, Setting: browser.PermissionSettingGranted, Origin: strings.TrimSuffix(g.Console, "/"),
			BrowserContextID: chromedp.FromContext(p.ctx).BrowserContextID,
		})
	}
	p.asks()
	p.screen("screen-code")
	p.until("the phone has the message", `document.querySelector('#messages .message')`)
	pin := g.Newest(t, digits).PIN
	// The button says so for a second and a half.
	js[bool](p, `(() => {
		const look = () => { globalThis.copied ||= document.querySelector('#messages .message .tool').innerText.includes('Copied'); };
		new MutationObserver(look).observe(document.querySelector('#messages'), { characterData: true, childList: true, subtree: true });
		return true;
	})()`)
	p.click("#messages .message .tool")
	p.until("it is copied", `globalThis.copied`)
	if got := js[string](p, `navigator.clipboard.readText()`); got != pin {
		t.Errorf("copied %q, want the PIN", got)
	}
	for _, text := range []string{pin[:3] + " " + pin[3:], g.Newest(t, digits).Text, " " + pin + "\n", "G-" + pin} {
		js[bool](p, fmt.Sprintf(`navigator.clipboard.writeText(%s).then(() => { const f = document.querySelector('#code'); f.value = ''; f.focus(); return true; })`, quoted(text)))
		call(p, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Commands: []string{"paste"}})
		p.until(fmt.Sprintf("%q was pasted as the code", text), fmt.Sprintf(`document.querySelector('#code').value === %s`, quoted(pin)))
	}
	p.do(chromedp.KeyEvent(kb.Enter))
	p.screen("screen-done")
}

// TestWebOTP: a browser that can read the message fills the code in; one that waits is told to stop when the person types.
func TestWebOTP(t *testing.T) {
	t.Parallel()
	g := harness.StartGateway(t, loose...)
	v := desktop
	v.script = `
		globalThis.OTPCredential = class {};
		navigator.credentials.get = (request) => new Promise((resolve, reject) => {
			globalThis.asked = request;
			globalThis.receive = (code) => resolve({ code });
			request.signal.addEventListener('abort', () => reject(request.signal.reason));
		});`
	p := openConsole(t, g, v)
	p.asks()
	p.screen("screen-code")
	p.until("the browser was asked", `globalThis.asked?.otp.transport.join() === 'sms'`)
	js[bool](p, `(globalThis.receive('123456'), true)`)
	p.until("the code is filled in", `document.querySelector('#code').value === '123456'`)
	p.click("#code-change")
	p.until("who left is no longer waited for", `globalThis.asked.signal.aborted`)
	p.click("#screen-number .primary")
	p.screen("screen-code")
	p.until("it is asked anew", `!globalThis.asked.signal.aborted`)
	p.types("#code", "1")
	p.until("who types is no longer waited for", `globalThis.asked.signal.aborted`)
	if attributes := js[string](p, `['inputmode', 'autocomplete'].map((name) => document.querySelector('#code').getAttribute(name)).join()`); attributes != "numeric,one-time-code" {
		t.Errorf("the field is %s", attributes)
	}
}

// TestResendAfterTheWait: the countdown is the server's, goes along with the clock, and is not announced second by second.
func TestResendAfterTheWait(t *testing.T) {
	t.Parallel()
	g := harness.StartGateway(t)
	p := openConsole(t, g, desktop)
	p.asks()
	p.screen("screen-code")
	p.until("about half a minute is left", `/^0:(3[01]|[12]\d)$/.test(document.querySelector('#resend-left').innerText)`)
	if live := js[bool](p, `Boolean(document.querySelector('#resend-left').closest('[aria-live], [role=status], [role=alert]'))`); live {
		t.Error("the countdown is in a live region")
	}
	p.click("#resend")
	if got := len(g.Outbox(t, digits)); got != 1 {
		t.Errorf("before its time, a click made it %d messages", got)
	}
	p.click("#advances button:nth-child(1)")
	p.click("#advances button:nth-child(1)")
	p.until("another may be asked for", `!document.querySelector('#resend').hasAttribute('aria-disabled') && document.querySelector('#resend-when').hidden`)
	p.until("that is said once", `document.querySelector('#say').textContent.includes('You can ask for the code again') || document.querySelector('#say').textContent.includes('clock')`)
	p.click("#resend")
	p.until("two messages are there", `document.querySelectorAll('#messages .message').length === 2`)
	messages := g.Outbox(t, digits)
	if len(messages) != 2 || messages[0].PIN != messages[1].PIN {
		t.Errorf("%d messages, want two with the same code", len(messages))
	}
	p.until("the next wait is longer", `((m, s) => m * 60 + s > 31)(...document.querySelector('#resend-left').innerText.split(':').map(Number))`)
}
