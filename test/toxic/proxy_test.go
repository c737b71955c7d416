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

// gone is a toxic of our own: nothing that is sent on a connection arrives, if it was open
// when wakeUp was called, as after a process was frozen and its peer has left.
type gone struct {
	awake     atomic.Bool
	swallowed atomic.Int64
}

var _ toxics.StatefulToxic = (*gone)(nil)

// NewState implements toxics.StatefulToxic. It is called for each connection when it is
// opened, or when the toxic is added.
func (g *gone) NewState() any { return g.awake.Load() }

// Pipe implements toxics.Toxic.
func (g *gone) Pipe(stub *toxics.ToxicStub) {
	if opened, _ := stub.State.(bool); opened {
		new(toxics.NoopToxic).Pipe(stub)
		return
	}
	for {
		select {
		case <-stub.Interrupt:
			return
		case chunk := <-stub.Input:
			if chunk == nil {
				stub.Close()
				return
			}
			g.swallowed.Add(1)
		}
	}
}

// freeze makes the peer of every open connection leave, and returns what counts the
// messages that are sent to it all the same. New connections are served.
func (p *proxy) freeze(t *testing.T) *atomic.Int64 {
	t.Helper()
	p.add(t, trouble{toxics: []string{`{"type":"gone","stream":"upstream"}`}})
	for _, toxic := range p.Toxics.GetToxicArray() {
		if wrapper, ok := toxic.(*toxics.ToxicWrapper); ok {
			if g, ok := wrapper.Toxic.(*gone); ok {
				g.awake.Store(true)
				return &g.swallowed
			}
		}
	}
	t.Fatal("the toxic is not there")
	return nil
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
