package otpctl

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// simulatorKey is the API key of a simulator that make run starts.
const simulatorKey = "simulator"

// laptop is the service as make run starts it, with state in DynamoDB Local, and
// somebody beside it.
func laptop(t *testing.T, env ...string) (*harness.Gateway, *operator) {
	t.Helper()
	endpoint := harness.DynamoDBLocal(t)
	table := harness.Table(t, endpoint)
	common := []string{"AWS_ENDPOINT_URL_DYNAMODB=" + endpoint, "TABLE_NAME=" + table}
	gateway := harness.StartGateway(t, append(common, env...)...)
	return gateway, newOperator(append(common, "INFOBIP_API_KEY="+simulatorKey)...)
}

// send has a code sent, and returns its PIN.
func send(t *testing.T, g *harness.Gateway, o *operator) string {
	t.Helper()
	answer := g.Post(t, "/send-otp", `{"phoneNumber":"`+phone+`"}`)
	if answer.Status != http.StatusOK {
		t.Fatalf("send = %d %s, want 200", answer.Status, answer.Body)
	}
	message := g.Newest(t, phone)
	o.hides("the PIN", message.PIN)
	o.hides("the pinId", message.PINID)
	id, _ := answer.Members["verificationId"].(string)
	o.hides("the verification id", id)
	return message.PIN
}

func verify(t *testing.T, g *harness.Gateway, pin string, status int) {
	t.Helper()
	answer := g.Post(t, "/verify-otp", `{"phoneNumber":"`+phone+`","pin":"`+pin+`"}`)
	if answer.Status != status {
		t.Fatalf("verify = %d %s, want %d", answer.Status, answer.Body, status)
	}
}

// disable spends all the failures that a number may have in a row.
func disable(t *testing.T, g *harness.Gateway, pin string) {
	t.Helper()
	verify(t, g, otherPIN(pin), http.StatusUnauthorized)
	verify(t, g, pin, http.StatusUnauthorized)
}

var disabling = []string{"NUMBER_FAILURE_LIMIT=1", "VERIFY_SPACING=0s", "SEND_COOLDOWN=0s"}

func TestDisabledNumberIsEnabled(t *testing.T) {
	g, o := laptop(t, disabling...)
	want(t, o.does(t, "show", "-").stdout, "remembered  nothing")
	want(t, o.does(t, "enable", "-").stderr, "nothing to change: the number is not disabled")

	pin := send(t, g, o)
	want(t, o.does(t, "show", "-").stdout, "disabled     no", "failures     none", "sends        1 in the window", "active", "sms")
	disable(t, g, pin)
	if refused := g.Post(t, "/send-otp", `{"phoneNumber":"`+phone+`"}`); refused.Status != http.StatusTooManyRequests {
		t.Fatalf("send to a disabled number = %d %s, want 429", refused.Status, refused.Body)
	}
	want(t, o.does(t, "show", "-").stdout, "disabled     since 20", "failures     1 in a row", "sends        1 in the window")

	var report struct {
		Disabled      bool   `json:"disabled"`
		DisabledAt    string `json:"disabledAt"`
		Failures      int    `json:"failures"`
		Sends         int    `json:"sends"`
		LogName       string `json:"logName"`
		Verifications []struct {
			ID       string `json:"id"`
			State    string `json:"state"`
			Live     bool   `json:"live"`
			Progress string `json:"progress"`
			Attempts int    `json:"attempts"`
		} `json:"verifications"`
	}
	shown := o.does(t, "show", "-", "--json").stdout
	err := json.Unmarshal([]byte(shown), &report)
	if err != nil {
		t.Fatalf("the report is not JSON: %v\n%s", err, shown)
	}
	if !report.Disabled || report.DisabledAt == "" || report.Failures != 1 || report.Sends != 1 || len(report.Verifications) != 1 {
		t.Errorf("the report is %s", shown)
	} else if v := report.Verifications[0]; v.State != "active" || !v.Live || v.Progress != "sent" || v.Attempts != 1 || len(v.ID) > 10 {
		t.Errorf("the verification is %+v", v)
	}
	if logged := g.Process.Raw(); report.LogName == "" || !strings.Contains(logged, `"number":"`+report.LogName+`"`) {
		t.Errorf("the log lines do not have the name %q", report.LogName)
	}

	want(t, o.does(t, "enable", "-").stderr, "the number is enabled: it was disabled since 20", "after 1 failure in a row", "1 send in the window that ends")
	want(t, o.does(t, "enable", "-").stderr, "nothing to change")
	want(t, o.does(t, "show", "-").stdout, "disabled     no", "failures     none", "sends        1 in the window")
	verify(t, g, pin, http.StatusOK)
	want(t, o.does(t, "show", "-").stdout, "verified")
}

func TestReset(t *testing.T) {
	g, o := laptop(t, "NUMBER_SEND_LIMIT=1/1d") // and a cooldown of 30 s
	pin := send(t, g, o)
	if again := g.Post(t, "/send-otp", `{"phoneNumber":"`+phone+`"}`); again.Status != http.StatusTooManyRequests {
		t.Fatalf("a second send = %d %s, want 429", again.Status, again.Body)
	}
	unasked := o.run(t, phone, "number", "reset", "-")
	if unasked.code != 1 {
		t.Errorf("reset without --yes: exit code %d, want 1", unasked.code)
	}
	want(t, unasked.stderr, "nothing was changed", "hint: add --yes")
	want(t, o.does(t, "show", "-").stdout, "sends        1 in the window")

	want(t, o.does(t, "reset", "-", "--yes").stderr, "forgotten: 1 send, 0 failures in a row, 1 verification (1 live)")
	want(t, o.does(t, "reset", "-", "--yes").stderr, "nothing to change: nothing is remembered")
	want(t, o.does(t, "show", "-").stdout, "remembered  nothing")
	verify(t, g, pin, http.StatusUnauthorized)
	verify(t, g, send(t, g, o), http.StatusOK)
}

// Of several who enable a number at once one does, and each is told the truth.
func TestEnableInParallel(t *testing.T) {
	g, o := laptop(t, disabling...)
	pin := send(t, g, o)
	disable(t, g, pin)
	const operators = 4
	program := harness.Program(t, "otpctl")
	results := make([]printed, operators)
	errs := make([]error, operators)
	dir := t.TempDir()
	var group sync.WaitGroup
	for i := range operators {
		group.Go(func() {
			results[i], errs[i] = o.try(t.Context(), program, dir, phone, "number", "enable", "-")
		})
	}
	group.Wait()
	enabled, nothing := 0, 0
	for i, got := range results {
		if errs[i] != nil || got.code != 0 {
			t.Fatalf("enable: exit code %d, %v\n%s", got.code, errs[i], got.stderr)
		}
		o.search(t, got, []string{"number", "enable"})
		switch {
		case strings.Contains(got.stderr, "the number is enabled"):
			enabled++
		case strings.Contains(got.stderr, "nothing to change"):
			nothing++
		}
	}
	if enabled != 1 || nothing != operators-1 {
		t.Errorf("%d enabled it and %d had nothing to change, want 1 and %d", enabled, nothing, operators-1)
	}
	verify(t, g, pin, http.StatusOK)
}

// A profile of the AWS CLI's files says where and as whom.
func TestProfile(t *testing.T) {
	g, o := laptop(t)
	send(t, g, o)
	home := t.TempDir()
	file := filepath.Join(home, "config")
	err := os.WriteFile(file, []byte("[profile on-call]\nregion = "+harness.Region+
		"\naws_access_key_id = "+harness.AccessKeyID+"\naws_secret_access_key = canary-secret-access-key\n"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	o.env = append(o.env, "AWS_CONFIG_FILE="+file, "AWS_PROFILE=on-call")
	o.hides("the profile's secret key", "canary-secret-access-key")
	want(t, o.does(t, "show", "-").stdout, "sends        1 in the window")

	o.env = append(o.env, "AWS_PROFILE=nobody")
	got := o.run(t, phone, "number", "show", "-")
	if got.code != 1 {
		t.Errorf("with a profile that is not there: exit code %d, want 1", got.code)
	}
	want(t, got.stderr, "reading the AWS configuration: failed to get shared config profile, nobody")
}

func TestWrongTable(t *testing.T) {
	_, o := laptop(t)
	got := o.run(t, phone, "number", "show", "-", "--table", "another")
	if got.code != 1 || got.stdout != "" {
		t.Errorf("exit code %d and %q, want 1 and nothing", got.code, got.stdout)
	}
	want(t, got.stderr, "error: there is no table another here", "hint: look at TABLE_NAME or --table")
}
