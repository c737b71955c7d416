package main

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/grammar"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

// config is the environment, read once. Empty means unset for every variable.
type config struct {
	host        string
	apiPort     int
	controlPort int
	options     simulator.Options
	settings    simulator.Settings
}

// controlHost is not a setting: the control listener shows every PIN, so it
// stays on this machine even where a container needs the API on a wider host.
const controlHost = "127.0.0.1"

func (c config) apiAddress() string { return net.JoinHostPort(c.host, strconv.Itoa(c.apiPort)) }
func (c config) controlAddress() string {
	return net.JoinHostPort(controlHost, strconv.Itoa(c.controlPort))
}

// readConfig gives the configuration or all that is wrong with it.
func readConfig(getenv func(string) string) (config, error) {
	env := environment{getenv: getenv}
	defaults := simulator.DefaultSettings()
	c := config{
		host:        env.text("INFOBIP_SIMULATOR_HOST", "127.0.0.1"),
		apiPort:     env.number("INFOBIP_SIMULATOR_PORT", 3001, 0, 65535),
		controlPort: env.number("INFOBIP_CONTROL_PORT", 3002, 0, 65535),
		options: simulator.Options{
			Key:    env.text("INFOBIP_SIMULATOR_KEY", simulator.DefaultKey),
			Strict: env.truth("INFOBIP_SIMULATOR_STRICT"),
		},
		settings: simulator.Settings{
			ApplicationID:   env.text("INFOBIP_2FA_APP_ID", ""),
			MessageID:       env.text("INFOBIP_2FA_MSG_ID", ""),
			PINLength:       env.number("PIN_LENGTH", defaults.PINLength, 1, 64),
			PINAttempts:     env.number("PIN_ATTEMPTS", defaults.PINAttempts, 1, 1000),
			PINTTL:          env.duration("PIN_TTL", defaults.PINTTL, time.Second),
			VerifySpacing:   env.duration("VERIFY_SPACING", defaults.VerifySpacing, 0),
			NumberSendLimit: env.rate("NUMBER_SEND_LIMIT", defaults.NumberSendLimit),
		},
	}
	if c.apiPort == c.controlPort && c.apiPort != 0 {
		env.faults = append(env.faults, errors.New("INFOBIP_SIMULATOR_PORT and INFOBIP_CONTROL_PORT must differ"))
	}
	return c, errors.Join(env.faults...)
}

// environment reads variables and collects what is wrong with them. No error
// shows a value: one of the variables is a key.
type environment struct {
	getenv func(string) string
	faults []error
}

func (e *environment) bad(name, form string) {
	e.faults = append(e.faults, fmt.Errorf("%s must be %s", name, form))
}

func (e *environment) text(name, otherwise string) string {
	if value := e.getenv(name); value != "" {
		return value
	}
	return otherwise
}

func (e *environment) number(name string, otherwise, least, most int) int {
	value := e.getenv(name)
	if value == "" {
		return otherwise
	}
	number, err := strconv.Atoi(value)
	if err != nil || number < least || number > most {
		e.bad(name, fmt.Sprintf("a whole number from %d to %d", least, most))
	}
	return number
}

func (e *environment) truth(name string) bool {
	switch e.getenv(name) {
	case "", "false":
		return false
	case "true":
		return true
	}
	e.bad(name, "true or false")
	return false
}

func (e *environment) duration(name string, otherwise, least time.Duration) time.Duration {
	value := e.getenv(name)
	if value == "" {
		return otherwise
	}
	duration, err := grammar.ParseDuration(value)
	if err != nil || duration < least {
		e.bad(name, "a duration such as 10m or 3s, not below "+grammar.FormatDuration(least))
	}
	return duration
}

func (e *environment) rate(name string, otherwise grammar.Rate) grammar.Rate {
	value := e.getenv(name)
	if value == "" {
		return otherwise
	}
	rate, err := grammar.ParseRate(value)
	if err != nil || rate.Attempts < 1 {
		e.bad(name, "a rate such as 3/1d")
	}
	return rate
}
