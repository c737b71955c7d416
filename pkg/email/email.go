// Package email holds the one form of an e-mail address this product works with.
//
// The form is HTML's for <input type=email>, so that what a browser lets a person send is
// what is taken here, narrowed where HTML admits what nobody receives: the domain has a dot,
// and the dots of the part before the @ stand between other characters. Nothing is repaired:
// blanks and line breaks, which a browser drops before it checks, are refused.
package email

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// ErrInvalid is the error of Parse. It does not repeat the input, which is personal data.
var ErrInvalid = errors.New("not an e-mail address")

// The lengths that RFC 5321 (4.5.3.1, with erratum 1690 to RFC 3696) and RFC 1035 (2.3.4) allow.
const (
	maxAddress = 254
	maxLocal   = 64
	maxLabel   = 63
)

// Address is a valid address in lower case. Only Parse makes one; the zero Address is none.
// Values are equal if and only if they name the same mailbox to us: a server may tell
// letter cases apart (RFC 5321, 2.4), and none that people have does. It does not print
// itself; Canonical returns the real thing, on purpose and by name.
type Address struct{ text string }

// Parse accepts what HTML calls a valid e-mail address
// (https://html.spec.whatwg.org/#valid-e-mail-address), of at most 254 bytes and 64 before
// the @, if its domain has a dot and no dot stands at an end of, or beside another in, what
// is before the @. The error is [ErrInvalid].
func Parse(s string) (Address, error) {
	local, domain, found := strings.Cut(s, "@")
	if !found || len(s) > maxAddress || !isLocal(local) || !isDomain(domain) {
		return Address{}, ErrInvalid
	}
	return Address{text: strings.ToLower(s)}, nil
}

// isLocal reports whether a text can stand before the @.
func isLocal(s string) bool {
	if len(s) > maxLocal {
		return false
	}
	for word := range strings.SplitSeq(s, ".") {
		if word == "" {
			return false
		}
		for i := range len(word) {
			if !isAlphanumeric(word[i]) && strings.IndexByte("!#$%&'*+/=?^_`{|}~-", word[i]) < 0 {
				return false
			}
		}
	}
	return true
}

// isDomain reports whether a text is a name of two labels or more.
func isDomain(s string) bool {
	labels := 0
	for label := range strings.SplitSeq(s, ".") {
		if !isLabel(label) {
			return false
		}
		labels++
	}
	return labels > 1
}

func isLabel(s string) bool {
	if s == "" || len(s) > maxLabel || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		if !isAlphanumeric(s[i]) && s[i] != '-' {
			return false
		}
	}
	return true
}

// isAlphanumeric is about ASCII alone: letters of other scripts look alike and are other
// mailboxes.
func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// Canonical returns the address in lower case.
func (a Address) Canonical() string { return a.text }

const redacted = "[e-mail address]"

// Format prints a placeholder for every verb.
func (Address) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue logs a placeholder.
func (Address) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText marshals a placeholder.
func (Address) MarshalText() ([]byte, error) { return []byte(redacted), nil }
