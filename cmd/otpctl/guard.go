package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/guard/cells"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

// guardCommand is the command of that name, and its parts.
type guardCommand struct {
	ui     *tui
	target target
	now    func() time.Time
	// What the flags say.
	region, channel         string
	until, reason           string
	address, prefix, logged string
	json                    bool

	// What a command works with, once the target is known: the rules of this environment,
	// which may not be the deployment's, and how to find cells.
	rules   guard.Rules
	scanner guard.Scanner
	names   func(context.Context) (otp.Keyring, error)
}

func newGuard(ui *tui, getenv func(string) string) *cobra.Command {
	g := &guardCommand{ui: ui, target: target{ui: ui, getenv: getenv}, now: time.Now}
	command := &cobra.Command{
		Use:   "guard",
		Short: "Stop sends without a deployment, start them again, and show what the guard sees",
		Long: `guard works on what every send of a deployment looks at in its table.

A stop holds from the next send on, for everything, a region, a channel, or a channel to
a region. Clients get 429 traffic_limited; codes that were sent before can be verified.
It ends by itself where it has an end, else with start.

The table is TABLE_NAME or --table. The role needs dynamodb:BatchGetItem and, to change
something, dynamodb:UpdateItem.`,
		RunE: func(command *cobra.Command, args []string) error {
			if len(args) == 0 {
				return command.Help()
			}
			return errors.New("say what to do: stop, start or show")
		},
	}
	stop := g.command("stop", "Send nothing, or nothing to a region or by a channel", (*guardCommand).stop)
	stop.Example = `  otpctl guard stop --region XX --until 6h --reason "pumped numbers, INC-42"
  otpctl guard stop --channel voice --until 2026-12-01T08:00:00Z --reason "calls nobody asked for"
  otpctl guard stop --reason "until we know more"`
	g.scopeFlags(stop)
	stop.Flags().StringVar(&g.until, "until", "", "`time` in RFC 3339, or how long in Infobip's notation (30m, 6h, 2d); without it the stop holds until guard start")

	start := g.command("start", "Send again: end the stop of exactly this scope", (*guardCommand).start)
	start.Example = `  otpctl guard start --region XX --reason "INC-42 is over"`
	g.scopeFlags(start)

	show := g.command("show", "Show the stops, and the cells that are out of room or of money, or near it", (*guardCommand).show)
	show.Long = show.Short + `.
Without a flag that names a cell it reads the whole table, which takes time where it is
large, and dynamodb:Scan. Counters hold no address and no number: to find the cell of
one it is named under the phone key, as log lines name it, which needs the secret
(SECRET_ID or --secret). What is left is reckoned by the settings of this environment.`
	show.Example = `  otpctl guard show
  otpctl guard show --region AT --address 203.0.113.7
  otpctl guard show --cell J0wT2m3Zq1A`
	show.Flags().BoolVar(&g.json, "json", false, "write the report as JSON")
	show.Flags().StringVar(&g.region, "region", "", "show the cell of a region, by its `code`")
	show.Flags().StringVar(&g.address, "address", "", "show the cell of the network that an `address` is in")
	show.Flags().StringVar(&g.prefix, "prefix", "", "show the cell of a `prefix`: a number without its last four digits, such as +1415555, or an e-mail address")
	show.Flags().StringVar(&g.logged, "cell", "", "show the cell that log lines call by this `name`")
	g.target.registerSecret(show.Flags())

	command.AddCommand(stop, start, show)
	return command
}

func (g *guardCommand) command(name, short string, do func(*guardCommand, context.Context, guard.Operator) error) *cobra.Command {
	command := &cobra.Command{
		Use: name, Short: short, Args: noArguments, ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(command *cobra.Command, _ []string) error {
			operator, err := g.open(command.Context())
			if err != nil {
				return err
			}
			return do(g, command.Context(), operator)
		},
	}
	g.target.registerTable(command.Flags())
	return command
}

func (g *guardCommand) scopeFlags(command *cobra.Command) {
	command.Flags().StringVar(&g.region, "region", "", "a region's `code`, such as AT; 001 for international networks")
	command.Flags().StringVar(&g.channel, "channel", "", "`channel`, "+otp.Alternatives())
	command.Flags().StringVar(&g.reason, "reason", "", "`text` of one line for the log and for other operators (required)")
	_ = command.MarkFlagRequired("reason") // the flag is there
	var channels []string
	for _, channel := range otp.Channels() {
		channels = append(channels, string(channel))
	}
	_ = command.RegisterFlagCompletionFunc("channel", cobra.FixedCompletions(channels, cobra.ShellCompDirectiveNoFileComp))
}

// open finds the table, and returns the guard's side for operators.
func (g *guardCommand) open(ctx context.Context) (guard.Operator, error) {
	t := &g.target
	c, err := t.read()
	if err != nil {
		return guard.Operator{}, err
	}
	if c.Table == "" {
		return guard.Operator{}, fails(errors.New("no table"), "set TABLE_NAME or use --table: the stack's output TableName names it")
	}
	client, err := t.dynamoDB(ctx, c)
	if err != nil {
		return guard.Operator{}, err
	}
	t.table, g.rules, g.names = c.Table, c.Guard.Rules, g.secretNames
	g.scanner = cells.Scanner{Client: client, Table: c.Table}
	return guard.Operator{Cells: cells.NewDynamoDB(client, c.Table)}, nil
}

// guardTable returns the table as errors about the guard's items name it.
func (t *target) guardTable() resource {
	r := tableNamed(t.table)
	r.actions = "dynamodb:BatchGetItem and dynamodb:UpdateItem"
	return r
}

// explain turns what the guard's side returned into a failure.
func (g *guardCommand) explain(err error) error {
	if errors.Is(err, guard.ErrBusy) {
		return fails(fmt.Errorf("%w, and nothing was changed", err), "run it again")
	}
	return g.target.guardTable().explain(err)
}

func (g *guardCommand) stop(ctx context.Context, operator guard.Operator) error {
	scope, err := guard.ParseScope(g.region, g.channel)
	if err != nil {
		return fails(err)
	}
	now := g.now()
	until, err := parseUntil(g.until, now)
	if err != nil {
		return fails(err)
	}
	orders, err := operator.Stop(ctx, now, guard.Stop{Scope: scope, Until: until, Reason: g.reason})
	if refused, ok := errors.AsType[*guard.OrderError](err); ok {
		return fails(refused)
	}
	if err != nil {
		return unclear(g.explain(err))
	}
	g.ui.say("stopped: %s, %s: %s", scope, ends(until, now), g.reason)
	g.others(orders, scope, now)
	return nil
}

func (g *guardCommand) start(ctx context.Context, operator guard.Operator) error {
	scope, err := guard.ParseScope(g.region, g.channel)
	if err != nil {
		return fails(err)
	}
	now := g.now()
	orders, found, err := operator.Start(ctx, now, guard.Start{Scope: scope, Reason: g.reason})
	if refused, ok := errors.AsType[*guard.OrderError](err); ok {
		return fails(refused)
	}
	switch {
	case err != nil:
		return unclear(g.explain(err))
	case found:
		g.ui.say("started: %s: %s", scope, g.reason)
	default:
		g.ui.say("nothing to change: there is no stop of %s", scope)
	}
	g.others(orders, scope, now)
	return nil
}

// others warns of the stops that hold beside the one a command was about.
func (g *guardCommand) others(orders guard.Orders, scope guard.Scope, now time.Time) {
	for _, s := range orders.Active(now) {
		if s.Scope != scope {
			g.ui.say("still stopped: %s, %s: %s", s.Scope, ends(s.Until, now), s.Reason)
		}
	}
}

func ends(until, now time.Time) string {
	if until.IsZero() {
		return "until guard start"
	}
	return "until " + when(until, now)
}

// parseUntil reads a moment, or how far off it is; empty is the zero time.
func parseUntil(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := rate.ParseDuration(text); err == nil {
		return now.Add(d), nil
	}
	until, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%.40q is neither a time such as 2026-12-01T08:00:00Z nor a duration such as 6h", text)
	}
	return until, nil
}
