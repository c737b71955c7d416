package app

import (
	"fmt"
	"slices"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/phone"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// What is warned about although it is accepted. ASVS is OWASP ASVS 5.0.
const (
	minPINLength = 6                // ASVS 6.5.4: 20 bits of entropy, six random digits
	maxPINTTL    = 10 * time.Minute // ASVS 6.5.5

	// Twenty times the defaults, a day: a limit that nobody meets is none.
	mostAddressSends    = 20 * 480
	mostAddressVerifies = 20 * 2880
	mostNumberSends     = 100
)

// Warnings returns what an owner may set and should know about, a sentence each that
// begins with the setting and names the rule it is about. No sentence has a value that
// may be secret.
func (c Config) Warnings() []string {
	var warnings []string
	warn := func(when bool, format string, args ...any) {
		if when {
			warnings = append(warnings, fmt.Sprintf(format, args...))
		}
	}
	warn(c.Infobip.AllowHTTP, "INFOBIP_ALLOW_HTTP is set: PINs and the API key may cross the network in clear (ASVS 5.0 12.3.1)")
	warn(c.Function != 0 && c.Infobip.APIKey != "",
		"INFOBIP_API_KEY is set: it is for laptops, and whoever may read the function's configuration reads it; put the key into the secret (ASVS 5.0 13.3.1)")
	warn(c.Form.PINLength < minPINLength, "PIN_LENGTH is %d: fewer than six digits are too easily guessed (ASVS 5.0 6.5.4)", c.Form.PINLength)
	warn(c.Policy.PINTTL > maxPINTTL, "PIN_TTL is %s: a code should live ten minutes at most (ASVS 5.0 6.5.5)", rate.FormatDuration(c.Policy.PINTTL))
	warn(c.Policy.SendCooldown == 0, "SEND_COOLDOWN is off: nothing slows sends to one number (ASVS 5.0 2.4.2)")
	warn(c.Policy.VerifySpacing == 0, "VERIFY_SPACING is off: nothing slows guesses, and Infobip's verifyPinLimit refuses what comes sooner (ASVS 5.0 6.6.3)")

	limit := func(name string, r rate.Rate, most int, of string) {
		warn(perDay(r) > most, "%s is %s, more than %d a day: it stops no %s (ASVS 5.0 2.4.1)", name, r, most, of)
	}
	limit("IP_SEND_LIMIT", c.SendLimit, mostAddressSends, "client address")
	limit("IP_VERIFY_LIMIT", c.VerifyLimit, mostAddressVerifies, "client address")
	limit("NUMBER_SEND_LIMIT", c.Policy.SendLimit, mostNumberSends, "sends to one number")
	limit("NUMBER_TOTAL_LIMIT", c.Policy.TotalLimit, mostNumberSends, "sends to one number")
	warn(perDay(c.Policy.ClientSendLimit) >= perDay(c.Policy.SendLimit),
		"NUMBER_CLIENT_SEND_LIMIT is %s and NUMBER_SEND_LIMIT %s: one address can use up a number's sends, and so lock its owner out (ASVS 5.0 6.1.1)",
		c.Policy.ClientSendLimit, c.Policy.SendLimit)

	sends := c.Function&settings.Send != 0
	warn(sends && len(c.Guard.Regions) == 0, "ALLOWED_REGIONS is all: strangers choose the countries that you pay for (ASVS 5.0 2.4.1)")
	for _, costly := range []phone.LineType{phone.PremiumRate, phone.SharedCost} {
		warn(slices.Contains(c.Guard.LineTypes, costly), "ALLOWED_LINE_TYPES has %s: strangers can earn from what is sent there (ASVS 5.0 2.4.1)", costly)
	}
	return warnings
}

// perDay is how many attempts a limit allows in a day at most, rounded down.
func perDay(r rate.Rate) int {
	if r.Window >= rate.Day {
		return r.Attempts / int(r.Window/rate.Day)
	}
	return r.Attempts * int(rate.Day/r.Window)
}
