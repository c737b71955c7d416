package httpapi

import (
	"context"

	"github.com/seed-a131a524/infobip-otp/pkg/rate"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/phone"
	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
	"github.com/seed-a131a524/infobip-otp/pkg/ratelimit"
)

// gate counts the client addresses of a function. Every request counts, also one that
// is refused for its form. The count runs beside everything else; its result is
// waited for before anything is written, and before the answer is.
type gate struct {
	edge  Edge
	name  string // of the counter
	what  string // of the sentence
	limit rate.Rate
}

// admission is a count under way.
type admission struct {
	gate   *gate
	key    pseudonym.Key
	keyErr error
	done   chan struct{}
	// Set before done is closed.
	decision ratelimit.Decision
	err      error
}

// count wraps a route. The route's refusal for form wins over the address's, which is
// only asked for through admission.admit.
func (g *gate) count(serve func(context.Context, *request, *admission) (*answer, error)) func(context.Context, *request) (*answer, error) {
	return func(ctx context.Context, r *request) (*answer, error) {
		a := g.start(ctx, r)
		ans, err := guarded(func() (*answer, error) { return serve(ctx, r, a) })
		<-a.done
		if a.err == nil {
			r.decision = &a.decision
		}
		return ans, err
	}
}

func (g *gate) start(ctx context.Context, r *request) *admission {
	a := &admission{gate: g, done: make(chan struct{})}
	key, err := g.edge.Keys.PhoneKey(ctx)
	if err != nil {
		// Without a key nothing can be counted, and nothing may be done.
		a.keyErr = &otp.Error{Reason: otp.Unavailable, Err: err}
		a.err = a.keyErr
		close(a.done)
		return a
	}
	a.key = key
	client := ratelimit.Bucket(r.event.RequestContext.HTTP.SourceIP)
	go func() {
		defer close(a.done)
		_, a.err = guarded(func() (*answer, error) {
			var err error
			a.decision, err = ratelimit.Hit(ctx, g.edge.Counter, g.limit, a.key.ClientKey(g.name, client), g.edge.Clock.Now())
			return nil, err
		})
	}()
	return a
}

// admit waits for the count, and says whether the address is within its limit.
func (a *admission) admit(context.Context) error {
	<-a.done
	if a.err != nil {
		return &otp.Error{Reason: otp.Unavailable, Err: a.err}
	}
	if !a.decision.Allowed {
		return refuseAddress(a.gate.what, a.gate.limit.Window, a.decision.Reset)
	}
	return nil
}

// caller is what the domain is told about the request, once its form is right.
func (r *request) caller(a *admission, number phone.Number) (otp.Caller, error) {
	key, refused := idempotencyKey(r.event)
	if refused != nil {
		return otp.Caller{}, refused
	}
	if a.keyErr != nil {
		return otp.Caller{}, a.keyErr
	}
	r.number = number
	r.logName = a.key.LogName(number)
	return otp.Caller{Keyring: a.key, IdempotencyKey: key, Admit: a.admit, Trace: &r.trace}, nil
}
