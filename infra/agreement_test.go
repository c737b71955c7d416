package infra_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/infra/watch"
	"github.com/seed-a131a524/infobip-otp/pkg/app"
	"github.com/seed-a131a524/infobip-otp/pkg/app/metrics"
	"github.com/seed-a131a524/infobip-otp/pkg/app/proofs"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
	"github.com/seed-a131a524/infobip-otp/pkg/telemetry"
)

// deployed puts in what a reference stands for once the stack is there.
var deployed = strings.NewReplacer(
	"${InfobipBaseUrl}", "abc123.api.infobip.com",
	"${Api.ApiEndpoint}", "https://a1b2c3.execute-api.eu-central-1.amazonaws.com",
	"${ProofKey1.Arn}", "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000001",
	"${ProofKey2.Arn}", "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000002",
)

// The functions read what the stack gives them: every name, every value. A name misspelt here
// would be a default there, without a word.
func TestTheFunctionsReadTheirEnvironment(t *testing.T) {
	for _, d := range []deployment{development(t), production(t)} {
		for _, function := range []struct {
			id      string
			program settings.Program
		}{{"SendFunction", settings.Send}, {"VerifyFunction", settings.Verify}} {
			t.Run(d.props.Stage+" "+function.id, func(t *testing.T) {
				environment := map[string]string{"AWS_REGION": "eu-central-1"} // Lambda's own
				for name, value := range d.environment(t, function.id) {
					environment[name] = deployed.Replace(value.(string))
				}
				read := map[string]bool{}
				got, err := app.ReadConfig(func(name string) string {
					read[name] = true
					return environment[name]
				})
				if err != nil {
					t.Fatalf("the function refuses its environment: %v", err)
				}
				got.Function = function.program
				err = errors.Join(got.CheckDeployed(), got.CheckMessages())
				if err != nil {
					t.Errorf("the function lacks something: %v", err)
				}
				for name := range environment {
					if !read[name] {
						t.Errorf("the function does not read %s", name)
					}
				}
				checkUnderstood(t, d, function.program, got)
				timeout := d.properties(t, function.id, "AWS::Lambda::Function")["Timeout"]
				if timeout != app.FunctionTimeout.Seconds() {
					t.Errorf("timeout %v s, the function counts on %v", timeout, app.FunctionTimeout)
				}
			})
		}
	}
}

// checkUnderstood compares what a function understood with what it would of the owner's settings
// themselves, as far as it reads them.
func checkUnderstood(t *testing.T, d deployment, function settings.Program, got app.Config) {
	t.Helper()
	want, err := app.ReadConfig(func(name string) string {
		if s, _ := settings.Lookup(name); s.ReadBy(function) {
			return d.props.Settings[name]
		}
		return ""
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.Infobip.AllowHTTP || got.Infobip.APIKey != "" || len(got.ClientAddress.OriginKeys) > 0 {
		t.Error("a deployed function has a setting of laptops")
	}
	want.Function = got.Function
	// What the stack knows is checked where it stands in the template.
	want.Infobip, want.AWS, want.Table, want.SecretID, want.Metrics = got.Infobip, got.AWS, got.Table, got.SecretID, got.Metrics
	if target := (telemetry.Target{Namespace: watch.Namespace, Stage: d.props.Stage}); got.Metrics != target {
		t.Errorf("metrics go to %v, want %v", got.Metrics, target)
	}
	want.Proofs.Keys = got.Proofs.Keys // TestDiscoveryReadsItsEnvironment
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings (-props +function):\n%s", diff)
	}
}

// Discovery publishes what verify signs with: it takes its environment, asks for nothing that is
// not there, and both understand the same.
func TestDiscoveryReadsItsEnvironment(t *testing.T) {
	for _, d := range []deployment{development(t), production(t)} {
		keys := map[string]proofs.Keys{}
		for _, function := range []string{"VerifyFunction", "DiscoveryFunction"} {
			r := settings.NewReader(func(name string) string {
				value, _ := d.environment(t, function)[name].(string)
				return deployed.Replace(value)
			})
			keys[function] = proofs.ReadKeys(r)
			err := errors.Join(r.Err(), keys[function].CheckDeployed())
			if err != nil || !keys[function].On() {
				t.Errorf("%s %s has no proofs: %v", d.props.Stage, function, err)
			}
		}
		if diff := cmp.Diff(keys["VerifyFunction"], keys["DiscoveryFunction"]); diff != "" {
			t.Errorf("%s (-verify +discovery):\n%s", d.props.Stage, diff)
		}
		read := map[string]bool{}
		getenv := func(name string) string {
			read[name] = true
			value, _ := d.environment(t, "DiscoveryFunction")[name].(string)
			return deployed.Replace(value)
		}
		published, err := proofs.Discovery(getenv, app.Clock{}, slog.New(slog.DiscardHandler))
		emitter, metricsErr := metrics.Emitter(getenv)
		if err = errors.Join(err, metricsErr); err != nil || published == nil || emitter == nil {
			t.Fatalf("%s: discovery does not start, or emits nothing: %v", d.props.Stage, err)
		}
		for name := range d.environment(t, "DiscoveryFunction") {
			if !read[name] {
				t.Errorf("%s: discovery does not read %s", d.props.Stage, name)
			}
		}
	}
}
