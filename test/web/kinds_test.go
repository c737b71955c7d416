package web_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// template changes the simulator's message template.
func template(t *testing.T, s *harness.Simulator, change map[string]any) {
	t.Helper()
	body, err := json.Marshal(change)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, s.API+"/2fa/2/applications/"+s.AppID+"/messages/"+s.MessageID, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "App "+harness.SimulatorKey)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("changing the template: %d", response.StatusCode)
	}
}

// repeated has a shell read a curl command, and makes the request that it says.
func repeated(t *testing.T, command string) harness.Answer {
	t.Helper()
	printed, err := exec.CommandContext(t.Context(), "sh", "-c", `curl() { printf '%s\0' "$@"; }; KEY=`+harness.SimulatorKey+`; `+command).Output()
	if err != nil {
		t.Fatalf("the shell does not take %s: %v", command, err)
	}
	words := strings.Split(strings.TrimSuffix(string(printed), "\x00"), "\x00")
	headers, address, body := map[string]string{}, "", ""
	for i := 0; i < len(words); i++ {
		switch word := words[i]; word {
		case "-i":
		case "-H":
			i++
			name, value, _ := strings.Cut(words[i], ": ")
			headers[name] = value
		case "-d":
			i++
			body = words[i]
		default:
			address = word
		}
	}
	base, path, _ := strings.Cut(strings.TrimPrefix(address, "http://"), "/")
	g := harness.Gateway{URL: "http://" + base}
	return g.Do(t, http.MethodPost, "/"+path, headers, body)
}

// TestSimulatorAlone: the phone, the world, and the command to begin with; no flow.
func TestSimulatorAlone(t *testing.T) {
	t.Parallel()
	s := harness.StartSimulator(t)
	p := open(t, s.Console, desktop)
	p.until("it is live", `document.querySelector('#live').dataset.live === 'yes' && !document.querySelector('#main').hidden`)
	if js[bool](p, `document.querySelector('#person').checkVisibility()`) {
		t.Error("there is a flow without a gateway")
	}
	if got := p.text("#curl-title"); got != "To send a code" {
		t.Errorf("the command is called %q", got)
	}
	if got := repeated(t, p.text("#curl")); got.Status != 200 {
		t.Errorf("the command is answered %d %s", got.Status, got.Body)
	}
	p.until("the phone has the message", `document.querySelector('#messages .message')`)
	if shown := p.text("#messages .message"); !strings.Contains(shown, s.Newest(t, digits).PIN) || strings.Contains(shown, "Fill in") {
		t.Errorf("the message shows %s", shown)
	}
	p.breaks("down")
	p.shot("simulator-alone")
}

// TestRealProvider: the flow and the gateway's own log, and nothing that only a phone may know. The simulator of another
// program stands in for the provider.
func TestRealProvider(t *testing.T) {
	t.Parallel()
	s := harness.StartSimulator(t)
	g := harness.StartGateway(t, append([]string{
		"INFOBIP_BASE_URL=" + s.API, "INFOBIP_API_KEY=" + harness.SimulatorKey, "INFOBIP_2FA_APP_ID=" + s.AppID, "INFOBIP_2FA_MSG_ID=" + s.MessageID,
	}, loose...)...)
	p := openConsole(t, g, desktop)
	for _, selector := range []string{".handset", "#controls", "#sides"} {
		if js[bool](p, `document.querySelector(`+quoted(selector)+`).checkVisibility()`) {
			t.Errorf("%s is shown with the real provider", selector)
		}
	}
	p.asks()
	p.screen("screen-code")
	pin := s.Newest(t, digits).PIN
	p.types("#code", pin)
	p.click("#screen-code .primary")
	p.screen("screen-done")
	p.until("the log has both", `document.querySelectorAll('#log .exchange').length >= 2`)
	p.click("#log .exchange summary")
	if all := js[string](p, `document.documentElement.outerHTML + JSON.stringify(performance.getEntriesByType('resource').map((r) => r.name))`); strings.Contains(all, pin) {
		t.Error("the page has the PIN in it")
	}
	if log := js[string](p, `fetch('/exchanges').then((r) => r.text())`); strings.Contains(log, pin) || strings.Contains(log, harness.SimulatorKey) {
		t.Error("the log has the PIN or the key in it")
	}
	p.shot("real-provider")
}
