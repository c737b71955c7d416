package props_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/infra/props"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// A message that is missing is told beside what else is wrong, and once: the form of an id that is
// there is another fault.
func TestMissingMessagesAreToldAtOnce(t *testing.T) {
	p := props.Default(built(t))
	p.Infobip = infobip("abc123.api.infobip.com", "A1", "")
	p.Settings["CHANNELS"], p.Settings["PIN_TTL"] = "all", "long"
	err := p.Validate()
	for _, want := range []string{"PIN_TTL must be ", "INFOBIP_2FA_MSG_ID must be set, or INFOBIP_2FA_MESSAGES have sms/*", "have voice/*", "INFOBIP_2FA_MESSAGES must have email/*"} {
		if err == nil || strings.Count(err.Error(), want) != 1 {
			t.Errorf("%q is not told once in:\n%v", want, err)
		}
	}
	if err != nil && strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("four faults gave other sentences:\n%v", err)
	}
}

// The id of the one message template is asked for where a channel has nothing else.
func TestMessageIDIsAskedForWhereItIsUsed(t *testing.T) {
	const both, all = "INFOBIP_BASE_URL and INFOBIP_2FA_APP_ID", "INFOBIP_BASE_URL, INFOBIP_2FA_APP_ID and INFOBIP_2FA_MSG_ID"
	for _, test := range []struct {
		channels, messages, asks string
	}{
		{"", "", all},
		{"email", "email/*=M", both},
		{"sms,voice", "sms/*=M,voice/*=M", both},
		{"sms,voice", "sms/*=M,voice/de=M", all},
		{"", "${Token[TOKEN.1]}", both}, // only the deployment knows
		{"${Token[TOKEN.1]}", "", both},
	} {
		p := props.Default(built(t))
		p.Settings["CHANNELS"], p.Settings["INFOBIP_2FA_MESSAGES"] = test.channels, test.messages
		want := []string{test.asks + " are not set, so the template asks for them as parameters"}
		if diff := cmp.Diff(want, p.Notes()); diff != "" {
			t.Errorf("%s with %s (-want +got):\n%s", test.channels, test.messages, diff)
		}
		if missing := strings.Join(p.MissingForDeployment(), ", "); missing != strings.Replace(test.asks, " and ", ", ", 1) {
			t.Errorf("%s with %s lacks %s, want %s", test.channels, test.messages, missing, test.asks)
		}
		if _, counted := p.Estimate(settings.Send)["INFOBIP_2FA_MSG_ID"]; !counted {
			t.Errorf("%s with %s: a parameter counts nothing in the environment", test.channels, test.messages)
		}
		p.Infobip = infobip("abc123.api.infobip.com", "A1", "")
		if err := p.Validate(); (err != nil) != (test.asks == all) {
			t.Errorf("%s with %s: %v", test.channels, test.messages, err)
		}
		if size, counted := p.Estimate(settings.Send)["INFOBIP_2FA_MSG_ID"]; counted {
			t.Errorf("%s with %s: an id that is not there counts %d bytes", test.channels, test.messages, len(size))
		}
	}
}
