package infobip

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// silent hides what a transport is, so that the client takes it as it is: kept
// connections for every call.
type silent struct{ http.RoundTripper }

// A server that reads the second request of a kept connection and closes it
// without an answer: the case in which Go's transport repeats what it may. It may
// not repeat ours, even where a send meets a kept connection.
func TestTransportDoesNotRepeat(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	var connections, requests atomic.Int32
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			go answerOnceThenClose(conn, &requests)
		}
	}()

	config := testConfig("http://" + listener.Addr().String())
	config.Transport = silent{newTransport()}
	client := newClient(t, config)
	for _, d := range deliveries {
		before := requests.Load()
		_, err = d.call(t.Context(), client)
		if err != nil {
			t.Fatalf("%s: the first call: %v", d.name, err)
		}
		_, err = d.call(t.Context(), client)
		if got := effectOf(t, err); got != otp.Unknown {
			t.Errorf("%s: got %v (%v), want %v", d.name, got, err, otp.Unknown)
		}
		if got := requests.Load() - before; got != 2 {
			t.Errorf("%s: two calls made %d requests", d.name, got)
		}
	}
	if got := connections.Load(); got != int32(len(deliveries)) {
		t.Errorf("%d connections, want one a pair of calls: else nothing was shown", got)
	}
}

func answerOnceThenClose(conn net.Conn, requests *atomic.Int32) {
	defer conn.Close()
	reader := bufio.NewReader(conn)
	for i := range 2 {
		r, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		requests.Add(1)
		if i == 0 {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"pinId\":\"A\"}")
		}
	}
}

// What a transport needs in order to repeat a POST is not given to it.
func TestRequestsCannotBeRepeated(t *testing.T) {
	var got *http.Request
	config := testConfig("https://example.com")
	config.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
		got = r
		return answer(200, `{"pinId":"A"}`), nil
	})
	for _, d := range deliveries {
		_, err := d.call(t.Context(), newClient(t, config))
		if err != nil {
			t.Fatal(err)
		}
		if got.GetBody != nil || got.Header.Get("Idempotency-Key") != "" || got.Header.Get("X-Idempotency-Key") != "" {
			t.Errorf("%s: the transport could repeat the request", d.name)
		}
	}
}

func TestNoRedirectIsFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", status)
		})
		_, err := clientOf(t, s).Send(t.Context(), testRecipient, otp.SMS, otp.Message{})
		if got := effectOf(t, err); got != otp.Unknown || len(s.got()) != 1 {
			t.Errorf("%d: got %v after %d requests, want %v after 1", status, got, len(s.got()), otp.Unknown)
		}
	}
}

// secure serves TLS, with HTTP/2 on offer, and returns a config that trusts it.
func secure(t *testing.T, handler http.HandlerFunc) (*server, Config) {
	t.Helper()
	s := new(server)
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.note(r)
		handler(w, r)
	}))
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // of the handshakes that are meant to fail
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.connections.Add(1)
		}
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	transport := newTransport()
	transport.TLSClientConfig.RootCAs = pool
	config := testConfig(s.URL)
	config.Transport = transport
	return s, config
}

func TestTLS(t *testing.T) {
	s, config := secure(t, inTurn(says(200, ``), says(200, `{"pinId":"A"}`), hangUp))
	client := newClient(t, config)
	err := client.Warm(t.Context())
	if err != nil {
		t.Fatalf("warm-up: %v", err)
	}
	_, err = client.Send(t.Context(), testRecipient, otp.SMS, otp.Message{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Send(t.Context(), testRecipient, otp.SMS, otp.Message{})
	if got := effectOf(t, err); got != otp.Unknown {
		t.Errorf("got %v, want %v", got, otp.Unknown)
	}
	got := s.got()
	if len(got) != 3 {
		t.Fatalf("%d requests, want 3", len(got))
	}
	for _, r := range got {
		if r.proto != "HTTP/1.1" {
			t.Errorf("%s %s came by %s", r.method, r.target, r.proto)
		}
	}
	if warm := got[0]; warm.method != "HEAD" || warm.target != "/" || warm.header.Get("Authorization") != "" {
		t.Errorf("the warm-up is %v, want a HEAD without a key", warm)
	}
	if got := s.connections.Load(); got != 3 {
		t.Errorf("%d connections, want the one of the warm-up and one of each send", got)
	}
}

// Without a connection nothing was sent, and that is certain.
func TestNotConnected(t *testing.T) {
	insecure := serve(t, says(200, verified))
	trusted, _ := secure(t, says(200, verified))
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + closed.Addr().String()
	closed.Close()

	for _, test := range []struct {
		name, baseURL string
		spoil         func(*http.Transport)
		reason        string
	}{
		{"nobody listens", nobody, nil, "connection refused"},
		{"an unknown authority", trusted.URL, nil, "the certificate is signed by an unknown authority"},
		{"plain http behind https", strings.Replace(insecure.URL, "http:", "https:", 1), nil, "the server does not speak TLS"},
		{"no such name", "https://xxxxx.api.infobip.com", func(transport *http.Transport) {
			transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
				return nil, &net.DNSError{Err: testPIN, Name: testNumber, IsNotFound: true}
			}
		}, "no such host"},
		{"a dialer's own words", "https://xxxxx.api.infobip.com", func(transport *http.Transport) {
			transport.DialContext = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New(testKey) }
		}, "the connection could not be made"},
		{"the dial takes too long", "https://xxxxx.api.infobip.com", func(transport *http.Transport) {
			transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}
		}, "timeout"},
		{"the handshake takes too long", "https://xxxxx.api.infobip.com", func(transport *http.Transport) {
			transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
				near, far := net.Pipe()
				go io.Copy(io.Discard, far)
				t.Cleanup(func() { far.Close() })
				return near, nil
			}
		}, "timeout"},
		{"the handshake is cut", "https://xxxxx.api.infobip.com", func(transport *http.Transport) {
			transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
				near, far := net.Pipe()
				go func() {
					_, _ = far.Read(make([]byte, maxAnswer)) // the client's hello
					far.Close()
				}()
				return near, nil
			}
		}, "closed during the TLS handshake"},
		{"another host's certificate", trusted.URL, func(transport *http.Transport) {
			pool := x509.NewCertPool()
			pool.AddCert(trusted.Certificate())
			transport.TLSClientConfig = &tls.Config{RootCAs: pool, ServerName: "other.example"}
		}, "the certificate is for another host"},
	} {
		t.Run(test.name, func(t *testing.T) {
			config := testConfig(test.baseURL)
			transport := newTransport()
			if test.spoil != nil {
				test.spoil(transport)
			}
			config.Transport = transport
			config.Timeout = 10 * time.Second // a busy machine takes its time
			if test.reason == "timeout" {
				config.Timeout = 100 * time.Millisecond
			}
			client := newClient(t, config)
			_, err := client.Send(t.Context(), testRecipient, otp.SMS, otp.Message{})
			if got := effectOf(t, err); got != otp.NotSent || !strings.HasSuffix(err.Error(), "not connected: "+test.reason) {
				t.Errorf("send: got %v (%v), want not sent: %s", got, err, test.reason)
			}
			_, err = client.Verify(t.Context(), testPinID, testRecipient, testPIN)
			if got := effectOf(t, err); got != otp.NotSent {
				t.Errorf("verify: got %v (%v), want %v", got, err, otp.NotSent)
			}
			err = client.Warm(t.Context())
			if err == nil {
				t.Error("warm-up: no error")
			}
		})
	}
	if got := append(insecure.got(), trusted.got()...); len(got) != 0 {
		t.Errorf("a request arrived: %v", got)
	}
}

// A transport that reports nothing leaves every failure open.
func TestSilentTransportIsUnknown(t *testing.T) {
	config := testConfig("https://example.com")
	config.Transport = roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New(testPIN) })
	_, err := newClient(t, config).Send(t.Context(), testRecipient, otp.SMS, otp.Message{})
	if got := effectOf(t, err); got != otp.Unknown {
		t.Errorf("got %v, want %v", got, otp.Unknown)
	}
}

// Answers that do not end, one way or another, do not hold a call.
func TestEndlessAnswers(t *testing.T) {
	// What is held is held until its test has ended, so whoever waits for its end never does.
	for name, test := range map[string]struct {
		answer func(w http.ResponseWriter, hold func())
		reason string
	}{
		"no answer": {func(_ http.ResponseWriter, hold func()) { hold() }, "timeout"},
		"no end of the body": {func(w http.ResponseWriter, hold func()) {
			_, _ = io.WriteString(w, `{"pinId":"A"`)
			_ = http.NewResponseController(w).Flush()
			hold()
		}, "timeout"},
		"a body that goes on": {func(w http.ResponseWriter, _ func()) {
			var err error
			for err == nil {
				_, err = io.WriteString(w, strings.Repeat(" ", 1000))
			}
		}, "at most 64 KiB"},
		"another protocol": {func(w http.ResponseWriter, hold func()) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
			hold()
		}, "no usable answer"},
		"headers that go on": {func(w http.ResponseWriter, _ func()) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			_, err = io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
			for err == nil {
				_, err = io.WriteString(conn, "X-A: "+strings.Repeat("a", 1000)+"\r\n")
			}
		}, "the exchange was cut short"},
		"no HTTP": {func(w http.ResponseWriter, _ func()) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			_, _ = io.WriteString(conn, testPIN+" "+testPinID+"\r\n\r\n")
		}, "the exchange was cut short"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			released := make(chan struct{})
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) { test.answer(w, func() { <-released }) })
			t.Cleanup(func() { close(released) }) // before the server is closed, which waits for it
			config := testConfig(s.URL)
			config.Timeout = 30 * time.Second // a busy machine takes its time
			if test.reason == "timeout" {
				config.Timeout = time.Second // to send the request in, or it is certain that it was not sent
			}
			_, err := newClient(t, config).Send(t.Context(), testRecipient, otp.SMS, otp.Message{})
			if got := effectOf(t, err); got != otp.Unknown || !strings.HasSuffix(err.Error(), test.reason) {
				t.Errorf("got %v (%v), want unknown: %s", got, err, test.reason)
			}
		})
	}
}
