package otp

import "context"

// Revision names one saved state of a ledger. Empty means: nothing is saved.
type Revision string

// Store keeps the ledgers. It has no rule of its own: atomicity is one
// compare-and-swap, and all decisions are the domain's.
//
// Obligations on implementations: both methods bound their time, by ctx's deadline
// and one of their own; Load is linearizable with Save; an error that means the
// store could not be reached has ErrUnavailable in its chain. After such an error
// a Save may or may not have taken place.
type Store interface {
	// Load returns the ledger of a key; an unknown key has the zero Ledger and an
	// empty Revision.
	Load(ctx context.Context, key string) (Ledger, Revision, error)
	// Save writes l if nothing was saved since was. If something was, it writes
	// nothing and returns a *Conflict with the current state. A Save whose own
	// earlier write won, although its answer was lost, is a success.
	Save(ctx context.Context, key string, l Ledger, was Revision) (Revision, error)
}

// Conflict is Save's refusal: somebody else saved in between.
type Conflict struct {
	Current  Ledger
	Revision Revision
}

func (*Conflict) Error() string { return "state was saved by somebody else in between" }
