package local

import (
	"net/http"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// The gateway with a provider of its own, as with the real Infobip, and its state in
// DynamoDB: a code outlives the gateway.
func TestStateInDynamoDBOutlivesTheGateway(t *testing.T) {
	simulator := harness.StartSimulator(t)
	env := []string{
		"INFOBIP_BASE_URL=" + simulator.API, "INFOBIP_API_KEY=" + harness.SimulatorKey,
		"INFOBIP_2FA_APP_ID=" + simulator.AppID, "INFOBIP_2FA_MSG_ID=" + simulator.MessageID,
		"AWS_ENDPOINT_URL_DYNAMODB=" + harness.DynamoDBLocal(t), "TABLE_NAME=made-by-the-gateway",
	}
	first := harness.StartGateway(t, env...)
	if sent := first.Post(t, "/send-otp", sendPhone); sent.Status != http.StatusOK {
		t.Fatalf("send = %d %s", sent.Status, sent.Body)
	}
	second := harness.StartGateway(t, env...)
	pin := simulator.Newest(t, phone).PIN
	if got := second.Post(t, "/verify-otp", verifyBody(pin)); got.Status != http.StatusOK {
		t.Errorf("verify at another gateway on the same table = %d %s, want 200", got.Status, got.Body)
	}
	if got := first.Post(t, "/verify-otp", verifyBody(pin)); got.Status != http.StatusUnauthorized {
		t.Errorf("verify again at the first gateway = %d %s, want 401", got.Status, got.Body)
	}
	if got := second.Post(t, "/send-otp", sendPhone); got.Status != http.StatusTooManyRequests {
		t.Errorf("a send at once = %d %s, want the cooldown's 429", got.Status, got.Body)
	}
}

func TestProviderTroubleOnSend(t *testing.T) {
	const failed = "Failed to send OTP."
	for name, tt := range map[string]struct {
		fault  map[string]any
		status int
		code   string
	}{
		"a 500":                 {map[string]any{"status": 500}, 500, "send_unconfirmed"},
		"a 503 of HTML":         {map[string]any{"status": 503, "body": "<html>", "contentType": "text/html"}, 500, "send_unconfirmed"},
		"a 400":                 {map[string]any{"status": 400}, 500, "send_failed"},
		"a 403":                 {map[string]any{"status": 403}, 500, "send_failed"},
		"cut before the effect": {map[string]any{"drop": "before"}, 500, "send_unconfirmed"},
		"cut after the effect":  {map[string]any{"drop": "after"}, 500, "send_unconfirmed"},
		"cut JSON":              {map[string]any{"body": `{"pinId":"9C`}, 500, "send_unconfirmed"},
		"an empty body":         {map[string]any{"body": ""}, 500, "send_unconfirmed"},
		"an answer of no pinId": {map[string]any{"body": `{"smsStatus":"MESSAGE_SENT"}`}, 500, "send_unconfirmed"},
		"the message not sent":  {map[string]any{"smsStatus": "MESSAGE_NOT_SENT"}, 500, "send_failed"},
		"no answer":             {map[string]any{"delay": "30s"}, 500, "send_unconfirmed"},
		"throttled":             {map[string]any{"status": 429}, 429, "provider_throttled"},
		"another key, for once": {map[string]any{"status": 401}, 200, ""},
		"another key, for good": {map[string]any{"status": 401, "times": 0}, 500, "send_failed"},
		"a redirect":            {map[string]any{"status": 307, "headers": map[string]string{"Location": "/elsewhere"}}, 500, "send_unconfirmed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // each waits more than it works
			g := harness.StartGateway(t)
			tt.fault["operation"] = "send"
			g.Fault(t, tt.fault)
			started := time.Now()
			got := g.Post(t, "/send-otp", sendPhone)
			if code, _ := got.Members["code"].(string); got.Status != tt.status || code != tt.code {
				t.Errorf("answer = %d %s, want %d %s", got.Status, got.Body, tt.status, tt.code)
			}
			if got.Status == http.StatusInternalServerError && got.Members["error"] != failed {
				t.Errorf("error = %v, want %s", got.Members["error"], failed)
			}
			if took := time.Since(started); took > 20*time.Second {
				t.Errorf("the answer took %v, longer than the function has", took)
			}
			if messages := g.Outbox(t, phone); len(messages) > 1 {
				t.Errorf("messages = %d, want at most 1", len(messages))
			}
		})
	}
}

func TestProviderTroubleOnVerify(t *testing.T) {
	const failed = "Failed to verify OTP."
	for name, tt := range map[string]struct {
		fault  map[string]any
		status int
		code   string
	}{
		"one 500":            {map[string]any{"status": 500}, 200, ""},
		"500 for good":       {map[string]any{"status": 500, "times": 0}, 500, "verify_failed"},
		"cut for good":       {map[string]any{"drop": "before", "times": 0}, 500, "verify_failed"},
		"HTML for good":      {map[string]any{"body": "<html>", "contentType": "text/html", "times": 0}, 500, "verify_failed"},
		"an unknown pinId":   {map[string]any{"status": 404, "times": 0}, 401, "invalid_or_expired"},
		"throttled":          {map[string]any{"status": 429, "times": 0}, 429, "provider_throttled"},
		"an unknown refusal": {map[string]any{"fields": map[string]any{"verified": false, "pinError": "SOMETHING_NEW"}, "times": 0}, 401, "invalid_or_expired"},
		"another number":     {map[string]any{"fields": map[string]any{"msisdn": "41446681800"}, "times": 0}, 500, "verify_failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // each waits more than it works
			g := harness.StartGateway(t)
			if sent := g.Post(t, "/send-otp", sendPhone); sent.Status != http.StatusOK {
				t.Fatalf("send = %d %s", sent.Status, sent.Body)
			}
			tt.fault["operation"] = "verify"
			g.Fault(t, tt.fault)
			got := g.Post(t, "/verify-otp", verifyBody(g.Newest(t, phone).PIN))
			if code, _ := got.Members["code"].(string); got.Status != tt.status || code != tt.code {
				t.Errorf("answer = %d %s, want %d %s", got.Status, got.Body, tt.status, tt.code)
			}
			if got.Status == http.StatusInternalServerError && got.Members["error"] != failed {
				t.Errorf("error = %v, want %s", got.Members["error"], failed)
			}
			if calls := len(g.Calls(t, "verify")); calls > 2 {
				t.Errorf("verifies at the provider = %d, want at most 2", calls)
			}
		})
	}
}
