// Package phone holds the one form of a phone number this product works with: a
// valid international number in E.164.
//
// Parse takes digits, with or without a leading +, and nothing else. It never
// repairs: a lenient parser drops letters, extensions and national prefixes, and
// so turns a mistyped number into another person's. What Parse accepts is the
// very string that keys every limit and that the provider is given.
//
// The rules are libphonenumber's, compiled into metadata.go by internal/phonegen;
// its package comment says why, and how to bring them up to date.
package phone

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
)

//go:generate go run ../../internal/phonegen metadata.go testdata/examples.txt

// The errors of Parse. They do not repeat the input, which is personal data.
var (
	// ErrInvalid is about a string that is not of E.164's form.
	ErrInvalid = errors.New("not a phone number in E.164 form")

	// ErrUnassigned is about a string of that form that is nobody's number, because
	// no numbering plan has it.
	ErrUnassigned = errors.New("not a phone number of any numbering plan")
)

// maxDigits is E.164's limit: country code and national number together.
const maxDigits = 15

// Number is a valid phone number. Only Parse makes one; the zero Number is none.
// It does not print itself: formatting, logging or marshalling a Number shows a
// placeholder, so it cannot end up in a log by accident. E164 and Digits return
// the real thing, on purpose and by name.
type Number struct {
	e164     string
	region   string
	lineType LineType
}

// Parse accepts ^\+?[1-9]\d{1,14}$ on ASCII bytes if libphonenumber calls the
// number valid and writes it the same way; with + and without is the same number.
// The error is [ErrInvalid] for what is not of that form, of any length or script,
// and [ErrUnassigned] for what is: a number too short or too long for its country,
// in a range that is not in use, or behind a national prefix (+44 0 20 …).
func Parse(s string) (Number, error) {
	digits := s
	if len(digits) > 0 && digits[0] == '+' {
		digits = digits[1:]
	}
	if len(digits) < 2 || len(digits) > maxDigits || digits[0] == '0' {
		return Number{}, ErrInvalid
	}
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return Number{}, ErrInvalid
		}
	}
	region, lineType, ok := lookUp(digits)
	if !ok {
		return Number{}, ErrUnassigned
	}
	e164 := s
	if len(e164) == len(digits) {
		e164 = "+" + digits
	}
	return Number{e164: e164, region: region, lineType: lineType}, nil
}

// E164 returns the number with its leading +.
func (n Number) E164() string { return n.e164 }

// Digits returns the number without the +, as Infobip writes it.
func (n Number) Digits() string {
	if n.e164 == "" {
		return ""
	}
	return n.e164[1:]
}

// Region returns the region that [IsRegion] knows of: the ISO 3166-1 alpha-2 code of
// the number's country or territory, or "001" for numbers that belong to none, such
// as those of satellites (+881), of international networks (+882, +883) and +800.
// Regions that share a calling code are told apart: Jamaica is JM, not US.
func (n Number) Region() string { return n.region }

// LineType returns what the numbering plan reserves the number for.
func (n Number) LineType() LineType { return n.lineType }

const redacted = "[phone number]"

// Format prints a placeholder for every verb.
func (Number) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue logs a placeholder.
func (Number) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText marshals a placeholder.
func (Number) MarshalText() ([]byte, error) { return []byte(redacted), nil }
