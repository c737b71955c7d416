package main

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// maxConflicts bounds how often a change is decided anew. Every conflict means that a
// request got through, and a number's budgets allow few of those.
const maxConflicts = 20

// change decides on the state as it is and saves the result, again from the current
// state whenever somebody else saved first. The decision says whether there is anything
// to save. It gives the state that was replaced.
func (s *subject) change(ctx context.Context, decide func(*otp.Number) bool) (otp.Number, bool, error) {
	for range maxConflicts {
		was, next := s.state, s.state.Clone()
		if !decide(&next) {
			return was, false, nil
		}
		revision, err := s.store.Save(ctx, s.key, next, s.revision)
		if err == nil {
			s.state, s.revision = next, revision
			return was, true, nil
		}
		conflict := (*otp.Conflict)(nil)
		if !errors.As(err, &conflict) {
			return was, false, unclear(s.table.explain(err))
		}
		s.state, s.revision = conflict.Current, conflict.Revision
	}
	return s.state, false, fails(errors.New("requests for this number kept getting in between, and nothing was changed"), "run it again")
}

// unclear adds that a save without an answer may have taken place.
func unclear(err error) error {
	failed := (*failure)(nil)
	if !errors.As(err, &failed) {
		return err
	}
	return fails(failed.err, append([]string{"run it again: it says whether the change was made"}, failed.hints...)...)
}

func (n *number) enable(ctx context.Context, s *subject) error {
	was, changed, err := s.change(ctx, func(state *otp.Number) bool {
		if state.DisabledAt.IsZero() && state.Failures == 0 {
			return false
		}
		// ForgetAt stays: the domain's own is never too early, and it is derived anew
		// by the next request.
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
		n.ui.say("the number was not marked as disabled; its failures in a row are 0 and no longer %d", was.Failures)
	default:
		n.ui.say("the number is enabled: it was disabled since %s, after %s in a row", stamp(was.DisabledAt), count(was.Failures, "failure"))
	}
	if now := time.Now(); now.Before(was.WindowEnds) {
		n.ui.say("%s in the window that ends %s still count", count(was.Sends, "send"), when(was.WindowEnds, now))
	}
	return nil
}

func (n *number) reset(ctx context.Context, s *subject) error {
	if !blank(s.state) && !n.yes {
		err := n.confirm(s)
		if err != nil {
			return err
		}
	}
	was, changed, err := s.change(ctx, func(state *otp.Number) bool {
		if blank(*state) {
			return false
		}
		// The item goes away by its TTL, which is over.
		*state = otp.Number{ForgetAt: time.Now().UTC().Truncate(time.Millisecond)}
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

// blank is whether the state is that of a number which was never sent to.
func blank(state otp.Number) bool {
	state.ForgetAt = time.Time{}
	if len(state.Verifications) == 0 {
		state.Verifications = nil
	}
	return reflect.DeepEqual(state, otp.Number{})
}

// summary is the state in one line.
func summary(state otp.Number, now time.Time) string {
	live := 0
	for i := range state.Verifications {
		if isLive(&state.Verifications[i], now) {
			live++
		}
	}
	parts := []string{
		count(state.Sends, "send"),
		count(state.Failures, "failure") + " in a row",
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
