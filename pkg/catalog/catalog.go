// Package catalog is the list of a deployment's messages: in which of the provider's
// templates a code goes out, by channel and language.
//
//	sms/*=ID,sms/de=ID,voice/*=ID,email/*=ID
//
// The functions read it once, at their start ([Parse], INFOBIP_2FA_MESSAGES), and look a
// message up for each delivery ([Catalog]); who makes the templates writes it
// ([List.String]). It holds ids, no texts.
package catalog

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-a131a524/infobip-otp/pkg/locale"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// Form is what Parse takes, to stand behind "must be".
const Form = "a list such as sms/*=ID,sms/de=ID,voice/*=ID: of each message its channel (sms, voice or email), " +
	"its language (* for the default's) and the id of its template, each channel and language once"

// MaxList is how many characters a list has at most. Lambda takes 4 KB of environment: this is
// what the other settings leave of it, room for some sixty messages.
const MaxList = 2700

// MaxLocale is how many characters a language has at most: each live code keeps that of its
// message in an item of bounded size.
const MaxLocale = 12

const maxID = 64

// defaultLocale is how the default language is written.
const defaultLocale = "*"

// Entry is one message.
type Entry struct {
	Channel otp.Channel
	// Locale is the language of its text; none for the default's, whatever that is.
	Locale locale.Tag
	// ID is that of the provider's template.
	ID string
}

// String writes the entry as a list has it.
func (e Entry) String() string {
	return string(e.Channel) + "/" + cmp.Or(e.Locale.String(), defaultLocale) + "=" + e.ID
}

// check returns what is wrong with the entry, without showing any of it.
func (e Entry) check(channels []otp.Channel) error {
	switch {
	case !slices.Contains(channels, e.Channel):
		return errors.New("there is no such channel")
	case len(e.Locale.String()) > MaxLocale:
		return fmt.Errorf("its language has more than %d characters", MaxLocale)
	case e.ID == "":
		return errors.New("it has no id")
	case len(e.ID) > maxID:
		return fmt.Errorf("its id has more than %d characters", maxID)
	case !isWord(e.ID):
		return errors.New("its id is not one word of ASCII")
	}
	return nil
}

// isWord reports whether an id is printable ASCII without what parts a list.
func isWord(id string) bool {
	for i := range len(id) {
		if c := id[i]; c <= ' ' || c > '~' || c == ',' || c == '=' {
			return false
		}
	}
	return true
}

// List is a deployment's messages.
type List []Entry

// Parse reads a list; spaces around an entry count for nothing. Its error names the entry by
// its number and shows nothing of it, because what stands there may be a key by mistake.
func Parse(text string) (List, error) {
	if len(text) > MaxList {
		return nil, fmt.Errorf("it has more than %d characters", MaxList)
	}
	list := make(List, 0, strings.Count(text, ",")+1)
	for part := range strings.SplitSeq(text, ",") {
		e, err := parseEntry(strings.Trim(part, " "))
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", len(list)+1, err)
		}
		list = append(list, e)
	}
	if err := list.Check(); err != nil {
		return nil, err
	}
	return list, nil
}

func parseEntry(text string) (Entry, error) {
	name, id, found := strings.Cut(text, "=")
	channel, language, slashed := strings.Cut(name, "/")
	if !found || !slashed {
		return Entry{}, errors.New("it is not channel/language=id")
	}
	e := Entry{Channel: otp.Channel(channel), ID: id}
	if language != defaultLocale {
		var err error
		e.Locale, err = locale.Parse(language)
		if err != nil {
			return Entry{}, errors.New("its language is no language tag")
		}
	}
	return e, nil
}

// Check returns what keeps a list from being one that Parse reads: entries without one of
// their parts, or with one too long, and two of one channel and language.
func (l List) Check() error {
	type name struct {
		channel otp.Channel
		locale  locale.Tag
	}
	channels, names := otp.Channels(), make(map[name]int, len(l))
	for i, e := range l {
		if err := e.check(channels); err != nil {
			return fmt.Errorf("entry %d: %w", i+1, err)
		}
		key := name{e.Channel, e.Locale}
		if before, found := names[key]; found {
			return fmt.Errorf("entry %d: it is for the channel and language of entry %d", i+1, before+1)
		}
		names[key] = i
	}
	return nil
}

// String writes a list as Parse reads it, in one order: by channel, the default language
// first.
func (l List) String() string {
	channels := otp.Channels()
	sorted := slices.SortedFunc(slices.Values(l), func(a, b Entry) int {
		return cmp.Or(
			slices.Index(channels, a.Channel)-slices.Index(channels, b.Channel),
			strings.Compare(a.Locale.String(), b.Locale.String()),
		)
	})
	texts := make([]string, len(sorted))
	for i, e := range sorted {
		texts[i] = e.String()
	}
	return strings.Join(texts, ",")
}

// nearest returns the message of a channel that RFC 4647's lookup finds for a language. It
// does not look for the default's, unless none is asked for.
func (l List) nearest(channel otp.Channel, language locale.Tag) (Entry, bool) {
	for {
		for i := range l {
			if l[i].Locale == language && l[i].Channel == channel {
				return l[i], true
			}
		}
		if language = language.Parent(); language.IsZero() {
			return Entry{}, false
		}
	}
}
