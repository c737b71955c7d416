// Package serve runs the HTTP servers of the programs for a laptop: ports that are
// taken are said in a sentence, and a signal ends them cleanly within seconds.
package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"
)

// shutdownTime is how long requests under way may still take after a signal.
const shutdownTime = time.Second

// Listen opens a TCP port. Variable names the setting that chooses it.
func Listen(ctx context.Context, host string, port int, variable string) (net.Listener, error) {
	address := net.JoinHostPort(host, strconv.Itoa(port))
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("port %d is taken: choose another with %s", port, variable)
	case err != nil:
		return nil, fmt.Errorf("listening on %s (%s): %w", address, variable, err)
	}
	return listener, nil
}

// Listener is a port and what answers on it.
type Listener struct {
	net.Listener
	Handler http.Handler
}

// Run serves until ctx ends or a server fails, and closes every listener.
func Run(ctx context.Context, listeners ...Listener) error {
	servers := make([]*http.Server, 0, len(listeners))
	ended := make(chan error, len(listeners))
	for _, l := range listeners {
		// No ReadTimeout and no WriteTimeout: either would end a call that a fault of
		// the simulator delays for longer.
		server := &http.Server{
			Handler:           l.Handler,
			ReadHeaderTimeout: 10 * time.Second,
			IdleTimeout:       2 * time.Minute,
			MaxHeaderBytes:    64 << 10,
		}
		servers = append(servers, server)
		go func() { ended <- server.Serve(l) }()
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-ended:
		err = fmt.Errorf("serving: %w", err)
	}
	// The signal has ended ctx, so the time for a clean end is counted afresh.
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	for _, server := range servers {
		if server.Shutdown(closing) != nil {
			_ = server.Close() // what is still open then is cut
		}
	}
	return err
}
