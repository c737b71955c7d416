package lambda

import (
	"net/http"
	"testing"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// TestByEmail is the main job to an address: sent, sent again, verified once, and printed
// nowhere. The list serves every channel, so the functions start without the one template.
func TestByEmail(t *testing.T) {
	s := startServiceWith(t, nil, func(simulator *harness.Simulator) []string {
		list := "sms/*=" + simulator.MessageID + ",email/*=" + simulator.EmailTemplate(t)
		return []string{"CHANNELS=sms,email", "INFOBIP_2FA_MSG_ID=", "INFOBIP_2FA_MESSAGES=" + list, "SEND_COOLDOWN=0s"}
	})
	const address = "canary.person@example.com"
	status, sent, _ := s.post(t, "/send-otp", map[string]string{"email": "Canary.Person@Example.com"})
	if status != http.StatusOK {
		t.Fatalf("send = %d %v, want 200", status, sent)
	}
	id, _ := sent["verificationId"].(string)
	if status, again, _ := s.post(t, "/resend-otp", map[string]string{"email": address, "verificationId": id}); status != http.StatusOK {
		t.Errorf("resend = %d %v, want 200", status, again)
	}
	message := s.simulator.Newest(t, address)
	if message.Channel != "email" || message.To != address {
		t.Errorf("the message went by %s, to the address in lower case: %t", message.Channel, message.To == address)
	}
	for _, refused := range []struct {
		body map[string]string
		code string
	}{
		{map[string]string{"email": address, "channel": "sms"}, "channel_mismatch"},
		{map[string]string{"phoneNumber": phone, "channel": "email"}, "channel_mismatch"},
		{map[string]string{"email": address, "phoneNumber": phone}, "recipient_ambiguous"},
	} {
		if status, got, _ := s.post(t, "/send-otp", refused.body); status != http.StatusBadRequest || got["code"] != refused.code {
			t.Errorf("%s: %d %v", refused.code, status, got)
		}
	}
	if status, got, _ := s.post(t, "/verify-otp", map[string]string{"email": "other@example.com", "pin": message.PIN}); status != http.StatusUnauthorized {
		t.Errorf("the PIN under another address = %d %v, want 401", status, got)
	}
	if status, got, _ := s.post(t, "/verify-otp", map[string]string{"email": address, "pin": message.PIN, "verificationId": id}); status != http.StatusOK {
		t.Errorf("verify = %d %v, want 200", status, got)
	}
	if status, got, _ := s.post(t, "/verify-otp", map[string]string{"email": address, "pin": message.PIN}); status != http.StatusUnauthorized {
		t.Errorf("verify again = %d %v, want 401", status, got)
	}
	s.discoveryAnswers(t)
	s.nothingLeaked(t, map[string]string{
		"the address": "canary.person", "its first spelling": "Canary.Person", "the PIN": message.PIN, "the pinId": message.PINID, "the verification id": id,
	})
}
