package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
)

// spendCommand is the command of that name, and its parts.
type spendCommand struct {
	guardCommand
	by  string
	yes bool
}

func newSpend(ui *tui, getenv func(string) string) *cobra.Command {
	s := &spendCommand{guardCommand: guardCommand{ui: ui, target: target{ui: ui, getenv: getenv}, now: time.Now}}
	command := &cobra.Command{
		Use:   "spend",
		Short: "Show what messages cost, raise a limit for a time, or begin its window anew",
		Long: `spend works on the money of a deployment: what the messages of a window cost, by the
prices of its settings (SPEND_LIMIT, REGION_SPEND_LIMIT). Changes hold from the next
send on, without a deployment.

The table is TABLE_NAME or --table. The limits that show reports are those of this
environment. The role needs dynamodb:BatchGetItem and, to change something,
dynamodb:UpdateItem.`,
		RunE: func(command *cobra.Command, args []string) error {
			if len(args) == 0 {
				return command.Help()
			}
			return errors.New("say what to do: show, raise or reset")
		},
	}
	show := s.command("show", "Show what was spent in the running window", (*spendCommand).show)
	show.Flags().BoolVar(&s.json, "json", false, "write the report as JSON")

	raise := s.command("raise", "Raise what may be spent, until a time", (*spendCommand).raise)
	raise.Example = `  otpctl spend raise --by 100 --until 12h --reason "launch in Austria"`
	raise.Flags().StringVar(&s.by, "by", "", "`amount` on top of the limit, in the unit of its prices (required)")
	raise.Flags().StringVar(&s.until, "until", "", "`time` in RFC 3339, or how long in Infobip's notation (30m, 6h, 2d) (required)")
	raise.Flags().StringVar(&s.reason, "reason", "", "`text` of one line for other operators (required)")
	for _, required := range []string{"by", "until", "reason"} {
		_ = raise.MarkFlagRequired(required) // the flags are there
	}

	reset := s.command("reset", "Forget what was spent: the window begins anew with the next message", (*spendCommand).reset)
	reset.Flags().BoolVar(&s.yes, "yes", false, "do not ask")

	command.AddCommand(show, raise, reset)
	return command
}

func (s *spendCommand) command(name, short string, do func(*spendCommand, context.Context, guard.Operator) error) *cobra.Command {
	command := s.guardCommand.command(name, short, func(_ *guardCommand, ctx context.Context, operator guard.Operator) error {
		return do(s, ctx, operator)
	})
	command.Flags().StringVar(&s.region, "region", "", "a region's `code`, such as AT, for its own limit; without it that of everything")
	return command
}

// of names whose money it is, behind "spent".
func (s *spendCommand) of() string {
	if s.region == "" {
		return "for everything"
	}
	return "to " + s.region
}

// key is the key of the cell that the command is about.
func (s *spendCommand) keys() ([]string, error) {
	if s.region == "" {
		return guard.ServiceKeys()[:1], nil
	}
	_, err := guard.ParseScope(s.region, "")
	return guard.RegionKeys(s.region), err
}

// spendReport is what was spent, for an operator.
type spendReport struct {
	Table  string    `json:"table"`
	Region string    `json:"region,omitempty"`
	Spent  string    `json:"spent"`
	Limit  string    `json:"limit"`
	Ends   time.Time `json:"windowEnds,omitzero"`
	Raise  *raised   `json:"raise,omitempty"`
}

type raised struct {
	By     string    `json:"by"`
	Until  time.Time `json:"until"`
	Since  time.Time `json:"since"`
	Reason string    `json:"reason"`
}

func (s *spendCommand) show(ctx context.Context, operator guard.Operator) error {
	keys, err := s.keys()
	if err != nil {
		return fails(err)
	}
	now := s.now()
	sights, err := operator.Look(ctx, s.rules, now, keys...)
	if err != nil {
		return s.explain(err)
	}
	seen := sights[0]
	r := spendReport{Table: s.target.table, Region: s.region, Spent: seen.Spent.String(), Limit: "none", Ends: second(seen.Ends)}
	if seen.Ends.IsZero() {
		r.Ends = time.Time{}
	}
	if seen.Limit > 0 {
		r.Limit = seen.Limit.String()
	}
	if raise := seen.Orders.Raise; now.Before(raise.Until) {
		r.Raise = &raised{By: raise.By.String(), Until: second(raise.Until), Since: second(raise.At), Reason: raise.Reason}
	}
	if s.json {
		return s.ui.emitJSON(r)
	}
	return s.ui.table(func(line func(string, string, ...any)) {
		line("table", "%s", r.Table)
		line("spent "+s.of(), "%s of %s", r.Spent, r.Limit)
		if r.Ends.IsZero() {
			line("window", "begins with the next message")
		} else {
			line("window", "ends %s", when(r.Ends, now))
		}
		if r.Raise != nil {
			line("raised", "by %s until %s: %s", r.Raise.By, when(r.Raise.Until, now), r.Raise.Reason)
		}
	})
}

func (s *spendCommand) raise(ctx context.Context, operator guard.Operator) error {
	if _, err := s.keys(); err != nil {
		return fails(err)
	}
	by, err := guard.ParseAmount(s.by)
	if err != nil {
		return fails(err)
	}
	now := s.now()
	until, err := parseUntil(s.until, now)
	if err != nil {
		return fails(err)
	}
	err = operator.Raise(ctx, now, s.region, guard.Raise{By: by, Until: until, Reason: s.reason})
	if refused, ok := errors.AsType[*guard.OrderError](err); ok {
		return fails(refused)
	}
	if err != nil {
		return unclear(s.explain(err))
	}
	s.ui.say("raised by %s what may be spent %s, until %s: %s", by, s.of(), when(until, now), s.reason)
	return nil
}

func (s *spendCommand) reset(ctx context.Context, operator guard.Operator) error {
	if _, err := s.keys(); err != nil {
		return fails(err)
	}
	if !s.yes {
		if err := s.confirm(); err != nil {
			return err
		}
	}
	was, err := operator.Reset(ctx, s.region)
	switch {
	case err != nil:
		return unclear(s.explain(err))
	case was.Ends.IsZero():
		s.ui.say("nothing to change: nothing was spent %s", s.of())
	default:
		s.ui.say("forgotten: %s spent %s in the window until %s", was.Spent, s.of(), when(was.Ends, s.now()))
	}
	return nil
}

func (s *spendCommand) confirm() error {
	if _, interactive := s.ui.terminal(); !interactive {
		return fails(errors.New("reset asks before it forgets, and nobody can be asked here; nothing was changed"), "add --yes")
	}
	answer, err := s.ui.readLine(fmt.Sprintf("forget what was spent %s, so that as much may be spent again? (yes or no)", s.of()))
	if err != nil {
		return fails(err)
	}
	if answer != "yes" && answer != "y" {
		return fails(errors.New("nothing was changed"), "answer yes, or add --yes")
	}
	return nil
}
