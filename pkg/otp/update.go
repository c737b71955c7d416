package otp

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// document is a ledger as last seen, where it is kept, and the keyring that names it.
type document struct {
	keyring  Keyring
	key      string
	ledger   Ledger
	revision Revision
	// mark is that of the caller's count.
	mark string
}

// open loads a recipient's ledger while the caller is counted, and waits for both.
func (s *Service) open(ctx context.Context, c Caller, to recipient.Recipient, verificationID string) (*document, error) {
	var admitted func() (string, error)
	if c.Count != nil {
		admitted = c.Count(ctx)
	}
	doc, err := s.load(ctx, c.Keyrings, to, verificationID)
	mark := ""
	if admitted != nil {
		// First, so that a refused address is told so whatever the store says.
		var refused error
		mark, refused = admitted()
		if refused != nil {
			return nil, refused
		}
	}
	if err != nil {
		return nil, &Error{Reason: Unavailable, Err: err}
	}
	doc.mark = mark
	return doc, nil
}

// load finds the ledger under the newest keyring or, while a rotation is under way, under
// an older one. A ledger stays where it is while anything can be under way in it, for moving
// it would lose what a request still has to record; once it has settled, the next save puts
// it under the newest.
func (s *Service) load(ctx context.Context, keyrings []Keyring, to recipient.Recipient, verificationID string) (*document, error) {
	if len(keyrings) == 1 { // no rotation is under way
		doc := &document{keyring: keyrings[0], key: keyrings[0].LedgerKey(to)}
		var err error
		doc.ledger, doc.revision, err = s.Store.Load(ctx, doc.key)
		return doc, err
	}
	docs := make([]*document, len(keyrings))
	errs := make([]error, len(keyrings))
	loadOne := func(i int) {
		doc := &document{keyring: keyrings[i], key: keyrings[i].LedgerKey(to)}
		doc.ledger, doc.revision, errs[i] = s.Store.Load(ctx, doc.key)
		docs[i] = doc
	}
	var older sync.WaitGroup
	for i := 1; i < len(keyrings); i++ {
		older.Go(func() { loadOne(i) })
	}
	loadOne(0)
	older.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	now := s.now()
	doc := choose(docs, now, s.Policy, verificationID)
	if doc != docs[0] && doc.ledger.settled(now, s.Policy) {
		doc = &document{keyring: docs[0].keyring, key: docs[0].key, ledger: doc.ledger, revision: docs[0].revision}
	}
	return doc, nil
}

// settled reports whether no request can still refer to anything in the ledger, by an id,
// an idempotency key or a run.
func (l *Ledger) settled(now time.Time, p Policy) bool {
	over := func(end time.Time) bool { return !now.Before(end.Add(2 * p.SendTimeout)) }
	if !over(l.WindowEnds) {
		return false
	}
	for i := range l.Verifications {
		if !over(l.Verifications[i].ExpiresAt) {
			return false
		}
	}
	for i := range l.Tests {
		if !over(l.Tests[i].forgottenAt(p)) {
			return false
		}
	}
	return true
}

// choose returns the document that matters. There is more than one only where clocks
// differed at the moment of the rotation: then the one with the verification that is
// asked for, else the one with the newest.
func choose(docs []*document, now time.Time, p Policy, verificationID string) *document {
	best := docs[0]
	for _, doc := range docs[1:] {
		over := doc.revision == "" || !now.Before(doc.ledger.ForgetAt)
		switch {
		case over:
		case best.revision == "" || !now.Before(best.ledger.ForgetAt):
			best = doc
		case doc.ledger.settled(now, p): // and has moved
		case verificationID != "" && best.ledger.holds(verificationID):
		case verificationID != "" && doc.ledger.holds(verificationID), doc.ledger.lastSend().After(best.ledger.lastSend()):
			best = doc
		}
	}
	return best
}

// holds reports whether the ledger has the verification of that id, of either kind.
func (l *Ledger) holds(id string) bool { return l.find(id) != nil || findIn(l.Tests, id) != nil }

// lastSend is when the newest verification of either kind was sent.
func (l *Ledger) lastSend() time.Time {
	var last time.Time
	if v := l.newest(); v != nil {
		last = v.StartedAt
	}
	if n := len(l.Tests); n > 0 && l.Tests[n-1].StartedAt.After(last) {
		last = l.Tests[n-1].StartedAt
	}
	return last
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
	// takeBackTime bounds what an unavailable store may add to the time of an answer.
	takeBackTime = 3 * time.Second
)

// errUnanswered marks a request that ends although a save of its may have taken place: the
// answer was lost, or others kept getting in between.
var errUnanswered = errors.New("the save may have taken place")

// update decides on the ledger as it is and saves the result, again from the current
// state whenever somebody else saved first. The decision returns its result, whether
// there is anything to save, and its refusal; it must be able to run more than once.
func update[T any](
	ctx context.Context, s *Service, doc *document, trace *Trace, p persistence,
	decide func(*Ledger, time.Time) (result T, changed bool, refused error),
) (T, error) {
	var none T
	pause := firstPause
	for conflicts := 0; ; {
		next, now := doc.ledger.Clone(), s.now()
		next.forget(now, s.Policy)
		result, changed, refused := decide(&next, now)
		if !changed {
			return result, refused
		}
		next.ForgetAt = next.forgetAt(s.Policy)
		revision, err := s.Store.Save(ctx, doc.key, next, doc.revision)
		if err == nil {
			closed := doc.ledger.DisabledAt.IsZero() && !next.DisabledAt.IsZero()
			doc.ledger, doc.revision = next, revision
			if closed {
				trace.set(func(t *Trace) { t.Disabled = true })
			}
			return result, refused
		}
		if conflict, ok := errors.AsType[*Conflict](err); ok {
			doc.ledger, doc.revision = conflict.Current, conflict.Revision
			conflicts++
			trace.set(func(t *Trace) { t.Conflicts++ })
			if p == onceOnly && conflicts >= maxConflicts {
				return none, &Error{Reason: Busy, Err: errors.Join(errUnanswered, err)}
			}
			if ctx.Err() != nil {
				return none, &Error{Reason: Unavailable, Err: errors.Join(errUnanswered, ctx.Err())}
			}
			continue
		}
		if p == onceOnly || !s.sleep(ctx, pause) {
			return none, &Error{Reason: Unavailable, Err: errors.Join(errUnanswered, err)}
		}
		trace.set(func(t *Trace) { t.WriteRetries++ })
		pause = min(2*pause, maxPause)
	}
}

// takeBack undoes a charge whose save may have taken place, of a request that ends
// before the provider was asked. It is best effort: a charge that stays is the safe side.
func (s *Service) takeBack(ctx context.Context, doc *document, trace *Trace, cause error, undo func(*Ledger, time.Time) bool) {
	if !errors.Is(cause, errUnanswered) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, takeBackTime)
	defer cancel()
	var err error
	doc.ledger, doc.revision, err = s.Store.Load(ctx, doc.key)
	if err == nil {
		s.withdraw(ctx, doc, trace, undo)
	}
}

// withdraw undoes a charge that was saved, of a request that ends before the provider was
// asked. It is best effort, as takeBack is.
func (s *Service) withdraw(ctx context.Context, doc *document, trace *Trace, undo func(*Ledger, time.Time) bool) {
	ctx, cancel := context.WithTimeout(ctx, takeBackTime)
	defer cancel()
	_, _ = update(ctx, s, doc, trace, untilDeadline, func(l *Ledger, now time.Time) (struct{}, bool, error) {
		return struct{}{}, undo(l, now), nil
	})
}

// Change applies an operator's decision to a ledger, as a request's would be: saved only
// if nothing else was saved in between, decided again where something was. It returns the
// ledger as it was, and whether anything was saved.
func (s *Service) Change(ctx context.Context, key string, decide func(*Ledger, time.Time) bool) (Ledger, bool, error) {
	ledger, revision, err := s.Store.Load(ctx, key)
	if err != nil {
		return Ledger{}, false, &Error{Reason: Unavailable, Err: err}
	}
	type outcome struct {
		was     Ledger
		changed bool
	}
	doc := &document{key: key, ledger: ledger, revision: revision}
	done, err := update(ctx, s, doc, nil, onceOnly, func(l *Ledger, now time.Time) (outcome, bool, error) {
		was := l.Clone()
		changed := decide(l, now)
		return outcome{was, changed}, changed, nil
	})
	return done.was, done.changed, err
}

// now is the clock to the millisecond, which is what a store keeps.
func (s *Service) now() time.Time { return s.Clock.Now().UTC().Truncate(time.Millisecond) }

// sleep waits, and reports whether there is still time for another write.
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
