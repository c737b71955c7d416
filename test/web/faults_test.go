package web_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// breaks presses the button of a fault, and waits until it is in force.
func (p *tab) breaks(name string) {
	p.t.Helper()
	p.click(fmt.Sprintf(`[data-fault=%q]`, name))
	p.until("the fault is in force", fmt.Sprintf(`document.querySelector('[data-fault=%s]').getAttribute('aria-pressed') === 'true' && !document.querySelector('#active').hidden`, name))
}

// TestEveryFault: each by its name, and what a person then sees.
func TestEveryFault(t *testing.T) {
	t.Parallel()
	const untilCleared = `input[name="times"][value="0"]`
	atCode := func(p *tab, g *harness.Gateway) {
		p.asks()
		p.screen("screen-code")
		p.types("#code", g.Newest(t, digits).PIN)
	}
	for _, c := range []struct {
		name string
		act  func(p *tab, g *harness.Gateway)
	}{
		{"slow", func(p *tab, g *harness.Gateway) {
			p.breaks("slow")
			// A second tap soon after the button says so: three seconds may be over before the test is asked again.
			js[bool](p, `(() => {
				const button = document.querySelector('#screen-number .primary');
				new MutationObserver((_, observer) => {
					if (button.dataset.busy !== 'yes' || button.innerText !== 'Sending…') return;
					observer.disconnect();
					setTimeout(() => { button.click(); globalThis.tapped = true; }, 100);
				}).observe(button, { attributes: true, characterData: true, childList: true, subtree: true });
				return true;
			})()`)
			p.asks()
			p.until("the button says so, and was tapped again", `globalThis.tapped`)
			p.shotOfFlow("fault-slow")
			p.screen("screen-code")
			if got := len(g.Outbox(t, digits)); got != 1 {
				t.Errorf("two taps made %d messages", got)
			}
		}},
		{"not-sent", func(p *tab, g *harness.Gateway) {
			p.breaks("not-sent")
			p.asks()
			p.sees("The message could not be sent")
			p.shotOfFlow("fault-not-sent")
			p.until("it was once", `document.querySelector('#active').hidden`)
			p.click("#notice-act")
			p.screen("screen-code")
			if got := len(g.Outbox(t, digits)); got != 1 {
				t.Errorf("%d messages arrived", got)
			}
		}},
		{"wrong", func(p *tab, g *harness.Gateway) {
			atCode(p, g)
			p.breaks("wrong")
			p.click("#screen-code .primary")
			p.sees("This code is not right. 4 tries left.")
			p.shotOfFlow("fault-wrong")
			p.click("#screen-code .primary")
			p.screen("screen-done")
		}},
		{"expired", func(p *tab, g *harness.Gateway) {
			atCode(p, g)
			p.breaks("expired")
			p.click("#screen-code .primary")
			p.screen("screen-notice")
			// A gateway that does not say what has become of a code leaves the tries only, and there are none.
			state := js[string](p, `fetch('/exchanges').then((r) => r.json()).then((all) => JSON.parse(all.filter((e) => e.url === '/verify-otp' && e.method === 'POST').at(-1).response.body).state ?? 'unsaid')`)
			p.sees(map[string]string{"expired": "This code has expired", "unsaid": "Too many wrong codes"}[state])
			p.shotOfFlow("fault-expired")
			p.click("#notice-act")
			p.screen("screen-code")
			p.types("#code", g.Newest(t, digits).PIN)
			p.click("#screen-code .primary")
			p.screen("screen-done")
		}},
		{"throttled", func(p *tab, g *harness.Gateway) {
			p.click(untilCleared)
			p.breaks("throttled")
			p.asks()
			p.sees("Very busy right now")
			p.shotOfFlow("fault-throttled")
			p.click("#faults-clear")
			p.until("no fault is in force", `document.querySelector('#active').hidden`)
			g.Advance(t, "1m")
			p.until("one may go on", `!document.querySelector('#notice-act').hasAttribute('aria-disabled')`)
			p.click("#notice-act")
			p.screen("screen-code")
		}},
		{"down", func(p *tab, g *harness.Gateway) {
			p.click(untilCleared)
			p.breaks("down")
			p.asks()
			p.sees("We are not sure it was sent")
			p.shotOfFlow("fault-down")
			p.click("#faults-clear")
			p.until("no fault is in force", `document.querySelector('#active').hidden`)
			g.Advance(t, "1m")
			p.click("#notice-act")
			p.screen("screen-code")
			p.breaks("down")
			p.types("#code", g.Newest(t, digits).PIN)
			p.click("#screen-code .primary")
			p.sees("We could not check the code")
			p.shotOfFlow("fault-down-at-verify")
			p.click("#faults-clear")
			p.until("no fault is in force", `document.querySelector('#active').hidden`)
			p.click("#notice-act")
			p.screen("screen-done")
		}},
		{"gateway-throttled", func(p *tab, g *harness.Gateway) {
			p.breaks("gateway-throttled") // once: repeated by itself
			p.asks()
			p.screen("screen-code")
			p.until("the log has both answers", `[...document.querySelectorAll('#log .exchange[data-side="gateway"] .status')].map((s) => s.innerText).join() === '200,429'`)
			p.click("#code-change")
			p.click(untilCleared)
			p.breaks("gateway-throttled")
			p.click("#screen-number .primary")
			p.sees("Very busy right now")
			p.sees("429 foreign_answer")
			p.sees("Too Many Requests")
			p.shotOfFlow("fault-gateway-throttled")
		}},
		{"gateway-lost", func(p *tab, g *harness.Gateway) {
			p.breaks("gateway-lost")
			p.asks()
			p.screen("screen-code")
			if got := len(g.Outbox(t, digits)); got != 1 {
				t.Errorf("one tap made %d messages", got)
			}
		}},
		{"lost", func(p *tab, g *harness.Gateway) {
			p.breaks("lost")
			p.asks()
			p.sees("We are not sure it was sent")
			p.until("the phone has it all the same", `document.querySelectorAll('#messages .message').length === 1`)
			p.until("the log shows the cut", `document.querySelector('#log [data-class="cut"]')?.innerText === 'cut'`)
			p.shotOfFlow("fault-lost")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := harness.StartGateway(t, loose...)
			c.act(openConsole(t, g, desktop), g)
		})
	}
}

// TestFaultsByScript: what a script does is on the page at once.
func TestFaultsByScript(t *testing.T) {
	t.Parallel()
	g := harness.StartGateway(t)
	p := openConsole(t, g, desktop)
	g.Fault(t, map[string]any{"operation": "send", "smsStatus": "<b>odd</b>", "times": 3})
	p.until("the fault is listed, as text", `document.querySelector('#active-list').innerText === 'send: smsStatus <b>odd</b> (3×)'`)
	g.ClearFaults(t)
	p.until("no fault is in force", `document.querySelector('#active').hidden`)
}

// TestClock: time goes forward for the phone, the code and the person alike.
func TestClock(t *testing.T) {
	t.Parallel()
	g := harness.StartGateway(t, loose...)
	p := openConsole(t, g, desktop)
	p.asks()
	p.screen("screen-code")
	p.until("ten minutes are left", `/^(10:00|9:\d\d)$/.test(document.querySelector('#code-left').innerText)`)
	p.click("#advances button:nth-child(2)")
	p.until("seven minutes are left", `/^(7:00|6:\d\d)$/.test(document.querySelector('#code-left').innerText)`)
	p.until("the clock says so", `document.querySelector('#clock-now').innerText.endsWith(', 3 min ahead')`)
	p.click("#advances button:nth-child(3)")
	p.until("none is left", `document.querySelector('#code-left').innerText === '0:00'`)
	p.types("#code", g.Newest(t, digits).PIN)
	p.click("#screen-code .primary")
	p.sees("This code has expired")
	p.shot("clock")
	p.click("#notice-act")
	p.screen("screen-code")
	p.click("#reset")
	p.until("the phone is empty", `document.querySelectorAll('#messages .message').length === 0 && document.querySelector('#messages-empty').innerText !== ''`)
}

// TestTwoPeopleAtOnce: each is offered their own code, and both phones are one list.
func TestTwoPeopleAtOnce(t *testing.T) {
	t.Parallel()
	g := harness.StartGateway(t, loose...)
	one, other := openConsole(t, g, desktop), openConsole(t, g, desktop)
	one.asks()
	one.screen("screen-code")
	other.types("#number", "+436641234567")
	other.click("#screen-number .primary")
	other.screen("screen-code")
	for _, p := range []*tab{one, other} {
		p.until("both messages are there", `document.querySelectorAll('#messages .message').length === 2`)
	}
	for p, number := range map[*tab]string{one: digits, other: mobile} {
		p.until("their own code is offered", fmt.Sprintf(`!document.querySelector('#offer').hidden && document.querySelector('#offer-code').innerText === %s`, quoted(g.Newest(t, number).PIN)))
		p.click("#offer-fill")
		p.click("#screen-code .primary")
	}
	one.screen("screen-done")
	one.sees("+1 415 555 2671 is theirs")
	other.screen("screen-done")
	other.sees("+43 664 1234567 is theirs")
}

// offline takes the network away from a page, or gives it back.
func (p *tab) offline(yes bool) {
	p.t.Helper()
	conditions := &network.Conditions{Offline: yes, DownloadThroughput: -1, UploadThroughput: -1}
	call(p, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{conditions}})
	call(p, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: yes, DownloadThroughput: -1, UploadThroughput: -1})
}

// TestOfflineAndBack: the page says so, and goes on by itself with the same request.
func TestOfflineAndBack(t *testing.T) {
	t.Parallel()
	g := harness.StartGateway(t, loose...)
	v := desktop
	v.tolerates = lostLine
	p := openConsole(t, g, v)
	p.offline(true)
	p.asks()
	p.sees("You are offline")
	p.focused("notice-title")
	p.shotOfFlow("offline")
	p.offline(false)
	p.screen("screen-code")
	p.until("the phone has the message", `document.querySelectorAll('#messages .message').length === 1`)
	if got := len(g.Outbox(t, digits)); got != 1 {
		t.Errorf("%d messages were sent, want one", got)
	}
	p.offline(true)
	p.types("#code", g.Newest(t, digits).PIN)
	p.click("#screen-code .primary")
	p.sees("You are offline")
	p.offline(false)
	p.screen("screen-done")
}

// TestLog: both sides with headers and bodies, without credentials, and a command that does the same.
func TestLog(t *testing.T) {
	t.Parallel()
	g := harness.StartGateway(t, loose...)
	p := openConsole(t, g, desktop)
	p.asks()
	p.screen("screen-code")
	p.until("both sides are there", `document.querySelectorAll('#log .exchange').length === 2`)
	p.click(`#log .exchange[data-side="gateway"] summary`)
	p.click(`#log .exchange[data-side="infobip"] summary`)
	for side, wants := range map[string][]string{
		"gateway": {"POST /send-otp", "Idempotency-Key: ", `"phoneNumber": "+14155552671"`, "200", `"verificationId": "`},
		"infobip": {"POST /2fa/2/pin?ncNeeded=false", "Authorization: App •••", `"to": "14155552671"`, `"smsStatus": "MESSAGE_SENT"`},
	} {
		shown := p.text(fmt.Sprintf(`#log .exchange[data-side=%q]`, side))
		for _, want := range wants {
			if !strings.Contains(shown, want) {
				t.Errorf("the exchange with %s does not show %q: %s", side, want, shown)
			}
		}
	}
	p.shot("log")
	p.click(`#sides input[value="infobip"]`)
	p.until("one side is left", `document.querySelectorAll('#log .exchange').length === 1`)
	if open := js[bool](p, `document.querySelector('#log .exchange').open`); !open {
		t.Error("what was open is closed by choosing a side")
	}
	command := p.text("#curl")
	for _, want := range []string{"curl -i http://localhost:" + portOf(t, g.URL) + "/send-otp", "-H 'Content-Type: application/json'", "-H 'Idempotency-Key: ", `-d '{"phoneNumber":"+14155552671","channel":"sms","locale":"en"}'`} {
		if !strings.Contains(command, want) {
			t.Errorf("the command lacks %s: %s", want, command)
		}
	}
	if got := repeated(t, command); got.Status != 200 || got.Members["verificationId"] == nil {
		t.Errorf("the command is answered %d %s", got.Status, got.Body)
	}
	if got := len(g.Outbox(t, digits)); got != 1 {
		t.Errorf("the command under its key sent again: %d messages", got)
	}
}

// TestHistory: all numbers, found by number, text and code, and deleted one by one or together.
func TestHistory(t *testing.T) {
	t.Parallel()
	g := harness.StartGateway(t, loose...)
	p := openConsole(t, g, desktop)
	for _, number := range []string{phone, "+" + mobile, "+447400123456"} {
		g.Post(t, "/send-otp", fmt.Sprintf(`{"phoneNumber":%q}`, number))
	}
	shown := func() string {
		return js[string](p, `[...document.querySelectorAll('#messages .to')].map((line) => line.innerText).join(', ')`)
	}
	p.until("three messages are there, newest first", `document.querySelectorAll('#messages .message').length === 3`)
	if got := shown(); got != "to +44 7400 123456, to +43 664 1234567, to +1 415 555 2671" {
		t.Errorf("the phone shows %s", got)
	}
	for search, want := range map[string]string{
		"664 123":                "to +43 664 1234567",
		"+1 (415)":               "to +1 415 555 2671",
		g.Newest(t, mobile).PIN:  "to +43 664 1234567",
		"YOUR CODE":              "to +44 7400 123456, to +43 664 1234567, to +1 415 555 2671",
		"nothing of this kind":   "",
		"<img src=x onerror=1>":  "",
		" ":                      "to +44 7400 123456, to +43 664 1234567, to +1 415 555 2671",
		g.Newest(t, digits).Text: "to +1 415 555 2671",
	} {
		p.types("#search", strings.ReplaceAll(search, "\n", ""))
		if strings.Contains(search, "\n") {
			continue // a field has one line
		}
		if got := shown(); got != want {
			t.Errorf("%q finds %q, want %q", search, got, want)
		}
	}
	p.types("#search", "664")
	p.click(`#messages .tool[aria-label="Delete the message to +43 664 1234567"]`)
	p.until("it is gone", `document.querySelectorAll('#messages .message').length === 0`)
	p.focused("search")
	if got := len(g.Outbox(t, mobile)); got != 0 {
		t.Errorf("%d messages to the number are left", got)
	}
	p.do(chromedp.KeyEvent("\b"), chromedp.KeyEvent("\b"), chromedp.KeyEvent("\b"))
	p.until("the others are there", `document.querySelectorAll('#messages .message').length === 2`)
	p.click("#messages-clear")
	p.until("all are gone", `document.querySelectorAll('#messages .message').length === 0`)
	if got := len(g.Outbox(t, "")); got != 0 {
		t.Errorf("%d messages are left", got)
	}
}

// TestMarkupIsText: a message, a sender and an answer with markup in them are shown letter by letter.
func TestMarkupIsText(t *testing.T) {
	t.Parallel()
	const markup = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>&amp;{{pin}}<a href=javascript:hacked()>`
	s := harness.StartSimulator(t)
	g := harness.StartGateway(t, "INFOBIP_BASE_URL="+s.API, "INFOBIP_API_KEY="+harness.SimulatorKey, "INFOBIP_2FA_APP_ID="+s.AppID, "INFOBIP_2FA_MSG_ID="+s.MessageID)
	template(t, s, map[string]any{"messageText": markup, "pinType": "NUMERIC", "pinLength": 6, "senderId": "<i>Mallory</i>"})
	v := desktop
	p := open(t, s.Console, v)
	p.until("it is live", `document.querySelector('#live').dataset.live === 'yes' && !document.querySelector('#main').hidden`)
	g.Post(t, "/send-otp", fmt.Sprintf(`{"phoneNumber":%q}`, phone))
	p.until("the message is there", `document.querySelector('#messages .message')`)
	want := strings.ReplaceAll(markup, "{{pin}}", s.Newest(t, digits).PIN)
	if got := p.text("#messages .bubble"); got != want {
		t.Errorf("the phone shows %q, want %q", got, want)
	}
	if got := p.text("#messages .message-head strong"); got != "<i>Mallory</i>" {
		t.Errorf("the sender is %q", got)
	}
	if found := js[int](p, `document.querySelectorAll('#messages img, #messages script, #messages a, #messages i').length + (window.hacked ?? 0)`); found != 0 {
		t.Errorf("%d elements were made of the text", found)
	}
	p.shot("markup")
}
