// Package local tests cmd/local, the service on a laptop, as a client sees it: the
// compiled program is started as `make run` starts it and spoken to over HTTP.
package local

import (
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

const phone = "+14155552671"

const (
	sendPhone = `{"phoneNumber":"+14155552671"}`
	banner    = "Infobip OTP Service Running!"
)

func verifyBody(pin string) string { return `{"phoneNumber":"+14155552671","pin":"` + pin + `"}` }

// otherPIN is a PIN of the same form that is not this one.
func otherPIN(pin string) string {
	if pin[0] == '0' {
		return "1" + pin[1:]
	}
	return "0" + pin[1:]
}

func TestPrintedCommandsWorkWhenPasted(t *testing.T) {
	g := harness.StartGateway(t)
	pasted := func(name string) string {
		t.Helper()
		command := regexp.MustCompile(`(?m)^ *(curl .*/` + name + ` .*)$`).FindStringSubmatch(g.Process.Raw())
		if command == nil {
			t.Fatalf("no curl command for /%s in what it printed", name)
		}
		printed, err := exec.CommandContext(t.Context(), "bash", "-c", command[1]).CombinedOutput()
		if err != nil {
			t.Fatalf("the printed command for /%s: %v (is curl installed?)\n%s", name, err, printed)
		}
		return string(printed)
	}
	if got := pasted("send-otp"); !strings.Contains(got, "200 OK") || !strings.Contains(got, "OTP sent successfully.") {
		t.Fatalf("the printed send answers\n%s\nwant 200", got)
	}
	if got := pasted("verify-otp"); !strings.Contains(got, "200 OK") || !strings.Contains(got, "OTP verified successfully.") {
		t.Errorf("the printed verify answers\n%s\nwant 200", got)
	}
	if got := pasted("verify-otp"); !strings.Contains(got, "401") || !strings.Contains(got, "Invalid or expired OTP.") {
		t.Errorf("the printed verify, again, answers\n%s\nwant 401", got)
	}
}

func TestContractOfTheMainJob(t *testing.T) {
	g := harness.StartGateway(t, "VERIFY_SPACING=30s") // in place of three, within which a busy machine may not come back
	got := g.Do(t, http.MethodGet, "/", nil, "")
	if got.Status != http.StatusOK || got.Body != banner || got.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("GET / = %d %q %q, want 200 %q text/plain", got.Status, got.Body, got.Header.Get("Content-Type"), banner)
	}

	asked := time.Now()
	sent := g.Post(t, "/send-otp", sendPhone)
	took := time.Since(asked)
	if sent.Status != http.StatusOK || sent.Members["message"] != "OTP sent successfully." {
		t.Fatalf("send = %d %s, want 200 OTP sent successfully.", sent.Status, sent.Body)
	}
	for member, after := range map[string]time.Duration{"expiresAt": 10 * time.Minute, "resendAt": 30 * time.Second} {
		value, _ := sent.Members[member].(string)
		at, err := time.Parse("2006-01-02T15:04:05Z", value)
		if err != nil {
			t.Errorf("%s = %q, want RFC 3339 in UTC with whole seconds", member, value)
			continue
		}
		const rounding = time.Second
		if off := at.Sub(asked) - after; off < -rounding || off > took+rounding {
			t.Errorf("%s is %v after the request, which took %v, want %v", member, at.Sub(asked), took, after)
		}
	}
	for name, want := range map[string]string{
		"RateLimit-Policy": "5;w=900", "RateLimit-Limit": "5", "RateLimit-Remaining": "4",
		"Cache-Control": "no-store", "Content-Type": "application/json",
	} {
		if got := sent.Header.Get(name); got != want {
			t.Errorf("%s of a send = %q, want %q", name, got, want)
		}
	}
	message := g.Newest(t, phone)
	if strings.Contains(sent.Body, message.PIN) || strings.Contains(sent.Body, message.PINID) {
		t.Error("the answer to a send holds the PIN or the pinId")
	}

	early := g.Post(t, "/send-otp", sendPhone)
	if early.Status != http.StatusTooManyRequests || early.Members["error"] != "Please wait before requesting another OTP." ||
		early.Header.Get("Retry-After") == "" {
		t.Errorf("a second send at once = %d %s, want 429 with Retry-After", early.Status, early.Body)
	}

	id, _ := sent.Members["verificationId"].(string)
	wrong := g.Post(t, "/verify-otp", `{"phoneNumber":"`+phone+`","pin":"`+otherPIN(message.PIN)+`","verificationId":"`+id+`"}`)
	if wrong.Status != http.StatusUnauthorized || wrong.Members["attemptsRemaining"] != 4.0 {
		t.Errorf("a wrong PIN with its verificationId = %d %s, want 401 with 4 attempts remaining", wrong.Status, wrong.Body)
	}
	spaced := g.Post(t, "/verify-otp", verifyBody(message.PIN))
	if spaced.Status != http.StatusTooManyRequests || spaced.Members["error"] != "Please wait before trying again." {
		t.Errorf("a verify right after another = %d %s, want 429", spaced.Status, spaced.Body)
	}
	g.Advance(t, "31s")
	right := g.Post(t, "/verify-otp", verifyBody(message.PIN))
	proof, _ := right.Members["proof"].(string)
	if right.Status != http.StatusOK || right.Members["message"] != "OTP verified successfully." || strings.Count(proof, ".") != 2 || len(right.Members) != 2 {
		t.Errorf("the right PIN = %d with %d members, want 200 OTP verified successfully. and a proof", right.Status, len(right.Members))
	}
	const refused = `{"error":"Invalid or expired OTP.","code":"invalid_or_expired"}`
	for name, body := range map[string]string{
		"a used PIN":                      verifyBody(message.PIN),
		"a number that was never sent to": `{"phoneNumber":"+41446681800","pin":"123456"}`,
	} {
		if got := g.Post(t, "/verify-otp", body); got.Status != http.StatusUnauthorized || got.Body != refused {
			t.Errorf("%s = %d %s, want 401 %s", name, got.Status, got.Body, refused)
		}
	}
}

func TestCodeExpires(t *testing.T) {
	g := harness.StartGateway(t)
	if sent := g.Post(t, "/send-otp", sendPhone); sent.Status != http.StatusOK {
		t.Fatalf("send = %d %s", sent.Status, sent.Body)
	}
	pin := g.Newest(t, phone).PIN
	g.Advance(t, "10m1s")
	if got := g.Post(t, "/verify-otp", verifyBody(pin)); got.Status != http.StatusUnauthorized {
		t.Errorf("the right PIN after its life = %d %s, want 401", got.Status, got.Body)
	}
}

func TestAddressLimits(t *testing.T) {
	g := harness.StartGateway(t)
	for range 20 { // what is wrong in form counts against nobody
		g.Post(t, "/send-otp", "{}")
	}
	for range 5 {
		g.Post(t, "/send-otp", sendPhone)
	}
	const send = "Too many OTP requests from this IP, please try again after 15 minutes"
	// A header that claims another address changes nothing.
	got := g.Do(t, http.MethodPost, "/send-otp", map[string]string{
		"Content-Type": "application/json", "X-Forwarded-For": "198.51.100.9", "Forwarded": "for=198.51.100.9",
	}, sendPhone)
	if got.Status != http.StatusTooManyRequests || got.Members["error"] != send || got.Header.Get("Retry-After") == "" {
		t.Errorf("the sixth send = %d %s, want 429 %s", got.Status, got.Body, send)
	}
	for range 10 {
		g.Post(t, "/verify-otp", verifyBody("123456"))
	}
	const verify = "Too many verification attempts from this IP, please try again after 5 minutes"
	if got := g.Post(t, "/verify-otp", verifyBody("123456")); got.Status != http.StatusTooManyRequests || got.Members["error"] != verify {
		t.Errorf("the eleventh verify = %d %s, want 429 %s", got.Status, got.Body, verify)
	}
	g.Advance(t, "15m1s")
	if got := g.Post(t, "/send-otp", sendPhone); got.Status != http.StatusOK {
		t.Errorf("a send after the window = %d %s, want 200", got.Status, got.Body)
	}
	if calls := g.Calls(t, "send"); len(calls) != 2 { // the first, and the one after the window
		t.Errorf("sends at the provider = %d, want 2", len(calls))
	}
}
