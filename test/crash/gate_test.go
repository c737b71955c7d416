package crash

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// moment is where a call is held: on its way to the effect, or on its way back.
type moment string

const (
	before moment = "before"
	after  moment = "after"
)

// gate stands before a server whose calls have effects. It lets everything through until
// a held call comes; from then on nothing passes until it is opened again, so that a
// client that tries once more has no effect either.
type gate struct {
	server *httptest.Server

	mu   sync.Mutex
	want *hold
	seen int
}

// hold is the call to hold: the nth of its kind.
type hold struct {
	kind    string
	nth     int
	moment  moment
	reached chan struct{}
	once    sync.Once
	opened  chan struct{}
}

// newGate starts a gate. Kind names a call: what is counted.
func newGate(t *testing.T, target string, kind func(*http.Request) string) *gate {
	t.Helper()
	to, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) },
		// A client that was killed is what this is about.
		ErrorLog:     log.New(io.Discard, "", 0),
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	g.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Once the body is read, net/http notices that the client is gone.
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		h, here := g.arrive(kind(r))
		if h == nil {
			proxy.ServeHTTP(w, r)
			return
		}
		if here && h.moment == after {
			proxy.ServeHTTP(httptest.NewRecorder(), r) // the answer stays here
		}
		if here {
			h.once.Do(func() { close(h.reached) })
		}
		select {
		case <-r.Context().Done():
		case <-h.opened:
		}
		panic(http.ErrAbortHandler)
	}))
	g.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(func() {
		g.open()
		g.server.Close()
	})
	return g
}

// arrive counts a call. It gives the hold that keeps it, and whether it is the very call
// that was to be held.
func (g *gate) arrive(kind string) (*hold, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := g.want
	if h == nil {
		return nil, false
	}
	if g.seen >= h.nth {
		return h, false
	}
	if kind == h.kind {
		g.seen++
	}
	if g.seen < h.nth {
		return nil, false
	}
	return h, true
}

// hold arranges that the nth call of a kind from now on is held.
func (g *gate) hold(kind string, nth int, m moment) *hold {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.want = &hold{kind: kind, nth: nth, moment: m, reached: make(chan struct{}), opened: make(chan struct{})}
	g.seen = 0
	return g.want
}

// open ends the hold. What was held is cut, never let through.
func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.want != nil {
		close(g.want.opened)
		g.want = nil
	}
}

// wait waits until the call is held.
func (h *hold) wait(t *testing.T) {
	t.Helper()
	select {
	case <-h.reached:
	case <-time.After(time.Minute):
		t.Fatalf("no %s number %d came to be held %s its effect", h.kind, h.nth, h.moment)
	}
}

// dynamoDBCall names a call to DynamoDB: GetItem, PutItem, UpdateItem.
func dynamoDBCall(r *http.Request) string {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	return operation
}

// providerCall names a call to Infobip: send, resend, verify.
func providerCall(r *http.Request) string {
	switch {
	case r.Method != http.MethodPost:
		return ""
	case strings.HasSuffix(r.URL.Path, "/verify"):
		return "verify"
	case strings.HasSuffix(r.URL.Path, "/resend"):
		return "resend"
	}
	return "send"
}
