package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/seed-a131a524/infobip-otp/pkg/app"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

// policy is what the provider's application and template shall be.
type policy struct {
	name           string
	enabled        bool
	pinAttempts    int
	allowMultiple  bool
	pinTimeToLive  durationFlag
	verifyPinLimit rateFlag
	perApplication rateFlag
	perNumber      rateFlag

	text      string
	pinLength int
	pinType   string
	sender    string
	language  string
}

// pinPlaceholder is where the provider puts the PIN.
const pinPlaceholder = "{{pin}}"

var pinTypes = []string{"NUMERIC", "ALPHA", "HEX", "ALPHANUMERIC"}

// The longest windows and lives that Infobip documents.
const (
	longest             = 365 * rate.Day
	longestVerifyWindow = rate.Day
)

// register makes a flag of each setting, with its default.
func (p *policy) register(flags *pflag.FlagSet) {
	p.pinTimeToLive.set("10m")
	p.verifyPinLimit.set("1/3s")
	p.perApplication.set("10000/1d")
	p.perNumber.set("3/1d")

	flags.StringVar(&p.name, "name", "infobip-otp", "application's name")
	flags.BoolVar(&p.enabled, "enabled", true, "whether the application sends; --enabled=false stops it")
	flags.IntVar(&p.pinAttempts, "pin-attempts", 10, "tries for each PIN, not below PIN_ATTEMPTS; twice as many leave room for lost answers")
	flags.BoolVar(&p.allowMultiple, "allow-multiple-pin-verifications", true, "has to stay true: a lost answer is asked for again")
	flags.Var(&p.pinTimeToLive, "pin-time-to-live", "life of a PIN, not below PIN_TTL")
	flags.Var(&p.verifyPinLimit, "verify-pin-limit", "verifies of one number, not below one in each VERIFY_SPACING")
	flags.Var(&p.perApplication, "send-per-application", "sends of the whole application, not below NUMBER_SEND_LIMIT")
	flags.Var(&p.perNumber, "send-per-number", "sends to one number, not below NUMBER_SEND_LIMIT")

	flags.StringVar(&p.text, "text", pinPlaceholder+" is your verification code. Do not share it with anyone.", "message `text` with "+pinPlaceholder+" in it")
	flags.IntVar(&p.pinLength, "pin-length", 6, "digits of a PIN, the same as PIN_LENGTH")
	flags.StringVar(&p.pinType, "pin-type", "NUMERIC", "has to stay NUMERIC: the gateway takes PINs of digits")
	flags.StringVar(&p.sender, "sender", "", "sender that the phone shows; left as it is without this flag")
	flags.StringVar(&p.language, "language", "", "`language` of voice messages ("+strings.Join(infobip.Languages, " ")+"); left as it is without this flag")
}

// application is the policy as the provider takes it.
func (p *policy) application() infobip.Application {
	return infobip.Application{
		Name:    p.name,
		Enabled: &p.enabled,
		Configuration: infobip.Configuration{
			PinAttempts:                   &p.pinAttempts,
			AllowMultiplePinVerifications: &p.allowMultiple,
			PinTimeToLive:                 &p.pinTimeToLive.text,
			VerifyPinLimit:                &p.verifyPinLimit.text,
			SendPinPerApplicationLimit:    &p.perApplication.text,
			SendPinPerPhoneNumberLimit:    &p.perNumber.text,
		},
	}
}

// message is the template as the provider takes it.
func (p *policy) message() infobip.Message {
	m := infobip.Message{Text: &p.text, PinType: &p.pinType, PinLength: &p.pinLength}
	if p.sender != "" {
		m.SenderID = &p.sender
	}
	if p.language != "" {
		m.Language = &p.language
	}
	return m
}

// check gives all that the provider would not take, and all that would let the
// provider refuse before the gateway's own limits do.
func (p *policy) check(gateway app.Config) error {
	return errors.Join(append(p.malformed(), p.unreachable(gateway)...)...)
}

func (p *policy) malformed() []error {
	var faults []error
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	refuse(strings.TrimSpace(p.name) == "", "--name must not be empty")
	refuse(p.pinTimeToLive.value > longest, "--pin-time-to-live %s is above %s", &p.pinTimeToLive, rate.FormatDuration(longest))
	refuse(p.verifyPinLimit.value.Window > longestVerifyWindow, "--verify-pin-limit %s has a window above %s", &p.verifyPinLimit, rate.FormatDuration(longestVerifyWindow))
	refuse(p.perApplication.value.Window > longest, "--send-per-application %s has a window above %s", &p.perApplication, rate.FormatDuration(longest))
	refuse(p.perNumber.value.Window > longest, "--send-per-number %s has a window above %s", &p.perNumber, rate.FormatDuration(longest))

	refuse(!strings.Contains(p.text, pinPlaceholder), "--text must contain %s, where the PIN goes", pinPlaceholder)
	refuse(strings.Contains(strings.ReplaceAll(p.text, pinPlaceholder, ""), "{{"),
		"--text has a placeholder besides %s, which the gateway would not fill", pinPlaceholder)
	refuse(p.pinLength < 1 || p.pinLength > infobip.MaxPINLength, "--pin-length %d is not from 1 to %d", p.pinLength, infobip.MaxPINLength)
	refuse(p.language != "" && !slices.Contains(infobip.Languages, p.language), "--language %q is none of %s", p.language, strings.Join(infobip.Languages, " "))
	return faults
}

func (p *policy) unreachable(gateway app.Config) []error {
	var faults []error
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	ours := gateway.Policy
	sends := rate.Rate(ours.SendLimit)
	refuse(!p.allowMultiple, "--allow-multiple-pin-verifications must stay true: "+
		"when the answer to a right PIN is lost the gateway asks once more, and would be told only that it was verified before (it lets each PIN be used once itself)")
	refuse(p.pinAttempts < ours.PINAttempts,
		"--pin-attempts %d is below PIN_ATTEMPTS (%d): Infobip would end a PIN before the gateway does", p.pinAttempts, ours.PINAttempts)
	refuse(p.pinTimeToLive.value < ours.PINTTL,
		"--pin-time-to-live %s is below PIN_TTL (%s): a PIN would die before the gateway says so", &p.pinTimeToLive, rate.FormatDuration(ours.PINTTL))
	refuse(tighter(p.perNumber.value, sends),
		"--send-per-number %s is below NUMBER_SEND_LIMIT (%s): Infobip would refuse sends that the gateway allows", &p.perNumber, sends)
	refuse(tighter(p.perApplication.value, sends),
		"--send-per-application %s is below NUMBER_SEND_LIMIT (%s): one number could use up the sends of all", &p.perApplication, sends)
	refuse(ours.VerifySpacing > 0 && tighter(p.verifyPinLimit.value, rate.Rate{Attempts: 1, Window: ours.VerifySpacing}),
		"--verify-pin-limit %s is below one in each VERIFY_SPACING (%s): Infobip would refuse verifies that the gateway allows",
		&p.verifyPinLimit, rate.FormatDuration(ours.VerifySpacing))
	refuse(p.pinLength != gateway.Form.PINLength,
		"--pin-length %d is not PIN_LENGTH (%d): the gateway would refuse every PIN", p.pinLength, gateway.Form.PINLength)
	refuse(p.pinType != "NUMERIC", "--pin-type must be NUMERIC: the gateway takes PINs of digits only")
	return faults
}

// tighter is whether provider can refuse what ours allows. Ours starts a window
// with its first event, so within one window of the provider it can allow its
// attempts once for each window of ours that has a part in it.
func tighter(provider, ours rate.Rate) bool {
	windows := (provider.Window + ours.Window - 1) / ours.Window
	return time.Duration(provider.Attempts) < windows*time.Duration(ours.Attempts)
}
