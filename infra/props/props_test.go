package props_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/infra/props"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

// built is a folder as `make build` leaves it.
func built(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, function := range props.Functions {
		err := os.WriteFile(filepath.Join(dir, function+".zip"), []byte("zip"), 0o600)
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestDefaultsAreAccepted(t *testing.T) {
	err := props.Default(built(t)).Validate()
	if err != nil {
		t.Errorf("Default: %v", err)
	}
}

func TestValidate(t *testing.T) {
	dir := built(t)
	for _, test := range []struct {
		name   string
		change func(*props.Props)
		want   string // in the error; empty for accepted
	}{
		{"stage", func(p *props.Props) { p.Stage = "eu-2" }, ""},
		{"no stage", func(p *props.Props) { p.Stage = "" }, "Stage (STAGE) is \"\": use up to 20"},
		{"stage with a capital", func(p *props.Props) { p.Stage = "Prod" }, "Stage (STAGE)"},
		{"stage that starts with a digit", func(p *props.Props) { p.Stage = "1st" }, "Stage (STAGE)"},
		{"stage of 21 characters", func(p *props.Props) { p.Stage = strings.Repeat("a", 21) }, "Stage (STAGE)"},

		{"no zips", func(p *props.Props) { p.AssetsDir = filepath.Join(dir, "none") }, "run `make build` first"},

		{"Infobip", func(p *props.Props) { p.Infobip = infobip("abc123.api.infobip.com", "A1", "M-1_x.y") }, ""},
		{"Infobip with https", func(p *props.Props) { p.Infobip = infobip("https://abc123.api.infobip.com/", "A1", "M1") }, ""},
		{"Infobip with http", func(p *props.Props) { p.Infobip = infobip("http://abc123.api.infobip.com", "A1", "M1") }, "Infobip.BaseURL (INFOBIP_BASE_URL)"},
		{"Infobip with a path", func(p *props.Props) { p.Infobip = infobip("abc123.api.infobip.com/2fa", "A1", "M1") }, "Infobip.BaseURL (INFOBIP_BASE_URL)"},
		{"Infobip with a user", func(p *props.Props) { p.Infobip = infobip("me@abc123.api.infobip.com", "A1", "M1") }, "Infobip.BaseURL (INFOBIP_BASE_URL)"},
		{"Infobip without an application", func(p *props.Props) { p.Infobip = infobip("abc123.api.infobip.com", "", "M1") }, "Infobip.ApplicationID (INFOBIP_2FA_APP_ID)"},
		{"Infobip with a blank message", func(p *props.Props) { p.Infobip = infobip("abc123.api.infobip.com", "A1", " ") }, "Infobip.MessageID (INFOBIP_2FA_MSG_ID)"},

		{"regions", func(p *props.Props) { p.AllowedRegions = []string{"AT", "DE", "US", "XK"} }, ""},
		{"region in small letters", func(p *props.Props) { p.AllowedRegions = []string{"de"} }, `AllowedRegions (ALLOWED_REGIONS) has "de"`},
		{"region of three letters", func(p *props.Props) { p.AllowedRegions = []string{"DEU"} }, `has "DEU"`},
		{"region that is no country", func(p *props.Props) { p.AllowedRegions = []string{"EU"} }, `has "EU"`},
		{"region that nobody has", func(p *props.Props) { p.AllowedRegions = []string{"QQ"} }, `has "QQ"`},
		{"region by another name", func(p *props.Props) { p.AllowedRegions = []string{"UK"} }, `has "UK"`},
		{"region that is gone", func(p *props.Props) { p.AllowedRegions = []string{"DD"} }, `has "DD"`},
		{"empty region", func(p *props.Props) { p.AllowedRegions = []string{""} }, `has ""`},

		{"no attempts", func(p *props.Props) { p.Limits.IPSend.Attempts = 0 }, "Limits.IPSend (IP_SEND_LIMIT) is 0/15m"},
		{"no rate", func(p *props.Props) { p.Limits.IPVerify = rate.Rate{} }, "Limits.IPVerify (IP_VERIFY_LIMIT)"},
		{"window over a year", func(p *props.Props) { p.Limits.NumberSend.Window = 366 * rate.Day }, "Limits.NumberSend (NUMBER_SEND_LIMIT)"},
		{"cooldown off", func(p *props.Props) { p.Limits.SendCooldown = 0 }, ""},
		{"cooldown over ten minutes", func(p *props.Props) { p.Limits.SendCooldown = 11 * time.Minute }, "Limits.SendCooldown (SEND_COOLDOWN)"},
		{"spacing off", func(p *props.Props) { p.Limits.VerifySpacing = 0 }, ""},
		{"negative spacing", func(p *props.Props) { p.Limits.VerifySpacing = -1 }, "Limits.VerifySpacing (VERIFY_SPACING)"},
		{"no tries", func(p *props.Props) { p.Limits.PINAttempts = 0 }, "Limits.PINAttempts (PIN_ATTEMPTS)"},
		{"more tries than Infobip's", func(p *props.Props) { p.Limits.PINAttempts = 11 }, "Limits.PINAttempts (PIN_ATTEMPTS)"},
		{"PIN of three digits", func(p *props.Props) { p.Limits.PINLength = 3 }, "Limits.PINLength (PIN_LENGTH)"},
		{"PIN that lives two hours", func(p *props.Props) { p.Limits.PINTTL = 2 * time.Hour }, "Limits.PINTTL (PIN_TTL)"},
		{"sends over what an item holds", func(p *props.Props) { p.Limits.NumberSend.Attempts = 1001 }, "Limits.NumberSend (NUMBER_SEND_LIMIT) is 1001/1d"},
		{"no memory of failures", func(p *props.Props) { p.Limits.FailureMemory = 0 }, "Limits.FailureMemory (NUMBER_FAILURE_MEMORY)"},
		{"no memory of disabled numbers", func(p *props.Props) { p.Limits.DisabledMemory = 0 }, "Limits.DisabledMemory (NUMBER_DISABLED_MEMORY)"},
		{"failures over NIST's cap", func(p *props.Props) { p.Limits.NumberFailures = 101 }, "Limits.NumberFailures (NUMBER_FAILURE_LIMIT)"},

		{"retention", func(p *props.Props) { p.LogRetentionDays = 3653 }, ""},
		{"retention of 31 days", func(p *props.Props) { p.LogRetentionDays = 31 }, "LogRetentionDays (LOG_RETENTION_DAYS) is 31: use one of 1 3 5"},

		{"origin with a port", func(p *props.Props) { p.CORSOrigins = []string{"https://app.example.com:8443"} }, ""},
		{"any origin in development", func(p *props.Props) { p.CORSOrigins = []string{"*"} }, ""},
		{"any origin elsewhere", func(p *props.Props) { p.Stage, p.CORSOrigins = "staging", []string{"*"} }, "CORSOrigins (CORS_ORIGINS) is *, which only the development stage may have"},
		{"http origin", func(p *props.Props) { p.CORSOrigins = []string{"http://app.example.com"} }, `CORSOrigins (CORS_ORIGINS) has "http://app.example.com"`},
		{"origin with a slash", func(p *props.Props) { p.CORSOrigins = []string{"https://app.example.com/"} }, "use https origins without a path"},
		{"origin with a wildcard", func(p *props.Props) { p.CORSOrigins = []string{"https://*.example.com"} }, "CORSOrigins"},
		{"origin with a user", func(p *props.Props) { p.CORSOrigins = []string{"https://me@example.com"} }, "CORSOrigins"},
		{"origin in capitals", func(p *props.Props) { p.CORSOrigins = []string{"https://App.example.com"} }, "CORSOrigins"},
		{"no origin", func(p *props.Props) { p.CORSOrigins = []string{"https://"} }, "CORSOrigins"},

		{"no throttle", func(p *props.Props) { p.Throttles.Send = props.Throttle{} }, "Throttles.Send (THROTTLE_SEND) is 0/0"},
		{"burst below the rate", func(p *props.Props) { p.Throttles.Verify = props.Throttle{Rate: 50, Burst: 49} }, "Throttles.Verify (THROTTLE_VERIFY)"},
		{"burst over the account's", func(p *props.Props) { p.Throttles.Other.Burst = 10_001 }, "Throttles.Other (THROTTLE_OTHER)"},
		{"sends above verifies", func(p *props.Props) { p.Throttles.Send = props.Throttle{Rate: 51, Burst: 51} }, "stay at or below Throttles.Verify"},
		{"resends above verifies", func(p *props.Props) { p.Throttles.Resend = props.Throttle{Rate: 51, Burst: 51} }, "stay at or below Throttles.Verify"},

		{"reserved", func(p *props.Props) { p.ReservedConcurrency.Send = new(1) }, ""},
		{"reserved nothing", func(p *props.Props) { p.ReservedConcurrency.Verify = new(0) }, "ReservedConcurrency.Verify (RESERVED_CONCURRENCY_VERIFY) is 0"},
		{"reserved too many", func(p *props.Props) { p.ReservedConcurrency.Discovery = new(1001) }, "ReservedConcurrency.Discovery (RESERVED_CONCURRENCY_DISCOVERY)"},

		{"secret by name", func(p *props.Props) { p.Secret = &props.ExistingSecret{ID: "otp/infobip"} }, ""},
		{"secret by ARN", func(p *props.Props) {
			p.Secret = &props.ExistingSecret{ID: "arn:aws:secretsmanager:eu-central-1:111122223333:secret:otp-AbCdEf"}
		}, ""},
		{"secret by part of an ARN", func(p *props.Props) {
			p.Secret = &props.ExistingSecret{ID: "arn:aws:secretsmanager:eu-central-1:111122223333:secret:otp"}
		}, "Secret (SECRET_ID)"},
		{"secret without a name", func(p *props.Props) { p.Secret = &props.ExistingSecret{} }, "Secret (SECRET_ID)"},
		{"secret with a wildcard", func(p *props.Props) { p.Secret = &props.ExistingSecret{ID: "otp*"} }, "Secret (SECRET_ID)"},
		{"key", func(p *props.Props) {
			p.SecretKeyARN = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
		}, ""},
		{"key by alias", func(p *props.Props) { p.SecretKeyARN = "alias/otp" }, "SecretKeyARN (SECRET_KEY_ARN)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := props.Default(dir)
			test.change(&p)
			err := p.Validate()
			switch {
			case test.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case test.want != "" && err == nil:
				t.Errorf("accepted, want an error with %q", test.want)
			case test.want != "" && !strings.Contains(err.Error(), test.want):
				t.Errorf("error %q, want it to have %q", err, test.want)
			case test.want != "" && strings.Count(err.Error(), "\n") > 0:
				t.Errorf("one fault gave several sentences:\n%v", err)
			}
		})
	}
}

func infobip(baseURL, application, message string) *props.Infobip {
	return &props.Infobip{BaseURL: baseURL, ApplicationID: application, MessageID: message}
}

func TestAllFaultsAtOnce(t *testing.T) {
	var nothing props.Props
	err := nothing.Validate()
	if err == nil {
		t.Fatal("props with nothing in them were accepted")
	}
	for _, prop := range []string{
		"Stage", "AssetsDir", "IPSend", "IPVerify", "NumberSend", "PINAttempts", "PINTTL", "PINLength",
		"NumberFailures", "LogRetentionDays", "Throttles.Send", "Throttles.Resend", "Throttles.Verify", "Throttles.Other",
	} {
		if !strings.Contains(err.Error(), prop) {
			t.Errorf("%s is not named in:\n%v", prop, err)
		}
	}
}

func environment(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

func TestFromEnvironment(t *testing.T) {
	variables := map[string]string{
		"STAGE":                          "production",
		"INFOBIP_BASE_URL":               "abc123.api.infobip.com",
		"INFOBIP_2FA_APP_ID":             "APP1",
		"INFOBIP_2FA_MSG_ID":             "MSG1",
		"ALLOWED_REGIONS":                "AT, DE",
		"IP_SEND_LIMIT":                  "6/16m",
		"IP_VERIFY_LIMIT":                "11/6m",
		"NUMBER_SEND_LIMIT":              "4/2d",
		"SEND_COOLDOWN":                  "0s",
		"VERIFY_SPACING":                 "4s",
		"PIN_ATTEMPTS":                   "4",
		"PIN_TTL":                        "9m",
		"PIN_LENGTH":                     "8",
		"NUMBER_FAILURE_LIMIT":           "60",
		"NUMBER_FAILURE_MEMORY":          "91d",
		"NUMBER_DISABLED_MEMORY":         "401d",
		"REQUIRE_VERIFICATION_ID":        "true",
		"LOG_RETENTION_DAYS":             "90",
		"CORS_ORIGINS":                   "https://app.example.com",
		"THROTTLE_SEND":                  "1/2",
		"THROTTLE_RESEND":                "3/4",
		"THROTTLE_VERIFY":                "5/6",
		"THROTTLE_OTHER":                 "7/8",
		"RESERVED_CONCURRENCY_SEND":      "10",
		"RESERVED_CONCURRENCY_VERIFY":    "20",
		"RESERVED_CONCURRENCY_DISCOVERY": "5",
		"SECRET_ID":                      "otp/infobip",
		"SECRET_KEY_ARN":                 "arn:aws:kms:eu-central-1:111122223333:key/k",
	}
	for _, name := range props.Variables {
		if variables[name] == "" {
			t.Errorf("%s is a setting that this test does not set", name)
		}
	}
	if len(props.Variables) != len(variables) {
		t.Errorf("%d settings, want the %d that this test sets", len(props.Variables), len(variables))
	}
	got, err := props.FromEnvironment(environment(variables), "dist/arm64")
	if err != nil {
		t.Fatal(err)
	}
	want := props.Props{
		Stage:          "production",
		AssetsDir:      "dist/arm64",
		Infobip:        infobip("abc123.api.infobip.com", "APP1", "MSG1"),
		AllowedRegions: []string{"AT", "DE"},
		Limits: props.Limits{
			IPSend:                rate.Rate{Attempts: 6, Window: 16 * time.Minute},
			IPVerify:              rate.Rate{Attempts: 11, Window: 6 * time.Minute},
			NumberSend:            rate.Rate{Attempts: 4, Window: 48 * time.Hour},
			VerifySpacing:         4 * time.Second,
			PINAttempts:           4,
			PINTTL:                9 * time.Minute,
			PINLength:             8,
			NumberFailures:        60,
			FailureMemory:         91 * rate.Day,
			DisabledMemory:        401 * rate.Day,
			RequireVerificationID: true,
		},
		LogRetentionDays: 90,
		CORSOrigins:      []string{"https://app.example.com"},
		Throttles: props.Throttles{
			Send: props.Throttle{Rate: 1, Burst: 2}, Resend: props.Throttle{Rate: 3, Burst: 4},
			Verify: props.Throttle{Rate: 5, Burst: 6}, Other: props.Throttle{Rate: 7, Burst: 8},
		},
		ReservedConcurrency: props.ReservedConcurrency{Send: new(10), Verify: new(20), Discovery: new(5)},
		Secret:              &props.ExistingSecret{ID: "otp/infobip"},
		SecretKeyARN:        "arn:aws:kms:eu-central-1:111122223333:key/k",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("FromEnvironment (-want +got):\n%s", diff)
	}
	if missing := got.MissingForDeployment(); len(missing) != 0 {
		t.Errorf("missing for deployment: %v, want nothing", missing)
	}
}

func TestFromAnEmptyEnvironment(t *testing.T) {
	got, err := props.FromEnvironment(environment(nil), "dist/arm64")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(props.Default("dist/arm64"), got); diff != "" {
		t.Errorf("FromEnvironment (-default +got):\n%s", diff)
	}
	want := []string{"INFOBIP_BASE_URL", "INFOBIP_2FA_APP_ID", "INFOBIP_2FA_MSG_ID"}
	if diff := cmp.Diff(want, got.MissingForDeployment()); diff != "" {
		t.Errorf("missing for deployment (-want +got):\n%s", diff)
	}
}

func TestFromEnvironmentNamesEveryFault(t *testing.T) {
	faults := map[string]string{
		"IP_SEND_LIMIT":             "5",
		"SEND_COOLDOWN":             "30",
		"PIN_ATTEMPTS":              "five",
		"THROTTLE_SEND":             "5",
		"RESERVED_CONCURRENCY_SEND": "some",
		"REQUIRE_VERIFICATION_ID":   "yes",
	}
	_, err := props.FromEnvironment(environment(faults), "dist/arm64")
	if err == nil {
		t.Fatal("accepted")
	}
	for name, value := range faults {
		if !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), value) {
			t.Errorf("%s=%s is not named in:\n%v", name, value, err)
		}
	}
}

func TestLoadFile(t *testing.T) {
	root := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o600)
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("DEPLOY_ENV", "")
	t.Setenv("STAGE", "")
	t.Setenv("PIN_ATTEMPTS", "3")

	err := props.LoadFile(root)
	if err != nil {
		t.Errorf("without a file: %v", err)
	}
	write("deploy.env", "STAGE=staging\nPIN_ATTEMPTS=4\n")
	err = props.LoadFile(root)
	if err != nil {
		t.Fatal(err)
	}
	if stage, attempts := os.Getenv("STAGE"), os.Getenv("PIN_ATTEMPTS"); stage != "staging" || attempts != "3" {
		t.Errorf("STAGE=%s PIN_ATTEMPTS=%s, want staging from the file and 3 from the environment", stage, attempts)
	}

	t.Setenv("STAGE", "")
	t.Setenv("DEPLOY_ENV", "other.env")
	err = props.LoadFile(root)
	if err == nil || !strings.Contains(err.Error(), "DEPLOY_ENV") {
		t.Errorf("a file that was named and is not there: %v, want an error that names DEPLOY_ENV", err)
	}
	write("other.env", "STAGE=other\n")
	err = props.LoadFile(root)
	if err != nil || os.Getenv("STAGE") != "other" {
		t.Errorf("STAGE=%s (%v), want other", os.Getenv("STAGE"), err)
	}
}
