package infobip

import (
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"
)

// keptFor is for how long a connection without a request is used again. It is below
// the 30 s and more for which servers and load balancers keep one.
const keptFor = 25 * time.Second

// connections are the two ways to the provider.
//
// What must not happen twice travels on a connection made for it. A kept one may be
// dead without anybody here knowing: between two requests Lambda freezes the process
// and its kernel, so that no timer fires, no FIN is read and the monotonic clock
// stands still. A POST that is written onto such a connection has an unknown effect
// although the provider never saw it, and no look at the socket can tell. A new
// connection is answered by a peer that is there, or fails before anything was sent.
//
// The price of a send is two round trips, TCP's handshake and TLS 1.3's, three instead
// of one in all; with TLS 1.2 a resumed session costs as much. The session that the
// warm-up or an earlier call left is shared, so that the handshake checks no
// certificate.
//
// A verify may be asked again, at the cost of seconds, so it takes a kept connection
// if the last use was at most keptFor ago by the wall clock.
type connections struct {
	once http.RoundTripper
	kept http.RoundTripper
	now  func() time.Time

	mu      sync.Mutex
	lastUse time.Time
}

// newConnections makes both ways of one transport; nil is the client's own.
func newConnections(transport http.RoundTripper) *connections {
	if transport == nil {
		transport = newTransport()
	}
	c := &connections{once: transport, kept: transport, now: time.Now}
	if pool, ok := transport.(*http.Transport); ok {
		single := pool.Clone() // its TLS sessions are the pool's
		single.DisableKeepAlives = true
		c.once = single
	}
	return c
}

// newTransport speaks HTTP/1.1 only. There, a request has its connection to
// itself, and Go's transport repeats a POST in no case once its GetBody is nil;
// HTTP/2 adds cases (GOAWAY, refused streams) and nothing for a function that
// makes one call at a time.
func newTransport() *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: callTimeout}).DialContext,
		TLSHandshakeTimeout: callTimeout,
		// A resumed session saves the certificate's check when a connection is opened
		// again, which is CPU that a small function has little of.
		TLSClientConfig:        &tls.Config{ClientSessionCache: tls.NewLRUClientSessionCache(0)},
		IdleConnTimeout:        keptFor,
		MaxIdleConnsPerHost:    16,
		MaxResponseHeaderBytes: maxAnswer,
		DisableCompression:     true,
		Protocols:              protocols,
	}
}

// way returns the transport for a request, and what to call when the exchange is over.
func (c *connections) way(once bool) (http.RoundTripper, func()) {
	if once {
		return c.once, func() {}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	// The wall clock may also be set back: nobody knows then how old a connection is.
	idle := c.now().Sub(c.lastUse)
	if !c.lastUse.IsZero() && (idle > keptFor || idle < 0) {
		closeIdle(c.kept)
	}
	return c.kept, c.used
}

// used remembers the time without its monotonic part, which does not go on while the
// process is frozen.
func (c *connections) used() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastUse = c.now().Round(0)
}

// close closes the idle connections.
func (c *connections) close() {
	closeIdle(c.kept)
	closeIdle(c.once)
}

func closeIdle(transport http.RoundTripper) {
	type closer interface{ CloseIdleConnections() }
	if pool, ok := transport.(closer); ok {
		pool.CloseIdleConnections()
	}
}
