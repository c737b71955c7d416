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

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/app/guards"
	"github.com/seed-a131a524/infobip-otp/pkg/app/proofs"
	"github.com/seed-a131a524/infobip-otp/pkg/catalog"
	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/guard/challenge"
	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/phone"
	"github.com/seed-a131a524/infobip-otp/pkg/proof"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
	"github.com/seed-a131a524/infobip-otp/pkg/telemetry"
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
	want := Config{
		Infobip:     Infobip{Timeout: 5 * time.Second},
		SendLimit:   rate.Rate{Attempts: 5, Window: 15 * time.Minute},
		VerifyLimit: rate.Rate{Attempts: 10, Window: 5 * time.Minute},
		SendCounts:  CountAll,
		Policy: otp.Policy{
			SendLimit: rate.Rate{Attempts: 5, Window: day}, ClientSendLimit: rate.Rate{Attempts: 3, Window: day},
			TotalLimit: rate.Rate{Attempts: 10, Window: day}, SendCooldown: 30 * time.Second, VerifySpacing: 3 * time.Second,
			PINTTL: 10 * time.Minute, PINAttempts: 5, FailureLimit: 50, FailureMemory: 90 * day, DisabledMemory: day, KnownMemory: 90 * day,
			SendTimeout: 20 * time.Second,
		},
		Form: httpapi.Form{PINLength: 6},
		Guard: guards.Config{
			Rules: guard.Rules{
				Channels: []otp.Channel{otp.SMS}, Prices: guard.DefaultPrices(), Allowances: guard.DefaultAllowances(),
			},
			Challenge: guards.Challenge{MinScore: 0.5},
		},
		Proofs:   proofs.Config{TTL: proof.DefaultTTL, PhoneNumber: true},
		LogLevel: "INFO",
	}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("the defaults differ (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(otp.DefaultPolicy(), c.Policy); diff != "" {
		t.Errorf("the domain's own defaults are others (-domain +settings):\n%s", diff)
	}
}

// examples has every setting that a function or a laptop's gateway reads here, with a value
// that is not its default.
func examples() map[string]string {
	variables := map[string]string{}
	for _, s := range settings.All() {
		if s.ReadBy(settings.Stateful) {
			variables[s.Name] = s.Example
		}
	}
	return variables
}

// TestEverySettingIsRead: the functions read what the table says that they read, and each
// has an effect of its own.
func TestEverySettingIsRead(t *testing.T) {
	asked := map[string]bool{}
	unset, err := ReadConfig(func(name string) string { asked[name] = true; return "" })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(examples())), slices.Sorted(maps.Keys(asked))); diff != "" {
		t.Errorf("the functions read others than the table says (-table +read):\n%s", diff)
	}
	for name, value := range examples() {
		c, err := ReadConfig(env(map[string]string{name: value}))
		if err != nil {
			t.Errorf("%s=%s: %v", name, value, err)
		}
		if cmp.Equal(unset, c) {
			t.Errorf("%s=%s changes nothing", name, value)
		}
	}
}

func TestEveryFieldIsRead(t *testing.T) {
	c, err := ReadConfig(env(examples()))
	if err != nil {
		t.Fatal(err)
	}
	messages, err := catalog.Parse("sms/*=MSG1,sms/de=MSG2,voice/*=MSG3")
	if err != nil {
		t.Fatal(err)
	}
	ending, err := catalog.ParseEnding("\n@example.com #")
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Infobip:  Infobip{BaseURL: "xyz.api.infobip.com", AllowHTTP: true, APIKey: "another-key", ApplicationID: "APP1", MessageID: "MSG1", Timeout: 8 * time.Second},
		Messages: messages,
		Ending:   ending,
		Senders:  catalog.Senders{{Region: "US", From: "18335550100"}},
		AWS: AWS{
			Region: "eu-central-1", AccessKeyID: "another-id", SecretAccessKey: "another-secret", SessionToken: "another-token",
			DynamoDB: "http://127.0.0.1:8000", SecretsManager: "http://127.0.0.1:5001", KMS: "http://127.0.0.1:5002",
		},
		Table:       "table",
		SecretID:    "otp/infobip",
		SendLimit:   rate.Rate{Attempts: 6, Window: 16 * time.Minute},
		VerifyLimit: rate.Rate{Attempts: 11, Window: 6 * time.Minute},
		SendCounts:  CountUnverified,
		ClientAddress: ClientAddress{
			Header: "CloudFront-Viewer-Address", OriginKeys: []string{"0123456789abcdef0123456789abcdef"},
		},
		Policy: otp.Policy{
			SendLimit: rate.Rate{Attempts: 4, Window: 2 * day}, ClientSendLimit: rate.Rate{Attempts: 2, Window: 2 * day},
			TotalLimit: rate.Rate{Attempts: 9, Window: 2 * day}, PINTTL: 9 * time.Minute, PINAttempts: 4, FailureLimit: 49,
			FailureMemory: 91 * day, DisabledMemory: 401 * day, KnownMemory: 90 * day, SendTimeout: FunctionTimeout,
		},
		Form: httpapi.Form{PINLength: 8, RequireVerificationID: true, RequirePlus: true},
		Guard: guards.Config{
			Rules: guard.Rules{
				Channels: []otp.Channel{otp.SMS, otp.Voice}, Regions: []string{"AT", "DE"}, LineTypes: []phone.LineType{phone.Mobile, phone.VoIP},
				Spend:       guard.Limit{Amount: 400_000_000, Window: day},
				RegionSpend: guard.RegionLimits{"*": {Amount: 20_000_000, Window: day}, "US": {Amount: 100_000_000, Window: day}},
				Prices: guard.MessagePrices{
					SMS: guard.Prices{"*": 80_000, "US": 10_000}, Voice: guard.Prices{"*": 250_000}, Mail: guard.Prices{"*": 2_000},
				},
				Allowances: guard.Allowances{
					Network: guard.Allowance{Mode: guard.Record, Floor: 11, Window: day, Growth: 20},
					Prefix:  guard.Allowance{Mode: guard.Record, Floor: 21, Window: day, Growth: 25},
					Region:  guard.Allowance{Mode: guard.Enforce, Floor: 101, Window: 2 * day, Growth: 10},
				},
				Challenge: guard.Always,
			},
			Challenge: guards.Challenge{
				Kind: challenge.Turnstile, URL: "https://challenge.example.com/siteverify", Hostnames: []string{"app.example.com"},
				MinScore: 0.7, Secret: "another-secret",
			},
		},
		Proofs: proofs.Config{
			Keys: proofs.Keys{
				Issuer:    "https://otp.example.com",
				Signing:   "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
				Published: "arn:aws:kms:eu-central-1:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321",
			},
			Audience: "accounts.example.com", TTL: 4 * time.Minute,
		},
		Tests:    TestRecipients{Allowed: true, List: "+14155552671=424242@2026-01-31"},
		Metrics:  telemetry.Target{Namespace: "Another/Namespace", Stage: "production"},
		LogLevel: "WARN",
	}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("the configuration differs (-want +got):\n%s", diff)
	}
}

// TestProviderIsToldItsSettings, all of them: one that is left out would bound nothing.
func TestProviderIsToldItsSettings(t *testing.T) {
	variables := examples()
	variables["VERIFY_SPACING"] = "4s"
	c, err := ReadConfig(env(variables))
	if err != nil {
		t.Fatal(err)
	}
	want := infobip.Config{
		BaseURL: "xyz.api.infobip.com", AllowHTTP: true, ApplicationID: "APP1", MessageID: "MSG1",
		Timeout: 8 * time.Second, VerifyRetryAfter: 4 * time.Second, Ending: c.Ending, Senders: c.Senders,
	}
	if c.Ending.IsZero() || len(c.Senders) == 0 {
		t.Errorf("the examples have the ending %q and the senders %v", c.Ending, c.Senders)
	}
	if diff := cmp.Diff(want, c.provider(nil)); diff != "" {
		t.Errorf("the client is told (-want +got):\n%s", diff)
	}
}

// TestAllOfAList: the word all means every channel and every line type, but no list of
// regions, which would have the one that has to be named.
func TestAllOfAList(t *testing.T) {
	c, err := ReadConfig(env(map[string]string{"CHANNELS": "all", "ALLOWED_LINE_TYPES": "all", "ALLOWED_REGIONS": "all"}))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(otp.Channels(), c.Guard.Channels); diff != "" {
		t.Errorf("all channels are (-want +got):\n%s", diff)
	}
	for i := phone.Unknown; i <= phone.VoIP; i++ {
		if !slices.Contains(c.Guard.LineTypes, i) {
			t.Errorf("all line types lack %s", i)
		}
	}
	if c.Guard.Regions != nil {
		t.Errorf("all regions are %v", c.Guard.Regions)
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
	free := []string{ // any text will do
		"INFOBIP_API_KEY", "INFOBIP_2FA_APP_ID", "INFOBIP_2FA_MSG_ID", "TABLE_NAME", "SECRET_ID",
		"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
	}
	bad := map[string]string{}
	for name := range examples() {
		bad[name] = "canary value"
	}
	_, err := ReadConfig(env(bad))
	if err == nil {
		t.Fatal("nothing is wrong")
	}
	if strings.Contains(err.Error(), "canary") {
		t.Errorf("the error shows a value: %v", err)
	}
	var named []string
	for line := range strings.SplitSeq(err.Error(), "\n") {
		name, form, ok := strings.Cut(line, " must be ")
		if !ok || form == "" {
			t.Errorf("the fault %q does not say the form", line)
		}
		named = append(named, name)
	}
	slices.Sort(named)
	for _, name := range free {
		delete(bad, name)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(bad)), named); diff != "" {
		t.Errorf("the faults name others (-want +got):\n%s", diff)
	}
}

// TestBounds: the edges of every bound, said apart from the table.
func TestBounds(t *testing.T) {
	for name, c := range map[string]struct{ good, bad []string }{
		"PROOF_ISSUER":             {[]string{"off", "https://otp.example.com", "http://localhost:3000"}, []string{"on", "http://otp.example.com", "https://otp.example.com/"}},
		"PROOF_AUDIENCE":           {[]string{"accounts.example.com"}, []string{"a,b", "a b", "accounts.example.com#test"}},
		"PROOF_TTL":                {[]string{"10s", "1h"}, []string{"9s", "61m"}},
		"PROOF_KEY":                {nil, []string{"alias/proofs", "arn:aws:kms:eu-central-1:111122223333:alias/proofs"}},
		"PROOF_PUBLISHED_KEYS":     {nil, []string{"alias/proofs"}},
		"PIN_ATTEMPTS":             {[]string{"1", "10"}, []string{"0", "11"}},
		"PIN_LENGTH":               {[]string{"4", "8"}, []string{"3", "9"}},
		"PIN_TTL":                  {[]string{"1s", "1h"}, []string{"0s", "61m"}},
		"NUMBER_FAILURE_LIMIT":     {[]string{"1", "100"}, []string{"0", "101"}},
		"SEND_COOLDOWN":            {[]string{"0s", "1h"}, []string{"61m", "-1s"}},
		"VERIFY_SPACING":           {[]string{"0s", "1m"}, []string{"61s"}},
		"NUMBER_SEND_LIMIT":        {[]string{"1/1s", "1000/1d"}, []string{"0/1d", "1001/1d", "1/366d"}},
		"NUMBER_CLIENT_SEND_LIMIT": {[]string{"1/1s", "1000/1d"}, []string{"0/1d", "1001/1d"}},
		"NUMBER_TOTAL_LIMIT":       {[]string{"1/1s", "1000/1d"}, []string{"0/1d", "1001/1d"}},
		"IP_SEND_LIMIT":            {[]string{"1000000000/1d"}, []string{"0/1d", "1000000001/1d"}},
		"NUMBER_FAILURE_MEMORY":    {[]string{"1d", "3650d"}, []string{"23h", "3651d"}},
		"NUMBER_DISABLED_MEMORY":   {[]string{"1h", "3650d"}, []string{"59m", "3651d"}},
		"INFOBIP_BASE_URL":         {[]string{"https://xyz.api.infobip.com", "http://127.0.0.1:3001", "http://localhost"}, []string{"http://xyz.api.infobip.com", "https://user:pass@host", "ftp://host", "host/path"}},
		"INFOBIP_2FA_MESSAGES":     {[]string{"sms/*=A", "sms/*=A,voice/de=B,email/*=C"}, []string{"A", "fax/*=A", "sms/*=A,sms/*=B"}},
		"INFOBIP_SMS_ENDING":       {[]string{`\n@example.com #`, "\n@example.com #", `\nFA+9qCX9VSu`}, []string{"@example.com #", `\n{{pin}}`}},
		"INFOBIP_SENDERS":          {[]string{"US=18335550100", "SG=My Shop"}, []string{"18335550100", "US=a,US=b"}},
		"AWS_ENDPOINT_URL":         {[]string{"http://127.0.0.1:8000", "https://vpce.example.com"}, []string{"127.0.0.1:8000", "ftp://host"}},
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

// secretive has canaries where keys are.
func secretive() map[string]string {
	variables := examples()
	for name, canary := range map[string]string{
		"INFOBIP_API_KEY": "canary-key", "AWS_ACCESS_KEY_ID": "canary-id", "AWS_SECRET_ACCESS_KEY": "canary-secret",
		"AWS_SESSION_TOKEN": "canary-token", "ORIGIN_KEYS": "canary-origin-key-0123456789abcdef",
		"TEST_RECIPIENTS": "canary-review@example.com=424242@2026-01-31",
	} {
		variables[name] = canary
	}
	return variables
}

// TestCheckDeployed: what a function cannot do without is named, all of it at once.
func TestCheckDeployed(t *testing.T) {
	c, err := ReadConfig(env(secretive()))
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
	keyless := Config{Proofs: proofs.Config{Keys: proofs.Keys{Issuer: "https://otp.example.com"}}}
	if lacks := (Config{Metrics: telemetry.Target{Namespace: "InfobipOTP"}}).CheckDeployed().Error(); strings.Count(lacks, "STAGE must be set: ") != 1 || strings.Contains(err.Error(), "STAGE") {
		t.Errorf("metrics without a stage lack %q", lacks)
	}
	if lacks := keyless.CheckDeployed().Error(); strings.Count(lacks, "PROOF_KEY must be set: ") != 1 || strings.Contains(err.Error(), "PROOF_KEY") {
		t.Errorf("with an issuer and no key a function lacks %s, and with neither %v", lacks, err)
	}
	for _, name := range []string{"INFOBIP_BASE_URL", "INFOBIP_2FA_APP_ID", "TABLE_NAME", "AWS_REGION", "SECRET_ID"} {
		if strings.Count(err.Error(), name+" must be set: ") != 1 {
			t.Errorf("%s is not named once in %q", name, err)
		}
	}
}

// TestConfigDoesNotPrint the keys in it.
func TestConfigDoesNotPrint(t *testing.T) {
	c, err := ReadConfig(env(secretive()))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, value := range []any{c, &c, c.Infobip, c.AWS, c.ClientAddress, c.Tests, struct{ Config }{c}, struct{ C Config }{c}, []Config{c}, map[string]AWS{"a": c.AWS}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			fmt.Fprintf(&out, verb+"\n", value)
		}
		text, err := json.Marshal(value)
		fmt.Fprintf(&out, "%s %v\n", text, err)
		for _, handler := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
			slog.New(handler).Info("configuration", slog.Any("value", value))
		}
	}
	for _, canary := range []string{"canary-key", "canary-id", "canary-secret", "canary-token", "canary-origin", "canary-review", "424242"} {
		if strings.Contains(out.String(), canary) || strings.Contains(strings.ToLower(out.String()), fmt.Sprintf("%x", canary)) {
			t.Errorf("the configuration shows %s", canary)
		}
	}
}
