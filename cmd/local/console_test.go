package main

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

var consoleLine = regexp.MustCompile(`^infobip-otp\n +console +(http://localhost:\d+)/\n`)

// TestConsoleIsSaidFirst: the address to open stands at the top, and the page is there.
func TestConsoleIsSaidFirst(t *testing.T) {
	p := started(t, nil)
	found := consoleLine.FindStringSubmatch(p.stdout.String())
	if found == nil {
		t.Fatalf("the program begins with %q", p.stdout.String())
	}
	status, header, got := p.call(http.MethodGet, found[1]+"/", "")
	if status != http.StatusOK || !strings.Contains(fmt.Sprint(got["text"]), "<title>infobip-otp console</title>") {
		t.Errorf("the console answers %d %v", status, got["text"])
	}
	if !strings.Contains(header.Get("Content-Security-Policy"), "connect-src 'self' "+p.base+";") {
		t.Errorf("the page may call %q", header.Get("Content-Security-Policy"))
	}
	_, _, facts := p.call(http.MethodGet, found[1]+"/config", "")
	if facts["gateway"] != p.base || facts["realProvider"] != false || facts["pinLength"] != 6.0 || facts["simulator"] == nil {
		t.Errorf("the page is told %v", facts)
	}
}

// TestMessagesArePrinted: number and PIN as a plain line, and in no line of the log.
func TestMessagesArePrinted(t *testing.T) {
	p := started(t, nil)
	p.post("/send-otp", `{"phoneNumber":"+14155552671"}`)
	p.post("/send-otp", `{"phoneNumber":"+436641234567","channel":"voice"}`)
	want := fmt.Sprintf("Ctrl-C ends it.\n+14155552671  %s  sms\n+436641234567  %s  voice\n", p.pin("14155552671"), p.pin("436641234567"))
	deadline := time.Now().Add(30 * time.Second)
	for !strings.HasSuffix(p.stdout.String(), want) {
		if time.Now().After(deadline) {
			t.Fatalf("stdout ends with %q, want %q", p.stdout.String()[max(0, len(p.stdout.String())-200):], want)
		}
		time.Sleep(5 * time.Millisecond)
	}
	for _, secret := range []string{p.pin("14155552671"), "14155552671"} {
		if strings.Contains(p.stderr.String(), secret) {
			t.Errorf("the log holds %q: %s", secret, p.stderr.String())
		}
	}
}

// TestEmail: a laptop offers e-mail too, from a template of its simulator's.
func TestEmail(t *testing.T) {
	p := started(t, nil)
	const address = "canary.person@example.com"
	if status, _, got := p.post("/send-otp", `{"email":"`+address+`"}`); status != http.StatusOK {
		t.Fatalf("a send by e-mail got %d %v", status, got)
	}
	if status, _, got := p.post("/verify-otp", `{"email":"`+address+`","pin":"`+p.pin(address)+`"}`); status != http.StatusOK || got["proof"] == nil {
		t.Errorf("its verify got %d %v", status, got)
	}
	if strings.Contains(p.stderr.String(), "canary") {
		t.Errorf("the log shows the address: %s", p.stderr.String())
	}
}

// TestBothSidesAreLogged: one send is an exchange with the gateway and one with Infobip.
func TestBothSidesAreLogged(t *testing.T) {
	p := started(t, nil)
	p.post("/send-otp", `{"phoneNumber":"+14155552671"}`, "Idempotency-Key", "key-of-a-test")
	_, _, got := p.call(http.MethodGet, p.control+"/exchanges", "")
	log := fmt.Sprint(got["text"])
	for _, want := range []string{`"side":"gateway"`, `"/send-otp"`, `["Idempotency-Key","key-of-a-test"]`, `"side":"infobip"`, `"/2fa/2/pin?ncNeeded=false"`, `["Authorization","App •••"]`} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s: %s", want, log)
		}
	}
}

// TestMessageIsBoundToThisMachine: what a phone's browser would fill in on this page.
func TestMessageIsBoundToThisMachine(t *testing.T) {
	p := started(t, nil)
	p.post("/send-otp", `{"phoneNumber":"+14155552671"}`)
	_, _, got := p.call(http.MethodGet, p.control+"/outbox/wait?to=14155552671", "")
	want := fmt.Sprintf("%[1]v is your code. Do not share it with anyone.\n@localhost #%[1]v", got["pin"])
	if got["text"] != want || got["pin"] == nil {
		t.Errorf("the message is %q, want %q", got["text"], want)
	}
}

// TestConsoleWithTheRealProvider: the page and the gateway's side, without anything secret, and no PIN
// in the terminal.
func TestConsoleWithTheRealProvider(t *testing.T) {
	const canary = "canary-key-of-a-test"
	p := started(t, map[string]string{
		"INFOBIP_BASE_URL": "http://127.0.0.1:9", "INFOBIP_API_KEY": canary, "INFOBIP_2FA_APP_ID": "a", "INFOBIP_2FA_MSG_ID": "m",
	})
	found := consoleLine.FindStringSubmatch(p.stdout.String())
	if found == nil || p.control != "" {
		t.Fatalf("the program says %q, want a console and no outbox", p.stdout.String())
	}
	p.post("/verify-otp", `{"phoneNumber":"+14155552671","pin":"135790"}`, "Authorization", "Bearer "+canary)
	_, _, facts := p.call(http.MethodGet, found[1]+"/config", "")
	if facts["realProvider"] != true || facts["simulator"] != nil {
		t.Errorf("the page is told %v", facts)
	}
	_, _, got := p.call(http.MethodGet, found[1]+"/exchanges", "")
	log := fmt.Sprint(got["text"])
	if !strings.Contains(log, "/verify-otp") || strings.Contains(log, "135790") || strings.Contains(log, canary) {
		t.Errorf("the log is %s", log)
	}
	if status, _, _ := p.call(http.MethodGet, found[1]+"/outbox", ""); status != http.StatusNotFound {
		t.Errorf("the outbox answers %d", status)
	}
	if said := p.stdout.String() + p.stderr.String(); strings.Contains(said, canary) || strings.Contains(said, "135790") {
		t.Error("the program's output holds a secret")
	}
}

// TestStreamsEndWithTheProgram: an open page does not hold the end, for its stream ends by itself. One
// that did not would be cut after a while.
func TestStreamsEndWithTheProgram(t *testing.T) {
	p := started(t, nil)
	response, err := http.Get(p.control + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	p.stop()
	if said, err := io.ReadAll(response.Body); err != nil {
		t.Errorf("the stream said %q and was cut: %v", said, err)
	}
}
