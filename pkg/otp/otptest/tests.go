package otptest

import (
	"context"
	"slices"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// The half of the oracle that is about test recipients. Their codes are a history of their
// own in the model; of the rest they know failures and a closed recipient alone.

// TestPIN is the PIN of every test recipient.
const TestPIN = "424242"

// MakeTest has a recipient be a test recipient until a moment. It is called before the first
// request.
func (w *World) MakeTest(to recipient.Recipient, until time.Time) { w.tests[to] = until }

// testsOf are the test recipients as one request sees them.
type testsOf struct {
	w *World
	r *Request
}

func (t testsOf) Find(_ context.Context, to recipient.Recipient, now time.Time) (*otp.TestTerms, error) {
	ends := t.w.tests[to]
	if t.r.Unheeded || !now.Before(ends) {
		return nil, nil //nolint:nilnil // nil is everybody who is no test recipient
	}
	t.r.testUntil = ends
	return &otp.TestTerms{Ends: ends, Accepts: func(pin string) bool { return pin == TestPIN }}, nil
}

// testCode is one send to a test recipient.
type testCode struct {
	send    *Request
	at      time.Time
	life    time.Time
	expires time.Time
	ended   otp.State
	winner  *Request
	resends []testResend // the last two
}

type testResend struct {
	by *Request
	at time.Time
}

func (c *testCode) live(now time.Time) bool {
	return c != nil && c.ended == "" && now.Before(c.expires)
}

// rememberedTests drops codes that are forgotten by now.
func (m *model) rememberedTests(now time.Time) {
	m.tests = slices.DeleteFunc(slices.Clone(m.tests), func(c testCode) bool {
		return !now.Before(c.expires) && !now.Before(c.at.Add(m.policy.SendLimit.Window))
	})
}

// testNamed returns the code that a verification id stands for.
func (m *model) testNamed(of *Request) *testCode {
	for i := range m.tests {
		if sameID(m.tests[i].send, of) {
			return &m.tests[i]
		}
	}
	return nil
}

func (m *model) testNewest() *testCode {
	if len(m.tests) == 0 {
		return nil
	}
	return &m.tests[len(m.tests)-1]
}

// meansTest reports whether a request of a test recipient is about a test code.
func (m *model) meansTest(r *Request, now time.Time) bool {
	if r.Operation != Verify {
		return true
	}
	m.rememberedTests(now)
	for _, c := range m.codes {
		if !c.gone && c.winner != nil && sameGuess(c.winner, r) {
			return false
		}
	}
	for _, c := range m.tests {
		if c.winner != nil && sameGuess(c.winner, r) {
			return true
		}
	}
	if r.Of != nil {
		return m.testNamed(r.Of) != nil
	}
	newest, sent := m.testNewest(), m.newest()
	return newest != nil && (sent == nil || !m.delivery(sent.send).at.After(newest.at))
}

// keyedTest says what a key gets that stands for a test code; false if it stands for none.
func (m *model) keyedTest(r *Request, now time.Time) (decision, bool) {
	for _, c := range m.tests {
		if r.Key == "" || c.send.Key != r.Key || r.Operation != Send {
			continue
		}
		switch {
		case c.send.Voice != r.Voice:
			return decision{reason: otp.KeyReused}, true
		case c.ended != "" || !now.Before(c.expires) || r.testUntil.IsZero():
			return decision{reason: otp.KeyExpired}, true
		}
		return decision{repeat: true, of: c.send}, true
	}
	return decision{}, false
}

// test says what a request of a test recipient gets. An empty decision is carried out.
func (m *model) test(r *Request, now time.Time) decision {
	m.rememberedTests(now)
	closed := decision{reason: otp.RecipientLimited, wait: m.opensAt().Sub(now)}
	switch r.Operation {
	case Send:
		if d, over := m.repeated(r, now); over {
			return d
		}
		if d, over := m.keyedTest(r, now); over {
			return d
		}
		if m.disabled(now) {
			return closed
		}
	case Resend:
		for _, c := range m.tests {
			for _, d := range c.resends {
				if c.live(now) && r.Key != "" && d.by.Key == r.Key {
					if d.by.Voice != r.Voice || !sameID(d.by.Of, r.Of) {
						return decision{reason: otp.KeyReused}
					}
					return decision{repeat: true, of: d.by}
				}
			}
		}
		c := m.testNamed(r.Of)
		switch {
		case !c.live(now):
			return decision{reason: otp.InvalidOrExpired}
		case m.disabled(now):
			return closed
		}
	case Verify:
		return m.testGuess(r, now)
	}
	return decision{}
}

func (m *model) testGuess(r *Request, now time.Time) decision {
	for _, c := range m.tests {
		if c.winner != nil && now.Before(c.expires) && sameGuess(c.winner, r) {
			return decision{repeat: true, of: c.winner}
		}
	}
	c := m.testMeant(r)
	if !c.live(now) || m.disabled(now) || m.closedTo(r.Client, now) || m.testAttempts(c, false) >= m.policy.PINAttempts ||
		m.testStranger(r, c) && m.testAttempts(c, true) >= m.policy.PINAttempts {
		return decision{reason: otp.InvalidOrExpired}
	}
	return decision{}
}

// closedTo reports whether a client has failed as often as it counts for, within the time
// that a recipient stays closed.
func (m *model) closedTo(client string, now time.Time) bool {
	return m.shareUsedUp(client) && now.Before(m.lastGuess().Add(m.policy.DisabledMemory))
}

func (m *model) shareUsedUp(client string) bool {
	n := 0
	for _, g := range m.guesses {
		if g.failure && !g.forgiven && g.by.Client == client {
			n++
		}
	}
	return n >= max(m.policy.FailureLimit/2, 1)
}

func (m *model) testMeant(r *Request) *testCode {
	if r.Of != nil {
		return m.testNamed(r.Of)
	}
	return m.testNewest()
}

func (m *model) testStranger(r *Request, c *testCode) bool {
	return r.Of == nil && (r.Client == "" || r.Client != c.send.Client)
}

func (m *model) testAttempts(c *testCode, stranger bool) int {
	n := 0
	for _, g := range m.guesses {
		if g.test && g.code == c.send && g.stranger == stranger {
			n++
		}
	}
	return n
}

// carryOutTest applies what test has allowed.
func (m *model) carryOutTest(r *Request, now time.Time) {
	m.forget(now)
	m.rememberedTests(now)
	life := now.Add(m.policy.PINTTL)
	if r.testUntil.Before(life) {
		life = r.testUntil
	}
	switch r.Operation {
	case Send:
		m.tests = append(m.tests, testCode{send: r, at: now, life: life, expires: life})
		live := 0
		for i := range slices.Backward(m.tests) {
			if c := &m.tests[i]; c.live(now) {
				live++
				if live > 3 {
					c.ended = otp.StateExpired
				}
			}
		}
		m.tests = m.tests[max(len(m.tests)-6, 0):]
	case Resend:
		c := m.testNamed(r.Of)
		c.resends = append(slices.Clip(c.resends), testResend{r, now})
		c.resends = c.resends[max(len(c.resends)-2, 0):]
	case Verify:
		c := m.testMeant(r)
		if r.PIN == TestPIN {
			c.winner, c.ended, c.expires = r, otp.StateVerified, life
			return
		}
		if m.shareUsedUp(r.Client) { // and the time of that is over
			for i := range m.guesses {
				m.guesses[i].forgiven = m.guesses[i].forgiven || m.guesses[i].by.Client == r.Client
			}
		}
		m.guesses = append(m.guesses, guess{
			by: r, code: c.send, at: now, stranger: m.testStranger(r, c), test: true, undone: true, failure: true,
		})
		if m.testAttempts(c, false) >= m.policy.PINAttempts {
			c.ended = otp.StateLocked
		}
		m.review(now)
	}
}

// testState is what a caller who named its verification learns of it.
func (m *model) testState(c *testCode, client string, now time.Time) (otp.CodeState, int) {
	attempts := m.testAttempts(c, false)
	switch {
	case c.winner != nil:
		return otp.CodeUsed, 0
	case c.ended == otp.StateExpired, c.ended == "" && !now.Before(c.expires):
		return otp.CodeExpired, 0
	case c.ended == otp.StateLocked, attempts >= m.policy.PINAttempts, m.disabled(now), m.closedTo(client, now):
		return otp.CodeLocked, 0
	}
	return otp.CodeWrong, m.policy.PINAttempts - attempts
}

// tested is called when the one write of a test recipient's request takes effect.
func (w *World) tested(r *Request, m *model, now time.Time) {
	if r.reserved {
		w.violated("%s: saved twice", r.Name)
		return
	}
	r.reserved, r.decided = true, now
	if d := m.test(r, now); d.reason != "" || d.repeat {
		w.violated("%s: carried out, the model says %+v", r.Name, d)
		return
	}
	m.carryOutTest(r, now)
}

// endedTest checks the answer of a test recipient's request, whatever came of it.
func (w *World) endedTest(r *Request, failure *otp.Error) {
	now := r.read.Truncate(time.Millisecond)
	m := r.view
	m.rememberedTests(now)
	want := decision{}
	switch {
	case !r.reserved:
		want = m.test(r, now)
		if want.reason == "" && !want.repeat {
			w.violated("%s: answered, and nothing is saved", r.Name)
			return
		}
	case r.Operation == Verify && r.PIN != TestPIN:
		want.reason = otp.InvalidOrExpired
	}
	want.wait = max(want.wait, 0)
	got := decision{repeat: want.repeat, of: want.of}
	if failure != nil {
		got = decision{reason: failure.Reason, wait: failure.RetryAfter}
	}
	if got != want {
		w.violated("%s: got %+v, the model says %+v", r.Name, got, want)
		return
	}
	if r.call != nil || r.trace.ProviderOutcome != "" {
		w.violated("%s: the provider was asked about a test recipient's code", r.Name)
	}
	if failure == nil && r.Operation != Verify {
		w.checkTestReceipt(r, &m, want)
	}
	if failure != nil && r.Operation == Verify && failure.Reason == otp.InvalidOrExpired && r.Of != nil && m.testNamed(r.Of) != nil {
		state, left := m.testState(m.testNamed(r.Of), r.Client, now)
		if failure.Code != state || failure.Remaining == nil || *failure.Remaining != left {
			w.violated("%s: the code's state is %q, the model says %q with %d left", r.Name, failure.Code, state, left)
		}
	}
	w.countTests(r, now)
}

func (w *World) checkTestReceipt(r *Request, m *model, d decision) {
	by := r
	if d.repeat {
		by = d.of
	}
	for _, c := range m.tests {
		at, of := c.at, c.send == by
		for _, again := range c.resends {
			if again.by == by {
				at, of = again.at, true
			}
		}
		if !of {
			continue
		}
		want := otp.Receipt{VerificationID: r.Receipt.VerificationID, ExpiresAt: c.life, ResendAt: at.Add(m.policy.SendCooldown)}
		if id := c.send.Receipt.VerificationID; id != "" {
			want.VerificationID = id
		}
		if r.Receipt != want {
			w.violated("%s: receipt is %+v, want %+v", r.Name, r.Receipt, want)
		}
		return
	}
	if !d.repeat || m.delivery(d.of) == nil {
		w.violated("%s: a receipt of nothing", r.Name)
	}
}

// countTests counts, without the model, what must never be exceeded.
func (w *World) countTests(r *Request, now time.Time) {
	if r.Operation != Verify || r.Err != nil {
		return
	}
	if r.PIN != TestPIN || !now.Before(w.tests[r.To]) {
		w.violated("%s: a success with another PIN, or after the end", r.Name)
	}
	if r.Of == nil {
		return
	}
	younger := 0
	for _, other := range w.Requests {
		won := other != r && other.Operation == Verify && other.At == AtEnd && !other.Crashed && other.Err == nil
		if won && other.Of != nil && sameID(other.Of, r.Of) && other.trace.Test && !sameGuess(other, r) && other.decided.After(r.Of.decided) {
			w.violated("%s: a second success of the code that %s verified", r.Name, other.Name)
		}
		if other.Operation == Send && other.To == r.To && other.trace.Test && other.reserved && r.Of.decided.Before(other.decided) && other.decided.Before(r.decided) {
			younger++
		}
	}
	if r.reserved && younger >= 6 { // three live, and three that ended before
		w.violated("%s: the code of %s lives, with %d after it", r.Name, r.Of.Name, younger)
	}
}
