package httpapi

import (
	"context"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
	"github.com/seed-a131a524/infobip-otp/pkg/ratelimit"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// gate counts the client addresses of a function. What counts is a request that got past
// its form: a refusal of form must cost its sender nothing, or five mistyped numbers lock
// an honest visitor out. The count runs beside the load of the ledger; its result is
// waited for before anything is written, and before the answer is.
type gate struct {
	edge  Edge
	name  string // of the counter
	what  string // of the sentence
	limit rate.Rate
}

// count is one count of an address under way.
type count struct {
	done chan struct{}
	// Set before done is closed.
	decision ratelimit.Decision
	err      error
}

// caller is what the domain is told about the request, once its form is right.
func (g *gate) caller(ctx context.Context, r *request, to recipient.Recipient, idempotencyKey string) (otp.Caller, error) {
	keys, err := g.edge.Keys.PhoneKeys(ctx)
	if err != nil {
		// Without a key nothing can be counted, and nothing may be done.
		return otp.Caller{}, &otp.Error{Reason: otp.Unavailable, Err: err}
	}
	r.recipient = to
	r.logName = keys.Oldest.LogName(to)
	address := r.event.RequestContext.HTTP.SourceIP
	caller := otp.Caller{
		IdempotencyKey: idempotencyKey,
		Client:         ratelimit.Site(address),
		Trace:          &r.trace,
		Count: func(ctx context.Context) func() (string, error) {
			r.count = g.start(ctx, keys.Oldest.ClientKey(g.name, ratelimit.Bucket(address)))
			return func() (string, error) { return "", g.admit(r.count) }
		},
	}
	for _, key := range keys.Ledgers {
		caller.Keyrings = append(caller.Keyrings, key)
	}
	return caller, nil
}

func (g *gate) start(ctx context.Context, key string) *count {
	c := &count{done: make(chan struct{})}
	go func() {
		defer close(c.done)
		_, c.err = guarded(func() (*answer, error) {
			var err error
			c.decision, err = ratelimit.Hit(ctx, g.edge.Counter, g.limit, key, g.edge.Clock.Now())
			return nil, err
		})
	}()
	return c
}

// admit waits for the count, and returns nil if the address is within its limit.
func (g *gate) admit(c *count) error {
	<-c.done
	if c.err != nil {
		return &otp.Error{Reason: otp.Unavailable, Err: c.err}
	}
	if !c.decision.Allowed {
		return refuseAddress(g.what, g.limit.Window, c.decision.Reset)
	}
	return nil
}

// counted returns the decision about the request's address, or nil if it was not counted.
func (r *request) counted() *ratelimit.Decision {
	if r.count == nil {
		return nil
	}
	<-r.count.done
	if r.count.err != nil {
		return nil
	}
	return &r.count.decision
}

// Keys returns the keys under which addresses and recipients are kept. An error has
// otp.ErrUnavailable in its chain.
type Keys interface {
	PhoneKeys(ctx context.Context) (pseudonym.Keys, error)
}
