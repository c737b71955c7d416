package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/internal/lockedbuffer"
)

func env(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

// program is a run of it on free ports.
type program struct {
	t              *testing.T
	stdout, stderr *lockedbuffer.Buffer
	base, control  string
	cancel         context.CancelFunc
	ended          chan error
}

var (
	gatewayLine = regexp.MustCompile(`gateway +(http://localhost:\d+)\n`)
	outboxLine  = regexp.MustCompile(`outbox +(http://127\.0\.0\.1:\d+)/outbox\n`)
)

// started runs the program until the test ends.
func started(t *testing.T, variables map[string]string) *program {
	t.Helper()
	free := map[string]string{"PORT": "0", "INFOBIP_SIMULATOR_PORT": "0", "INFOBIP_CONTROL_PORT": "0"}
	for name, value := range variables {
		free[name] = value
	}
	ctx, cancel := context.WithCancel(t.Context())
	p := &program{t: t, stdout: &lockedbuffer.Buffer{}, stderr: &lockedbuffer.Buffer{}, cancel: cancel, ended: make(chan error, 1)}
	go func() {
		p.ended <- run(ctx, env(free), filepath.Join(t.TempDir(), ".env"), p.stdout, p.stderr)
	}()
	t.Cleanup(func() { p.stop() })
	deadline := time.Now().Add(time.Minute)
	for !strings.Contains(p.stdout.String(), "Ctrl-C ends it.") {
		select {
		case err := <-p.ended:
			t.Fatalf("the program ended: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("the program did not start: %s", p.stdout.String())
		}
	}
	p.base = gatewayLine.FindStringSubmatch(p.stdout.String())[1]
	if found := outboxLine.FindStringSubmatch(p.stdout.String()); found != nil {
		p.control = found[1]
	}
	return p
}

// stop ends the program and says how long that took. It may be called again.
func (p *program) stop() time.Duration {
	p.t.Helper()
	begun := time.Now()
	p.cancel()
	select {
	case err := <-p.ended:
		if err != nil {
			p.t.Errorf("the program ended with %v", err)
		}
		p.ended <- nil
	case <-time.After(time.Minute):
		p.t.Error("the program did not end")
	}
	return time.Since(begun)
}

// call makes a request and returns the status and the body's members.
func (p *program) call(method, address, body string, header ...string) (int, http.Header, map[string]any) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Content-Type" {
			req.Header.Del(header[i])
		}
		req.Header.Add(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	members := map[string]any{"text": string(text)}
	_ = json.Unmarshal(text, &members) // not every answer is JSON
	return res.StatusCode, res.Header, members
}

func (p *program) post(path, body string, header ...string) (int, http.Header, map[string]any) {
	p.t.Helper()
	return p.call(http.MethodPost, p.base+path, body, header...)
}

// pin is the newest one sent to a number.
func (p *program) pin(digits string) string {
	p.t.Helper()
	res, err := http.Get(p.control + "/outbox?to=" + digits)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	var messages []struct{ PIN string }
	if err := json.NewDecoder(res.Body).Decode(&messages); err != nil || len(messages) == 0 {
		p.t.Fatalf("the outbox has %d messages, %v", len(messages), err)
	}
	return messages[len(messages)-1].PIN
}
