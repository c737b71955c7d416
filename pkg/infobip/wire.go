package infobip

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

const (
	// callTimeout bounds one exchange, whatever the request's deadline.
	callTimeout = 5 * time.Second

	// leastCall is the time below which an exchange is not begun. It is about what
	// a TLS handshake and an answer from another continent take: a call that is cut
	// short has an unknown effect, one that is not begun has none.
	leastCall = 500 * time.Millisecond

	// maxAnswer is far above the few hundred bytes of a 2FA answer, and low enough
	// that a confused server cannot fill a small function's memory.
	maxAnswer = 64 << 10

	userAgent = "infobip-otp"
)

// wire makes single exchanges with one Infobip API. It follows no redirect and
// repeats nothing: it calls the transport itself, without an http.Client.
type wire struct {
	base        string
	connections *connections
	timeout     time.Duration
	// reserve is what an exchange leaves of the context's deadline.
	reserve time.Duration
	// largest is the largest answer that is read.
	largest int
}

func newWire(baseURL string, allowHTTP bool, timeout time.Duration, transport http.RoundTripper) (wire, error) {
	base, err := ParseBaseURL(baseURL, allowHTTP)
	if err != nil {
		return wire{}, fmt.Errorf("infobip: %w", err)
	}
	if timeout == 0 {
		timeout = callTimeout
	}
	return wire{base: base, connections: newConnections(transport), timeout: timeout, largest: maxAnswer}, nil
}

// request is one exchange to make.
type request struct {
	operation string
	method    string
	path      string
	key       string
	body      []byte
	// once asks for a connection made for this request: it must not happen twice.
	once bool
	// repeat marks a verify that is asked once more, its first exchange being lost.
	repeat bool
	// secrets are the values of this call that no error may show, even if the
	// provider echoes them.
	secrets []string
}

// isHeaderText reports whether a key can travel in a header. net/http would refuse it
// as well, but not in a way that tells us that nothing was sent.
func isHeaderText(key string) bool {
	for i := range len(key) {
		if key[i] <= ' ' || key[i] > '~' {
			return false
		}
	}
	return true
}

// use sets the key, which no error may show either.
func (r *request) use(key string) {
	r.key = key
	r.secrets = append(r.secrets[:len(r.secrets):len(r.secrets)], key)
}

// response is what came back. A body above the wire's largest counts as none.
type response struct {
	status int
	header http.Header
	body   []byte
}

// succeeded reports whether the status is a 2xx.
func (r response) succeeded() bool { return r.status >= 200 && r.status <= 299 }

// budget returns the time that an exchange may take, and reports whether that is
// enough to begin one.
func (w *wire) budget(ctx context.Context) (time.Duration, bool) {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return w.timeout, true
	}
	left := min(w.timeout, time.Until(deadline)-w.reserve)
	return left, left >= min(leastCall, w.timeout)
}

// exchange sends one request and reads its answer. The status of a CallError is
// zero if none arrived.
func (w *wire) exchange(ctx context.Context, r request) (response, *CallError) {
	budget, enough := w.budget(ctx)
	if !enough {
		return response{}, &CallError{Operation: r.operation, Reason: "not begun: too little time is left", cause: context.DeadlineExceeded}
	}
	if err := ctx.Err(); err != nil {
		return response{}, &CallError{Operation: r.operation, Reason: "not begun: the request is over", cause: err}
	}
	if !isHeaderText(r.key) {
		return response{}, &CallError{Operation: r.operation, Reason: "not begun: the API key is not one word of ASCII"}
	}
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()

	var reached reach
	req, err := http.NewRequestWithContext(reached.trace(ctx), r.method, w.base+r.path, bytes.NewReader(r.body))
	if err != nil {
		// The error has the URL in it, and so the pinId.
		return response{}, &CallError{Operation: r.operation, Reason: "not begun: no valid URL"}
	}
	// Without GetBody the transport cannot repeat the request by itself.
	req.GetBody = nil
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("Accept", "application/json")
	if r.key != "" {
		req.Header.Set("Authorization", "App "+r.key)
	}
	if r.body == nil {
		req.Body = nil
	} else {
		req.Header.Set("Content-Type", "application/json")
	}

	transport, used := w.connections.way(r.once)
	defer used()
	res, err := transport.RoundTrip(req)
	if err != nil && reached.never() {
		return response{}, &CallError{Operation: r.operation, Reason: "not connected: " + dialReason(ctx, err), cause: ctx.Err()}
	}
	if err != nil {
		return response{}, &CallError{Operation: r.operation, Reason: cutReason(ctx, err), cause: ctx.Err(), Sent: true, retryable: true}
	}
	defer res.Body.Close()
	answer := response{status: res.StatusCode, header: res.Header}
	if res.StatusCode == http.StatusSwitchingProtocols {
		return answer, nil // its body is a bare connection, which no context ends
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, int64(w.largest)+1))
	if err != nil {
		return answer, &CallError{Operation: r.operation, Status: res.StatusCode, Reason: cutReason(ctx, err), cause: ctx.Err(), Sent: true, retryable: true}
	}
	if len(body) <= w.largest {
		answer.body = body
	}
	return answer, nil
}

// reach notes how far a request came.
type reach struct {
	asked, got atomic.Bool
}

func (r *reach) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { r.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { r.got.Store(true) },
	})
}

// never reports whether it is certain that the request had no connection to travel
// on: name lookup, dial, proxy and TLS handshake all come before GotConn. A
// transport that does not report its connections leaves that open.
func (r *reach) never() bool { return r.asked.Load() && !r.got.Load() }
