package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/joho/godotenv"

	"github.com/seed-a131a524/infobip-otp/internal/simulation"
	"github.com/seed-a131a524/infobip-otp/pkg/app"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// config is the gateway's configuration: that of the functions, and the ports.
type config struct {
	app.Config
	port int
	// simulate is set unless the real provider was configured.
	simulate   bool
	simulation simulation.Config
}

// defaultTable is the table in a DynamoDB that is given without a TABLE_NAME.
const defaultTable = "infobip-otp"

const highestPort = 65535

// environment puts the .env file behind the real environment: what is set there wins.
func environment(getenv func(string) string, file string) (func(string) string, error) {
	values, err := godotenv.Read(file)
	if errors.Is(err, os.ErrNotExist) {
		return getenv, nil
	}
	if err != nil {
		// The parser's own text quotes the line, which may hold a key.
		return nil, fmt.Errorf("%s cannot be read: write one NAME=value a line", file)
	}
	return func(name string) string {
		if value := getenv(name); value != "" {
			return value
		}
		return values[name]
	}, nil
}

func readConfig(getenv func(string) string) (config, error) {
	common, err := app.ReadConfig(getenv)
	r := settings.NewReader(getenv)
	c := config{
		Config:     common,
		port:       r.Number("PORT", 3000, 0, highestPort),
		simulate:   common.Infobip.BaseURL == "",
		simulation: simulation.ReadConfig(r),
	}
	if c.Table == "" && c.AWS.DynamoDB != "" {
		c.Table = defaultTable
	}
	return c, errors.Join(err, r.Err(), c.check())
}

// check says what does not go together.
func (c *config) check() error {
	var faults []error
	hasKey := c.Infobip.APIKey != "" || c.SecretID != ""
	switch {
	case c.simulate && c.Infobip.APIKey != "":
		faults = append(faults, errors.New("INFOBIP_API_KEY is set but INFOBIP_BASE_URL is not: set both for the real Infobip, or neither for the simulator"))
	case !c.simulate && !hasKey:
		faults = append(faults, errors.New("INFOBIP_BASE_URL is set but INFOBIP_API_KEY is not: set both for the real Infobip, or neither for the simulator"))
	case !c.simulate && (c.Infobip.ApplicationID == "" || c.Infobip.MessageID == ""):
		faults = append(faults, errors.New("INFOBIP_2FA_APP_ID and INFOBIP_2FA_MSG_ID must be set with INFOBIP_BASE_URL (otpctl provision prints them)"))
	}
	return errors.Join(faults...)
}
