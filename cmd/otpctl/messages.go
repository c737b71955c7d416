package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-a131a524/infobip-otp/pkg/messages"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// messagesFile is the file of messages where none is named.
const messagesFile = "messages.yaml"

func newMessages(ui *tui, getenv func(string) string) *cobra.Command {
	command := &cobra.Command{
		Use:   "messages",
		Short: "Look at the file of messages before anybody gets one",
		Long: `messages works on the file of messages, messages.yaml: the texts that people get with
their code, by channel and language. docs/messages.md is its reference; provision
--messages brings Infobip to it.`,
		RunE: func(command *cobra.Command, args []string) error {
			if len(args) == 0 {
				return command.Help()
			}
			return errors.New("say what to do: lint")
		},
	}
	command.AddCommand(newMessagesLint(ui, getenv))
	return command
}

// messagesLint is the command messages lint.
type messagesLint struct {
	ui     *tui
	getenv func(string) string
	json   bool
}

func newMessagesLint(ui *tui, getenv func(string) string) *cobra.Command {
	l := &messagesLint{ui: ui, getenv: getenv}
	command := &cobra.Command{
		Use:   "lint [FILE]",
		Short: "Show each message as it will be, what it takes, and what is wrong with the file",
		Long: `lint reads a file of messages (default messages.yaml), and shows each message as a
person will get it, with digits for the code (PIN_LENGTH from the environment or
deploy.env, or 6), and what an SMS takes: characters as its encoding counts them (an
emoji is two, so is one of the extension table of GSM-7 such as €), the encoding, in how
many messages it travels, each of which is paid, and the bytes of those. It warns where
there are several.

Below stands what is wrong, as FILE:LINE:COLUMN. The exit code is 1 then, or where the
file cannot be read. It calls nobody and changes nothing.`,
		Example: `  otpctl messages lint
  otpctl messages lint --json staging/messages.yaml | jq '.faults'`,
		Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: func(command *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return completeMessages(command, args, begun)
		},
		RunE: func(command *cobra.Command, args []string) error {
			name := messagesFile
			if len(args) > 0 {
				name = args[0]
			}
			return l.run(command.Context(), name)
		},
	}
	command.Flags().BoolVar(&l.json, "json", false, "write the messages and faults as JSON")
	return command
}

// completeMessages has files of messages offered.
func completeMessages(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
}

func (l *messagesLint) run(ctx context.Context, name string) error {
	around, err := surround(ctx, l.ui, l.getenv, "")
	if err != nil {
		return err
	}
	r := settings.NewReader(around.get)
	options := messages.Options{PINLength: r.Number("PIN_LENGTH")}
	if err := r.Err(); err != nil {
		return fails(err, "set it again; the gateway would not start with it either")
	}
	data, err := messages.ReadFile(name)
	if err != nil {
		return fails(err, "name the file of messages: otpctl messages lint FILE")
	}
	report := messages.Lint(data, options)
	if l.json {
		err = l.ui.emitJSON(report)
	} else {
		err = l.print(name, report)
	}
	if err != nil {
		return err
	}
	warnOfParts(l.ui, report)
	if n := len(report.Faults); n > 0 {
		return fails(fmt.Errorf("%s has %s", name, count(n, "fault")),
			"docs/messages.md says what each member of the file may hold")
	}
	l.ui.say("%s: %s, no fault", name, count(len(report.Messages), "message"))
	return nil
}

// print writes a report for a person: a table, and behind it the faults as compilers write
// them, so that an editor finds their places.
func (l *messagesLint) print(name string, report messages.Report) error {
	err := l.ui.table(func(line func(string, string, ...any)) {
		if len(report.Messages) > 0 {
			line("channel", "locale\tcharacters\tencoding\tsegments\tbytes\tmessage")
		}
		for _, m := range report.Messages {
			encoding := "-"
			if m.Encoding != nil {
				encoding = string(*m.Encoding)
			}
			text := "(Infobip keeps its text)"
			if m.Text != nil {
				text = harmless(*m.Text)
			}
			first, more, _ := strings.Cut(text, "\n")
			line(string(m.Channel), "%s\t%s\t%s\t%s\t%s\t%s", m.Locale, figure(m.Characters), encoding, figure(m.Segments), figure(m.Bytes), first)
			for next := range strings.Lines(more) {
				line("", "\t\t\t\t\t%s", strings.TrimSuffix(next, "\n"))
			}
		}
	})
	if err != nil {
		return err
	}
	for _, f := range report.Faults {
		l.ui.emit("%s:%s", name, f)
	}
	return nil
}

func figure(n *int) string {
	if n == nil {
		return "-"
	}
	return strconv.Itoa(*n)
}

// warnOfParts warns of text messages that travel in several. SPEND_LIMIT counts a message by its
// region's price, and its language is the choice of whoever asks for it: a stranger asks for the
// dearest.
func warnOfParts(ui *tui, report messages.Report) {
	most := 1
	var names []string
	for _, m := range report.Messages {
		if m.Segments != nil && *m.Segments > 1 {
			most = max(most, *m.Segments)
			names = append(names, fmt.Sprintf("%s/%s as %d", m.Channel, m.Locale, *m.Segments))
		}
	}
	if len(names) > 0 {
		ui.warn("travelling in parts: %s messages, each of which is paid, and whoever asks for a code chooses its language: SMS_PRICES has to have the price of %d, or SPEND_LIMIT lets through %d times what it says",
			strings.Join(names, ", "), most, most)
	}
}
