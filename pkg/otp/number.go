package otp

import (
	"crypto/subtle"
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
	// Policy.SendTimeout it means the same as Unconfirmed: the asker is gone.
	InFlight Progress = "in_flight"
	// Sent: the provider accepted it.
	Sent Progress = "sent"
	// Unconfirmed: the answer was lost. A message may have gone out, so the budget
	// stays charged and nothing is sent again by itself.
	Unconfirmed Progress = "unconfirmed"
	// TurnedAway: the provider refused for its own limits. Nothing was sent; the
	// same request may try again once the cooldown is over.
	TurnedAway Progress = "throttled"
	// NotDelivered: known not sent.
	NotDelivered Progress = "failed"
)

// Number is the aggregate of one phone number: budgets that outlive codes, and its
// few verifications. It knows neither the number nor where it is kept. Every rule
// is a method on it that decides from its arguments alone. The zero Number is one
// that was never sent to.
type Number struct {
	// Sends counts sends and resends in the window that ends at WindowEnds.
	Sends      int
	WindowEnds time.Time
	// NextSendAt ends the cooldown, NextVerifyAt the spacing.
	NextSendAt   time.Time
	NextVerifyAt time.Time
	// Failures in a row across codes. One is charged before the provider is asked
	// and taken back when it turns out to be none.
	Failures      int
	LastFailureAt time.Time
	// DisabledAt is set once Failures reached the limit; an operator clears it.
	DisabledAt time.Time
	// Verifications, oldest first.
	Verifications []Verification
	// ForgetAt is when nothing here matters any more: the item's TTL. It is derived
	// anew before every save.
	ForgetAt time.Time
}

// Verification is one code's life, from the request to a final state. Its embedded
// Delivery is the send; Resends are further deliveries of the same PIN.
type Verification struct {
	Delivery
	State   State
	Channel Channel
	// PinID is the provider's handle. It never leaves the server, and is dropped in
	// final states, where it is of no more use.
	PinID     string
	ExpiresAt time.Time
	// Attempts charged. Pending holds the runs of those whose outcome is not known,
	// so that an outcome counts once, however often it is recorded.
	Attempts int
	Pending  []string
	// SettledBy is the id of the request that verified it.
	SettledBy string
	Resends   []Delivery
}

// Delivery is one request to deliver a PIN.
type Delivery struct {
	// ID of the request; the send's is the verification's. It is random, or derived
	// from the caller's idempotency key.
	ID string
	// By tells this run of the request from a parallel one with the same key, while
	// it is InFlight.
	By       string
	Progress Progress
	// Meaning is the fingerprint of what was asked for under an idempotency key;
	// empty without one.
	Meaning   string
	StartedAt time.Time
	// ResendAt is what the answer says about the next delivery.
	ResendAt time.Time
}

// Clone gives a copy that shares no memory.
func (n Number) Clone() Number {
	n.Verifications = slices.Clone(n.Verifications)
	for i := range n.Verifications {
		v := &n.Verifications[i]
		v.Pending = slices.Clone(v.Pending)
		v.Resends = slices.Clone(v.Resends)
	}
	return n
}

// forgetAt is the latest of the number's lives, windows and memories.
func (n *Number) forgetAt(p Policy) time.Time {
	moments := []time.Time{n.WindowEnds, n.NextSendAt, n.NextVerifyAt}
	if n.Failures > 0 {
		moments = append(moments, n.LastFailureAt.Add(p.FailureMemory))
	}
	if !n.DisabledAt.IsZero() {
		moments = append(moments, n.DisabledAt.Add(p.DisabledMemory))
	}
	for i := range n.Verifications {
		moments = append(moments, n.Verifications[i].ExpiresAt)
	}
	return slices.MaxFunc(moments, time.Time.Compare)
}

// forget drops memories that have run out. DynamoDB deletes by TTL days late, so
// every decision starts here.
func (n *Number) forget(now time.Time, p Policy) {
	if n.Failures > 0 && !now.Before(n.LastFailureAt.Add(p.FailureMemory)) {
		n.forgive()
	}
	if !n.DisabledAt.IsZero() && !now.Before(n.DisabledAt.Add(p.DisabledMemory)) {
		n.Enable()
	}
}

// Enable is the operator's way back for a disabled number.
func (n *Number) Enable() {
	n.forgive()
	n.DisabledAt = time.Time{}
	n.LastFailureAt = time.Time{}
}

// Disabled says whether failures in a row have closed the number. That is so from
// the charge of the last one allowed, before its outcome is known.
func (n *Number) Disabled(p Policy) bool {
	return !n.DisabledAt.IsZero() || n.Failures >= p.FailureLimit
}

// find gives the verification of that id, or nil. It looks at every one, each in
// constant time, so that an id cannot be guessed piece by piece.
func (n *Number) find(id string) *Verification {
	var found *Verification
	for i := range n.Verifications {
		if sameSecret(n.Verifications[i].ID, id) {
			found = &n.Verifications[i]
		}
	}
	return found
}

// newest gives the newest verification that was sent, or nil. One that failed, or
// whose outcome is not known, does not hide an older code that the person holds.
func (n *Number) newest() *Verification {
	for i := len(n.Verifications) - 1; i >= 0; i-- {
		if n.Verifications[i].Progress == Sent {
			return &n.Verifications[i]
		}
	}
	return nil
}

// alive says whether the code can still be verified or delivered again.
func (v *Verification) alive(now time.Time) bool {
	return v.State == StateActive && now.Before(v.ExpiresAt)
}

// close ends a verification that the provider takes no more guesses at. While some are
// under way it only lets no more in (one that is given back opens nothing): the right
// PIN may be among them.
func (v *Verification) close(p Policy, s State) {
	v.Attempts = max(v.Attempts, p.PINAttempts+len(v.Pending))
	if len(v.Pending) == 0 {
		v.end(s)
	}
}

// end moves the verification to a final state.
func (v *Verification) end(s State) {
	v.State = s
	v.PinID = ""
	v.Pending = nil
}

func sameSecret(a, b string) bool {
	return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}
