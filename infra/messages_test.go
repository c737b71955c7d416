package infra_test

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/infra/props"
	"github.com/seed-a131a524/infobip-otp/pkg/app"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// A list that serves every channel leaves nothing for the one message template: whose account is
// known has no variable of it, and whose is not may leave the parameter empty, or go on filling
// it in.
func TestWithoutTheOneTemplate(t *testing.T) {
	p := props.Default(assets)
	p.Settings["CHANNELS"], p.Settings["INFOBIP_2FA_MESSAGES"] = "email", "email/*=MSG1"
	d, err := synthesize(t.TempDir(), p)
	if err != nil {
		t.Fatal(err)
	}
	want := object{
		"Type": "String", "Default": "", "Description": "Infobip 2FA message template id. Not needed where INFOBIP_2FA_MESSAGES serves every channel that is offered.",
	}
	asked := parameters(t, d)
	if diff := cmp.Diff(any(want), asked["Infobip2faMsgId"]); diff != "" || len(asked) != 3 {
		t.Errorf("of %d parameters, the template's (-want +got):\n%s", len(asked), diff)
	}
	for _, function := range []string{"SendFunction", "VerifyFunction"} {
		if got := d.environment(t, function)["INFOBIP_2FA_MSG_ID"]; got != "${Infobip2faMsgId}" {
			t.Errorf("%s is told %v", function, got)
		}
	}

	p.Infobip = &props.Infobip{BaseURL: "abc123.api.infobip.com", ApplicationID: "APP1"}
	d, err = synthesize(t.TempDir(), p)
	if err != nil {
		t.Fatal(err)
	}
	for function, program := range map[string]settings.Program{"SendFunction": settings.Send, "VerifyFunction": settings.Verify} {
		told := d.environment(t, function)
		if diff := cmp.Diff(slices.Sorted(maps.Keys(p.Estimate(program))), slices.Sorted(maps.Keys(told))); diff != "" {
			t.Errorf("%s (-estimate +template):\n%s", function, diff)
		}
		if got, there := told["INFOBIP_2FA_MSG_ID"]; there {
			t.Errorf("%s is told %v of a template that is not there", function, got)
		}
		c, err := app.ReadConfig(func(name string) string {
			value, _ := told[name].(string)
			return deployed.Replace(value)
		})
		c.AWS.Region, c.Function = "eu-central-1", program // Lambda's own
		if err = errors.Join(err, c.CheckDeployed(), c.CheckMessages()); err != nil {
			t.Errorf("%s would not start: %v", function, err)
		}
	}
}
