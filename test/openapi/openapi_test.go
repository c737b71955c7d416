// Package openapi holds openapi.yaml to a linter's rules, and the running service to
// openapi.yaml: schemathesis makes requests from it, good and bad ones, and no answer may
// be one that it does not describe.
package openapi

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	infobipotp "github.com/seed-a131a524/infobip-otp"
	"github.com/seed-a131a524/infobip-otp/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// lint returns how many errors and warnings redocly has about a description.
func lint(t *testing.T, description string) (int, int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "openapi.yaml")
	if err := os.WriteFile(file, []byte(description), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := harness.Run(t.Context(), time.Minute, harness.Command{
		Name: "redocly", Path: harness.Tool(t, "redocly", "node_modules", ".bin", "redocly"), Dir: harness.Root(),
		Args: []string{"lint", "--format", "json", "--config", "redocly.yaml", file},
		Env:  []string{"REDOCLY_TELEMETRY=off", "REDOCLY_SUPPRESS_UPDATE_NOTICE=true", "NO_COLOR=1"},
	})
	var report struct {
		Totals *struct{ Errors, Warnings, Ignored int }
	}
	if parsed := json.Unmarshal([]byte(out[max(strings.Index(out, "{"), 0):]), &report); parsed != nil || report.Totals == nil {
		t.Fatalf("redocly printed no report (%v, %v):\n%s", parsed, err, out)
	}
	if report.Totals.Ignored > 0 {
		t.Errorf("%d problems are ignored", report.Totals.Ignored)
	}
	if (err != nil) != (report.Totals.Errors > 0) {
		t.Fatalf("redocly ended with %v and %d errors", err, report.Totals.Errors)
	}
	return report.Totals.Errors, report.Totals.Warnings
}

func TestLint(t *testing.T) {
	if errors, warnings := lint(t, infobipotp.OpenAPI); errors > 0 || warnings > 0 {
		t.Errorf("%d errors and %d warnings; `.tools/redocly/node_modules/.bin/redocly lint openapi.yaml` names them", errors, warnings)
	}
	spoiled := strings.Replace(infobipotp.OpenAPI, "operationId: resendOtp", "operationId: sendOtp", 1)
	if errors, _ := lint(t, spoiled); errors == 0 {
		t.Error("two operations of one id are no error: the linter does not look")
	}
}

// The limits are far above what a run needs, or most answers were that one of them is used up.
var noLimits = []string{
	"IP_SEND_LIMIT=1000000/1d", "IP_VERIFY_LIMIT=1000000/1d", "NUMBER_SEND_LIMIT=1000/1d", "SEND_COOLDOWN=0s", "VERIFY_SPACING=0s",
}

// conform runs schemathesis against a gateway with a description, and returns what it
// printed and whether it found nothing. The seed is fixed, so that a run can be repeated.
func conform(t *testing.T, g *harness.Gateway, description, examples string, more ...string) (string, bool) {
	t.Helper()
	dir := t.TempDir() // it keeps notes where it runs
	file := filepath.Join(dir, "openapi.yaml")
	if err := os.WriteFile(file, []byte(description), 0o600); err != nil {
		t.Fatal(err)
	}
	// It ends with 1 on findings, and the error of Run shows only the end of what it printed.
	const report = "report.txt"
	_, err := harness.Run(t.Context(), 3*time.Minute, harness.Command{
		Name: "schemathesis", Path: "/bin/sh", Dir: dir,
		Args: append([]string{
			"-c", `exec "$@" >` + report + ` 2>&1`, "sh",
			harness.Tool(t, "python", "bin", "schemathesis"), "--no-color", "run", file, "--url", g.URL,
			"--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance",
			"--phases", "examples,coverage,fuzzing", "--max-examples", examples, "--seed", "20261127",
			"--generation-database", "none", "--request-timeout", "10", "--continue-on-failure",
		}, more...),
	})
	printed, readErr := os.ReadFile(filepath.Join(dir, report))
	if readErr != nil {
		t.Fatal(readErr)
	}
	if !regexp.MustCompile(`(?m)^  \d+ generated`).Match(printed) {
		t.Fatalf("schemathesis made no run: %v\n%s", err, printed)
	}
	return string(printed), err == nil
}

func TestRunningServiceConforms(t *testing.T) {
	g := harness.StartGateway(t, noLimits...)
	// Of a body that is of one of two kinds schemathesis spoils no member, so it is told of numbers
	// alone too.
	const either = "oneOf: [{ required: [phoneNumber] }, { required: [email] }]"
	const address = "        email: { $ref: '#/components/schemas/Email' }\n"
	numbers := strings.NewReplacer(
		"required: [verificationId]\n      "+either, "required: [phoneNumber, verificationId]",
		"required: [pin]\n      "+either, "required: [phoneNumber, pin]",
		either, "required: [phoneNumber]", address, "",
	).Replace(infobipotp.OpenAPI)
	if strings.Count(infobipotp.OpenAPI, either) != 3 || strings.Count(infobipotp.OpenAPI, address) != 3 {
		t.Fatal("openapi.yaml says otherwise that a recipient is a number or an address")
	}
	for _, description := range []string{infobipotp.OpenAPI, numbers} {
		if printed, conforms := conform(t, g, description, "30"); !conforms {
			t.Errorf("the service answers what openapi.yaml does not describe:\n%s", printed)
		}
	}
	// A run that met only one kind of answer would show little.
	for _, code := range []string{
		"ok", "body_invalid", "field_unknown", "field_type", "phone_number_required", "phone_number_invalid",
		"pin_invalid", "invalid_or_expired", "idempotency_key_invalid", "content_type_unsupported", "method_not_allowed",
	} {
		if !strings.Contains(g.Process.Raw(), `"code":"`+code+`"`) {
			t.Errorf("the run met no answer %q", code)
		}
	}
}

// TestADescriptionThatLies: schemathesis looks at what it is asked to look at.
func TestADescriptionThatLies(t *testing.T) {
	g := harness.StartGateway(t, noLimits...)
	lie := infobipotp.OpenAPI
	for _, change := range [][2]string{
		{"                  - body_invalid\n", ""},
		{"        '415': { $ref: '#/components/responses/ContentTypeUnsupported' }\n", ""},
		{"            text/plain:\n", "            text/html:\n"},
		{"Allow: { $ref: '#/components/headers/Allow' }\n", "X-Not-There: { $ref: '#/components/headers/Allow' }\n"},
		{"        X-Content-Type-Options: { $ref: '#/components/headers/NoSniff' }\n", "        X-Not-There: { $ref: '#/components/headers/NoSniff' }\n"},
	} {
		if !strings.Contains(lie, change[0]) {
			t.Fatalf("%q is not in openapi.yaml", change[0])
		}
		lie = strings.ReplaceAll(lie, change[0], change[1])
	}
	printed, conforms := conform(t, g, lie, "10", "--include-operation-id", "verifyOtp", "--include-operation-id", "getBanner")
	if conforms {
		t.Error("a description that lies is called true")
	}
	for _, finding := range []string{
		"Response violates schema", "Undocumented status code", "Undocumented Content-Type", "Missing required response headers",
	} {
		if !strings.Contains(printed, finding) {
			t.Errorf("it finds no %q:\n%s", finding, printed)
		}
	}
}
