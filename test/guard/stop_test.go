package guard

import (
	"bytes"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// laptop is the service as make run starts it, with state in DynamoDB Local, and an operator
// beside it.
type laptop struct {
	*harness.Gateway
	env []string
}

func newLaptop(t *testing.T, env ...string) *laptop {
	t.Helper()
	endpoint := harness.DynamoDBLocal(t)
	table := harness.Table(t, endpoint)
	common := []string{"AWS_ENDPOINT_URL_DYNAMODB=" + endpoint, "TABLE_NAME=" + table}
	return &laptop{harness.StartGateway(t, append(common, env...)...), common}
}

// otpctl runs a command that has to succeed, and returns what it printed.
func (l *laptop) otpctl(t *testing.T, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), harness.Program(t, "otpctl"), args...)
	command.Env = append(append(harness.BaseEnv(), "HOME="+t.TempDir(), "AWS_EC2_METADATA_DISABLED=true"), l.env...)
	var printed bytes.Buffer
	command.Stdout, command.Stderr = &printed, &printed
	if err := command.Run(); err != nil {
		t.Fatalf("otpctl %s: %v\n%s", strings.Join(args, " "), err, printed.String())
	}
	return printed.String()
}

func (l *laptop) send(t *testing.T, number string, status int, code string) harness.Answer {
	t.Helper()
	answer := l.Post(t, "/send-otp", `{"phoneNumber":"`+number+`"}`)
	if got, _ := answer.Members["code"].(string); answer.Status != status || got != code {
		t.Fatalf("send = %d %s, want %d %s", answer.Status, answer.Body, status, code)
	}
	return answer
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("it lacks %q:\n%s", part, text)
		}
	}
}

// TestStopWithoutADeployment: an operator's stop holds from the next send on, in a service
// that is running.
func TestStopWithoutADeployment(t *testing.T) {
	l := newLaptop(t, "SEND_COOLDOWN=0s")
	const austrian, american = "+436641234567", "+14155552671"
	contains(t, l.otpctl(t, "guard", "show"), "stopped  nothing")
	l.send(t, austrian, http.StatusOK, "")

	contains(t, l.otpctl(t, "guard", "stop", "--region", "AT", "--until", "2h", "--reason", "pumped, see INC-42"), "stopped: everything to AT, until 20")
	refused := l.send(t, austrian, http.StatusTooManyRequests, "traffic_limited")
	if wait, _ := refused.Members["retryAfter"].(float64); wait < 7100 || wait > 7200 {
		t.Errorf("retryAfter is %v, want the two hours of the stop", refused.Members["retryAfter"])
	}
	if strings.Contains(refused.Body, "AT") || strings.Contains(refused.Body, "pumped") {
		t.Errorf("the client is told which stop it is: %s", refused.Body)
	}
	l.send(t, american, http.StatusOK, "")

	// Verifying goes on.
	pin := l.Newest(t, austrian).PIN
	if answer := l.Post(t, "/verify-otp", `{"phoneNumber":"`+austrian+`","pin":"`+pin+`"}`); answer.Status != http.StatusOK {
		t.Errorf("verify during the stop = %d %s", answer.Status, answer.Body)
	}
	contains(t, l.otpctl(t, "guard", "show"), "everything to AT", "pumped, see INC-42")
	contains(t, l.otpctl(t, "guard", "start", "--region", "AT", "--reason", "calm"), "started: everything to AT: calm")
	l.send(t, austrian, http.StatusOK, "")
	contains(t, l.otpctl(t, "guard", "show", "--json"), `"stops": []`, `"lastStarted"`)
	// The log line of the refusal has come down its pipe by now.
	contains(t, l.Process.Raw(), `"code":"traffic_limited"`, "stopped: everything to AT: pumped, see INC-42")
}
