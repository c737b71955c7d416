// Package guard rules what a deployment sends to at all, and what strangers may cost it.
// Its rules are pure; what they count and read stands behind [Cells]. The domain asks it
// through [otp.Guard], before anything is charged to the recipient.
package guard

import (
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// Guard is an [otp.Guard].
type Guard struct {
	rules   Rules
	cells   Cells
	checker Checker
	clock   otp.Clock
}

var _ otp.Guard = (*Guard)(nil)

// New returns a guard of these rules, which counts in these cells. The checker may be nil
// where the rules ask for no challenge.
func New(rules Rules, cells Cells, checker Checker, clock otp.Clock) *Guard {
	if len(rules.Channels) == 0 {
		rules.Channels = []otp.Channel{otp.SMS}
	}
	defaults := DefaultPrices()
	for channel, prices := range map[*Prices]Prices{
		&rules.Prices.SMS: defaults.SMS, &rules.Prices.Voice: defaults.Voice, &rules.Prices.Mail: defaults.Mail,
	} {
		if len(*channel) == 0 {
			*channel = prices
		}
	}
	return &Guard{rules: rules, cells: cells, checker: checker, clock: clock}
}
