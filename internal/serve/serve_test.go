package serve_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/internal/serve"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := serve.Listen(t.Context(), "127.0.0.1", 0, "PORT")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func portOf(t *testing.T, l net.Listener) int {
	t.Helper()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return number
}

func TestTakenPort(t *testing.T) {
	port := portOf(t, listen(t))
	_, err := serve.Listen(t.Context(), "127.0.0.1", port, "MY_PORT")
	if want := fmt.Sprintf("port %d is taken: choose another with MY_PORT", port); err == nil || err.Error() != want {
		t.Errorf("got %v, want %q", err, want)
	}
	_, err = serve.Listen(t.Context(), "192.0.2.1", 0, "MY_HOST") // not this machine's
	if err == nil || !strings.HasPrefix(err.Error(), "listening on 192.0.2.1:0 (MY_HOST): ") {
		t.Errorf("got %v", err)
	}
}

func get(t *testing.T, l net.Listener) (string, error) {
	t.Helper()
	res, err := http.Get("http://" + l.Addr().String())
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return string(text), err
}

func says(text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })
}

func TestServesAllUntilTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	a, b := listen(t), listen(t)
	ended := make(chan error, 1)
	go func() {
		ended <- serve.Run(ctx, serve.Listener{Listener: a, Handler: says("a")}, serve.Listener{Listener: b, Handler: says("b")})
	}()
	for want, l := range map[string]net.Listener{"a": a, "b": b} {
		if got, err := get(t, l); got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("the end is an error: %v", err)
	}
	for _, l := range []net.Listener{a, b} {
		if _, err := get(t, l); err == nil {
			t.Errorf("%s still answers", l.Addr())
		}
	}
}

// TestRequestUnderWay gets its answer if that is ready soon after the end has begun, which is when
// nobody listens any more, and is cut after a second otherwise.
func TestRequestUnderWay(t *testing.T) {
	for _, c := range []struct {
		name     string
		ready    func(net.Listener) <-chan struct{}
		answered bool
	}{{"short", closed, true}, {"long", func(net.Listener) <-chan struct{} { return nil }, false}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			l := listen(t)
			arrived := make(chan struct{})
			handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				close(arrived)
				select {
				case <-c.ready(l):
				case <-r.Context().Done():
				}
				_, _ = io.WriteString(w, "done")
			})
			ended := make(chan error, 1)
			go func() { ended <- serve.Run(ctx, serve.Listener{Listener: l, Handler: handler}) }()
			answered := make(chan bool, 1)
			go func() {
				text, err := get(t, l)
				answered <- err == nil && text == "done"
			}()
			<-arrived
			begun := time.Now()
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			if took := time.Since(begun); took > 30*time.Second {
				t.Errorf("the end took %s", took)
			}
			if got := <-answered; got != c.answered {
				t.Errorf("answered is %t, want %t", got, c.answered)
			}
		})
	}
}

// closed returns a channel that is closed once nobody listens any more.
func closed(l net.Listener) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				return
			}
			_ = conn.Close()
			time.Sleep(time.Millisecond)
		}
	}()
	return done
}

// TestFailingServer ends all of them with its error.
func TestFailingServer(t *testing.T) {
	sound := listen(t)
	err := serve.Run(t.Context(), serve.Listener{Listener: sound, Handler: says("a")}, serve.Listener{Listener: brokenListener{listen(t)}, Handler: says("b")})
	if !errors.Is(err, errBroken) || !strings.HasPrefix(err.Error(), "serving: ") {
		t.Errorf("got %v", err)
	}
	if _, err := get(t, sound); err == nil {
		t.Error("the other server still answers")
	}
}

var errBroken = errors.New("broken")

type brokenListener struct{ net.Listener }

func (brokenListener) Accept() (net.Conn, error) { return nil, errBroken }
