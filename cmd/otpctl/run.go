package main

import (
	"context"
	"errors"
	"io"
	"regexp"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Exit codes.
const (
	exitOK = iota
	exitFailed
	exitUsage
	exitWouldChange // of provision --dry-run
)

// run is otpctl without the process around it, and returns the exit code.
func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	ui := &tui{in: stdin, out: stdout, err: stderr}
	root := newRoot(ui, getenv)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)

	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	if errors.Is(err, errWouldChange) {
		return exitWouldChange
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

// newRoot is otpctl with all its commands.
func newRoot(ui *tui, getenv func(string) string) *cobra.Command {
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
standard error. Exit codes: 0 for success, 1 for a failure, 2 for a wrong usage,
3 for a provision --dry-run that found something to change.`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	const setUp, operate = "set up", "operate"
	root.AddGroup(&cobra.Group{ID: setUp, Title: "To set up a deployment:"}, &cobra.Group{ID: operate, Title: "To run it:"})
	add := func(group string, commands ...*cobra.Command) {
		for _, command := range commands {
			command.GroupID = group
			root.AddCommand(command)
		}
	}
	add(setUp, newProvision(ui, getenv), newMessages(ui, getenv), newSecret(ui, getenv), newTry(ui), newSmoke(ui), newDoctor(ui, getenv))
	add(operate, newNumber(ui, getenv), newGuard(ui, getenv), newSpend(ui, getenv))
	completeValues(root)
	return root
}

// The flags whose value is a folder, or the file of messages; the values of all others are no
// files, which a shell would offer.
var (
	folderFlags = []string{"dist"}
	fileFlags   = []string{"messages"}
)

// completeValues has no flag's value completed by the names of files, but where it is one.
func completeValues(command *cobra.Command) {
	command.Flags().VisitAll(func(flag *pflag.Flag) {
		_, completed := command.GetFlagCompletionFunc(flag.Name)
		if completed || flag.Value.Type() == "bool" {
			return
		}
		complete := cobra.NoFileCompletions
		if slices.Contains(folderFlags, flag.Name) {
			complete = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
				return nil, cobra.ShellCompDirectiveFilterDirs
			}
		}
		if slices.Contains(fileFlags, flag.Name) {
			complete = completeMessages
		}
		_ = command.RegisterFlagCompletionFunc(flag.Name, complete) // the flag is there, without one
	})
	for _, sub := range command.Commands() {
		completeValues(sub)
	}
}

// longNumber may be a phone number in the wrong place, which cobra quotes.
var longNumber = regexp.MustCompile(`[0-9]{6,}`)
