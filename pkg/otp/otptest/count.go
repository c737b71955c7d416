package otptest

import (
	"fmt"
	"strings"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// count checks a call against all calls before it. It uses no model: only what went
// in and out.
func (w *World) count(r *Request) {
	c := r.call
	if c.Operation == Verify {
		w.countGuess(r)
	}
	if c.Operation == Send && c.To != r.To.Canonical() {
		w.violated("%s: sent to a recipient that nobody asked for", r.Name)
	}
	if c.Operation == Verify && c.PIN != r.PIN {
		w.violated("%s: another PIN was asked about", r.Name)
	}
	if !c.Took || c.Operation == Verify {
		return
	}
	// One idempotency key, one message, while its code lives.
	for _, other := range w.Requests {
		if r.Key == "" || other == r || other.call == nil || !other.call.Took {
			continue
		}
		same := other.Key == r.Key && other.Operation == r.Operation && other.To == r.To
		if same && r.decided.Before(other.decided.Add(w.Policy.PINTTL)) {
			w.violated("%s: a second message under the key of %s", r.Name, other.Name)
		}
	}
}

func (w *World) countGuess(r *Request) {
	c := r.call
	if c.Code == 0 {
		return
	}
	asked := 0
	for _, other := range w.Requests {
		if o := other.call; o != nil && o.Operation == Verify && o.Code == c.Code && (o.Failed == nil || *o.Failed != otp.NotSent) {
			asked++
		}
	}
	// As many for who started it as for everybody else.
	if most := 2 * w.Policy.PINAttempts; asked > most {
		w.violated("%s: guess %d of a code that takes %d", r.Name, asked, most)
	}
	for _, other := range w.Requests {
		if o := other.call; o == nil || o.Operation != Send || o.Code != c.Code {
			continue
		}
		if other.To != r.To {
			w.violated("%s: asked about a code of another recipient", r.Name)
		}
		if r.Of != nil && !sameID(r.Of, other) {
			w.violated("%s: asked about a code of %s, which it did not name", r.Name, other.Name)
		}
		if !r.decided.Before(other.decided.Add(w.Policy.PINTTL)) {
			w.violated("%s: asked about a code %s after it was sent", r.Name, r.decided.Sub(other.decided))
		}
	}
}

// countSuccess checks a success against what the provider said.
func (w *World) countSuccess(r *Request) {
	if r.Operation != Verify || r.Err != nil {
		return
	}
	said := false
	for _, other := range w.Requests {
		if o := other.call; o != nil && sameGuess(other, r) && other.To == r.To && o.Verdict == otp.Verified && o.To == r.To.Canonical() && o.PIN == r.PIN {
			said = true
		}
	}
	if !said {
		w.violated("%s: success, and the provider never said so", r.Name)
	}
	for _, other := range w.Requests {
		won := other != r && other.At == AtEnd && !other.Crashed && other.Operation == Verify && other.Err == nil
		if won && other.call != nil && r.call != nil && other.call.Code == r.call.Code && !sameGuess(other, r) {
			w.violated("%s: a second success of the code that %s verified", r.Name, other.Name)
		}
	}
}

func (a Ask) String() string {
	s := fmt.Sprintf("to %s", a.To.Canonical())
	if a.Key != "" {
		s += " key=" + a.Key
	}
	if a.Client != "" {
		s += " from=" + a.Client
	}
	if a.Voice {
		s += " voice"
	}
	if a.Of != nil {
		s += " of " + a.Of.Name
	}
	if a.PIN != "" {
		s += " pin=" + a.PIN
	}
	if a.Unheeded {
		s += " unheeded"
	}
	return s
}

func (m Mishap) String() string {
	s := ""
	if m.Fail {
		s += " fails"
	}
	if m.Lose {
		s += " loses its answer"
	}
	if f := m.Provider; f.Err != nil {
		s += fmt.Sprintf(" %s (took place: %t)", f.Err.Effect, f.Effect)
	} else if f.Verdict != 0 {
		s += " says " + f.Verdict.String()
	}
	return s
}

type outcome struct {
	err     error
	receipt otp.Receipt
}

func (o outcome) String() string {
	if o.err != nil {
		return "answer: " + strings.ReplaceAll(o.err.Error(), "\n", "; ")
	}
	return fmt.Sprintf("answer: ok, resend at %s", o.receipt.ResendAt.Format(time.TimeOnly))
}
