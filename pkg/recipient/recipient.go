// Package recipient is who a code goes to. The rest of the product handles one type: what
// differs between the kinds (how it is written, which region it has) is asked of it, and
// every other rule holds for all of them alike.
package recipient

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/seed-a131a524/infobip-otp/pkg/email"
	"github.com/seed-a131a524/infobip-otp/pkg/phone"
)

// Kind is what a recipient is. Its word is the first part of the recipient's key in the
// table, so it never changes.
type Kind string

// The kinds: a phone number, and an e-mail address.
const (
	Phone Kind = "number"
	Email Kind = "email"
)

// Recipient is one valid, canonical recipient. Values are equal if and only if they name
// the same one. It does not print itself: it is personal data. The zero Recipient is
// nobody.
type Recipient struct {
	kind    Kind
	phone   phone.Number
	address email.Address
}

// OfPhone returns the recipient behind a phone number.
func OfPhone(n phone.Number) Recipient { return Recipient{kind: Phone, phone: n} }

// OfEmail returns the recipient behind an e-mail address.
func OfEmail(a email.Address) Recipient { return Recipient{kind: Email, address: a} }

// Kind returns what the recipient is; empty for nobody.
func (r Recipient) Kind() Kind { return r.kind }

// Canonical returns the one spelling that keys all state and that the provider is given: a
// number in E.164 with its plus, an address in lower case.
func (r Recipient) Canonical() string {
	if r.kind == Email {
		return r.address.Canonical()
	}
	return r.phone.E164()
}

// Phone returns the phone number, and whether the recipient is one.
func (r Recipient) Phone() (phone.Number, bool) { return r.phone, r.kind == Phone }

// Email returns the e-mail address, and whether the recipient is one.
func (r Recipient) Email() (email.Address, bool) { return r.address, r.kind == Email }

// Region returns the ISO 3166-1 alpha-2 code of the recipient's country, 001 for an
// international network; empty where the kind has none.
func (r Recipient) Region() string { return r.phone.Region() }

const redacted = "[recipient]"

// Format prints a placeholder for every verb.
func (Recipient) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue logs a placeholder.
func (Recipient) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText marshals a placeholder.
func (Recipient) MarshalText() ([]byte, error) { return []byte(redacted), nil }
