package web_test

import (
	"encoding/json"
	"flag"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

var runningConsole = flag.String("console", "", "address of a console that runs already, in the place of one of the test's own (tools/first-minute)")

// TestStranger: who has never seen it comes from the first screen to a verified number and its proof, with what `make run`
// has from the start. README's two pictures are taken on the way (`make screenshots`).
func TestStranger(t *testing.T) {
	address := *runningConsole
	if address == "" {
		address = harness.StartGateway(t).Console
	}
	v := desktop
	v.hosts = []string{hostOf(t, gatewayOf(t, address))}
	p := open(t, address, v)
	p.until("it is live", `document.querySelector('#live').dataset.live === 'yes' && !document.querySelector('#main').hidden`)
	p.asks()
	p.screen("screen-code")
	p.until("the code is offered", `!document.querySelector('#offer').hidden`)
	p.until("both sides of it are in the log", `document.querySelectorAll('#log .exchange').length === 2`)
	p.shotOfTop("console-code", 900)
	p.click("#offer-fill")
	p.click("#screen-code .primary")
	p.screen("screen-done")
	for _, want := range []string{"+1 415 555 2671 is theirs", "phone_number_verified\ntrue", "Its signature is right, by the published key"} {
		p.sees(want)
	}
	p.shotOfTop("console-proof", 1240)
}

// gatewayOf asks a console which gateway it has.
func gatewayOf(t *testing.T, console string) string {
	t.Helper()
	response, err := http.Get(strings.TrimSuffix(console, "/") + "/config")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var facts struct{ Gateway string }
	if err := json.NewDecoder(response.Body).Decode(&facts); err != nil {
		t.Fatal(err)
	}
	return facts.Gateway
}

// shotOfTop leaves a picture of the page's upper part, in the width of the window.
func (p *tab) shotOfTop(name string, height float64) {
	p.t.Helper()
	js[bool](p, `(scrollTo(0, 0), true)`)
	p.keep(name, call(p, page.CaptureScreenshot, page.CaptureScreenshotParams{
		Format: page.CaptureScreenshotFormatPng, CaptureBeyondViewport: new(true),
		Clip: &page.Viewport{Width: float64(desktop.width), Height: height, Scale: 1},
	}).Data)
}
