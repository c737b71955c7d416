package otptest

import (
	"slices"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// model says what the service has to decide about one recipient, as a history: who was
// charged when, and what became of it. It keeps no counter; every budget is counted
// anew from the history. It knows nothing of parallelism, crashes or lost writes: the
// oracle applies it where a request's write takes effect.
type model struct {
	policy     otp.Policy
	deliveries []delivery
	codes      []code
	guesses    []guess
	tests      []testCode
	disabledAt time.Time
	verifiedAt time.Time
}

// delivery is a charged send or resend.
type delivery struct {
	by   *Request
	code *Request // the send whose code it delivers
	at   time.Time
	// The ends of the windows it was charged to.
	windowEnds, clientEnds, totalEnds time.Time

	resendAt time.Time
	fate     fate
	returned bool // a success gave it back to the recipient
	own      bool // and to its client
	gone     bool // nothing refers to it any more
}

// fate is what became of a delivery.
type fate int

const (
	open fate = iota
	sent
	lost
	notSent
	turnedAway
	withdrawn
)

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

// underWay reports whether a delivery's asker may still be there.
func (m *model) underWay(d delivery, now time.Time) bool {
	return d.fate == open && now.Before(d.at.Add(m.policy.SendTimeout))
}

// shared reports whether a delivery counts among the recipient's sends.
func (m *model) shared(d delivery, now time.Time) bool {
	return !d.returned && (d.fate == sent || m.underWay(d, now))
}

// ofClient reports whether a delivery counts as its client's.
func (m *model) ofClient(d delivery, now time.Time) bool {
	return !d.own && (d.fate == sent || m.underWay(d, now))
}

// unsure reports whether nobody knows of a delivery, and none has succeeded since.
func (m *model) unsure(d delivery, now time.Time) bool {
	return !d.returned && (d.fate == lost || d.fate == open && !m.underWay(d, now))
}

// count counts a window's deliveries, and says when the window ends: a new one's end if
// none is running. A window runs as long as one of those that make it is in it.
func (m *model) count(now time.Time, limit rate.Rate, ends func(delivery) time.Time, makes, counts func(delivery) bool) (time.Time, int) {
	end, n := now.Add(limit.Window), 0
	for _, d := range m.deliveries {
		if now.Before(ends(d)) && makes(d) {
			end = ends(d)
			if counts(d) {
				n++
			}
		}
	}
	return end, n
}

// budgets are the windows of a recipient as a client meets them.
type budgets struct {
	windowEnds, clientEnds, totalEnds time.Time
	sends, unsure, client, total      int
}

func (m *model) budgets(client string, now time.Time) budgets {
	var b budgets
	all := func(delivery) bool { return true }
	shared := func(d delivery) bool { return m.shared(d, now) }
	ofWindow := func(d delivery) time.Time { return d.windowEnds }
	b.windowEnds, b.sends = m.count(now, m.policy.SendLimit, ofWindow, all, shared)
	_, b.unsure = m.count(now, m.policy.SendLimit, ofWindow, all, func(d delivery) bool { return m.unsure(d, now) })
	b.clientEnds, b.client = m.count(now, m.policy.ClientSendLimit, func(d delivery) time.Time { return d.clientEnds },
		func(d delivery) bool { return d.by.Client == client && m.ofClient(d, now) }, func(delivery) bool { return true })
	b.totalEnds, b.total = m.count(now, m.policy.TotalLimit, func(d delivery) time.Time { return d.totalEnds }, all,
		func(d delivery) bool { return d.fate == sent || d.fate == open || d.fate == lost })
	return b
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

func (m *model) attempts(c *code, stranger bool) int {
	n := 0
	for _, g := range m.guesses {
		if g.code == c.send && g.reached && g.stranger == stranger {
			n++
		}
	}
	return n
}

// live reports whether a code can be verified at all.
func (c *code) live(now time.Time) bool {
	return c != nil && c.active && c.ended == "" && now.Before(c.expires)
}

// usable reports whether a live code takes another guess of who may know of it.
func (m *model) usable(c *code, now time.Time) bool {
	return c.live(now) && !c.closed && m.attempts(c, false) < m.policy.PINAttempts
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

// asks reports whether a request under the delivery's key is the same once more.
func (d *delivery) asks(r *Request) bool { return d.by.Voice == r.Voice && sameID(d.by.Of, r.Of) }

// repeated says what a send or resend gets whose key stands for a real delivery; false if
// it is to be carried out.
func (m *model) repeated(r *Request, now time.Time) (decision, bool) {
	d := m.keyed(r)
	if d != nil && r.Operation == Resend && !m.code(d.code).live(now) && (d.asks(r) || d.fate == notSent || d.fate == turnedAway) {
		d = nil // of an ended code only the key is still taken
	}
	if d != nil {
		c := m.code(d.code)
		over := c.ended == otp.StateVerified || c.ended == otp.StateLocked || c.ended == otp.StateExpired || !now.Before(c.expires)
		switch {
		case !d.asks(r):
			return decision{reason: otp.KeyReused}, true
		case r.Operation == Send && over && d.fate != notSent && d.fate != turnedAway:
			return decision{reason: otp.KeyExpired}, true
		case d.fate == sent:
			return decision{repeat: true, of: d.by}, true
		case m.underWay(*d, now):
			return decision{reason: otp.KeyInUse, wait: d.at.Add(m.policy.SendTimeout).Sub(now)}, true
		case d.fate == open || d.fate == lost:
			return decision{reason: otp.SendUnconfirmed, wait: d.resendAt.Sub(now)}, true
		case d.fate == notSent:
			return decision{reason: otp.SendFailed}, true
		case now.Before(d.resendAt):
			return decision{reason: otp.ProviderThrottled, wait: d.resendAt.Sub(now)}, true
		}
	}
	return decision{}, false
}

// deliver says what a send or resend gets.
func (m *model) deliver(r *Request, now time.Time) decision {
	if r.Voice && r.To.Kind() != recipient.Phone {
		return decision{reason: otp.ChannelMismatch}
	}
	if d, over := m.repeated(r, now); over {
		return d
	}
	if r.Operation == Send {
		m.rememberedTests(now)
		if d, over := m.keyedTest(r, now); over {
			return d
		}
	}
	if r.Operation == Resend && !m.usable(m.named(r.Of), now) {
		return decision{reason: otp.InvalidOrExpired}
	}
	if m.disabled(now) {
		return decision{reason: otp.RecipientLimited, wait: m.opensAt().Sub(now)}
	}
	b := m.budgets(r.Client, now)
	var until time.Time
	for _, window := range []struct {
		used, limit int
		ends        time.Time
	}{
		{b.sends, m.policy.SendLimit.Attempts, b.windowEnds},
		{b.client, m.policy.ClientSendLimit.Attempts, b.clientEnds},
		{b.total, m.policy.TotalLimit.Attempts, b.totalEnds},
	} {
		if window.used >= window.limit && window.ends.After(until) {
			until = window.ends
		}
	}
	if !until.IsZero() {
		return decision{reason: otp.RecipientLimited, wait: until.Sub(now)}
	}
	if len(m.deliveries) > 0 {
		if next := m.deliveries[len(m.deliveries)-1].resendAt; now.Before(next) {
			return decision{reason: otp.CoolingDown, wait: next.Sub(now)}
		}
	}
	return decision{}
}

// end puts a code into a final state, unless a guess is under way.
func (m *model) end(c *code, state otp.State) {
	if !slices.ContainsFunc(m.guesses, func(g guess) bool { return g.code == c.send && g.open }) {
		c.ended = state
	}
}

// charge applies a send or resend that is carried out.
func (m *model) charge(r *Request, now time.Time) {
	m.forget(now)
	b := m.budgets(r.Client, now)
	began := b.windowEnds.Add(-m.policy.SendLimit.Window)
	d := delivery{
		by: r, code: r, at: now, windowEnds: b.windowEnds, clientEnds: b.clientEnds, totalEnds: b.totalEnds,
		resendAt: now.Add(m.cooldown(b.sends + b.unsure + 1)),
	}
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
		m.codes = append(m.codes, code{send: r, life: now.Add(m.policy.PINTTL), expires: now.Add(m.policy.PINTTL)})
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

// remembers reports whether there is still something to record a delivery's outcome in.
func (m *model) remembers(by *Request) bool {
	d := m.delivery(by)
	return d != nil && !d.gone
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

// concluded applies what the provider said of a delivery.
func (m *model) concluded(r *Request, f fate, unknownCode bool) {
	d := m.delivery(r)
	c := m.code(d.code)
	d.fate = f
	switch {
	case c == nil || c.ended != "":
	case f == sent:
		c.active, c.handle = true, r.call.PinID
	case r.Operation == Send && (f == notSent || f == turnedAway):
		c.closed, c.ended = true, otp.StateFailed
	case unknownCode && c.active && c.handle == r.call.PinID:
		c.closed = true
		m.end(c, otp.StateExpired)
	}
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

func (m *model) forgive() {
	for i := range m.guesses {
		m.guesses[i].forgiven = true
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
