package httpapi

import (
	"context"
	"fmt"
	"strings"

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

// sendCounter names the counter of sends and resends.
const sendCounter = "send"

// count is one count of an address under way.
type count struct {
	key  string
	done chan struct{}
	// Set before done is closed.
	decision ratelimit.Decision
	err      error
}

// caller is what the domain is told about the request, once its body is right in form. It
// reads the Idempotency-Key, which is the last of the form.
func (g *gate) caller(ctx context.Context, r *request, to recipient.Recipient) (otp.Caller, error) {
	key, refused := idempotencyKey(r.event)
	if refused != nil {
		return otp.Caller{}, refused
	}
	keys, err := g.edge.Keys.PhoneKeys(ctx)
	if err != nil {
		// Without a key nothing can be counted, and nothing may be done.
		return otp.Caller{}, &otp.Error{Reason: otp.Unavailable, Err: err}
	}
	r.recipient = to
	r.names = keys.Oldest
	r.logName = keys.Oldest.LogName(to)
	caller := otp.Caller{
		IdempotencyKey: key,
		Names:          keys.Oldest,
		Client:         ratelimit.Site(r.address),
		Trace:          &r.trace,
		Count: func(ctx context.Context) func() (string, error) {
			r.count = g.start(ctx, keys.Oldest.ClientKey(g.name, ratelimit.Bucket(r.address)))
			return func() (string, error) { return g.admit(r.count) }
		},
	}
	for _, ledgers := range keys.Ledgers {
		caller.Keyrings = append(caller.Keyrings, ledgers)
	}
	return caller, nil
}

func (g *gate) start(ctx context.Context, key string) *count {
	c := &count{key: key, done: make(chan struct{})}
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

// admit waits for the count, and returns its mark if the address is within its limit.
func (g *gate) admit(c *count) (string, error) {
	<-c.done
	if c.err != nil {
		return "", &otp.Error{Reason: otp.Unavailable, Err: c.err}
	}
	if !c.decision.Allowed {
		return "", refuseAddress(g.what, g.limit.Window, c.decision.Reset)
	}
	if g.name != sendCounter || !g.edge.GivesBack {
		return "", nil
	}
	return c.mark(), nil
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

// sendCounters is what the keys of all counters of sends begin with. A mark leaves it
// out, and so can name no other item of the table.
const sendCounters = "client#" + sendCounter + "#"

// mark returns how a counted send is remembered with its delivery, so that a success can
// give it back: the counter's key without its beginning, and the window's end. It waits
// for the count, and is empty for one that failed or that was over its limit.
func (c *count) mark() string {
	<-c.done
	if c.err != nil || !c.decision.Allowed {
		return ""
	}
	return ratelimit.Mark{Key: strings.TrimPrefix(c.key, sendCounters), Ends: c.decision.Ends}.String()
}

// giveBack takes the sends behind these marks off the counters of the addresses that they were
// counted for. What is no mark was never counted.
func (e Edge) giveBack(ctx context.Context, marks []string) error {
	var hits []ratelimit.Mark
	for _, text := range marks {
		if mark, ok := ratelimit.ParseMark(text); ok {
			mark.Key = sendCounters + mark.Key
			hits = append(hits, mark)
		}
	}
	if err := ratelimit.GiveBack(ctx, e.Counter, e.Clock.Now(), hits); err != nil {
		return fmt.Errorf("giving sends back to their address: %w", err)
	}
	return nil
}

// Keys returns the keys under which addresses and recipients are kept. An error has
// otp.ErrUnavailable in its chain.
type Keys interface {
	PhoneKeys(ctx context.Context) (pseudonym.Keys, error)
}
