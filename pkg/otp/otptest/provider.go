package otptest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// Operation is what a provider is asked for.
type Operation string

// Operations.
const (
	Send   Operation = "send"
	Resend Operation = "resend"
	Verify Operation = "verify"
)

// Fault is one misbehaviour of the provider in one call.
type Fault struct {
	// Err, if not nil, is what the caller gets.
	Err *otp.ProviderError
	// Effect says that the call took place although Err is returned.
	Effect bool
	// Verdict, if not zero, is given instead of the true one.
	Verdict otp.Verdict
}

// Call is one call as the provider saw it.
type Call struct {
	Operation Operation
	PinID     string
	To        string // the recipient the PIN belongs to
	PIN       string // of a verify
	// Code counts the PINs: which one it is about, zero if none.
	Code int
	// Took says that it had its effect: a message went out, or a PIN was compared.
	Took bool
	// Verdict that the caller got; zero if none.
	Verdict otp.Verdict
	// Failed is the effect that the caller got with an error; nil without one.
	Failed *otp.Effect
}

// Provider makes and compares PINs as Infobip does, and keeps a log of all calls. It
// is safe for concurrent use. The zero values of its settings are the lenient ones.
type Provider struct {
	// Single says that a PIN which was verified is gone.
	Single bool
	// Attempts is how many wrong tries a PIN takes; zero is any number.
	Attempts int
	// NewHandles says that a resend gives a new pinId in the place of the old one.
	NewHandles bool
	// Misbehave, if not nil, is asked before every call for its fault.
	Misbehave func(Operation) Fault
	// Hold, if not nil, is called in every call after its effect, outside any lock.
	Hold func(Operation)

	mu    sync.Mutex
	pins  map[string]*pin
	sent  int
	calls []Call
}

type pin struct {
	code       int
	to, secret string
	wrong      int
	used       bool
}

var _ otp.Provider = (*Provider)(nil)

// fork returns a provider of its own with the same PINs, log and settings.
func (p *Provider) fork() *Provider {
	p.mu.Lock()
	defer p.mu.Unlock()
	f := &Provider{Single: p.Single, Attempts: p.Attempts, NewHandles: p.NewHandles, sent: p.sent, calls: slices.Clip(p.calls)}
	f.pins = make(map[string]*pin, len(p.pins))
	for handle, known := range p.pins {
		own := *known
		f.pins[handle] = &own
	}
	return f
}

// ProviderFailure makes the error of a call that did not succeed.
func ProviderFailure(effect otp.Effect) *otp.ProviderError {
	return &otp.ProviderError{Effect: effect, Err: errors.New("a fault of the test")}
}

// Send implements otp.Provider.
func (p *Provider) Send(_ context.Context, to recipient.Recipient, _ otp.Channel, _ otp.Message) (string, error) {
	return p.deliver(Send, "", to.Canonical())
}

// Resend implements otp.Provider.
func (p *Provider) Resend(_ context.Context, pinID string, _ otp.Channel) (string, error) {
	return p.deliver(Resend, pinID, "")
}

func (p *Provider) deliver(op Operation, pinID, to string) (string, error) {
	fault := p.fault(op)
	p.mu.Lock()
	call := Call{Operation: op, PinID: pinID, To: to}
	known, ok := p.pins[pinID]
	switch {
	case fault.Err != nil && !fault.Effect:
	case op == Resend && !ok:
		fault.Err = ProviderFailure(otp.NotFound)
	default:
		call.Took = true
		p.sent++
		if op == Send {
			known = &pin{code: p.sent, to: to, secret: fmt.Sprintf("%06d", p.sent)}
		}
		call.To, call.Code = known.to, known.code
		if op == Send || p.NewHandles {
			delete(p.pins, pinID)
			call.PinID = fmt.Sprintf("handle-%d", p.sent)
			if p.pins == nil {
				p.pins = map[string]*pin{}
			}
			p.pins[call.PinID] = known
		}
	}
	if fault.Err != nil {
		call.Failed = &fault.Err.Effect
	}
	p.calls = append(p.calls, call)
	p.mu.Unlock()
	p.hold(op)
	if fault.Err != nil {
		return "", fault.Err
	}
	return call.PinID, nil
}

// Verify implements otp.Provider.
func (p *Provider) Verify(_ context.Context, pinID string, whose recipient.Recipient, guess string) (otp.Verdict, error) {
	to := whose.Canonical()
	fault := p.fault(Verify)
	p.mu.Lock()
	call := Call{Operation: Verify, PinID: pinID, To: to, PIN: guess, Took: fault.Err == nil || fault.Effect}
	if known, ok := p.pins[pinID]; ok {
		call.Code = known.code
	}
	if call.Took {
		call.Verdict = p.compare(pinID, to, guess)
	}
	if fault.Verdict != 0 {
		call.Verdict = fault.Verdict
	}
	if fault.Err != nil {
		call.Verdict, call.Failed = 0, &fault.Err.Effect
	}
	p.calls = append(p.calls, call)
	p.mu.Unlock()
	p.hold(Verify)
	if fault.Err != nil {
		return 0, fault.Err
	}
	return call.Verdict, nil
}

func (p *Provider) compare(pinID, to, guess string) otp.Verdict {
	known, ok := p.pins[pinID]
	switch {
	case !ok || known.to != to || known.used && p.Single:
		return otp.Gone
	case p.Attempts > 0 && known.wrong >= p.Attempts:
		return otp.Exhausted
	case known.secret == guess:
		known.used = true
		return otp.Verified
	}
	known.wrong++
	if p.Attempts > 0 && known.wrong >= p.Attempts {
		return otp.Exhausted
	}
	return otp.Wrong
}

func (p *Provider) fault(op Operation) Fault {
	if p.Misbehave == nil {
		return Fault{}
	}
	return p.Misbehave(op)
}

func (p *Provider) hold(op Operation) {
	if p.Hold != nil {
		p.Hold(op)
	}
}

// Calls returns the log of one operation so far, of all if op is empty.
func (p *Provider) Calls(op Operation) []Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	var calls []Call
	for _, c := range p.calls {
		if op == "" || c.Operation == op {
			calls = append(calls, c)
		}
	}
	return calls
}

// last returns the newest call.
func (p *Provider) last() Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls[len(p.calls)-1]
}

// Delivered counts the messages that reached a phone.
func (p *Provider) Delivered() int {
	delivered := 0
	for _, c := range p.Calls("") {
		if c.Took && c.Operation != Verify {
			delivered++
		}
	}
	return delivered
}

// PIN returns the PIN of the newest message to a recipient, as the person reads it; empty
// if there was none.
func (p *Provider) PIN(to recipient.Recipient) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.calls) - 1; i >= 0; i-- {
		if c := p.calls[i]; c.Took && c.Operation != Verify && c.To == to.Canonical() {
			if known, ok := p.pins[c.PinID]; ok {
				return known.secret
			}
		}
	}
	return ""
}

// Together is a Hold that keeps calls under way until n of them have come in, or
// until a minute has passed: in a synctest bubble, until nothing else can happen.
func Together(n int) func(Operation) {
	var mu sync.Mutex
	open := make(chan struct{})
	waiting := 0
	return func(Operation) {
		mu.Lock()
		waiting++
		if waiting == n {
			close(open)
		}
		mu.Unlock()
		select {
		case <-open:
		case <-time.After(time.Minute):
		}
	}
}
