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
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
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
	p.perNumber.set("20/1d")

	flags.StringVar(&p.name, "name", "infobip-otp", "application's name")
	flags.BoolVar(&p.enabled, "enabled", true, "whether the application sends; --enabled=false stops it")
	flags.IntVar(&p.pinAttempts, "pin-attempts", 10, "tries for each PIN, not below twice PIN_ATTEMPTS")
	flags.BoolVar(&p.allowMultiple, "allow-multiple-pin-verifications", true, "has to stay true: a lost answer is asked for again")
	flags.Var(&p.pinTimeToLive, "pin-time-to-live", "life of a PIN, not below PIN_TTL")
	flags.Var(&p.verifyPinLimit, "verify-pin-limit", "verifies of one number, not below one in each VERIFY_SPACING")
	flags.Var(&p.perApplication, "send-per-application", "sends of the whole application; beyond it nobody is sent anything")
	flags.Var(&p.perNumber, "send-per-number", "sends to one number, above NUMBER_SEND_LIMIT and NUMBER_TOTAL_LIMIT")

	flags.StringVar(&p.text, "text", pinPlaceholder+" is your verification code. Do not share it with anyone.", "message `text` with "+pinPlaceholder+" in it")
	flags.IntVar(&p.pinLength, "pin-length", 6, "digits of a PIN, the same as PIN_LENGTH")
	flags.StringVar(&p.pinType, "pin-type", "NUMERIC", "has to stay NUMERIC: the gateway takes PINs of digits")
	flags.StringVar(&p.sender, "sender", "", "sender that the phone shows; left as it is without this flag")
	flags.StringVar(&p.language, "language", "", "`language` of voice messages ("+strings.Join(infobip.Languages, " ")+"); left as it is without this flag")
}

// application returns the policy as the provider takes it.
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

// message returns the template as the provider takes it.
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

// check returns all that the provider would not take, and all that would let the
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

// follow raises what no flag names to what the gateway's settings need.
func (p *policy) follow(named func(flag string) bool, gateway app.Config) {
	ours := gateway.Policy
	if !named("pin-attempts") {
		p.pinAttempts = max(p.pinAttempts, bothTries*ours.PINAttempts)
	}
	if !named("pin-time-to-live") && p.pinTimeToLive.value < ours.PINTTL {
		p.pinTimeToLive.set(rate.FormatDuration(ours.PINTTL))
	}
	if !named("pin-length") {
		p.pinLength = gateway.Form.PINLength
	}
	if spacing := (rate.Rate{Attempts: 1, Window: ours.VerifySpacing}); !named("verify-pin-limit") && tighter(p.verifyPinLimit.value, spacing) {
		p.verifyPinLimit.set(spacing.String())
	}
	for _, limit := range sendLimits(ours) {
		if !named("send-per-number") && tighter(p.perNumber.value, limit.Rate) {
			p.perNumber.set(enough(p.perNumber.value.Window, limit.Rate).String())
		}
	}
}

// bothTries: who names a verification has PIN_ATTEMPTS at its code, and who does not as many.
const bothTries = 2

// named is a limit of ours by the name of its setting.
type named struct {
	rate.Rate
	name string
}

// sendLimits are our limits of sends to one number that can be reached. A success gives the
// sends of the first back and never those of the second, so this one rules where it is the
// smaller.
func sendLimits(ours otp.Policy) []named {
	sends, total := named{ours.SendLimit, "NUMBER_SEND_LIMIT"}, named{ours.TotalLimit, "NUMBER_TOTAL_LIMIT"}
	if total.Attempts <= sends.Attempts && total.Window >= sends.Window {
		return []named{total}
	}
	return []named{sends, total}
}

func (p *policy) unreachable(gateway app.Config) []error {
	var faults []error
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	ours := gateway.Policy
	refuse(!p.allowMultiple, "--allow-multiple-pin-verifications must stay true: "+
		"when the answer to a right PIN is lost the gateway asks once more, and would be told only that it was verified before (it lets each PIN be used once itself)")
	refuse(p.pinAttempts < bothTries*ours.PINAttempts,
		"--pin-attempts %d is below twice PIN_ATTEMPTS (%d): who names a verification and who does not have that many tries each, and Infobip would end a PIN before the gateway does",
		p.pinAttempts, ours.PINAttempts)
	refuse(p.pinTimeToLive.value < ours.PINTTL,
		"--pin-time-to-live %s is below PIN_TTL (%s): a PIN would die before the gateway says so", &p.pinTimeToLive, rate.FormatDuration(ours.PINTTL))
	for _, limit := range sendLimits(ours) {
		refuse(tighter(p.perNumber.value, limit.Rate),
			"--send-per-number %s undercuts %s (%s): its window does not begin with ours, and Infobip would refuse sends that the gateway allows; %s is enough",
			&p.perNumber, limit.name, limit.Rate, enough(p.perNumber.value.Window, limit.Rate))
		refuse(tighter(p.perApplication.value, limit.Rate),
			"--send-per-application %s undercuts %s (%s): one number could use up the sends of all", &p.perApplication, limit.name, limit.Rate)
	}
	refuse(ours.VerifySpacing > 0 && tighter(p.verifyPinLimit.value, rate.Rate{Attempts: 1, Window: ours.VerifySpacing}),
		"--verify-pin-limit %s is below one in each VERIFY_SPACING (%s): Infobip would refuse verifies that the gateway allows",
		&p.verifyPinLimit, rate.FormatDuration(ours.VerifySpacing))
	refuse(p.pinLength != gateway.Form.PINLength,
		"--pin-length %d is not PIN_LENGTH (%d): the gateway would refuse every PIN", p.pinLength, gateway.Form.PINLength)
	refuse(p.pinType != "NUMERIC", "--pin-type must be NUMERIC: the gateway takes PINs of digits only")
	return faults
}

// tighter reports whether provider can refuse what ours allows.
func tighter(provider, ours rate.Rate) bool {
	return ours.Window > 0 && provider.Attempts < enough(provider.Window, ours).Attempts
}

// enough returns the least that a provider has to allow in a window of its own, wherever that
// begins. Ours begin with their first event. So the most that ours let into one of the
// provider's are the last of a window that began before it, all but the one that began it, and
// all of every window that can begin in it.
func enough(window time.Duration, ours rate.Rate) rate.Rate {
	begun := int((window + ours.Window - 1) / ours.Window)
	return rate.Rate{Attempts: ours.Attempts - 1 + begun*ours.Attempts, Window: window}
}
