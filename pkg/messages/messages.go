// Package messages reads messages.yaml, the one place for the texts that people get with
// their code: docs/messages.md is the file's reference.
//
// [Parse] returns what the file says and every fault in it, each with its line and column. A
// [Message] is one text, of a channel and a locale: with Delivered as a person gets it, and its
// Template as Infobip is to hold it. [Lint] is both as a report.
//
// It is for the operator's commands and for local runs. No function links it: what functions
// need of the file comes to them in settings, which provision prints.
package messages

import (
	"strings"
	"unicode/utf8"

	"github.com/seed-a131a524/infobip-otp/pkg/catalog"
	"github.com/seed-a131a524/infobip-otp/pkg/locale"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/sms"
)

// pinPlaceholder is where Infobip puts the PIN, endingPlaceholder where a send puts what only
// an SMS may carry.
const (
	pinPlaceholder    = "{{pin}}"
	endingPlaceholder = "{{ending}}"
)

// File is what a messages.yaml says. One with faults holds what could be read, to be shown
// and never to be provisioned.
type File struct {
	// Default is the locale of who asks for none, or for one that nobody wrote.
	Default locale.Tag
	// Sender is that of SMS, and of calls where it is a number; empty is Infobip's own.
	Sender string
	// Senders go before any other, by the region of the number; in the file's order. They are
	// INFOBIP_SENDERS.
	Senders catalog.Senders
	// WebOTP is the host of every SMS's last line, or empty.
	WebOTP string
	// AndroidAppHash stands on a line of its own in every SMS, or is empty.
	AndroidAppHash string
	// IndiaDLT is the registration of every SMS, or nil.
	IndiaDLT *IndiaDLT
	// Messages are by channel, and then in the file's order.
	Messages []Message
}

// IndiaDLT is what India's registry of senders and texts (DLT) knows a message by. Its JSON
// is that of the provider's regional.indiaDlt.
type IndiaDLT struct {
	PrincipalEntityID string `json:"principalEntityId"`
	ContentTemplateID string `json:"contentTemplateId,omitempty"`
	TeleMarketerID    string `json:"teleMarketerId,omitempty"`
}

// Message is the text of a channel in a locale.
type Message struct {
	Channel otp.Channel
	Locale  locale.Tag
	// Line and Column are where it begins in the file, from 1 on.
	Line, Column int
	// Text is as the file has it, with {{pin}} in it once; empty of an e-mail without one.
	Text string
	// Template is the message as Infobip is to hold it.
	Template Template
	ending   catalog.Ending
}

// Template is a message template, member for member as the provider's API has them; an empty
// member is one to leave out. Text to Repeat are of SMS and voice, the others of e-mail.
type Template struct {
	Text     string    // with the placeholders of what only an SMS may carry
	Sender   string    // senderId
	Language string    // one of infobip.Languages; empty where Infobip does not speak the locale's
	Voice    string    // voiceName
	Rate     float64   // speechRate
	Repeat   string    // repeatDTMF
	IndiaDLT *IndiaDLT // regional.indiaDlt

	EmailTemplateID int64 // 0 of an e-mail that has none yet, and cannot be provisioned
	From            string
	LandingPageID   string
}

// ForSimulator reports whether a message is an e-mail that names no template of Infobip's,
// so that the simulator alone can send it.
func (m *Message) ForSimulator() bool {
	return m.Channel == otp.Email && m.Template.EmailTemplateID == 0
}

// Delivered returns the message as a person reads or hears it, with the PIN and the last lines;
// empty of an e-mail without a text.
func (m *Message) Delivered(pin string) string {
	text := strings.ReplaceAll(m.Template.Text, endingPlaceholder, m.ending.Lines())
	if m.Channel == otp.Email {
		text = m.Text
	}
	return strings.ReplaceAll(text, pinPlaceholder, pin)
}

// Size returns what an SMS with this PIN takes.
func (m *Message) Size(pin string) sms.Size { return sms.Measure(m.Delivered(pin)) }

// characters returns how long a message is: an SMS as its encoding counts, others in
// characters of Unicode.
func (m *Message) characters(pin string) int {
	if m.Channel == otp.SMS {
		return m.Size(pin).Characters
	}
	return utf8.RuneCountInString(m.Delivered(pin))
}

// Ending returns what a send puts behind the text of an SMS. It is INFOBIP_SMS_ENDING.
func (f *File) Ending() catalog.Ending { return catalog.NewEnding(f.AndroidAppHash, f.WebOTP) }

// Entry returns a message as the list that the functions are told has it (INFOBIP_2FA_MESSAGES),
// without its id.
func (f *File) Entry(m Message) catalog.Entry {
	e := catalog.Entry{Channel: m.Channel, Locale: m.Locale}
	if m.Locale == f.Default {
		e.Locale = locale.Tag{}
	}
	return e
}

// Of returns the messages of a channel, in the file's order; none if it has none.
func (f *File) Of(channel otp.Channel) []Message {
	var found []Message
	for _, m := range f.Messages {
		if m.Channel == channel {
			found = append(found, m)
		}
	}
	return found
}

// provisioned returns the text of an SMS as Infobip is to hold it: what only an SMS may carry
// stands behind a placeholder, because a resend by voice speaks the same template.
func (f *File) provisioned(text string) string {
	ending := f.Ending()
	switch {
	case ending.HasHost():
		return text + endingPlaceholder + pinPlaceholder
	case !ending.IsZero():
		return text + endingPlaceholder
	}
	return text
}
