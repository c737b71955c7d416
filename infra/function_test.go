package infra_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/internal/cost"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

type object = map[string]any

func TestFunctions(t *testing.T) {
	for _, test := range []struct{ function, zip, description string }{
		{"Send", "send", "Sends a PIN, or the same PIN again."},
		{"Verify", "verify", "Checks a PIN."},
		{"Discovery", "discovery", "Answers the banner and everything that is no route."},
	} {
		t.Run(test.function, func(t *testing.T) {
			want := object{
				"Architectures": []any{"arm64"},
				"Description":   test.description + " Release " + releaseOf(t, development(t), test.function) + ".",
				"Handler":       "bootstrap",
				"LoggingConfig": object{"ApplicationLogLevel": "INFO", "LogFormat": "JSON", "LogGroup": "${" + test.function + "Logs}", "SystemLogLevel": "WARN"},
				"MemorySize":    cost.Now.MemoryMB,
				"Role":          "${" + test.function + "Role.Arn}",
				"Runtime":       "provided.al2023",
				"Timeout":       20.0,
			}
			got := maps.Clone(development(t).properties(t, test.function+"Function", "AWS::Lambda::Function"))
			checkCode(t, got["Code"], test.zip)
			delete(got, "Code")
			delete(got, "Environment") // TestEnvironments
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("properties (-want +got):\n%s", diff)
			}
		})
	}
}

// checkCode looks behind the asset's name, which is a hash of the CDK's own: the file that goes
// up is to be the very zip.
func checkCode(t *testing.T, code any, function string) {
	t.Helper()
	location := code.(object)
	if got, want := location["S3Bucket"], "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"; got != want {
		t.Errorf("code is in %v, want %s", got, want)
	}
	got, err := os.ReadFile(filepath.Join(development(t).dir, "asset."+location["S3Key"].(string)))
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Clean(filepath.Join(assets, function+".zip")))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the asset is not %s.zip as it was built", function)
	}
}

// Every function has what the table of settings says that it reads, and nothing else.
func TestEnvironments(t *testing.T) {
	for _, d := range []deployment{development(t), production(t)} {
		known := map[string]any{
			"TABLE_NAME": "${Table}", "SECRET_ID": "${Secret}", "METRICS_NAMESPACE": "InfobipOTP", "STAGE": d.props.Stage,
			"INFOBIP_BASE_URL": "${InfobipBaseUrl}", "INFOBIP_2FA_APP_ID": "${Infobip2faAppId}", "INFOBIP_2FA_MSG_ID": "${Infobip2faMsgId}",
		}
		if i := d.props.Infobip; i != nil {
			known["INFOBIP_BASE_URL"], known["INFOBIP_2FA_APP_ID"], known["INFOBIP_2FA_MSG_ID"] = i.BaseURL, i.ApplicationID, i.MessageID
		}
		if s := d.props.Settings; s["PROOF_KEY"] == "" {
			known["PROOF_ISSUER"], known["PROOF_KEY"] = "${Api.ApiEndpoint}", "${ProofKey1.Arn}"
		} else {
			known["PROOF_PUBLISHED_KEYS"] = "${ProofKey2.Arn},${ProofKey1.Arn}," + s["PROOF_PUBLISHED_KEYS"]
		}
		for function, program := range map[string]settings.Program{
			"SendFunction": settings.Send, "VerifyFunction": settings.Verify, "DiscoveryFunction": settings.Discovery,
		} {
			want := object{}
			for _, s := range settings.All() {
				switch {
				case !s.ReadBy(program):
				case s.Setter == settings.Deployment || known[s.Name] != nil:
					want[s.Name] = known[s.Name]
				case s.Setter == settings.Owner && d.props.Settings[s.Name] != "":
					want[s.Name] = d.props.Settings[s.Name]
				case s.Setter == settings.Owner && s.Default != "":
					want[s.Name] = s.Default
				}
			}
			if diff := cmp.Diff(want, d.environment(t, function)); diff != "" {
				t.Errorf("%s %s (-table +stack):\n%s", d.props.Stage, function, diff)
			}
		}
	}
}

func TestPlainHTTPIsNeverAllowed(t *testing.T) {
	for _, d := range []deployment{development(t), production(t)} {
		text, err := os.ReadFile(d.path())
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"INFOBIP_ALLOW_HTTP", "INFOBIP_API_KEY", "ORIGIN_KEYS", "AWS_ENDPOINT_URL"} {
			if strings.Contains(string(text), name) {
				t.Errorf("%s stage names %s, which is for local runs", d.props.Stage, name)
			}
		}
	}
}

func TestReservedConcurrency(t *testing.T) {
	for function, want := range map[string]any{
		"SendFunction": 10.0, "VerifyFunction": 20.0, "DiscoveryFunction": 5.0,
	} {
		got := production(t).properties(t, function, "AWS::Lambda::Function")["ReservedConcurrentExecutions"]
		if got != want {
			t.Errorf("production %s reserves %v, want %v", function, got, want)
		}
		got, there := development(t).properties(t, function, "AWS::Lambda::Function")["ReservedConcurrentExecutions"]
		if there {
			t.Errorf("development %s reserves %v, want nothing", function, got)
		}
	}
}

func TestMemoryAndNetwork(t *testing.T) {
	for _, function := range []string{"SendFunction", "VerifyFunction", "DiscoveryFunction"} {
		got := production(t).properties(t, function, "AWS::Lambda::Function")
		want := object{
			"SubnetIds": []any{"subnet-0123456789abcdef0", "subnet-0123456789abcdef1"}, "SecurityGroupIds": []any{"sg-0123456789abcdef0"},
		}
		if diff := cmp.Diff(any(want), got["VpcConfig"]); diff != "" || got["MemorySize"] != 512.0 {
			t.Errorf("%s has %v MB and the network (-want +got):\n%s", function, got["MemorySize"], diff)
		}
	}
}

func TestLogGroups(t *testing.T) {
	for _, test := range []struct {
		deployment
		days   float64
		policy string
	}{
		{development(t), 30, "Delete"},
		{production(t), 90, "RetainExceptOnCreate"},
	} {
		// The functions' have names that CloudFormation makes: the log of a stack that is gone is
		// in nobody's way.
		for _, name := range []string{"SendLogs", "VerifyLogs", "DiscoveryLogs", "ApiLogs"} {
			want := object{"RetentionInDays": test.days}
			if key := test.props.LogKeyARN; key != "" {
				want["KmsKeyId"] = key
			}
			got := test.properties(t, name, "AWS::Logs::LogGroup")
			if name == "ApiLogs" {
				want["LogGroupName"] = got["LogGroupName"] // TestAccessLogGroup
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s %s (-want +got):\n%s", test.props.Stage, name, diff)
			}
			checkRemoval(t, test.deployment, name, test.policy)
		}
	}
}

// checkRemoval compares what becomes of a resource that leaves the stack. UpdateReplacePolicy
// has no RetainExceptOnCreate: what is replaced was there before.
func checkRemoval(t *testing.T, d deployment, name, want string) {
	t.Helper()
	resource, replaced := d.Resources[name], strings.TrimSuffix(want, "ExceptOnCreate")
	if resource.DeletionPolicy != want || resource.UpdateReplacePolicy != replaced {
		t.Errorf("%s %s: DeletionPolicy %q, UpdateReplacePolicy %q, want %q and %q",
			d.props.Stage, name, resource.DeletionPolicy, resource.UpdateReplacePolicy, want, replaced)
	}
}

// The parameters of a stack without an Infobip account have no value to fall back to, so that
// CloudFormation refuses to create it without them.
func TestParametersWithoutAnAccount(t *testing.T) {
	required := func(description string) object {
		return object{"Type": "String", "MinLength": 1.0, "Description": description}
	}
	want := map[string]any{
		"InfobipBaseUrl":  required("Personal Infobip address, such as abc123.api.infobip.com."),
		"Infobip2faAppId": required("Infobip 2FA application id."),
		"Infobip2faMsgId": required("Infobip 2FA message template id."),
	}
	if diff := cmp.Diff(want, parameters(t, development(t))); diff != "" {
		t.Errorf("parameters without an account (-want +got):\n%s", diff)
	}
	if got := parameters(t, production(t)); len(got) != 0 {
		t.Errorf("parameters with an account: %v, want none", got)
	}
}

// parameters are those that a deployment is asked for.
func parameters(t *testing.T, d deployment) map[string]any {
	t.Helper()
	text, err := os.ReadFile(d.path())
	if err != nil {
		t.Fatal(err)
	}
	var document struct{ Parameters map[string]any }
	err = json.Unmarshal(text, &document)
	if err != nil {
		t.Fatal(err)
	}
	delete(document.Parameters, "BootstrapVersion") // the CDK's
	return document.Parameters
}

// Whatever else comes into the stack comes on purpose.
func TestNothingElse(t *testing.T) {
	keys := map[string]int{"development": 1, "production": 2}
	alarms := map[string]int{"development": 24, "production": 25} // one only where the account's is asked for
	want := map[string]int{
		"AWS::Lambda::Function":          3,
		"AWS::Lambda::Version":           3,
		"AWS::Lambda::Alias":             3,
		"AWS::IAM::Role":                 3,
		"AWS::Logs::LogGroup":            4,
		"AWS::DynamoDB::Table":           1,
		"AWS::SecretsManager::Secret":    1,
		"AWS::ApiGatewayV2::Api":         1,
		"AWS::ApiGatewayV2::Stage":       1,
		"AWS::ApiGatewayV2::Integration": 3,
		"AWS::ApiGatewayV2::Route":       5,
		"AWS::Lambda::Permission":        4,
		"AWS::CloudWatch::Dashboard":     1,
		"AWS::Logs::MetricFilter":        2,
		"AWS::Logs::QueryDefinition":     4,
	}
	for _, d := range []deployment{development(t), production(t)} {
		want["AWS::KMS::Key"] = keys[d.props.Stage]
		want["AWS::CloudWatch::Alarm"] = alarms[d.props.Stage]
		if d.props.Deployment != "all-at-once" {
			want["AWS::CodeDeploy::Application"], want["AWS::CodeDeploy::DeploymentGroup"], want["AWS::IAM::Role"] = 1, 3, 4
		}
		got := map[string]int{}
		for _, resource := range d.Resources {
			got[resource.Type]++
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s resources (-want +got):\n%s", d.props.Stage, diff)
		}
	}
}

func TestOutputs(t *testing.T) {
	for _, test := range []struct {
		deployment
		url  string
		more map[string]any
	}{
		{development(t), "${Api.ApiEndpoint}", nil},
		{ownDomain(t), "https://otp.example.com", map[string]any{
			"DomainTarget": object{"Description": "Where a record of the domain points: an alias, or a CNAME.", "Value": "${Domain.RegionalDomainName}"},
		}},
		{backends(t), "${Api.ApiEndpoint}", map[string]any{
			"InvokeArn": object{
				"Description": "What a backend's role is granted execute-api:Invoke on.",
				"Value":       "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/$default/POST/*",
			},
		}},
	} {
		want := map[string]any{
			"ApiUrl":            object{"Description": "Base address of the service.", "Value": test.url},
			"ApiId":             object{"Description": "Id of the HTTP API.", "Value": "${Api}"},
			"TableName":         object{"Description": "State, one item for a phone number or a client address.", "Value": "${Table}"},
			"SecretId":          object{"Description": "Put the secret's value here.", "Value": "${Secret}"},
			"SendLogGroup":      object{"Description": "Log of the send function.", "Value": "${SendLogs}"},
			"VerifyLogGroup":    object{"Description": "Log of the verify function.", "Value": "${VerifyLogs}"},
			"DiscoveryLogGroup": object{"Description": "Log of the discovery function.", "Value": "${DiscoveryLogs}"},
			"AccessLogGroup":    object{"Description": "Log of what the API was asked.", "Value": "${ApiLogs}"},
			"SendAliasArn":      object{"Description": "What the API calls to send.", "Value": "${SendAlias}"},
			"VerifyAliasArn":    object{"Description": "What the API calls to verify.", "Value": "${VerifyAlias}"},
			"DiscoveryAliasArn": object{"Description": "What the API calls for everything else.", "Value": "${DiscoveryAlias}"},
		}
		maps.Copy(want, test.more)
		if diff := cmp.Diff(want, test.Outputs); diff != "" {
			t.Errorf("outputs (-want +got):\n%s", diff)
		}
	}
}

func TestTerminationProtection(t *testing.T) {
	for _, test := range []struct {
		deployment
		want bool
	}{{development(t), false}, {production(t), true}} {
		data, err := os.ReadFile(filepath.Join(test.dir, "manifest.json"))
		if err != nil {
			t.Fatal(err)
		}
		var manifest struct {
			Stacks map[string]struct {
				Properties struct{ TerminationProtection bool }
			} `json:"artifacts"`
		}
		err = json.Unmarshal(data, &manifest)
		if err != nil {
			t.Fatal(err)
		}
		stack, there := manifest.Stacks[fmt.Sprintf("infobip-otp-%s", test.props.Stage)]
		if !there || stack.Properties.TerminationProtection != test.want {
			t.Errorf("%s: stack in manifest %v, termination protection %v, want %v",
				test.props.Stage, there, stack.Properties.TerminationProtection, test.want)
		}
	}
}

// Traces cost more than the requests they are of, so there are none unless somebody asks.
func TestTracing(t *testing.T) {
	for _, function := range []string{"SendFunction", "VerifyFunction", "DiscoveryFunction"} {
		got, there := development(t).properties(t, function, "AWS::Lambda::Function")["TracingConfig"]
		if there {
			t.Errorf("development %s is traced: %v", function, got)
		}
		got = production(t).properties(t, function, "AWS::Lambda::Function")["TracingConfig"]
		if diff := cmp.Diff(any(object{"Mode": "Active"}), got); diff != "" {
			t.Errorf("production %s (-want +got):\n%s", function, diff)
		}
	}
	text, err := os.ReadFile(development(t).path())
	if err != nil || strings.Contains(string(text), "xray") {
		t.Errorf("the template without traces says xray (%v)", err)
	}
}
