// Package secrets reads the one secret of a deployment: the Infobip API key and the
// keys under which phone numbers are kept.
package secrets

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
)

// Secret is the parsed secret. It does not print itself, and its parts are behind a
// function: fmt asks no method of a value in another struct's unexported field, but
// cannot look into a function. The zero Secret is none; using it panics.
type Secret struct{ parts func() parts }

type parts struct {
	apiKey string
	key    pseudonym.Key
}

// Parse reads the JSON that Secrets Manager holds:
//
//	{"infobipApiKey": "…", "phoneKeys": {"1": "<base64, 32 bytes>"}, "phoneKey": "1"}
//
// phoneKey says which of the phoneKeys is in use. Errors say what is wrong and never
// repeat a value.
func Parse(text string) (Secret, error) {
	var document struct {
		APIKey    string            `json:"infobipApiKey"`
		PhoneKeys map[string]string `json:"phoneKeys"`
		PhoneKey  string            `json:"phoneKey"`
	}
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		// The decoder's own text may quote the secret.
		return Secret{}, errors.New("the secret is not JSON of the form {infobipApiKey, phoneKeys, phoneKey}")
	}
	if document.APIKey == "" {
		return Secret{}, errors.New("the secret has no infobipApiKey")
	}
	for _, c := range []byte(document.APIKey) {
		if c <= ' ' || c > '~' {
			return Secret{}, errors.New("the secret's infobipApiKey is not one word of ASCII: a space or a line end may have been pasted with it")
		}
	}
	encoded, ok := document.PhoneKeys[document.PhoneKey]
	if !ok {
		return Secret{}, errors.New("the secret's phoneKey names none of its phoneKeys")
	}
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return Secret{}, errors.New("the secret's phone key in use is not base64")
	}
	key, err := pseudonym.NewKey(document.PhoneKey, raw)
	if err != nil {
		return Secret{}, fmt.Errorf("the secret's phone key in use: %w", err)
	}
	return New(document.APIKey, key), nil
}

// New puts a secret together from its parts.
func New(apiKey string, key pseudonym.Key) Secret {
	return Secret{func() parts { return parts{apiKey: apiKey, key: key} }}
}

// APIKey is the Infobip API key.
func (s Secret) APIKey() string { return s.parts().apiKey }

// PhoneKey is the key under which phone numbers and client addresses are kept.
func (s Secret) PhoneKey() pseudonym.Key { return s.parts().key }

const redacted = "[secret]"

// Format prints a placeholder for every verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue logs a placeholder.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
