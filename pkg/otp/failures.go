package otp

import (
	"slices"
	"strings"
	"time"
)

// maxFailing is how many clients' failures are counted one by one. All others share one
// count, as if they were one client.
const maxFailing = 4

// FailuresInARow returns the failures that count towards Policy.FailureLimit: all, but of
// one client at most half of the limit, or one address could close a recipient by itself.
func (l *Ledger) FailuresInARow(p Policy) int {
	sum := 0
	for _, f := range l.Failures {
		sum += min(f.Count, p.clientFailures())
	}
	return sum
}

// fail charges a failure and returns the client it is counted under.
func (l *Ledger) fail(client string) string {
	client = l.countedAs(client)
	i := l.failing(client)
	if i < 0 {
		i, _ = slices.BinarySearchFunc(l.Failures, client, func(f Failures, c string) int { return strings.Compare(f.Client, c) })
		l.Failures = slices.Insert(l.Failures, i, Failures{Client: client})
	}
	l.Failures[i].Count++
	return client
}

// countedAs returns whom a client's failures are counted under.
func (l *Ledger) countedAs(client string) string {
	if l.failing(client) < 0 && l.failingClients() >= maxFailing {
		return ""
	}
	return client
}

// unfail takes a failure back from the client it was counted under.
func (l *Ledger) unfail(client string) {
	i := l.failing(client)
	if i < 0 {
		return
	}
	l.Failures[i].Count--
	if l.Failures[i].Count <= 0 {
		l.Failures = slices.Delete(l.Failures, i, i+1)
	}
}

func (l *Ledger) failing(client string) int {
	return slices.IndexFunc(l.Failures, func(f Failures) bool { return f.Client == client })
}

// failingClients counts the clients that are counted one by one.
func (l *Ledger) failingClients() int {
	n := 0
	for _, f := range l.Failures {
		if f.Client != "" {
			n++
		}
	}
	return n
}

// succeed starts the count of failures in a row anew, from the charges whose outcome is
// not known yet.
func (l *Ledger) succeed() {
	l.Failures = nil
	l.eachCharge(func(c *Charge) {
		if !c.Forgiven {
			c.Client = l.fail(c.Client)
		}
	})
}

// forgive makes the failures in a row none, charges under way included: what becomes of
// those changes the count no more.
func (l *Ledger) forgive() {
	l.Failures = nil
	l.eachCharge(func(c *Charge) { c.Forgiven = true })
}

// review disables the recipient once its failures reach the limit, charges under way
// included, and takes that back if one of those turns out to be none.
func (l *Ledger) review(now time.Time, p Policy) {
	switch {
	case l.FailuresInARow(p) < p.FailureLimit:
		l.DisabledAt = time.Time{}
	case l.DisabledAt.IsZero():
		l.DisabledAt = now
	}
}

// writeOff forgets runs that are gone for certain, however clocks differ. Their charges
// stay attempts and failures, and nobody will say what they came to.
func (l *Ledger) writeOff(now time.Time, p Policy) {
	gone := func(began time.Time) bool { return !began.IsZero() && !now.Before(began.Add(2*p.SendTimeout)) }
	for i := range l.Verifications {
		v := &l.Verifications[i]
		v.Charges = slices.DeleteFunc(v.Charges, func(c Charge) bool { return gone(c.At) })
	}
	l.eachDelivery(func(d *Delivery) {
		if d.Progress == Unconfirmed && gone(d.StartedAt) {
			d.RunID = ""
		}
	})
}

func (l *Ledger) eachCharge(f func(*Charge)) {
	for i := range l.Verifications {
		for j := range l.Verifications[i].Charges {
			f(&l.Verifications[i].Charges[j])
		}
	}
}
