package local

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// cleanEnd is when a program that has not ended after Ctrl-C never will: half of what the longest call
// of these tests takes.
const cleanEnd = 30 * time.Second

func startLocal(t *testing.T, dir string, env ...string) *harness.Process {
	t.Helper()
	return harness.Start(t, harness.Command{Name: "the gateway", Path: harness.Program(t, "local"), Dir: dir, Env: env})
}

// refusesToStart wants the program to end with code 1 and one line with all the words.
func refusesToStart(t *testing.T, p *harness.Process, words ...string) {
	t.Helper()
	if code := p.Wait(t, time.Minute); code != 1 {
		t.Errorf("exit code = %d, want 1", code)
	}
	printed := strings.TrimSpace(p.Raw())
	if strings.Contains(printed, "\n") {
		t.Errorf("it printed more than a line:\n%s", p.Printed())
	}
	for _, word := range words {
		if !strings.Contains(printed, word) {
			t.Errorf("%q does not mention %s", printed, word)
		}
	}
}

func TestTakenPortIsASentence(t *testing.T) {
	for _, variable := range []string{"PORT", "INFOBIP_SIMULATOR_PORT", "INFOBIP_CONTROL_PORT"} {
		t.Run(variable, func(t *testing.T) {
			taken, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer taken.Close()
			port := fmt.Sprint(taken.Addr().(*net.TCPAddr).Port)
			p := startLocal(t, t.TempDir(), append(append([]string{}, harness.AnyPorts...), variable+"="+port)...)
			refusesToStart(t, p, "port "+port+" is taken", variable)
		})
	}
}

func TestBadVariableIsASentence(t *testing.T) {
	const secret = "not-to-be-shown"
	for name, value := range map[string]string{
		"PORT": "http", "IP_SEND_LIMIT": "five", "IP_VERIFY_LIMIT": "0/5m", "NUMBER_SEND_LIMIT": "3 per day", "SEND_COOLDOWN": "30",
		"VERIFY_SPACING": "-1s", "PIN_ATTEMPTS": "0", "PIN_TTL": "forever", "PIN_LENGTH": "six", "NUMBER_FAILURE_LIMIT": "101",
		"INFOBIP_BASE_URL": "http://api.example.com", "INFOBIP_ALLOW_HTTP": "yes", "AWS_ENDPOINT_URL_DYNAMODB": "localhost:8000",
		"INFOBIP_API_KEY": secret, // without a base URL
	} {
		t.Run(name, func(t *testing.T) {
			p := startLocal(t, t.TempDir(), append(append([]string{}, harness.AnyPorts...), name+"="+value)...)
			refusesToStart(t, p, name)
			if strings.Contains(p.Raw(), secret) {
				t.Error("it printed the key")
			}
		})
	}
}

func TestSeveralBadVariablesAreReportedTogether(t *testing.T) {
	p := startLocal(t, t.TempDir(), "PIN_TTL=forever", "PIN_ATTEMPTS=many")
	refusesToStart(t, p, "PIN_TTL", "PIN_ATTEMPTS")
}

func TestDotEnvIsReadAndTheEnvironmentWins(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, ".env"), strings.Join([]string{
		"# a comment", "PORT=0", "INFOBIP_SIMULATOR_PORT='0'", `export INFOBIP_CONTROL_PORT="0"`, "PIN_LENGTH=8", "IP_SEND_LIMIT=1/1h", "",
	}, "\n"))
	g := harness.GatewayOf(t, startLocal(t, dir, "IP_SEND_LIMIT=7/2h"))
	sent := g.Post(t, "/send-otp", sendPhone)
	if got := sent.Header.Get("RateLimit-Policy"); got != "7;w=7200" {
		t.Errorf("RateLimit-Policy = %q, want the environment's 7;w=7200", got)
	}
	if pin := g.Newest(t, phone).PIN; len(pin) != 8 {
		t.Errorf("the PIN has %d digits, want the .env's 8", len(pin))
	}
	if got := g.Post(t, "/verify-otp", verifyBody("123456")); got.Members["error"] != "Invalid PIN format. Expecting 8 digits." {
		t.Errorf("a PIN of six digits = %d %s, want a sentence with 8", got.Status, got.Body)
	}
}

func TestUnreadableDotEnvIsASentenceWithoutItsLine(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, ".env"), "this is a line with a key-like-0123456789abcdef and no equals sign\n")
	p := startLocal(t, dir, harness.AnyPorts...)
	refusesToStart(t, p, ".env")
	if strings.Contains(p.Raw(), "0123456789abcdef") {
		t.Error("it printed the line")
	}
}

func writeFile(t *testing.T, name, content string) {
	t.Helper()
	err := os.WriteFile(name, []byte(content), 0o600)
	if err != nil {
		t.Fatal(err)
	}
}

func TestCtrlCEndsItWithARequestUnderWay(t *testing.T) {
	g := harness.StartGateway(t)
	g.Fault(t, map[string]any{"operation": "send", "times": 0, "delay": "60s"})
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		_, _ = g.TryPost(t.Context(), "/send-otp", sendPhone) // it is cut: that is the point
	}()
	harness.Eventually(t, 30*time.Second, func() error {
		if len(g.Calls(t, "send")) == 0 {
			return errors.New("the send has not reached the provider")
		}
		return nil
	})
	interrupted(t, g)
	<-answered
}

func TestCtrlCEndsItIdle(t *testing.T) { interrupted(t, harness.StartGateway(t)) }

// interrupted sends Ctrl-C and wants a clean end with nothing left behind.
func interrupted(t *testing.T, g *harness.Gateway) {
	t.Helper()
	if err := g.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code := g.Process.Wait(t, cleanEnd); code != 0 {
		t.Errorf("exit code after Ctrl-C = %d, want 0", code)
	}
	nothingListens(t, g)
}

func nothingListens(t *testing.T, g *harness.Gateway) {
	t.Helper()
	for _, url := range []string{g.URL, g.Control.URL} {
		c, err := net.DialTimeout("tcp", strings.TrimPrefix(url, "http://"), 10*time.Second)
		if err == nil {
			_ = c.Close()
			t.Errorf("something still listens on %s", url)
		}
	}
	if err := syscall.Kill(-g.Process.PID(), 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("a process of its group is left: %v", err)
	}
}

func TestMakeRunEndsQuietlyOnCtrlC(t *testing.T) {
	g := harness.GatewayOf(t, harness.Start(t, harness.Command{
		Name: "make run", Path: "make", Args: []string{"-C", harness.Root(), "run"}, Env: harness.AnyPorts,
	}))
	if got := g.Do(t, http.MethodGet, "/", nil, ""); got.Body != banner {
		t.Errorf("GET / = %q, want %q", got.Body, banner)
	}
	if err := g.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	g.Process.Wait(t, cleanEnd) // make ends by the signal, so it has no exit code
	if printed := g.Process.Raw(); strings.Contains(printed, "***") {
		t.Errorf("make reports an error:\n%s", g.Process.Printed())
	}
	nothingListens(t, g)
}
