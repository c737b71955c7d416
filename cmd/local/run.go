package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/seed-a131a524/infobip-otp/internal/console"
	"github.com/seed-a131a524/infobip-otp/internal/serve"
	"github.com/seed-a131a524/infobip-otp/internal/simulation"
	"github.com/seed-a131a524/infobip-otp/pkg/app"
	"github.com/seed-a131a524/infobip-otp/pkg/app/proofs"
	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
	"github.com/seed-a131a524/infobip-otp/pkg/locale"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/store"
	"github.com/seed-a131a524/infobip-otp/pkg/telemetry"
)

// gatewayHost is where the gateway is, always: it has no stage's throttles before it.
const gatewayHost = "127.0.0.1"

// run is the program. It returns when ctx ends, or with what kept it from starting.
func run(ctx context.Context, getenv func(string) string, envFile string, stdout, stderr io.Writer) error {
	getenv, err := environment(getenv, envFile)
	if err != nil {
		return err
	}
	c, err := readConfig(getenv)
	if err != nil {
		return err
	}
	gateway, err := serve.Listen(ctx, gatewayHost, c.port, "PORT")
	if err != nil {
		return err
	}
	defer gateway.Close()
	if c.Proofs.Issuer == "" {
		c.Proofs.Issuer = baseURL(gateway.Addr())
	}

	var clock otp.Clock = app.Clock{}
	var listeners []serve.Listener
	var running *simulation.Simulation
	var page *console.Console
	var fault func() (simulator.GatewayFault, bool)
	if c.simulate {
		if err = c.readMessages(); err != nil {
			return err
		}
		movable := simulator.NewClock()
		clock = movable
		c.simulation.Options.Clock = movable
		running, err = startSimulator(ctx, &c)
		if err != nil {
			return err
		}
		defer running.Close()
		if err := c.offer(); err != nil {
			return err
		}
		context.AfterFunc(ctx, running.Account.Close) // or a delayed call holds the end
		page = running.Console
		page.Facts = facts(&c, gateway.Addr(), page.Facts.Simulator)
		page.Messages = told(&c)
		listeners = running.Listeners(ctx)
		fault = running.Account.TakeGatewayFault
	} else {
		if err := c.offer(); err != nil {
			return err
		}
		control, err := c.simulation.ListenControl(ctx)
		if err != nil {
			return err
		}
		defer control.Close()
		page = console.WithoutSimulator(facts(&c, gateway.Addr(), nil), told(&c))
		listeners = []serve.Listener{{Listener: control, Handler: page.Handler(ctx)}}
	}
	logger := telemetry.NewLogger(stderr, c.LogLevel)
	if c.AWS.DynamoDB != "" {
		if err := prepare(ctx, &c); err != nil {
			return fmt.Errorf("AWS_ENDPOINT_URL_DYNAMODB is set: %w", err)
		}
	}
	a, err := app.New(c.Config, clock, logger)
	if err != nil {
		return err
	}
	listeners = append(listeners, serve.Listener{Listener: gateway, Handler: page.Exchanges.Observe(console.SideGateway, newGateway(
		a.Send, a.Verify, httpapi.NewDiscovery(logger, a.Published).Emitting(telemetry.NewEmitter(c.Metrics)), origins(c.corsOrigins), fault,
	))})
	announce(stdout, &c, listeners, gateway.Addr())
	if running != nil {
		running.PrintMessages(ctx, stdout)
	}
	return serve.Run(ctx, listeners...)
}

// prepare makes the table of an emulator, and waits until it answers as fast as requests want it:
// the first calls may take a fresh Java machine seconds, where a request gives each one.
func prepare(ctx context.Context, c *config) error {
	patient := c.AWS
	patient.Attempt = 20 * time.Second
	client := app.NewDynamoDB(patient)
	if err := store.CreateTable(ctx, client, c.Table); err != nil {
		return err
	}
	return store.WarmUp(ctx, client, c.Table)
}

// facts are what the console page is told.
func facts(c *config, gateway net.Addr, simulated *console.Simulator) console.Facts {
	offered := []string{}
	for _, channel := range c.Guard.Channels {
		offered = append(offered, string(channel))
	}
	return console.Facts{
		Gateway: baseURL(gateway), RealProvider: !c.simulate, PINLength: c.Form.PINLength,
		Channels: offered, Simulator: simulated,
	}
}

// told is what the console page is told of the messages. With the real Infobip nobody knows
// what the list's default is.
func told(c *config) console.Messages {
	var standard locale.Tag
	if c.texts != nil {
		standard = c.texts.Default
	}
	m := console.NewMessages(c.Messages, c.Guard.Channels, standard)
	m.File, m.Report = c.textsFrom, c.report
	return m
}

// baseURL is a loopback listener's address as a browser has it.
func baseURL(listener net.Addr) string {
	_, port, _ := net.SplitHostPort(listener.String()) // a listener's address has a port
	return "http://localhost:" + port
}

// startSimulator opens the simulator's ports and points the gateway at it, with an
// application made from the gateway's own settings, so that ours decide, and the messages of
// the file.
func startSimulator(ctx context.Context, c *config) (*simulation.Simulation, error) {
	running, err := simulation.Start(ctx, c.simulation, simulator.Settings{
		ApplicationID:   c.Infobip.ApplicationID,
		MessageID:       c.Infobip.MessageID,
		PINLength:       c.Form.PINLength,
		PINAttempts:     2 * c.Policy.PINAttempts,
		PINTTL:          c.Policy.PINTTL,
		VerifySpacing:   c.Policy.VerifySpacing,
		NumberSendLimit: c.Policy.TotalLimit,
	})
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(running.API.Addr().String())
	if err != nil {
		running.Close()
		return nil, fmt.Errorf("reading the simulator's own address: %w", err)
	}
	c.Infobip.BaseURL = "http://" + net.JoinHostPort(gatewayHost, port)
	c.Infobip.ApplicationID = running.ApplicationID
	if err := c.say(running); err != nil {
		running.Close()
		return nil, fmt.Errorf("starting the simulator: %w", err)
	}
	c.Infobip.APIKey = c.simulation.Options.Key
	return running, nil
}

func announce(w io.Writer, c *config, listeners []serve.Listener, gateway net.Addr) {
	base := baseURL(gateway)
	kept := "memory"
	if c.Table != "" {
		kept = "DynamoDB table " + c.Table
	}
	control := listeners[len(listeners)-2].Addr()
	fmt.Fprintf(w, "infobip-otp\n  console   %s/\n  gateway   %s\n  state     %s\n  proofs    %s\n", baseURL(control), base, kept, proofsOf(&c.Proofs))
	if tests := c.Tests.Active(c.Form.PINLength, time.Now()); len(tests) > 0 {
		fmt.Fprintf(w, "  tests     %s\n", tests.Summary())
	}
	pin, readIt := "123456", "the code from the SMS"
	if c.simulate {
		control := "http://" + control.String()
		fmt.Fprintf(w, "  Infobip   simulated on http://%s\n  messages  %s\n  outbox    %s/outbox\n", listeners[0].Addr(), c.summary(), control)
		// The newest message is the last of the array.
		pin = fmt.Sprintf(`'"$(curl -s '%s/outbox?to=14155552671' | sed 's/.*"pin":"\([0-9]*\)".*/\1/')"'`, control)
		readIt = "the code from the outbox"
	} else {
		fmt.Fprintf(w, "  Infobip   %s\n", c.Infobip.BaseURL)
	}
	fmt.Fprintf(w, `
Ask for a code, then verify it with %[3]s:

  curl -i %[1]s/send-otp -H 'Content-Type: application/json' -d '{"phoneNumber":"+14155552671"}'
  curl -i %[1]s/verify-otp -H 'Content-Type: application/json' -d '{"phoneNumber":"+14155552671","pin":"%[2]s"}'

Ctrl-C ends it.
`, base, pin, readIt)
}

// proofsOf is what a backend's verifier has to be told.
func proofsOf(c *proofs.Config) string {
	if !c.On() {
		return "off"
	}
	return fmt.Sprintf("issuer %s, audience %s", c.Issuer, cmp.Or(c.Audience, c.Issuer))
}
