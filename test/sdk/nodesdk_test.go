package sdk_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

const nodeSDKVersion = "0.3.2"

// step is one SDK call as node/flow.js reports it.
type step struct {
	Status int            `json:"status"`
	Data   map[string]any `json:"data"`
}

func TestNodeSDK(t *testing.T) {
	installNodeSDK(t)
	account := newAccount(t)
	output := runTool(t, "node", "node", "flow.js", account.apiURL, account.controlURL, apiKey, number)

	var report struct {
		Steps     map[string]json.RawMessage `json:"steps"`
		PINLength int                        `json:"pinLength"`
	}
	err := json.Unmarshal(output, &report)
	if err != nil {
		t.Fatalf("the flow printed %q: %v", output, err)
	}
	for _, test := range []struct {
		name   string
		status int
		data   map[string]any
	}{
		{"createApplication", 201, map[string]any{"name": "sign-up", "enabled": true}},
		{"getApplication", 200, map[string]any{"name": "sign-up"}},
		{"updateApplication", 200, map[string]any{"name": "login"}},
		{"createMessageTemplate", 200, map[string]any{"pinPlaceholder": "{{pin}}", "pinLength": 6.0}},
		{"getMessageTemplate", 200, map[string]any{"messageText": "Your code is {{pin}}"}},
		{"updateMessageTemplate", 200, map[string]any{"pinLength": 8.0, "senderId": "InfoSMS"}},
		{"sendPINCodeSMS", 200, map[string]any{"to": number, "smsStatus": "MESSAGE_SENT", "ncStatus": "NC_DESTINATION_REACHABLE"}},
		{"sendPINCodeSMSWithLookup", 200, map[string]any{"to": "+" + number, "ncStatus": "NC_DESTINATION_REACHABLE"}},
		{"resendPINCodeSMS", 200, map[string]any{"smsStatus": "MESSAGE_SENT"}},
		{"sendPINCodeVoice", 200, map[string]any{"callStatus": "PENDING_ACCEPTED", "smsStatus": nil}},
		{"resendPINCodeVoice", 200, map[string]any{"callStatus": "PENDING_ACCEPTED"}},
		{"sendBeyondTheLimit", 429, nil},
		{"verifyWrong", 200, map[string]any{"verified": false, "pinError": "WRONG_PIN", "attemptsRemaining": 9.0}},
		{"verifyRight", 200, map[string]any{"verified": true, "msisdn": number, "pinError": nil}},
		{"verifyUnknown", 404, nil},
		{"getVerificationStatus", 200, nil},
	} {
		var got step
		err := json.Unmarshal(report.Steps[test.name], &got)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if got.Status != test.status {
			t.Errorf("%s: status = %d, want %d", test.name, got.Status, test.status)
		}
		for member, want := range test.data {
			if got.Data[member] != want {
				t.Errorf("%s: %s = %v, want %v", test.name, member, got.Data[member], want)
			}
		}
	}
	if report.PINLength != 8 {
		t.Errorf("the PIN has %d digits, want the 8 of the changed template", report.PINLength)
	}
	if got := len(account.Outbox(number)); got != 5 {
		t.Errorf("%d messages were delivered, want 3 sends and 2 resends", got)
	}
	if got := account.Requests("unknown"); len(got) != 0 {
		t.Errorf("the SDK called paths the simulator does not know: %+v", got)
	}
}

// installNodeSDK brings the pinned packages in, if they are not there yet.
func installNodeSDK(t *testing.T) {
	t.Helper()
	manifest, err := os.ReadFile(filepath.Join("node", "node_modules", "@infobip-api", "sdk", "package.json"))
	var installed struct {
		Version string `json:"version"`
	}
	if err == nil && json.Unmarshal(manifest, &installed) == nil && installed.Version == nodeSDKVersion {
		return
	}
	runTool(t, "node", "npm", "ci")
}
