package secrets_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/seed-a131a524/infobip-otp/pkg/phone"
	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
	"github.com/seed-a131a524/infobip-otp/pkg/secrets"
)

const (
	apiKey   = "canary-api-key-c0ffee"
	phoneKey = "canary-phone-key-of-32-bytes-!!!"
)

func encoded(key string) string { return base64.StdEncoding.EncodeToString([]byte(key)) }

// document is the secret as Secrets Manager holds it.
func document(apiKey, keys, inUse string) string {
	return fmt.Sprintf(`{"infobipApiKey":%q,"phoneKeys":{%s},"phoneKey":%q}`, apiKey, keys, inUse)
}

func entry(version, key string) string { return fmt.Sprintf("%q:%q", version, key) }

func TestParse(t *testing.T) {
	old, current := strings.Repeat("o", 32), phoneKey
	secret, err := secrets.Parse(document(apiKey, entry("1", encoded(old))+","+entry("2", encoded(current)), "2"))
	if err != nil {
		t.Fatal(err)
	}
	if secret.APIKey() != apiKey {
		t.Errorf("the API key is %q", secret.APIKey())
	}
	want, err := pseudonym.NewKey("2", []byte(current))
	if err != nil {
		t.Fatal(err)
	}
	n, err := phone.Parse("+14155552671")
	if err != nil {
		t.Fatal(err)
	}
	if got := secret.PhoneKey().NumberKey(n); got != want.NumberKey(n) {
		t.Errorf("the phone key names a number %s, want %s", got, want.NumberKey(n))
	}
}

// TestBadSecrets: the error says what is wrong, and shows no part of the secret.
func TestBadSecrets(t *testing.T) {
	const form = "the secret is not JSON of the form {infobipApiKey, phoneKeys, phoneKey}"
	good := entry("1", encoded(phoneKey))
	for name, c := range map[string]struct{ text, want string }{
		"empty":                  {"", form},
		"the key alone":          {apiKey, form},
		"array":                  {`["` + apiKey + `"]`, form},
		"cut short":              {document(apiKey, good, "1")[:40], form},
		"number for the key":     {`{"infobipApiKey":12345}`, form},
		"list of phone keys":     {`{"infobipApiKey":"` + apiKey + `","phoneKeys":["` + phoneKey + `"]}`, form},
		"trailing text":          {document(apiKey, good, "1") + apiKey, form},
		"no API key":             {document("", good, "1"), "the secret has no infobipApiKey"},
		"null":                   {"null", "the secret has no infobipApiKey"},
		"pasted with a line end": {document(apiKey+"\n", good, "1"), "the secret's infobipApiKey is not one word of ASCII: a space or a line end may have been pasted with it"},
		"no phone keys":          {`{"infobipApiKey":"` + apiKey + `"}`, "the secret's phoneKey names none of its phoneKeys"},
		"another version":        {document(apiKey, good, "2"), "the secret's phoneKey names none of its phoneKeys"},
		"no version in use":      {document(apiKey, good, ""), "the secret's phoneKey names none of its phoneKeys"},
		"not base64":             {document(apiKey, entry("1", phoneKey), "1"), "the secret's phone key in use is not base64"},
		"a byte short":           {document(apiKey, entry("1", encoded(phoneKey[1:])), "1"), "the secret's phone key in use: a phone key has 32 bytes"},
		"empty phone key":        {document(apiKey, entry("1", ""), "1"), "the secret's phone key in use: a phone key has 32 bytes"},
		"a version with a mark":  {document(apiKey, entry("a#b", encoded(phoneKey)), "a#b"), "the secret's phone key in use: a phone key's version is made of letters, digits, - and _"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := secrets.Parse(c.text)
			if err == nil || err.Error() != c.want {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// TestSecretDoesNotPrint itself, nor does what holds one.
func TestSecretDoesNotPrint(t *testing.T) {
	key, err := pseudonym.NewKey("1", []byte(phoneKey))
	if err != nil {
		t.Fatal(err)
	}
	secret := secrets.New(apiKey, key)
	source := secrets.NewSource(secrets.Static(secret), nil)
	var out bytes.Buffer
	for _, value := range []any{
		secret, &secret, secrets.Static(secret), source, *source, struct{ hidden secrets.Secret }{secret}, struct{ Shown secrets.Secret }{secret},
		[]secrets.Secret{secret}, map[string]secrets.Static{"a": secrets.Static(secret)},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			fmt.Fprintf(&out, verb+"\n", value)
		}
		text, err := json.Marshal(value)
		fmt.Fprintf(&out, "%s %v\n", text, err)
		for _, handler := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
			slog.New(handler).Info("secret", slog.Any("value", value))
		}
	}
	for _, form := range []string{
		apiKey, fmt.Sprintf("%x", apiKey), fmt.Sprintf("%X", apiKey), phoneKey, encoded(phoneKey), fmt.Sprintf("%x", phoneKey),
		strings.Trim(fmt.Sprint([]byte(phoneKey[:8])), "[]"), strings.Trim(fmt.Sprintf("%#v", []byte(phoneKey[:8])), "[]byte{}"),
	} {
		if strings.Contains(out.String(), form) {
			t.Errorf("the secret shows as %s", form)
		}
	}
}

// FuzzParse: any text is read or refused, without a panic, and no error repeats a part
// of the text.
func FuzzParse(f *testing.F) {
	good := document(apiKey, entry("1", encoded(phoneKey)), "1")
	for _, text := range []string{good, "", "{}", "null", apiKey, good[:50], strings.ToUpper(good), `{"infobipApiKey":"k","phoneKeys":{"":""},"phoneKey":""}`} {
		f.Add(text)
	}
	n, err := phone.Parse("+14155552671")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		secret, err := secrets.Parse(text)
		if err == nil {
			if secret.APIKey() == "" || !strings.HasPrefix(secret.PhoneKey().NumberKey(n), "number#") {
				t.Error("a secret without its parts was read")
			}
			return
		}
		var given struct {
			APIKey    string            `json:"infobipApiKey"`
			PhoneKeys map[string]string `json:"phoneKeys"`
		}
		_ = json.Unmarshal([]byte(text), &given)
		const distinct = 12 // shorter ones may be words of ours
		for _, value := range append([]string{given.APIKey, text}, values(given.PhoneKeys)...) {
			if len(value) >= distinct && strings.Contains(err.Error(), value) {
				t.Errorf("the error %q repeats %q", err, value)
			}
		}
	})
}

func values(m map[string]string) []string {
	var all []string
	for name, value := range m {
		all = append(all, name, value)
	}
	return all
}
