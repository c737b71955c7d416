package harness

import (
	"errors"
	"fmt"
	"net"
	"testing"
	"time"
)

// pause is the time between two looks at something that is about to happen.
const pause = 20 * time.Millisecond

// FreePort returns a port of the loopback interface that nothing listens on now. Somebody else may have
// taken it when the program that is told of it listens.
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

// errEnded is of a program that ended before it was ready.
var errEnded = errors.New("it ended before it was ready")

// portTries is how often a program is started that ends before it is ready: tests of other packages run
// at the same time, and may take the port that it was told.
const portTries = 3

// onFreePort starts a part on a port that nothing listens on.
func onFreePort(start func(port int) (address string, end func() error, err error)) (string, func() error, error) {
	for try := 1; ; try++ {
		port, err := freePort()
		if err != nil {
			return "", nil, err
		}
		address, end, err := start(port)
		if try == portTries || !errors.Is(err, errEnded) {
			return address, end, err
		}
	}
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
			return fmt.Errorf("%s: %w (%w); it printed:\n%s", p.Name, errEnded, p.howEnded(), p.Printed())
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
