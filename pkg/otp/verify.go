package otp

import (
	"slices"
	"time"
)

// Check is one request to compare a PIN.
type Check struct {
	// ID of the request: random, or derived from the caller's idempotency key and
	// all it asked, so that a repeat finds its own success.
	ID string
	// Key is the request's fingerprint under its idempotency key; empty without one.
	Key string
	// RunID is fresh for every request.
	RunID string
	// VerificationID names the verification; empty means the recipient's newest.
	VerificationID string
	// Client is the caller's, a short keyed hash.
	Client string
	// Nonce is a fingerprint of the caller's; empty for none.
	Nonce string
}

// Debited is a debit's result.
type Debited struct {
	// Repeat: this very request verified the code before, and there is nothing to do.
	Repeat         bool
	VerificationID string
	PinID          string
	// Channel of the last delivery, the language of its message (not of a repeat), and, of
	// a repeat, when it was verified.
	Channel Channel
	Locale  string
	At      time.Time
}

// Earned is what a guard is to know of a success.
type Earned struct {
	// At is the moment of the success, Before that of the last one before it; zero if
	// the recipient was not known.
	At, Before time.Time
	// Sends is how many deliveries went out since the last success, the confirmed one
	// among them. What is still under way counts for the next.
	Sends int
	// Mark is that of the confirmed verification's send.
	Mark string
}

// Settled is a success as it is recorded.
type Settled struct {
	VerificationID string
	Channel        Channel // of the last delivery
	At             time.Time
	// Earned is set by the one Settle that made the code a success.
	Earned *Earned
	// Marks are what the counts of the deliveries since the success before left.
	Marks []string
}

// CodeState is what who named a verification may know of it.
type CodeState string

// States of a code, for its caller.
const (
	CodeWrong   CodeState = "wrong"   // another try is possible
	CodeExpired CodeState = "expired" // its life is over, or it never was sent
	CodeLocked  CodeState = "locked"  // no tries are left, or the recipient is closed
	CodeUsed    CodeState = "used"    // it was verified
)

// Debit charges one attempt before the provider is asked, and returns the handle to
// ask about. A refusal changes nothing: other right PINs may be under way. Deciding
// again after a lost write finds the run in Charges and charges nothing.
//
// Who names the verification, or started the newest one, has tries that nobody else can
// use up: a stranger who knows a phone number can guess, and cannot lock its owner out
// (ASVS 5.0 6.1.1).
func (l *Ledger) Debit(now time.Time, p Policy, c Check) (Debited, error) {
	l.forget(now, p)
	for i := range l.Verifications {
		v := &l.Verifications[i]
		if v.State == StateVerified && now.Before(v.ExpiresAt) && sameSecret(v.SettledBy, c.ID) {
			if v.Nonce != c.Nonce { // a proof would be good for another session than that of the success
				return Debited{}, refuse(KeyReused, 0)
			}
			return Debited{Repeat: true, VerificationID: v.ID, Channel: v.Channel, At: v.SettledAt}, nil
		}
		for _, charge := range v.Charges {
			switch runs := charge.At.Add(p.SendTimeout); {
			case charge.RunID == c.RunID:
				return v.debited(), nil
			case c.Key != "" && sameSecret(charge.Key, c.Key) && now.Before(runs):
				return Debited{}, refuse(KeyInUse, runs.Sub(now))
			}
		}
	}
	v := l.newest()
	if c.VerificationID != "" {
		v = l.find(c.VerificationID)
	}
	if v == nil {
		return Debited{}, l.refuseTest(c)
	}
	stranger := c.VerificationID == "" && (c.Client == "" || c.Client != v.Client)
	switch {
	case l.Disabled(p), !v.Live(now), v.Attempts >= p.PINAttempts, stranger && v.Strangers >= p.PINAttempts:
		return Debited{}, l.refuseCheck(now, p, v, c)
	case now.Before(l.NextVerifyAt):
		return Debited{}, refuse(VerifyTooSoon, l.NextVerifyAt.Sub(now))
	}
	*v.attempts(stranger)++
	v.Charges = append(v.Charges, Charge{
		RunID: c.RunID, Key: c.Key, Stranger: stranger, Client: l.fail(c.Client), At: now,
	})
	l.LastFailureAt = now
	l.NextVerifyAt = now.Add(p.VerifySpacing)
	return v.debited(), nil
}

// Settle records what the provider said of a debited attempt. Only a nil error
// means "verified", and one code gives it to one request only. The second result
// reports whether there is anything to save.
func (l *Ledger) Settle(now time.Time, p Policy, d Debited, c Check, verdict Verdict) (Settled, bool, error) {
	v := l.find(d.VerificationID)
	if v == nil {
		return Settled{}, false, refuse(InvalidOrExpired, 0)
	}
	if v.State == StateVerified && sameSecret(v.SettledBy, c.ID) {
		if v.Nonce != c.Nonce {
			return Settled{}, false, refuse(KeyReused, 0)
		}
		return Settled{VerificationID: v.ID, Channel: v.Channel, At: v.SettledAt}, false, nil
	}
	charge, known := v.resolve(c.RunID)
	if !known { // recorded before, or the verification has ended
		return Settled{}, false, l.refuseCheck(now, p, v, c)
	}
	switch verdict {
	case Verified:
		channel, client, earned, marks := v.lastDelivery().Channel, v.Client, l.earned(now, v), l.takeMarks()
		v.end(StateVerified)
		v.Channel, v.SettledBy, v.SettledAt, v.Nonce = channel, c.ID, now, c.Nonce
		v.ExpiresAt = now.Add(p.PINTTL)
		l.VerifiedAt = now
		l.succeed()
		l.giveSendsBack(now, p, client)
		l.review(now, p)
		return Settled{VerificationID: v.ID, Channel: channel, At: now, Earned: earned, Marks: marks}, true, nil
	case Gone:
		l.pardon(charge) // the PIN was not compared
		if v.PinID == d.PinID {
			v.close(p, StateExpired)
		}
	case Exhausted:
		v.close(p, StateLocked)
	default: // Wrong
		if v.Attempts >= p.PINAttempts && len(v.Charges) == 0 {
			v.end(StateLocked)
		}
	}
	l.review(now, p)
	return Settled{}, true, l.refuseCheck(now, p, v, c)
}

// earned returns what the success of a verification means, before it is recorded. The
// count of sends ends with its window; the deliveries of the code itself count in any case.
func (l *Ledger) earned(now time.Time, v *Verification) *Earned {
	own, underWay := 0, 0
	for _, d := range append([]Delivery{v.Delivery}, v.Resends...) {
		if d.Progress == Sent && d.StartedAt.After(l.VerifiedAt) {
			own++
		}
	}
	l.eachDelivery(func(d *Delivery) {
		if d.Progress == InFlight {
			underWay++
		}
	})
	return &Earned{At: now, Before: l.VerifiedAt, Sends: max(l.Sends-underWay, own), Mark: v.Mark}
}

// Refund takes a charge back when it is certain that the PIN was not compared:
// the failure always, the attempt only if the provider was not even reached,
// because the attempt cap also bounds how often a provider is asked about one code.
// It reports whether there is anything to save.
func (l *Ledger) Refund(now time.Time, p Policy, verificationID string, c Check, effect Effect) bool {
	v := l.find(verificationID)
	if v == nil {
		return false
	}
	charge, known := v.resolve(c.RunID)
	if !known {
		return false
	}
	l.pardon(charge)
	l.review(now, p)
	if effect == NotSent {
		*v.attempts(charge.Stranger)--
	}
	return true
}

// pardon takes back the failure that a charge stands for.
func (l *Ledger) pardon(c Charge) {
	if !c.Forgiven {
		l.unfail(c.Client)
	}
}

// attempts returns the counter that a charge belongs to.
func (v *Verification) attempts(stranger bool) *int {
	if stranger {
		return &v.Strangers
	}
	return &v.Attempts
}

// resolve takes a run out of Charges, and reports whether it was there.
func (v *Verification) resolve(runID string) (Charge, bool) {
	i := slices.IndexFunc(v.Charges, func(c Charge) bool { return c.RunID == runID })
	if i < 0 {
		return Charge{}, false
	}
	charge := v.Charges[i]
	v.Charges = slices.Delete(v.Charges, i, i+1)
	return charge, true
}

func (v *Verification) debited() Debited {
	return Debited{VerificationID: v.ID, PinID: v.PinID, Channel: v.lastDelivery().Channel, Locale: v.Locale}
}

// lastDelivery returns the last delivery that went out, which is how the person got the
// code.
func (v *Verification) lastDelivery() *Delivery {
	last := &v.Delivery
	for i := range v.Resends {
		if v.Resends[i].Progress == Sent {
			last = &v.Resends[i]
		}
	}
	return last
}

// refuseCheck tells the tries left and the code's state to a caller who named the
// verification: who started one may know about it, a stranger may not.
func (l *Ledger) refuseCheck(now time.Time, p Policy, v *Verification, c Check) *Error {
	err := refuse(InvalidOrExpired, 0)
	if c.VerificationID == "" {
		return err
	}
	err.Code = l.codeState(now, p, v)
	remaining := 0
	if err.Code == CodeWrong {
		remaining = p.PINAttempts - v.Attempts
	}
	err.Remaining = &remaining
	return err
}

func (l *Ledger) codeState(now time.Time, p Policy, v *Verification) CodeState {
	switch {
	case v.State == StateVerified:
		return CodeUsed
	case v.State == StateExpired, v.State == StateFailed, v.State != StateLocked && !now.Before(v.ExpiresAt):
		return CodeExpired
	case v.State == StateLocked, v.Attempts >= p.PINAttempts, l.Disabled(p):
		return CodeLocked
	}
	return CodeWrong
}

// Release lets a request be repeated under its key, although what came of it is not known:
// it runs no more. It reports whether there is anything to save.
func (l *Ledger) Release(verificationID string, c Check) bool {
	v := l.find(verificationID)
	if v == nil {
		return false
	}
	for i := range v.Charges {
		if charge := &v.Charges[i]; charge.RunID == c.RunID && charge.Key != "" {
			charge.Key = ""
			return true
		}
	}
	return false
}

// withdrawCheck takes back the charge of a request that ends before the provider was
// asked, the spacing included, and reports whether there was one.
func (l *Ledger) withdrawCheck(now time.Time, p Policy, c Check) bool {
	for i := range l.Verifications {
		v := &l.Verifications[i]
		for _, charge := range v.Charges {
			if charge.RunID != c.RunID {
				continue
			}
			if l.NextVerifyAt.Equal(charge.At.Add(p.VerifySpacing)) {
				l.NextVerifyAt = charge.At
			}
			return l.Refund(now, p, v.ID, c, NotSent)
		}
	}
	return false
}
