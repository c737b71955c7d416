package deploytest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"github.com/seed-a131a524/infobip-otp/infra/props"
)

// stay is a stack of which a table outlives it, and a topic does not.
const stay = `{"Resources":{
	"Table":{"Type":"AWS::DynamoDB::Table","DeletionPolicy":"Retain","Properties":{"BillingMode":"PAY_PER_REQUEST",
		"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}},
	"Topic":{"Type":"AWS::SNS::Topic","Properties":{}}}}`

// What `make deploy` and `make destroy` ask of AWS is understood by an AWS that we did not write:
// an account without a bootstrap, a stack under protection, and a stack that goes.
func TestCommandsAgainstTheEmulator(t *testing.T) {
	e := emulated(t)
	c := newClients(e.endpoint)
	checkout := t.TempDir()
	program := filepath.Join(checkout, "deploy")
	built, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../cmd/deploy").CombinedOutput()
	if err != nil {
		t.Fatalf("building the command: %v\n%s", err, built)
	}
	err = os.Mkdir(filepath.Join(checkout, "infra"), 0o700)
	if err != nil {
		t.Fatal(err)
	}
	run := func(stage string, arguments ...string) (string, int) {
		t.Helper()
		command := exec.CommandContext(t.Context(), program, arguments...)
		command.Dir = filepath.Join(checkout, "infra")
		command.Env = []string{
			"STAGE=" + stage,
			"HOME=" + checkout, "PATH=/nowhere", "AWS_EC2_METADATA_DISABLED=true", "AWS_ENDPOINT_URL=" + e.endpoint, "AWS_REGION=" + region,
			"AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY=nothing", "THROTTLE_SEND=9/10000", "RESERVED_CONCURRENCY_SEND=5",
		}
		output, err := command.CombinedOutput()
		if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
			t.Fatal(err)
		}
		return string(output), command.ProcessState.ExitCode()
	}
	want := func(output string, parts ...string) {
		t.Helper()
		for _, part := range parts {
			if !strings.Contains(output, part) {
				t.Errorf("it lacks %q:\n%s", part, output)
			}
		}
	}

	output, code := run("development", "deploy")
	want(output, "- account "+accountID+" is not prepared for the CDK in "+region, "- THROTTLE_SEND is 9/10000, and API Gateway takes ")
	if code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if strings.Contains(output, "the state of the stack was not looked at") {
		t.Errorf("that there is no stack is not understood:\n%s", output)
	}

	err = bootstrap(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	for stage, protected := range map[string]bool{"development": true, "trial": false} {
		_, err = c.cloudformation.CreateStack(t.Context(), &cloudformation.CreateStackInput{
			StackName: aws.String(props.StackName(stage)), TemplateBody: aws.String(stay), EnableTerminationProtection: &protected,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	output, _ = run("development", "deploy")
	if strings.Contains(output, "prepared for the CDK") {
		t.Errorf("the bootstrap is not found:\n%s", output)
	}
	output, code = run("development", "destroy", "--yes")
	want(output, "1 resources go, 1 stay", "- stays: table ", "the stack is protected against deletion")
	if code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	output, code = run("trial", "destroy", "--yes")
	want(output, "1 resources go, 1 stay", "the stack infobip-otp-trial is gone\n")
	if code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	output, code = run("trial", "destroy", "--yes")
	want(output, "there is no stack infobip-otp-trial")
	if code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	_, err = c.cloudformation.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String(props.StackName("development"))})
	if err != nil {
		t.Errorf("the protected stack: %v", err)
	}
}
