// Package testrecipients reads the recipients whom an owner lets in without a message:
// reviewers of app stores, who have no phone of ours, and end-to-end suites.
//
//	+14155552671=424242@2027-01-31,review@example.com=424242@2027-01-31
//
// Each has a PIN of its own and a last day, both of which are chosen by hand; so a list is
// short, ends by itself, and prints nowhere. What such a recipient may do, and what it may
// not, are rules of package otp.
package testrecipients

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/email"
	"github.com/seed-a131a524/infobip-otp/pkg/phone"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

const (
	// Most is how many there may be at a time. Every entry is a PIN that somebody wrote
	// down.
	Most = 10
	// MostDays is how many days ahead the last day of an entry may be. Reviews take days,
	// and what has no end is forgotten.
	MostDays = 90
)

// Entry is one test recipient. It does not print itself, and its parts are behind a
// function: fmt asks no method of a value in another struct's unexported field, but cannot
// look into a function. The zero Entry is none; using it panics.
type Entry struct{ parts func() parts }

type parts struct {
	to   recipient.Recipient
	pin  string
	ends time.Time
}

// To returns whom the entry is about.
func (e Entry) To() recipient.Recipient { return e.parts().to }

// Ends returns the moment from which that is a recipient like any other: the end of the
// entry's last day in UTC.
func (e Entry) Ends() time.Time { return e.parts().ends }

// LastDay returns the last day of the entry, as the list has it.
func (e Entry) LastDay() string { return e.Ends().AddDate(0, 0, -1).Format(time.DateOnly) }

// Accepts reports whether a PIN is the entry's, in a time that does not tell how near it
// was.
func (e Entry) Accepts(pin string) bool {
	return subtle.ConstantTimeCompare([]byte(pin), []byte(e.parts().pin)) == 1
}

// Guessable reports whether the entry's PIN is one of those that anybody tries first: a few
// digits over and over (424242), or digits in a row (123456, 654321). Guesses at a recipient
// are some dozens a day, which is little against a PIN made at random and plenty against these.
func (e Entry) Guessable() bool {
	pin := e.parts().pin
	for period := 1; period <= len(pin)/2; period++ {
		if pin[period:] == pin[:len(pin)-period] {
			return true
		}
	}
	return inARow(pin, 1) || inARow(pin, 9)
}

// inARow reports whether each digit is the one before it and a step, 0 following 9.
func inARow(pin string, step byte) bool {
	for i := 1; i < len(pin); i++ {
		if (pin[i-1]-'0'+step)%10 != pin[i]-'0' {
			return false
		}
	}
	return true
}

const redacted = "[test recipient]"

// Format prints a placeholder for every verb.
func (Entry) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue logs a placeholder.
func (Entry) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText marshals a placeholder.
func (Entry) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// List is a list of test recipients, each once. The zero List has none.
type List []Entry

// Find returns the entry of a recipient, if it has one whose last day is not over.
func (l List) Find(to recipient.Recipient, now time.Time) (Entry, bool) {
	i := slices.IndexFunc(l, func(e Entry) bool { return e.To() == to && now.Before(e.Ends()) })
	if i < 0 {
		return Entry{}, false
	}
	return l[i], true
}

// Active returns the entries whose last day is not over.
func (l List) Active(now time.Time) List {
	return slices.DeleteFunc(slices.Clone(l), func(e Entry) bool { return !now.Before(e.Ends()) })
}

// Last returns the last of the entries' last days; empty for none.
func (l List) Last() string {
	last := ""
	for _, e := range l {
		last = max(last, e.LastDay())
	}
	return last
}

// Summary says how many there are and until when, and nothing else of them.
func (l List) Summary() string {
	if len(l) == 1 {
		return "1 recipient until " + l.Last()
	}
	return fmt.Sprintf("%d recipients, the last until %s", len(l), l.Last())
}

// Text writes the list as Parse reads it, its recipients and PINs in clear.
func (l List) Text() string {
	words := make([]string, len(l))
	for i, e := range l {
		words[i] = e.To().Canonical() + "=" + e.parts().pin + "@" + e.LastDay()
	}
	return strings.Join(words, ",")
}

// Parse reads a list at a moment, of PINs of so many digits. An empty one has no entry. That
// an entry's last day is over is no fault: it counts no more, whatever PINs are like by
// now. Errors name all faults, by the place of the entry, and repeat nothing of it.
func Parse(text string, pinLength int, now time.Time) (List, error) {
	if text == "" {
		return nil, nil
	}
	words := strings.Split(text, ",")
	if len(words) > Most {
		return nil, fmt.Errorf("there are %d entries, and at most %d may be", len(words), Most)
	}
	var list List
	var faults []error
	for i, word := range words {
		entry, err := parseEntry(strings.TrimSpace(word), pinLength, now)
		if err == nil && slices.ContainsFunc(list, func(e Entry) bool { return e.To() == entry.To() }) {
			err = errors.New("its recipient stands in the list before")
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("entry %d: %w", i+1, err))
			continue
		}
		list = append(list, entry)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return list, nil
}

var (
	errForm = errors.New("it has not the form RECIPIENT=PIN@YYYY-MM-DD")
	errTo   = errors.New("its recipient is neither a valid phone number nor a valid email address")
	errDate = errors.New("its last day is no date of the form YYYY-MM-DD, such as 2027-01-31")
	errFar  = fmt.Errorf("its last day is more than %d days ahead", MostDays)
)

// parseEntry reads one entry. What stands before an @ of an address may hold a =, so the
// last one of them ends the recipient.
func parseEntry(word string, pinLength int, now time.Time) (Entry, error) {
	equals := strings.LastIndexByte(word, '=')
	if equals < 0 {
		return Entry{}, errForm
	}
	pin, date, found := strings.Cut(word[equals+1:], "@")
	if !found {
		return Entry{}, errForm
	}
	to, err := parseRecipient(word[:equals])
	if err != nil {
		return Entry{}, err
	}
	day, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return Entry{}, errDate
	}
	const dayLength = 24 * time.Hour
	today := now.UTC().Truncate(dayLength)
	if day.After(today.AddDate(0, 0, MostDays)) {
		return Entry{}, errFar
	}
	digits := pin != "" && !strings.ContainsFunc(pin, func(r rune) bool { return r < '0' || r > '9' })
	if over := day.Before(today); !digits || len(pin) != pinLength && !over {
		return Entry{}, fmt.Errorf("its PIN has not %d digits", pinLength)
	}
	entry := parts{to: to, pin: pin, ends: day.Add(dayLength)}
	return Entry{func() parts { return entry }}, nil
}

// parseRecipient reads a number or an address, as a request has it.
func parseRecipient(text string) (recipient.Recipient, error) {
	if strings.Contains(text, "@") {
		address, err := email.Parse(text)
		if err != nil {
			return recipient.Recipient{}, errTo
		}
		return recipient.OfEmail(address), nil
	}
	number, err := phone.Parse(text)
	if err != nil {
		return recipient.Recipient{}, errTo
	}
	return recipient.OfPhone(number), nil
}
