package phone

import (
	"fmt"
	"strings"
)

// LineType is what a numbering plan reserves a number for, as libphonenumber sorts
// it. It says nothing about the number's present use, and some satellite ranges
// are Mobile: what must not be called is told by region and line type together.
type LineType uint8

// The line types of libphonenumber. No number that [Parse] accepts is Unknown; the
// zero [Number] is.
const (
	Unknown LineType = iota
	Mobile
	FixedLine
	FixedLineOrMobile // the digits do not tell, as in the United States
	PremiumRate
	SharedCost
	TollFree
	UAN // universal access number: one number of a company with many places
	Pager
	Voicemail
	Personal // follows its person from one line to the next
	VoIP
)

// lineTypeWords are what settings, answers and logs call the line types.
var lineTypeWords = [...]string{
	Unknown:           "unknown",
	Mobile:            "mobile",
	FixedLine:         "fixed_line",
	FixedLineOrMobile: "fixed_line_or_mobile",
	PremiumRate:       "premium_rate",
	SharedCost:        "shared_cost",
	TollFree:          "toll_free",
	UAN:               "uan",
	Pager:             "pager",
	Voicemail:         "voicemail",
	Personal:          "personal",
	VoIP:              "voip",
}

// ParseLineType returns the line type that a word such as "fixed_line" names. The
// error repeats the word and lists those there are.
func ParseLineType(word string) (LineType, error) {
	for t, w := range lineTypeWords {
		if w == word {
			return LineType(t), nil
		}
	}
	return Unknown, fmt.Errorf("line type %q is none of %s", word, strings.Join(lineTypeWords[:], ", "))
}

// String returns the word that [ParseLineType] takes.
func (t LineType) String() string { return lineTypeWords[t] }

// MarshalText returns the same word, so that JSON and logs show no bare number.
func (t LineType) MarshalText() ([]byte, error) { return []byte(t.String()), nil }
