package main

import (
	"context"
	"errors"
	"io"
	"regexp"

	"github.com/spf13/cobra"
)

// Exit codes.
const (
	exitOK = iota
	exitFailed
	exitUsage
)

// run is otpctl without the process around it, and gives the exit code.
func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	ui := &tui{in: stdin, out: stdout, err: stderr}
	root := &cobra.Command{
		Use:   "otpctl",
		Short: "Set up and look after infobip-otp",
		Long: `otpctl sets up and looks after infobip-otp: phone verification in your own AWS
account through Infobip 2FA.

It reads the gateway's own environment variables (INFOBIP_BASE_URL, TABLE_NAME and so
on), where empty means unset. An API key comes from INFOBIP_API_KEY, from standard
input or from a prompt, never from a flag, which a shell history would keep. AWS is
reached as the AWS CLI reaches it: by profiles, single sign-on or the environment.

Standard output has only the result that was asked for; everything else goes to
standard error. Exit codes: 0 for success, 1 for a failure, 2 for a wrong usage.`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(newProvision(ui, getenv), newNumber(ui, getenv), newGuard(ui, getenv), newSpend(ui, getenv), newSecret(ui, getenv), newTry(ui), newDoctor(ui, getenv))
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)

	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	// What a command itself returns is a failure; the rest comes from cobra's
	// reading of the arguments.
	if _, failed := errors.AsType[*failure](err); failed {
		ui.fail(err)
		return exitFailed
	}
	ui.fail(errors.New(longNumber.ReplaceAllString(err.Error(), "…")))
	return exitUsage
}

// longNumber may be a phone number in the wrong place, which cobra quotes.
var longNumber = regexp.MustCompile(`[0-9]{6,}`)
