package otp

import (
	"crypto/subtle"
	"reflect"
	"slices"
	"time"
)

// State is where a verification stands. StateVerified, StateLocked, StateExpired
// and StateFailed are final: no transition leaves them.
type State string

// States of a verification.
const (
	// StateSending: the send is charged and the provider was or is being asked.
	// It stays so when the answer is lost.
	StateSending State = "sending"
	// StateFailed: known not sent.
	StateFailed State = "failed"
	// StateActive: the provider holds a PIN for it.
	StateActive State = "active"
	// StateVerified: the right PIN came in. It happens once.
	StateVerified State = "verified"
	// StateLocked: wrong too often.
	StateLocked State = "locked"
	// StateExpired: the provider does not hold the PIN any more. (A code whose
	// ExpiresAt is past is expired whatever its state says.)
	StateExpired State = "expired"
)

// Progress is how far one delivery of a PIN has come.
type Progress string

// Progress of a delivery.
const (
	// InFlight: the provider was or is being asked. Once older than
	// Policy.SendTimeout the asker is gone, and it becomes Unconfirmed.
	InFlight Progress = "in_flight"
	// Sent: the provider accepted it.
	Sent Progress = "sent"
	// Unconfirmed: the answer was lost. A message may have gone out, so nothing is
	// sent again by itself, and the day's total stays charged.
	Unconfirmed Progress = "unconfirmed"
	// DeliveryThrottled: the provider refused for its own limits. Nothing was sent;
	// the same request may try again once the cooldown is over.
	DeliveryThrottled Progress = "throttled"
	// NotDelivered: known not sent.
	NotDelivered Progress = "failed"
)

// Ledger is the aggregate of one recipient: what it has spent and holds of every budget
// that outlives a code, and its few verifications. It knows neither the recipient nor
// where it is kept. Every rule is a method on it that decides from its arguments alone.
// The zero Ledger is that of a recipient who was never sent to.
type Ledger struct {
	// Sends counts sends and resends in the window that ends at WindowEnds. A success
	// gives all of them back.
	Sends      int
	WindowEnds time.Time
	// Unconfirmed counts those of the window whose outcome nobody knows. They are not
	// among Sends, and lengthen the cooldown all the same.
	Unconfirmed int
	// Senders are what single clients take of the sends, by client.
	Senders []Sender
	// Total counts sends and resends in a window of its own, whatever succeeded.
	Total     int
	TotalEnds time.Time
	// NextSendAt ends the cooldown, NextVerifyAt the spacing.
	NextSendAt   time.Time
	NextVerifyAt time.Time
	// Failures in a row across codes, by client (sorted, as Senders are). One is charged before the provider is
	// asked and taken back when it turns out to be none.
	Failures      []Failures
	LastFailureAt time.Time
	// DisabledAt is set once the failures reached the limit; an operator clears it.
	DisabledAt time.Time
	// VerifiedAt is the moment of the last success: who has had one is known.
	VerifiedAt time.Time
	// Verifications, oldest first.
	Verifications []Verification
	// Tests are those of a test recipient, oldest first: no provider knows them, and no
	// rule of the others holds for them (see testcodes.go).
	Tests []Verification
	// ForgetAt is when nothing here matters any more: the item's TTL. It is derived
	// anew before every save.
	ForgetAt time.Time
}

// Sender is how often one client had something sent in its window. A client is a short
// keyed hash of an address bucket.
type Sender struct {
	Client string
	Sends  int
	Ends   time.Time
}

// Failures is how often one client failed in a row. The empty client stands for all that
// are not counted one by one.
type Failures struct {
	Client string
	Count  int
}

// Verification is one code's life, from the request to a final state. Its embedded
// Delivery is the send; Resends are further deliveries of the same PIN. One that has
// ended keeps what a repeat needs, and no more (see end).
type Verification struct {
	Delivery
	State State
	// Locale is the language of its message, which its resends have too; empty for the
	// default's.
	Locale string
	// PinID is the provider's handle. It never leaves the server.
	PinID string
	// ExpiresAt ends the code's life; of a verified one, the time in which its success
	// is repeated to the request that had it.
	ExpiresAt time.Time
	// Attempts charged to callers who are taken for the one that started it, and to
	// all others. Charges are those whose outcome is not known, so that an outcome
	// counts once, however often it is recorded.
	Attempts  int
	Strangers int
	Charges   []Charge
	// SettledBy is the id of the request that verified it, SettledAt when, Nonce the
	// fingerprint of what was to stand in its proof.
	SettledBy string
	SettledAt time.Time
	Nonce     string
	Resends   []Delivery
}

// Delivery is one request to deliver a PIN.
type Delivery struct {
	// ID of the request; the send's is the verification's. It is random, or derived
	// from the caller's idempotency key.
	ID string
	// RunID tells this run of the request from a parallel one with the same key, while
	// it is InFlight.
	RunID    string
	Progress Progress
	// Fingerprint is what was asked for under an idempotency key; empty without one.
	Fingerprint string
	Channel     Channel
	// Client is who asked for it.
	Client string
	// Mark is what a Guard wants to find again with it, Counted what the count of the
	// caller's address left. Both are opaque to this package.
	Mark      string
	Counted   string
	StartedAt time.Time
	// ResendAt is what the answer says about the next delivery.
	ResendAt time.Time
}

// Charge is one attempt at a code whose outcome is not known yet.
type Charge struct {
	// RunID is the run of the request that it belongs to.
	RunID string
	// Key is the fingerprint of that request under its idempotency key; empty without
	// one.
	Key string
	// Stranger: it was charged to Verification.Strangers.
	Stranger bool
	// Client is whose Failures it was charged to.
	Client string
	// Forgiven: its failure counts no more, whatever becomes of it.
	Forgiven bool
	At       time.Time
}

// Clone returns a copy that shares no memory.
func (l Ledger) Clone() Ledger {
	l.Senders = slices.Clone(l.Senders)
	l.Failures = slices.Clone(l.Failures)
	l.Verifications = cloneAll(l.Verifications)
	l.Tests = cloneAll(l.Tests)
	return l
}

func cloneAll(all []Verification) []Verification {
	all = slices.Clone(all)
	for i := range all {
		v := &all[i]
		v.Charges = slices.Clone(v.Charges)
		v.Resends = slices.Clone(v.Resends)
	}
	return all
}

// IsZero reports whether nothing is remembered.
func (l Ledger) IsZero() bool {
	l.ForgetAt = time.Time{}
	for _, list := range []int{len(l.Senders), len(l.Failures), len(l.Verifications), len(l.Tests)} {
		if list > 0 {
			return false
		}
	}
	l.Senders, l.Failures, l.Verifications, l.Tests = nil, nil, nil, nil
	return reflect.ValueOf(l).IsZero()
}

// forgetAt is the latest of the ledger's lives, windows and memories.
func (l *Ledger) forgetAt(p Policy) time.Time {
	moments := []time.Time{l.WindowEnds, l.TotalEnds, l.NextSendAt, l.NextVerifyAt}
	for _, s := range l.Senders {
		moments = append(moments, s.Ends)
	}
	if len(l.Failures) > 0 {
		moments = append(moments, l.LastFailureAt.Add(p.FailureMemory))
	}
	if !l.DisabledAt.IsZero() {
		moments = append(moments, l.DisabledAt.Add(p.DisabledMemory))
	}
	if !l.VerifiedAt.IsZero() {
		moments = append(moments, l.VerifiedAt.Add(p.KnownMemory))
	}
	for i := range l.Verifications {
		moments = append(moments, l.Verifications[i].ExpiresAt)
	}
	for i := range l.Tests {
		moments = append(moments, l.Tests[i].forgottenAt(p))
	}
	return slices.MaxFunc(moments, time.Time.Compare)
}

// forget drops memories that have run out. DynamoDB deletes by TTL days late, so
// every decision starts here.
func (l *Ledger) forget(now time.Time, p Policy) {
	if len(l.Failures) > 0 && !now.Before(l.LastFailureAt.Add(p.FailureMemory)) {
		l.forgive()
	}
	if !l.DisabledAt.IsZero() && !now.Before(l.DisabledAt.Add(p.DisabledMemory)) {
		l.Enable()
	}
	if !l.VerifiedAt.IsZero() && !now.Before(l.VerifiedAt.Add(p.KnownMemory)) {
		l.VerifiedAt = time.Time{}
	}
	l.roll(now)
	l.giveUp(now, p)
	l.writeOff(now, p)
	l.expire(now)
	l.forgetTests(now, p)
}

// expire ends verifications whose time is over and that nothing is under way for, which
// makes them small.
func (l *Ledger) expire(now time.Time) {
	for i := range l.Verifications {
		v := &l.Verifications[i]
		underWay := len(v.Charges) > 0 || v.Progress == InFlight ||
			slices.ContainsFunc(v.Resends, func(d Delivery) bool { return d.Progress == InFlight })
		if !v.final() && !underWay && !now.Before(v.ExpiresAt) {
			v.end(StateExpired)
		}
	}
}

// Enable is the operator's way back for a disabled recipient.
func (l *Ledger) Enable() {
	l.forgive()
	l.DisabledAt = time.Time{}
	l.LastFailureAt = time.Time{}
}

// Known reports whether the recipient was verified here before, within the memory of
// that.
func (l *Ledger) Known() bool { return !l.VerifiedAt.IsZero() }

// Disabled reports whether failures in a row have closed the ledger. That is so from
// the charge of the last one allowed, before its outcome is known.
func (l *Ledger) Disabled(p Policy) bool {
	return !l.DisabledAt.IsZero() || l.FailuresInARow(p) >= p.FailureLimit
}

// opensAt is when a disabled ledger is enabled again by itself.
func (l *Ledger) opensAt(p Policy) time.Time {
	since := l.DisabledAt
	if since.IsZero() { // the last failure's outcome is not known yet
		since = l.LastFailureAt
	}
	return since.Add(p.DisabledMemory)
}

// find returns the verification of that id, or nil. It looks at every one, each in
// constant time, so that an id cannot be guessed piece by piece.
func (l *Ledger) find(id string) *Verification { return findIn(l.Verifications, id) }

func findIn(all []Verification, id string) *Verification {
	var found *Verification
	for i := range all {
		if sameSecret(all[i].ID, id) {
			found = &all[i]
		}
	}
	return found
}

// newest returns the newest verification that was sent, or nil. One that failed, or
// whose outcome is not known, does not hide an older code that the person holds.
func (l *Ledger) newest() *Verification {
	for i := len(l.Verifications) - 1; i >= 0; i-- {
		if l.Verifications[i].Progress == Sent {
			return &l.Verifications[i]
		}
	}
	return nil
}

// Live reports whether the code can still be verified or delivered again.
func (v *Verification) Live(now time.Time) bool {
	return v.State == StateActive && now.Before(v.ExpiresAt)
}

// final reports whether the verification has ended.
func (v *Verification) final() bool {
	return v.State != StateSending && v.State != StateActive
}

// close ends a verification that the provider takes no more checks of. While some are
// under way it only lets no more in (one that is given back opens nothing): the right
// PIN may be among them.
func (v *Verification) close(p Policy, s State) {
	v.Attempts = max(v.Attempts, p.PINAttempts+len(v.Charges))
	if len(v.Charges) == 0 {
		v.end(s)
	}
}

// end moves the verification to a final state. What is kept is what a repeat of its
// send or of its success is answered from; the rest would only make the item dearer.
func (v *Verification) end(s State) {
	resendAt := v.ResendAt
	if !v.notSent() {
		resendAt = time.Time{}
	}
	*v = Verification{
		Delivery: Delivery{
			ID: v.ID, Progress: v.Progress, Fingerprint: v.Fingerprint,
			Channel: v.Channel, Counted: v.Counted, StartedAt: v.StartedAt, ResendAt: resendAt,
		},
		State:     s,
		ExpiresAt: v.ExpiresAt,
		Resends:   v.Resends,
	}
	v.slim()
}

// slim makes the resends of a verification that has ended small. Of those under way the
// outcome is still to be recorded. Of those under an idempotency key the key is taken until
// the verification is forgotten, so that it brings no message for another code.
func (v *Verification) slim() {
	if !v.final() {
		return
	}
	v.Resends = slices.DeleteFunc(v.Resends, func(d Delivery) bool {
		return d.Progress != InFlight && (d.Fingerprint == "" || d.notSent())
	})
	for i := range v.Resends {
		if d := &v.Resends[i]; d.Progress != InFlight {
			*d = Delivery{ID: d.ID, Progress: d.Progress, Fingerprint: d.Fingerprint, Channel: d.Channel, Counted: d.Counted}
		}
	}
}

func sameSecret(a, b string) bool {
	return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}
