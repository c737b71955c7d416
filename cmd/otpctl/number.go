package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-a131a524/infobip-otp/pkg/app"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
	"github.com/seed-a131a524/infobip-otp/pkg/secrets"
	"github.com/seed-a131a524/infobip-otp/pkg/store"
)

// number is the command of that name, and its parts.
type number struct {
	ui     *tui
	target target
	json   bool
	yes    bool
}

func newNumber(ui *tui, getenv func(string) string) *cobra.Command {
	n := &number{ui: ui, target: target{ui: ui, getenv: getenv}}
	command := &cobra.Command{
		Use:   "number",
		Short: "Show, re-enable or forget what is remembered of a phone number or an e-mail address",
		Long: `number looks at the state that the gateway keeps of one phone number in its table,
and changes it for an operator. Its changes are saved only if nothing else was
saved in between, so it can be used while the number is in use. An e-mail address takes
the place of the number wherever one is written here.

The number is written in E.164, such as +14155552671. As an argument it stays in the
shell's history and shows in the list of processes, and it is personal data: leave it
out, or write -, and it is asked for, or read from standard input. It is never printed.

The table is TABLE_NAME or --table. The key under which it keeps numbers is in the
secret SECRET_ID or --secret. Without one it comes from INFOBIP_API_KEY, as on a
laptop ("simulator" where make run simulates Infobip). The role needs
secretsmanager:GetSecretValue, dynamodb:GetItem and, to change something,
dynamodb:PutItem.

A number is looked for under every phone key that the secret holds. One that was first
sent to by two requests at the very moment of a change of key may be found under both:
then both are shown, and both are changed.`,
		RunE: func(command *cobra.Command, args []string) error {
			if len(args) == 0 {
				return command.Help()
			}
			return errors.New("say what to do with the number: show, enable or reset")
		},
	}
	show := n.command("show", "Show what is remembered of a phone number", (*number).show)
	show.Long = show.Short + `: whether it is disabled, its failures and sends, and its
verifications. Ids are abbreviated, and handles at Infobip are left out. The name
that the number has in the gateway's log lines ("number", of an address "email") is shown to find them by.`
	show.Example = `  otpctl number show
  pass customers/42 | otpctl number show - --json`
	show.Flags().BoolVar(&n.json, "json", false, "write the report as JSON")

	enable := n.command("enable", "Re-enable a phone number that failures in a row have disabled", (*number).enable)
	enable.Long = enable.Short + `,
and start its count of failures anew. What it was sent, and what it may still be
sent, stays as it is; so do its codes.`

	reset := n.command("reset", "Forget everything that is remembered of a phone number", (*number).reset)
	reset.Long = reset.Short + `: its codes
die, and it may be sent to as if for the first time. Infobip's own limits stay.
It asks first, unless there is --yes.`
	reset.Flags().BoolVar(&n.yes, "yes", false, "do not ask")

	command.AddCommand(show, enable, reset)
	return command
}

func (n *number) command(name, short string, do func(*number, context.Context, *subject) error) *cobra.Command {
	command := &cobra.Command{
		Use:               name + " [phone number | e-mail address | -]",
		Short:             short,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(command *cobra.Command, args []string) error {
			found, err := n.open(command.Context(), args)
			if err != nil {
				return err
			}
			for _, s := range found {
				err = do(n, command.Context(), s)
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
	n.target.registerTable(command.Flags())
	n.target.registerSecret(command.Flags())
	return command
}

// subject is what is kept of the number that a command is about, under one phone key.
type subject struct {
	table   resource
	store   otp.Store
	clock   otp.Clock
	key     string     // in the table
	policy  otp.Policy // of this environment, which may not be the deployment's
	logName string     // in the gateway's log lines
	keptBy  string     // which key names it, for a person
	state   otp.Ledger
}

// open finds what is kept of the number: one subject, or one a phone key if something
// counts under several.
func (n *number) open(ctx context.Context, args []string) ([]*subject, error) {
	c, err := n.target.read()
	if err != nil {
		return nil, err
	}
	if c.Table == "" {
		return nil, fails(errors.New("no table"), "set TABLE_NAME or use --table: the stack's output TableName names it")
	}
	if c.SecretID == "" && c.Infobip.APIKey == "" {
		return nil, fails(errors.New("no key to find numbers by"),
			"set SECRET_ID or use --secret: the stack's output SecretId names it",
			"for make run set INFOBIP_API_KEY as it has it, or to simulator if it simulates Infobip")
	}
	who, err := n.whose(args)
	if err != nil {
		return nil, err
	}
	keys, err := n.phoneKeys(ctx, c)
	if err != nil {
		return nil, err
	}
	client, err := n.target.dynamoDB(ctx, c)
	if err != nil {
		return nil, err
	}
	all := make([]*subject, 0, len(keys.Ledgers))
	for _, key := range keys.Ledgers {
		s := &subject{
			table: tableNamed(c.Table), store: store.NewDynamoDB(client, c.Table), clock: app.Clock{}, policy: c.Policy,
			key: key.LedgerKey(who), logName: keys.Oldest.LogName(who), keptBy: keptBy(c, key),
		}
		s.state, _, err = s.store.Load(ctx, s.key)
		if err != nil {
			return nil, s.table.explain(err)
		}
		all = append(all, s)
	}
	return counting(all, time.Now()), nil
}

// counting returns those of which something counts, else the first of which the table has
// anything, else the one in use.
func counting(all []*subject, now time.Time) []*subject {
	kept := func(s *subject) bool { return !s.state.IsZero() }
	if found := slices.DeleteFunc(slices.Clone(all), func(s *subject) bool { return !kept(s) || !now.Before(s.state.ForgetAt) }); len(found) > 0 {
		return found
	}
	first := max(slices.IndexFunc(all, kept), 0)
	return all[first : first+1]
}

// whose reads the number, or the address. No error repeats it.
func (n *number) whose(args []string) (recipient.Recipient, error) {
	text := "-"
	if len(args) == 1 {
		text = args[0]
	} else if _, interactive := n.ui.terminal(); !interactive {
		return recipient.Recipient{}, fails(errors.New("no phone number and no e-mail address"),
			"write it behind the command, or - to read it from standard input, or run this in a terminal to be asked for it")
	}
	if text == "-" {
		var err error
		text, err = n.ui.readLine(recipientPrompt)
		if err != nil {
			return recipient.Recipient{}, fails(err)
		}
	}
	return parseRecipient(text)
}

// secretTime bounds one call about the secret.
const secretTime = 10 * time.Second

// phoneKeys gets the keys under which the table keeps numbers. A secret that is named wins
// over INFOBIP_API_KEY, other than in the gateway: the functions in AWS never have that
// one, and whoever has just used otpctl provision does.
func (n *number) phoneKeys(ctx context.Context, c app.Config) (pseudonym.Keys, error) {
	var manager secrets.SecretsManagerAPI // nobody signs in without need
	if c.SecretID != "" {
		c.Infobip.APIKey = ""
		client, err := n.target.secretsManager(ctx, c)
		if err != nil {
			return pseudonym.Keys{}, err
		}
		manager = client
	}
	reader, err := app.SecretReader(c, manager)
	if err != nil {
		return pseudonym.Keys{}, fails(err)
	}
	ctx, cancel := context.WithTimeout(ctx, secretTime)
	defer cancel()
	secret, err := reader.Read(ctx)
	if err != nil {
		return pseudonym.Keys{}, secretNamed(c.SecretID).explain(err)
	}
	const forEver = 0 // an operator looks under every key
	return secret.PhoneKeys(time.Now(), forEver), nil
}

// keptBy says which key it is, for a person.
func keptBy(c app.Config, key pseudonym.Key) string {
	if c.SecretID == "" {
		return "derived from INFOBIP_API_KEY"
	}
	return fmt.Sprintf("version %s in the secret %s", key.Version(), c.SecretID)
}

func (n *number) show(_ context.Context, s *subject) error {
	now := time.Now()
	r := newReport(s, now)
	if !n.json {
		return r.print(n.ui.out, now)
	}
	return n.ui.emitJSON(r)
}
