package otptest

import (
	"slices"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// model says what the service has to decide about one number, as a history: who was
// charged when, and what became of it. It keeps no counter; every budget is counted
// anew from the history. It knows nothing of parallelism, crashes or lost writes: the
// oracle applies it where a request's write takes effect.
type model struct {
	policy     otp.Policy
	deliveries []delivery
	codes      []code
	guesses    []guess
	disabledAt time.Time
}

// delivery is a charged send or resend.
type delivery struct {
	by         *Request
	code       *Request // the send whose code it delivers
	at         time.Time
	windowEnds time.Time
	resendAt   time.Time
	fate       fate
	gone       bool // nothing refers to it any more
}

// fate is what became of a delivery.
type fate int

const (
	open fate = iota
	sent
	lost
	notSent
	turnedAway
)

// code is one send's PIN.
type code struct {
	send    *Request
	expires time.Time
	active  bool
	closed  bool // the provider takes no more guesses, or the send failed
	ended   bool // and none is under way that could still be right
	winner  *Request
	gone    bool
}

// guess is a charged verify.
type guess struct {
	by       *Request
	code     *Request
	at       time.Time
	open     bool
	reached  bool // it counts as an attempt
	failure  bool // it counts as a failure in a row
	forgiven bool // by a success, an operator, or time
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
	return m
}

// window gives the running send window's end and what was charged to it.
func (m *model) window(now time.Time) (time.Time, int) {
	ends := now.Add(m.policy.NumberSendLimit.Window)
	charged := 0
	for _, d := range m.deliveries {
		if now.Before(d.windowEnds) {
			ends = d.windowEnds
			if d.fate != notSent && d.fate != turnedAway {
				charged++
			}
		}
	}
	return ends, charged
}

func (m *model) failures(now time.Time) int {
	n := 0
	for _, g := range m.guesses {
		if g.failure && !g.forgiven && now.Before(m.guesses[len(m.guesses)-1].at.Add(m.policy.FailureMemory)) {
			n++
		}
	}
	return n
}

func (m *model) disabled(now time.Time) bool {
	marked := !m.disabledAt.IsZero() && now.Before(m.disabledAt.Add(m.policy.DisabledMemory))
	ranOut := !m.disabledAt.IsZero() && !marked
	return marked || !ranOut && m.failures(now) >= m.policy.FailureLimit
}

func (m *model) code(send *Request) *code {
	for i := range m.codes {
		if m.codes[i].send == send && !m.codes[i].gone {
			return &m.codes[i]
		}
	}
	return nil
}

// named gives the code that a verification id stands for.
func (m *model) named(of *Request) *code {
	for i := range m.codes {
		if c := &m.codes[i]; !c.gone && sameID(c.send, of) {
			return c
		}
	}
	return nil
}

// sameID says whether two sends get the same verification id: it is derived from the
// number and the idempotency key, if there is one.
func sameID(a, b *Request) bool {
	return a == b || a != nil && b != nil && a.Key != "" && a.Key == b.Key && a.Number == b.Number
}

// newest gives the newest code that went out.
func (m *model) newest() *code {
	for i := len(m.deliveries) - 1; i >= 0; i-- {
		if d := m.deliveries[i]; d.by == d.code && d.fate == sent && !d.gone {
			return m.code(d.code)
		}
	}
	return nil
}

func (m *model) attempts(c *code) int {
	n := 0
	for _, g := range m.guesses {
		if g.code == c.send && g.reached {
			n++
		}
	}
	return n
}

// usable says whether a code takes another guess.
func (m *model) usable(c *code, now time.Time) bool {
	return c != nil && c.active && !c.closed && c.winner == nil && now.Before(c.expires) && m.attempts(c) < m.policy.PINAttempts
}

// keyed finds the delivery that an idempotency key already stands for.
func (m *model) keyed(r *Request) *delivery {
	for i := range m.deliveries {
		d := &m.deliveries[i]
		if r.Key != "" && d.by.Key == r.Key && d.by.Operation == r.Operation && !d.gone {
			return d
		}
	}
	return nil
}

// decide says what a send or resend gets.
func (m *model) deliver(r *Request, now time.Time) decision {
	if d := m.keyed(r); d != nil {
		switch {
		case d.by.Voice != r.Voice || !sameID(d.by.Of, r.Of):
			return decision{reason: otp.KeyReused}
		case d.fate == sent:
			return decision{repeat: true, of: d.by}
		case d.fate == open && now.Before(d.at.Add(m.policy.SendTimeout)):
			return decision{reason: otp.KeyInUse}
		case d.fate == open || d.fate == lost:
			return decision{reason: otp.SendUnconfirmed, wait: d.resendAt.Sub(now)}
		case d.fate == notSent:
			return decision{reason: otp.SendFailed}
		case now.Before(d.resendAt):
			return decision{reason: otp.ProviderThrottled, wait: d.resendAt.Sub(now)}
		}
	}
	if r.Operation == Resend && !m.usable(m.named(r.Of), now) {
		return decision{reason: otp.InvalidOrExpired}
	}
	ends, charged := m.window(now)
	if charged >= m.policy.NumberSendLimit.Attempts || m.disabled(now) {
		return decision{reason: otp.NumberLimited, wait: ends.Sub(now)}
	}
	if len(m.deliveries) > 0 {
		if next := m.deliveries[len(m.deliveries)-1].resendAt; now.Before(next) {
			return decision{reason: otp.CoolingDown, wait: next.Sub(now)}
		}
	}
	return decision{}
}

// end ends a code that takes no more guesses, unless one is under way.
func (m *model) end(c *code) {
	c.ended = c.closed && !slices.ContainsFunc(m.guesses, func(g guess) bool { return g.code == c.send && g.open })
}

// charge applies a send or resend that is carried out.
func (m *model) charge(r *Request, now time.Time) {
	m.forget(now)
	ends, charged := m.window(now)
	began := ends.Add(-m.policy.NumberSendLimit.Window)
	d := delivery{by: r, code: r, at: now, windowEnds: ends, resendAt: now.Add(m.cooldown(charged + 1))}
	m.drop(func(old delivery) bool { return old.fate == notSent || old.fate == turnedAway })
	for i := range m.codes {
		c := &m.codes[i]
		send := m.delivery(c.send)
		if send.gone || !now.Before(c.expires) && send.at.Before(began) {
			c.gone = true
			m.drop(func(old delivery) bool { return old.code == c.send })
		}
	}
	if r.Operation == Resend {
		d.code = m.named(r.Of).send
	} else {
		m.codes = append(m.codes, code{send: r, expires: now.Add(m.policy.PINTTL)})
	}
	m.deliveries = append(m.deliveries, d)
}

func (m *model) cooldown(sends int) time.Duration {
	pause := m.policy.SendCooldown << (sends - 1)
	const most = 10 * time.Minute
	if pause > most {
		return max(most, m.policy.SendCooldown)
	}
	return pause
}

func (m *model) drop(which func(delivery) bool) {
	for i := range m.deliveries {
		if which(m.deliveries[i]) {
			m.deliveries[i].gone = true
		}
	}
}

func (m *model) delivery(by *Request) *delivery {
	for i := range m.deliveries {
		if m.deliveries[i].by == by {
			return &m.deliveries[i]
		}
	}
	return nil
}

// remembers says whether there is still something to record a delivery's outcome in.
func (m *model) remembers(by *Request) bool {
	d := m.delivery(by)
	return d != nil && !d.gone
}

// concluded applies what the provider said of a delivery.
func (m *model) concluded(r *Request, f fate, unknownCode bool) {
	d := m.delivery(r)
	c := m.code(d.code)
	d.fate = f
	switch {
	case r.Operation == Send && f == sent:
		c.active = true
	case r.Operation == Send && (f == notSent || f == turnedAway), unknownCode && c != nil && !c.ended:
		c.closed = true
		m.end(c)
	}
}

// guess says what a verify gets.
func (m *model) guess(r *Request, now time.Time) decision {
	for _, c := range m.codes {
		if c.winner != nil && !c.gone && now.Before(c.expires) && sameGuess(c.winner, r) {
			return decision{repeat: true, of: c.winner}
		}
	}
	c := m.newest()
	if r.Of != nil {
		c = m.named(r.Of)
	}
	if !m.usable(c, now) || m.disabled(now) {
		return decision{reason: otp.InvalidOrExpired}
	}
	if len(m.guesses) > 0 {
		if next := m.guesses[len(m.guesses)-1].at.Add(m.policy.VerifySpacing); now.Before(next) {
			return decision{reason: otp.VerifyTooSoon, wait: next.Sub(now)}
		}
	}
	return decision{of: c.send}
}

// sameGuess says whether two verifies are one under its idempotency key.
func sameGuess(a, b *Request) bool {
	return a == b || a.Key != "" && a.Key == b.Key && sameID(a.Of, b.Of) && a.PIN == b.PIN
}

// debit applies a verify that is carried out.
func (m *model) debit(r *Request, c *Request, now time.Time) {
	m.forget(now)
	m.guesses = append(m.guesses, guess{by: r, code: c, at: now, open: true, reached: true, failure: true})
}

// settled applies what the provider said of a guess.
func (m *model) settled(r *Request, now time.Time) {
	i := slices.IndexFunc(m.guesses, func(g guess) bool { return g.by == r })
	g := &m.guesses[i]
	c := m.code(g.code)
	g.open = false
	switch {
	case r.call.Failed != nil:
		g.failure = false
		g.reached = *r.call.Failed != otp.NotSent
	case r.call.Verdict == otp.Verified:
		c.winner, c.ended = r, true
		for j := range m.guesses {
			other := &m.guesses[j]
			underWay := other.open && other.code != c.send && m.code(other.code) != nil
			other.forgiven = other.forgiven || !underWay
		}
	case r.call.Verdict == otp.Gone:
		g.failure = false
		c.closed = true
		m.end(c)
	case r.call.Verdict == otp.Exhausted:
		c.closed = true
		m.end(c)
	case m.attempts(c) >= m.policy.PINAttempts:
		was := c.closed
		c.closed = true
		m.end(c)
		c.closed = was || c.ended
	}
	switch {
	case m.failures(now) < m.policy.FailureLimit:
		m.disabledAt = time.Time{}
	case m.disabledAt.IsZero():
		m.disabledAt = now
	}
}

// remaining is what a caller who named its verification learns.
func (m *model) remaining(r *Request, now time.Time) int {
	c := m.named(r.Of)
	if m.disabled(now) || !m.usable(c, now) && (c.active || c.closed || !now.Before(c.expires)) {
		return 0
	}
	return m.policy.PINAttempts - m.attempts(c)
}

// forget drops memories that ran out.
func (m *model) forget(now time.Time) {
	over := !m.disabledAt.IsZero() && !now.Before(m.disabledAt.Add(m.policy.DisabledMemory))
	if over {
		m.disabledAt = time.Time{}
	}
	if over || len(m.guesses) > 0 && !now.Before(m.guesses[len(m.guesses)-1].at.Add(m.policy.FailureMemory)) {
		m.enable0()
	}
}

func (m *model) enable0() {
	for i := range m.guesses {
		m.guesses[i].forgiven = true
	}
}

// enable applies the operator's command.
func (m *model) enable() {
	m.enable0()
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
	for _, d := range m.deliveries {
		if now.Before(d.windowEnds) {
			return "its send window"
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
	for _, g := range m.guesses {
		if now.Before(g.at.Add(m.policy.VerifySpacing)) {
			return "its spacing"
		}
	}
	return ""
}
