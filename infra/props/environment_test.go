package props_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/infra/props"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

func environment(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

// examples has every setting of a deployment with a value that is not its default.
func examples() map[string]string {
	variables := map[string]string{}
	for _, s := range settings.All() {
		if s.Deployable() {
			variables[s.Name] = s.Example
		}
	}
	return variables
}

func TestFromEnvironment(t *testing.T) {
	asked := map[string]bool{}
	got, err := props.FromEnvironment(func(name string) string {
		asked[name] = true
		return examples()[name]
	}, "dist/arm64")
	if err != nil {
		t.Fatal(err)
	}
	want := props.Props{
		Stage:            "production",
		AssetsDir:        "dist/arm64",
		Infobip:          infobip("xyz.api.infobip.com", "APP1", "MSG1"),
		Settings:         props.Settings{},
		LogLevel:         "DEBUG",
		LogRetentionDays: 90,
		Deployment:       "canary-10-5m",
		Tracing:          true,
		Alarms:           props.Alarms{TopicARN: "arn:aws:sns:eu-central-1:111122223333:on-call", ProviderDailyCap: 50000, Concurrency: new(700)},
		Domain: &props.Domain{
			Name: "otp.example.com", HostedZoneID: "Z0123456789ABCDEFGHIJ",
			CertificateARN: "arn:aws:acm:eu-central-1:111122223333:certificate/1234abcd-12ab-34cd-56ef-1234567890ab",
		},
		Authorizer:  "iam",
		CORSOrigins: []string{"https://app.example.com"},
		Throttles: props.Throttles{
			Send: props.Throttle{Rate: 1, Burst: 2}, Resend: props.Throttle{Rate: 3, Burst: 4},
			Verify: props.Throttle{Rate: 5, Burst: 6}, Other: props.Throttle{Rate: 7, Burst: 8},
		},
		ReservedConcurrency: props.ReservedConcurrency{Send: new(10), Verify: new(20), Discovery: new(5)},
		ExistingTable:       "otp-restored",
		Secret:              &props.ExistingSecret{ID: "otp/infobip"},
		ProofStackKeys:      []string{"2", "1"},
		SecretKeyARN:        keyARN,
		TableKeyARN:         keyARN,
		LogKeyARN:           keyARN,
		Architecture:        "x86_64",
		MemoryMB:            512,
		VPC: &props.VPC{
			SubnetIDs:        []string{"subnet-0123456789abcdef0", "subnet-0123456789abcdef1"},
			SecurityGroupIDs: []string{"sg-0123456789abcdef0"},
		},
	}
	for _, s := range settings.All() {
		if s.Handed() {
			want.Settings[s.Name] = s.Example
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("FromEnvironment (-want +got):\n%s", diff)
	}
	for _, name := range props.Variables() {
		if !asked[name] {
			t.Errorf("%s can be set for a deployment, and nobody asks for it", name)
		}
	}
	if missing := append(got.MissingForDeployment(), got.Undecided()...); len(missing) != 0 {
		t.Errorf("missing for deployment: %v, want nothing", missing)
	}
}

// TestEverySettingOfADeploymentCounts: each changes the props, and what makes no sense is
// refused.
func TestEverySettingOfADeploymentCounts(t *testing.T) {
	dir := built(t)
	unset := props.Default(dir)
	for name, value := range examples() {
		set, err := props.FromEnvironment(environment(map[string]string{name: value}), dir)
		if err != nil || cmp.Equal(unset, set) {
			t.Errorf("%s=%s changes nothing (%v)", name, value, err)
		}
		bad, err := props.FromEnvironment(environment(map[string]string{name: "canary value!"}), dir)
		err = errors.Join(err, bad.Validate())
		// An account is whole or not at all.
		if err == nil || !strings.Contains(err.Error(), name+" must be ") || strings.Contains(err.Error(), "canary value") {
			t.Errorf("%s=canary value!: %v", name, err)
		}
	}
}

// TestEnvironment: each function gets what it reads and no more, what is set and what is not.
func TestEnvironment(t *testing.T) {
	set, err := props.FromEnvironment(environment(examples()), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, function := range []settings.Program{settings.Send, settings.Verify, settings.Discovery} {
		wantSet, wantUnset := map[string]string{}, map[string]string{}
		for _, s := range settings.All() {
			if !s.ReadBy(function) || s.Setter != settings.Owner {
				continue
			}
			wantSet[s.Name] = s.Example
			if s.Default != "" {
				wantUnset[s.Name] = s.Default
			}
		}
		if diff := cmp.Diff(wantSet, set.Environment(function)); diff != "" {
			t.Errorf("function %d, all set (-want +got):\n%s", function, diff)
		}
		if diff := cmp.Diff(wantUnset, props.Default("").Environment(function)); diff != "" {
			t.Errorf("function %d, nothing set (-want +got):\n%s", function, diff)
		}
	}
	// Said apart from the table, for whoever extends it.
	send, verify := set.Environment(settings.Send), set.Environment(settings.Verify)
	for name, of := range map[string]map[string]string{"IP_SEND_LIMIT": send, "ALLOWED_REGIONS": send, "IP_VERIFY_LIMIT": verify, "REQUIRE_VERIFICATION_ID": verify} {
		if of[name] == "" || send[name] != "" && verify[name] != "" {
			t.Errorf("%s is %q for send and %q for verify", name, send[name], verify[name])
		}
	}
	want := map[string]string{}
	for _, name := range []string{"PROOF_ISSUER", "PROOF_KEY", "PROOF_PUBLISHED_KEYS"} {
		want[name] = verify[name]
	}
	if diff := cmp.Diff(want, set.Environment(settings.Discovery)); diff != "" {
		t.Errorf("discovery is told other than who signs proofs (-want +got):\n%s", diff)
	}
}

func TestFromAnEmptyEnvironment(t *testing.T) {
	got, err := props.FromEnvironment(environment(nil), "dist/arm64")
	if err != nil {
		t.Fatal(err)
	}
	want := props.Props{
		Stage:            "development",
		AssetsDir:        "dist/arm64",
		Architecture:     "arm64",
		MemoryMB:         128,
		Settings:         props.Settings{},
		LogLevel:         "INFO",
		LogRetentionDays: 30,
		Deployment:       "all-at-once",
		Authorizer:       "none",
		Alarms:           props.Alarms{ProviderDailyCap: 10000},
		Throttles: props.Throttles{
			Send: props.Throttle{Rate: 50, Burst: 100}, Resend: props.Throttle{Rate: 50, Burst: 100},
			Verify: props.Throttle{Rate: 50, Burst: 100}, Other: props.Throttle{Rate: 100, Burst: 200},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("FromEnvironment (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, props.Default("dist/arm64")); diff != "" {
		t.Errorf("Default (-want +got):\n%s", diff)
	}
	missing := []string{"INFOBIP_BASE_URL", "INFOBIP_2FA_APP_ID", "INFOBIP_2FA_MSG_ID"}
	if diff := cmp.Diff(missing, got.MissingForDeployment()); diff != "" {
		t.Errorf("missing for deployment (-want +got):\n%s", diff)
	}
	got.Stage = "staging"
	if diff := cmp.Diff([]string{"ALLOWED_REGIONS", "SPEND_LIMIT", "PROOF_AUDIENCE"}, got.Undecided()); diff != "" {
		t.Errorf("outside development an owner has to decide about (-want +got):\n%s", diff)
	}
}

func TestFromEnvironmentNamesEveryFault(t *testing.T) {
	faults := []string{"STAGE", "THROTTLE_SEND", "RESERVED_CONCURRENCY_SEND", "LOG_RETENTION_DAYS", "CORS_ORIGINS", "SECRET_KEY_ARN"}
	variables := map[string]string{}
	for _, name := range faults {
		variables[name] = "canary value!"
	}
	_, err := props.FromEnvironment(environment(variables), "dist/arm64")
	if err == nil {
		t.Fatal("accepted")
	}
	for _, name := range faults {
		if strings.Count(err.Error(), name+" must be ") != 1 {
			t.Errorf("%s is not named once in:\n%v", name, err)
		}
	}
	if strings.Contains(err.Error(), "canary") {
		t.Errorf("the error shows a value: %v", err)
	}
}
