package guard

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

func sendWith(phone, token string) string {
	body, _ := json.Marshal(map[string]string{"phoneNumber": phone, "challengeToken": token}) // texts, which always can be
	return string(body)
}

// refusedFor checks a refusal of the contract.
func refusedFor(t *testing.T, what string, got harness.Answer, status int, code, sentence string) {
	t.Helper()
	if got.Status != status || got.Members["code"] != code || got.Members["error"] != sentence {
		t.Errorf("%s = %d %s, want %d %s", what, got.Status, got.Body, status, code)
	}
}

const (
	pleaseSolve = "Please complete the challenge."
	tooMany     = "Too many requests, please try again later."
)

// TestChallengeOnALaptop: make run takes the token pass, and asks for one as the mode says.
func TestChallengeOnALaptop(t *testing.T) {
	const austrian, american = "+436641234567", "+14155552671"
	g := harness.StartGateway(t, "CHALLENGE=turnstile", "CHALLENGE_MODE=always", "SEND_COOLDOWN=0s")
	refusedFor(t, "a send without a token", g.Post(t, "/send-otp", sendWith(austrian, "")), 403, "challenge_required", pleaseSolve)
	refusedFor(t, "a send with another token", g.Post(t, "/send-otp", sendWith(austrian, "let me in")), 403, "challenge_required", pleaseSolve)
	sent := g.Post(t, "/send-otp", sendWith(austrian, "pass"))
	if sent.Status != http.StatusOK {
		t.Fatalf("a send with the token = %d %s", sent.Status, sent.Body)
	}
	id, _ := sent.Members["verificationId"].(string)
	refusedFor(t, "a resend without a token", g.Post(t, "/resend-otp", `{"phoneNumber":"`+austrian+`","verificationId":"`+id+`"}`), 403, "challenge_required", pleaseSolve)
	if got := g.Post(t, "/resend-otp", `{"phoneNumber":"`+austrian+`","verificationId":"`+id+`","challengeToken":"pass"}`); got.Status != http.StatusOK {
		t.Errorf("a resend with the token = %d %s", got.Status, got.Body)
	}
	if got := len(g.Outbox(t, austrian)); got != 2 {
		t.Errorf("%d messages are out, want 2", got)
	}

	g = harness.StartGateway(t, "CHALLENGE=turnstile", "NETWORK_ALLOWANCE=enforce 1/1d+0", "SEND_COOLDOWN=0s")
	if got := g.Post(t, "/send-otp", sendWith(austrian, "")); got.Status != http.StatusOK {
		t.Errorf("a send that nothing is odd about = %d %s", got.Status, got.Body)
	}
	refusedFor(t, "one above the room", g.Post(t, "/send-otp", sendWith(american, "")), 403, "challenge_required", pleaseSolve)
	if got := g.Post(t, "/send-otp", sendWith(american, "pass")); got.Status != http.StatusOK {
		t.Errorf("one above the room with the token = %d %s", got.Status, got.Body)
	}
	beyond := g.Post(t, "/send-otp", sendWith("+41781234567", "pass"))
	refusedFor(t, "one as far below as there was above", beyond, 429, "traffic_limited", tooMany)
	if beyond.Header.Get("Retry-After") == "" {
		t.Error("the 429 does not say when")
	}
}

// checker is a siteverify endpoint of ours.
type checker struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
	used  map[string]bool
}

func newChecker(t *testing.T) *checker {
	t.Helper()
	c := &checker{used: map[string]bool{}}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		token := r.FormValue("response")
		good := r.FormValue("secret") == "the-secret-of-the-site" && strings.HasPrefix(token, "good") && !c.used[token]
		c.asked, c.used[token] = append(c.asked, token), true
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"success": good, "hostname": "app.example.com", "action": "send"})
	}))
	t.Cleanup(c.Close)
	return c
}

// TestChallengeAtAChecker: a real checker is asked once a token, and not about a repeat.
func TestChallengeAtAChecker(t *testing.T) {
	const austrian, american = "+436641234567", "+14155552671"
	c := newChecker(t)
	g := harness.StartGateway(t, "CHALLENGE=turnstile", "CHALLENGE_MODE=always", "CHALLENGE_HOSTNAMES=app.example.com",
		"CHALLENGE_SECRET=the-secret-of-the-site", "CHALLENGE_URL="+c.URL+"/siteverify")
	refusedFor(t, "pass", g.Post(t, "/send-otp", sendWith(austrian, "pass")), 403, "challenge_required", pleaseSolve)
	keyed := map[string]string{"Content-Type": "application/json", "Idempotency-Key": "the-key"}
	first := g.Do(t, http.MethodPost, "/send-otp", keyed, sendWith(austrian, "good-1"))
	again := g.Do(t, http.MethodPost, "/send-otp", keyed, sendWith(austrian, "good-1"))
	if first.Status != http.StatusOK || again.Status != http.StatusOK || first.Members["verificationId"] != again.Members["verificationId"] {
		t.Errorf("a send = %d, its repeat = %d", first.Status, again.Status)
	}
	refusedFor(t, "a used token", g.Post(t, "/send-otp", sendWith(american, "good-1")), 403, "challenge_required", pleaseSolve)
	c.Close()
	refusedFor(t, "a checker that is down", g.Post(t, "/send-otp", sendWith(american, "good-2")), 403, "challenge_required", pleaseSolve)
	if got, want := strings.Join(c.asked, " "), "pass good-1 good-1"; got != want {
		t.Errorf("the checker was asked about %q, want %q", got, want)
	}
	if printed := g.Process.Raw(); strings.Contains(printed, "the-secret-of-the-site") || strings.Contains(printed, "good-1") {
		t.Error("the log has a secret or a token")
	}
}
