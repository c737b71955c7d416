// Package sms says what a text takes as a short message: its encoding, how long it is as
// that encoding counts, and in how many messages it travels, each of which is paid.
//
// It knows the GSM 7 bit default alphabet with its extension table (3GPP TS 23.038, 6.2.1)
// and UCS-2, which every phone and operator takes, and no national tables, which they do not.
package sms

import (
	"strings"
	"unicode/utf16"
)

// Encoding is how the characters of a message travel.
type Encoding string

// GSM7 has seven bits for a character of its alphabet; one character outside it makes the
// whole message UCS2, with sixteen.
const (
	GSM7 Encoding = "GSM-7"
	UCS2 Encoding = "UCS-2"
)

// MaxBytes is what one message carries (3GPP TS 23.040, 9.2.3.24).
const MaxBytes = 140

// MaxSegments is how many messages a long one travels in at most: one octet counts them (3GPP TS
// 23.040, 9.2.3.24.1).
const MaxSegments = 255

// A message of several has a header that says which part it is (3GPP TS 23.040,
// 9.2.3.24.1): six octets, which are seven septets with the bit that fills the last one up.
const (
	headerBytes   = 6
	headerSeptets = 7
)

// Size is what a text takes.
type Size struct {
	Encoding Encoding
	// Characters are those that the limits of 160 and 70 are about: in GSM-7 a character
	// of the extension table counts as two, in UCS-2 one above U+FFFF does, as an emoji.
	Characters int
	Segments   int
	// Bytes are those on the wire, the headers of several segments among them.
	Bytes int
}

// Measure returns what a text takes. Invalid UTF-8 counts as U+FFFD.
func Measure(text string) Size {
	unit := ucs2
	if !strings.ContainsFunc(text, outside) {
		unit = gsm7
	}
	size := Size{Encoding: unit.encoding, Segments: 1}
	segment, part := 0, 0 // what the last of several segments holds
	parts := 1
	for _, r := range text {
		width := unit.width(r)
		size.Characters += width
		if segment+width > unit.part { // neither an escape nor a surrogate is parted from its character
			part += unit.bytes(segment + unit.header)
			segment = 0
			parts++
		}
		segment += width
	}
	if size.Characters <= unit.whole {
		size.Bytes = unit.bytes(size.Characters)
		return size
	}
	size.Segments = parts
	size.Bytes = part + unit.bytes(segment+unit.header)
	return size
}

// Outside returns the characters that are not of the GSM 7 bit alphabet, each once, in the
// order in which they come: those that make a text UCS-2.
func Outside(text string) []rune {
	var found []rune
	for _, r := range text {
		if outside(r) && !strings.ContainsRune(string(found), r) {
			found = append(found, r)
		}
	}
	return found
}

// The default alphabet, and the extension table, whose characters stand behind an escape.
const (
	basic     = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	extension = "\f^{}\\[~]|€"
)

func outside(r rune) bool {
	return !strings.ContainsRune(basic, r) && !strings.ContainsRune(extension, r)
}

// unit is what an encoding counts in.
type unit struct {
	encoding    Encoding
	whole, part int // what one message holds, alone and as one of several
	header      int
	width       func(rune) int
	bytes       func(units int) int
}

var gsm7 = unit{
	encoding: GSM7,
	whole:    MaxBytes * 8 / 7,
	part:     MaxBytes*8/7 - headerSeptets,
	header:   headerSeptets,
	width: func(r rune) int {
		if strings.ContainsRune(extension, r) {
			return 2
		}
		return 1
	},
	bytes: func(septets int) int { return (septets*7 + 7) / 8 },
}

var ucs2 = unit{
	encoding: UCS2,
	whole:    MaxBytes / 2,
	part:     (MaxBytes - headerBytes) / 2,
	header:   headerBytes / 2,
	width:    utf16.RuneLen,
	bytes:    func(units int) int { return 2 * units },
}
