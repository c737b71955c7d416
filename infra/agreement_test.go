package infra_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/app"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

// The functions read what the stack gives them: every name, every value. A name misspelt here
// would be a default there, without a word.
func TestTheFunctionsReadTheirEnvironment(t *testing.T) {
	for _, d := range []deployment{development, production} {
		t.Run(d.props.Stage, func(t *testing.T) {
			variables := d.properties(t, "SendFunction", "AWS::Lambda::Function")["Environment"].(object)["Variables"].(object)
			environment := map[string]string{"AWS_REGION": "eu-central-1"}
			for name, value := range variables {
				environment[name] = value.(string)
			}
			// A parameter has its value once the stack is deployed.
			if strings.HasPrefix(environment["INFOBIP_BASE_URL"], "${") {
				environment["INFOBIP_BASE_URL"] = "abc123.api.infobip.com"
			}
			read := map[string]bool{}
			config, err := app.ReadConfig(func(name string) string {
				read[name] = true
				return environment[name]
			})
			if err != nil {
				t.Fatalf("the functions refuse their environment: %v", err)
			}
			err = config.CheckDeployed()
			if err != nil {
				t.Errorf("the functions lack something: %v", err)
			}
			for name := range variables {
				if !read[name] {
					t.Errorf("no function reads %s", name)
				}
			}
			checkConfig(t, d, config)
		})
	}
}

// checkConfig compares what the functions understood with what the props said.
func checkConfig(t *testing.T, d deployment, got app.Config) {
	t.Helper()
	l := d.props.Limits
	timeout := d.properties(t, "SendFunction", "AWS::Lambda::Function")["Timeout"]
	if timeout != app.FunctionTimeout.Seconds() {
		t.Errorf("timeout %v s, the functions count on %v", timeout, app.FunctionTimeout)
	}
	want := map[string]any{
		"IPSend": l.IPSend.String(), "IPVerify": l.IPVerify.String(), "NumberSend": l.NumberSend.String(),
		"SendCooldown": l.SendCooldown, "VerifySpacing": l.VerifySpacing,
		"PINAttempts": l.PINAttempts, "PINTTL": l.PINTTL, "PINLength": l.PINLength,
		"NumberFailures": l.NumberFailures, "FailureMemory": l.FailureMemory, "DisabledMemory": l.DisabledMemory,
		"RequireVerificationID": l.RequireVerificationID, "AllowHTTP": false, "APIKey": "",
		"AllowedRegions": d.props.AllowedRegions,
	}
	rate := func(attempts int, window time.Duration) string {
		return rate.Rate{Attempts: attempts, Window: window}.String()
	}
	understood := map[string]any{
		"IPSend":       rate(got.SendLimit.Attempts, got.SendLimit.Window),
		"IPVerify":     rate(got.VerifyLimit.Attempts, got.VerifyLimit.Window),
		"NumberSend":   rate(got.Policy.NumberSendLimit.Attempts, got.Policy.NumberSendLimit.Window),
		"SendCooldown": got.Policy.SendCooldown, "VerifySpacing": got.Policy.VerifySpacing,
		"PINAttempts": got.Policy.PINAttempts, "PINTTL": got.Policy.PINTTL, "PINLength": got.PINLength,
		"NumberFailures": got.Policy.FailureLimit, "FailureMemory": got.Policy.FailureMemory, "DisabledMemory": got.Policy.DisabledMemory,
		"RequireVerificationID": got.RequireVerificationID, "AllowHTTP": got.Infobip.AllowHTTP, "APIKey": got.Infobip.APIKey,
		"AllowedRegions": got.AllowedRegions,
	}
	if diff := cmp.Diff(want, understood); diff != "" {
		t.Errorf("settings (-props +functions):\n%s", diff)
	}
}
