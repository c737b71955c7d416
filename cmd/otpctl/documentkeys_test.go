package main

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
	"github.com/seed-a131a524/infobip-otp/pkg/secrets"
)

func read(t *testing.T, text string) map[string]json.RawMessage {
	t.Helper()
	all := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestWithNextPhoneKey(t *testing.T) {
	made := map[string]bool{}
	for name, test := range map[string]struct {
		text     string
		from, to string
		others   string // members that stay as they are
	}{
		"the second": {`{"infobipApiKey":"key","phoneKeys":{"1":"@"},"phoneKey":"1"}`, "1", "2", `{"infobipApiKey":"key"}`},
		"the third, long after": {
			`{"infobipApiKey":"key","phoneKeys":{"1":"@","2":"@"},"phoneKey":"2","phoneKeyFrom":"2025-11-24T12:00:00Z","later":{"a":[1]},"originKeys":["` + someOrigin + `"]}`,
			"2", "3", `{"infobipApiKey":"key","later":{"a":[1]},"originKeys":["` + someOrigin + `"]}`,
		},
		"the third, just after":     {`{"infobipApiKey":"key","phoneKeys":{"1":"@","2":"@"},"phoneKey":"2","phoneKeyFrom":"2026-11-24T12:00:00Z"}`, "2", "3", `{"infobipApiKey":"key"}`},
		"the tenth":                 {`{"infobipApiKey":"key","phoneKeys":{"1":"@","9":"@"},"phoneKey":"9"}`, "9", "10", `{"infobipApiKey":"key"}`},
		"in other letters":          {`{"InfobipApiKey":"key","PHONEKEYS":{"1":"@"},"PhoneKey":"1","PHONEKEYFROM":null}`, "1", "2", `{"InfobipApiKey":"key"}`},
		"of a word":                 {`{"infobipApiKey":"key","phoneKeys":{"first":"@"},"phoneKey":"first"}`, "first", "first2", `{"infobipApiKey":"key"}`},
		"without a beginning, long": {`{"infobipApiKey":"key","phoneKeys":{"1":"@","2":"@"},"phoneKey":"2"}`, "2", "3", `{"infobipApiKey":"key"}`},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.ReplaceAll(test.text, "@", someKey)
			got, err := document{text: text, now: now.Add(999 * time.Millisecond)}.withNextPhoneKey()
			if err != nil {
				t.Fatal(err)
			}
			if got.from != test.from || got.to != test.to || got.at != at("1h") {
				t.Errorf("from %s to %s at %s, want from %s to %s at %s", got.from, got.to, got.at, test.from, test.to, at("1h"))
			}
			members := read(t, got.text)
			if diff := cmp.Diff(`"`+test.to+`" "2026-11-24T13:00:00Z"`, string(members["phoneKey"])+" "+string(members["phoneKeyFrom"])); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			keys := map[string][]byte{}
			if err := json.Unmarshal(members["phoneKeys"], &keys); err != nil {
				t.Fatal(err)
			}
			fresh := string(keys[test.to])
			if len(fresh) != pseudonym.KeySize || made[fresh] {
				t.Errorf("the new key has %d bytes, want %d fresh ones", len(fresh), pseudonym.KeySize)
			}
			made[fresh] = true
			delete(keys, test.to)
			var before struct{ PhoneKeys map[string][]byte }
			if err := json.Unmarshal([]byte(text), &before); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before.PhoneKeys, keys); diff != "" {
				t.Errorf("the other keys (-want +got):\n%s", diff)
			}
			for _, name := range []string{"phoneKey", "phoneKeys", "phoneKeyFrom"} {
				delete(members, name)
			}
			if diff := cmp.Diff(read(t, test.others), members); diff != "" {
				t.Errorf("the other members (-want +got):\n%s", diff)
			}
			// Until then the key that was in use stays in use.
			parsed, err := secrets.Parse(got.text)
			if err != nil {
				t.Fatal(err)
			}
			for moment, want := range map[time.Time]string{now: test.from, got.at.Add(-1): test.from, got.at: test.to} {
				if got := parsed.PhoneKeys(moment, 0).Ledgers[0].Version(); got != want {
					t.Errorf("at %s key %s is in use, want %s", moment, got, want)
				}
			}
		})
	}
}

func TestNoNextPhoneKey(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"one is under way": {
			`{"infobipApiKey":"key","phoneKeys":{"1":"@","2":"@"},"phoneKey":"2","phoneKeyFrom":"2026-11-24T12:00:01Z"}`,
			"a change to phone key 2 is under way: it comes into use 2026-11-24T12:00:01Z (in 1s)",
		},
		"an older one is in use": {`{"infobipApiKey":"key","phoneKeys":{"1":"@","2":"@"},"phoneKey":"1"}`, "phone key 1 is in use although 2 comes after it"},
		"no secret":              {`{"infobipApiKey":"key"}`, "the secret's phoneKey names none of its phoneKeys"},
		"nothing":                {``, "the secret is not JSON of the form {infobipApiKey, phoneKeys, phoneKey}"},
		"no room for a version":  {`{"infobipApiKey":"key","phoneKeys":{"9999999999999999":"@"},"phoneKey":"9999999999999999"}`, "the secret's phone key in use: a phone key's version has 1 to 16 characters"},
		"a member twice": {
			`{"infobipApiKey":"key","phoneKeys":{"0":"@"},"phoneKeys":{"1":"@"},"phoneKey":"1"}`,
			"one of its members is there twice, so that a phone key would be lost",
		},
	} {
		got, err := document{text: strings.ReplaceAll(test.text, "@", someKey), now: now}.withNextPhoneKey()
		if err == nil || err.Error() != test.want || got.text != "" {
			t.Errorf("%s: %v, want %q and no value", name, err, test.want)
		}
	}
}

// someOrigin and otherOrigin are origin keys.
const (
	someOrigin  = "canary-origin-canary-origin-canary"
	otherOrigin = "canary-second-canary-second-canary"
)

func TestOriginKeysOfADocument(t *testing.T) {
	secret := func(more string) string {
		return strings.ReplaceAll(`{"infobipApiKey":"key","phoneKeys":{"1":"@"},"phoneKey":"1","later":[1]`+more+`}`, "@", someKey)
	}
	list := func(keys ...string) string {
		raw, _ := json.Marshal(keys)
		return `,"originKeys":` + string(raw)
	}
	add := func(d document) (changed, error) { return d.withOriginKey(someOrigin) }
	remove := func(d document) (changed, error) { return d.withoutOriginKey(someOrigin, false) }
	keep := func(d document) (changed, error) { return d.withoutOriginKey(someOrigin, true) }
	for name, test := range map[string]struct {
		do   func(document) (changed, error)
		text string
		want string // originKeys, or empty for what is the same
	}{
		"the first":           {add, secret(""), `["` + someOrigin + `"]`},
		"the first of a list": {add, secret(`,"originKeys":[]`), `["` + someOrigin + `"]`},
		"the first of null":   {add, secret(`,"originKeys":null`), `["` + someOrigin + `"]`},
		"the second":          {add, secret(list(otherOrigin)), `["` + otherOrigin + `","` + someOrigin + `"]`},
		"in other letters":    {add, secret(strings.ToUpper(`,"originKeys":["`) + otherOrigin + `"]`), `["` + otherOrigin + `","` + someOrigin + `"]`},
		"there already":       {add, secret(list(someOrigin)), ""},
		"the last away":       {remove, secret(list(someOrigin)), `[]`},
		"one of two away":     {remove, secret(list(someOrigin, otherOrigin)), `["` + otherOrigin + `"]`},
		"it alone stays":      {keep, secret(list(otherOrigin, someOrigin)), `["` + someOrigin + `"]`},
		"it stays alone":      {keep, secret(list(someOrigin)), ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := test.do(document{text: test.text})
			if err != nil || got.same != (test.want == "") {
				t.Fatalf("nothing to change: %v, %v", got.same, err)
			}
			if got.same {
				return
			}
			members := read(t, got.text)
			if diff := cmp.Diff(test.want, string(members["originKeys"])); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			delete(members, "originKeys")
			if diff := cmp.Diff(read(t, secret("")), members); diff != "" {
				t.Errorf("the other members (-want +got):\n%s", diff)
			}
		})
	}
	for _, do := range []func(document) (changed, error){remove, keep} {
		if _, err := do(document{text: secret(list(otherOrigin))}); !errors.Is(err, errNotAmongThem) {
			t.Errorf("a key that is not there: %v", err)
		}
		if _, err := do(document{text: secret("")}); !errors.Is(err, errNotAmongThem) {
			t.Errorf("a key of none: %v", err)
		}
	}
	if _, err := add(document{text: "canary"}); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("a secret that cannot be read: %v", err)
	}
}

func TestNextVersion(t *testing.T) {
	for version, want := range map[string]string{"1": "2", "9": "10", "09": "10", "007": "008", "v1": "v2", "2026-12": "2026-13", "first": "first2", "a-": "a-2"} {
		got := nextVersion(version)
		if got != want {
			t.Errorf("after %s comes %s, want %s", version, got, want)
		}
		if pseudonym.CompareVersions(got, version) <= 0 {
			t.Errorf("%s is not after %s", got, version)
		}
	}
}
