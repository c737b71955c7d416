package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/internal/lockedbuffer"
)

// environmentOf returns a getenv; ports are free ones unless the case has its own.
func environmentOf(variables map[string]string) func(string) string {
	return func(name string) string {
		value, set := variables[name]
		if !set && strings.HasSuffix(name, "_PORT") {
			return "0"
		}
		return value
	}
}

// program is a run in the background.
type program struct {
	t       *testing.T
	stdout  lockedbuffer.Buffer
	stderr  lockedbuffer.Buffer
	stop    context.CancelFunc
	ended   chan int
	api     string
	control string
}

var addresses = regexp.MustCompile(`API +(http://\S+)\n +control +(http://\S+)\n(?s:.*)Ctrl-C`)

func startProgram(t *testing.T, variables map[string]string) *program {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	p := &program{t: t, stop: stop, ended: make(chan int, 1)}
	t.Cleanup(stop)
	go func() { p.ended <- run(ctx, nil, environmentOf(variables), &p.stdout, &p.stderr) }()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if found := addresses.FindStringSubmatch(p.stdout.String()); found != nil {
			p.api, p.control = found[1], found[2]
			return p
		}
		if time.Now().After(deadline) {
			t.Fatalf("it did not start: %s%s", p.stdout.String(), p.stderr.String())
		}
	}
}

func (p *program) wait() int {
	p.t.Helper()
	select {
	case code := <-p.ended:
		return code
	case <-time.After(time.Minute):
		p.t.Fatal("it did not end")
		return -1
	}
}

func (p *program) call(url, key, body string) (int, string) {
	p.t.Helper()
	method := "GET"
	if body != "" {
		method = "POST"
	}
	request, err := http.NewRequestWithContext(p.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if key != "" {
		request.Header.Set("Authorization", "App "+key)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return response.StatusCode, string(read)
}

func TestSendAndReadTheOutbox(t *testing.T) {
	p := startProgram(t, map[string]string{
		"INFOBIP_SIMULATOR_KEY": "canary-key", "INFOBIP_SIMULATOR_STRICT": "true",
		"INFOBIP_2FA_APP_ID": "APP", "INFOBIP_2FA_MSG_ID": "MSG", "PIN_LENGTH": "8",
	})
	status, body := p.call(p.api+"/2fa/2/pin?ncNeeded=false", "canary-key", `{"applicationId":"APP","messageId":"MSG","to":"14155552671"}`)
	if status != 200 {
		t.Errorf("send: %d %s", status, body)
	}
	_, outbox := p.call(p.control+"/outbox?to=14155552671", "", "")
	if !regexp.MustCompile(`"pin":"[0-9]{8}"`).MatchString(outbox) {
		t.Errorf("outbox = %s, want a PIN of eight digits", outbox)
	}
	status, _ = p.call(p.api+"/2fa/2/pin/", "canary-key", `{"applicationId":"APP","messageId":"MSG","to":"14155552671"}`)
	if status != 404 {
		t.Errorf("strict mode: a trailing slash answers %d, want 404", status)
	}
	for _, path := range []string{"/outbox", "/requests", "/faults"} {
		status, body := p.call(p.api+path, "canary-key", "")
		if status != 404 {
			t.Errorf("the API listener answers %s with %d %s", path, status, body)
		}
	}
	p.stop()
	if code := p.wait(); code != 0 {
		t.Errorf("exit code = %d, want 0", code)
	}
	if said := p.stdout.String() + p.stderr.String(); strings.Contains(said, "canary-key") || p.stderr.String() != "" {
		t.Errorf("the program said %q, want no key and no complaint", said)
	}
}

func TestSwitches(t *testing.T) {
	p := startProgram(t, map[string]string{"INFOBIP_SIMULATOR_SWITCHES": "v1-ids,create-200"})
	status, body := p.call(p.api+"/2fa/2/applications/NONE", "simulator", "")
	if status != 404 || !strings.Contains(body, "RESOURCE_NOT_FOUND") {
		t.Errorf("an unknown application answers %d %s", status, body)
	}
	status, body = p.call(p.api+"/2fa/2/applications", "simulator", `{"name":"a"}`)
	if status != 200 {
		t.Errorf("creating an application answers %d %s", status, body)
	}
}

// The line that the program prints is one that works.
func TestPrintedCommandsFit(t *testing.T) {
	p := startProgram(t, nil)
	printed := p.stdout.String()
	ids := regexp.MustCompile(`-d '(\{.*\})'`).FindStringSubmatch(printed)
	address := regexp.MustCompile(`curl "(\S+ncNeeded=false)"`).FindStringSubmatch(printed)
	if ids == nil || address == nil {
		t.Fatalf("no command in %s", printed)
	}
	status, body := p.call(address[1], "simulator", ids[1])
	if status != 200 {
		t.Errorf("the printed command answers %d %s", status, body)
	}
	_, outbox := p.call(regexp.MustCompile(`http://\S+outbox\?to=\d+`).FindString(printed), "", "")
	if !strings.Contains(outbox, `"pin":`) {
		t.Errorf("the printed outbox has %s", outbox)
	}
}

func TestEndsInTimeWithACallThatHangs(t *testing.T) {
	p := startProgram(t, nil)
	p.call(p.control+"/faults", "", `{"delay":"1h"}`)
	hanging := make(chan error, 1)
	go func() {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.api+"/2fa/2/applications", nil)
		if err != nil {
			hanging <- err
			return
		}
		request.Header.Set("Authorization", "App simulator")
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			response.Body.Close()
		}
		hanging <- err
	}()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		_, log := p.call(p.control+"/requests", "", "")
		if strings.Contains(log, `"status":0`) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the call did not arrive")
		}
	}
	began := time.Now()
	p.stop()
	code := p.wait()
	if took := time.Since(began); code != 0 || took > 30*time.Second {
		t.Errorf("it ended with %d after %v, want 0, and long before the call would have", code, took)
	}
	if <-hanging == nil {
		t.Error("the hanging call was answered")
	}
}

func TestStableIDsAcrossStarts(t *testing.T) {
	for range 2 {
		p := startProgram(t, map[string]string{"INFOBIP_2FA_APP_ID": "APP", "INFOBIP_2FA_MSG_ID": "MSG"})
		status, body := p.call(p.api+"/2fa/2/applications/APP/messages/MSG", "simulator", "")
		if status != 200 {
			t.Errorf("the template answers %d %s", status, body)
		}
		p.stop()
		p.wait()
	}
}

func TestComplaints(t *testing.T) {
	var listening net.ListenConfig
	taken, err := listening.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := strconv.Itoa(taken.Addr().(*net.TCPAddr).Port)
	for _, test := range []struct {
		variables map[string]string
		args      []string
		says      string
	}{
		{variables: map[string]string{"INFOBIP_SIMULATOR_PORT": port}, says: "port " + port + " is taken: choose another with INFOBIP_SIMULATOR_PORT"},
		{variables: map[string]string{"INFOBIP_CONTROL_PORT": port}, says: "port " + port + " is taken: choose another with INFOBIP_CONTROL_PORT"},
		{variables: map[string]string{"INFOBIP_SIMULATOR_PORT": "high"}, says: "INFOBIP_SIMULATOR_PORT must be a whole number"},
		{variables: map[string]string{"INFOBIP_CONTROL_PORT": "65536"}, says: "INFOBIP_CONTROL_PORT must be a whole number"},
		{variables: map[string]string{"INFOBIP_SIMULATOR_PORT": "4000", "INFOBIP_CONTROL_PORT": "4000"}, says: "must be another port"},
		{variables: map[string]string{"INFOBIP_SIMULATOR_HOST": "not a host"}, says: "listening on"},
		{variables: map[string]string{"INFOBIP_SIMULATOR_STRICT": "yes"}, says: "INFOBIP_SIMULATOR_STRICT must be true or false"},
		{variables: map[string]string{"PIN_TTL": "ten minutes"}, says: "PIN_TTL must be a duration"},
		{variables: map[string]string{"PIN_TTL": "0s"}, says: "PIN_TTL must be a duration"},
		{variables: map[string]string{"VERIFY_SPACING": "-3s"}, says: "VERIFY_SPACING must be a duration"},
		{variables: map[string]string{"NUMBER_TOTAL_LIMIT": "3"}, says: "NUMBER_TOTAL_LIMIT must be a rate"},
		{variables: map[string]string{"PIN_LENGTH": "0", "PIN_ATTEMPTS": "0"}, says: "PIN_LENGTH must be a whole number from 4 to 8; PIN_ATTEMPTS must be"},
		{variables: map[string]string{"INFOBIP_SIMULATOR_SWITCHES": "v1-ids,v2-ids"}, says: "INFOBIP_SIMULATOR_SWITCHES must be names of switches"},
		{variables: map[string]string{"PIN_LENGTH": "9"}, says: "PIN_LENGTH must be a whole number from 4 to 8"},
		{args: []string{"start"}, says: "it takes no arguments"},
		{args: []string{"-port", "1"}, says: "flag provided but not defined"},
	} {
		var stdout, stderr lockedbuffer.Buffer
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		code := run(ctx, test.args, environmentOf(test.variables), &stdout, &stderr)
		cancel()
		said := stderr.String()
		if code != 1 || !strings.Contains(said, test.says) {
			t.Errorf("%v %v: exit code %d, said %q, want 1 and %q", test.variables, test.args, code, said, test.says)
		}
		if test.args == nil && strings.Count(said, "\n") != 1 {
			t.Errorf("%v: said %q, want one line", test.variables, said)
		}
	}
}

func TestHelpNamesTheChoices(t *testing.T) {
	var stdout, stderr lockedbuffer.Buffer
	code := run(t.Context(), []string{"--help"}, environmentOf(nil), &stdout, &stderr)
	said := stdout.String()
	if code != 0 || stderr.String() != "" || !strings.Contains(said, "choices") || !strings.Contains(said, "NO_MORE_PIN_ATTEMPTS") || !strings.Contains(said, "INFOBIP_CONTROL_PORT") ||
		!strings.Contains(said, "v1-ids") || !strings.Contains(said, "PIN_ALREADY_VERIFIED") {
		t.Errorf("exit code %d, stderr %q, stdout %q", code, stderr.String(), said)
	}
}
