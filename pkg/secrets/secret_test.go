package secrets_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/phone"
	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
	"github.com/seed-a131a524/infobip-otp/pkg/secrets"
)

const (
	apiKey    = "canary-api-key-c0ffee"
	phoneKey  = "canary-phone-key-of-32-bytes-!!!"
	originKey = "canary-origin-key-of-32-letters!"
)

func encoded(key string) string { return base64.StdEncoding.EncodeToString([]byte(key)) }

// document is the secret as Secrets Manager holds it.
func document(apiKey, keys, inUse string) string {
	return fmt.Sprintf(`{"infobipApiKey":%q,"phoneKeys":{%s},"phoneKey":%q}`, apiKey, keys, inUse)
}

// with is a good document and one more member.
func with(member string) string {
	return strings.TrimSuffix(document(apiKey, entry("1", encoded(phoneKey)), "1"), "}") + "," + member + "}"
}

func somebody(tb testing.TB) recipient.Recipient {
	tb.Helper()
	n, err := phone.Parse("+14155552671")
	if err != nil {
		tb.Fatal(err)
	}
	return recipient.OfPhone(n)
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
	got := secret.PhoneKeys(time.Time{}, 0).Ledgers[0]
	if to := somebody(t); got.LedgerKey(to) != want.LedgerKey(to) {
		t.Errorf("the phone key names a number %s, want %s", got.LedgerKey(to), want.LedgerKey(to))
	}
}

// TestParseIsTolerant of what a later version of this program may have written, and of
// members that hold nothing.
func TestParseIsTolerant(t *testing.T) {
	for _, member := range []string{
		`"laterSecret":"later"`, `"testRecipients":[{"phoneNumber":1}]`, `"phoneKeyFrom":null`, `"phoneKeyFrom":""`, `"originKeys":null`, `"originKeys":[]`,
	} {
		secret, err := secrets.Parse(with(member))
		if err != nil || secret.APIKey() != apiKey || secret.OriginKeys() != 0 || !secret.PhoneKeyFrom().IsZero() {
			t.Errorf("%s: %v", member, err)
		}
	}
}

func TestOriginKeys(t *testing.T) {
	other := strings.ToUpper(originKey) + "-and-more"
	secret, err := secrets.Parse(with(`"originKeys":["` + originKey + `","` + other + `"]`))
	if err != nil {
		t.Fatal(err)
	}
	key, err := pseudonym.NewKey("1", []byte(phoneKey))
	if err != nil {
		t.Fatal(err)
	}
	for name, secret := range map[string]secrets.Secret{"parsed": secret, "made": secrets.New(apiKey, key, originKey, other)} {
		if got := secret.OriginKeys(); got != 2 {
			t.Errorf("%s: %d origin keys, want 2", name, got)
		}
		source := secrets.NewSource(secrets.Static(secret), clock{})
		if got, err := source.OriginKeys(t.Context()); got != 2 || err != nil {
			t.Errorf("%s: the source has %d origin keys, %v; want 2", name, got, err)
		}
		for candidate, want := range map[string]bool{
			originKey: true, other: true, "": false, originKey[:31]: false, originKey + "x": false, strings.ToUpper(originKey): false,
			other[1:]: false, originKey + "," + other: false, originKey + "," + originKey: false,
		} {
			if got := secret.IsOriginKey(candidate); got != want {
				t.Errorf("%s: %q is an origin key: %v, want %v", name, candidate, got, want)
			}
			if got, err := source.IsOriginKey(t.Context(), candidate); got != want || err != nil {
				t.Errorf("%s: %q is an origin key: %v, %v; want %v", name, candidate, got, err, want)
			}
		}
	}
	none := secrets.New(apiKey, key)
	for _, candidate := range []string{"", originKey} {
		if none.IsOriginKey(candidate) {
			t.Errorf("%q is an origin key of a secret without any", candidate)
		}
	}
}

// TestUnknownOriginKeyCausesNoRead: a stranger cannot have the secret read.
func TestUnknownOriginKeyCausesNoRead(t *testing.T) {
	bubble(t, func(t *testing.T, m *manager, s *secrets.Source) {
		for range 100 {
			if ok, err := s.IsOriginKey(t.Context(), originKey); ok || err != nil {
				t.Errorf("an unknown key: %v, %v", ok, err)
			}
		}
		m.wantReads(t, 1)
	})
}

// TestBadSecrets: the error says what is wrong, and shows no part of the secret.
func TestBadSecrets(t *testing.T) {
	const form = "the secret is not JSON of the form {infobipApiKey, phoneKeys, phoneKey}"
	const noMoment = "the secret's phoneKeyFrom is no moment in RFC 3339, such as 2026-12-01T12:00:00Z"
	const notOneWord = "the secret's originKeys: an origin key is one word of ASCII: a space or a line end may have been pasted with it"
	const notOneWordChallenge = "the secret's challengeSecret is not one word of ASCII: a space or a line end may have been pasted with it"
	good := entry("1", encoded(phoneKey))
	for name, c := range map[string]struct{ text, want string }{
		"empty":                  {"", form},
		"the key alone":          {apiKey, form},
		"array":                  {`["` + apiKey + `"]`, form},
		"cut short":              {document(apiKey, good, "1")[:40], form},
		"number for the key":     {`{"infobipApiKey":12345}`, "the secret's infobipApiKey is not a string"},
		"list of phone keys":     {`{"infobipApiKey":"` + apiKey + `","phoneKeys":["` + phoneKey + `"]}`, "the secret's phoneKeys is not an object of strings, one a version"},
		"number for a phone key": {`{"phoneKeys":{"` + phoneKey + `":1}}`, "the secret's phoneKeys is not an object of strings, one a version"},
		"number for a version":   {`{"phoneKey":1}`, "the secret's phoneKey is not a string"},
		"number for a moment":    {`{"phoneKeyFrom":1796126400}`, "the secret's phoneKeyFrom is not a string"},
		"one origin key alone":   {`{"originKeys":"` + originKey + `"}`, "the secret's originKeys is not a list of strings"},
		"number in origin keys":  {`{"originKeys":[1]}`, "the secret's originKeys is not a list of strings"},
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
		"old key not base64":     {document(apiKey, entry("0", phoneKey)+","+good, "1"), "one of the secret's other phone keys is not base64"},
		"old key a byte short":   {document(apiKey, entry("0", encoded(phoneKey[1:]))+","+good, "1"), "one of the secret's other phone keys: a phone key has 32 bytes"},
		"new key a byte short":   {document(apiKey, good+","+entry("2", encoded(phoneKey[1:])), "1"), "one of the secret's other phone keys: a phone key has 32 bytes"},
		"a key for a version":    {document(apiKey, good+","+entry(phoneKey, encoded(phoneKey)), "1"), "one of the secret's other phone keys: a phone key's version has 1 to 16 characters"},
		"a day for a moment":     {with(`"phoneKeyFrom":"2026-12-01"`), noMoment},
		"no zone":                {with(`"phoneKeyFrom":"2026-12-01T12:00:00"`), noMoment},
		"a key for a moment":     {with(`"phoneKeyFrom":"` + phoneKey + `"`), noMoment},
		"short origin key":       {with(`"originKeys":["` + originKey[1:] + `"]`), "the secret's originKeys: an origin key has at least 32 characters"},
		"second one short":       {with(`"originKeys":["` + originKey + `","x"]`), "the secret's originKeys: an origin key has at least 32 characters"},
		"empty origin key":       {with(`"originKeys":[""]`), "the secret's originKeys: an origin key has at least 32 characters"},
		"no origin key":          {with(`"originKeys":[null]`), "the secret's originKeys: an origin key has at least 32 characters"},
		"origin key, two words":  {with(`"originKeys":["` + originKey + ` x"]`), notOneWord},
		"origin key, line end":   {with(`"originKeys":["` + originKey + `\n"]`), notOneWord},
		"origin key, not ASCII":  {with(`"originKeys":["` + originKey + `é"]`), notOneWord},
		"number for a challenge": {`{"challengeSecret":1}`, "the secret's challengeSecret is not a string"},
		"list for a challenge":   {`{"challengeSecret":["` + challengeSecret + `"]}`, "the secret's challengeSecret is not a string"},
		"challenge, two words":   {with(`"challengeSecret":"` + challengeSecret + ` x"`), notOneWordChallenge},
		"challenge, line end":    {with(`"challengeSecret":"` + challengeSecret + `\n"`), notOneWordChallenge},
		"challenge, not ASCII":   {with(`"challengeSecret":"` + challengeSecret + `é"`), notOneWordChallenge},
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
	secret := secrets.New(apiKey, key, originKey).WithTestRecipients("+14155552671=424242@2027-01-31")
	source := secrets.NewSource(secrets.Static(secret), clock{})
	if _, err := source.RefreshAPIKey(t.Context(), apiKey); err != nil { // so that it holds all that it ever does
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, value := range []any{
		secret, &secret, secrets.Static(secret), source, struct{ hidden secrets.Secret }{secret}, struct{ Shown secrets.Secret }{secret},
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
		"4155552671", "424242", originKey, fmt.Sprintf("%x", originKey), fmt.Sprintf("%x", sha256.Sum256([]byte(originKey))),
		strings.Trim(fmt.Sprint(sha256.Sum256([]byte(originKey))), "[]"),
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
	for _, text := range []string{good, "", "{}", "null", apiKey, good[:50], strings.ToUpper(good), `{"infobipApiKey":"k","phoneKeys":{"":""},"phoneKey":""}`,
		with(`"phoneKeyFrom":"2026-12-01T12:00:00Z"`), with(`"phoneKeyFrom":"canary-moment"`), with(`"originKeys":["canary-short","` + originKey + `"]`), with(`"originKeys":"` + originKey + `"`),
		document(apiKey, entry("1", encoded(phoneKey))+","+entry("canary-version-too-long", encoded(phoneKey)), "1"),
	} {
		f.Add(text)
	}
	to := somebody(f)
	f.Fuzz(func(t *testing.T, text string) {
		secret, err := secrets.Parse(text)
		if err == nil {
			keys := secret.PhoneKeys(time.Now(), time.Hour)
			if secret.APIKey() == "" || !strings.HasPrefix(keys.Ledgers[0].LedgerKey(to), "number#") || keys.Oldest.LogName(to) == "" {
				t.Error("a secret without its parts was read")
			}
			return
		}
		var given struct {
			APIKey    string            `json:"infobipApiKey"`
			PhoneKeys map[string]string `json:"phoneKeys"`
			PhoneKey  string            `json:"phoneKey"`
			From      string            `json:"phoneKeyFrom"`
			Origins   []string          `json:"originKeys"`
		}
		_ = json.Unmarshal([]byte(text), &given)
		const distinct = 12 // shorter ones may be words of ours
		for _, value := range slices.Concat([]string{given.APIKey, given.PhoneKey, given.From, text}, given.Origins, values(given.PhoneKeys)) {
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

// TestTestRecipients come as they stand there, whatever that is: whether it is a list is for
// those to say that heed it.
func TestTestRecipients(t *testing.T) {
	for member, want := range map[string]string{
		`"testRecipients":"+14155552671=424242@2027-01-31"`: "+14155552671=424242@2027-01-31",
		`"testRecipients":"no list"`:                        "no list",
		`"testRecipients":""`:                               "",
		`"testRecipients":null`:                             "",
		`"another":1`:                                       "",
		`"testRecipients":["+14155552671"]`:                 `["+14155552671"]`,
		`"testRecipients":1`:                                "1",
	} {
		secret, err := secrets.Parse(with(member))
		if err != nil || secret.TestRecipients() != want {
			t.Errorf("%s: %v; got another list than is there", member, err)
		}
	}
	if secret, err := secrets.Parse(with(`"challengeSecret":"c"`)); err != nil || secret.WithTestRecipients("list").TestRecipients() != "list" || secret.ChallengeSecret() != "c" {
		t.Errorf("a list that is put there is not read (%v)", err)
	}
}
