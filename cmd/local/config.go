package main

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/joho/godotenv"

	"github.com/seed-a131a524/infobip-otp/internal/simulation"
	"github.com/seed-a131a524/infobip-otp/pkg/app"
	"github.com/seed-a131a524/infobip-otp/pkg/messages"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// config is the gateway's configuration: that of the functions, and the ports.
type config struct {
	app.Config
	port int
	// corsOrigins are the pages that may call the gateway; empty means those of every
	// loopback origin.
	corsOrigins []string
	// offersAll: nobody said which channels are offered.
	offersAll bool
	// messagesFile is empty for messages.yaml, if it is there.
	messagesFile string
	// texts are the simulator's, and textsFrom is where they are from.
	texts     *messages.File
	textsFrom string
	// report is what lint says of them.
	report *messages.Report
	// simulate is set unless the real provider was configured.
	simulate   bool
	simulation simulation.Config
}

// defaultTable is the table in a DynamoDB that is given without a TABLE_NAME.
const defaultTable = "infobip-otp"

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
	offersAll := getenv("CHANNELS") == ""
	getenv = settings.OnLaptop(getenv)
	common, err := app.ReadConfig(getenv)
	r := settings.NewReader(getenv)
	c := config{
		Config:       common,
		port:         r.Number("PORT"),
		corsOrigins:  r.List("CORS_ORIGINS"),
		offersAll:    offersAll,
		messagesFile: r.Text("MESSAGES_FILE"),
		simulate:     common.Infobip.BaseURL == "",
		simulation:   simulation.ReadConfig(r),
	}
	if c.Table == "" && c.AWS.DynamoDB != "" {
		c.Table = defaultTable
	}
	return c, errors.Join(err, r.Err(), c.check())
}

// offer leaves out the channels that have no message, unless somebody asked for them or nothing
// would be left: then it returns what they lack.
func (c *config) offer() error {
	served := slices.DeleteFunc(slices.Clone(c.Guard.Channels), func(channel otp.Channel) bool { return !c.Catalog().Has(channel) })
	if c.offersAll && len(served) > 0 {
		c.Guard.Channels = served
	}
	return c.CheckMessages()
}

// check returns what does not go together.
func (c *config) check() error {
	faults := []error{c.Metrics.Check()}
	hasKey := c.Infobip.APIKey != "" || c.SecretID != ""
	switch {
	case c.simulate && c.Infobip.APIKey != "":
		faults = append(faults, errors.New("INFOBIP_API_KEY is set but INFOBIP_BASE_URL is not: set both for the real Infobip, or neither for the simulator"))
	case !c.simulate && !hasKey:
		faults = append(faults, errors.New("INFOBIP_BASE_URL is set but INFOBIP_API_KEY is not: set both for the real Infobip, or neither for the simulator"))
	case !c.simulate && (c.Infobip.ApplicationID == "" || c.Infobip.MessageID == "" && len(c.Messages) == 0):
		faults = append(faults, errors.New("INFOBIP_2FA_APP_ID, and INFOBIP_2FA_MESSAGES or INFOBIP_2FA_MSG_ID, must be set with INFOBIP_BASE_URL (otpctl provision prints them)"))
	}
	// A secret that is read from AWS has its own origin keys.
	readsSecret := !c.simulate && c.Infobip.APIKey == "" && c.SecretID != ""
	if c.ClientAddress.Header != "" && len(c.ClientAddress.OriginKeys) == 0 && !readsSecret {
		faults = append(faults, errors.New("CLIENT_ADDRESS_HEADER is set but ORIGIN_KEYS is not: without a key nobody could be believed, and every send would be refused"))
	}
	return errors.Join(faults...)
}
