package sam

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// Whatever sam does, it does for the architecture that `sam build` built for.
func TestOneArchitecture(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(harness.Root(), "samconfig.toml"))
	if err != nil {
		t.Fatal(err)
	}
	section := regexp.MustCompile(`(?m)^\[(\w+)\.(\w+)\.parameters\]\n((?:[^\[\n].*\n)*)`)
	override := regexp.MustCompile(`(?m)^parameter_overrides = "Architecture=(\w+)"$`)
	got := map[string]map[string]string{}
	for _, found := range section.FindAllStringSubmatch(string(text), -1) {
		environment, command, settings := found[1], found[2], found[3]
		if command == "global" {
			continue
		}
		architecture := override.FindStringSubmatch(settings)
		if architecture == nil {
			t.Errorf("%s of %s says no architecture", command, environment)
			continue
		}
		if got[environment] == nil {
			got[environment] = map[string]string{}
		}
		got[environment][command] = architecture[1]
	}
	for environment, want := range map[string]string{"default": "x86_64", "arm64": "arm64"} {
		for _, command := range []string{"build", "deploy", "local_invoke", "local_start_api", "local_start_lambda"} {
			if got[environment][command] != want {
				t.Errorf("%s of %s is for %q, want %s", command, environment, got[environment][command], want)
			}
		}
	}
}

// What `sam deploy --guided` asks has a default or is Infobip's; what it is told goes to the stack,
// and into samconfig.toml for the next time. The emulator ends it where CloudFormation begins: it
// has no transform of SAM's.
func TestGuidedDeployment(t *testing.T) {
	template := build(t)
	endpoint := harness.Moto(t)
	const region = "eu-west-1"
	managedBucket(t, endpoint, region)
	config := filepath.Join(t.TempDir(), "samconfig.toml")
	text, err := os.ReadFile(filepath.Join(harness.Root(), "samconfig.toml"))
	if err == nil {
		err = os.WriteFile(config, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	answers := []string{
		"", region, // the stack's name, the region
		"", "abc123.api.infobip.com", "APP1", "MSG1", "", // the parameters
		"", "", "", // confirm changes, allow roles, keep failures
		"y", "y", "y", "y", "y", // five routes without authentication
		"", "", "", // save, where, as what
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := sam(t, "deploy", "--guided", "--template", template, "--config-file", config, "--config-env", configuration())
	command := exec.CommandContext(ctx, c.Path, c.Args...)
	command.Dir = c.Dir
	command.Env = append(harness.BaseEnv(), append(c.Env,
		"AWS_ENDPOINT_URL="+endpoint, "AWS_ACCESS_KEY_ID="+harness.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+harness.SecretAccessKey)...)
	command.Stdin = strings.NewReader(strings.Join(answers, "\n") + "\n")
	output, err := command.CombinedOutput()
	printed := string(output)
	if err == nil {
		t.Fatal("the emulator has learnt SAM's transform: this test can look further")
	}
	architecture := "x86_64"
	if configuration() == "arm64" {
		architecture = "arm64"
	}
	for _, want := range []string{
		"Stack Name [infobip-otp-sam]:", "Parameter Architecture [" + architecture + "]:",
		"Parameter InfobipBaseUrl []:", "Parameter Infobip2faAppId []:", "Parameter Infobip2faMsgId []:", "Parameter ProofIssuer []:",
		"Confirm changes before deploy [Y/n]:", "Saved arguments to config file", "Managed S3 bucket: ",
		"Region                       : " + region, "Confirm changeset            : True", `Capabilities                 : ["CAPABILITY_IAM"]`,
		`{"Architecture": "` + architecture + `", "InfobipBaseUrl": "abc123.api.infobip.com", "Infobip2faAppId": "APP1", "Infobip2faMsgId": "MSG1", "ProofIssuer": ""}`,
		"Initiating deployment", "when calling the CreateChangeSet operation",
	} {
		if !strings.Contains(printed, want) {
			t.Errorf("it lacks %q:\n%s", want, printed)
		}
	}
	uploaded := map[string]bool{}
	for _, found := range regexp.MustCompile(`Uploading to infobip-otp-sam/(\S+) .*\(100\.00%\)`).FindAllStringSubmatch(printed, -1) {
		uploaded[found[1]] = true
	}
	if len(uploaded) != 4 {
		t.Errorf("%d objects were uploaded, want three functions and the template:\n%s", len(uploaded), printed)
	}
	saved, err := os.ReadFile(config)
	if err != nil || !strings.Contains(string(saved), `region = "`+region+`"`) || !strings.Contains(string(saved), `Architecture=\"`+architecture+`\" InfobipBaseUrl=\"abc123.api.infobip.com\"`) {
		t.Errorf("saved is (%v):\n%s", err, saved)
	}
}

// managedBucket makes what sam makes for its uploads: the emulator forgets the tags of a stack that
// comes from a change set, by which sam knows its own.
func managedBucket(t *testing.T, endpoint, region string) {
	t.Helper()
	client := cloudformation.New(cloudformation.Options{
		Region: region, BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider(harness.AccessKeyID, harness.SecretAccessKey, ""),
	})
	_, err := client.CreateStack(t.Context(), &cloudformation.CreateStackInput{
		StackName:    aws.String("aws-sam-cli-managed-default"),
		TemplateBody: aws.String(`{"Resources":{"Bucket":{"Type":"AWS::S3::Bucket"}},"Outputs":{"SourceBucket":{"Value":{"Ref":"Bucket"}}}}`),
		Tags:         []types.Tag{{Key: aws.String("ManagedStackSource"), Value: aws.String("AwsSamCli")}},
	})
	if err != nil {
		t.Fatal(err)
	}
}
