package lambda

import (
	"net/http"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// TestTestRecipients: whom the secret lets in is let in by functions that heed its list, with
// the PIN that stands there and without Infobip, and is a recipient like any other for those
// that do not.
func TestTestRecipients(t *testing.T) {
	const address, pin = "canary.reviewer@example.com", "807060"
	list := map[string]string{"testRecipients": address + "=" + pin + "@" + time.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly)}
	env := func(more ...string) func(*harness.Simulator) []string {
		return func(simulator *harness.Simulator) []string {
			return append(more, "CHANNELS=sms,email", "INFOBIP_2FA_MESSAGES=email/*="+simulator.EmailTemplate(t))
		}
	}
	body := map[string]string{"email": address}

	heeding := startServiceWith(t, list, env("ALLOW_TEST_RECIPIENTS=true"))
	status, sent, _ := heeding.post(t, "/send-otp", body)
	if status != http.StatusOK {
		t.Fatalf("send = %d %v, want 200", status, sent)
	}
	id, _ := sent["verificationId"].(string)
	for _, try := range []struct {
		pin  string
		want int
	}{{"807061", http.StatusUnauthorized}, {pin, http.StatusOK}, {pin, http.StatusUnauthorized}} {
		if status, got, _ := heeding.post(t, "/verify-otp", map[string]string{"email": address, "pin": try.pin, "verificationId": id}); status != try.want {
			t.Errorf("a verify = %d %v, want %d", status, got, try.want)
		}
	}
	if calls := len(heeding.simulator.Calls(t, "send")) + len(heeding.simulator.Calls(t, "verify")); calls != 0 {
		t.Errorf("the provider was asked %d times, want never", calls)
	}
	for _, function := range []*harness.Function{heeding.send, heeding.verify} {
		for _, line := range requestLines(function.Process.Raw()) {
			if line["test"] != true {
				t.Errorf("%s: the line of a test recipient's request does not say so: %v", function.Process.Name, line)
			}
		}
	}
	heeding.discoveryAnswers(t)
	heeding.nothingLeaked(t, map[string]string{"the address": "canary.reviewer", "the PIN": pin, "the verification id": id})

	others := startServiceWith(t, list, env())
	if status, sent, _ := others.post(t, "/send-otp", body); status != http.StatusOK {
		t.Fatalf("send without ALLOW_TEST_RECIPIENTS = %d %v, want 200", status, sent)
	}
	if message := others.simulator.Newest(t, address); message.PIN != pin { // but for one chance in a million
		if status, got, _ := others.post(t, "/verify-otp", map[string]string{"email": address, "pin": pin}); status != http.StatusUnauthorized {
			t.Errorf("the PIN of the list without ALLOW_TEST_RECIPIENTS = %d %v, want 401", status, got)
		}
	}
}
