package app

import (
	"bytes"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/settings"
	"github.com/seed-a131a524/infobip-otp/pkg/telemetry"
)

// TestWarnings: each setting that weakens something is named with the rule, and nothing
// else is.
func TestWarnings(t *testing.T) {
	const (
		addressSends = "IP_SEND_LIMIT is 10000/1d, more than 9600 a day: it stops no client address (ASVS 5.0 2.4.1)"
		regions      = "ALLOWED_REGIONS is all: strangers choose the countries that you pay for (ASVS 5.0 2.4.1)"
		apiKey       = "INFOBIP_API_KEY is set: it is for laptops, and whoever may read the function's configuration reads it; put the key into the secret (ASVS 5.0 13.3.1)"
		regionFloor  = "REGION_ALLOWANCE has a floor of 100: at the dearest price (0.10) that is 10.00, more than a tenth of SPEND_LIMIT (50.00/1d)"
		serviceFloor = "SERVICE_ALLOWANCE has a floor of 150: at the dearest price (0.10) that is 15.00, more than a tenth of SPEND_LIMIT (50.00/1d)"
		cliff        = "SERVICE_ALLOWANCE has a growth of 0.5: a service of which fewer than 67 % of the sends are verified for 1d shuts itself"
	)
	for _, c := range []struct {
		function  settings.Program
		variables map[string]string
		want      []string
	}{
		{0, nil, nil},
		{settings.Verify, nil, nil},
		{settings.Send, nil, []string{regions}},
		{settings.Send, map[string]string{"ALLOWED_REGIONS": "all"}, []string{regions}},
		{settings.Send, map[string]string{"ALLOWED_REGIONS": "AT"}, nil},
		{0, map[string]string{"INFOBIP_API_KEY": "canary"}, nil},
		{settings.Verify, map[string]string{"INFOBIP_API_KEY": "canary"}, []string{apiKey}},
		{0, map[string]string{"INFOBIP_ALLOW_HTTP": "true"}, []string{
			"INFOBIP_ALLOW_HTTP is set: PINs and the API key may cross the network in clear (ASVS 5.0 12.3.1)",
		}},
		{0, map[string]string{"PIN_LENGTH": "5", "PIN_TTL": "11m"}, []string{
			"PIN_LENGTH is 5: fewer than six digits are too easily guessed (ASVS 5.0 6.5.4)",
			"PIN_TTL is 11m: a code should live ten minutes at most (ASVS 5.0 6.5.5)",
		}},
		{0, map[string]string{"PIN_LENGTH": "8", "PIN_TTL": "1m"}, nil},
		{0, map[string]string{"SEND_COOLDOWN": "0s", "VERIFY_SPACING": "0s"}, []string{
			"SEND_COOLDOWN is off: nothing slows sends to one number (ASVS 5.0 2.4.2)",
			"VERIFY_SPACING is off: nothing slows guesses, and Infobip's verifyPinLimit refuses what comes sooner (ASVS 5.0 6.6.3)",
		}},
		{0, map[string]string{"IP_SEND_LIMIT": "10000/1d"}, []string{addressSends}},
		{0, map[string]string{"IP_SEND_LIMIT": "100/15m", "IP_VERIFY_LIMIT": "200/5m"}, nil},
		{0, map[string]string{"IP_VERIFY_LIMIT": "300/5m"}, []string{
			"IP_VERIFY_LIMIT is 300/5m, more than 57600 a day: it stops no client address (ASVS 5.0 2.4.1)",
		}},
		{0, map[string]string{"NUMBER_SEND_LIMIT": "5/1h", "NUMBER_TOTAL_LIMIT": "500/2d"}, []string{
			"NUMBER_SEND_LIMIT is 5/1h, more than 100 a day: it stops no sends to one number (ASVS 5.0 2.4.1)",
			"NUMBER_TOTAL_LIMIT is 500/2d, more than 100 a day: it stops no sends to one number (ASVS 5.0 2.4.1)",
		}},
		{0, map[string]string{"NUMBER_CLIENT_SEND_LIMIT": "5/1d"}, []string{
			"NUMBER_CLIENT_SEND_LIMIT is 5/1d and NUMBER_SEND_LIMIT 5/1d: one address can use up a number's sends, and so lock its owner out (ASVS 5.0 6.1.1)",
		}},
		{0, map[string]string{"ALLOWED_LINE_TYPES": "mobile,premium_rate,shared_cost"}, []string{
			"ALLOWED_LINE_TYPES has premium_rate: strangers can earn from what is sent there (ASVS 5.0 2.4.1)",
			"ALLOWED_LINE_TYPES has shared_cost: strangers can earn from what is sent there (ASVS 5.0 2.4.1)",
		}},
		// What strangers may cost concerns who sends, and a laptop.
		{settings.Send, map[string]string{"ALLOWED_REGIONS": "AT", "SPEND_LIMIT": "400/1d"}, nil},
		{settings.Send, map[string]string{"ALLOWED_REGIONS": "AT", "SPEND_LIMIT": "50/1d", "REGION_ALLOWANCE": "enforce 100/1d+2", "SERVICE_ALLOWANCE": "enforce 150/1d+0.5"}, []string{
			regionFloor, serviceFloor, cliff,
		}},
		{0, map[string]string{"SPEND_LIMIT": "50/1d", "REGION_ALLOWANCE": "enforce 100/1d+2", "SERVICE_ALLOWANCE": "enforce 150/1d+0.5"}, []string{regionFloor, serviceFloor, cliff}},
		{settings.Verify, map[string]string{"SPEND_LIMIT": "50/1d", "REGION_ALLOWANCE": "enforce 100/1d+2", "SERVICE_ALLOWANCE": "enforce 150/1d+0.5"}, nil},
		{0, map[string]string{"SPEND_LIMIT": "50/1d", "REGION_ALLOWANCE": "off", "SERVICE_ALLOWANCE": "off"}, nil},
		{0, map[string]string{"SPEND_LIMIT": "50/1d", "SMS_PRICES": "*=0.03"}, nil},
	} {
		config, err := ReadConfig(env(c.variables))
		if err != nil {
			t.Fatal(err)
		}
		config.Function = c.function
		if diff := cmp.Diff(c.want, config.Warnings()); diff != "" {
			t.Errorf("function %d with %v (-want +got):\n%s", c.function, c.variables, diff)
		}
	}
}

// TestWarningsAreLogged at every start of a function, and not of one on a laptop.
func TestWarningsAreLogged(t *testing.T) {
	address, _ := broken(t)
	variables := map[string]string{
		"INFOBIP_BASE_URL": address, "INFOBIP_2FA_APP_ID": "a", "INFOBIP_2FA_MSG_ID": "m", "TABLE_NAME": "t", "AWS_REGION": "eu-central-1",
		"INFOBIP_API_KEY": "canary", "AWS_ENDPOINT_URL": address,
	}
	laptop := maps.Clone(variables)
	laptop["AWS_SAM_LOCAL"] = "true"
	for _, c := range []struct {
		variables map[string]string
		want      int
	}{{variables, 1}, {laptop, 0}} {
		var log bytes.Buffer
		if _, err := start(settings.Send, env(c.variables), telemetry.NewLogger(&log, "")); err != nil {
			t.Fatal(err)
		}
		for _, setting := range []string{"INFOBIP_API_KEY", "ALLOWED_REGIONS"} {
			if got := strings.Count(log.String(), `"level":"WARN","message":"`+setting+" is "); got != c.want {
				t.Errorf("%s is warned about %d times, want %d:\n%s", setting, got, c.want, log.String())
			}
		}
		if strings.Contains(log.String(), "canary") {
			t.Errorf("the log shows the key: %s", log.String())
		}
	}
}
