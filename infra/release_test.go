package infra_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/infra"
	"github.com/seed-a131a524/infobip-otp/infra/internal/standin"
	"github.com/seed-a131a524/infobip-otp/infra/props"
	"github.com/seed-a131a524/infobip-otp/infra/watch"
)

// TestAliases: what the API calls is a published version, and the versions that the alias leaves
// are there for a rollback, except for one that a failed deployment published.
func TestAliases(t *testing.T) {
	for _, d := range []deployment{development(t), production(t)} {
		for _, function := range []string{"Send", "Verify", "Discovery"} {
			want := object{
				"FunctionName": "${" + function + "Function}", "Name": "live", "FunctionVersion": "${" + function + "FunctionCurrentVersion.Version}",
			}
			if diff := cmp.Diff(want, d.properties(t, function+"Alias", "AWS::Lambda::Alias")); diff != "" {
				t.Errorf("%s alias of %s (-want +got):\n%s", d.props.Stage, function, diff)
			}
			version := function + "FunctionCurrentVersion"
			want = object{"FunctionName": "${" + function + "Function}"}
			if d.props.Infobip == nil && function != "Discovery" {
				want["Description"] = "${Infobip2faAppId} ${Infobip2faMsgId} ${InfobipBaseUrl} Release " + releaseOf(t, d, function) + "."
			}
			if diff := cmp.Diff(want, d.properties(t, version, "AWS::Lambda::Version")); diff != "" {
				t.Errorf("%s %s (-want +got):\n%s", d.props.Stage, version, diff)
			}
			checkRemoval(t, d, version, "RetainExceptOnCreate")
		}
	}
}

// versions are the logical ids of a deployment's versions: a new one is a new version.
func versions(t *testing.T, d deployment) map[string]string {
	t.Helper()
	data, err := os.ReadFile(d.path())
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Resources map[string]struct{ Type string }
	}
	err = json.Unmarshal(data, &document)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{}
	for id, resource := range document.Resources {
		if resource.Type == "AWS::Lambda::Version" {
			function, _, _ := strings.Cut(strings.TrimPrefix(id, "Otp"), "Function")
			ids[function] = id
		}
	}
	return ids
}

// releaseOf is the release that a function's description names.
func releaseOf(t *testing.T, d deployment, function string) string {
	t.Helper()
	description, _ := d.properties(t, function+"Function", "AWS::Lambda::Function")["Description"].(string)
	named := regexp.MustCompile(`\bRelease ([0-9a-f]{12})\.$`).FindStringSubmatch(description)
	if named == nil {
		t.Fatalf("%s %s names no release: %q", d.props.Stage, function, description)
	}
	return named[1]
}

// TestWhatMakesAVersion: all that a version of any function holds, and nothing else, makes one of
// each, so that the versions before are of one deployment (`make rollback`). Lambda refuses to
// publish what it has published already, so a change that makes no version there must make none
// here.
func TestWhatMakesAVersion(t *testing.T) {
	all := []string{"Discovery", "Send", "Verify"}
	was := versions(t, development(t))
	for _, test := range []struct {
		name   string
		change func(*props.Props)
		want   []string
	}{
		{"reserved concurrency", func(p *props.Props) { p.ReservedConcurrency.Send = new(10) }, nil},
		{"throttles, retention and alarms", func(p *props.Props) {
			p.Throttles.Other, p.LogRetentionDays, p.Alarms.ProviderDailyCap = props.Throttle{Rate: 7, Burst: 8}, 90, 50000
		}, nil},
		{"a setting of one function", func(p *props.Props) { p.Settings["IP_VERIFY_LIMIT"] = "11/6m" }, all},
		{"the log level", func(p *props.Props) { p.LogLevel = "DEBUG" }, all},
		{"nothing", func(*props.Props) {}, nil},
		{"another zip", func(p *props.Props) { p.AssetsDir = otherSend(t) }, all},
	} {
		p := props.Default(assets)
		test.change(&p)
		var changed []string
		d := mustSynthesize(t, p)
		if one := releaseOf(t, d, "Send"); releaseOf(t, d, "Verify") != one || releaseOf(t, d, "Discovery") != one {
			t.Errorf("%s: the functions are of different releases", test.name)
		}
		is := versions(t, d)
		for function, id := range is {
			if was[function] != id {
				changed = append(changed, function)
			}
		}
		slices.Sort(changed)
		if diff := cmp.Diff(test.want, changed); diff != "" || len(is) != 3 {
			t.Errorf("%s: of %d functions new versions are those of (-want +got):\n%s", test.name, len(is), diff)
		}
	}
}

// What an app's own flags say of versions counts for the app's own functions.
func TestAFlagOfTheAppMakesNoVersion(t *testing.T) {
	of := func(reserved *int) map[string]string {
		return versions(t, ownApp(t, func(stack awscdk.Stack) error {
			stack.Node().SetContext(jsii.String("@aws-cdk/aws-lambda:recognizeVersionProps"), false)
			p := staging("staging")
			p.ReservedConcurrency.Send = reserved
			_, err := infra.NewService(stack, "Otp", p)
			return err
		}))
	}
	if diff := cmp.Diff(of(nil), of(new(10))); diff != "" {
		t.Errorf("reserved concurrency makes a version (-without +with):\n%s", diff)
	}
}

// otherSend is a folder of zips of which send's is another.
func otherSend(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	err := standin.Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	verify, err := os.ReadFile(filepath.Join(dir, "verify.zip"))
	if err != nil {
		t.Fatal(err)
	}
	err = os.WriteFile(filepath.Join(dir, "send.zip"), verify, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestRollout: a gradual deployment moves each alias by itself, and the alarms that brake it are
// those of the table.
func TestRollout(t *testing.T) {
	for function, of := range map[string]watch.Of{"Send": watch.Send, "Verify": watch.Verify, "Discovery": watch.Discovery} {
		var alarms []any
		for _, name := range watch.Brakes(of) {
			alarms = append(alarms, object{"Name": "${" + name + "Alarm}"})
		}
		want := object{
			"ApplicationName":      "${Rollout}",
			"ServiceRoleArn":       "${RolloutRole.Arn}",
			"DeploymentConfigName": "CodeDeployDefault.LambdaCanary10Percent5Minutes",
			"DeploymentStyle":      object{"DeploymentType": "BLUE_GREEN", "DeploymentOption": "WITH_TRAFFIC_CONTROL"},
			"AlarmConfiguration":   object{"Enabled": true, "Alarms": alarms},
			"AutoRollbackConfiguration": object{
				"Enabled": true, "Events": []any{"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"},
			},
		}
		if diff := cmp.Diff(want, production(t).properties(t, function+"Rollout", "AWS::CodeDeploy::DeploymentGroup")); diff != "" {
			t.Errorf("rollout of %s (-want +got):\n%s", function, diff)
		}
		want = object{"CodeDeployLambdaAliasUpdate": object{"ApplicationName": "${Rollout}", "DeploymentGroupName": "${" + function + "Rollout}"}}
		if diff := cmp.Diff(want, production(t).Resources[function+"Alias"].UpdatePolicy); diff != "" {
			t.Errorf("update of the alias of %s (-want +got):\n%s", function, diff)
		}
		if policy := development(t).Resources[function+"Alias"].UpdatePolicy; policy != nil {
			t.Errorf("development moves the alias of %s by %v, want at once", function, policy)
		}
	}
	if diff := cmp.Diff(object{"ComputePlatform": "Lambda"}, production(t).properties(t, "Rollout", "AWS::CodeDeploy::Application")); diff != "" {
		t.Errorf("application (-want +got):\n%s", diff)
	}
}

// TestRolloutRole: CodeDeploy may move the three aliases, and look at alarms.
func TestRolloutRole(t *testing.T) {
	role := production(t).properties(t, "RolloutRole", "AWS::IAM::Role")
	trust := object{"Version": "2012-10-17", "Statement": []any{object{
		"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": object{"Service": "codedeploy.amazonaws.com"},
	}}}
	if diff := cmp.Diff(any(trust), role["AssumeRolePolicyDocument"]); diff != "" {
		t.Errorf("trust (-want +got):\n%s", diff)
	}
	if len(role) != 2 {
		t.Errorf("the role has %v: all that it may do is to stand in its one policy", role)
	}
	var got []string
	for _, statement := range role["Policies"].([]any)[0].(object)["PolicyDocument"].(object)["Statement"].([]any) {
		got = append(got, sentence(t, statement.(object)))
	}
	want := []string{
		"Allow lambda:GetAlias,lambda:UpdateAlias,lambda:GetProvisionedConcurrencyConfig on " +
			"${SendFunction.Arn},${SendFunction.Arn}:live,${VerifyFunction.Arn},${VerifyFunction.Arn}:live,${DiscoveryFunction.Arn},${DiscoveryFunction.Arn}:live",
		"Allow cloudwatch:DescribeAlarms on *",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("CodeDeploy may (-want +got):\n%s", diff)
	}
}

// TestEachWordIsAConfiguration of CodeDeploy's own.
func TestEachWordIsAConfiguration(t *testing.T) {
	for word, want := range map[string]any{
		"all-at-once":   nil,
		"canary-10-15m": "CodeDeployDefault.LambdaCanary10Percent15Minutes",
		"linear-10-1m":  "CodeDeployDefault.LambdaLinear10PercentEvery1Minute",
	} {
		p := props.Default(assets)
		p.Deployment = word
		if got := mustSynthesize(t, p).Resources["SendRollout"].Properties["DeploymentConfigName"]; got != want {
			t.Errorf("%s is %v, want %v", word, got, want)
		}
	}
}
