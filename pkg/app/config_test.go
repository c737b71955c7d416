package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/rate"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

func env(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

const day = 24 * time.Hour

// TestDefaults pins the table of settings that README documents and people rely on.
func TestDefaults(t *testing.T) {
	c, err := ReadConfig(env(nil))
	if err != nil {
		t.Fatal(err)
	}
	want := otp.Policy{
		NumberSendLimit: rate.Rate{Attempts: 3, Window: day}, SendCooldown: 30 * time.Second, VerifySpacing: 3 * time.Second,
		PINTTL: 10 * time.Minute, PINAttempts: 5, FailureLimit: 50, FailureMemory: 90 * day, DisabledMemory: 400 * day,
		SendTimeout: 20 * time.Second,
	}
	if diff := cmp.Diff(want, c.Policy); diff != "" {
		t.Errorf("the policy differs (-want +got):\n%s", diff)
	}
	if c.SendLimit != (rate.Rate{Attempts: 5, Window: 15 * time.Minute}) || c.VerifyLimit != (rate.Rate{Attempts: 10, Window: 5 * time.Minute}) {
		t.Errorf("the limits of an address are %v and %v", c.SendLimit, c.VerifyLimit)
	}
	if c.PINLength != 6 || c.RequireVerificationID || c.Table != "" || c.SecretID != "" || c.Infobip.AllowHTTP {
		t.Error("a default is not README's")
	}
}

// variables has every one with a value that is not its default.
var variables = map[string]string{
	"INFOBIP_BASE_URL": "xyz.api.infobip.com", "INFOBIP_ALLOW_HTTP": "true", "INFOBIP_API_KEY": "canary-key",
	"INFOBIP_2FA_APP_ID": "app", "INFOBIP_2FA_MSG_ID": "msg", "TABLE_NAME": "table", "SECRET_ID": "secret",
	"IP_SEND_LIMIT": "6/16m", "IP_VERIFY_LIMIT": "11/6m", "NUMBER_SEND_LIMIT": "4/2d", "SEND_COOLDOWN": "0s", "VERIFY_SPACING": "0s",
	"PIN_ATTEMPTS": "4", "PIN_TTL": "9m", "PIN_LENGTH": "8", "NUMBER_FAILURE_LIMIT": "49", "NUMBER_FAILURE_MEMORY": "91d",
	"NUMBER_DISABLED_MEMORY": "401d", "REQUIRE_VERIFICATION_ID": "true", "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "canary-id",
	"AWS_SECRET_ACCESS_KEY": "canary-secret", "AWS_SESSION_TOKEN": "canary-token", "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:1",
	"AWS_ENDPOINT_URL_SECRETS_MANAGER": "http://127.0.0.1:2", "ALLOWED_REGIONS": "AT, DE",
}

func TestEveryVariableIsRead(t *testing.T) {
	c, err := ReadConfig(env(variables))
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Infobip:     Infobip{BaseURL: "xyz.api.infobip.com", AllowHTTP: true, APIKey: "canary-key", ApplicationID: "app", MessageID: "msg"},
		AWS:         AWS{"eu-central-1", "canary-id", "canary-secret", "canary-token", "http://127.0.0.1:1", "http://127.0.0.1:2"},
		Table:       "table",
		SecretID:    "secret",
		SendLimit:   rate.Rate{Attempts: 6, Window: 16 * time.Minute},
		VerifyLimit: rate.Rate{Attempts: 11, Window: 6 * time.Minute},
		Policy: otp.Policy{
			NumberSendLimit: rate.Rate{Attempts: 4, Window: 2 * day}, PINTTL: 9 * time.Minute, PINAttempts: 4, FailureLimit: 49,
			FailureMemory: 91 * day, DisabledMemory: 401 * day, SendTimeout: FunctionTimeout,
		},
		PINLength:             8,
		AllowedRegions:        []string{"AT", "DE"},
		RequireVerificationID: true,
	}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("the configuration differs (-want +got):\n%s", diff)
	}
}

func TestEmptyMeansUnset(t *testing.T) {
	empty, err := ReadConfig(env(map[string]string{}))
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]bool{}
	blank, err := ReadConfig(func(name string) string { asked[name] = true; return "" })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(empty, blank); diff != "" {
		t.Errorf("empty differs from unset:\n%s", diff)
	}
	for name := range variables {
		if !asked[name] {
			t.Errorf("%s is not read", name)
		}
	}
	for name := range asked {
		if variables[name] == "" && name != "AWS_ENDPOINT_URL" && name != "AWS_DEFAULT_REGION" {
			t.Errorf("%s is read, and these tests do not know it", name)
		}
	}
}

// TestFallbacks: Lambda sets AWS_REGION; the other name is the SDK's.
func TestFallbacks(t *testing.T) {
	c, err := ReadConfig(env(map[string]string{
		"AWS_DEFAULT_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:2",
	}))
	if err != nil {
		t.Fatal(err)
	}
	if c.AWS.Region != "eu-west-1" || c.AWS.DynamoDB != "http://127.0.0.1:2" || c.AWS.SecretsManager != "http://127.0.0.1:1" {
		t.Errorf("region %s, DynamoDB %s, Secrets Manager %s", c.AWS.Region, c.AWS.DynamoDB, c.AWS.SecretsManager)
	}
}

// TestAllFaultsTogether: one start names every variable that is wrong, once, with the
// form it should have and without its value.
func TestAllFaultsTogether(t *testing.T) {
	bad := map[string]string{}
	for name := range variables {
		bad[name] = "canary value"
	}
	bad["AWS_ENDPOINT_URL"] = "canary value"
	_, err := ReadConfig(env(bad))
	if err == nil {
		t.Fatal("nothing is wrong")
	}
	if strings.Contains(err.Error(), "canary") {
		t.Errorf("the error shows a value: %v", err)
	}
	var named []string
	for _, line := range strings.Split(err.Error(), "\n") {
		name, form, ok := strings.Cut(line, " must be ")
		if !ok || form == "" {
			t.Errorf("the fault %q does not say the form", line)
		}
		named = append(named, name)
	}
	slices.Sort(named)
	free := []string{ // any text will do
		"INFOBIP_API_KEY", "INFOBIP_2FA_APP_ID", "INFOBIP_2FA_MSG_ID", "TABLE_NAME", "SECRET_ID",
		"AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
	}
	for _, name := range free {
		delete(bad, name)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(bad)), named); diff != "" {
		t.Errorf("the faults name others (-want +got):\n%s", diff)
	}
}

func TestBounds(t *testing.T) {
	for name, c := range map[string]struct{ good, bad []string }{
		"PIN_ATTEMPTS":           {[]string{"1", "10"}, []string{"0", "11"}},
		"PIN_LENGTH":             {[]string{"4", "12"}, []string{"3", "13"}},
		"PIN_TTL":                {[]string{"1s", "1d"}, []string{"0s", "25h"}},
		"NUMBER_FAILURE_LIMIT":   {[]string{"1", "100"}, []string{"0", "101"}},
		"SEND_COOLDOWN":          {[]string{"0s", "1d"}, []string{"2d", "-1s"}},
		"VERIFY_SPACING":         {[]string{"0s", "1d"}, []string{"2d"}},
		"NUMBER_SEND_LIMIT":      {[]string{"1/1s", "1000/1d"}, []string{"0/1d", "1001/1d", "1/366d"}},
		"IP_SEND_LIMIT":          {[]string{"1000000000/1d"}, []string{"0/1d", "1000000001/1d"}},
		"NUMBER_FAILURE_MEMORY":  {[]string{"1d", "3650d"}, []string{"23h", "3651d"}},
		"NUMBER_DISABLED_MEMORY": {[]string{"1d", "3650d"}, []string{"0s", "3651d"}},
		"ALLOWED_REGIONS":        {[]string{"AT", "AT,DE", " AT , DE "}, []string{"at", "AT,", ",", "AUT", "A1", "AT;DE", "AT DE", "ÄT"}},
		"INFOBIP_BASE_URL":       {[]string{"https://xyz.api.infobip.com", "http://127.0.0.1:3001", "http://localhost"}, []string{"http://xyz.api.infobip.com", "https://user:pass@host", "ftp://host", "host/path"}},
		"AWS_ENDPOINT_URL":       {[]string{"http://127.0.0.1:8000", "https://vpce.example.com"}, []string{"127.0.0.1:8000", "ftp://host"}},
	} {
		for _, value := range c.good {
			if _, err := ReadConfig(env(map[string]string{name: value})); err != nil {
				t.Errorf("%s=%s is refused: %v", name, value, err)
			}
		}
		for _, value := range c.bad {
			if _, err := ReadConfig(env(map[string]string{name: value})); err == nil || !strings.HasPrefix(err.Error(), name+" must be ") {
				t.Errorf("%s=%s: %v", name, value, err)
			}
		}
	}
}

// TestCheckDeployed: what a function cannot do without is named, all of it at once.
func TestCheckDeployed(t *testing.T) {
	c, err := ReadConfig(env(variables))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.CheckDeployed(); err != nil {
		t.Errorf("a complete configuration lacks %v", err)
	}
	err = Config{}.CheckDeployed()
	if err == nil {
		t.Fatal("an empty configuration lacks nothing")
	}
	for _, name := range []string{"INFOBIP_BASE_URL", "INFOBIP_2FA_APP_ID", "INFOBIP_2FA_MSG_ID", "TABLE_NAME", "AWS_REGION", "SECRET_ID"} {
		if strings.Count(err.Error(), name+" must be set: ") != 1 {
			t.Errorf("%s is not named once in %q", name, err)
		}
	}
}

// TestConfigDoesNotPrint the keys in it.
func TestConfigDoesNotPrint(t *testing.T) {
	c, err := ReadConfig(env(variables))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, value := range []any{c, &c, c.Infobip, c.AWS, struct{ Config }{c}, struct{ C Config }{c}, []Config{c}, map[string]AWS{"a": c.AWS}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			fmt.Fprintf(&out, verb+"\n", value)
		}
		text, err := json.Marshal(value)
		fmt.Fprintf(&out, "%s %v\n", text, err)
		for _, handler := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
			slog.New(handler).Info("configuration", slog.Any("value", value))
		}
	}
	for _, canary := range []string{"canary-key", "canary-id", "canary-secret", "canary-token"} {
		if strings.Contains(out.String(), canary) || strings.Contains(strings.ToLower(out.String()), fmt.Sprintf("%x", canary)) {
			t.Errorf("the configuration shows %s", canary)
		}
	}
}
