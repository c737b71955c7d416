package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

// shutdownTime is how long calls under way may still take after a signal.
const shutdownTime = time.Second

// run is the program: it returns the exit code.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("simulator", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { printHelp(stdout) }
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 1
	case flags.NArg() > 0:
		fmt.Fprintln(stderr, "simulator: it takes no arguments; settings are environment variables, see --help")
		return 1
	}
	configuration, err := readConfig(getenv)
	if err == nil {
		err = serve(ctx, configuration, stdout)
	}
	if err != nil {
		fmt.Fprintf(stderr, "simulator: %s\n", strings.ReplaceAll(err.Error(), "\n", "; "))
		return 1
	}
	return 0
}

// serve runs both listeners until ctx ends.
func serve(ctx context.Context, c config, stdout io.Writer) error {
	account := simulator.New(c.options)
	appID, msgID, err := account.Provision(c.settings)
	if err != nil {
		return err
	}
	api, err := listen(c.apiAddress(), "INFOBIP_SIMULATOR_PORT")
	if err != nil {
		return err
	}
	defer api.Close()
	control, err := listen(c.controlAddress(), "INFOBIP_CONTROL_PORT")
	if err != nil {
		return err
	}
	defer control.Close()

	servers := []*http.Server{server(account.API()), server(account.Control())}
	ended := make(chan error, len(servers))
	go func() { ended <- servers[0].Serve(api) }()
	go func() { ended <- servers[1].Serve(control) }()
	announce(stdout, c, api.Addr(), control.Addr(), appID, msgID)

	select {
	case <-ctx.Done():
	case err = <-ended:
		err = fmt.Errorf("serving: %w", err)
	}
	account.Close()
	// The signal has ended ctx, so the time for a clean end is counted afresh.
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	for _, each := range servers {
		if each.Shutdown(closing) != nil {
			_ = each.Close() // what is still open then is cut
		}
	}
	return err
}

// server has no ReadTimeout and no WriteTimeout: either would end a call that a
// fault delays for longer.
func server(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
}

func listen(address, portVariable string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is taken: choose another port with %s", address, portVariable)
	case err != nil:
		return nil, fmt.Errorf("listening on %s: %w", address, err)
	}
	return listener, nil
}

func announce(w io.Writer, c config, api, control net.Addr, appID, msgID string) {
	key := c.options.Key
	if key != simulator.DefaultKey {
		key = "$INFOBIP_SIMULATOR_KEY"
	}
	fmt.Fprintf(w, `Infobip 2FA simulator
  API              http://%[1]s
  control          http://%[2]s
  application      INFOBIP_2FA_APP_ID=%[3]s
  template         INFOBIP_2FA_MSG_ID=%[4]s
Send a PIN:
  curl "http://%[1]s/2fa/2/pin?ncNeeded=false" -H "Authorization: App %[5]s" -H "Content-Type: application/json" \
    -d '{"applicationId":"%[3]s","messageId":"%[4]s","to":"14155552671"}'
Read the outbox:
  curl "http://%[2]s/outbox?to=14155552671"
Ctrl-C ends it.
`, api, control, appID, msgID, key)
}
