package simulator

import (
	"regexp"
	"strings"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/sms"
)

// Message is what a phone or a mailbox would have received.
type Message struct {
	// ID numbers the messages from 1; no two of a simulator have the same.
	ID int64 `json:"id"`
	// To is the destination as the request had it.
	To string `json:"to"`
	// Channel is sms, voice or email.
	Channel string `json:"channel"`
	// Sender is the request's `from`, else the template's sender.
	Sender string `json:"sender"`
	// Text is the template's text with its placeholders filled; of an e-mail that
	// nobody has written (WriteEmail) the PIN alone.
	Text  string `json:"text"`
	PIN   string `json:"pin"`
	PINID string `json:"pinId"`
	// MessageID and Language are the template's.
	MessageID string `json:"messageId"`
	Language  string `json:"language,omitzero"`
	// At is later than that of every message before.
	At time.Time `json:"at"`
	// Size is what an SMS takes, nil of a call or an e-mail.
	Size *Size `json:"size,omitzero"`
}

// Size is what a text takes as an SMS, as pkg/sms measures it.
type Size struct {
	Encoding   sms.Encoding `json:"encoding"`
	Characters int          `json:"characters"`
	Segments   int          `json:"segments"`
	Bytes      int          `json:"bytes"`
	// Outside are the characters that GSM-7 lacks, each once: those that make it UCS-2.
	Outside string `json:"outside"`
}

func sizeOf(text string) *Size {
	size := sms.Measure(text)
	return &Size{size.Encoding, size.Characters, size.Segments, size.Bytes, string(sms.Outside(text))}
}

// Outbox returns a copy of what was delivered to a destination, newest last; to
// all of them if `to` is empty. Numbers are compared by their digits.
func (s *Simulator) Outbox(to string) []Message {
	key := destinationKey(to)
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []Message{}
	for _, message := range s.outbox {
		if to == "" || destinationKey(message.To) == key {
			found = append(found, message)
		}
	}
	return found
}

// destinationKey is what two spellings of a destination have in common: the
// digits of a number, an address in lower case. A space in an address is a +
// that came unescaped through a query.
func destinationKey(to string) string {
	if strings.Contains(to, "@") {
		return strings.ToLower(strings.ReplaceAll(to, " ", "+"))
	}
	return digits(to)
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

var placeholder = regexp.MustCompile(`\{\{([^{}]*)\}\}`)

// render fills a text's placeholders in one pass, so that {{pin}} inside a
// value stays as it is. A placeholder without a value stays as written.
func render(text, pin string, values map[string]string) string {
	return placeholder.ReplaceAllStringFunc(text, func(match string) string {
		name := match[2 : len(match)-2]
		if match == pinPlaceholder {
			return pin
		}
		if value, given := values[name]; given {
			return value
		}
		return match
	})
}
