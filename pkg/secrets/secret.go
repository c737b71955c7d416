// Package secrets reads the one secret of a deployment: the Infobip API key, the keys
// under which phone numbers are kept, the keys by which a trusted sender of requests shows
// itself, the secret of a challenge, and the test recipients.
package secrets

import (
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
)

// Secret is the parsed secret. It does not print itself, and its parts are behind a
// function: fmt asks no method of a value in another struct's unexported field, but
// cannot look into a function. The zero Secret is none; using it panics.
type Secret struct{ parts func() parts }

type parts struct {
	apiKey  string
	phone   phoneKeys
	origins originKeys
	// challenge is the secret of the site with whoever knows who has solved a challenge.
	challenge string
	// tests is the list of test recipients.
	tests string
}

// New puts a secret with one phone key together from its parts. Origin keys are expected
// to have passed CheckOriginKey.
func New(apiKey string, key pseudonym.Key, origins ...string) Secret {
	return sealed(parts{apiKey: apiKey, phone: phoneKeys{all: []pseudonym.Key{key}}, origins: digests(origins)})
}

// WithChallengeSecret returns the same secret with that of the site's challenge.
func (s Secret) WithChallengeSecret(secret string) Secret {
	p := s.parts()
	p.challenge = secret
	return sealed(p)
}

// WithTestRecipients returns the same secret with a list of test recipients.
func (s Secret) WithTestRecipients(list string) Secret {
	p := s.parts()
	p.tests = list
	return sealed(p)
}

func sealed(p parts) Secret { return Secret{func() parts { return p }} }

// APIKey returns the Infobip API key.
func (s Secret) APIKey() string { return s.parts().apiKey }

// PhoneKeys returns the keys under which phone numbers and client addresses are kept at a
// moment: the one in use and, around a rotation, every other one that the secret holds.
//
// Before phoneKeyFrom the version before phoneKey is in use, from then on phoneKey itself.
// So which key a new ledger is made under depends on the clock of its maker, and where it
// is looked for does not: two machines whose clocks differ find what the other made.
//
// Memory is how long after phoneKeyFrom something can still be kept under another key;
// after that the key in use stands alone. Zero means as long as the secret holds the
// others, and so does a secret without phoneKeyFrom, since nobody knows when its key began.
func (s Secret) PhoneKeys(now time.Time, memory time.Duration) pseudonym.Keys {
	return s.parts().phone.at(now, memory)
}

// PhoneKeyFrom returns since when, or from when, phoneKey is in use; the zero time if the
// secret does not say so.
func (s Secret) PhoneKeyFrom() time.Time { return s.parts().phone.from }

// IsOriginKey reports whether the candidate is one of the origin keys, in a time that
// depends on the candidate's length and on how many there are, and on nothing else.
func (s Secret) IsOriginKey(candidate string) bool { return s.parts().origins.match(candidate) }

// OriginKeys returns how many origin keys there are.
func (s Secret) OriginKeys() int { return len(s.parts().origins) }

// ChallengeSecret returns the secret of the site's challenge; empty if there is none.
func (s Secret) ChallengeSecret() string { return s.parts().challenge }

// TestRecipients returns the list of test recipients as it stands in the secret; empty if
// there is none. Whether it is one is not known: few functions heed it.
func (s Secret) TestRecipients() string { return s.parts().tests }

const redacted = "[secret]"

// Format prints a placeholder for every verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue logs a placeholder.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
