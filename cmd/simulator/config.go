package main

import (
	"time"

	"github.com/seed-a131a524/infobip-otp/internal/simulation"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// switchesVariable holds the names of simulator.Switches.
const switchesVariable = "INFOBIP_SIMULATOR_SWITCHES"

// config is the environment, read once. Empty means unset for every variable.
type config struct {
	simulation simulation.Config
	settings   simulator.Settings
}

// Bounds of the gateway's settings, as far as an Infobip application has them.
const (
	maxPINLength   = simulator.LongestPIN
	maxPINAttempts = 1000
	maxSends       = 1_000_000
	maxPINTTL      = 365 * rate.Day
	maxSpacing     = rate.Day
)

// readConfig returns the configuration or all that is wrong with it.
func readConfig(getenv func(string) string) (config, error) {
	r := settings.NewReader(getenv)
	defaults := simulator.DefaultSettings()
	c := config{
		simulation: simulation.ReadConfig(r),
		settings: simulator.Settings{
			ApplicationID:   r.Text("INFOBIP_2FA_APP_ID", ""),
			MessageID:       r.Text("INFOBIP_2FA_MSG_ID", ""),
			PINLength:       r.Number("PIN_LENGTH", defaults.PINLength, 1, maxPINLength),
			PINAttempts:     r.Number("PIN_ATTEMPTS", defaults.PINAttempts, 1, maxPINAttempts),
			PINTTL:          r.Duration("PIN_TTL", defaults.PINTTL, time.Second, maxPINTTL),
			VerifySpacing:   r.Duration("VERIFY_SPACING", defaults.VerifySpacing, 0, maxSpacing),
			NumberSendLimit: r.Rate("NUMBER_SEND_LIMIT", defaults.NumberSendLimit, maxSends),
		},
	}
	if names := r.Text(switchesVariable, ""); names != "" && c.simulation.Options.Turn(names) != nil {
		r.Fault(switchesVariable, "names of switches with commas between them, see --help")
	}
	return c, r.Err()
}
