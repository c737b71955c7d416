package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	infobipotp "github.com/seed-a131a524/infobip-otp"
	"github.com/seed-a131a524/infobip-otp/pkg/messages"
)

// fileOf writes a file of messages.
func fileOf(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "texts.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// arrived is the newest message to a destination: its text with PIN in the place of its digits,
// its channel, and all of it.
func (p *program) arrived(to string) (string, string, map[string]any) {
	p.t.Helper()
	status, _, got := p.call(http.MethodGet, p.control+"/outbox?to="+to, "")
	var all []map[string]any
	if err := json.Unmarshal([]byte(got["text"].(string)), &all); err != nil || len(all) == 0 {
		p.t.Fatalf("the outbox answers %d %v, %v", status, got, err)
	}
	newest := all[len(all)-1]
	pin, _ := newest["pin"].(string)
	text, _ := newest["text"].(string)
	channel, _ := newest["channel"].(string)
	return strings.ReplaceAll(text, pin, "PIN"), channel, newest
}

// localesOf are the languages that a message is written in, as the page is told.
func localesOf(told map[string]any) []string {
	var written []string
	all, _ := told["locales"].([]any)
	for _, one := range all {
		if l, _ := one.(map[string]any); l["written"] == true {
			written = append(written, fmt.Sprint(l["tag"]))
		}
	}
	return written
}

// TestNinthLanguage: a language more is one edit of the file, without a fault, and arrives after
// a restart by every channel; before that its requests get the default's.
func TestNinthLanguage(t *testing.T) {
	texts := string(infobipotp.Messages)
	for section, entry := range map[string]string{
		"sms:\n":   "  nl: \"{{pin}} is uw code. Deel hem met niemand.\"\n",
		"voice:\n": "  nl: \"Hallo. Uw code is {{pin}}.\"\n",
		"email:\n": "  nl:\n    text: |-\n      Uw code is {{pin}}.\n\n      Niets aangevraagd? Negeer deze e-mail.\n",
	} {
		if strings.Count(texts, "\n"+section) != 1 {
			t.Fatalf("messages.yaml has no one section %s", section)
		}
		texts = strings.Replace(texts, "\n"+section, "\n"+section+entry, 1)
	}
	shipped := messages.Lint(infobipotp.Messages, messages.Options{WebOTP: localHost})
	report := messages.Lint([]byte(texts), messages.Options{WebOTP: localHost})
	if len(report.Faults) > 0 || len(report.Messages) != len(shipped.Messages)+3 {
		t.Fatalf("%d messages, with the faults %v", len(report.Messages), report.Faults)
	}
	name := fileOf(t, string(infobipotp.Messages))
	send := func(p *program) map[string]string {
		t.Helper()
		got := map[string]string{}
		for _, r := range []struct{ body, to string }{
			{`{"phoneNumber":"+14155552671","locale":"nl-BE"}`, "14155552671"},
			{`{"phoneNumber":"+436641234567","channel":"voice","locale":"nl_NL"}`, "436641234567"},
			{`{"email":"jane@example.com","locale":"nl"}`, "jane@example.com"},
		} {
			if status, _, answer := p.post("/send-otp", r.body); status != http.StatusOK {
				t.Fatalf("%s: %d %v", r.body, status, answer)
			}
			text, channel, _ := p.arrived(r.to)
			got[channel] = text
		}
		return got
	}
	for _, c := range []struct {
		texts string
		want  map[string]string
	}{
		{string(infobipotp.Messages), map[string]string{
			"sms": "PIN is your code. Do not share it with anyone.\n@localhost #PIN", "voice": "Hello. Your code is PIN.",
			"email": "Your code is PIN.\n\nIf you did not ask for it, you can ignore this e-mail.",
		}},
		{texts, map[string]string{
			"sms": "PIN is uw code. Deel hem met niemand.\n@localhost #PIN", "voice": "Hallo. Uw code is PIN.",
			"email": "Uw code is PIN.\n\nNiets aangevraagd? Negeer deze e-mail.",
		}},
	} {
		if err := os.WriteFile(name, []byte(c.texts), 0o600); err != nil {
			t.Fatal(err)
		}
		p := started(t, map[string]string{"MESSAGES_FILE": name})
		got := send(p)
		for channel, want := range c.want {
			if got[channel] != want {
				t.Errorf("by %s arrives %q, want %q", channel, got[channel], want)
			}
		}
		_, _, told := p.call(http.MethodGet, p.control+"/messages", "")
		locales := localesOf(told)
		if dutch := slices.Contains(locales, "nl"); dutch != (c.texts == texts) || !strings.Contains(p.stdout.String(), "("+name+")") {
			t.Errorf("the page has the languages %v; the program says\n%s", locales, p.stdout.String())
		}
		p.stop()
	}
}

// TestResendByVoice: the template of an SMS has behind a placeholder what a call must not say.
func TestResendByVoice(t *testing.T) {
	p := started(t, map[string]string{"SEND_COOLDOWN": "0s"})
	_, _, sent := p.post("/send-otp", `{"phoneNumber":"+14155552671","locale":"de"}`)
	status, _, answer := p.post("/resend-otp", fmt.Sprintf(`{"phoneNumber":"+14155552671","channel":"voice","verificationId":%q}`, sent["verificationId"]))
	if text, channel, more := p.arrived("14155552671"); status != http.StatusOK || channel != "voice" || text != "PIN ist Ihr Code. Geben Sie ihn nicht weiter.. PIN" || more["language"] != "de" {
		t.Errorf("%d %v: by %s arrives %q in %v", status, answer, channel, text, more["language"])
	}
}

// TestOffersWhatTheFileHas: unless CHANNELS says otherwise.
func TestOffersWhatTheFileHas(t *testing.T) {
	p := started(t, map[string]string{"MESSAGES_FILE": fileOf(t, "default: de\nemail:\n  de: {templateId: 7, from: \"Codes <codes@example.com>\", text: \"Ihr Code: {{pin}}\"}\n")})
	if status, _, got := p.post("/send-otp", `{"phoneNumber":"+14155552671"}`); status != http.StatusBadRequest || got["code"] != "channel_not_allowed" {
		t.Errorf("a text message: %d %v", status, got)
	}
	p.post("/send-otp", `{"email":"jane@example.com"}`)
	if text, _, more := p.arrived("jane@example.com"); text != "Ihr Code: PIN" || more["sender"] != "Codes <codes@example.com>" {
		t.Errorf("the e-mail is %q from %v", text, more["sender"])
	}
}

// TestChannelsWithoutMessages: the real Infobip is asked for nothing that has no message.
func TestChannelsWithoutMessages(t *testing.T) {
	const sms, email = "INFOBIP_2FA_MSG_ID must be set, or INFOBIP_2FA_MESSAGES have sms/*: CHANNELS offers sms", "INFOBIP_2FA_MESSAGES must have email/*: CHANNELS offers email"
	for _, c := range []struct{ channels, list, says, also string }{
		{"sms,email", "email/*=MSG1", sms, ""},
		{"sms,email", "sms/*=MSG1", email, ""},
		{"", "sms/de=MSG1", sms, email}, // nothing would be left
	} {
		said := refusal(t, map[string]string{
			"INFOBIP_BASE_URL": "canary.example.com", "INFOBIP_API_KEY": "canary", "INFOBIP_2FA_APP_ID": "APP1", "CHANNELS": c.channels, "INFOBIP_2FA_MESSAGES": c.list, "PORT": "0",
		}, "no such file")
		if !strings.HasPrefix(said, c.says) || !strings.Contains(said, c.also) {
			t.Errorf("CHANNELS=%s with %s: %q, want %q and %q", c.channels, c.list, said, c.says, c.also)
		}
	}
}

// TestSendersOfTheFile: that of the region goes before the message's.
func TestSendersOfTheFile(t *testing.T) {
	p := started(t, map[string]string{"MESSAGES_FILE": fileOf(t, "default: en\nsender: Example\nsenders: {US: \"18335550100\"}\nandroidAppHash: FA+9qCX9VSu\nsms: {en: \"Code {{pin}}\"}\n")})
	for to, want := range map[string]string{"14155552671": "18335550100", "436641234567": "Example"} {
		p.post("/send-otp", `{"phoneNumber":"+`+to+`"}`)
		if text, _, more := p.arrived(to); more["sender"] != want || text != "Code PIN\nFA+9qCX9VSu\n@localhost #PIN" {
			t.Errorf("to %s: %q from %v, want %s", to, text, more["sender"], want)
		}
	}
}

// TestIdsOfTheGuide: an environment with the guide's two ids, or with a list, has its messages
// under them.
func TestIdsOfTheGuide(t *testing.T) {
	p := started(t, map[string]string{"INFOBIP_2FA_APP_ID": "APP1", "INFOBIP_2FA_MSG_ID": "MSG1", "INFOBIP_2FA_MESSAGES": "sms/de=MSG2,voice/*=MSG2"})
	ids := map[string]any{}
	for _, c := range []struct{ to, channel, locale string }{
		{"14155552671", "sms", "en"}, {"436641234567", "sms", "de"}, {"447400123456", "voice", "en"},
	} {
		p.post("/send-otp", fmt.Sprintf(`{"phoneNumber":"+%s","channel":%q,"locale":%q}`, c.to, c.channel, c.locale))
		_, _, more := p.arrived(c.to)
		ids[c.channel+"/"+c.locale] = more["messageId"]
	}
	// No two messages have one template, whatever the list says.
	if ids["sms/en"] != "MSG1" || ids["sms/de"] != "MSG2" || ids["voice/en"] == "MSG2" {
		t.Errorf("the messages went in %v", ids)
	}
}

// TestChannelsThatTheFileLacks: who has one offered is told of the file, not of a list that
// nobody wrote.
func TestChannelsThatTheFileLacks(t *testing.T) {
	name := fileOf(t, "default: en\nsms: {en: \"Code {{pin}}\"}\n")
	said := refusal(t, map[string]string{"PORT": "0", "MESSAGES_FILE": name, "CHANNELS": "sms,voice,email"}, "no such file")
	for _, channel := range []string{"voice", "email"} {
		if want := name + " has no message by " + channel + ", which CHANNELS offers"; !strings.Contains(said, want) {
			t.Errorf("%s, want %s", said, want)
		}
	}
	if strings.Contains(said, "INFOBIP_2FA_MESSAGES") || strings.Contains(said, "by sms") {
		t.Error(said)
	}
	p := started(t, map[string]string{"MESSAGES_FILE": name, "CHANNELS": "sms,voice", "INFOBIP_2FA_MSG_ID": "MSG1"})
	if status, _, got := p.post("/send-otp", `{"phoneNumber":"+14155552671","channel":"voice"}`); status != http.StatusOK {
		t.Errorf("a call in the one template: %d %v", status, got)
	}
}

// TestNoRoomForTheLastLine: a text that lint takes starts, and the program says what it lacks.
func TestNoRoomForTheLastLine(t *testing.T) {
	long := "Code {{pin}}" + strings.Repeat(" and so on", 15)
	p := started(t, map[string]string{"MESSAGES_FILE": fileOf(t, "default: en\nsms: {en: \""+long+"\"}\n")})
	p.post("/send-otp", `{"phoneNumber":"+14155552671"}`)
	if text, _, _ := p.arrived("14155552671"); text != strings.ReplaceAll(long, "{{pin}}", "PIN") {
		t.Errorf("what arrives is %q", text)
	}
	if !strings.Contains(p.stdout.String(), "and no last line @localhost: an SMS has no room for it") {
		t.Errorf("the program says\n%s", p.stdout.String())
	}
}

// TestFaultsOfTheFile: each stops the start, with its place.
func TestFaultsOfTheFile(t *testing.T) {
	bad := fileOf(t, "default: en\nsms:\n  en: \"{{ pin }}\"\n  de: 7\n")
	missing := filepath.Join(t.TempDir(), "no.yaml")
	for name, want := range map[string][]string{
		bad:     {bad + ":3:7: {{ pin }} is not filled", bad + ":4:7: "},
		missing: {"MESSAGES_FILE: reading the messages: open " + missing},
	} {
		said := refusal(t, map[string]string{"PORT": "0", "MESSAGES_FILE": name}, "no such file")
		for _, part := range want {
			if !strings.Contains(said, part) {
				t.Errorf("%s, want %s", said, part)
			}
		}
	}
}
