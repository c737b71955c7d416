package main

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"github.com/aws/smithy-go/middleware"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// commands are all commands that do something, by their whole names.
func commands(command *cobra.Command) map[string]*cobra.Command {
	all := map[string]*cobra.Command{}
	for _, sub := range command.Commands() {
		for name, leaf := range commands(sub) {
			all[name] = leaf
		}
	}
	if len(all) == 0 {
		all[strings.TrimPrefix(command.CommandPath(), "otpctl ")] = command
	}
	return all
}

// The commands read as one: each has a sentence without a full stop, flags whose values are
// completed by something, and a report has --json.
func TestCommandsReadAlike(t *testing.T) {
	ui := &tui{in: strings.NewReader(""), out: io.Discard, err: io.Discard}
	all := commands(newRoot(ui, func(string) string { return "" }))
	for name, command := range all {
		if s := command.Short; s == "" || !unicode.IsUpper([]rune(s)[0]) || strings.HasSuffix(s, ".") {
			t.Errorf("%s: its sentence is %q", name, s)
		}
		if command.Args == nil {
			t.Errorf("%s takes any arguments", name)
		}
		if command.ValidArgsFunction == nil {
			t.Errorf("%s has its arguments completed by the names of files", name)
		}
		command.Flags().VisitAll(func(flag *pflag.Flag) {
			_, completed := command.GetFlagCompletionFunc(flag.Name)
			switch {
			case flag.Usage == "" || unicode.IsUpper([]rune(flag.Usage)[0]) || strings.HasSuffix(flag.Usage, "."):
				t.Errorf("%s --%s: its sentence is %q", name, flag.Name, flag.Usage)
			case flag.Value.Type() != "bool" && !completed:
				t.Errorf("%s --%s has its value completed by the names of files", name, flag.Name)
			}
		})
	}
	for _, report := range []string{"number show", "guard show", "spend show", "secret check", "try", "doctor", "messages lint"} {
		command := all[report]
		if command == nil || command.Flags().Lookup("json") == nil {
			t.Errorf("%s has no --json", report)
		}
	}
}

// A call to AWS that takes longer than a second says so, once also within something that says
// so itself.
func TestSlowCallsAreSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		said := &strings.Builder{}
		ui := &tui{err: said}
		stack := middleware.NewStack("slow", func() any { return nil })
		if err := (&target{ui: ui}).progress(stack); err != nil {
			t.Fatal(err)
		}
		call := func() {
			_, _, err := stack.HandleMiddleware(t.Context(), nil, middleware.HandlerFunc(func(context.Context, any) (any, middleware.Metadata, error) {
				time.Sleep(2 * time.Second)
				return nil, middleware.Metadata{}, nil
			}))
			if err != nil {
				t.Error(err)
			}
		}
		call()
		if got := strings.Count(said.String(), "otpctl: waiting for AWS ("); got != 1 {
			t.Errorf("it was said %d times: %q", got, said)
		}
		said.Reset()
		done := ui.during("looking")
		call()
		done()
		if got := said.String(); got != "otpctl: looking …\n" {
			t.Errorf("within something: %q", got)
		}
	})
}
