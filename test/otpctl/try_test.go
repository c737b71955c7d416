package otpctl

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// tries runs otpctl try against the gateway, with these lines on standard input.
func tries(t *testing.T, o *operator, g *harness.Gateway, stdin string, args ...string) printed {
	t.Helper()
	return o.run(t, stdin, append([]string{"try", g.URL}, args...)...)
}

// A number of ours is verified from the terminal, and the proof is checked with the keys that
// make run publishes.
func TestTry(t *testing.T) {
	g := harness.StartGateway(t, "SEND_COOLDOWN=0s", "VERIFY_SPACING=0s")
	o := newOperator()
	got := tries(t, o, g, phone+"\n", "--outbox", g.Control.URL)
	if got.code != 0 {
		t.Fatalf("exit code %d\n%s", got.code, got.stderr)
	}
	o.hides("the PIN", g.Newest(t, phone).PIN)
	o.search(t, got, []string{"try", "URL"})
	issuer := strings.Replace(g.URL, "127.0.0.1", "localhost", 1)
	want(t, strings.Join(strings.Fields(got.stdout), " "), "api "+g.URL, "proof good: signed by the published key", "iss "+issuer, "aud "+issuer,
		"phone_number the one that was sent to, verified", "amr otp, sms", "nonce the one that was given")
	want(t, got.stderr, "a code is on its way; it can be used until 20")

	var report struct {
		Verified bool   `json:"verified"`
		Channel  string `json:"channel"`
		ID       string `json:"verificationId"`
		Proof    struct {
			Issuer   string    `json:"iss"`
			Audience string    `json:"aud"`
			Methods  []string  `json:"amr"`
			Expires  time.Time `json:"exp"`
			Number   bool      `json:"phoneNumberVerified"`
		} `json:"proof"`
	}
	got = tries(t, o, g, "", "--phone", phone, "--channel", "voice", "--outbox", g.Control.URL+"/outbox", "--json", "--audience", issuer)
	if err := json.Unmarshal([]byte(got.stdout), &report); got.code != 0 || err != nil {
		t.Fatalf("--json: exit code %d, %v\n%s%s", got.code, err, got.stdout, got.stderr)
	}
	if p := report.Proof; !report.Verified || report.Channel != "voice" || len(report.ID) > 10 || p.Issuer != issuer || p.Audience != issuer ||
		len(p.Methods) != 2 || p.Methods[1] != "tel" || !p.Number || !time.Now().Before(p.Expires) {
		t.Errorf("the report is %s", got.stdout)
	}
	if sends := g.Calls(t, "send"); len(sends) != 2 {
		t.Errorf("two tries sent %d messages", len(sends))
	}

	got = tries(t, o, g, phone+"\n", "--outbox", g.Control.URL, "--audience", "accounts.example.com")
	if got.code != 1 || got.stdout != "" {
		t.Errorf("a proof for others: exit code %d and %q, want 1 and nothing", got.code, got.stdout)
	}
	want(t, got.stderr, `verified, but the proof is not good: its aud is "`+issuer+`", not the audience`)
}

// Without --outbox a person is asked, and again after a slip.
func TestTryAsksForTheCode(t *testing.T) {
	g := harness.StartGateway(t, "SEND_COOLDOWN=0s", "VERIFY_SPACING=0s")
	o := newOperator()
	got := tries(t, o, g, phone+"\n12345\nabcdef\n12345a\n")
	if got.code != 1 || got.stdout != "" {
		t.Errorf("three slips: exit code %d and %q, want 1 and nothing", got.code, got.stdout)
	}
	want(t, got.stderr, "400 pin_invalid: Invalid PIN format. Expecting 6 digits", "hint: PIN_LENGTH of the deployment")
	if n := strings.Count(got.stderr, "pin_invalid"); n != 3 {
		t.Errorf("it was said %d times, want once each of three", n)
	}
	other := otherPIN(g.Newest(t, phone).PIN)
	got = tries(t, o, g, phone+"\n"+other+"\n")
	want(t, got.stderr, "the service answers 401 invalid_or_expired: Invalid or expired OTP (a wrong code, 4 attempts left)", "error: no code: the verification was left as it is")
	if got.code != 1 {
		t.Errorf("no code: exit code %d, want 1", got.code)
	}
}

// Each refusal in a sentence, with what to do about it.
func TestTryIsRefused(t *testing.T) {
	g := harness.StartGateway(t, "ALLOWED_REGIONS=GB", "IP_SEND_LIMIT=3/15m", "CHANNELS=sms")
	o := newOperator()
	for _, refused := range []struct {
		stdin string
		args  []string
		says  []string
	}{
		{"+14155552671\n", nil, []string{"400 region_not_allowed: This service does not send", "hint: ALLOWED_REGIONS of the deployment"}},
		{phone + "\n", []string{"--channel", "voice"}, []string{"400 channel_not_allowed", "hint: CHANNELS of the deployment"}},
		{"+4474\n", nil, []string{"not a valid phone number in E.164", "hint: write a plus"}},
		{phone + "\n", []string{"--channel", "pigeon"}, []string{"--channel must be "}},
		{phone + "\n\n", nil, []string{"no code"}},
		{phone + "\n", nil, []string{"429 too_soon: Please wait before requesting another OTP; try again in ", "hint: wait as long as it says"}},
	} {
		got := tries(t, o, g, refused.stdin, refused.args...)
		if got.code != 1 || got.stdout != "" {
			t.Errorf("%v: exit code %d and %q, want 1 and nothing", refused.says, got.code, got.stdout)
		}
		want(t, got.stderr, refused.says...)
	}
	g.Fault(t, map[string]any{"operation": "gateway", "status": 429})
	want(t, tries(t, o, g, phone+"\n").stderr, "API Gateway itself answers 429: ", "hint: API Gateway throttles before the function starts")
	g.Advance(t, "20m")
	g.Fault(t, map[string]any{"operation": "send", "status": http.StatusInternalServerError})
	want(t, tries(t, o, g, phone+"\n").stderr, "500 send_unconfirmed", "hint: nobody knows whether Infobip sent it")
}

// Where proofs are off there is nothing to check, and it says so.
func TestTryWithoutProofs(t *testing.T) {
	g := harness.StartGateway(t, "PROOF_ISSUER=off", "SEND_COOLDOWN=0s")
	o := newOperator()
	got := tries(t, o, g, phone+"\n", "--outbox", g.Control.URL)
	if got.code != 0 {
		t.Fatalf("exit code %d\n%s", got.code, got.stderr)
	}
	want(t, got.stdout, "verified", "none: proofs are off (PROOF_ISSUER)")
}
