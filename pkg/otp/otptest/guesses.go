package otptest

import (
	"slices"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// guess is a charged verify.
type guess struct {
	by       *Request
	code     *Request
	at       time.Time
	stranger bool
	open     bool
	released bool // its key is free although its outcome is not known
	undone   bool // taken back, its spacing too
	reached  bool // it counts as an attempt
	failure  bool // it counts as a failure in a row
	test     bool // it was of a test recipient's code
	forgiven bool // by a success, an operator, or time
}

func (m *model) failures(now time.Time) int {
	byClient := map[string]int{}
	for _, g := range m.guesses {
		if g.failure && !g.forgiven && now.Before(m.lastGuess().Add(m.policy.FailureMemory)) {
			byClient[g.by.Client]++
		}
	}
	n := 0
	for _, count := range byClient {
		n += min(count, max(m.policy.FailureLimit/2, 1))
	}
	return n
}

// lastGuess is when the last guess was charged.
func (m *model) lastGuess() time.Time {
	if len(m.guesses) == 0 {
		return time.Time{}
	}
	return m.guesses[len(m.guesses)-1].at
}

// nextGuess is when the spacing is over.
func (m *model) nextGuess() time.Time {
	var next time.Time
	for _, g := range m.guesses {
		if !g.undone {
			next = g.at.Add(m.policy.VerifySpacing)
		}
	}
	return next
}

func (m *model) disabled(now time.Time) bool {
	marked := !m.disabledAt.IsZero() && now.Before(m.disabledAt.Add(m.policy.DisabledMemory))
	ranOut := !m.disabledAt.IsZero() && !marked
	return marked || !ranOut && m.failures(now) >= m.policy.FailureLimit
}

// opensAt is when a disabled recipient is enabled again.
func (m *model) opensAt() time.Time {
	since := m.disabledAt
	if since.IsZero() {
		since = m.lastGuess()
	}
	return since.Add(m.policy.DisabledMemory)
}

func (m *model) attempts(c *code, stranger bool) int {
	n := 0
	for _, g := range m.guesses {
		if g.code == c.send && g.reached && g.stranger == stranger {
			n++
		}
	}
	return n
}

// guess says what a verify gets.
func (m *model) guess(r *Request, now time.Time) decision {
	for _, c := range m.codes {
		if c.gone {
			continue
		}
		if c.winner != nil && now.Before(c.expires) && sameGuess(c.winner, r) {
			return decision{repeat: true, of: c.winner}
		}
		for _, g := range m.guesses {
			runs := g.at.Add(m.policy.SendTimeout)
			if g.code == c.send && c.ended == "" && g.open && !g.released && g.by != r && sameGuess(g.by, r) && now.Before(runs) {
				return decision{reason: otp.KeyInUse, wait: runs.Sub(now)}
			}
		}
	}
	c := m.newest()
	if r.Of != nil {
		c = m.named(r.Of)
	}
	if c == nil {
		return decision{reason: otp.InvalidOrExpired}
	}
	spent := m.stranger(r, c) && m.attempts(c, true) >= m.policy.PINAttempts
	if !m.usable(c, now) || spent || m.disabled(now) {
		return decision{reason: otp.InvalidOrExpired}
	}
	if next := m.nextGuess(); now.Before(next) {
		return decision{reason: otp.VerifyTooSoon, wait: next.Sub(now)}
	}
	return decision{of: c.send}
}

// stranger reports whether a guess is one of somebody who did not start the code and does
// not name it.
func (m *model) stranger(r *Request, c *code) bool {
	return r.Of == nil && (r.Client == "" || r.Client != c.send.Client)
}

// sameGuess reports whether two verifies are one under its idempotency key.
func sameGuess(a, b *Request) bool {
	return a == b || a.Key != "" && a.Key == b.Key && sameID(a.Of, b.Of) && a.PIN == b.PIN
}

// debit applies a verify that is carried out.
func (m *model) debit(r *Request, c *Request, now time.Time) {
	m.forget(now)
	m.guesses = append(m.guesses, guess{
		by: r, code: c, at: now, stranger: m.stranger(r, m.code(c)), open: true, reached: true, failure: true,
	})
}

// settled applies what the provider said of a guess.
func (m *model) settled(r *Request, now time.Time) {
	i := slices.IndexFunc(m.guesses, func(g guess) bool { return g.by == r })
	g := &m.guesses[i]
	c := m.code(g.code)
	if r.call.Failed != nil && *r.call.Failed == otp.Unknown {
		g.released = true
		return
	}
	g.open = false
	switch {
	case r.call.Failed != nil:
		g.failure = false
		g.reached = *r.call.Failed != otp.NotSent
	case r.call.Verdict == otp.Verified:
		m.succeeded(r, c, now)
	case r.call.Verdict == otp.Gone:
		g.failure = false
		if c.handle == r.call.PinID {
			c.closed = true
			m.end(c, otp.StateExpired)
		}
	case r.call.Verdict == otp.Exhausted:
		c.closed = true
		m.end(c, otp.StateLocked)
	case c.closed || m.attempts(c, false) >= m.policy.PINAttempts:
		m.end(c, otp.StateLocked)
	}
	m.review(now)
}

// review disables a recipient whose failures are too many, and enables one that was disabled
// for a failure that turned out to be none.
func (m *model) review(now time.Time) {
	switch {
	case m.failures(now) < m.policy.FailureLimit:
		m.disabledAt = time.Time{}
	case m.disabledAt.IsZero():
		m.disabledAt = now
	}
}

// succeeded applies a success: failures before it are forgiven and sends before it given
// back, but for those under way.
func (m *model) succeeded(r *Request, c *code, now time.Time) {
	c.winner, c.ended, c.expires = r, otp.StateVerified, now.Add(m.policy.PINTTL)
	m.verifiedAt = now
	for j := range m.guesses {
		other := &m.guesses[j]
		underWay := other.open && other.code != c.send && m.code(other.code) != nil
		other.forgiven = other.forgiven || !underWay
	}
	for j := range m.deliveries {
		d := &m.deliveries[j]
		d.returned = d.returned || !m.underWay(*d, now)
		d.own = d.own || !m.underWay(*d, now) && d.by.Client == c.send.Client
	}
}

func (m *model) forgive() {
	for i := range m.guesses {
		m.guesses[i].forgiven = true
	}
}
