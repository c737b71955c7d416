// Command deploy puts a deployment into the AWS account of the environment: it checks that
// nothing is missing, installs the pinned CDK command line, and runs `cdk deploy`. Arguments go
// on to `cdk deploy`. It runs in infra/.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/seed-a131a524/infobip-otp/infra/props"
)

// root is the repository's root, seen from infra/.
const root = ".."

func main() {
	err := run(os.Args[1:])
	exit, exited := errors.AsType[*exec.ExitError](err)
	switch {
	case exited:
		os.Exit(exit.ExitCode()) // the CDK has said why
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	err := props.LoadFile(root)
	if err != nil {
		return err
	}
	p, err := props.FromEnvironment(os.Getenv, "")
	if err != nil {
		return fmt.Errorf("nothing was deployed:\n%w", errors.Join(err, p.Validate()))
	}

	ctx := context.Background()
	account, missing := findAccount(ctx, os.Getenv)
	if infobip := p.MissingForDeployment(); len(infobip) > 0 {
		missing = append(missing, strings.Join(infobip, ", ")+" (as `otpctl provision` prints them)")
	}
	if undecided := p.Undecided(); len(undecided) > 0 {
		missing = append(missing, strings.Join(undecided, ", ")+" (README says what there is to decide)")
	}
	if len(missing) > 0 {
		return fmt.Errorf("nothing was deployed, because this is missing: %s", strings.Join(missing, "; "))
	}
	err = p.Validate()
	if err != nil {
		return fmt.Errorf("nothing was deployed:\n%w", err)
	}
	id, err := account.identify(ctx)
	if err != nil {
		return fmt.Errorf("nothing was deployed, because AWS does not take the credentials: %w", err)
	}
	fmt.Fprintf(os.Stderr, "deploying the %s stage to account %s in %s\n", p.Stage, id, account.region())

	err = installCDK(ctx)
	if err != nil {
		return err
	}
	return command(ctx, "node_modules/.bin/cdk", append([]string{"deploy"}, arguments...)...).Run()
}

// installCDK fetches the version of package-lock.json; npm finds out by itself whether it is
// there already.
func installCDK(ctx context.Context) error {
	_, err := exec.LookPath("npm")
	if err != nil {
		return errors.New("nothing was deployed, because npm is missing: install Node.js 22 or later")
	}
	err = command(ctx, "npm", "ci", "--no-audit", "--no-fund").Run()
	if err != nil {
		return fmt.Errorf("installing the CDK's command line: %w", err)
	}
	return nil
}

func command(ctx context.Context, name string, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, arguments...) //nolint:gosec // npm and the CDK, with the operator's own arguments
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd
}
