package catalog

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seed-a131a524/infobip-otp/pkg/locale"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

func tag(t testing.TB, text string) locale.Tag {
	t.Helper()
	if text == "" {
		return locale.Tag{}
	}
	parsed, err := locale.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func list(t testing.TB, text string) List {
	t.Helper()
	l, err := Parse(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return l
}

func TestParse(t *testing.T) {
	got := list(t, "sms/*=A1,sms/de=B-2, sms/pt_br=C.3 ,voice/*=D:4,voice/zh-TW=E,email/*=9C817C6F8AF3D48F9FE553282AFA2B67")
	want := List{
		{otp.SMS, locale.Tag{}, "A1"},
		{otp.SMS, tag(t, "de"), "B-2"},
		{otp.SMS, tag(t, "pt-BR"), "C.3"},
		{otp.Voice, locale.Tag{}, "D:4"},
		{otp.Voice, tag(t, "zh-Hant-TW"), "E"},
		{otp.Email, locale.Tag{}, "9C817C6F8AF3D48F9FE553282AFA2B67"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the list differs (-want +got):\n%s", diff)
	}
}

// TestParseRefuses: each fault says which entry it is in, and shows nothing of it.
func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "entry 1: it is not channel/language=id",
		"canary":                           "entry 1: it is not channel/language=id",
		"sms=canary":                       "entry 1: it is not channel/language=id",
		"sms/de":                           "entry 1: it is not channel/language=id",
		"sms/*=A,":                         "entry 2: it is not channel/language=id",
		",sms/*=A":                         "entry 1: it is not channel/language=id",
		"sms/*=A;sms/de=canary":            "entry 1: its id is not one word of ASCII",
		"canary/*=A":                       "entry 1: there is no such channel",
		"SMS/*=A":                          "entry 1: there is no such channel",
		"/*=A":                             "entry 1: there is no such channel",
		" sms /*=A":                        "entry 1: there is no such channel",
		"sms/=A":                           "entry 1: its language is no language tag",
		"sms/canary!=A":                    "entry 1: its language is no language tag",
		"sms/**=A":                         "entry 1: its language is no language tag",
		"sms/de,sms/en=A":                  "entry 1: it is not channel/language=id",
		"sms/de-x-canary-1=A":              "entry 1: its language has more than 12 characters",
		"sms/*=":                           "entry 1: it has no id",
		"sms/*= ":                          "entry 1: it has no id",
		"sms/*=A B":                        "entry 1: its id is not one word of ASCII",
		"sms/*=A\t":                        "entry 1: its id is not one word of ASCII",
		"sms/*=ä":                          "entry 1: its id is not one word of ASCII",
		"sms/*=A=B":                        "entry 1: its id is not one word of ASCII",
		"sms/*=A,sms/*=B":                  "entry 2: it is for the channel and language of entry 1",
		"sms/*=A,sms/nb=B,sms/no=B":        "entry 3: it is for the channel and language of entry 2",
		"sms/iw=A,voice/he=B,sms/HE=C":     "entry 3: it is for the channel and language of entry 1",
		"sms/*=" + strings.Repeat("x", 65): "entry 1: its id has more than 64 characters",
		strings.Repeat("sms/*=A,", 512) + "sms/*": "it has more than 2700 characters",
	} {
		got, err := Parse(text)
		if err == nil || err.Error() != want || got != nil {
			t.Errorf("Parse(%.40q) = %v, %v, want the fault %q", text, got, err, want)
		}
	}
}

// TestString: whatever is read is written in one order, which is read as the same.
func TestString(t *testing.T) {
	for text, want := range map[string]string{
		"sms/*=A": "sms/*=A",
		"email/*=E,voice/de=D,sms/de=B,sms/*=A,sms/ar=C": "sms/*=A,sms/ar=C,sms/de=B,voice/de=D,email/*=E",
		"sms/PT_br=A , sms/nb=B":                         "sms/no=B,sms/pt-BR=A",
	} {
		got := list(t, text).String()
		if got != want {
			t.Errorf("%q is written %q, want %q", text, got, want)
		}
		if again := list(t, got).String(); again != got {
			t.Errorf("%q is read and written as %q", got, again)
		}
	}
}

// TestMessage: the nearest language, then the default's, then the one template.
func TestMessage(t *testing.T) {
	l := list(t, "sms/*=S,sms/de=S-de,sms/zh-Hant=S-hant,sms/zh=S-zh,sms/no=S-no,sms/pt-BR=S-br,voice/*=V,voice/pt=V-pt,email/*=E")
	full, without, single, none := Catalog{l, true}, Catalog{list(t, "sms/de=S-de,email/de=E-de"), true}, Catalog{nil, true}, Catalog{}
	for _, c := range []struct {
		of      Catalog
		channel otp.Channel
		locale  string
		want    otp.Message
		found   bool
	}{
		{full, otp.SMS, "", otp.Message{ID: "S"}, true},
		{full, otp.SMS, "de", otp.Message{ID: "S-de", Locale: "de"}, true},
		{full, otp.SMS, "de_AT.UTF-8", otp.Message{ID: "S-de", Locale: "de"}, true},
		{full, otp.SMS, "zh-TW", otp.Message{ID: "S-hant", Locale: "zh-Hant"}, true},
		{full, otp.SMS, "zh-Hant-HK-x-a", otp.Message{ID: "S-hant", Locale: "zh-Hant"}, true},
		{full, otp.SMS, "zh-CN", otp.Message{ID: "S-zh", Locale: "zh"}, true},
		{full, otp.SMS, "nn-NO", otp.Message{ID: "S-no", Locale: "no"}, true},
		{full, otp.SMS, "pt", otp.Message{ID: "S"}, true}, // of Brazil is no other Portuguese
		{full, otp.SMS, "tlh", otp.Message{ID: "S"}, true},
		{full, otp.SMS, "not a tag", otp.Message{ID: "S"}, true},
		{full, otp.Voice, "de", otp.Message{ID: "V"}, true},
		{full, otp.Voice, "pt-BR", otp.Message{ID: "V-pt", Locale: "pt"}, true},
		{full, otp.Email, "de", otp.Message{ID: "E"}, true},
		{full, "fax", "de", otp.Message{}, false},
		{without, otp.SMS, "de", otp.Message{ID: "S-de", Locale: "de"}, true},
		{without, otp.SMS, "fr", otp.Message{}, true}, // the one template
		{without, otp.Voice, "de", otp.Message{}, true},
		{without, otp.Email, "de", otp.Message{ID: "E-de", Locale: "de"}, true},
		{without, otp.Email, "fr", otp.Message{}, false},
		{single, otp.SMS, "de", otp.Message{}, true},
		{single, otp.Voice, "", otp.Message{}, true},
		{single, otp.Email, "", otp.Message{}, false},
		{none, otp.SMS, "de", otp.Message{}, false},
	} {
		got, found := c.of.Message(c.channel, c.locale)
		if got != c.want || found != c.found {
			t.Errorf("%s in %q: %+v, %t, want %+v, %t", c.channel, c.locale, got, found, c.want, c.found)
		}
	}
}

// TestSpeaks: the same lookup without the default's, which speaks for itself alone.
func TestSpeaks(t *testing.T) {
	full := Catalog{list(t, "sms/*=S,sms/ar=S-ar,voice/*=V,voice/pt=V-pt"), true}
	for _, c := range []struct {
		of     Catalog
		locale string
		want   bool
	}{
		{full, "", true},
		{full, "pt", true},
		{full, "pt-BR", true},
		{full, "ar", false},
		{Catalog{list(t, "sms/*=S,sms/ar=S-ar"), true}, "", true}, // by the one template
		{Catalog{list(t, "sms/*=S,sms/ar=S-ar"), true}, "ar", false},
		{Catalog{list(t, "sms/*=S"), false}, "", false},
	} {
		if got := c.of.Speaks(otp.Voice, c.locale); got != c.want {
			t.Errorf("a call speaks %q of %s: %t, want %t", c.locale, c.of.List, got, c.want)
		}
	}
}

func TestCheck(t *testing.T) {
	all := []otp.Channel{otp.SMS, otp.Voice, otp.Email}
	const (
		sms   = "INFOBIP_2FA_MSG_ID must be set, or INFOBIP_2FA_MESSAGES have sms/*: CHANNELS offers sms, and there is no message for it (otpctl provision prints both)"
		voice = "INFOBIP_2FA_MSG_ID must be set, or INFOBIP_2FA_MESSAGES have voice/*: CHANNELS offers voice, and there is no message for it (otpctl provision prints both)"
		email = "INFOBIP_2FA_MESSAGES must have email/*: CHANNELS offers email, and there is no message for it (otpctl provision prints the list)"
	)
	for _, c := range []struct {
		of      Catalog
		offered []otp.Channel
		lacks   []string
	}{
		{Catalog{list(t, "sms/*=S,voice/*=V,email/*=E"), false}, all, nil},
		{Catalog{list(t, "email/*=E"), false}, all[2:], nil},
		{Catalog{list(t, "email/*=E"), true}, all, nil},
		{Catalog{nil, true}, all[:2], nil},
		{Catalog{}, nil, nil},
		{Catalog{}, all, []string{sms, voice, email}},
		{Catalog{nil, true}, all, []string{email}},
		{Catalog{list(t, "sms/*=S,email/de=E"), true}, all, []string{email}},
		{Catalog{list(t, "sms/*=S"), false}, all[:2], []string{voice}},
		{Catalog{list(t, "sms/de=S"), false}, all[:1], []string{sms}},
	} {
		var got []string
		if err := c.of.Check(c.offered); err != nil {
			got = strings.Split(err.Error(), "\n")
		}
		if diff := cmp.Diff(c.lacks, got); diff != "" {
			t.Errorf("%v of %q lack (-want +got):\n%s", c.offered, c.of.List, diff)
		}
	}
}

// TestOnStandard: what has a default in the list, and what is no text for a phone, asks nothing of
// the one template.
func TestOnStandard(t *testing.T) {
	all := []otp.Channel{otp.SMS, otp.Voice, otp.Email}
	for _, c := range []struct {
		list          string
		offered, want []otp.Channel
	}{
		{"email/*=E", all[2:], nil},
		{"email/de=E", all[2:], nil}, // which the template would not serve either
		{"sms/*=S,voice/*=V", all, nil},
		{"sms/*=S", all[:1], nil},
		{"sms/*=S", all, all[1:2]},
		{"sms/de=S,voice/*=V", all, all[:1]},
		{"email/*=E", all, all[:2]},
		{"email/*=E", nil, nil},
	} {
		if diff := cmp.Diff(c.want, list(t, c.list).OnStandard(c.offered), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("of %v beside %s (-want +got):\n%s", c.offered, c.list, diff)
		}
	}
	if len(all) != 3 || all[0] != otp.SMS {
		t.Errorf("the channels offered are now %v", all)
	}
}

// sixty returns a list of sixty messages with ids as long as Infobip's.
func sixty() string {
	var l List
	for i := range 60 {
		language, _ := locale.Parse(fmt.Sprintf("a%c-A%c", 'a'+i/3, 'A'+i/3))
		l = append(l, Entry{otp.Channels()[i%3], language, fmt.Sprintf("9C817C6F8AF3D48F9FE553282AFA%04X", i)})
	}
	return l.String()
}

// TestLookupAllocatesNothing, and a list of sixty is not too long.
func TestLookupAllocatesNothing(t *testing.T) {
	text := sixty()
	if len(text) > MaxList {
		t.Errorf("sixty messages take %d characters of the %d that a list has", len(text), MaxList)
	}
	c := Catalog{list(t, text), true}
	near, far := tag(t, "at-AT"), tag(t, "zh-Hant-TW-x-private1")
	if got := testing.AllocsPerRun(100, func() {
		_, _ = c.find(otp.SMS, near)
		_, _ = c.find(otp.Email, far)
		_, _ = c.Message(otp.Voice, "")
	}); got != 0 {
		t.Errorf("looking up takes %v allocations", got)
	}
}

func BenchmarkParse(b *testing.B) {
	text := sixty()
	for b.Loop() {
		if _, err := Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	c := Catalog{list(b, sixty()), true}
	language := tag(b, "zh-Hant-TW")
	for b.Loop() {
		c.find(otp.Email, language)
	}
}

// FuzzParse: what is read is written and read as the same, and whatever is looked for in it
// ends.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"sms/*=A,sms/de=B,voice/*=C,email/*=D", "sms/zh_TW=A", "sms/*=A,sms/*=B", "sms/de=", ",", "fax/*=A", "sms/de=A B", sixty()} {
		f.Add(text, "de-AT")
	}
	f.Fuzz(func(t *testing.T, text, language string) {
		l, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(l.String())
		if err != nil || again.String() != l.String() || len(again) != len(l) {
			t.Fatalf("%q is written %q, which is read as %q, %v", text, l, again, err)
		}
		for _, e := range l {
			if m, ok := (Catalog{List: l}).Message(e.Channel, e.Locale.String()); !ok || m.ID != e.ID {
				t.Fatalf("%q is not found in %q", e, l)
			}
		}
		c := Catalog{List: l, Standard: true}
		if _, ok := c.Message(otp.SMS, language); !ok {
			t.Fatalf("nothing is found for %q", language)
		}
	})
}
