package otp

import (
	"slices"
	"strings"
	"time"
)

// Guess is one request to verify a PIN.
type Guess struct {
	// ID of the request: random, or derived from the caller's idempotency key and
	// all it asked, so that a repeat finds its own success.
	ID string
	// By is fresh for every request.
	By string
	// VerificationID names the verification; empty means the number's newest.
	VerificationID string
}

// Charged is a debit's result.
type Charged struct {
	// Repeat: this very request verified the code before, and there is nothing to do.
	Repeat         bool
	VerificationID string
	PinID          string
}

// Debit charges one attempt before the provider is asked, and gives the handle to
// ask about. A refusal changes nothing: other right PINs may be under way. Deciding
// again after a lost write finds the run in Pending and charges nothing.
func (n *Number) Debit(now time.Time, p Policy, g Guess) (Charged, *Error) {
	n.forget(now, p)
	for i := range n.Verifications {
		v := &n.Verifications[i]
		if v.State == StateVerified && now.Before(v.ExpiresAt) && sameSecret(v.SettledBy, g.ID) {
			return Charged{Repeat: true, VerificationID: v.ID}, nil
		}
		if v.pending(g.By) >= 0 {
			return Charged{VerificationID: v.ID, PinID: v.PinID}, nil
		}
	}
	v := n.newest()
	if g.VerificationID != "" {
		v = n.find(g.VerificationID)
	}
	switch {
	case v == nil:
		return Charged{}, refuse(InvalidOrExpired, 0)
	case n.Disabled(p), !v.alive(now), v.Attempts >= p.PINAttempts:
		return Charged{}, n.refuseGuess(now, p, v, g)
	case now.Before(n.NextVerifyAt):
		return Charged{}, refuse(VerifyTooSoon, n.NextVerifyAt.Sub(now))
	}
	v.Attempts++
	v.Pending = append(v.Pending, g.By)
	n.Failures++
	n.LastFailureAt = now
	n.NextVerifyAt = now.Add(p.VerifySpacing)
	return Charged{VerificationID: v.ID, PinID: v.PinID}, nil
}

// Settle records what the provider said of a debited attempt. Only a nil error
// means "verified", and one code gives it to one request only. The first result
// says whether there is anything to save.
func (n *Number) Settle(now time.Time, p Policy, c Charged, g Guess, verdict Verdict) (bool, *Error) {
	v := n.find(c.VerificationID)
	if v == nil {
		return false, refuse(InvalidOrExpired, 0)
	}
	if v.State == StateVerified && sameSecret(v.SettledBy, g.ID) {
		return false, nil
	}
	known, counted := v.resolve(g.By)
	if !known { // recorded before, or the verification has ended
		return false, n.refuseGuess(now, p, v, g)
	}
	switch verdict {
	case Verified:
		v.end(StateVerified)
		v.SettledBy = g.ID
		n.succeed()
		n.review(now, p)
		return true, nil
	case Gone:
		n.Failures = max(n.Failures-counted, 0) // the PIN was not compared
		v.close(p, StateExpired)
	case Exhausted:
		v.close(p, StateLocked)
	default: // Wrong
		if v.Attempts >= p.PINAttempts && len(v.Pending) == 0 {
			v.end(StateLocked)
		}
	}
	n.review(now, p)
	return true, n.refuseGuess(now, p, v, g)
}

// succeed starts the count of failures in a row anew, from the charges whose outcome
// is not known yet.
func (n *Number) succeed() {
	n.Failures = 0
	for i := range n.Verifications {
		for _, by := range n.Verifications[i].Pending {
			if !strings.HasPrefix(by, forgivenMark) {
				n.Failures++
			}
		}
	}
}

// forgive makes the failures in a row none, charges under way included: what becomes of
// those changes the count no more.
func (n *Number) forgive() {
	n.Failures = 0
	for i := range n.Verifications {
		pending := n.Verifications[i].Pending
		for j, by := range pending {
			if !strings.HasPrefix(by, forgivenMark) {
				pending[j] = forgivenMark + by
			}
		}
	}
}

// review disables the number once its failures reach the limit, charges under way
// included, and takes that back if one of those turns out to be none.
func (n *Number) review(now time.Time, p Policy) {
	switch {
	case n.Failures < p.FailureLimit:
		n.DisabledAt = time.Time{}
	case n.DisabledAt.IsZero():
		n.DisabledAt = now
	}
}

// Undebit takes a charge back when it is certain that the PIN was not compared:
// the failure always, the attempt only if the provider was not even reached,
// because the attempt cap also bounds how often a provider is asked about one code.
// The result says whether there is anything to save.
func (n *Number) Undebit(now time.Time, p Policy, c Charged, g Guess, effect Effect) bool {
	v := n.find(c.VerificationID)
	if v == nil {
		return false
	}
	known, counted := v.resolve(g.By)
	if !known {
		return false
	}
	n.Failures = max(n.Failures-counted, 0)
	n.review(now, p)
	if effect == NotSent {
		v.Attempts--
	}
	return true
}

// forgivenMark stands before a pending run whose failure is charged no more. No run's
// name begins with it.
const forgivenMark = "~"

// pending gives the place of a run in Pending, or -1.
func (v *Verification) pending(by string) int {
	return slices.IndexFunc(v.Pending, func(other string) bool {
		return strings.TrimPrefix(other, forgivenMark) == by
	})
}

// resolve takes a run out of Pending. It says whether it was there, and how many
// failures it still stands for: one, or none if that was forgiven.
func (v *Verification) resolve(by string) (bool, int) {
	i := v.pending(by)
	if i < 0 {
		return false, 0
	}
	counted := 1
	if v.Pending[i] != by {
		counted = 0
	}
	v.Pending = slices.Delete(v.Pending, i, i+1)
	return true, counted
}

// refuseGuess tells the tries left to a caller who named the verification: who
// started one may know about it, a stranger may not.
func (n *Number) refuseGuess(now time.Time, p Policy, v *Verification, g Guess) *Error {
	err := refuse(InvalidOrExpired, 0)
	if g.VerificationID == "" {
		return err
	}
	remaining := 0
	pending := v.State == StateSending && now.Before(v.ExpiresAt)
	if !n.Disabled(p) && (v.alive(now) || pending) {
		remaining = max(p.PINAttempts-v.Attempts, 0)
	}
	err.Remaining = &remaining
	return err
}
