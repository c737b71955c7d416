package console

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/catalog"
	"github.com/seed-a131a524/infobip-otp/pkg/locale"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

func tag(t *testing.T, text string) locale.Tag {
	t.Helper()
	parsed, err := locale.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// TestMessages: each language once, in the list's order, with what a request in it finds; last one that nobody wrote.
func TestMessages(t *testing.T) {
	for name, c := range map[string]struct {
		list     string
		offered  []otp.Channel
		standard locale.Tag
		want     []Locale
	}{
		"three channels": {
			"sms/*=A,sms/ar=B,sms/pt-BR=C,voice/*=D,voice/pt=E,email/*=F,email/ar=G", otp.Channels(), tag(t, "en"),
			[]Locale{
				{"en", true, map[otp.Channel]string{"sms": "en", "voice": "en", "email": "en"}},
				{"ar", true, map[otp.Channel]string{"sms": "ar", "voice": "en", "email": "ar"}},
				{"pt-BR", true, map[otp.Channel]string{"sms": "pt-BR", "voice": "pt", "email": "en"}},
				{"pt", true, map[otp.Channel]string{"sms": "en", "voice": "pt", "email": "en"}},
				{"sv", false, map[otp.Channel]string{"sms": "en", "voice": "en", "email": "en"}},
			},
		},
		"what is not offered is not shown": {
			"sms/*=A,sms/sv=B,voice/*=C", []otp.Channel{otp.SMS}, tag(t, "nl"),
			[]Locale{
				{"nl", true, map[otp.Channel]string{"sms": "nl"}},
				{"sv", true, map[otp.Channel]string{"sms": "sv"}},
				{"pl", false, map[otp.Channel]string{"sms": "nl"}},
			},
		},
		"a list alone does not say what its default is": {
			"sms/*=A,sms/de=B", []otp.Channel{otp.SMS}, locale.Tag{},
			[]Locale{
				{"", true, map[otp.Channel]string{"sms": ""}},
				{"de", true, map[otp.Channel]string{"sms": "de"}},
				{"sv", false, map[otp.Channel]string{"sms": ""}},
			},
		},
		"one language is no choice": {"sms/*=A,voice/*=B", otp.Channels(), tag(t, "en"), []Locale{}},
	} {
		t.Run(name, func(t *testing.T) {
			list, err := catalog.Parse(c.list)
			if err != nil {
				t.Fatal(err)
			}
			got := NewMessages(list, c.offered, c.standard)
			if diff := cmp.Diff(c.want, got.Locales); diff != "" {
				t.Errorf("the languages differ (-want +got):\n%s", diff)
			}
			for _, e := range list {
				want := Template{e.Channel, e.Locale.String()}
				if e.Locale.IsZero() {
					want.Locale = c.standard.String()
				}
				if got := got.Templates[e.ID]; got != want {
					t.Errorf("%s is %v, want %v", e.ID, got, want)
				}
			}
		})
	}
}

// TestMessagesAreTold: a page is never told null where it reads a list.
func TestMessagesAreTold(t *testing.T) {
	r := newRig(t, WithoutSimulator(Facts{}, NewMessages(nil, nil, locale.Tag{})))
	status, _, body := r.call("GET", "/messages", "")
	if want := `{"default":"","locales":[],"templates":{},"file":"","report":null}`; status != 200 || body != want {
		t.Errorf("got %d %s, want %s", status, body, want)
	}
}
