package catalog

import (
	"errors"
	"strings"
)

// EndingForm is what ParseEnding takes, to stand behind "must be".
const EndingForm = `the lines that end each SMS, such as \n@example.com # (each begun with \n: an app hash of 11 characters, ` +
	`and last @ with a host and #), as otpctl provision prints it`

// MaxEnding is how many bytes an ending has at most; it keeps room for the text: an SMS that a phone reads has 140 bytes.
const MaxEnding = 100

// hostEnd is what parts a host from the PIN.
const hostEnd = " #"

// appHashLength is that of the hash by which Android's SMS Retriever knows an app.
const appHashLength = 11

// Ending is what stands behind the text of an SMS and only a phone reads: the hash of an
// Android app, and the host whose page is offered the code (WebOTP). It is filled in by each
// send, so that a call of the same text does not read it aloud. The zero Ending is none.
type Ending struct{ lines string }

// ParseEnding reads an ending; a line break may be written \n. Its error shows nothing of
// it.
func ParseEnding(text string) (Ending, error) {
	text = strings.ReplaceAll(text, `\n`, "\n")
	if len(text) > MaxEnding {
		return Ending{}, errors.New("it is too long")
	}
	first, rest, found := strings.Cut(text, "\n")
	if !found || first != "" {
		return Ending{}, errors.New("it does not begin with a line break")
	}
	lines := strings.Split(rest, "\n")
	last := len(lines) - 1
	for i, line := range lines {
		if !isAppHash(line) && (i != last || !isHostLine(line)) && (i == last || line != "") {
			return Ending{}, errors.New("a line of it is neither an app hash nor the last with a host")
		}
	}
	return Ending{text}, nil
}

// NewEnding returns the ending with the hash of an app and the host of a page, either of which may
// be empty. ParseEnding reads it if they have the forms that it demands.
func NewEnding(appHash, host string) Ending {
	lines := ""
	if appHash != "" {
		lines += "\n" + appHash
	}
	if host != "" {
		lines += "\n@" + host + hostEnd
	}
	return Ending{lines}
}

// isAppHash reports whether a line is 11 characters of base64.
func isAppHash(line string) bool {
	return len(line) == appHashLength && made(line, letters+digits+"+/")
}

// isHostLine reports whether a line is @host #, behind which the PIN comes.
func isHostLine(line string) bool {
	host, found := strings.CutPrefix(line, "@")
	host, hash := strings.CutSuffix(host, hostEnd)
	return found && hash && made(host, letters+digits+"-.")
}

const (
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits  = "0123456789"
)

// made reports whether text has at least one character, and each is one of these.
func made(text, of string) bool { return text != "" && strings.Trim(text, of) == "" }

// String writes the ending in one line, as ParseEnding reads it.
func (e Ending) String() string { return strings.ReplaceAll(e.lines, "\n", `\n`) }

// Equal is ==, for comparisons that look for a method.
func (e Ending) Equal(other Ending) bool { return e == other }

// IsZero reports whether there is none.
func (e Ending) IsZero() bool { return e.lines == "" }

// Lines are what an SMS ends with. Where they end with a host the PIN follows them, once
// more.
func (e Ending) Lines() string { return e.lines }

// HasHost reports whether they end with a host.
func (e Ending) HasHost() bool { return strings.HasSuffix(e.lines, hostEnd) }

// Spoken is what stands in their place in a call: the end of a sentence, behind which the
// PIN is said again where it follows the lines.
func (e Ending) Spoken() string {
	switch {
	case e.IsZero():
		return ""
	case e.HasHost():
		return ". "
	}
	return "."
}
