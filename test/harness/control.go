package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Control is the simulator's control listener.
type Control struct {
	// URL is its address, without a slash at the end.
	URL string
}

// Message is what the simulator delivered.
type Message struct {
	To      string `json:"to"`
	Channel string `json:"channel"`
	Text    string `json:"text"`
	PIN     string `json:"pin"`
	PINID   string `json:"pinId"`
}

// Call is one request that the simulator's API listener saw.
type Call struct {
	Operation string `json:"operation"`
	Method    string `json:"method"`
	Path      string `json:"path"`
	Status    int    `json:"status"`
}

// Outbox returns what was delivered to a phone number, newest last.
func (c Control) Outbox(tb testing.TB, to string) []Message {
	tb.Helper()
	var messages []Message
	c.call(tb, http.MethodGet, "/outbox?to="+url.QueryEscape(strings.TrimPrefix(to, "+")), nil, &messages)
	return messages
}

// Newest returns the newest message to a phone number.
func (c Control) Newest(tb testing.TB, to string) Message {
	tb.Helper()
	messages := c.Outbox(tb, to)
	if len(messages) == 0 {
		tb.Fatal("the outbox has no message for the number")
	}
	return messages[len(messages)-1]
}

// Calls returns the requests of an operation (send, resend, verify, *), refused ones too.
func (c Control) Calls(tb testing.TB, operation string) []Call {
	tb.Helper()
	path := "/requests"
	if operation != "*" {
		path += "?operation=" + operation
	}
	var calls []Call
	c.call(tb, http.MethodGet, path, nil, &calls)
	return calls
}

// Fault makes the API misbehave as the control listener's help says.
func (c Control) Fault(tb testing.TB, fault map[string]any) {
	tb.Helper()
	c.call(tb, http.MethodPost, "/faults", fault, nil)
}

// ClearFaults ends all misbehaviour.
func (c Control) ClearFaults(tb testing.TB) {
	tb.Helper()
	c.call(tb, http.MethodDelete, "/faults", nil, nil)
}

// Advance moves the simulator's clock, and that of a gateway in the same program.
func (c Control) Advance(tb testing.TB, by string) {
	tb.Helper()
	c.call(tb, http.MethodPost, "/clock", map[string]string{"advance": by}, nil)
}

// Reset forgets all but applications and templates.
func (c Control) Reset(tb testing.TB) {
	tb.Helper()
	c.call(tb, http.MethodPost, "/reset", nil, nil)
}

func (c Control) call(tb testing.TB, method, path string, in, out any) {
	tb.Helper()
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			tb.Fatal(err)
		}
		body = bytes.NewReader(raw)
	}
	ctx, cancel := context.WithTimeout(tb.Context(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, c.URL+path, body)
	if err != nil {
		tb.Fatal(err)
	}
	if in != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		tb.Fatalf("calling the control listener: %v", err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		tb.Fatalf("reading the control listener's answer: %v", err)
	}
	if response.StatusCode/100 != 2 {
		tb.Fatalf("%s %s on the control listener: %d %s", method, path, response.StatusCode, mask(string(raw)))
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(raw, out); err != nil {
		tb.Fatalf("the control listener's answer to %s: %v", path, err)
	}
}

// Simulator is cmd/simulator, running.
type Simulator struct {
	Control
	// Port is that of the API listener.
	Port int
	// API is its address on the loopback interface.
	API string
	// Console is the address of its page, with a slash at the end.
	Console string
	// AppID and MessageID are the application and the template made at the start.
	AppID, MessageID string
	Process          *Process
}

// SimulatorKey is the API key that StartSimulator's simulator takes.
const SimulatorKey = "simulator-key-of-a-test"

var announced = regexp.MustCompile(`(?s)API +http://\S*:(\d+)\s.*control +(http://\S+)\s.*INFOBIP_2FA_APP_ID=(\S+)\s.*INFOBIP_2FA_MSG_ID=(\S+)\s`)

// StartSimulator starts the compiled simulator on free ports. Env adds settings.
func StartSimulator(tb testing.TB, env ...string) *Simulator {
	tb.Helper()
	s := &Simulator{}
	s.Process = Start(tb, Command{
		Name: "the simulator",
		Path: Program(tb, "simulator"),
		Dir:  tb.TempDir(),
		Env: append([]string{
			"INFOBIP_SIMULATOR_PORT=0", "INFOBIP_CONTROL_PORT=0", "INFOBIP_SIMULATOR_KEY=" + SimulatorKey,
		}, env...),
	})
	err := s.Process.ready(2*time.Minute, func() error {
		found := announced.FindStringSubmatch(s.Process.Raw())
		if found == nil {
			return fmt.Errorf("no announcement yet")
		}
		_, err := fmt.Sscan(found[1], &s.Port)
		s.API = "http://127.0.0.1:" + found[1]
		s.URL, s.AppID, s.MessageID = found[2], found[3], found[4]
		if page := consoleAddress.FindStringSubmatch(s.Process.Raw()); page != nil {
			s.Console = page[1]
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}
