package main

import (
	"github.com/seed-a131a524/infobip-otp/internal/simulation"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// switchesVariable holds the names of simulator.Switches.
const switchesVariable = "INFOBIP_SIMULATOR_SWITCHES"

// config is the environment, read once. Empty means unset for every variable.
type config struct {
	simulation simulation.Config
	settings   simulator.Settings
}

// readConfig returns the configuration or all that is wrong with it.
func readConfig(getenv func(string) string) (config, error) {
	r := settings.NewReader(getenv)
	c := config{
		simulation: simulation.ReadConfig(r),
		settings: simulator.Settings{
			ApplicationID: r.Text("INFOBIP_2FA_APP_ID"),
			MessageID:     r.Text("INFOBIP_2FA_MSG_ID"),
			PINLength:     r.Number("PIN_LENGTH"),
			// As many tries by who names a verification as by who does not.
			PINAttempts:     2 * r.Number("PIN_ATTEMPTS"),
			PINTTL:          r.Duration("PIN_TTL"),
			VerifySpacing:   r.Duration("VERIFY_SPACING"),
			NumberSendLimit: r.Rate("NUMBER_TOTAL_LIMIT"),
		},
	}
	if names := r.Text(switchesVariable); names != "" && c.simulation.Options.Turn(names) != nil {
		r.Fault(switchesVariable, "names of switches with commas between them, see --help")
	}
	return c, r.Err()
}
