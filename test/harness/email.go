package harness

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"
)

// EmailTemplate makes an e-mail template in the simulator, as an operator does, and returns
// its id.
func (s *Simulator) EmailTemplate(tb testing.TB) string {
	tb.Helper()
	body := JSON(tb, map[string]any{"emailTemplateId": 1, "from": "codes@example.com", "pinLength": 6, "pinType": "NUMERIC"})
	request, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, s.API+"/2fa/2/applications/"+s.AppID+"/email/messages", bytes.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	request.Header.Set("Authorization", "App "+SimulatorKey)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		tb.Fatal(err)
	}
	defer response.Body.Close()
	var made struct{ MessageID string }
	if err := json.NewDecoder(response.Body).Decode(&made); err != nil || made.MessageID == "" {
		tb.Fatalf("the template: %d, %v", response.StatusCode, err)
	}
	return made.MessageID
}
