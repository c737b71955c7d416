package harness

import (
	"fmt"
	"net"
	"testing"
	"time"
)

// pause is the time between two looks at something that is about to happen.
const pause = 20 * time.Millisecond

// FreePort returns a port of the loopback interface that nothing listens on now.
func FreePort(tb testing.TB) int {
	tb.Helper()
	port, err := freePort()
	if err != nil {
		tb.Fatal(err)
	}
	return port
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("looking for a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// ready waits until look gives no error, the program ends or the time is over.
func (p *Process) ready(within time.Duration, look func() error) error {
	deadline := time.Now().Add(within)
	for {
		err := look()
		if err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("%s ended before it was ready (%w); it printed:\n%s", p.Name, p.howEnded(), p.Printed())
		case <-time.After(pause):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s is not ready after %v: %w; it printed:\n%s", p.Name, within, err, p.Printed())
		}
	}
}

// Eventually waits until look gives no error.
func Eventually(tb testing.TB, within time.Duration, look func() error) {
	tb.Helper()
	deadline := time.Now().Add(within)
	for {
		err := look()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			tb.Fatalf("still not so after %v: %v", within, err)
		}
		time.Sleep(pause)
	}
}
