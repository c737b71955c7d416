package web_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// TestTroubleOfThePage: what the control listener refuses is said on the page, as text.
func TestTroubleOfThePage(t *testing.T) {
	t.Parallel()
	g := harness.StartGateway(t)
	v := desktop
	p := openConsole(t, g, v)
	for range 1000 {
		g.Fault(t, map[string]any{"operation": "send", "to": "4915123456789"})
	}
	p.click(`[data-fault="down"]`)
	p.until("the refusal is shown", `!document.querySelector('#trouble').hidden`)
	if got := p.text("#trouble"); got != "there are 1000 faults already: clear them first" {
		t.Errorf("the page says %q", got)
	}
}

// TestProgramStartsAnew: the page says that it has lost the program, finds it again, and shows what is there then.
func TestProgramStartsAnew(t *testing.T) {
	t.Parallel()
	ports := []string{
		"PORT=" + strconv.Itoa(harness.FreePort(t)), "INFOBIP_SIMULATOR_PORT=" + strconv.Itoa(harness.FreePort(t)), "INFOBIP_CONTROL_PORT=" + strconv.Itoa(harness.FreePort(t)),
	}
	g := harness.StartGateway(t, append(ports, loose...)...)
	v := desktop
	v.tolerates = lostLine
	p := openConsole(t, g, v)
	p.asks()
	p.screen("screen-code")
	p.until("the phone has the message", `document.querySelectorAll('#messages .message').length === 1`)
	if err := g.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	g.Process.Wait(t, patience)
	p.until("the page says so", `document.querySelector('#live').dataset.live === 'no' && document.querySelector('#live').innerText === 'not connected'`)
	again := harness.StartGateway(t, append(ports, loose...)...)
	p.until("it is live again", `document.querySelector('#live').dataset.live === 'yes'`)
	p.until("the phone is the new one", `document.querySelectorAll('#messages .message').length === 0`)
	p.click("#code-change")
	p.click("#screen-number .primary")
	p.until("the new code is offered", `document.querySelector('#offer').checkVisibility() && document.querySelectorAll('#messages .message').length === 1`)
	if got, want := p.text("#offer-code"), again.Newest(t, digits).PIN; got != want {
		t.Errorf("offered %s, want the new program's code", got)
	}
}

// TestMessageWhileReading: an answer that is older than an event does not undo it.
func TestMessageWhileReading(t *testing.T) {
	t.Parallel()
	g := harness.StartGateway(t, loose...)
	v := desktop
	v.script = `
		const real = globalThis.fetch;
		globalThis.fetch = async (address, request) => {
			const answer = await real(address, request);
			if (address === '/outbox' && !globalThis.held) await new Promise((release) => { globalThis.held = release; });
			return answer;
		};`
	p := openConsole(t, g, v)
	p.until("the outbox is being read", `globalThis.held`)
	g.Post(t, "/send-otp", fmt.Sprintf(`{"phoneNumber":%q}`, phone))
	there := `document.querySelectorAll('#messages .message').length === 1 && document.querySelectorAll('#log .exchange').length === 2`
	p.until("the message and the exchanges are there", there)
	js[bool](p, `(globalThis.held(), true)`)
	p.until("the clock was read, which comes last", `document.querySelector('#clock-now').innerText !== ''`)
	if !js[bool](p, there) {
		t.Errorf("the older answer took them away: %s", p.text("#their-phone"))
	}
}

// TestStreamOfEvents: what a script hears with curl -N is what happens.
func TestStreamOfEvents(t *testing.T) {
	t.Parallel()
	g := harness.StartGateway(t)
	response, err := http.Get(g.Control.URL + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	g.Post(t, "/send-otp", fmt.Sprintf(`{"phoneNumber":%q}`, phone))
	pin := g.Newest(t, digits).PIN
	heard := ""
	buffer := make([]byte, 64<<10)
	for !strings.Contains(heard, `"pin":"`+pin+`"`) || !strings.Contains(heard, `"state":"answered"`) {
		n, err := response.Body.Read(buffer)
		if err != nil {
			t.Fatalf("the stream ended: %v; it said %d bytes", err, len(heard))
		}
		heard += string(buffer[:n])
	}
}
