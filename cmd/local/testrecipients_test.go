package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// asked returns what the simulator's API was asked for and what it delivered, as its control
// listener shows it.
func (p *program) asked() string {
	p.t.Helper()
	all := ""
	for _, path := range []string{"/requests", "/outbox"} {
		res, err := http.Get(p.control + path)
		if err != nil {
			p.t.Fatal(err)
		}
		text, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK {
			p.t.Fatalf("%s: %d, %v", path, res.StatusCode, err)
		}
		all += strings.TrimSpace(string(text))
	}
	return all
}

// TestAReviewerGetsIn, of whom Infobip never hears, and is treated as anybody a day after
// the end.
func TestAReviewerGetsIn(t *testing.T) {
	last := time.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly)
	p := started(t, map[string]string{"TEST_RECIPIENTS": "+14155552671=424242@" + last + ",+41446681800=4242@2026-01-31"})
	if line := "\n  tests     1 recipient until " + last + "\n"; !strings.Contains(p.stdout.String(), line) {
		t.Errorf("the program does not print %q: %s", line, p.stdout.String())
	}
	const send = `{"phoneNumber":"+14155552671"}`
	verify := func(pin, id string, header ...string) (int, map[string]any) {
		body := fmt.Sprintf(`{"phoneNumber":"+14155552671","pin":%q,"verificationId":%q}`, pin, id)
		status, _, got := p.post("/verify-otp", body, header...)
		return status, got
	}
	var ids []string
	for range 4 { // without a cooldown; the fourth replaces the first
		status, _, sent := p.post("/send-otp", send)
		id, _ := sent["verificationId"].(string)
		if status != http.StatusOK || id == "" || sent["resendIn"] != 30.0 {
			t.Fatalf("send got %d %v", status, sent)
		}
		ids = append(ids, id)
	}
	if status, got := verify("424242", ids[0]); status != http.StatusUnauthorized || got["state"] != "expired" {
		t.Errorf("the code that was replaced got %d %v", status, got)
	}
	if status, got := verify("111111", ids[3]); status != http.StatusUnauthorized || got["state"] != "wrong" || got["attemptsRemaining"] != 4.0 {
		t.Errorf("a wrong PIN got %d %v", status, got)
	}
	var token string
	for range 2 { // and its repeat
		status, got := verify("424242", ids[3], "Idempotency-Key", "k")
		token, _ = got["proof"].(string)
		if status != http.StatusOK || token == "" {
			t.Fatalf("the right PIN got %d %v", status, got)
		}
		if claims := p.checked(token); claims["aud"] != p.base+"#test" || claims["iss"] != p.base || claims["phone_number"] != "+14155552671" || claims["jti"] != ids[3] {
			t.Errorf("its proof says %v", claims)
		}
	}
	if status, got := verify("424242", ids[3]); status != http.StatusUnauthorized || got["state"] != "used" {
		t.Errorf("the used code got %d %v", status, got)
	}
	if got := p.asked(); got != "[][]" {
		t.Errorf("Infobip was asked: %s", got)
	}
	log := p.stderr.String()
	if n := strings.Count(log, `"test":true`); n != 9 {
		t.Errorf("%d lines of the log say test, want 9", n)
	}
	for _, secret := range []string{"424242", "4155552671", token} {
		if strings.Contains(log, secret) {
			t.Errorf("the log has %s", secret)
		}
	}

	if status, _, got := p.call(http.MethodPost, p.control+"/clock", `{"advance":"72h"}`); status != http.StatusOK {
		t.Fatalf("the clock does not move: %d %v", status, got)
	}
	if status, got := verify("424242", ids[2]); status != http.StatusUnauthorized {
		t.Errorf("after the end an older code got %d %v", status, got)
	}
	status, _, sent := p.post("/send-otp", send)
	id, _ := sent["verificationId"].(string)
	if status != http.StatusOK {
		t.Fatalf("after the end a send got %d %v", status, sent)
	}
	if status, got := verify("424242", id); status != http.StatusUnauthorized {
		t.Errorf("after the end the PIN of the list got %d %v", status, got)
	}
	p.call(http.MethodPost, p.control+"/clock", `{"advance":"5s"}`)
	status, got := verify(p.pin("14155552671"), id)
	if token, _ = got["proof"].(string); status != http.StatusOK || token == "" {
		t.Fatalf("after the end the PIN of the message got %d %v", status, got)
	}
	if claims := p.checked(token); claims["aud"] != p.base {
		t.Errorf("after the end the audience is %v", claims["aud"])
	}
	if status, _, got := p.post("/send-otp", send); status != http.StatusTooManyRequests || got["code"] != "too_soon" {
		t.Errorf("after the end a second send got %d %v", status, got)
	}
}

// TestBadTestRecipients stop the start, and their faults show nothing.
func TestBadTestRecipients(t *testing.T) {
	got := refusal(t, map[string]string{"TEST_RECIPIENTS": "+14155552671=999999@2026-01-31,+41446681800=canary@2999-01-31,canary"}, "no such file")
	const want = "TEST_RECIPIENTS must be a list of test recipients, each RECIPIENT=PIN@YYYY-MM-DD, with commas between them: " +
		"entry 2: its last day is more than 90 days ahead; " +
		"entry 3: it has not the form RECIPIENT=PIN@YYYY-MM-DD"
	if got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
