package otptest

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// The oracle watches from outside: the provider's log, the answers, and the moments
// at which writes take effect. It has two halves. The first compares every decision
// with the model's. The second counts, without the model, what must never be exceeded.

// Violation returns the first thing that went wrong, with everything that led to it;
// nil if nothing did.
func (w *World) Violation() error {
	if len(w.faults) == 0 {
		return nil
	}
	schedule := ""
	for _, line := range w.trace {
		schedule += "\n  " + strings.TrimSpace(fmt.Sprintf(line.format, line.args...))
	}
	return fmt.Errorf("%s\nschedule:%s", strings.Join(w.faults, "\n"), schedule)
}

func (w *World) violated(format string, args ...any) {
	w.faults = append(w.faults, fmt.Sprintf(format, args...))
}

func (w *World) note(format string, args ...any) {
	w.trace = append(w.trace, line{format, args})
}

// line of a schedule, written out only if somebody will read it.
type line struct {
	format string
	args   []any
}

func (w *World) modelOf(r *Request) model {
	m, ok := w.models[r.To]
	if !ok {
		m.policy = w.Policy
	}
	return m
}

// saw is called when a request learns the number's state.
func (w *World) saw(r *Request, revision otp.Revision) {
	m := w.modelOf(r)
	if revision == "" && len(m.deliveries)+len(m.tests) > 0 {
		if what := m.matters(w.Clock.Now()); what != "" {
			w.violated("%s: the store forgot %s", r.Name, what)
		}
		m = model{policy: w.Policy}
		w.models[r.To] = m
	}
	r.view = m
	if !r.looked {
		r.looked, r.test = true, !r.testUntil.IsZero() && m.meansTest(r, w.Clock.Now())
	}
}

// saved is called when a request's write takes effect.
func (w *World) saved(r *Request) {
	m := w.modelOf(r).clone()
	now := r.read.Truncate(time.Millisecond)
	m.forget(now)
	switch {
	case r.test:
		w.tested(r, &m, now)
	case r.call != nil:
		w.record(r, &m, now)
	case r.reserved && r.failures > 0 && !r.withdrawn:
		// Its answer was lost, and it will not go on.
		r.withdrawn = true
		m.withdraw(r, now)
	case r.reserved:
		w.violated("%s: charged twice", r.Name)
	default:
		r.reserved, r.decided = true, now
		w.reserve(r, &m, now)
	}
	w.models[r.To] = m
	r.view = m
}

// reserve checks a charge and applies it.
func (w *World) reserve(r *Request, m *model, now time.Time) {
	if r.Operation == Verify {
		d := m.guess(r, now)
		if d.reason != "" || d.repeat {
			w.violated("%s: charged, the model says %+v", r.Name, d)
			return
		}
		m.debit(r, d.of, now)
		return
	}
	if d := m.deliver(r, now); d.reason != "" || d.repeat {
		w.violated("%s: charged, the model says %+v", r.Name, d)
	}
	m.charge(r, now)
}

// record applies an outcome. It may be written more than once, and counts once.
func (w *World) record(r *Request, m *model, now time.Time) {
	if r.recorded {
		return
	}
	r.recorded = true
	if m.guessOf(r) == nil && !m.remembers(r) {
		w.violated("%s: an outcome is saved where no charge is", r.Name)
		return
	}
	if r.Operation == Verify {
		m.settled(r, now)
		return
	}
	switch failed := r.call.Failed; {
	case failed == nil:
		m.concluded(r, sent, false)
	case *failed == otp.Unknown:
		m.concluded(r, lost, false)
	case *failed == otp.Throttled:
		m.concluded(r, turnedAway, false)
	default:
		m.concluded(r, notSent, *failed == otp.NotFound)
	}
}

// called is called when the provider has done what a request asked.
func (w *World) called(r *Request, c Call) {
	if r.call != nil {
		w.violated("%s: asked the provider twice", r.Name)
	}
	r.call = &c
	if !r.reserved || r.withdrawn {
		w.violated("%s: asked the provider without a charge", r.Name)
	}
	w.count(r)
}

// ended is called when a request has its answer.
func (w *World) ended(r *Request) {
	if errors.Is(r.Err, errNotAdmitted) {
		if r.reserved {
			w.violated("%s: charged although its address was refused", r.Name)
		}
		return
	}
	failure, ok := errors.AsType[*otp.Error](r.Err)
	if r.Err != nil && !ok {
		w.violated("%s: error is %v", r.Name, r.Err)
		return
	}
	switch {
	case failure != nil && failure.Reason == otp.Unavailable && r.failures > 0:
		if r.test {
			return // what was saved stays: nobody paid for it
		}
		if m := w.modelOf(r); r.call == nil && r.reserved && !r.withdrawn && r.failures == 1 && m.holds(r) {
			w.violated("%s: nothing was asked for, and its charge was not taken back", r.Name)
		}
	case failure != nil && failure.Reason == otp.Busy && r.conflicts >= 20:
	case r.test:
		w.endedTest(r, failure)
		return
	case r.call == nil:
		w.refused(r, failure)
	case r.Operation == Verify:
		w.verified(r, failure)
	default:
		w.delivered(r, failure)
	}
	w.countSuccess(r)
}

// refused checks an answer that the provider was not asked for.
func (w *World) refused(r *Request, failure *otp.Error) {
	now := r.read.Truncate(time.Millisecond)
	var want decision
	if r.Operation == Verify {
		want = r.view.guess(r, now)
	} else {
		want = r.view.deliver(r, now)
	}
	got := decision{repeat: failure == nil, of: want.of}
	if failure != nil {
		got.reason, got.wait = failure.Reason, failure.RetryAfter
	}
	want.wait = max(want.wait, 0)
	if got != want {
		w.violated("%s: got %+v, the model says %+v", r.Name, got, want)
		return
	}
	if got.repeat && r.Operation != Verify {
		d := r.view.delivery(want.of)
		w.checkReceipt(r, &r.view, d)
	}
	w.checkRemaining(r, failure, now)
}

// delivered checks the answer of a send or resend that reached the provider.
func (w *World) delivered(r *Request, failure *otp.Error) {
	reason := otp.Reason("")
	if failure != nil {
		reason = failure.Reason
	}
	want := map[otp.Effect]otp.Reason{
		otp.Unknown: otp.SendUnconfirmed, otp.NotSent: otp.SendFailed, otp.Refused: otp.SendFailed,
		otp.Throttled: otp.ProviderThrottled, otp.NotFound: otp.InvalidOrExpired,
	}
	if r.Operation == Send {
		want[otp.NotFound] = otp.SendFailed
	}
	switch failed := r.call.Failed; {
	case failed != nil:
		if reason != want[*failed] {
			w.violated("%s: answer is %q after the provider's %s", r.Name, reason, *failed)
		}
	case failure == nil:
		d := r.view.delivery(r)
		if d == nil || !r.recorded {
			w.violated("%s: said sent, and its handle is not saved", r.Name)
			return
		}
		w.checkReceipt(r, &r.view, d)
	case reason != otp.SendUnconfirmed:
		w.violated("%s: answer is %q after a message went out", r.Name, reason)
	case r.failures == 0 && r.view.remembers(r):
		w.violated("%s: the handle was lost without a fault of the store", r.Name)
	}
}

func (w *World) checkReceipt(r *Request, m *model, d *delivery) {
	c := m.code(d.code)
	if c == nil {
		return
	}
	want := otp.Receipt{VerificationID: r.Receipt.VerificationID, ExpiresAt: c.life, ResendAt: d.resendAt}
	if d.by != r || d.code != r {
		want.VerificationID = d.code.Receipt.VerificationID
		if want.VerificationID == "" { // its answer got lost
			want.VerificationID = r.Receipt.VerificationID
		}
	}
	if r.Receipt != want {
		w.violated("%s: receipt is %+v, want %+v", r.Name, r.Receipt, want)
	}
}

// verified checks the answer of a verify that reached the provider.
func (w *World) verified(r *Request, failure *otp.Error) {
	now := r.read.Truncate(time.Millisecond)
	if failed := r.call.Failed; failed != nil {
		want := otp.VerifyFailed
		if *failed == otp.Throttled {
			want = otp.ProviderThrottled
		}
		if failure == nil || failure.Reason != want {
			w.violated("%s: answer is %v after the provider's %s", r.Name, failure, *failed)
		}
		return
	}
	c := r.view.code(r.view.guessOf(r))
	won := c != nil && c.winner != nil && sameGuess(c.winner, r)
	if (failure == nil) != won {
		w.violated("%s: answer is %v, and the code was won by it: %t", r.Name, failure, won)
	}
	if failure == nil {
		return
	}
	if failure.Reason != otp.InvalidOrExpired {
		w.violated("%s: answer is %v after a verdict", r.Name, failure)
	}
	w.checkRemaining(r, failure, now)
	if r.call.Verdict == otp.Verified && r.failures == 0 && c != nil && c.winner == nil {
		w.violated("%s: the provider said verified, and nobody has the success", r.Name)
	}
}

func (m *model) guessOf(r *Request) *Request {
	for _, g := range m.guesses {
		if g.by == r {
			return g.code
		}
	}
	return nil
}

func (w *World) checkRemaining(r *Request, failure *otp.Error, now time.Time) {
	if failure == nil || r.Operation != Verify || failure.Reason != otp.InvalidOrExpired {
		return
	}
	r.view.rememberedTests(now)
	if c := r.view.testNamed(r.Of); r.Of != nil && r.view.named(r.Of) == nil && c != nil {
		if failure.Code != otp.CodeExpired || failure.Remaining == nil || *failure.Remaining != 0 {
			w.violated("%s: a test recipient's code is %q to who is none", r.Name, failure.Code)
		}
		return
	}
	if r.Of == nil || r.view.named(r.Of) == nil {
		if failure.Remaining != nil || failure.Code != "" {
			w.violated("%s: a stranger learns the tries left or the state %q", r.Name, failure.Code)
		}
		return
	}
	state, want := r.view.state(r.view.named(r.Of), now)
	if failure.Code != state {
		w.violated("%s: the code's state is %q, the model says %q", r.Name, failure.Code, state)
	}
	if failure.Remaining == nil {
		w.violated("%s: who named its verification does not learn that %d attempts remain", r.Name, want)
	} else if *failure.Remaining != want {
		w.violated("%s: attempts remaining %d, the model says %d", r.Name, *failure.Remaining, want)
	}
}
