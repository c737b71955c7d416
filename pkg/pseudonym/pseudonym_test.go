package pseudonym_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/seed-a131a524/infobip-otp/pkg/email"
	"github.com/seed-a131a524/infobip-otp/pkg/phone"
	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

const secret = "canary-phone-key-of-32-bytes-!!!"

func newKey(t *testing.T, version, secret string) pseudonym.Key {
	t.Helper()
	key, err := pseudonym.NewKey(version, []byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func number(t *testing.T, s string) recipient.Recipient {
	t.Helper()
	n, err := phone.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return recipient.OfPhone(n)
}

func address(t *testing.T, s string) recipient.Recipient {
	t.Helper()
	a, err := email.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return recipient.OfEmail(a)
}

// TestNames pins every kind of name: a deployment has them in its table, and a change
// would forget every number's limits.
func TestNames(t *testing.T) {
	key := newKey(t, "1", secret)
	n := number(t, "+14155552671")
	a := address(t, "jane@example.com")
	derived := key.Derive("send", n.Canonical(), "key")
	for name, c := range map[string]struct{ got, want string }{
		"number":                 {key.LedgerKey(n), "number#1#r485J7xH6AgbgwJObWKxLYbjmH8wyDQMvgN-XAmQg5A"},
		"client":                 {key.ClientKey("send", "203.0.113.1"), "client#send#1#JZLHPfzqeYk42wecZz1G96uuiRwzb6fMD89sZLYSmjo"},
		"log":                    {key.LogName(n), "r485J7xH6Agb"},
		"address":                {key.LedgerKey(a), "email#1#ll6ddbldNY7SlDVX6Uxvzf8Bns3RQ1V_6n_UDjTep0M"},
		"log, of an address":     {key.LogName(a), "ll6ddbldNY7S"},
		"subject, of an address": {key.Subject(a), "CvCg5MrA6enPfhKL3DGCKg"},
		"subject":                {key.Subject(n), "oUU3QLeHfzI61pgqXk0W6g"},
		"derived":                {base64.RawURLEncoding.EncodeToString(derived[:]), "TlyvXJX6z5Da8aKc2WCWWg"},
	} {
		if c.got != c.want {
			t.Errorf("the %s name is %s, want %s", name, c.got, c.want)
		}
	}
}

// TestNamesDiffer: whatever differs in what is named differs in the name, and nothing
// is told apart by more than that.
func TestNamesDiffer(t *testing.T) {
	key, other, later := newKey(t, "1", secret), newKey(t, "1", strings.ToUpper(secret)), newKey(t, "2", secret)
	n, m := number(t, "+14155552671"), number(t, "+41446681800")
	a, b := address(t, "jane@example.com"), address(t, "jane+tag@example.com")
	derive := func(k pseudonym.Key, label string, parts ...string) string {
		return fmt.Sprintf("%x", k.Derive(label, parts...))
	}
	names := map[string]string{}
	for what, name := range map[string]string{
		"a number": key.LedgerKey(n), "another number": key.LedgerKey(m), "another key": other.LedgerKey(n), "another version": later.LedgerKey(n),
		"an address": key.LedgerKey(a), "another address": key.LedgerKey(b),
		"an address's subject": key.Subject(a), "another address's subject": key.Subject(b),
		"a client": key.ClientKey("send", "203.0.113.1"), "another route": key.ClientKey("verify", "203.0.113.1"),
		"another client": key.ClientKey("send", "203.0.113.2"), "the client under another key": other.ClientKey("send", "203.0.113.1"),
		"moved border":     key.ClientKey("send2", "03.0.113.1"),
		"a number as text": key.ClientKey("send", n.Canonical()),
		"a subject":        key.Subject(n), "another subject": key.Subject(m), "a subject under another key": other.Subject(n),
		"one part": derive(key, "send", "ab"), "two parts": derive(key, "send", "a", "b"), "a moved border": derive(key, "send", "", "ab"),
		"a moved label": derive(key, "senda", "b"), "no part": derive(key, "send"), "an empty part": derive(key, "send", ""),
		"another label": derive(key, "resend", "ab"), "derived under another key": derive(other, "send", "ab"),
		"a label like a name's": derive(key, "number", n.Canonical()),
	} {
		if before, taken := names[name]; taken {
			t.Errorf("%s and %s have one name", what, before)
		}
		names[name] = what
	}
	if key.LedgerKey(a) != key.LedgerKey(address(t, "Jane@EXAMPLE.com")) {
		t.Error("one address has two names")
	}
	if key.LedgerKey(n) != key.LedgerKey(number(t, "14155552671")) {
		t.Error("one number has two names")
	}
}

// TestNoClearText: no name shows what it names.
func TestNoClearText(t *testing.T) {
	key := newKey(t, "1", secret)
	n, a := number(t, "+14155552671"), address(t, "jane@example.com")
	for _, name := range []string{
		key.LedgerKey(n), key.ClientKey("send", "203.0.113.1"), key.LogName(n), key.Subject(n), key.LedgerKey(a), key.LogName(a), key.Subject(a),
	} {
		for _, clear := range []string{"4155552671", "jane", "example", "203.0.113", secret} {
			if strings.Contains(name, clear) {
				t.Errorf("the name %s shows %s", name, clear)
			}
		}
	}
}

func TestNewKey(t *testing.T) {
	for name, c := range map[string]struct {
		version string
		size    int
		want    string
	}{
		"right":               {"1", 32, ""},
		"longest version":     {"2026-11_rotation", 32, ""},
		"no bytes":            {"1", 0, "a phone key has 32 bytes"},
		"a byte short":        {"1", 31, "a phone key has 32 bytes"},
		"a byte long":         {"1", 33, "a phone key has 32 bytes"},
		"no version":          {"", 32, "a phone key's version has 1 to 16 characters"},
		"version too long":    {"12345678901234567", 32, "a phone key's version has 1 to 16 characters"},
		"version with a mark": {"1#2", 32, "a phone key's version is made of letters, digits, - and _"},
		"version, not ASCII":  {"é", 32, "a phone key's version is made of letters, digits, - and _"},
		"version, space":      {"a b", 32, "a phone key's version is made of letters, digits, - and _"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := pseudonym.NewKey(c.version, bytes.Repeat([]byte("k"), c.size))
			if got := fmt.Sprint(err); got != c.want && (err != nil || c.want != "") {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// TestKeyIsCopied: the caller may wipe its bytes.
func TestKeyIsCopied(t *testing.T) {
	raw := []byte(secret)
	key, err := pseudonym.NewKey("1", raw)
	if err != nil {
		t.Fatal(err)
	}
	before := key.LogName(number(t, "+14155552671"))
	clear(raw)
	if key.LogName(number(t, "+14155552671")) != before {
		t.Error("the key changed with the caller's bytes")
	}
}

// TestKeyDoesNotPrint itself, by any verb, logger or marshaller, nor from within
// another struct's unexported field.
func TestKeyDoesNotPrint(t *testing.T) {
	key := newKey(t, "1", secret)
	hidden := struct{ key pseudonym.Key }{key}
	shown := struct{ Key pseudonym.Key }{key}
	var out bytes.Buffer
	for _, value := range []any{key, &key, hidden, &hidden, shown, []pseudonym.Key{key}, map[string]pseudonym.Key{"a": key}, fmt.Errorf("with %v", key)} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T"} {
			fmt.Fprintf(&out, verb+"\n", value)
		}
		text, err := json.Marshal(value)
		fmt.Fprintf(&out, "%s %v\n", text, err)
		for _, handler := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
			slog.New(handler).Info("key", slog.Any("value", value))
		}
	}
	for _, form := range []string{
		secret, base64.StdEncoding.EncodeToString([]byte(secret)), fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret),
		strings.Trim(fmt.Sprint([]byte(secret[:8])), "[]"), strings.Trim(fmt.Sprintf("%#v", []byte(secret[:8])), "[]byte{}"),
	} {
		if strings.Contains(out.String(), form) {
			t.Errorf("the key shows as %s", form)
		}
	}
}
