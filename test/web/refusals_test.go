package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// answer is what the gateway says in a test, in place of its own.
type answer struct {
	status int
	body   any // encoded as JSON, or a string as it is
	lost   bool
}

// answers has the gateway's answers replaced, one after another, and then no more: with an effect that is lost, the gateway
// does its work first.
func (p *tab) answers(path string, list ...answer) {
	p.t.Helper()
	stage := fetch.RequestStageRequest
	if list[0].lost {
		stage = fetch.RequestStageResponse
	}
	ctx, cancel := context.WithCancel(p.ctx)
	p.endAnswers = cancel
	paused := chromedp.Events(ctx, fetch.RequestPaused)
	call(p, fetch.Enable, fetch.EnableParams{Patterns: []*fetch.RequestPattern{{URLPattern: "*" + path, RequestStage: stage}}})
	origin := strings.TrimSuffix(js[string](p, `location.href`), "/")
	go func() {
		for event, err := range paused {
			if err != nil {
				return // noMoreAnswers, or the tab has ended
			}
			if !strings.HasSuffix(event.Request.URL, path) {
				continue // of publishes
			}
			if event.Request.Method != "POST" || len(list) == 0 {
				_, _ = chromedp.Call(p.ctx, fetch.ContinueRequest, fetch.ContinueRequestParams{RequestID: event.RequestID})
				continue
			}
			next := list[0]
			list = list[1:]
			if next.lost {
				_, _ = chromedp.Call(p.ctx, fetch.FailRequest, fetch.FailRequestParams{RequestID: event.RequestID, ErrorReason: network.ErrorReasonConnectionReset})
				continue
			}
			body, isText := next.body.(string)
			if !isText {
				raw, err := json.Marshal(next.body)
				if err != nil {
					panic(err) // a test's own table
				}
				body = string(raw)
			}
			_, _ = chromedp.Call(p.ctx, fetch.FulfillRequest, fetch.FulfillRequestParams{
				RequestID: event.RequestID, ResponseCode: int64(next.status), Body: []byte(body),
				ResponseHeaders: []*fetch.HeaderEntry{{Name: "Content-Type", Value: "application/json"}, {Name: "Access-Control-Allow-Origin", Value: origin}},
			})
		}
	}()
}

func (p *tab) noMoreAnswers() {
	p.t.Helper()
	p.endAnswers()
	call(p, fetch.Disable, cdp.Empty{})
}

type members map[string]any

// TestEveryRefusalOfASend: each has its screen or its line at the field, in words for people, and a way on.
func TestEveryRefusalOfASend(t *testing.T) {
	t.Parallel()
	g := harness.StartGateway(t, loose...)
	p := openConsole(t, g, desktop)
	const fault = "This page has a fault"
	refusals := []struct {
		status int
		code   string
		more   members
		says   string
		at     string // the field it is said at, or a screen of its own
	}{
		{400, "phone_number_required", nil, "Enter your phone number.", "number"},
		{400, "phone_number_invalid", nil, "does not look like a phone number", "number"},
		{400, "phone_number_unassigned", nil, "not in service", "number"},
		{400, "region_not_allowed", nil, "do not send codes to this country", "number"},
		{400, "line_type_not_allowed", nil, "Use a mobile number", "number"},
		{400, "channel_unknown", nil, "Choose another one", "number"},
		{400, "channel_not_allowed", nil, "Choose another one", "number"},
		{400, "channel_mismatch", nil, "cannot reach you this way", "number"},
		{400, "email_required", nil, "Enter your e-mail address", "number"},
		{400, "email_invalid", nil, "does not look like an e-mail address", "number"},
		{400, "body_invalid", nil, fault, ""},
		{400, "field_unknown", nil, fault, ""},
		{400, "field_type", nil, fault, ""},
		{400, "recipient_ambiguous", nil, fault, ""},
		{400, "locale_invalid", nil, fault, ""},
		{400, "verification_id_required", nil, fault, ""},
		{400, "verification_id_invalid", nil, fault, ""},
		{400, "idempotency_key_invalid", nil, fault, ""},
		{400, "client_address_required", nil, fault, ""},
		{400, "nonce_invalid", nil, fault, ""},
		{403, "origin_refused", nil, fault, ""},
		{404, "not_found", nil, fault, ""},
		{405, "method_not_allowed", nil, fault, ""},
		{413, "body_too_large", nil, fault, ""},
		{415, "content_type_unsupported", nil, fault, ""},
		{422, "idempotency_key_reused", nil, fault, ""},
		{422, "idempotency_key_expired", nil, "This code is over", ""},
		{429, "address_limited", members{"retryAfter": 900}, "Too many tries from here", ""},
		{429, "number_limited", members{"retryAfter": 86000}, "No more codes for this number", ""},
		{429, "too_soon", members{"retryAfter": 30}, "A code was sent just now", ""},
		{429, "traffic_limited", members{"retryAfter": 900}, "No codes at the moment", ""},
		{429, "budget_exhausted", members{"retryAfter": 3600}, "No codes at the moment", ""},
		{429, "provider_throttled", members{"retryAfter": 5}, "Very busy right now", ""},
		{429, "busy", members{"retryAfter": 5}, "Very busy right now", ""},
		{500, "send_failed", nil, "The message could not be sent", ""},
		{500, "send_unconfirmed", members{"retryAfter": 30}, "We are not sure it was sent", ""},
		{500, "internal", nil, "Something broke on our side", ""},
		{503, "unavailable", members{"retryAfter": 5}, "Out of order for a moment", ""},
		{418, "brand_new", nil, "That did not work", ""},
		{429, "brand_new_wait", members{"retryAfter": 900}, "That did not work", ""},
	}
	var said []answer
	for _, c := range refusals {
		body := members{"error": "What the server says <b>to developers</b>.", "code": c.code}
		maps.Copy(body, c.more)
		said = append(said, answer{status: c.status, body: body})
	}
	p.answers("/send-otp", said...)
	seen := map[string]bool{}
	for _, c := range refusals {
		p.types("#number", "4155552671")
		p.until("the last fault is no longer marked", `!document.querySelector('#number').hasAttribute('aria-invalid') && document.querySelector('#number-error').hidden`)
		p.click("#screen-number .primary")
		p.sees(c.says)
		if !seen[c.says] {
			p.shotOfFlow("refusal-" + c.code)
		}
		seen[c.says] = true
		switch c.at {
		case "":
			p.screen("screen-notice")
			p.focused("notice-title")
			p.sees("What the server says <b>to developers</b>.") // as text
			p.sees(fmt.Sprintf("%d %s", c.status, c.code))
			if c.more != nil {
				p.until("it says how long", `!document.querySelector('#notice-until').hidden && document.querySelector('#notice-act').getAttribute('aria-disabled') === 'true'`)
			}
		default:
			p.screen("screen-number")
			p.until("the field is marked", `document.querySelector('#number').getAttribute('aria-invalid') === 'true' && document.querySelector('#number').getAttribute('aria-describedby').includes('number-error')`)
		}
		if c.at != "" {
			continue
		}
		if js[bool](p, `document.querySelector('#notice-back').hidden`) {
			p.click("#notice-act")
		} else {
			p.click("#notice-back")
		}
		p.screen("screen-number")
	}
	if got := len(g.Calls(t, "*")); got != 0 {
		t.Errorf("the gateway asked Infobip %d times", got)
	}
}

// TestEveryRefusalOfAVerify: at the field what can be mended there, on a screen of its own what cannot.
func TestEveryRefusalOfAVerify(t *testing.T) {
	t.Parallel()
	g := harness.StartGateway(t, loose...)
	p := openConsole(t, g, desktop)
	p.asks()
	p.screen("screen-code")
	for _, c := range []struct {
		name   string
		status int
		body   any
		says   string
		screen string
	}{
		{"wrong", 401, members{"code": "invalid_or_expired", "state": "wrong", "attemptsRemaining": 3}, "This code is not right. 3 tries left.", "screen-code"},
		{"one-try", 401, members{"code": "invalid_or_expired", "state": "wrong", "attemptsRemaining": 1}, "One try left.", "screen-code"},
		{"nameless", 401, members{"code": "invalid_or_expired"}, "This code is not right, or no longer good.", "screen-code"},
		{"pin-invalid", 400, members{"code": "pin_invalid"}, "The code has 6 digits.", "screen-code"},
		{"pin-missing", 400, members{"code": "phone_number_and_pin_required"}, "Enter the code.", "screen-code"},
		{"expired", 401, members{"code": "invalid_or_expired", "state": "expired", "attemptsRemaining": 4}, "This code has expired", "screen-notice"},
		{"locked", 401, members{"code": "invalid_or_expired", "state": "locked", "attemptsRemaining": 0}, "Too many wrong codes", "screen-notice"},
		{"used", 401, members{"code": "invalid_or_expired", "state": "used", "attemptsRemaining": 0}, "This code was used already", "screen-notice"},
		{"too-soon", 429, members{"code": "too_soon", "retryAfter": 30}, "A little too quick", "screen-notice"},
		{"address-limited", 429, members{"code": "address_limited", "retryAfter": 300}, "Too many tries from here", "screen-notice"},
		{"verify-failed", 500, members{"code": "verify_failed"}, "We could not check the code", "screen-notice"},
		{"unavailable", 503, members{"code": "unavailable", "retryAfter": 5}, "Out of order for a moment", "screen-notice"},
		{"a firewall", 403, "<html>blocked</html>", "Stopped on the way", "screen-notice"},
	} {
		p.answers("/verify-otp", answer{status: c.status, body: c.body})
		p.types("#code", "123456")
		p.click("#screen-code .primary")
		p.sees(c.says)
		p.screen(c.screen)
		p.shotOfFlow("verify-" + strings.ReplaceAll(c.name, " ", "-"))
		p.noMoreAnswers()
		if c.screen == "screen-code" {
			p.focused("code")
			continue
		}
		p.focused("notice-title")
		if p.text("#notice-back") == "Back to the code" {
			p.click("#notice-back")
		} else {
			p.click("#notice-act") // a new code
		}
		p.screen("screen-code")
	}
	// What is asked again under its key is not told.
	p.answers("/verify-otp", answer{status: 500, body: members{"code": "proof_failed", "error": "Failed to issue the proof."}}, answer{status: 200, body: members{"message": "OTP verified successfully."}})
	p.types("#code", "123456")
	p.click("#screen-code .primary")
	p.screen("screen-done")
}

// TestRefusalsOfTheGateway: the same, from the gateway itself.
func TestRefusalsOfTheGateway(t *testing.T) {
	t.Parallel()
	g := harness.StartGateway(t, "ALLOWED_REGIONS=US,AT", "NUMBER_SEND_LIMIT=2/1d", "IP_SEND_LIMIT=1000/15m", "PIN_ATTEMPTS=2", "VERIFY_SPACING=0s", "SEND_COOLDOWN=90s")
	p := openConsole(t, g, desktop)
	p.types("#number", "12")
	p.click("#screen-number .primary")
	p.sees("not in service")
	p.types("#number", "+1 415 555 2671 abc")
	p.click("#screen-number .primary")
	p.sees("does not look like a phone number")
	p.types("#number", "+447400123456")
	p.click("#screen-number .primary")
	p.sees("do not send codes to this country")
	if got := len(g.Calls(t, "*")); got != 0 {
		t.Errorf("Infobip was asked %d times", got)
	}

	p.types("#number", "+14155552671")
	p.click("#screen-number .primary")
	p.screen("screen-code")
	p.types("#code", wrong(g.Newest(t, digits).PIN))
	p.click("#screen-code .primary")
	p.sees("This code is not right. One try left.")

	p.click("#code-change")
	p.click("#screen-number .primary")
	p.sees("A code was sent just now")
	p.click("#notice-back") // back to the code that is alive
	p.screen("screen-code")
	p.types("#code", wrong(g.Newest(t, digits).PIN))
	p.click("#screen-code .primary")
	p.sees("Too many wrong codes")

	g.Advance(t, "2m")
	p.click("#notice-act")
	p.screen("screen-code")
	g.Advance(t, "5m")
	p.click("#code-change")
	p.click("#screen-number .primary")
	p.sees("No more codes for this number")
	p.until("the wait is told roughly", `/^about 2[34] hours$/.test(document.querySelector('#notice-left').innerText)`)
}

// TestTooManyFromOneAddress: the wait is the server's, and goes along with the clock.
func TestTooManyFromOneAddress(t *testing.T) {
	t.Parallel()
	g := harness.StartGateway(t, "IP_SEND_LIMIT=1/15m", "SEND_COOLDOWN=0s")
	p := openConsole(t, g, desktop)
	p.asks()
	p.screen("screen-code")
	p.click("#code-change")
	p.types("#number", "+436641234567")
	p.click("#screen-number .primary")
	p.sees("Too many tries from here")
	p.until("about a quarter of an hour is left", `/^1[45]:\d\d$/.test(document.querySelector('#notice-left').innerText)`)
	g.Advance(t, "15m")
	p.until("the wait is over", `!document.querySelector('#notice-act').hasAttribute('aria-disabled') && document.querySelector('#notice-until').hidden`)
	p.click("#notice-act")
	p.screen("screen-code")
}

// wrong is a PIN that is not the given one, in the same form.
func wrong(pin string) string {
	return strings.Map(func(r rune) rune { return '0' + (r-'0'+1)%10 }, pin)
}

// lostLine is the browser's own for an answer that did not come.
var lostLine = regexp.MustCompile(`^Failed to load resource: net::ERR_`)

// TestLostAnswers: what the gateway did and could not tell is asked for again under its key, so one tap is one message and one
// code one success.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	g := harness.StartGateway(t, loose...)
	v := desktop
	v.tolerates = lostLine
	p := openConsole(t, g, v)
	p.answers("/send-otp", answer{lost: true})
	p.asks()
	p.screen("screen-code")
	if got := len(g.Outbox(t, digits)); got != 1 {
		t.Errorf("one tap made %d messages", got)
	}
	p.noMoreAnswers()
	p.answers("/verify-otp", answer{lost: true}, answer{lost: true}, answer{lost: true})
	p.types("#code", g.Newest(t, digits).PIN)
	p.click("#screen-code .primary")
	p.sees("No answer")
	p.shotOfFlow("refusal-no_answer")
	p.noMoreAnswers()
	p.click("#notice-act")
	p.screen("screen-done")
	keys := js[[]string](p, `fetch('/exchanges').then((r) => r.json()).then((all) => [...new Set(all.filter((e) => e.url === '/verify-otp' && e.method === 'POST').map((e) => e.request.header.find(([name]) => name === 'Idempotency-Key')[1]))])`)
	if len(keys) != 1 {
		t.Errorf("the verify went out under %d keys", len(keys))
	}
}
