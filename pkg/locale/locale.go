// Package locale reads language tags (BCP 47), as clients and devices write them, and says
// in which order a message in a language is looked for (RFC 4647, 3.4).
//
// It knows the form of a tag and the few names that mean one language, and has no list of
// the languages there are: a tag in which nobody wrote anything is no fault, and falls back.
package locale

import (
	"errors"
	"strings"
)

// maxLength bounds what is read. Tags of real devices, with every extension that they
// know, have some hundred characters.
const maxLength = 128

// ErrInvalid is what Parse returns for anything but a language tag. It quotes nothing.
var ErrInvalid = errors.New("not a language tag such as de, pt-BR or zh-Hant")

// Tag is a language tag in one spelling: the case that RFC 5646 recommends, and of names
// that mean one language the same one. Tags that are equal mean the same; the zero Tag is
// none, and stands for whatever the default is.
type Tag struct{ text string }

// Parse reads a tag by RFC 5646's grammar, without the irregular tags of old (i-klingon),
// which no device has. It takes _ for -, and drops what follows the first of . and @ and
// _#, and then a _ at the end: so Java, POSIX and iOS write de_AT.UTF-8, ca_ES@valencia,
// zh_TW_#Hant. Its error is ErrInvalid.
func Parse(text string) (Tag, error) {
	if len(text) > maxLength {
		return Tag{}, ErrInvalid
	}
	var lower, canonical [maxLength]byte
	plain, ok := tidy(lower[:0], text)
	var g grammar
	if !ok || !g.read(plain) {
		return Tag{}, ErrInvalid
	}
	found := g.canonical(canonical[:0], plain)
	switch {
	case len(found) > maxLength: // by the script of a Chinese one
		return Tag{}, ErrInvalid
	case string(found) == text: // as most are, which costs no memory
		return Tag{text}, nil
	}
	return Tag{string(found)}, nil
}

// tidy appends a tag in lower case, with hyphens, and without what platforms put behind
// it. It reports whether nothing but letters, digits and hyphens is left.
func tidy(plain []byte, text string) ([]byte, bool) {
	end := 0
	for ; end < len(text) && !endsTag(text[end:]); end++ {
		switch c := text[end]; {
		case isLetter(c) || isDigit(c) || c == '-':
			plain = append(plain, c)
		case 'A' <= c && c <= 'Z':
			plain = append(plain, c-'A'+'a')
		case c == '_':
			plain = append(plain, '-')
		default:
			return nil, false
		}
	}
	if end > 0 && text[end-1] == '_' {
		plain = plain[:len(plain)-1]
	}
	return plain, true
}

// endsTag reports whether a text begins with what platforms put behind a tag.
func endsTag(text string) bool {
	return text[0] == '.' || text[0] == '@' || text[0] == '_' && len(text) > 1 && text[1] == '#'
}

// String returns the tag; empty for none.
func (t Tag) String() string { return t.text }

// IsZero reports whether the tag is none.
func (t Tag) IsZero() bool { return t.text == "" }

// Equal is ==, for comparisons that look for a method.
func (t Tag) Equal(other Tag) bool { return t == other }

// Parent returns the tag that is looked for after this one: without its last subtag, and
// without the single letters and digits that would then be at the end (RFC 4647, 3.4).
// After the shortest comes none.
func (t Tag) Parent() Tag {
	text := t.text
	for {
		end := max(strings.LastIndexByte(text, '-'), 0)
		text = text[:end]
		if last := text[strings.LastIndexByte(text, '-')+1:]; len(last) != 1 {
			return Tag{text}
		}
	}
}
