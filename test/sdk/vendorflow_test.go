package sdk_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The vendor's own live test, 21 calls on three channels, runs as it is: a
// temporary copy gets the simulator's address, key and destinations in place of
// the <…> that a user of the SDK fills in. Nothing of it is kept here.
func TestVendorsLiveFlow(t *testing.T) {
	account := newAccount(t)
	module := strings.TrimSpace(string(runTool(t, ".", "go", "list", "-m", "-f", "{{.Dir}}", "github.com/infobip/infobip-api-go-client/v3")))
	fillIn := strings.NewReplacer(
		"<BASE_URL>", account.apiURL, "<API_KEY>", apiKey,
		"<DESTINATION>", number, "<PHONE_NUMBER>", number, "<DESTINATION_EMAIL>", address,
	)
	folder := t.TempDir()
	var files []string
	for _, name := range []string{"tfa_live_test.go", "test_setup.go"} {
		source, err := os.ReadFile(filepath.Join(module, "examples", name))
		if err != nil {
			t.Fatal(err)
		}
		filled := filepath.Join(folder, name)
		err = os.WriteFile(filled, []byte(fillIn.Replace(string(source))), 0o600)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, filled)
	}
	runTool(t, ".", "go", append([]string{"test", "-count=1", "-run", "^TestTfaFullBundledFlow$"}, files...)...)
	account.wantOnlySuccesses(t)
	if got := len(account.Requests("")); got != 21 {
		t.Errorf("the flow made %d calls, want its 21", got)
	}
	if got := len(account.Outbox("")); got != 6 {
		t.Errorf("%d messages were delivered, want a send and a resend on three channels", got)
	}
}
