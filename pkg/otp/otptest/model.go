package otptest

import (
	"slices"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// model says what the service has to decide about one recipient, as a history: who was
// charged when, and what became of it. It keeps no counter; every budget is counted
// anew from the history. It knows nothing of parallelism, crashes or lost writes: the
// oracle applies it where a request's write takes effect. Deliveries stand in sends.go, checks
// in guesses.go, and those of test recipients in tests.go.
type model struct {
	policy     otp.Policy
	deliveries []delivery
	codes      []code
	guesses    []guess
	tests      []testCode
	disabledAt time.Time
	verifiedAt time.Time
}

// code is one send's PIN.
type code struct {
	send    *Request
	life    time.Time // its end, as the receipt says
	expires time.Time // what a repeat finds of it ends then
	handle  string    // the provider's
	active  bool
	closed  bool // the provider takes no more guesses, or the send failed
	// ended is its final state: none is under way that could still be right.
	ended  otp.State
	winner *Request
	gone   bool
}

// decision is what a request gets before the provider is asked.
type decision struct {
	reason otp.Reason // empty: not refused
	wait   time.Duration
	repeat bool // carried out before
	of     *Request
}

func (m model) clone() model {
	m.deliveries = slices.Clone(m.deliveries)
	m.codes = slices.Clone(m.codes)
	m.guesses = slices.Clone(m.guesses)
	m.tests = slices.Clone(m.tests)
	return m
}

func (m *model) code(send *Request) *code {
	for i := range m.codes {
		if m.codes[i].send == send && !m.codes[i].gone {
			return &m.codes[i]
		}
	}
	return nil
}

// named returns the code that a verification id stands for.
func (m *model) named(of *Request) *code {
	for i := range m.codes {
		if c := &m.codes[i]; !c.gone && sameID(c.send, of) {
			return c
		}
	}
	return nil
}

// sameID reports whether two sends get the same verification id: it is derived from the
// recipient and the idempotency key, if there is one.
func sameID(a, b *Request) bool {
	return a == b || a != nil && b != nil && a.Key != "" && a.Key == b.Key && a.To == b.To
}

// newest returns the newest code that went out.
func (m *model) newest() *code {
	for i := len(m.deliveries) - 1; i >= 0; i-- {
		if d := m.deliveries[i]; d.by == d.code && d.fate == sent && !d.gone {
			return m.code(d.code)
		}
	}
	return nil
}

// live reports whether a code can be verified at all.
func (c *code) live(now time.Time) bool {
	return c != nil && c.active && c.ended == "" && now.Before(c.expires)
}

// usable reports whether a live code takes another guess of who may know of it.
func (m *model) usable(c *code, now time.Time) bool {
	return c.live(now) && !c.closed && m.attempts(c, false) < m.policy.PINAttempts
}

// end puts a code into a final state, unless a guess is under way.
func (m *model) end(c *code, state otp.State) {
	if !slices.ContainsFunc(m.guesses, func(g guess) bool { return g.code == c.send && g.open }) {
		c.ended = state
	}
}

// holds reports whether a request's charge is there, and nothing came of it.
func (m *model) holds(r *Request) bool {
	if r.Operation != Verify {
		return m.remembers(r) && m.delivery(r).fate == open
	}
	return slices.ContainsFunc(m.guesses, func(g guess) bool {
		c := m.code(g.code)
		return g.by == r && g.open && c != nil && c.ended == ""
	})
}

// withdraw applies that a charge is taken back before the provider was asked.
func (m *model) withdraw(r *Request, now time.Time) {
	if r.Operation == Verify {
		for i := range m.guesses {
			if g := &m.guesses[i]; g.by == r {
				g.open, g.reached, g.failure, g.undone = false, false, false, true
			}
		}
		m.review(now)
		return
	}
	d := m.delivery(r)
	d.fate, d.gone, d.resendAt = withdrawn, true, d.at
	if c := m.code(r); c != nil {
		c.gone = true
	}
}

// state is what a caller who named its verification learns of it.
func (m *model) state(c *code, now time.Time) (otp.CodeState, int) {
	switch {
	case c.winner != nil:
		return otp.CodeUsed, 0
	case c.ended == otp.StateExpired, c.ended == otp.StateFailed, c.ended == "" && !now.Before(c.expires):
		return otp.CodeExpired, 0
	case c.closed, c.ended == otp.StateLocked, m.attempts(c, false) >= m.policy.PINAttempts, m.disabled(now):
		return otp.CodeLocked, 0
	}
	return otp.CodeWrong, m.policy.PINAttempts - m.attempts(c, false)
}

// forget drops memories that ran out.
func (m *model) forget(now time.Time) {
	over := !m.disabledAt.IsZero() && !now.Before(m.disabledAt.Add(m.policy.DisabledMemory))
	if over {
		m.disabledAt = time.Time{}
	}
	if over || len(m.guesses) > 0 && !now.Before(m.lastGuess().Add(m.policy.FailureMemory)) {
		m.forgive()
	}
	for i := range m.guesses { // nobody will say what they came to
		g := &m.guesses[i]
		g.open = g.open && now.Before(g.at.Add(2*m.policy.SendTimeout))
	}
}

// enable applies the operator's command.
func (m *model) enable() {
	m.forgive()
	m.disabledAt = time.Time{}
}

// matters says what a store must not have forgotten yet; empty if nothing.
func (m *model) matters(now time.Time) string {
	if m.disabled(now) {
		return "that it is disabled"
	}
	if m.failures(now) > 0 {
		return "failures in a row"
	}
	if !m.verifiedAt.IsZero() && now.Before(m.verifiedAt.Add(m.policy.KnownMemory)) {
		return "that it is known"
	}
	for _, d := range m.deliveries {
		if now.Before(d.windowEnds) || now.Before(d.totalEnds) || m.ofClient(d, now) && now.Before(d.clientEnds) {
			return "its send windows"
		}
		if now.Before(d.resendAt) {
			return "its cooldown"
		}
	}
	for _, c := range m.codes {
		if !c.gone && now.Before(c.expires) {
			return "a code"
		}
	}
	for _, c := range m.tests {
		if now.Before(c.expires) {
			return "a test recipient's code"
		}
	}
	if now.Before(m.nextGuess()) {
		return "its spacing"
	}
	return ""
}
