// Package sam runs the service as `sam local` does: the binaries of `sam build` in
// containers, against the Infobip simulator and DynamoDB Local on this machine. It also
// lints both templates.
package sam

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

const (
	phone   = "+14155552671"
	address = "jane@example.com" // of events/send-email.json
	banner  = "Infobip OTP Service Running!"
	// patience bounds one command of sam.
	patience = 2 * time.Minute
)

// sam returns a command of the sam CLI in the repository's folder. It has no credentials:
// with some it asks AWS who they are.
func sam(t *testing.T, args ...string) harness.Command {
	t.Helper()
	return harness.Command{
		Name: "sam " + args[0] + " " + args[1],
		Path: harness.Tool(t, "python", "bin", "sam"),
		Args: args,
		Dir:  harness.Root(),
		Env:  []string{"SAM_CLI_TELEMETRY=0", "AWS_DEFAULT_REGION=" + harness.Region},
	}
}

func configuration() string {
	if harness.SAMArchitecture() == "arm64" {
		return "arm64"
	}
	return "default"
}

func TestTemplatesPassTheirLinters(t *testing.T) {
	if _, err := harness.Run(t.Context(), patience, sam(t, "validate", "--lint", "--region", harness.Region)); err != nil {
		t.Error(err)
	}
	synthesized, err := filepath.Glob(filepath.Join(harness.Root(), "infra", "cdk.out", "*.template.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(synthesized) == 0 {
		t.Fatal("infra/cdk.out has no template: run `make synth`")
	}
	regions := map[string]string{
		filepath.Join(harness.Root(), "template.yaml"): harness.Region,
		// A web ACL of CloudFront is in this region.
		filepath.Join(harness.Root(), "examples", "front-door", "template.yaml"): "us-east-1",
	}
	for _, template := range synthesized {
		regions[template] = harness.Region
	}
	for template, region := range regions {
		_, err := harness.Run(t.Context(), patience, harness.Command{
			Name: "cfn-lint " + template,
			Path: harness.Tool(t, "python", "bin", "cfn-lint"),
			Args: []string{"--regions", region, "--", template},
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// built is the folder that `sam build` wrote, shared by the tests of this package.
var built = struct {
	sync.Once
	dir string
	err error
}{}

// build runs `sam build`, into a folder of the test's own.
func build(t *testing.T) string {
	t.Helper()
	built.Do(func() {
		built.dir = filepath.Join(harness.SharedDir(t), "sam-build")
		_, built.err = harness.Run(t.Context(), 5*time.Minute,
			sam(t, "build", "--config-env", configuration(), "--build-dir", built.dir))
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.dir, "template.yaml")
}

// rig is what the functions in their containers talk to.
type rig struct {
	simulator *harness.Simulator
	// flags are what every `sam local` command takes.
	flags []string
	// env makes sam use the container engine.
	env []string
}

func newRig(t *testing.T) rig {
	t.Helper()
	engine := harness.ContainerEngine(t)
	template := build(t)
	dynamodb := harness.DynamoDBLocal(t)
	r := rig{simulator: harness.StartSimulator(t, "INFOBIP_SIMULATOR_HOST=0.0.0.0"), env: engine.Env}

	variables := filepath.Join(t.TempDir(), "env.json")
	content := harness.JSON(t, map[string]map[string]string{"Parameters": {
		"INFOBIP_BASE_URL":          fmt.Sprintf("http://%s:%d", engine.Host, r.simulator.Port),
		"INFOBIP_ALLOW_HTTP":        "true",
		"INFOBIP_API_KEY":           harness.SimulatorKey,
		"INFOBIP_2FA_APP_ID":        r.simulator.AppID,
		"INFOBIP_2FA_MSG_ID":        r.simulator.MessageID,
		"INFOBIP_2FA_MESSAGES":      "email/*=" + r.simulator.EmailTemplate(t),
		"CHANNELS":                  "sms,email",
		"TABLE_NAME":                harness.Table(t, dynamodb),
		"AWS_ENDPOINT_URL_DYNAMODB": strings.Replace(dynamodb, "127.0.0.1", engine.Host, 1),
	}})
	err := os.WriteFile(variables, content, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	r.flags = []string{
		"--config-file", filepath.Join(harness.Root(), "samconfig.toml"), "--config-env", configuration(),
		"--template", template, "--env-vars", variables, "--skip-pull-image",
	}
	if engine.InvokeImage != "" {
		r.flags = append(r.flags, "--invoke-image", engine.InvokeImage)
	}
	return r
}

// local returns a `sam local` command.
func (r rig) local(t *testing.T, args ...string) harness.Command {
	t.Helper()
	c := sam(t, append(append([]string{"local"}, args...), r.flags...)...)
	c.Env = append(c.Env, r.env...)
	return c
}

// invoke runs `sam local invoke` with an event file and returns the function's answer.
func (r rig) invoke(t *testing.T, function, event string) events.APIGatewayV2HTTPResponse {
	t.Helper()
	printed, err := harness.Run(t.Context(), patience, r.local(t, "invoke", function, "--event", event))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(printed), "\n")
	var answer events.APIGatewayV2HTTPResponse
	err = json.Unmarshal([]byte(lines[len(lines)-1]), &answer)
	if err != nil || answer.StatusCode == 0 {
		t.Fatalf("sam local invoke %s: the last line is no answer (%v)", function, err)
	}
	t.Logf("sam local invoke %s --event %s: %d %s", function, filepath.Base(event), answer.StatusCode, answer.Body)
	return answer
}

func eventFile(name string) string { return filepath.Join("events", name+".json") }

func TestLocalInvoke(t *testing.T) {
	r := newRig(t)

	if got := r.invoke(t, "DiscoveryFunction", eventFile("banner")); got.StatusCode != http.StatusOK || got.Body != banner {
		t.Errorf("DiscoveryFunction = %d %q, want 200 %q", got.StatusCode, got.Body, banner)
	}
	if got := r.invoke(t, "SendFunction", eventFile("send")); got.StatusCode != http.StatusOK || !strings.Contains(got.Body, "OTP sent successfully.") {
		t.Fatalf("SendFunction = %d %s, want 200 OTP sent successfully.", got.StatusCode, got.Body)
	}
	// The event as it is has a PIN that nobody sent, but for one chance in a million.
	message := r.simulator.Newest(t, phone)
	asIs := harness.Event(t, "verify")
	if !strings.Contains(asIs.Body, message.PIN) {
		if got := r.invoke(t, "VerifyFunction", eventFile("verify")); got.StatusCode != http.StatusUnauthorized {
			t.Errorf("VerifyFunction with another PIN = %d %s, want 401", got.StatusCode, got.Body)
		}
	}
	right := asIs
	right.Body = string(harness.JSON(t, map[string]string{"phoneNumber": phone, "pin": message.PIN}))
	file := filepath.Join(t.TempDir(), "verify.json")
	err := os.WriteFile(file, harness.JSON(t, right), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	// Starting a container takes part of the three seconds between two verifies.
	time.Sleep(3 * time.Second)
	if got := r.invoke(t, "VerifyFunction", file); got.StatusCode != http.StatusOK {
		t.Errorf("VerifyFunction with the PIN of the outbox = %d %s, want 200", got.StatusCode, got.Body)
	}
	if got := r.invoke(t, "VerifyFunction", file); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("VerifyFunction again = %d %s, want 401", got.StatusCode, got.Body)
	}
	if got := r.invoke(t, "SendFunction", eventFile("send-email")); got.StatusCode != http.StatusOK {
		t.Fatalf("SendFunction to an address = %d %s, want 200", got.StatusCode, got.Body)
	}
	if message := r.simulator.Newest(t, address); message.Channel != "email" {
		t.Errorf("the message to an address went by %s", message.Channel)
	}
	if calls := r.simulator.Calls(t, "send"); len(calls) != 2 {
		t.Errorf("sends at the provider = %d, want 2", len(calls))
	}
}

func TestLocalStartAPI(t *testing.T) {
	r := newRig(t)
	port := harness.FreePort(t)
	c := r.local(t, "start-api", "--host", "127.0.0.1", "--port", fmt.Sprint(port))
	p := harness.Start(t, c)
	api := &harness.Gateway{URL: fmt.Sprintf("http://127.0.0.1:%d", port), Process: p}
	harness.Eventually(t, patience, func() error {
		select {
		case <-p.Ended():
			t.Fatal("sam local start-api ended before it was ready")
		default:
		}
		answer, err := api.TryGet(t.Context(), "/")
		if err == nil && answer.Body != banner {
			err = fmt.Errorf("GET / = %d %s", answer.Status, answer.Body)
		}
		return err
	})

	sent := api.Post(t, "/send-otp", `{"phoneNumber":"`+phone+`"}`)
	if sent.Status != http.StatusOK || sent.Members["message"] != "OTP sent successfully." {
		t.Fatalf("POST /send-otp = %d %s, want 200", sent.Status, sent.Body)
	}
	if got := sent.Header.Get("RateLimit-Policy"); got != "5;w=900" {
		t.Errorf("RateLimit-Policy = %q, want 5;w=900", got)
	}
	t.Logf("sam local start-api: POST /send-otp: %d %v", sent.Status, sent.Members["message"])
	body := `{"phoneNumber":"` + phone + `","pin":"` + r.simulator.Newest(t, phone).PIN + `"}`
	for _, want := range []int{http.StatusOK, http.StatusUnauthorized} {
		got := api.Post(t, "/verify-otp", body)
		if got.Status != want {
			t.Errorf("POST /verify-otp = %d %s, want %d", got.Status, got.Body, want)
		}
		t.Logf("sam local start-api: POST /verify-otp: %d %s", got.Status, got.Body)
	}
	if got := api.Post(t, "/send-otp", `{"email":"`+address+`","locale":"de"}`); got.Status != http.StatusOK {
		t.Fatalf("POST /send-otp to an address = %d %s, want 200", got.Status, got.Body)
	}
	if got := api.Post(t, "/verify-otp", `{"email":"`+address+`","pin":"`+r.simulator.Newest(t, address).PIN+`"}`); got.Status != http.StatusOK {
		t.Errorf("POST /verify-otp of an address = %d %s, want 200", got.Status, got.Body)
	}
	if got := api.Post(t, "/resend-otp", `{}`); got.Status != http.StatusBadRequest || got.Members["code"] != "verification_id_required" {
		t.Errorf("POST /resend-otp {} = %d %s, want 400", got.Status, got.Body)
	}
	for _, tt := range []struct {
		method, path string
		status       int
	}{{http.MethodGet, "/nothing-here", http.StatusNotFound}, {http.MethodGet, "/send-otp", http.StatusMethodNotAllowed}} {
		got := api.Do(t, tt.method, tt.path, nil, "")
		if got.Status != tt.status {
			t.Errorf("%s %s = %d %s, want %d", tt.method, tt.path, got.Status, got.Body, tt.status)
		}
	}

	// sam removes its containers when it is interrupted, not when it is terminated.
	if err := p.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	p.Wait(t, 30*time.Second)
	if _, err := api.TryGet(t.Context(), "/"); err == nil {
		t.Error(errors.New("something still answers after Ctrl-C"))
	}
}
