package console

import (
	"cmp"
	"slices"

	"github.com/seed-a131a524/infobip-otp/pkg/catalog"
	"github.com/seed-a131a524/infobip-otp/pkg/locale"
	"github.com/seed-a131a524/infobip-otp/pkg/messages"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// Messages are what GET /messages tells the page: in which languages a code can be asked for,
// and what the file of messages says.
type Messages struct {
	// Default is the locale of who asks for none, empty if nobody knows it.
	Default string `json:"default"`
	// Locales are those that a message is written in, and last one that none is; empty where
	// there is one message for everybody.
	Locales []Locale `json:"locales"`
	// Templates are the messages by the provider's id, so that one that arrives is known.
	Templates map[string]Template `json:"templates"`
	// File is the name of the file that the simulator has its messages from, and Report what
	// lint says of it; empty and nil where there is none.
	File   string           `json:"file"`
	Report *messages.Report `json:"report"`
}

// Locale is a language to ask for.
type Locale struct {
	// Tag is what a request names; empty asks for the default's, whatever that is.
	Tag string `json:"tag"`
	// Written: a message of some channel is.
	Written bool `json:"written"`
	// Found are the languages of what is sent, by channel.
	Found map[otp.Channel]string `json:"found"`
}

// Template is one message at the provider.
type Template struct {
	Channel otp.Channel `json:"channel"`
	Locale  string      `json:"locale"`
}

// unwritten are languages to show a fallback with, the first that no message is in.
var unwritten = []string{"sv", "nl", "pl", "tr", "fi", "el", "tlh"}

// NewMessages returns what a page is told of a deployment's messages. Standard is the locale
// of those that a list has under *, none if nobody knows it.
func NewMessages(list catalog.List, offered []otp.Channel, standard locale.Tag) Messages {
	m := Messages{Default: standard.String(), Locales: []Locale{}, Templates: map[string]Template{}}
	var written []string
	for _, e := range list {
		tag := cmp.Or(e.Locale, standard).String()
		m.Templates[e.ID] = Template{e.Channel, tag}
		if !slices.Contains(written, tag) {
			written = append(written, tag)
		}
	}
	messages := catalog.Catalog{List: list}
	find := func(tag string, written bool) Locale {
		found := Locale{Tag: tag, Written: written, Found: map[otp.Channel]string{}}
		for _, channel := range offered {
			if message, ok := messages.Message(channel, tag); ok {
				found.Found[channel] = cmp.Or(message.Locale, standard.String())
			}
		}
		return found
	}
	for _, tag := range written {
		m.Locales = append(m.Locales, find(tag, true))
	}
	if len(written) < 2 {
		m.Locales = []Locale{}
		return m
	}
	for _, tag := range unwritten {
		if !slices.Contains(written, tag) {
			m.Locales = append(m.Locales, find(tag, false))
			break
		}
	}
	return m
}
