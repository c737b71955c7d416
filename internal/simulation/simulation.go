// Package simulation puts the Infobip simulator behind its two ports, for `make run`
// and for the simulator alone.
package simulation

import (
	"context"
	"fmt"
	"net"

	"github.com/seed-a131a524/infobip-otp/internal/console"
	"github.com/seed-a131a524/infobip-otp/internal/serve"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
	"github.com/seed-a131a524/infobip-otp/pkg/locale"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// controlHost is not a setting: the control listener shows every PIN, so it stays on
// this machine even where a container needs the API on a wider host.
const controlHost = "127.0.0.1"

// Config is the INFOBIP_SIMULATOR_ part of the environment.
type Config struct {
	host        string
	apiPort     int
	controlPort int
	Options     simulator.Options
}

// ReadConfig reads it; the reader collects the faults.
func ReadConfig(r *settings.Reader) Config {
	c := Config{
		host:        r.Text("INFOBIP_SIMULATOR_HOST"),
		apiPort:     r.Number("INFOBIP_SIMULATOR_PORT"),
		controlPort: r.Number("INFOBIP_CONTROL_PORT"),
		Options: simulator.Options{
			Key:    r.Text("INFOBIP_SIMULATOR_KEY"),
			Strict: r.Truth("INFOBIP_SIMULATOR_STRICT"),
		},
	}
	if c.apiPort == c.controlPort && c.apiPort != 0 {
		r.Fault("INFOBIP_CONTROL_PORT", "another port than INFOBIP_SIMULATOR_PORT")
	}
	return c
}

// Simulation is a simulator with an application, on two open ports that nothing
// serves yet.
type Simulation struct {
	Account       *simulator.Simulator
	ApplicationID string
	MessageID     string
	API           net.Listener
	Control       net.Listener
	// Console is what the control port serves. The gateway adds its facts to it and
	// lets it observe its exchanges.
	Console *console.Console
}

// ListenControl opens the control port, for a console without a simulator.
func (c Config) ListenControl(ctx context.Context) (net.Listener, error) {
	return serve.Listen(ctx, controlHost, c.controlPort, "INFOBIP_CONTROL_PORT")
}

// Start makes the simulator and its application, and opens the ports.
func Start(ctx context.Context, c Config, gateway simulator.Settings) (*Simulation, error) {
	feed := console.NewFeed()
	if c.Options.Clock == nil {
		c.Options.Clock = simulator.NewClock()
	}
	c.Options.Delivered = func(m simulator.Message) { feed.Publish(console.KindMessage, m) }
	account := simulator.New(c.Options)
	applicationID, messageID, err := account.Provision(gateway)
	if err != nil {
		return nil, fmt.Errorf("starting the simulator: %w", err)
	}
	api, err := serve.Listen(ctx, c.host, c.apiPort, "INFOBIP_SIMULATOR_PORT")
	if err != nil {
		return nil, err
	}
	control, err := c.ListenControl(ctx)
	if err != nil {
		_ = api.Close() // nothing was served on it
		return nil, err
	}
	return &Simulation{
		Account: account, ApplicationID: applicationID, MessageID: messageID, API: api, Control: control,
		Console: &console.Console{
			Facts: console.Facts{PINLength: gateway.PINLength, Channels: []string{}, Simulator: &console.Simulator{
				API: "http://" + api.Addr().String(), ApplicationID: applicationID, MessageID: messageID,
				Operations: simulator.Operations(),
			}},
			Messages:  console.NewMessages(nil, nil, locale.Tag{}),
			Feed:      feed,
			Exchanges: &console.Exchanges{Feed: feed, Now: c.Options.Clock.Now},
			Control:   account.Control(),
		},
	}, nil
}

// Listeners are what has to be served; ctx ends the console's streams.
func (s *Simulation) Listeners(ctx context.Context) []serve.Listener {
	return []serve.Listener{
		{Listener: s.API, Handler: s.Console.Exchanges.Observe(console.SideInfobip, s.Account.API())},
		{Listener: s.Control, Handler: s.Console.Handler(ctx)},
	}
}

// Close ends calls that a fault delays, and closes the ports.
func (s *Simulation) Close() {
	s.Account.Close()
	_ = s.API.Close()     // closed by its server, if that ran
	_ = s.Control.Close() // likewise
}
