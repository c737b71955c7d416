package main

import (
	"context"
	"errors"
	"io"

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

It reads the gateway's own environment variables (INFOBIP_BASE_URL, PIN_TTL and so
on), where empty means unset. An API key comes from INFOBIP_API_KEY, from standard
input or from a prompt, never from a flag, which a shell history would keep.

Standard output has only what another program may read; everything else goes to
standard error. Exit codes: 0 for success, 1 for a failure, 2 for a wrong usage.`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(newProvision(ui, getenv))
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)

	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	ui.fail(err)
	// What a command itself returns is a failure; the rest comes from cobra's
	// reading of the arguments.
	if failed := (*failure)(nil); errors.As(err, &failed) {
		return exitFailed
	}
	return exitUsage
}
