package catalog

import (
	"errors"
	"fmt"
	"slices"

	"github.com/seed-a131a524/infobip-otp/pkg/locale"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// Catalog finds messages. It is an [otp.Messages].
type Catalog struct {
	List List
	// Standard: there is a template that text messages and calls go in where the list has
	// none for them, and the provider's client knows it (INFOBIP_2FA_MSG_ID).
	Standard bool
}

var _ otp.Messages = Catalog{}

// Message returns the message for a language as a caller wrote it: its own, the nearest that
// there is, or the default's.
func (c Catalog) Message(channel otp.Channel, language string) (otp.Message, bool) {
	return c.find(channel, read(language))
}

// find is Message for a tag that was read before. It allocates nothing.
func (c Catalog) find(channel otp.Channel, language locale.Tag) (otp.Message, bool) {
	if e, ok := c.List.nearest(channel, language); ok {
		return otp.Message{ID: e.ID, Locale: e.Locale.String()}, true
	}
	return c.standard(channel)
}

// Speaks reports whether there is a message in a language, by the same lookup without the
// default's. No language is the default's own.
func (c Catalog) Speaks(channel otp.Channel, language string) bool {
	tag := read(language)
	if _, ok := c.List.nearest(channel, tag); ok {
		return true
	}
	_, ok := c.standard(channel)
	return ok && tag.IsZero()
}

// standard returns the default language's message of a channel.
func (c Catalog) standard(channel otp.Channel) (otp.Message, bool) {
	if e, ok := c.List.nearest(channel, locale.Tag{}); ok {
		return otp.Message{ID: e.ID}, true
	}
	return otp.Message{}, c.Standard && (channel == otp.SMS || channel == otp.Voice)
}

// Has reports whether a channel has a message in the default language, so that a request in
// any language finds one.
func (c Catalog) Has(channel otp.Channel) bool {
	_, ok := c.standard(channel)
	return ok
}

// OnStandard returns which of the channels that are offered go in the template of
// [Catalog.Standard], for want of a default in the list. Where it returns none, that template
// is not used and INFOBIP_2FA_MSG_ID not needed.
func (l List) OnStandard(offered []otp.Channel) []otp.Channel {
	with, without := Catalog{List: l, Standard: true}, Catalog{List: l}
	return slices.DeleteFunc(slices.Clone(offered), func(channel otp.Channel) bool {
		return without.Has(channel) || !with.Has(channel)
	})
}

// Check returns which of the channels that are offered have no message for every request, a
// sentence each that says what would serve it.
func (c Catalog) Check(offered []otp.Channel) error {
	onStandard := c.List.OnStandard(offered)
	var faults []error
	for _, channel := range offered {
		switch {
		case c.Has(channel):
		case slices.Contains(onStandard, channel):
			faults = append(faults, fmt.Errorf("INFOBIP_2FA_MSG_ID must be set, or INFOBIP_2FA_MESSAGES have %[1]s/*: CHANNELS offers %[1]s, and there is no message for it (otpctl provision prints both)", channel))
		default:
			faults = append(faults, fmt.Errorf("INFOBIP_2FA_MESSAGES must have %[1]s/*: CHANNELS offers %[1]s, and there is no message for it (otpctl provision prints the list)", channel))
		}
	}
	return errors.Join(faults...)
}

// read takes what is no language for none: its form was checked where it came from.
func read(language string) locale.Tag {
	if language == "" {
		return locale.Tag{}
	}
	tag, err := locale.Parse(language)
	if err != nil {
		return locale.Tag{}
	}
	return tag
}
