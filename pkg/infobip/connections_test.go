package infobip

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// dialed counts the connections that a config's client opens.
func dialed(t *testing.T, config *Config) func() int {
	t.Helper()
	transport, ok := config.Transport.(*http.Transport)
	if !ok {
		transport = newTransport()
		config.Transport = transport
	}
	var mu sync.Mutex
	count := 0
	dial := transport.DialContext
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		mu.Lock()
		count++
		mu.Unlock()
		return dial(ctx, network, address)
	}
	return func() int {
		mu.Lock()
		defer mu.Unlock()
		return count
	}
}

// Whatever is open already, a send and a resend get a connection of their own, and
// their repeat after a 401 another one.
func TestSendsDialAnew(t *testing.T) {
	for _, d := range deliveries {
		t.Run(d.name, func(t *testing.T) {
			s := serve(t, says(200, `{"pinId":"A"}`))
			config := testConfig(s.URL)
			count := dialed(t, &config)
			client := newClient(t, config)
			if err := client.Warm(t.Context()); err != nil {
				t.Fatal(err)
			}
			const calls = 4
			for range calls {
				if _, err := d.call(t.Context(), client); err != nil {
					t.Fatal(err)
				}
			}
			if got := count(); got != 1+calls {
				t.Errorf("%d connections, want the warm-up's and one of each of %d calls", got, calls)
			}
		})
		t.Run(d.name+" after a 401", func(t *testing.T) {
			s := serve(t, only("new", says(200, `{"pinId":"A"}`)))
			config := testConfig(s.URL)
			config.Keys = &rotatingKeys{keys: []string{"old", "new"}}
			count := dialed(t, &config)
			if _, err := d.call(t.Context(), newClient(t, config)); err != nil {
				t.Fatal(err)
			}
			if got := count(); got != 2 {
				t.Errorf("%d connections, want 2", got)
			}
		})
	}
}

// A verify's connection is as old as the wall clock says: the monotonic clock, and so
// the transport's own timer, stands still while a process is frozen.
func TestVerifyKeepsItsConnectionByTheWallClock(t *testing.T) {
	for _, test := range []struct {
		name    string
		passed  time.Duration
		connect int
	}{
		{"at once", 0, 1},
		{"within the time", keptFor, 1},
		{"after it", keptFor + time.Millisecond, 2},
		{"after a day", 24 * time.Hour, 2},
		{"a clock that was set back", -time.Second, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, says(200, verified))
			config := testConfig(s.URL)
			count := dialed(t, &config)
			client := newClient(t, config)
			now := time.Now() // with a monotonic part, as a real one
			client.wire.connections.now = func() time.Time { return now }
			verify := func() {
				t.Helper()
				verdict, err := client.Verify(t.Context(), testPinID, testRecipient, testPIN)
				if err != nil || verdict != otp.Verified {
					t.Fatalf("got %v, %v, want verified", verdict, err)
				}
			}
			verify()
			now = now.Add(test.passed)
			verify()
			verify() // the time runs from the last use
			if got := count(); got != test.connect {
				t.Errorf("%d connections, want %d", got, test.connect)
			}
		})
	}
}

// The kept connection's time is measured without the monotonic clock, which has no
// part in what is remembered.
func TestLastUseHasNoMonotonicPart(t *testing.T) {
	c := newConnections(nil)
	_, used := c.way(false)
	used()
	if c.lastUse.String() != c.lastUse.Round(0).String() {
		t.Errorf("the last use is remembered as %v", c.lastUse)
	}
}

// trips is what one call cost: round trips of TCP, of TLS and of HTTP, and whether
// a TLS session was resumed.
type trips struct {
	TCP, TLS, HTTP int
	Resumed        bool
}

// total is what a client waits for.
func (c trips) total() int { return c.TCP + c.TLS + c.HTTP }

// counter counts a call's trips. It sees one call at a time.
type counter struct {
	mu          sync.Mutex
	trips       trips
	handshaking bool
	wrote       bool
}

func (c *counter) change(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

// countedConn tells a counter of what passes.
type countedConn struct {
	net.Conn
	counter *counter
}

func (c countedConn) Write(p []byte) (int, error) {
	c.counter.change(func() { c.counter.wrote = true })
	return c.Conn.Write(p)
}

// Read counts a round trip of the handshake for what is read after a write.
func (c countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.counter.change(func() {
		if n > 0 && c.counter.handshaking && c.counter.wrote {
			c.counter.trips.TLS++
			c.counter.wrote = false
		}
	})
	return n, err
}

// of makes a call and returns what it cost.
func (c *counter) of(ctx context.Context, call func(context.Context) error) (trips, error) {
	c.change(func() { c.trips = trips{} })
	err := call(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		ConnectDone:       func(string, string, error) { c.change(func() { c.trips.TCP++ }) },
		TLSHandshakeStart: func() { c.change(func() { c.handshaking, c.wrote = true, false }) },
		TLSHandshakeDone: func(state tls.ConnectionState, _ error) {
			c.change(func() { c.handshaking, c.trips.Resumed = false, state.DidResume })
		},
		GotFirstResponseByte: func() { c.change(func() { c.trips.HTTP++ }) },
	}))
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.trips, err
}

// What a connection of its own costs a send, in round trips, and what the warm-up
// saves of it: the certificate's check always, a round trip with TLS 1.2.
func TestRoundTrips(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS13, tls.VersionTLS12} {
		full := map[uint16]int{tls.VersionTLS13: 1, tls.VersionTLS12: 2}[version]
		t.Run(tls.VersionName(version), func(t *testing.T) {
			_, config := secure(t, inTurn(
				says(200, ``), says(200, `{"pinId":"A"}`), says(200, `{"pinId":"A"}`), says(200, verified), says(200, verified),
			))
			transport, _ := config.Transport.(*http.Transport)
			transport.TLSClientConfig.MaxVersion = version
			counted := new(counter)
			dial := transport.DialContext
			transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := dial(ctx, network, address)
				if err != nil {
					return nil, err
				}
				return countedConn{conn, counted}, nil
			}
			client := newClient(t, config)
			for _, step := range []struct {
				name  string
				call  func(context.Context) error
				want  trips
				total int
			}{
				{"warm-up", client.Warm, trips{1, full, 1, false}, 2 + full},
				{"send", func(ctx context.Context) error {
					_, err := client.Send(ctx, testRecipient, otp.SMS, otp.Message{})
					return err
				}, trips{1, 1, 1, true}, 3},
				{"resend", func(ctx context.Context) error {
					_, err := client.Resend(ctx, testPinID, otp.SMS)
					return err
				}, trips{1, 1, 1, true}, 3},
				{"verify on the warm-up's connection", func(ctx context.Context) error {
					_, err := client.Verify(ctx, testPinID, testRecipient, testPIN)
					return err
				}, trips{0, 0, 1, false}, 1},
				{"verify on a new connection", func(ctx context.Context) error {
					client.Close()
					_, err := client.Verify(ctx, testPinID, testRecipient, testPIN)
					return err
				}, trips{1, 1, 1, true}, 3},
			} {
				got, err := counted.of(t.Context(), step.call)
				if err != nil {
					t.Fatalf("%s: %v", step.name, err)
				}
				if diff := cmp.Diff(step.want, got); diff != "" || got.total() != step.total {
					t.Errorf("%s: %d round trips, want %d (-want +got):\n%s", step.name, got.total(), step.total, diff)
				}
				t.Logf("%s: %d round trips, %+v", step.name, got.total(), got)
			}
		})
	}
}
