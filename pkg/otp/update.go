package otp

import (
	"context"
	"errors"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/phone"
)

// document is a number's state as last seen, and where it is kept.
type document struct {
	key      string
	number   Number
	revision Revision
}

// open loads a number and then waits for the caller's admission.
func (s *Service) open(ctx context.Context, c Caller, number phone.Number) (*document, error) {
	doc := &document{key: c.Keyring.NumberKey(number)}
	var err error
	doc.number, doc.revision, err = s.Store.Load(ctx, doc.key)
	if c.Admit != nil {
		// First, so that a refused address is told so whatever the store says.
		if err := c.Admit(ctx); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, &Error{Reason: Unavailable, Err: err}
	}
	return doc, nil
}

// persistence is how an update meets a store that fails.
type persistence bool

const (
	// onceOnly: before the provider is asked. A failing store means no request.
	onceOnly persistence = false
	// untilDeadline: after it was asked, something happened that must be recorded,
	// so the write is repeated as long as the request has time.
	untilDeadline persistence = true
)

const (
	// maxConflicts bounds how often a request decides anew before the provider is
	// asked. Every conflict means that another request got through, and budgets
	// allow few of those.
	maxConflicts = 20
	// Pause between two tries of a write that failed, doubling up to the maximum.
	firstPause = 50 * time.Millisecond
	maxPause   = 1 * time.Second
)

// update decides on the state as it is and saves the result, again from the current
// state whenever somebody else saved first. The decision says whether there is
// anything to save; it must be able to run more than once.
func (s *Service) update(ctx context.Context, doc *document, trace *Trace, p persistence, decide func(*Number, time.Time) bool) error {
	pause := firstPause
	for conflicts := 0; ; {
		next := doc.number.Clone()
		if !decide(&next, s.now()) {
			return nil
		}
		next.ForgetAt = next.forgetAt(s.Policy)
		revision, err := s.Store.Save(ctx, doc.key, next, doc.revision)
		if err == nil {
			doc.number, doc.revision = next, revision
			return nil
		}
		if conflict, ok := errors.AsType[*Conflict](err); ok {
			doc.number, doc.revision = conflict.Current, conflict.Revision
			conflicts++
			trace.set(func(t *Trace) { t.Conflicts++ })
			if p == onceOnly && conflicts >= maxConflicts {
				return &Error{Reason: Busy, Err: err}
			}
			if ctx.Err() != nil {
				return &Error{Reason: Unavailable, Err: ctx.Err()}
			}
			continue
		}
		if p == onceOnly || !s.sleep(ctx, pause) {
			return &Error{Reason: Unavailable, Err: err}
		}
		trace.set(func(t *Trace) { t.WriteRetries++ })
		pause = min(2*pause, maxPause)
	}
}

// now is the clock to the millisecond, which is what a store keeps.
func (s *Service) now() time.Time { return s.Clock.Now().UTC().Truncate(time.Millisecond) }

// sleep waits, and says whether there is still time for another write.
func (s *Service) sleep(ctx context.Context, d time.Duration) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d+firstPause {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
