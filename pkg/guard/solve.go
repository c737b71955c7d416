package guard

import (
	"context"
	"fmt"
)

// Checker knows whether a challenge was solved.
//
// Obligations on implementations: Check is safe for concurrent use and bounds its time; its
// error says in a few words, for the log, what is wrong with the token or with the checker,
// and does not repeat the token.
type Checker interface {
	Check(ctx context.Context, token string) error
}

// challengeState is what became of a delivery's token. It is checked once: checkers take a
// token only once.
type challengeState struct {
	checked bool
	err     error
}

// word is what the log says of it.
func (c challengeState) word() string {
	switch {
	case !c.checked:
		return ""
	case c.err == nil:
		return "solved"
	}
	return c.err.Error()
}

// solved returns nil if the delivery came with the token of a solved challenge.
func (d *delivery) solved(ctx context.Context) error {
	if d.challenge.checked {
		return d.challenge.err
	}
	d.challenge.checked = true
	switch {
	case d.application.Challenge == "":
		d.challenge.err = errNoChallenge
	case d.guard.checker == nil:
		d.challenge.err = fmt.Errorf("%w: there is nobody to ask", errNoChallenge)
	default:
		d.challenge.err = d.guard.checker.Check(ctx, d.application.Challenge)
	}
	return d.challenge.err
}
