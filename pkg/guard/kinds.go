package guard

import (
	"slices"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/phone"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// Rules are what the owner decided.
type Rules struct {
	// Channels that are offered. Empty offers SMS alone.
	Channels []otp.Channel
	// Regions that are sent to, by libphonenumber's code. Empty allows all but 001
	// (satellites and international networks), which has to be named.
	Regions []string
	// LineTypes that are sent to, by every channel. Empty allows mobile numbers, and
	// fixed lines by voice. A region alone stops little: +1 900 is a number of US.
	LineTypes []phone.LineType

	// Spend is what all messages of a window may cost, RegionSpend those to a region.
	Spend       Limit
	RegionSpend RegionLimits
	Prices      MessagePrices
	Allowances  Allowances
	Challenge   ChallengeMode
}

// ChallengeMode is when a delivery needs a solved challenge.
type ChallengeMode string

// Modes. The zero mode never asks for one.
const (
	NoChallenge ChallengeMode = ""
	Suspicious  ChallengeMode = "suspicious" // where a cell has no room
	Always      ChallengeMode = "always"
)

// international is the region of numbers that belong to no country. Ranges that cost the
// most are among them.
const international = "001"

// Permits implements otp.Guard.
func (g *Guard) Permits(to recipient.Recipient, channel otp.Channel) error {
	if !slices.Contains(g.rules.Channels, channel) {
		return &otp.Error{Reason: otp.ChannelNotAllowed}
	}
	number, ok := to.Phone()
	switch {
	case !ok || !channel.Reaches(to): // an address has neither a region nor a line type
		return nil
	case !g.rules.region(number.Region()):
		return &otp.Error{Reason: otp.RegionNotAllowed}
	case !slices.Contains(g.rules.lineTypes(channel), number.LineType()):
		return &otp.Error{Reason: otp.LineTypeNotAllowed}
	}
	return nil
}

func (r Rules) region(region string) bool {
	if len(r.Regions) == 0 {
		return region != international
	}
	return slices.Contains(r.Regions, region)
}

// lineTypes are those that a channel reaches, and that the owner means.
func (r Rules) lineTypes(channel otp.Channel) []phone.LineType {
	switch {
	case len(r.LineTypes) > 0:
		return r.LineTypes
	case channel == otp.Voice:
		return []phone.LineType{phone.Mobile, phone.FixedLineOrMobile, phone.FixedLine}
	}
	return []phone.LineType{phone.Mobile, phone.FixedLineOrMobile}
}
