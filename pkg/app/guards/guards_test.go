package guards_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/app/guards"
	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/guard/challenge"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

func read(variables map[string]string) (guards.Config, error) {
	r := settings.NewReader(func(name string) string { return variables[name] })
	c := guards.Read(r)
	return c, r.Err()
}

// TestWhenAChallengeIsAskedFor: suspicious without a kind is off, since it is the default and
// nobody could be asked; always is an owner's word, and without a kind nobody passes.
func TestWhenAChallengeIsAskedFor(t *testing.T) {
	for _, c := range []struct {
		kind, mode string
		want       guard.ChallengeMode
	}{
		{"", "", guard.NoChallenge},
		{"", "suspicious", guard.NoChallenge},
		{"", "always", guard.Always},
		{"turnstile", "", guard.Suspicious},
		{"hcaptcha", "suspicious", guard.Suspicious},
		{"recaptcha", "always", guard.Always},
	} {
		got, err := read(map[string]string{"CHALLENGE": c.kind, "CHALLENGE_MODE": c.mode})
		if err != nil || got.Rules.Challenge != c.want || string(got.Challenge.Kind) != c.kind {
			t.Errorf("CHALLENGE=%s CHALLENGE_MODE=%s: mode %q of kind %q, %v; want %q",
				c.kind, c.mode, got.Rules.Challenge, got.Challenge.Kind, err, c.want)
		}
	}
}

// TestFaults: what is malformed, or does not go together, stops the start with the variable's
// name and the accepted form.
func TestFaults(t *testing.T) {
	const (
		price    = guard.PricesForm
		limit    = "none, or " + guard.LimitForm
		regional = "none, or " + guard.RegionLimitsForm
		hosts    = "hostnames such as app.example.com, with commas between them"
		score    = "a score from 0 to 1 such as 0.5"
		fills    = "an allowance whose floor, and floor per second, are below PREFIX_ALLOWANCE's (enforce 20/1d+3): else one address could fill its neighbours' prefix"
		low      = "none, or at least 1.00: less pays for no message"
	)
	for _, c := range []struct{ name, value, form string }{
		{"SPEND_LIMIT", "400", limit},
		{"SPEND_LIMIT", "-400/1d", limit},
		{"SPEND_LIMIT", "0/1d", limit},
		{"SPEND_LIMIT", "400.0000001/1d", limit},
		{"SPEND_LIMIT", "1000000001/1d", limit},
		{"SPEND_LIMIT", "400/1d USD", limit},
		{"SPEND_LIMIT", "0.99/1d", low}, // a prefix takes a tenth of it
		{"REGION_SPEND_LIMIT", "20/1d", regional},
		{"REGION_SPEND_LIMIT", "XX=20/1d", regional},
		{"SMS_PRICES", "US=0.01", price},
		{"SMS_PRICES", "0.08", price},
		{"SMS_PRICES", "*=0.0000001", price},
		{"SMS_PRICES", "*=-0.08", price},
		{"SMS_PRICES", "*=0", price},
		{"SMS_PRICES", "*=1000.01", price},
		{"SMS_PRICES", "*=1e3", price},
		{"SMS_PRICES", "*=NaN", price},
		{"VOICE_PRICES", "*=0,30", price},
		{"EMAIL_PRICES", "*=free", price},
		{"NETWORK_ALLOWANCE", "10/1d+3", guard.AllowanceForm},
		{"NETWORK_ALLOWANCE", "enforce 10/1d", guard.AllowanceForm},
		{"NETWORK_ALLOWANCE", "enforce 21/1d+3", fills}, // above the prefix's
		{"NETWORK_ALLOWANCE", "enforce 20/1d+3", fills},
		{"NETWORK_ALLOWANCE", "enforce 1/1h+3", fills}, // below it, and sooner full again
		{"NETWORK_ALLOWANCE", "record 30/1d+3", fills},
		{"PREFIX_ALLOWANCE", "enforce 0/1d+3", guard.AllowanceForm},
		{"REGION_ALLOWANCE", "enforce 100/1s+2", guard.AllowanceForm},
		{"SERVICE_ALLOWANCE", "enforce 150/1d+1.55", guard.AllowanceForm},
		{"CHALLENGE", "friendly", "one of turnstile, hcaptcha, recaptcha"},
		{"CHALLENGE_MODE", "never", "one of suspicious, always"},
		{"CHALLENGE_HOSTNAMES", "https://app.example.com", hosts},
		{"CHALLENGE_MIN_SCORE", "1.1", score},
		{"CHALLENGE_MIN_SCORE", "-0.1", score},
		{"CHALLENGE_MIN_SCORE", "NaN", score},
	} {
		_, err := read(map[string]string{c.name: c.value})
		if want := c.name + " must be " + c.form; err == nil || err.Error() != want {
			t.Errorf("%s=%s: %v, want %q", c.name, c.value, err, want)
		}
	}
	for _, variables := range []map[string]string{
		{"SPEND_LIMIT": "none", "REGION_SPEND_LIMIT": "none"},
		{"SPEND_LIMIT": "1/1d"},
		{"SPEND_LIMIT": "0.2/1d", "PREFIX_ALLOWANCE": "off"},
		{"NETWORK_ALLOWANCE": "enforce 30/1d+3", "PREFIX_ALLOWANCE": "off"},
		{"NETWORK_ALLOWANCE": "enforce 30/1d+3", "PREFIX_ALLOWANCE": "enforce 31/1d+3"},
	} {
		if _, err := read(variables); err != nil {
			t.Errorf("%v: %v", variables, err)
		}
	}
}

// TestTheFaultsOfOneAreAllNamed: a fault hides no other.
func TestTheFaultsOfOneAreAllNamed(t *testing.T) {
	_, err := read(map[string]string{"SMS_PRICES": "canary", "NETWORK_ALLOWANCE": "enforce 21/1d+3", "CHALLENGE": "canary"})
	if err == nil || strings.Contains(err.Error(), "canary") {
		t.Fatalf("the faults are %v", err)
	}
	for _, name := range []string{"SMS_PRICES", "NETWORK_ALLOWANCE", "CHALLENGE"} {
		if strings.Count("\n"+err.Error(), "\n"+name+" must be ") != 1 {
			t.Errorf("%s is not named once in:\n%v", name, err)
		}
	}
}

// TestCheckDeployed: what a function lacks, in a sentence that says what for.
func TestCheckDeployed(t *testing.T) {
	const (
		kind  = "CHALLENGE must be set: CHALLENGE_MODE is, and somebody has to know who has solved one"
		hosts = "CHALLENGE_HOSTNAMES must be set: CHALLENGE is, and a challenge that was solved on another site would do"
	)
	for _, c := range []struct {
		variables map[string]string
		want      string
	}{
		{nil, ""},
		{map[string]string{"CHALLENGE_MODE": "suspicious"}, ""},
		{map[string]string{"CHALLENGE_HOSTNAMES": "app.example.com"}, ""},
		{map[string]string{"CHALLENGE_MODE": "always"}, kind},
		{map[string]string{"CHALLENGE": "turnstile"}, hosts},
		{map[string]string{"CHALLENGE": "turnstile", "CHALLENGE_MODE": "always"}, hosts},
		{map[string]string{"CHALLENGE": "turnstile", "CHALLENGE_HOSTNAMES": "app.example.com"}, ""},
	} {
		config, err := read(c.variables)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := config.CheckDeployed(); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%v lacks %q, want %q", c.variables, got, c.want)
		}
	}
}

// sealed is a secret with, or without, that of a challenge.
type sealed string

func (s sealed) ChallengeSecret(context.Context) (string, error) {
	if s == "" {
		return "", errors.New("there is none")
	}
	return string(s), nil
}

// TestChecker: who is asked about a challenge. Only a laptop that was told no secret takes the
// token "pass".
func TestChecker(t *testing.T) {
	asked := ""
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.FormValue("secret") + " " + r.FormValue("response")
		_, _ = io.WriteString(w, `{"success":true,"hostname":"app.example.com","score":0.6}`)
	}))
	defer vendor.Close()
	all := map[string]string{
		"CHALLENGE": "recaptcha", "CHALLENGE_HOSTNAMES": "app.example.com", "CHALLENGE_URL": vendor.URL, "CHALLENGE_MIN_SCORE": "0.6",
	}
	with := func(name, value string) map[string]string {
		changed := map[string]string{name: value}
		for other, value := range all {
			if _, given := changed[other]; !given {
				changed[other] = value
			}
		}
		return changed
	}
	for name, c := range map[string]struct {
		variables map[string]string
		alone     bool
		// want is the checker's type, and what it makes of the token pass.
		want reflect.Type
		pass string
	}{
		"off":                      {nil, false, nil, ""},
		"off on a laptop":          {nil, true, nil, ""},
		"a function":               {all, false, reflect.TypeFor[*challenge.Checker](), "secret pass"},
		"a laptop":                 {all, true, reflect.TypeFor[challenge.Pass](), ""},
		"a laptop with a secret":   {with("CHALLENGE_SECRET", "own"), true, reflect.TypeFor[*challenge.Checker](), "secret pass"},
		"a laptop, always":         {map[string]string{"CHALLENGE_MODE": "always"}, true, reflect.TypeFor[challenge.Pass](), ""},
		"a function, another mode": {with("CHALLENGE_MODE", "always"), false, reflect.TypeFor[*challenge.Checker](), "secret pass"},
	} {
		config, err := read(c.variables)
		if err != nil {
			t.Fatal(err)
		}
		checker, err := config.Checker(sealed("secret"), c.alone)
		if err != nil || reflect.TypeOf(checker) != c.want {
			t.Errorf("%s: %T, %v, want %v", name, checker, err, c.want)
			continue
		}
		if checker == nil {
			continue
		}
		asked = ""
		if err := checker.Check(t.Context(), "pass"); err != nil {
			t.Errorf("%s: a solved challenge is %v", name, err)
		}
		if diff := cmp.Diff(c.pass, asked); diff != "" {
			t.Errorf("%s: the vendor was asked (-want +got):\n%s", name, diff)
		}
	}

	// The settings reach the checker: a higher score and another site.
	for name, value := range map[string]string{"CHALLENGE_MIN_SCORE": "0.61", "CHALLENGE_HOSTNAMES": "www.example.com"} {
		config, err := read(with(name, value))
		if err != nil {
			t.Fatal(err)
		}
		checker, err := config.Checker(sealed("secret"), false)
		if err != nil {
			t.Fatal(err)
		}
		if err := checker.Check(t.Context(), "token"); err == nil {
			t.Errorf("%s=%s changes nothing", name, value)
		}
	}
}

// TestCheckerThatCannotBe is no checker that passes all.
func TestCheckerThatCannotBe(t *testing.T) {
	for _, variables := range []map[string]string{{"CHALLENGE_MODE": "always"}, {"CHALLENGE": "turnstile"}} {
		config, err := read(variables)
		if err != nil {
			t.Fatal(err)
		}
		checker, err := config.Checker(sealed("secret"), false)
		if checker != nil || err == nil || !strings.HasPrefix(err.Error(), "CHALLENGE: ") {
			t.Errorf("%v: %v, %v", variables, checker, err)
		}
	}
	config, err := read(map[string]string{"CHALLENGE": "turnstile", "CHALLENGE_HOSTNAMES": "app.example.com", "CHALLENGE_URL": "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	checker, err := config.Checker(sealed(""), false)
	if err != nil {
		t.Fatal(err)
	}
	if err := checker.Check(t.Context(), "pass"); err == nil || !strings.Contains(err.Error(), "the challenge's secret cannot be read") {
		t.Errorf("without a secret a check is %v", err)
	}
}
