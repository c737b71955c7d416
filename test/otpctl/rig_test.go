// Package otpctl tests the operator's commands against the real parts: the compiled
// otpctl beside the service whose state it shows and changes, on DynamoDB Local and
// moto's Secrets Manager.
package otpctl

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

const phone = "+447400123456"

// operator runs otpctl as one does: in an environment, with something on standard
// input. What it prints is searched for what it must never print.
type operator struct {
	env      []string
	canaries map[string]string // what it is, and its value
}

func newOperator(env ...string) *operator {
	return &operator{env: env, canaries: map[string]string{"the number": "447400123456", "the national number": "7400123456"}}
}

// hides adds something that must not be printed.
func (o *operator) hides(what, value string) { o.canaries[what] = value }

// printed is what a run of otpctl ended with.
type printed struct {
	code           int
	stdout, stderr string
}

func (o *operator) run(t *testing.T, stdin string, args ...string) printed {
	t.Helper()
	got, err := o.try(t.Context(), harness.Program(t, "otpctl"), t.TempDir(), stdin, args...)
	if err != nil {
		t.Fatal(err)
	}
	o.search(t, got, args)
	return got
}

// try is run for goroutines, which must not end a test.
func (o *operator) try(ctx context.Context, program, dir, stdin string, args ...string) (printed, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, program, args...)
	command.Env = append(harness.BaseEnv(), append([]string{
		// Nothing of this machine's own AWS account is looked at.
		"HOME=" + dir, "AWS_EC2_METADATA_DISABLED=true",
	}, o.env...)...)
	command.Stdin = strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		return printed{}, err
	}
	return printed{command.ProcessState.ExitCode(), stdout.String(), stderr.String()}, nil
}

func (o *operator) search(t *testing.T, got printed, args []string) {
	t.Helper()
	for what, value := range o.canaries {
		if value == "" {
			t.Fatalf("%s is empty: nothing is searched for", what)
		}
		if strings.Contains(got.stdout, value) || strings.Contains(got.stderr, value) {
			t.Errorf("otpctl %s prints %s", strings.Join(args[:2], " "), what)
		}
	}
}

// does runs a command about the number that has to succeed.
func (o *operator) does(t *testing.T, args ...string) printed {
	t.Helper()
	got := o.run(t, phone+"\n", append([]string{"number"}, args...)...)
	if got.code != 0 {
		t.Fatalf("otpctl number %s: exit code %d\n%s", args[0], got.code, got.stderr)
	}
	return got
}

// want checks that a text has all of these.
func want(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("it lacks %q:\n%s", part, text)
		}
	}
}

// otherPIN is a PIN of the same form that is not this one.
func otherPIN(pin string) string {
	if pin[0] == '0' {
		return "1" + pin[1:]
	}
	return "0" + pin[1:]
}
