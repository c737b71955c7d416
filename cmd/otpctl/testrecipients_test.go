package main

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/app"
	"github.com/seed-a131a524/infobip-otp/pkg/app/guards"
	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/phone"
)

// someTests is a list by the vault's clock: a number that is kept free, and an address.
const someTests = "+14155552671=973164@2029-12-31,canary-review@example.com=973164@2030-01-31"

func TestTestRecipients(t *testing.T) {
	v := newVault(complete)
	code, stdout, stderr := v.run(t, someTests+"\n", "secret", "set-test-recipients")
	want := "otpctl: the secret otp-secret has 2 test recipients, the last until 2030-01-31; functions with ALLOW_TEST_RECIPIENTS=true heed that from 2029-11-24T12:15:00Z on\n"
	if code != exitOK || stdout != "" || !strings.HasSuffix(stderr, want) || string(read(t, v.value())["testRecipients"]) != `"`+someTests+`"` {
		t.Errorf("exit code %d, %q, it said %s, want %s", code, stdout, stderr, want)
	}
	shown := stderr
	code, stdout, stderr = v.run(t, someTests, "secret", "set-test-recipients")
	if code != exitOK || !strings.Contains(stderr, "nothing to change") {
		t.Errorf("the same again: exit code %d, it said %s", code, stderr)
	}
	shown += stdout + stderr
	_, stdout, stderr = v.run(t, "", "secret", "check")
	if !strings.Contains(strings.Join(strings.Fields(stdout), " "), "test recipients 2, the last until 2030-01-31") {
		t.Errorf("check says\n%s", stdout)
	}
	shown += stdout + stderr
	_, stdout, stderr = v.run(t, "", "secret", "check", "--json")
	if !strings.Contains(strings.Join(strings.Fields(stdout), ""), `"testRecipients":{"count":2,"until":"2030-01-31","over":0}`) {
		t.Errorf("check says\n%s", stdout)
	}
	shown += stdout + stderr
	was := v.value()
	for wrong, says := range map[string]string{
		"":                                     "nothing was changed: the list that was given is empty",
		"canary-review@example.com":            "nothing was changed: entry 1: it has not the form RECIPIENT=PIN@YYYY-MM-DD",
		"+14155552671=97316@2029-12-31":        "nothing was changed: entry 1: its PIN has not 6 digits",
		"+14155552671=973164@2030-12-31":       "nothing was changed: entry 1: its last day is more than 90 days ahead",
		"+14155552671=973164@2029-11-23":       "nothing was changed: the last day of one of them is over",
		someTests + ",+14155552671=1@2029-12-": "nothing was changed: entry 3: ",
	} {
		code, stdout, stderr = v.run(t, wrong, "secret", "set-test-recipients")
		if code != exitFailed || !strings.Contains(stderr, says) || v.value() != was {
			t.Errorf("%q: exit code %d, it said %s", wrong, code, stderr)
		}
		shown += stdout + stderr
	}
	code, _, stderr = v.run(t, "+14155550100=973164@2029-12-31,+436641234568=973164@2029-12-31", "secret", "set-test-recipients")
	if code != exitOK || !strings.Contains(stderr, "otpctl: warning: 1 of them is a number: it may be somebody's") {
		t.Errorf("a number of somebody's: exit code %d, it said %s", code, stderr)
	}
	shown += stderr
	code, _, stderr = v.run(t, "+14155550100=424242@2029-12-31,+14155550101=973164@2029-12-31", "secret", "set-test-recipients")
	if code != exitOK || !strings.Contains(stderr, "otpctl: warning: 1 of the PINs is among those that anybody tries first") {
		t.Errorf("a PIN of examples: exit code %d, it said %s", code, stderr)
	}
	shown += stderr
	for range 2 {
		code, stdout, stderr = v.run(t, "", "secret", "remove-test-recipients")
		shown += stdout + stderr
	}
	if _, there := read(t, v.value())["testRecipients"]; code != exitOK || there || !strings.Contains(stderr, "nothing to change") {
		t.Errorf("taken out: exit code %d, it said %s", code, stderr)
	}
	for _, canary := range []string{"973164", "424242", "canary", "4155552671", "6641234568"} {
		if strings.Contains(shown, canary) {
			t.Errorf("%s is shown: %s", canary, shown)
		}
	}
}

func TestJudgeTests(t *testing.T) {
	now := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	const free, somebody, over = "+14155552671=973164@2027-01-31", "+436641234568=973164@2026-12-31", "+41446681800=4242@2026-11-30"
	both, none := []string{"send", "verify"}, []string(nil)
	for name, c := range map[string]struct {
		list          string
		heeding, deaf []string
		status        status
		says          string
	}{
		"none":                          {"", none, both, statusOK, "none, and nobody would heed one"},
		"heeded":                        {free, both, none, statusOK, "1 test recipient, until 2027-01-31"},
		"one is over":                   {free + "," + over, both, none, statusOK, "1 test recipient, until 2027-01-31"},
		"a number of somebody's":        {free + "," + somebody, both, none, statusWarn, "1 of them is a number: it may be somebody's"},
		"a PIN that anybody tries":      {free + ",+14155552672=123456@2026-12-31", both, none, statusWarn, "1 of the PINs is among those that anybody tries first"},
		"heeded by one":                 {free, both[:1], both[1:], statusFail, "send heeds the secret's test recipients and verify does not"},
		"heeded by none":                {free, none, both, statusWarn, "no function heeds them"},
		"heeded, and none":              {"", both, none, statusWarn, "the secret has none whose last day is not over"},
		"heeded, and all over":          {over, both, none, statusWarn, "the secret has none whose last day is not over"},
		"all over":                      {over, none, both, statusWarn, "the last day of every test recipient is over"},
		"no list, heeded":               {free + ",canary", both, none, statusFail, "send and verify will not start again: entry 2: "},
		"no list":                       {"canary", none, both, statusWarn, "nobody heeds it: entry 1: "},
		"a PIN of another PIN_LENGTH":   {"+14155552671=4242@2027-01-31", both, none, statusFail, "its PIN has not 6 digits"},
		"the test recipients of a text": {"[1]", none, both, statusWarn, "nobody heeds it"},
	} {
		found := judgeTests(c.list, 6, now, c.heeding, c.deaf)
		last := found[len(found)-1]
		if last.Status != c.status || !strings.Contains(last.Found, c.says) || (last.Todo == "") != (c.status == statusOK) {
			t.Errorf("%s: %+v", name, found)
		}
		for _, f := range found {
			if strings.Contains(f.Found+f.Todo, "973164") || strings.Contains(f.Found+f.Todo, "canary") || strings.Contains(f.Found, "5552671") || strings.Contains(f.Found, "6641234568") {
				t.Errorf("%s shows too much: %+v", name, f)
			}
		}
	}
}

func TestKeptFree(t *testing.T) {
	for number, want := range map[string]bool{
		"+14155552671":  true, // exchange 555
		"+12015550123":  true,
		"+12125551234":  true,
		"+447400123456": true, // libphonenumber's examples
		"+436641234567": false,
		"+41781234567":  true,
		"+14152000000":  false,
		"+447400123457": false,
		"+436641234568": false,
	} {
		n, err := phone.Parse(number)
		if err != nil {
			t.Errorf("%s: %v", number, err)
			continue
		}
		if got := keptFree(n.E164(), n.Region()); got != want {
			t.Errorf("%s is kept free: %t, want %t", number, got, want)
		}
	}
}

// TestEmailResends: the scope is told without a message.
func TestEmailResends(t *testing.T) {
	sim := simulator.New(simulator.Options{Strict: true, LimitedKeys: map[string][]string{
		"manages": {"2fa:manage"}, "sends": {"2fa:pin:send"}, "mails": {"2fa:manage", "2fa:pin:manage"},
	}})
	server := httptest.NewServer(sim.API())
	t.Cleanup(func() { sim.Close(); server.Close() })
	for _, c := range []struct {
		key, says string
		channels  []otp.Channel
		status    status
	}{
		{"manages", "the key may not resend by email", otp.Channels(), statusFail},
		{"sends", "the key may resend by email", otp.Channels(), statusOK},
		{"mails", "the key may resend by email", otp.Channels(), statusOK},
		{"manages", "not offered", []otp.Channel{otp.SMS}, statusOK},
		{"nobody's", "is not known", otp.Channels(), statusWarn},
	} {
		provisioner, err := infobip.NewProvisioner(server.URL, false, c.key)
		if err != nil {
			t.Fatal(err)
		}
		config := app.Config{Guard: guards.Config{Rules: guard.Rules{Channels: c.channels}}}
		v := &visit{provisioner: provisioner, functions: map[string]*deployedFunction{"send": {starts: true, config: config}}}
		found := checkEmailResends(t.Context(), v)
		if len(found) != 1 || found[0].Status != c.status || !strings.Contains(found[0].Found, c.says) || (found[0].Todo == "") != (c.status == statusOK) {
			t.Errorf("%s: %+v", c.key, found)
		}
		v.close()
	}
	if sent := sim.Outbox(""); len(sent) != 0 {
		t.Errorf("%d messages, want none", len(sent))
	}
	if found := checkEmailResends(t.Context(), &visit{}); found[0].Status != statusWarn {
		t.Errorf("without a function: %+v", found)
	}
}
