package main

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/secrets"
)

var someKey = base64.StdEncoding.EncodeToString([]byte("canary-phone-key-canary-phone-ke"))

func TestWithAPIKeyKeepsTheRest(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"complete": {
			`{"infobipApiKey":"old","phoneKeys":{"1":"@","2":"@"},"phoneKey":"1","later":{"a":[1]}}`,
			`{"infobipApiKey":"new","later":{"a":[1]},"phoneKey":"1","phoneKeys":{"1":"@","2":"@"}}`,
		},
		"without an API key": {
			`{"phoneKeys":{"9":"@"},"phoneKey":"9"}`,
			`{"infobipApiKey":"new","phoneKey":"9","phoneKeys":{"9":"@"}}`,
		},
		"in other letters": {
			`{"INFOBIPAPIKEY":"old","PhoneKeys":{"1":"@"},"PHONEKEY":"1"}`,
			`{"PHONEKEY":"1","PhoneKeys":{"1":"@"},"infobipApiKey":"new"}`,
		},
	} {
		text, want := strings.ReplaceAll(test.text, "@", someKey), strings.ReplaceAll(test.want, "@", someKey)
		got, err := document{text: text}.withAPIKey("new")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(changed{text: want}, got, cmp.AllowUnexported(changed{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		again, err := document{text: got.text}.withAPIKey("new")
		if err != nil || !again.same {
			t.Errorf("%s: the same key again gives %+v, %v, want nothing to change", name, again, err)
		}
	}
}

func TestWithAPIKeyMakesAPhoneKey(t *testing.T) {
	made := map[string]bool{}
	for _, text := range []string{
		"", " \n", "{}", `{"infobipApiKey":"old"}`, `{"infobipApiKey":"new"}`, `{"phoneKeys":{ },"phoneKey":""}`, `{"phoneKeys":null,"PhoneKey":null}`,
	} {
		got, err := document{text: text}.withAPIKey("new")
		if err != nil || !got.madePhoneKey || got.same {
			t.Errorf("%q: got %v, %v, want a new phone key", text, got.madePhoneKey, err)
			continue
		}
		parsed, err := secrets.Parse(got.text)
		if err != nil || parsed.APIKey() != "new" {
			t.Errorf("%q: the result is unreadable: %v", text, err)
		}
		var members struct {
			PhoneKeys map[string][]byte `json:"phoneKeys"`
		}
		err = json.Unmarshal([]byte(got.text), &members)
		if key := members.PhoneKeys["1"]; err != nil || len(key) != 32 || made[string(key)] {
			t.Errorf("%q: %d bytes under version 1, %v, want 32 fresh ones", text, len(members.PhoneKeys["1"]), err)
		}
		made[string(members.PhoneKeys["1"])] = true
	}
}

// What could hold a phone key is never taken for nothing, and never repeated.
func TestWithAPIKeyLeavesAloneWhatItCannotRead(t *testing.T) {
	for _, text := range []string{
		"canary", "null", `["canary"]`, `"canary"`, `{"infobipApiKey":"canary"`, `{"infobipApiKey":"a"} canary`,
		`{"phoneKeys":{"1":"canary"},"phoneKey":"1"}`,
		`{"phoneKeys":{"1":"` + someKey + `"},"phoneKey":"canary"}`,
		`{"phoneKeys":{"1":"` + someKey + `"}}`,
		`{"phoneKey":"canary"}`,
		`{"phoneKeys":"canary"}`,
		`{"phoneKeys":{"1":"Y2FuYXJ5"},"phoneKey":"1"}`,
		`{"phoneKeys":{"1":"` + someKey + `","2":"canary"},"phoneKey":"1"}`,
		`{"infobipApiKey":"a","phoneKeys":{"2":"` + someKey + `"},"phoneKeys":{"1":"` + someKey + `"},"phoneKey":"1"}`,
	} {
		got, err := document{text: text}.withAPIKey("new")
		if err == nil {
			t.Errorf("%q: no error, and a new phone key made: %v", text, got.madePhoneKey)
			continue
		}
		for _, secret := range []string{"canary", someKey, "Y2FuYXJ5", "new"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%q: the error repeats %q", text, secret)
			}
		}
	}
}
