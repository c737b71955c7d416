package secrets

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Parse reads the JSON that Secrets Manager holds:
//
//	{
//	  "infobipApiKey": "…",
//	  "phoneKeys": {"1": "<base64, 32 bytes>", "2": "<base64, 32 bytes>"},
//	  "phoneKey": "2",
//	  "phoneKeyFrom": "2026-12-01T12:00:00Z",
//	  "originKeys": ["<32 characters or more>"],
//	  "challengeSecret": "…",
//	  "testRecipients": "+14155552671=424242@2027-01-31"
//	}
//
// phoneKey says which of the phoneKeys is in use, from phoneKeyFrom on; until then it is
// the one before it in the order of pseudonym.CompareVersions. The last four members may
// be missing. testRecipients is read by those that heed it (pkg/testrecipients). Members with other names are ignored, so that a version of this program reads
// the secret of a later one; a member of another type is an error. Errors say what is
// wrong and never repeat a value.
func Parse(text string) (Secret, error) {
	var document struct {
		APIKey       string            `json:"infobipApiKey"`
		PhoneKeys    map[string]string `json:"phoneKeys"`
		PhoneKey     string            `json:"phoneKey"`
		PhoneKeyFrom string            `json:"phoneKeyFrom"`
		OriginKeys   []string          `json:"originKeys"`
		Challenge    string            `json:"challengeSecret"`
		Tests        json.RawMessage   `json:"testRecipients"`
	}
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		return Secret{}, misshapen(err)
	}
	if document.APIKey == "" {
		return Secret{}, errors.New("the secret has no infobipApiKey")
	}
	for _, text := range []struct{ name, value string }{{"infobipApiKey", document.APIKey}, {"challengeSecret", document.Challenge}} {
		if strings.ContainsFunc(text.value, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return Secret{}, fmt.Errorf("the secret's %s is not one word of ASCII: a space or a line end may have been pasted with it", text.name)
		}
	}
	phone, err := parsePhoneKeys(document.PhoneKeys, document.PhoneKey, document.PhoneKeyFrom)
	if err != nil {
		return Secret{}, err
	}
	for _, key := range document.OriginKeys {
		if err := CheckOriginKey(key); err != nil {
			return Secret{}, fmt.Errorf("the secret's originKeys: %w", err)
		}
	}
	return sealed(parts{
		apiKey: document.APIKey, phone: phone, origins: digests(document.OriginKeys),
		challenge: document.Challenge, tests: listOf(document.Tests),
	}), nil
}

// listOf returns the list of test recipients as it stands there. What is no text is returned
// as it is written, which is no list either: a mistake in what few functions heed must not
// keep the others from reading the secret.
func listOf(member json.RawMessage) string {
	var text *string
	switch err := json.Unmarshal(member, &text); {
	case len(member) == 0, err == nil && text == nil:
		return ""
	case err != nil:
		return string(member)
	}
	return *text
}

// misshapen says which member is of another type, in words of ours: the decoder's own text
// may quote the secret.
func misshapen(err error) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		member, _, _ := strings.Cut(wrong.Field, ".")
		switch member {
		case "infobipApiKey", "phoneKey", "phoneKeyFrom", "challengeSecret":
			return fmt.Errorf("the secret's %s is not a string", member)
		case "phoneKeys":
			return errors.New("the secret's phoneKeys is not an object of strings, one a version")
		case "originKeys":
			return errors.New("the secret's originKeys is not a list of strings")
		}
	}
	return errors.New("the secret is not JSON of the form {infobipApiKey, phoneKeys, phoneKey}")
}
