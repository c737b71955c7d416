package toxic

import (
	"bytes"
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/Shopify/toxiproxy/v2/toxics"
	"github.com/rs/zerolog"
)

// proxy is a toxiproxy before one server: a TCP proxy that can be made to misbehave.
type proxy struct {
	*toxiproxy.Proxy
}

func newProxy(t *testing.T, upstream string) *proxy {
	t.Helper()
	// It says much that nobody asked for.
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	p := &proxy{toxiproxy.NewProxy(server, t.Name(), "127.0.0.1:0", strings.TrimPrefix(upstream, "http://"))}
	err := p.Start()
	if err != nil {
		t.Fatalf("starting a proxy: %v", err)
	}
	t.Cleanup(p.Stop)
	return p
}

func (p *proxy) url() string { return "http://" + p.Listen }

// trouble is what goes wrong on a connection.
type trouble struct {
	name string
	// toxics in toxiproxy's own JSON, or down for a server that nobody listens for.
	toxics []string
	down   bool
}

func (p *proxy) add(t *testing.T, x trouble) {
	t.Helper()
	if x.down {
		p.Stop()
		return
	}
	for _, toxic := range x.toxics {
		_, err := p.Toxics.AddToxicJson(strings.NewReader(toxic))
		if err != nil {
			t.Fatalf("adding %s: %v", toxic, err)
		}
	}
}

// clear ends all trouble.
func (p *proxy) clear(t *testing.T) {
	t.Helper()
	p.Toxics.ResetToxics(context.Background())
	err := p.Start()
	if err != nil && err != toxiproxy.ErrProxyAlreadyStarted { //nolint:errorlint // toxiproxy returns it as it is
		t.Fatalf("starting the proxy again: %v", err)
	}
}

// loseOne is a toxic of our own: it loses one message, the nth that passes on any
// connection of the proxy, and the connection with it.
type loseOne struct {
	Nth  int64 `json:"nth"`
	seen atomic.Int64
}

// Pipe implements toxics.Toxic.
func (l *loseOne) Pipe(stub *toxics.ToxicStub) {
	for {
		select {
		case <-stub.Interrupt:
			return
		case chunk := <-stub.Input:
			if chunk == nil || l.seen.Add(1) == l.Nth {
				stub.Close()
				return
			}
			stub.Output <- chunk
		}
	}
}

// loseKind is a toxic of our own: it loses every message that has a word in it.
type loseKind struct {
	Word string `json:"word"`
}

// Pipe implements toxics.Toxic.
func (l *loseKind) Pipe(stub *toxics.ToxicStub) {
	for {
		select {
		case <-stub.Interrupt:
			return
		case chunk := <-stub.Input:
			if chunk == nil || bytes.Contains(chunk.Data, []byte(l.Word)) {
				stub.Close()
				return
			}
			stub.Output <- chunk
		}
	}
}

// lostOne wants the proxy's loseOne to have done so.
func (p *proxy) lostOne(t *testing.T) {
	t.Helper()
	for _, toxic := range p.Toxics.GetToxicArray() {
		wrapper, ok := toxic.(*toxics.ToxicWrapper)
		if !ok {
			continue
		}
		if l, ok := wrapper.Toxic.(*loseOne); ok && l.seen.Load() >= l.Nth {
			return
		}
	}
	t.Error("no message was lost: the test tests nothing")
}

// cutLast is a toxic of our own: all but the last byte of a message arrives, and the
// connection ends.
type cutLast struct{}

// Pipe implements toxics.Toxic.
func (*cutLast) Pipe(stub *toxics.ToxicStub) {
	for {
		select {
		case <-stub.Interrupt:
			return
		case chunk := <-stub.Input:
			if chunk != nil {
				chunk.Data = chunk.Data[:len(chunk.Data)-1]
				stub.Output <- chunk
			}
			stub.Close()
			return
		}
	}
}
