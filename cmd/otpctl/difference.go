package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

// member is one setting as it is compared and shown. Absent is the empty text.
type member struct {
	name string
	text string
	// same is the text by which two members are compared: 60s and 1m are one
	// duration.
	same string
}

func newMember[T any](name string, value *T, show func(T) string, same func(string) string) member {
	if value == nil {
		return member{name: name}
	}
	text := show(*value)
	return member{name, text, same(text)}
}

func asWritten(text string) string { return text }

// inOneWord shows a word of the provider's as it is, and quotes what is none.
func inOneWord(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return strconv.Quote(text)
	}
	return text
}

func sameDuration(text string) string {
	value, err := rate.ParseDuration(text)
	if err != nil {
		return text
	}
	return rate.FormatDuration(value)
}

func sameRate(text string) string {
	value, err := rate.Parse(text)
	if err != nil {
		return text
	}
	return value.String()
}

func showRate(rate float64) string { return strconv.FormatFloat(rate, 'g', -1, 64) }

func showID(id int64) string { return strconv.FormatInt(id, 10) }

func applicationMembers(a infobip.Application) []member {
	c := a.Configuration
	return []member{
		newMember("name", &a.Name, strconv.Quote, asWritten),
		newMember("enabled", a.Enabled, strconv.FormatBool, asWritten),
		newMember("pinAttempts", c.PinAttempts, strconv.Itoa, asWritten),
		newMember("allowMultiplePinVerifications", c.AllowMultiplePinVerifications, strconv.FormatBool, asWritten),
		newMember("pinTimeToLive", c.PinTimeToLive, inOneWord, sameDuration),
		newMember("verifyPinLimit", c.VerifyPinLimit, inOneWord, sameRate),
		newMember("sendPinPerApplicationLimit", c.SendPinPerApplicationLimit, inOneWord, sameRate),
		newMember("sendPinPerPhoneNumberLimit", c.SendPinPerPhoneNumberLimit, inOneWord, sameRate),
	}
}

func messageMembers(m infobip.Message) []member {
	return []member{
		newMember("messageText", m.Text, strconv.Quote, asWritten),
		newMember("pinType", m.PinType, inOneWord, asWritten),
		newMember("pinLength", m.PinLength, strconv.Itoa, asWritten),
		newMember("senderId", m.SenderID, strconv.Quote, asWritten),
		newMember("language", m.Language, inOneWord, asWritten),
		newMember("voiceName", m.VoiceName, strconv.Quote, asWritten),
		newMember("speechRate", m.SpeechRate, showRate, asWritten),
		newMember("repeatDTMF", m.RepeatDTMF, strconv.Quote, asWritten),
		newMember("regional."+indiaMember, indiaOf(m.Regional), registration, asWritten),
		newMember("emailTemplateId", m.EmailTemplateID, showID, asWritten),
		newMember("from", m.From, strconv.Quote, asWritten),
		newMember("landingPageId", m.LandingPageID, strconv.Quote, asWritten),
	}
}

// difference is a setting to change.
type difference struct {
	name     string
	is, want string
}

func (d difference) String() string {
	if d.is == "" {
		return fmt.Sprintf("%s: %s", d.name, d.want)
	}
	return fmt.Sprintf("%s: %s -> %s", d.name, d.is, d.want)
}

// differences are the members that want names and is has otherwise.
func differences(is, want []member) []difference {
	var all []difference
	for i, wanted := range want {
		if wanted.text != "" && wanted.same != is[i].same {
			all = append(all, difference{wanted.name, is[i].text, wanted.text})
		}
	}
	return all
}
