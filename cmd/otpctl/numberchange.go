package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// change applies a decision to the state as it is, in the domain's own loop, and returns
// the state that was replaced.
func (s *subject) change(ctx context.Context, decide func(*otp.Ledger) bool) (otp.Ledger, bool, error) {
	service := &otp.Service{Store: s.store, Clock: s.clock, Policy: s.policy}
	was, changed, err := service.Change(ctx, s.key, func(l *otp.Ledger, _ time.Time) bool { return decide(l) })
	if failed, ok := errors.AsType[*otp.Error](err); ok && failed.Reason == otp.Busy {
		return was, false, fails(errors.New("requests for this number kept getting in between, and nothing was changed"), "run it again")
	}
	if err != nil {
		return was, false, unclear(s.table.explain(err))
	}
	return was, changed, nil
}

// unclear adds that a save without an answer may have taken place.
func unclear(err error) error {
	failed, ok := errors.AsType[*failure](err)
	if !ok {
		return err
	}
	return fails(failed.err, append([]string{"run it again: it says whether the change was made"}, failed.hints...)...)
}

func (n *number) enable(ctx context.Context, s *subject) error {
	was, changed, err := s.change(ctx, func(state *otp.Ledger) bool {
		if state.DisabledAt.IsZero() && len(state.Failures) == 0 {
			return false
		}
		state.Enable()
		return true
	})
	if err != nil {
		return err
	}
	switch {
	case !changed:
		n.ui.say("nothing to change: the number is not disabled, and has no failures in a row")
	case was.DisabledAt.IsZero():
		n.ui.say("the number was not marked as disabled; its failures in a row are 0 and no longer %d", failures(was))
	default:
		n.ui.say("the number is enabled: it was disabled since %s, after %s in a row", stamp(was.DisabledAt), count(failures(was), "failure"))
	}
	if now := time.Now(); now.Before(was.WindowEnds) {
		n.ui.say("%s in the window that ends %s still count", count(was.Sends, "send"), when(was.WindowEnds, now))
	}
	return nil
}

func (n *number) reset(ctx context.Context, s *subject) error {
	if !s.state.IsZero() && !n.yes {
		err := n.confirm(s)
		if err != nil {
			return err
		}
	}
	was, changed, err := s.change(ctx, func(state *otp.Ledger) bool {
		if state.IsZero() {
			return false
		}
		// The item of an empty ledger goes away by its TTL, which is over.
		*state = otp.Ledger{}
		return true
	})
	if err != nil {
		return err
	}
	if !changed {
		n.ui.say("nothing to change: nothing is remembered of this number")
		return nil
	}
	n.ui.say("forgotten: %s", summary(was, time.Now()))
	return nil
}

func (n *number) confirm(s *subject) error {
	if _, interactive := n.ui.terminal(); !interactive {
		return fails(errors.New("reset asks before it forgets, and nobody can be asked here; nothing was changed"), "add --yes")
	}
	n.ui.say("%s: %s", s.table, summary(s.state, time.Now()))
	answer, err := n.ui.readLine("forget all this? (yes or no)")
	if err != nil {
		return fails(err)
	}
	if answer != "yes" && answer != "y" {
		return fails(errors.New("nothing was changed"), "answer yes, or add --yes")
	}
	return nil
}

// failures counts all failures in a row, whosever they are.
func failures(state otp.Ledger) int {
	sum := 0
	for _, f := range state.Failures {
		sum += f.Count
	}
	return sum
}

// summary returns the state in one line.
func summary(state otp.Ledger, now time.Time) string {
	live := 0
	for i := range state.Verifications {
		if state.Verifications[i].Live(now) {
			live++
		}
	}
	parts := []string{
		count(state.Sends, "send"),
		count(failures(state), "failure") + " in a row",
		fmt.Sprintf("%s (%d live)", count(len(state.Verifications), "verification"), live),
	}
	if !state.DisabledAt.IsZero() {
		parts = append([]string{"disabled since " + stamp(state.DisabledAt)}, parts...)
	}
	return strings.Join(parts, ", ")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
