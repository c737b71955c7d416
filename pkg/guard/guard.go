// Package guard rules what a deployment sends to at all, and what strangers may cost it.
// Its rules are pure; what they count and read stands behind [Cells]. The domain asks it
// through [otp.Guard], before anything is charged to the recipient.
package guard

import (
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// Guard is an [otp.Guard].
type Guard struct {
	rules Rules
	cells Cells
	clock otp.Clock
}

var _ otp.Guard = (*Guard)(nil)

// New returns a guard of these rules, which counts in these cells.
func New(rules Rules, cells Cells, clock otp.Clock) *Guard {
	if len(rules.Channels) == 0 {
		rules.Channels = []otp.Channel{otp.SMS}
	}
	return &Guard{rules: rules, cells: cells, clock: clock}
}
