package web_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// accessible has axe-core look at the page, as it is now.
func (p *tab) accessible(where string) {
	p.t.Helper()
	found := js[[]string](p, `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.flatMap(
		({ id, help, nodes }) => nodes.map((node) => id + ': ' + help + ' at ' + node.target.join(' ') + ' (' + node.any.map((check) => check.message).join('; ') + ')')))`)
	for _, violation := range found {
		p.t.Errorf("%s: %s", where, violation)
	}
}

// fits checks that nothing is wider than the window.
func (p *tab) fits(where string) {
	p.t.Helper()
	if wide := js[string](p, `(() => {
		const most = document.documentElement.clientWidth;
		if (document.documentElement.scrollWidth <= most) return '';
		return [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > most + 1).map((e) => e.id || e.className || e.tagName).slice(0, 5).join() || 'something';
	})()`); wide != "" {
		p.t.Errorf("%s: wider than the window: %s", where, wide)
	}
}

// TestAccessible: no violation on any screen, light and dark, narrow and wide; and everything fits.
func TestAccessible(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile(filepath.Join(workshop(t), "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	for _, width := range []int64{360, 1280} {
		for _, dark := range []bool{false, true} {
			name := fmt.Sprintf("%d %s", width, map[bool]string{false: "light", true: "dark"}[dark])
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				g := harness.StartGateway(t, loose...)
				p := openConsole(t, g, view{width: width, height: 900, dark: dark})
				js[bool](p, string(source)+"; true")
				look := func(screen string) {
					t.Helper()
					p.accessible(screen)
					p.fits(screen)
					p.shot(strings.ReplaceAll(name, " ", "-") + "-" + screen)
				}
				look("number")
				p.types("#number", "12")
				p.click("#screen-number .primary")
				p.sees("not in service")
				look("number-error")
				p.answers("/send-otp", answer{status: 403, body: members{"error": "Please complete the challenge.", "code": "challenge_required"}})
				p.asks()
				p.screen("screen-challenge")
				look("challenge")
				p.noMoreAnswers()
				p.click("#challenge-back")
				p.asks()
				p.screen("screen-code")
				p.until("the code is offered", `!document.querySelector('#offer').hidden`)
				p.breaks("wrong")
				p.click("#log .exchange summary")
				look("code")
				p.click("#offer-fill")
				p.click("#screen-code .primary")
				p.sees("4 tries left")
				look("code-error")
				p.answers("/verify-otp", answer{status: 429, body: members{"code": "address_limited", "error": "Too many.", "retryAfter": 300}})
				p.click("#screen-code .primary")
				p.screen("screen-notice")
				look("notice")
				p.noMoreAnswers()
				p.click("#notice-back")
				p.answers("/verify-otp", answer{status: 200, body: members{"message": "OTP verified successfully.", "proof": proof(g.URL)}})
				p.click("#other-way")
				p.sees("We are calling")
				p.types("#code", "123456")
				p.click("#screen-code .primary")
				p.screen("screen-done")
				p.until("the signature was looked at", `document.querySelector('#proof-signature').dataset.right`)
				look("verified")
				p.noMoreAnswers()
				p.click("#done-again")
				p.choose("#locale", "ar")
				p.asks()
				p.screen("screen-code")
				p.click("#code-change")
				p.way("email")
				p.choose("#locale", "sv")
				look("email")
				p.choose("#locale", "ar")
				p.click("#screen-number .primary")
				p.screen("screen-code")
				p.until("the e-mail is there", `document.querySelector('#mail .message')`)
				p.click("#texts summary")
				look("mail")
			})
		}
	}
}

// TestZoomedText: at twice the size of text nothing is cut off or wider than the window.
func TestZoomedText(t *testing.T) {
	t.Parallel()
	g := harness.StartGateway(t)
	p := openConsole(t, g, view{width: 1280, height: 900})
	p.do(chromedp.EmulateViewport(640, 450, chromedp.EmulateScale(2))) // what a browser's 200 % is
	p.fits("zoomed")
}
