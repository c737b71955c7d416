package otp

import (
	"slices"
	"time"
)

// The policy of test recipients: reviewers of app stores, who have no phone of ours, and
// end-to-end suites. Until its end such a recipient has codes of its own kind, for which
// nobody is asked, nothing is sent and nothing is charged, and whose PIN the owner chose.
//
// What guards money does not apply to them. What guards a code does: attempts, failures in
// a row (of which a success forgives none here, for the PIN is the same in every code, and
// whose half ends a client's tries), one success, idempotency keys. They stand in a list of their own, so that no rule of the real
// codes can meet them: a code is for ever what it was begun as, and whatever a list of test
// recipients says later, no provider is asked about one, and none becomes a real one.

// TestTerms are what the owner decided about a test recipient.
type TestTerms struct {
	// Ends is when it becomes a recipient like any other.
	Ends time.Time
	// Accepts reports whether a PIN is the recipient's, in constant time.
	Accepts func(pin string) bool
}

const (
	// maxTestLive bounds the codes of a test recipient that live; the newest replaces the
	// oldest. There is no other bound on sends to it than that of addresses.
	maxTestLive = 3
	// maxTestCodes bounds those that are remembered, so that the item stays small: the ids
	// and keys of the last few are known.
	maxTestCodes = 6
	// maxTestResends bounds the resends that are remembered of a live code.
	maxTestResends = 2
)

// life returns the end of a life that begins now: never after the recipient's own.
func (t TestTerms) life(now time.Time, p Policy) time.Time {
	end := now.Add(p.PINTTL)
	if t.Ends.Before(end) {
		return t.Ends
	}
	return end
}

// ReserveTest begins a code of a test recipient. Nothing else is to be done: it is live. A
// repeat of an earlier order gets that one's outcome, also of a real send. Deciding again
// after a lost write finds the record by ID and RunID.
func (l *Ledger) ReserveTest(now time.Time, p Policy, t TestTerms, o Order) (Ticket, error) {
	l.forget(now, p)
	for _, v := range []*Verification{findIn(l.Verifications, o.ID), findIn(l.Tests, o.ID)} {
		if v == nil {
			continue
		}
		again, err := v.repeat(now, p, o)
		if err != nil || !again {
			ticket := v.ticket(&v.Delivery)
			ticket.Repeat = v.RunID != o.RunID
			return ticket, err
		}
	}
	if l.Disabled(p) {
		return Ticket{}, refuse(RecipientLimited, l.opensAt(p).Sub(now))
	}
	v := Verification{Delivery: testDelivery(now, p, o), State: StateActive, Locale: o.Locale, ExpiresAt: t.life(now, p)}
	l.Tests = append(l.Tests, v)
	l.boundTests(now)
	return v.ticket(&v.Delivery), nil
}

// ResendTest records one more delivery of a live code of a test recipient, of which nothing
// is sent. It refills no attempts and extends no life. A real code is not sent again to a
// test recipient.
func (l *Ledger) ResendTest(now time.Time, p Policy, verificationID string, o Order) (Ticket, error) {
	l.forget(now, p)
	if v, d := resendIn(l.Tests, o.ID); d != nil {
		_, err := d.repeat(now, p, o, sameSecret(d.Fingerprint, o.Fingerprint))
		ticket := v.ticket(d)
		ticket.Repeat = d.RunID != o.RunID
		return ticket, err
	}
	v := findIn(l.Tests, verificationID)
	switch {
	case v == nil || !v.Live(now):
		return Ticket{}, refuse(InvalidOrExpired, 0)
	case l.Disabled(p):
		return Ticket{}, refuse(RecipientLimited, l.opensAt(p).Sub(now))
	case o.Unspoken:
		return Ticket{}, refuse(ChannelMismatch, 0)
	}
	if o.Channel == "" {
		o.Channel = v.Channel
	}
	d := testDelivery(now, p, o)
	d.Client, d.StartedAt = "", time.Time{} // of the send alone they matter
	v.Resends = append(v.Resends, d)
	v.Resends = slices.Delete(v.Resends, 0, max(len(v.Resends)-maxTestResends, 0))
	return v.ticket(&d), nil
}

// testDelivery is one that nobody makes. What a success would be told of it is not kept.
func testDelivery(now time.Time, p Policy, o Order) Delivery {
	return Delivery{
		ID: o.ID, RunID: o.RunID, Progress: Sent, Fingerprint: o.Fingerprint,
		Channel: o.Channel, Client: o.Client, StartedAt: now, ResendAt: now.Add(p.SendCooldown),
	}
}

// boundTests ends the oldest codes above maxTestLive, and forgets those above maxTestCodes
// that began first.
func (l *Ledger) boundTests(now time.Time) {
	live := 0
	for i := range slices.Backward(l.Tests) {
		v := &l.Tests[i]
		if !v.Live(now) {
			continue
		}
		live++
		if live > maxTestLive {
			v.endTest(StateExpired)
		}
	}
	l.Tests = slices.Delete(l.Tests, 0, max(len(l.Tests)-maxTestCodes, 0))
}

// endTest ends a code of a test recipient. What its resends would be kept for is that a key
// brings no further message, and here none does.
func (v *Verification) endTest(s State) {
	v.Resends = nil
	v.end(s)
}

// forgetTests drops those whose life is over and whose keys are free again, as those of real
// codes are after their window.
func (l *Ledger) forgetTests(now time.Time, p Policy) {
	l.Tests = slices.DeleteFunc(l.Tests, func(v Verification) bool { return !now.Before(v.forgottenAt(p)) })
	for i := range l.Tests {
		if v := &l.Tests[i]; v.State == StateActive && !now.Before(v.ExpiresAt) {
			v.endTest(StateExpired)
		}
	}
}

// forgottenAt is when a code of a test recipient is forgotten.
func (v *Verification) forgottenAt(p Policy) time.Time {
	window := v.StartedAt.Add(p.SendLimit.Window)
	if window.Before(v.ExpiresAt) {
		return v.ExpiresAt
	}
	return window
}

// meansTest reports whether a check is of a code of a test recipient: the one that it
// verified before, else the one that it names, else the newest of all.
func (l Ledger) meansTest(now time.Time, p Policy, c Check) bool {
	l = l.Clone()
	l.forget(now, p)
	settled := func(v Verification) bool { return v.State == StateVerified && sameSecret(v.SettledBy, c.ID) }
	switch {
	case slices.ContainsFunc(l.Verifications, settled):
		return false
	case slices.ContainsFunc(l.Tests, settled):
		return true
	case c.VerificationID != "":
		return findIn(l.Tests, c.VerificationID) != nil
	case len(l.Tests) == 0:
		return false
	}
	sent := l.newest()
	return sent == nil || !sent.StartedAt.After(l.Tests[len(l.Tests)-1].StartedAt)
}

// Tried is what came of a check of a test recipient's code.
type Tried struct {
	Settled
	// Repeat: this very request had the success before.
	Repeat bool
}

// TryTest compares a PIN with that of a test recipient, where Right says what came of it.
// Attempts and failures are counted and the outcome recorded in one decision, for nobody has
// to be asked in between. Only a nil error means "verified", and one code gives it to one
// request only. The second result reports whether there is anything to save. Deciding again
// after a lost write finds its own effect, as long as no other check of the code has come
// between; else a wrong guess is counted once more, which is the safe side.
func (l *Ledger) TryTest(now time.Time, p Policy, t TestTerms, c Check, right bool) (Tried, bool, error) {
	l.forget(now, p)
	for i := range l.Tests {
		v := &l.Tests[i]
		if v.State == StateVerified && now.Before(v.ExpiresAt) && sameSecret(v.SettledBy, c.ID) {
			if v.Nonce != c.Nonce {
				return Tried{}, false, refuse(KeyReused, 0)
			}
			return Tried{Settled: v.settledTest(), Repeat: v.RunID != c.RunID}, false, nil
		}
		if slices.ContainsFunc(v.Charges, func(charge Charge) bool { return charge.RunID == c.RunID }) {
			return Tried{}, false, l.refuseTry(now, p, v, c)
		}
	}
	var v *Verification
	switch {
	case c.VerificationID != "":
		v = findIn(l.Tests, c.VerificationID)
	case len(l.Tests) > 0:
		v = &l.Tests[len(l.Tests)-1]
	}
	if v == nil {
		return Tried{}, false, refuse(InvalidOrExpired, 0)
	}
	stranger := c.VerificationID == "" && (c.Client == "" || c.Client != v.Client)
	if l.Disabled(p) || l.closedTo(now, p, c.Client) || !v.Live(now) || v.Attempts >= p.PINAttempts || stranger && v.Strangers >= p.PINAttempts {
		return Tried{}, false, l.refuseTry(now, p, v, c)
	}
	if right {
		channel := v.lastDelivery().Channel
		v.endTest(StateVerified)
		v.Channel, v.RunID, v.SettledBy, v.SettledAt, v.Nonce = channel, c.RunID, c.ID, now, c.Nonce
		v.ExpiresAt = t.life(now, p)
		return Tried{Settled: v.settledTest()}, true, nil
	}
	*v.attempts(stranger)++
	v.Charges = []Charge{{RunID: c.RunID, At: now}} // the last one, for a lost write
	l.failAnew(p, c.Client)
	l.LastFailureAt = now
	if v.Attempts >= p.PINAttempts {
		v.endTest(StateLocked)
	}
	l.review(now, p)
	return Tried{}, true, l.refuseTry(now, p, v, c)
}

// closedTo reports whether a client may not try a code of a test recipient: its failures in
// a row are as many as one client's count for. Otherwise it could go on for ever, for they
// close no recipient, codes of this kind cost nothing, and the PIN stays the same. It ends as
// the closing of a recipient does.
func (l *Ledger) closedTo(now time.Time, p Policy, client string) bool {
	i := l.failing(l.countedAs(client))
	return i >= 0 && l.Failures[i].Count >= p.clientFailures() && now.Before(l.LastFailureAt.Add(p.DisabledMemory))
}

// failAnew charges a failure of a test recipient's code; the first after a client's time of
// being closed out begins its count anew.
func (l *Ledger) failAnew(p Policy, client string) {
	if i := l.failing(l.countedAs(client)); i >= 0 && l.Failures[i].Count >= p.clientFailures() {
		l.Failures = slices.Delete(l.Failures, i, i+1)
	}
	l.fail(client)
}

// refuseTry is refuseCheck for codes of a test recipient: to whom they are closed they are
// locked.
func (l *Ledger) refuseTry(now time.Time, p Policy, v *Verification, c Check) error {
	err := l.refuseCheck(now, p, v, c)
	if err.Code == CodeWrong && l.closedTo(now, p, c.Client) {
		err.Code, err.Remaining = CodeLocked, new(int)
	}
	return err
}

func (v *Verification) settledTest() Settled {
	return Settled{VerificationID: v.ID, Channel: v.Channel, At: v.SettledAt}
}

// refuseTest refuses a code of a test recipient to whoever is none any more, or is not taken
// for one here: it is worth nothing, and no provider knows it.
func (l *Ledger) refuseTest(c Check) error {
	err := refuse(InvalidOrExpired, 0)
	if findIn(l.Tests, c.VerificationID) != nil {
		err.Code, err.Remaining = CodeExpired, new(int)
	}
	return err
}
