// Package guards wires package guard together, from the settings to who is asked about a
// challenge. It is apart from package app because the stack, which deploys nothing that the
// functions would refuse, asks it too.
package guards

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/guard/challenge"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/phone"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// Challenge says who is asked whether a challenge was solved.
type Challenge struct {
	// Kind is empty where nobody is.
	Kind      challenge.Kind
	URL       string
	Hostnames []string
	MinScore  float64
	// Secret is a laptop's; in AWS it is in the secret of the deployment.
	Secret string
}

// Config is all about the guard.
type Config struct {
	guard.Rules
	Challenge Challenge
}

// Read reads what send needs. The other programs find the defaults in what is not theirs.
func Read(r *settings.Reader) Config {
	c := Config{
		Rules: guard.Rules{
			Channels:    Channels(r),
			Regions:     r.List("ALLOWED_REGIONS"),
			LineTypes:   lineTypes(r.List("ALLOWED_LINE_TYPES")),
			Spend:       settings.Value[guard.Limit](r, "SPEND_LIMIT"),
			RegionSpend: settings.Value[guard.RegionLimits](r, "REGION_SPEND_LIMIT"),
			Prices: guard.MessagePrices{
				SMS:   settings.Value[guard.Prices](r, "SMS_PRICES"),
				Voice: settings.Value[guard.Prices](r, "VOICE_PRICES"),
				Mail:  settings.Value[guard.Prices](r, "EMAIL_PRICES"),
			},
			Allowances: guard.Allowances{
				Network: settings.Value[guard.Allowance](r, "NETWORK_ALLOWANCE"),
				Prefix:  settings.Value[guard.Allowance](r, "PREFIX_ALLOWANCE"),
				Region:  settings.Value[guard.Allowance](r, "REGION_ALLOWANCE"),
				Service: settings.Value[guard.Allowance](r, "SERVICE_ALLOWANCE"),
			},
		},
		Challenge: Challenge{
			Kind:      challenge.Kind(r.Word("CHALLENGE")),
			URL:       r.Text("CHALLENGE_URL"),
			Hostnames: r.List("CHALLENGE_HOSTNAMES"),
			MinScore:  settings.Value[float64](r, "CHALLENGE_MIN_SCORE"),
			Secret:    r.Text("CHALLENGE_SECRET"),
		},
	}
	mode := guard.ChallengeMode(r.Word("CHALLENGE_MODE"))
	if c.Challenge.Kind != "" || mode == guard.Always {
		c.Rules.Challenge = mode
	}
	for _, wrong := range c.Faults() {
		r.Fault(wrong.Setting, wrong.Form)
	}
	return c
}

// CheckDeployed returns what a function lacks. A laptop without it takes the token "pass".
func (c Config) CheckDeployed() error {
	switch {
	case c.Rules.Challenge == guard.NoChallenge:
	case c.Challenge.Kind == "":
		return errors.New("CHALLENGE must be set: CHALLENGE_MODE is, and somebody has to know who has solved one")
	case len(c.Challenge.Hostnames) == 0:
		return errors.New("CHALLENGE_HOSTNAMES must be set: CHALLENGE is, and a challenge that was solved on another site would do")
	}
	return nil
}

// Secret is where the secret of a challenge is kept.
type Secret interface {
	ChallengeSecret(ctx context.Context) (string, error)
}

// Checker returns who is asked about challenges; nil where nobody is. Alone is a laptop that
// reads no secret: unless it was told one, it takes the token "pass".
func (c Config) Checker(secret Secret, alone bool) (guard.Checker, error) {
	switch {
	case c.Rules.Challenge == guard.NoChallenge:
		return nil, nil //nolint:nilnil // off is no error
	case alone && c.Challenge.Secret == "":
		return challenge.Pass{}, nil
	}
	checker, err := challenge.New(challenge.Config{
		Kind: c.Challenge.Kind, URL: c.Challenge.URL, Hostnames: c.Challenge.Hostnames, MinScore: c.Challenge.MinScore,
		Secret: secret.ChallengeSecret,
	})
	if err != nil {
		return nil, fmt.Errorf("CHALLENGE: %w", err)
	}
	return checker, nil
}

// Channels reads what is offered.
func Channels(r *settings.Reader) []otp.Channel {
	words := r.List("CHANNELS")
	list := make([]otp.Channel, len(words))
	for i, word := range words {
		list[i] = otp.Channel(word)
	}
	return list
}

// lineTypes returns nil for none: the guard's default.
func lineTypes(words []string) []phone.LineType {
	var list []phone.LineType
	for _, word := range words {
		t, err := phone.ParseLineType(word)
		if err != nil {
			panic("app: the table of settings has a line type that pkg/phone has not: " + word)
		}
		list = append(list, t)
	}
	return list
}
