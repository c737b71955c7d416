package messages

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seed-a131a524/infobip-otp/pkg/catalog"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip"
	"github.com/seed-a131a524/infobip-otp/pkg/locale"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/sms"
)

const pin = "123456"

func parsed(t *testing.T, text string, o Options) *File {
	t.Helper()
	file, faults := Parse([]byte(text), o)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return file
}

func tag(text string) locale.Tag {
	parsed, err := locale.Parse(text)
	if err != nil {
		panic(err)
	}
	return parsed
}

// TestEverything: each member of a file is where provision looks for it.
func TestEverything(t *testing.T) {
	file := parsed(t, everything, Options{WebOTP: "localhost"})
	registered := func(template string) *IndiaDLT { return &IndiaDLT{"1101", template, "1302"} }
	want := &File{
		Default: tag("en"), Sender: "Example",
		Senders: catalog.Senders{{Region: "US", From: "18335550100"}, {Region: "CA", From: "18335550101"}, {Region: "001", From: "Satellite"}},
		WebOTP:  "www.example.com", AndroidAppHash: "FA+9qCX9VSu", IndiaDLT: registered("1107"),
		Messages: []Message{
			{
				Channel: otp.SMS, Locale: tag("en"), Line: 9, Column: 3, Text: "{{pin}} is your code.\nDo not share it.",
				Template: Template{
					Text:   "{{pin}} is your code.\nDo not share it.{{ending}}{{pin}}",
					Sender: "Other Name", Language: "en", Voice: "Joanna", Rate: 0.75, Repeat: "1#", IndiaDLT: registered("1108"),
				},
			},
			{
				Channel: otp.SMS, Locale: tag("de-CH"), Line: 19, Column: 3, Text: "{{pin}} ist Ihr Code.",
				Template: Template{Text: "{{pin}} ist Ihr Code.{{ending}}{{pin}}", Sender: "Example", Language: "de", IndiaDLT: registered("1107")},
			},
			{
				Channel: otp.SMS, Locale: tag("ar"), Line: 20, Column: 3, Text: "رمز التحقق: {{pin}}",
				Template: Template{Text: "رمز التحقق: {{pin}}{{ending}}{{pin}}", Sender: "Example", IndiaDLT: registered("1107")},
			},
			{
				Channel: otp.Voice, Locale: tag("en"), Line: 22, Column: 3, Text: "Your code is {{pin}}.",
				Template: Template{Text: "Your code is {{pin}}.", Sender: "18335550102", Language: "en", Rate: 1},
			},
			{
				Channel: otp.Voice, Locale: tag("zh-Hant"), Line: 23, Column: 3, Text: "{{pin}}",
				Template: Template{Text: "{{pin}}", Language: "zh_tw", IndiaDLT: registered("1109")},
			},
			{
				Channel: otp.Email, Locale: tag("en"), Line: 25, Column: 3, Text: "Your code is {{pin}}.",
				Template: Template{EmailTemplateID: 12, From: "Example <codes@example.com>", LandingPageID: "abc"},
			},
			{Channel: otp.Email, Locale: tag("de"), Line: 26, Column: 3, Template: Template{EmailTemplateID: 13}},
			{Channel: otp.Email, Locale: tag("fr"), Line: 27, Column: 3, Text: "Votre code est {{pin}}."},
		},
	}
	if diff := cmp.Diff(want, file, cmpopts.IgnoreFields(Message{}, "ending"), cmp.Comparer(func(a, b locale.Tag) bool { return a == b })); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got, want := file.Senders.String(), "US=18335550100,CA=18335550101,001=Satellite"; got != want {
		t.Errorf("the senders are %q, want %q", got, want)
	}
	for i, want := range []bool{5: false, 6: false, 7: true} {
		if got := file.Messages[i].ForSimulator(); got != want {
			t.Errorf("message %d is the simulator's alone: %t", i, got)
		}
	}
	if got := len(file.Of(otp.Voice)); got != 2 {
		t.Errorf("%d messages by voice, want 2", got)
	}
	for _, text := range []string{everything, good} {
		a, b := parsed(t, text, Options{}), parsed(t, text, Options{})
		for i := range a.Messages {
			if dlt := a.Messages[i].Template.IndiaDLT; dlt != nil {
				dlt.PrincipalEntityID = "changed"
			}
		}
		if a.IndiaDLT != nil && *a.IndiaDLT != *b.IndiaDLT {
			t.Error("a template's registration is the file's own")
		}
	}
}

// TestNumberAsSender: a call comes from a number, so the file's sender is that of calls only
// where it is one.
func TestNumberAsSender(t *testing.T) {
	file := parsed(t, good+"sender: '18335550100'\nvoice: {en: '{{pin}}'}\n", Options{})
	for _, m := range file.Messages {
		if m.Template.Sender != "18335550100" {
			t.Errorf("the sender by %s is %q", m.Channel, m.Template.Sender)
		}
	}
}

// TestLastLines: what a template holds, what a send fills in, and what a person reads and
// hears, with and without lines that only an SMS may carry.
func TestLastLines(t *testing.T) {
	for name, c := range map[string]struct {
		members                              string
		template, setting, delivered, spoken string
	}{
		"none": {
			"", "{{pin}} is your code.", "", "123456 is your code.", "123456 is your code.",
		},
		"host": {
			"webOTP: example.com\n", "{{pin}} is your code.{{ending}}{{pin}}", `\n@example.com #`,
			"123456 is your code.\n@example.com #123456", "123456 is your code.. 123456",
		},
		"hash": {
			"androidAppHash: FA+9qCX9VSu\n", "{{pin}} is your code.{{ending}}", `\nFA+9qCX9VSu`,
			"123456 is your code.\nFA+9qCX9VSu", "123456 is your code..",
		},
		"both": {
			"androidAppHash: FA+9qCX9VSu\nwebOTP: example.com\n", "{{pin}} is your code.{{ending}}{{pin}}", `\nFA+9qCX9VSu\n@example.com #`,
			"123456 is your code.\nFA+9qCX9VSu\n@example.com #123456", "123456 is your code.. 123456",
		},
	} {
		file := parsed(t, good+c.members+"voice: {en: 'Code {{pin}}'}\nemail: {en: 'Mail {{pin}}'}\n", Options{})
		m := file.Of(otp.SMS)[0]
		// A resend by voice speaks the template of the SMS, filled otherwise (pkg/infobip).
		spoken := strings.NewReplacer("{{ending}}", file.Ending().Spoken(), "{{pin}}", pin).Replace(m.Template.Text)
		got := []string{m.Template.Text, file.Ending().String(), m.Delivered(pin), spoken}
		if diff := cmp.Diff([]string{c.template, c.setting, c.delivered, c.spoken}, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
		if file.Ending().Lines() != strings.ReplaceAll(c.setting, `\n`, "\n") {
			t.Errorf("%s: the ending is %q", name, file.Ending().Lines())
		}
		if got := file.Of(otp.Voice)[0].Template.Text + file.Of(otp.Voice)[0].Delivered(pin); got != "Code {{pin}}Code 123456" {
			t.Errorf("%s: a call says %q", name, got)
		}
		if got := file.Of(otp.Email)[0].Delivered(pin); got != "Mail 123456" {
			t.Errorf("%s: an e-mail says %q", name, got)
		}
	}
}

// TestHostOfALocalRun stands in where the file names none.
func TestHostOfALocalRun(t *testing.T) {
	local := Options{WebOTP: "localhost"}
	if got := parsed(t, good, local).Ending().Lines(); got != "\n@localhost #" {
		t.Errorf("without a host the ending is %q", got)
	}
	if got := parsed(t, good+"webOTP: example.com\n", local).Ending().Lines(); got != "\n@example.com #" {
		t.Errorf("with a host the ending is %q", got)
	}
	for _, text := range []string{
		"default: en\nsms:\n  en: '{{pin}} " + hundred + fifty + "'\n",
		"default: en\nandroidAppHash: FA+9qCX9VSu\nsms:\n  en: '{{pin}} 567 " + hundred + " 3456789012345678901234567'\n",
	} {
		without := parsed(t, text, Options{})
		if with := parsed(t, text, local); with.Ending() != without.Ending() || with.Messages[0].Delivered(pin) != without.Messages[0].Delivered(pin) {
			t.Errorf("without room for a host the ending is %q", with.Ending().Lines())
		}
	}
	_, faults := Parse([]byte(good+"webOTP: Example\n"), local)
	if len(faults) != 1 {
		t.Errorf("a host that is none: %v", faults)
	}
}

// TestHostOfThisMachine: it is for a file that no Infobip elsewhere gets.
func TestHostOfThisMachine(t *testing.T) {
	for _, host := range []string{"localhost", "app.localhost"} {
		text := good + "webOTP: " + host + "\n"
		parsed(t, text, Options{})
		_, faults := Parse([]byte(text), Options{Deployed: true})
		if len(faults) != 1 || !strings.HasPrefix(faults[0].String(), "4:9: webOTP: "+host+" is for an Infobip on this machine") {
			t.Errorf("%s: %v", host, faults)
		}
	}
	parsed(t, good+"webOTP: localhost.example\n", Options{Deployed: true})
	parsed(t, good, Options{WebOTP: "localhost", Deployed: true}) // the options' host is never at fault
}

// TestPINLength: messages are measured with as many digits as a PIN has.
func TestPINLength(t *testing.T) {
	text := "default: en\nwebOTP: example.com\nsms:\n  en: '{{pin}} 567 " + hundred + " 345678901234567890123456789'\n"
	for length, want := range map[int]int{0: 160, 4: 156, 6: 160} {
		file := parsed(t, text, Options{PINLength: length})
		if got := file.Messages[0].Size(Options{PINLength: length}.samplePIN()); got.Characters != want || got.Segments != 1 {
			t.Errorf("%d digits: %+v, want %d characters", length, got, want)
		}
	}
	_, faults := Parse([]byte(text), Options{PINLength: 7})
	if len(faults) != 1 || !strings.Contains(faults[0].Sentence, "162 characters and takes 154 bytes") {
		t.Errorf("with seven digits: %v", faults)
	}
}

// TestLanguages: each is one that the provider has, and the regions that it tells apart are.
func TestLanguages(t *testing.T) {
	for text, want := range map[string]string{
		"en": "en", "en-GB": "en", "de-CH": "de", "es-419": "es", "nb": "no", "nn-NO": "no", "no": "no",
		"pt": "pt_br", "pt-BR": "pt_br", "pt-PT": "pt_pt", "pt-AO": "pt_pt", "pt-Latn-MZ": "pt_pt",
		"zh": "zh_cn", "zh-CN": "zh_cn", "zh-Hans-HK": "zh_cn", "zh-TW": "zh_tw", "zh-HK": "zh_tw", "zh-Hant": "zh_tw",
		"ar": "", "he": "", "iw": "", "gsw": "", "en-x-pt": "en",
	} {
		got, ok := languageOf(tag(text))
		if got != want || ok != (want != "") {
			t.Errorf("%s: got %q, %t, want %q", text, got, ok, want)
		}
	}
	for _, language := range infobip.Languages {
		if got, ok := languageOf(tag(language)); !ok || got != language {
			t.Errorf("the provider's %s is taken for %q", language, got)
		}
	}
}

// TestReport holds lint's JSON to its form.
func TestReport(t *testing.T) {
	const file = "default: en\nsms:\n  en: '{{pin}} €'\nvoice:\n  en: '{{pin}} €🔑'\nemail:\n  en: {templateId: 1}\n  de: '{{pin}}'\n  fr: 'none'\n"
	got, err := json.MarshalIndent(Lint([]byte(file), Options{PINLength: 4}), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
 "messages": [
  {
   "channel": "sms",
   "locale": "en",
   "text": "1234 €",
   "characters": 7,
   "encoding": "GSM-7",
   "segments": 1,
   "bytes": 7
  },
  {
   "channel": "voice",
   "locale": "en",
   "text": "1234 €🔑",
   "characters": 7,
   "encoding": null,
   "segments": null,
   "bytes": null
  },
  {
   "channel": "email",
   "locale": "en",
   "text": null,
   "characters": null,
   "encoding": null,
   "segments": null,
   "bytes": null
  },
  {
   "channel": "email",
   "locale": "de",
   "text": "1234",
   "characters": 4,
   "encoding": null,
   "segments": null,
   "bytes": null
  },
  {
   "channel": "email",
   "locale": "fr",
   "text": "none",
   "characters": 4,
   "encoding": null,
   "segments": null,
   "bytes": null
  }
 ],
 "faults": [
  {
   "line": 9,
   "column": 7,
   "sentence": "the text has no {{pin}}, where the code goes"
  }
 ]
}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	empty, err := json.Marshal(Lint(nil, Options{}))
	if err != nil || string(empty) != `{"messages":[],"faults":[{"line":1,"column":1,"sentence":"the file is empty"}]}` {
		t.Errorf("an empty file: %s, %v", empty, err)
	}
	clean, err := json.Marshal(Lint([]byte(good), Options{}))
	if err != nil || !strings.HasSuffix(string(clean), `"faults":[]}`) {
		t.Errorf("a good file: %s, %v", clean, err)
	}
}

// TestOurs: the file that ships has no fault, and each SMS is one segment, with the last line
// of a local run and with an app's hash above it.
func TestOurs(t *testing.T) {
	data, err := ReadFile("../../messages.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file := parsed(t, string(data), Options{})
	if file.WebOTP != "" || file.Sender != "" || file.AndroidAppHash != "" || file.IndiaDLT != nil {
		t.Error("the file that ships is somebody's own")
	}
	var got []string
	for _, m := range file.Messages {
		got = append(got, string(m.Channel)+"/"+m.Locale.String())
		if !m.ForSimulator() && m.Channel == otp.Email {
			t.Errorf("the e-mail in %s names somebody's template", m.Locale)
		}
	}
	want := strings.Fields("sms/en sms/de sms/es sms/fr sms/it sms/pt-BR sms/ja sms/ar " +
		"voice/en voice/de voice/es voice/fr voice/it voice/pt-BR voice/ja " +
		"email/en email/de email/es email/fr email/it email/pt-BR email/ja email/ar")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	hashed := strings.Replace(string(data), "\nsms:\n", "\nandroidAppHash: FA+9qCX9VSu\nsms:\n", 1)
	for _, text := range []string{string(data), hashed} {
		for _, m := range parsed(t, text, Options{WebOTP: "localhost"}).Of(otp.SMS) {
			size := m.Size(pin)
			if size.Segments != 1 || size.Bytes > sms.MaxBytes {
				t.Errorf("%s takes %+v", m.Locale, size)
			}
			if !strings.HasSuffix(m.Delivered(pin), "\n@localhost #"+pin) {
				t.Errorf("%s ends otherwise: %q", m.Locale, m.Delivered(pin))
			}
		}
	}
}
