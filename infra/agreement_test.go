package infra_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/app"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// The functions read what the stack gives them: every name, every value. A name misspelt here
// would be a default there, without a word.
func TestTheFunctionsReadTheirEnvironment(t *testing.T) {
	for _, d := range []deployment{development, production} {
		for _, function := range []struct {
			id      string
			program settings.Program
		}{{"SendFunction", settings.Send}, {"VerifyFunction", settings.Verify}} {
			t.Run(d.props.Stage+" "+function.id, func(t *testing.T) {
				environment := map[string]string{"AWS_REGION": "eu-central-1"} // Lambda's own
				for name, value := range d.environment(t, function.id) {
					environment[name] = value.(string)
				}
				// A parameter has its value once the stack is deployed.
				if strings.HasPrefix(environment["INFOBIP_BASE_URL"], "${") {
					environment["INFOBIP_BASE_URL"] = "abc123.api.infobip.com"
				}
				read := map[string]bool{}
				got, err := app.ReadConfig(func(name string) string {
					read[name] = true
					return environment[name]
				})
				if err != nil {
					t.Fatalf("the function refuses its environment: %v", err)
				}
				err = got.CheckDeployed()
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
	// What the stack knows is checked where it stands in the template.
	want.Infobip, want.AWS, want.Table, want.SecretID = got.Infobip, got.AWS, got.Table, got.SecretID
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings (-props +function):\n%s", diff)
	}
}
