// Command deploy is what `make deploy`, `make bootstrap`, `make rollback` and `make destroy` run:
//
//	deploy deploy     puts the deployment of the environment and deploy.env into its AWS account
//	deploy bootstrap  prepares the account and the region for the CDK
//	deploy rollback   moves the functions' aliases to the version before
//	deploy destroy    deletes the stack, and names what stays
//
// It runs in infra/. Before it changes anything it looks for what would go wrong, and says all
// of that at once. Further arguments of the first two go on to the CDK's command line.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/seed-a131a524/infobip-otp/infra/props"
)

// root is the repository's root, seen from infra/.
const root = ".."

func main() {
	err := run(context.Background(), os.Args[1:])
	exit, exited := errors.AsType[*exec.ExitError](err)
	switch {
	case exited:
		os.Exit(exit.ExitCode()) // the CDK has said why
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	commands := map[string]func(context.Context, []string) error{"deploy": deploy, "bootstrap": bootstrap, "rollback": rollback, "destroy": destroy}
	if len(arguments) == 0 || commands[arguments[0]] == nil {
		return errors.New("say what to do: deploy, bootstrap, rollback or destroy")
	}
	notes, err := props.LoadFile(root)
	if err != nil {
		return err
	}
	for _, note := range notes {
		say("note: %s", note)
	}
	return commands[arguments[0]](ctx, arguments[1:])
}

func deploy(ctx context.Context, arguments []string) error {
	const refusal = "nothing was deployed"
	found := &findings{}
	if err := noOtherProfile(arguments); err != nil {
		found.stop(err.Error())
	}
	p, unread := props.FromEnvironment(os.Getenv, "")
	account, missing := findAccount(ctx, os.Getenv)
	signedIn := len(missing) == 0
	found.missing(append(missing, missingSettings(p)...))
	found.settings(unread, p)
	found.pinForm(os.Getenv(props.AccountVariable))
	if signedIn && found.identify(ctx, &account) {
		target := target{account: account, stage: p.Stage}
		found.rightAccount(target, os.Getenv(props.AccountVariable))
		if err := p.CheckRegion(account.region()); err != nil {
			found.stop(err.Error())
		}
		found.bootstrapped(ctx, target)
		found.updatable(ctx, target)
		found.concurrency(ctx, target, p)
		found.throttles(ctx, target, p.Throttles)
	}
	err := found.report(os.Stderr, refusal)
	if err != nil {
		return err
	}

	say("deploying the %s stage to account %s in %s", p.Stage, account.id, account.region())
	cdk, err := installCDK(ctx, refusal)
	if err != nil {
		return err
	}
	err = command(ctx, cdk, append([]string{"deploy"}, arguments...)...).Run()
	if err != nil {
		return err
	}
	return remember(p.Stage, place{Account: account.id, Region: account.region()})
}

// noOtherProfile refuses the argument by which the CDK would go to another account than the one
// that was looked at.
func noOtherProfile(arguments []string) error {
	for _, argument := range arguments {
		if argument == "--profile" || strings.HasPrefix(argument, "--profile=") {
			return errors.New("ARGS has --profile, which only the CDK would follow: set AWS_PROFILE")
		}
	}
	return nil
}

// installCDK installs the version of package-lock.json anew, and returns its program.
func installCDK(ctx context.Context, refusal string) (string, error) {
	_, err := exec.LookPath("npm")
	if err != nil {
		return "", errors.New(refusal + ", because npm is missing: install Node.js 22 or later")
	}
	err = command(ctx, "npm", "ci", "--no-audit", "--no-fund").Run()
	if err != nil {
		// Not wrapped, or main would take npm's exit code for the CDK's.
		return "", fmt.Errorf("%s, because npm could not install the CDK's command line (%v)", refusal, err) //nolint:errorlint // likewise
	}
	cdk, err := filepath.Abs(filepath.Join("node_modules", ".bin", "cdk"))
	if err != nil {
		return "", fmt.Errorf("looking for the CDK's command line: %w", err)
	}
	return cdk, nil
}

func command(ctx context.Context, name string, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, arguments...) //nolint:gosec // npm and the CDK, with the operator's own arguments
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd
}

func say(format string, arguments ...any) { fmt.Fprintf(os.Stderr, format+"\n", arguments...) }
