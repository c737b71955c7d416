package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/seed-a131a524/infobip-otp/internal/serve"
	"github.com/seed-a131a524/infobip-otp/internal/simulation"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

// run is the program: it returns the exit code.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("simulator", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {} // a wrong flag gets one sentence, not the whole help
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		printHelp(stdout)
		return 0
	case err != nil:
		return 1
	case flags.NArg() > 0:
		fmt.Fprintln(stderr, "simulator: it takes no arguments; settings are environment variables, see --help")
		return 1
	}
	configuration, err := readConfig(getenv)
	if err == nil {
		err = simulate(ctx, configuration, stdout)
	}
	if err != nil {
		fmt.Fprintf(stderr, "simulator: %s\n", strings.ReplaceAll(err.Error(), "\n", "; "))
		return 1
	}
	return 0
}

// simulate runs both listeners until ctx ends.
func simulate(ctx context.Context, c config, stdout io.Writer) error {
	running, err := simulation.Start(ctx, c.simulation, c.settings)
	if err != nil {
		return err
	}
	defer running.Close()
	context.AfterFunc(ctx, running.Account.Close) // or a delayed call holds the end
	announce(stdout, c, running)
	running.PrintMessages(ctx, stdout)
	return serve.Run(ctx, running.Listeners(ctx)...)
}

func announce(w io.Writer, c config, running *simulation.Simulation) {
	key := c.simulation.Options.Key
	if key != simulator.DefaultKey {
		key = "$INFOBIP_SIMULATOR_KEY"
	}
	_, port, _ := net.SplitHostPort(running.Control.Addr().String())
	fmt.Fprintf(w, `Infobip 2FA simulator
  console          http://localhost:%[6]s/
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
`, running.API.Addr(), running.Control.Addr(), running.ApplicationID, running.MessageID, key, port)
}
