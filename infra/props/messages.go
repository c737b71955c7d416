package props

import (
	"maps"

	"github.com/seed-a131a524/infobip-otp/pkg/app/guards"
	"github.com/seed-a131a524/infobip-otp/pkg/catalog"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// messages are what codes go in by which channels. It reports false where one of the two is wrong,
// which is a fault of its own, or where only the deployment knows it: a token has no form.
func (p Props) messages() (catalog.List, []otp.Channel, bool) {
	r := settings.NewReader(func(name string) string { return p.Settings[name] })
	list, channels := settings.Value[catalog.List](r, "INFOBIP_2FA_MESSAGES"), guards.Channels(r)
	return list, channels, r.Err() == nil
}

// OnMessageID returns which channels that are offered need [Infobip.MessageID]. What is not known
// needs nothing: the functions say what they lack.
func (p Props) OnMessageID() []otp.Channel {
	list, channels, known := p.messages()
	if !known {
		return nil
	}
	return list.OnStandard(channels)
}

// messageFaults are the channels that are offered without a message. A parameter serves as
// [Infobip.MessageID] does.
func (p Props) messageFaults() error {
	list, channels, known := p.messages()
	if !known {
		return nil
	}
	return catalog.Catalog{List: list, Standard: p.Infobip == nil || p.Infobip.MessageID != ""}.Check(channels)
}

// Variables are what functions are told of the account.
func (i Infobip) Variables() map[string]string {
	variables := map[string]string{"INFOBIP_BASE_URL": i.BaseURL, "INFOBIP_2FA_APP_ID": i.ApplicationID, "INFOBIP_2FA_MSG_ID": i.MessageID}
	maps.DeleteFunc(variables, func(_, value string) bool { return value == "" })
	return variables
}
