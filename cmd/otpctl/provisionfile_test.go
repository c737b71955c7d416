package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

const threeChannels = `default: en
sender: Example
senders: {US: "18335550100"}
sms:
  en: "{{pin}} is your code."
  de: {text: "{{pin}} ist Ihr Code.", sender: "436641234567", voice: Vicki, rate: 0.75, repeat: "1#"}
voice:
  en: "Your code is {{pin}}."
email:
  en: {templateId: 1234, from: "Example <codes@example.com>", landingPageId: page, text: "Your code is {{pin}}."}
`

// Everything is made once, is what the file says, and is found again.
func TestProvisionFile(t *testing.T) {
	o := newOperatorRig(t, threeChannels)
	o.environment["CHANNELS"], o.environment["PIN_LENGTH"] = "all", "8"
	dry := o.provision("--dry-run")
	if dry.code != exitWouldChange || dry.stdout != "" {
		t.Errorf("a dry run of something new: exit code %d, %q", dry.code, dry.stdout)
	}
	says(t, dry.stderr, `otpctl: sms/de is new`, `otpctl:   messageText: "\{\{pin\}\} ist Ihr Code\."`, `otpctl:   speechRate: 0\.75`, `otpctl: dry run: nothing was changed`)
	if got := o.calls(); got["POST"]+got["PUT"] != 0 {
		t.Errorf("a dry run made the calls %v", got)
	}
	first := o.does()
	if diff := cmp.Diff(map[string]int{"GET": 1, "POST": 5}, o.calls()); diff != "" {
		t.Errorf("calls of the first run (-want +got):\n%s", diff)
	}
	id := func(name string) string {
		found := regexp.MustCompile(`(?m)^otpctl: ` + name + `: template (\w+) created$`).FindStringSubmatch(first.stderr)
		if found == nil {
			t.Fatalf("it does not say that it made %s:\n%s", name, first.stderr)
		}
		return found[1]
	}
	app := regexp.MustCompile(`application (\w+) created`).FindStringSubmatch(first.stderr)[1]
	want := map[string]string{
		"INFOBIP_BASE_URL": o.environment["INFOBIP_BASE_URL"], "INFOBIP_2FA_APP_ID": app, "INFOBIP_2FA_MSG_ID": id("sms/en"),
		"INFOBIP_2FA_MESSAGES": fmt.Sprintf("sms/*=%s,sms/de=%s,voice/*=%s,email/*=%s", id("sms/en"), id("sms/de"), id("voice/en"), id("email/en")),
		"INFOBIP_SMS_ENDING":   "", "INFOBIP_SENDERS": "US=18335550100",
	}
	if diff := cmp.Diff(want, first.variables); diff != "" {
		t.Errorf("it printed (-want +got):\n%s", diff)
	}
	// By equal text, and by the ids; a second run changes nothing, and prints the same.
	for _, ids := range []string{"", first.variables["INFOBIP_2FA_MESSAGES"]} {
		o.environment["INFOBIP_2FA_MESSAGES"] = ids
		for _, args := range [][]string{nil, {"--dry-run"}} {
			again := o.does(args...)
			says(t, again.stderr, `otpctl: nothing to change`, `otpctl: sms/de \(\w+\) is as it should be`)
			if again.stdout != first.stdout || strings.Contains(again.stderr, "unused") {
				t.Errorf("with the ids %q: %s%s", ids, again.stdout, again.stderr)
			}
			if diff := cmp.Diff(map[string]int{"GET": 2}, o.calls()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		}
	}
}

// A template is the one that the list has, else one of equal text and language, and never another.
func TestProvisionKnowsTemplates(t *testing.T) {
	o := newOperatorRig(t, threeChannels)
	first := o.does()
	list := first.variables["INFOBIP_2FA_MESSAGES"]
	o.calls()

	// A text that was changed is another one without the list, and the same with it.
	o.write(messagesFile, strings.Replace(threeChannels, "ist Ihr Code", "ist dein Code", 1))
	without := o.provision("--dry-run")
	says(t, without.stderr, `otpctl: sms/de is new`, `otpctl: unused: \w+ \("\{\{pin\}\} ist Ihr Code\.", de\); it stays at Infobip, which deletes none`)
	o.calls()
	sources := map[string]func(){
		"the environment": func() { o.environment["INFOBIP_2FA_MESSAGES"] = list },
		"deploy.env":      func() { o.write("deploy.env", "INFOBIP_2FA_MESSAGES='"+list+"'\n") },
		"other.env": func() {
			o.environment["DEPLOY_ENV"] = "other.env"
			o.write("other.env", "INFOBIP_2FA_MESSAGES="+list+"\n")
		},
	}
	for source, name := range sources {
		environment := maps.Clone(o.environment)
		name()
		got := o.provision("--dry-run")
		says(t, got.stderr, `otpctl: the templates are those of INFOBIP_2FA_MESSAGES in `+source, `otpctl: sms/de \(\w+\) differs`,
			`otpctl:   messageText: "\{\{pin\}\} ist Ihr Code\." -> "\{\{pin\}\} ist dein Code\."`)
		if got.code != exitWouldChange || got.variables["INFOBIP_2FA_MESSAGES"] != list || strings.Contains(got.stderr, "unused") {
			t.Errorf("%s: exit code %d\n%s%s", source, got.code, got.stdout, got.stderr)
		}
		o.environment = environment
		_ = os.Remove("deploy.env") // there for one of them
	}
	o.environment["INFOBIP_2FA_MESSAGES"] = list
	o.calls()
	changed := o.does()
	says(t, changed.stderr, `otpctl: sms/de: template \w+ updated`)
	if diff := cmp.Diff(map[string]int{"GET": 2, "PUT": 1}, o.calls()); diff != "" || changed.variables["INFOBIP_2FA_MESSAGES"] != list {
		t.Errorf("calls (-want +got):\n%s", diff)
	}

	// A language that was taken out leaves its template; nothing is changed.
	o.write(messagesFile, regexp.MustCompile(`(?m)^  de:.*\n`).ReplaceAllString(threeChannels, ""))
	less := o.does()
	says(t, less.stderr, `otpctl: nothing to change`, `otpctl: unused: \w+ \("\{\{pin\}\} ist dein Code\.", de\); it stays at Infobip, which deletes none`)
	if strings.Contains(less.variables["INFOBIP_2FA_MESSAGES"], "sms/de") {
		t.Errorf("the list is %s", less.variables["INFOBIP_2FA_MESSAGES"])
	}

	// Where another language is the default, no template changes its language.
	o.write(messagesFile, `default: de
sms:
  en: "{{pin}} is your code."
  de: "{{pin}} ist dein Code."
`)
	moved := o.does()
	sms := func(list, name string) string { return regexp.MustCompile(name + `=(\w+)`).FindStringSubmatch(list)[1] }
	if got := moved.variables["INFOBIP_2FA_MESSAGES"]; sms(got, `sms/\*`) != sms(list, "sms/de") || sms(got, "sms/en") != sms(list, `sms/\*`) {
		t.Errorf("the default moved: %s\nwas %s", got, list)
	}
	says(t, moved.stderr, `otpctl: nothing to change`,
		`otpctl:   senderId: "Example" stays: the file has none, and Infobip takes nothing out of a template`)
}

// Where the default moves to a language that was not there, the former default keeps its template.
func TestProvisionNewDefault(t *testing.T) {
	o := newOperatorRig(t, "default: en\nsms: {en: \"Code {{pin}}\"}\n")
	list := o.does().variables["INFOBIP_2FA_MESSAGES"]
	o.environment["INFOBIP_2FA_MESSAGES"] = list
	o.calls()
	o.write(messagesFile, "default: fr\nsms: {en: \"Code {{pin}}\", fr: \"Le code {{pin}}\"}\n")
	got := o.does().variables["INFOBIP_2FA_MESSAGES"]
	if !strings.HasSuffix(got, "sms/en="+strings.TrimPrefix(list, "sms/*=")) {
		t.Errorf("the list was %s and is %s", list, got)
	}
	if diff := cmp.Diff(map[string]int{"GET": 2, "POST": 1}, o.calls()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// Equal texts in two languages, and one that is written and spoken, have a template each.
func TestProvisionEqualTexts(t *testing.T) {
	o := newOperatorRig(t, "default: da\nsms: {da: \"Kode {{pin}}\", no: \"Kode {{pin}}\"}\nvoice: {da: \"Kode {{pin}}\"}\n")
	first := o.does().variables["INFOBIP_2FA_MESSAGES"]
	if diff := cmp.Diff(map[string]int{"GET": 1, "POST": 4}, o.calls()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	again := o.does()
	if again.variables["INFOBIP_2FA_MESSAGES"] != first {
		t.Errorf("the list was %s and is %s", first, again.variables["INFOBIP_2FA_MESSAGES"])
	}
	says(t, again.stderr, `otpctl: nothing to change`)
	// A third language with that text gets its own, and takes none of another.
	o.calls()
	o.write(messagesFile, "default: da\nsms: {da: \"Kode {{pin}}\", no: \"Kode {{pin}}\", de: \"Kode {{pin}}\"}\n")
	more := o.does()
	says(t, more.stderr, `otpctl: sms/de is new`, `otpctl: unused: \w+ \("Kode \{\{pin\}\}", da\); it stays at Infobip, which deletes none`)
	if diff := cmp.Diff(map[string]int{"GET": 2, "POST": 1}, o.calls()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// A file of e-mails alone makes no template that only texts and calls would go in, and says so
// only where those are offered; one that was made before stays theirs.
func TestProvisionEmailAlone(t *testing.T) {
	const sms = `otpctl: warning: CHANNELS offers sms, and there is no message for it, so that functions do not start: write one into the file, .*, or take sms out of CHANNELS`
	o := newOperatorRig(t, "default: en\nemail:\n  en: {templateId: 1234}\n")
	for _, c := range []struct {
		channels, before string
		warns            bool
	}{{"email", "", false}, {"", "", true}, {"sms,email", "", true}, {"sms,email", "MSG1", false}, {"email", "MSG1", false}} {
		o.environment["CHANNELS"], o.environment["INFOBIP_2FA_MSG_ID"] = c.channels, c.before
		got := o.does()
		if warned := regexp.MustCompile("(?m)^" + sms + "$").MatchString(got.stderr); warned != c.warns {
			t.Errorf("CHANNELS=%s with the template %q warns of sms: %t\n%s", c.channels, c.before, warned, got.stderr)
		}
		if id, printed := got.variables["INFOBIP_2FA_MSG_ID"]; id != c.before || printed != (c.before != "") || got.variables["INFOBIP_2FA_MESSAGES"] == "" {
			t.Errorf("CHANNELS=%s with the template %q: it printed\n%s", c.channels, c.before, got.stdout)
		}
	}
}

// Ids of the list that lead nowhere are told, and no template is for two messages.
func TestProvisionStrangeList(t *testing.T) {
	o := newOperatorRig(t, threeChannels)
	list := o.does().variables["INFOBIP_2FA_MESSAGES"]
	id := func(name string) string {
		return regexp.MustCompile(regexp.QuoteMeta(name) + `=(\w+)`).FindStringSubmatch(list)[1]
	}
	o.environment["INFOBIP_2FA_MESSAGES"] = "sms/*=FOREIGN,sms/de=" + id("email/*") + ",voice/*=" + id("voice/*") + ",email/*=" + id("email/*")
	got := o.does()
	says(t, got.stderr,
		`otpctl: warning: sms/en: INFOBIP_2FA_MESSAGES has the template FOREIGN, which this application does not have`,
		`otpctl: warning: sms/de: INFOBIP_2FA_MESSAGES has the template \w+, which is one of another kind`, `otpctl: nothing to change`)
	if got.variables["INFOBIP_2FA_MESSAGES"] != list {
		t.Errorf("the list is %s, want %s", got.variables["INFOBIP_2FA_MESSAGES"], list)
	}
	o.write(messagesFile, strings.Replace(threeChannels, "voice:\n  en: \"Your", "voice:\n  en: \"Here, your", 1))
	o.environment["INFOBIP_2FA_MESSAGES"] = "sms/*=" + id("sms/*") + ",voice/*=" + id("sms/*")
	got = o.does()
	says(t, got.stderr, `otpctl: warning: voice/en: INFOBIP_2FA_MESSAGES has the template \w+, which it has for another message too: this one gets its own`,
		`otpctl: voice/en: template \w+ created`)
}

// What is wrong with the file, or with what it is for, stops before any call.
func TestProvisionFileFaults(t *testing.T) {
	for name, c := range map[string]struct {
		file, channels string
		base           string
		args           []string
		want           string
	}{
		"lint":             {file: "default: en\nsms:\n  en: \"{{ pin }}\"\n", want: `otpctl: error: messages\.yaml:3:7: \{\{ pin \}\} is not filled: .*`},
		"all faults":       {file: "default: en\nfoo: 1\nsms: {en: \"x\"}\n", want: `otpctl: error: messages\.yaml:3:11: the text has no \{\{pin\}\}, where the code goes`},
		"no e-mail number": {file: "default: en\nsms: {en: \"{{pin}}\"}\nemail:\n  en: {text: \"{{pin}}\"}\n", channels: "sms,email", want: `otpctl: error: messages\.yaml:4:3: email/en has no templateId, and CHANNELS offers email`},
		"no e-mail":        {file: "default: en\nsms: {en: \"{{pin}}\"}\n", channels: "all", want: `otpctl: error: CHANNELS offers email, and messages\.yaml has no message for it`},
		"localhost":        {file: "default: en\nwebOTP: localhost\nsms: {en: \"{{pin}}\"}\n", base: "xxxxx.api.infobip.com", want: `otpctl: error: messages\.yaml:2:9: webOTP: localhost is for an Infobip on this machine, and this is none: .*`},
		"no file":          {args: []string{"--messages", "other.yaml"}, want: `otpctl: error: reading the messages: .*`},
		"two ways":         {file: threeChannels, args: []string{"--messages", messagesFile, "--text", "{{pin}}"}, want: `otpctl: error: --text is about the one template that there is without --messages`},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOperatorRig(t, c.file)
			o.environment["CHANNELS"] = c.channels
			if c.base != "" {
				o.environment["INFOBIP_BASE_URL"] = c.base
			}
			got := o.provision(c.args...)
			says(t, got.stderr, c.want, `otpctl: hint: .+`)
			if calls := o.calls(); got.code != exitFailed || len(calls) > 0 {
				t.Errorf("exit code %d, calls %v", got.code, calls)
			}
		})
	}
}

// Entries of the simulator alone are passed over by name, and the last lines of an SMS stand
// behind a placeholder. What is printed reads the same in a .env file and in a shell.
func TestProvisionEnding(t *testing.T) {
	o := newOperatorRig(t, `default: en
webOTP: localhost
androidAppHash: FA+9qCX9VSu
senders: {SG: "My Shop", GB: "O'Neil $1"}
sms: {en: "Code {{pin}}"}
email:
  en: {text: "{{pin}}"}
  de: {text: "{{pin}}"}
`)
	got := o.does()
	says(t, got.stderr, `otpctl: email/en, email/de without templateId: passed over, for Infobip keeps the texts of e-mails`,
		`otpctl:   messageText: "Code \{\{pin\}\}\{\{ending\}\}\{\{pin\}\}"`)
	want := map[string]string{"INFOBIP_SMS_ENDING": `\nFA+9qCX9VSu\n@localhost #`, "INFOBIP_SENDERS": "SG=My Shop,GB=O'Neil $1"}
	for name, value := range want {
		if got.variables[name] != value {
			t.Errorf("%s reads %q from a .env file, want %q\n%s", name, got.variables[name], value, got.stdout)
		}
		file := filepath.Join(t.TempDir(), "env")
		if err := os.WriteFile(file, []byte(got.stdout), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), "sh", "-c", `. "$1"; printf %s "$`+name+`"`, "sh", file).Output()
		if err != nil || string(out) != value {
			t.Errorf("%s reads %q from a shell (%v), want %q", name, out, err, value)
		}
	}
}

// A list with which no function starts is not printed.
func TestProvisionStrangeID(t *testing.T) {
	o := newOperatorRig(t, "default: en\nsms: {en: \"Code {{pin}}\"}\n")
	body := `{"messageId":"A,B","applicationId":"A","messageText":"Code {{pin}}","pinType":"NUMERIC","pinLength":6,"language":"en"}`
	if err := o.sim.AddFault(simulator.Fault{Operation: "messages", Times: 1, Status: 200, Body: &body}); err != nil {
		t.Fatal(err)
	}
	got := o.provision()
	says(t, got.stderr, `otpctl: sms/en: template A,B created`, `otpctl: error: functions would not start with the list of these templates: entry 2: .*`)
	if got.code != exitFailed || got.stdout != "" {
		t.Errorf("exit code %d\n%s", got.code, got.stdout)
	}
}

// Without a file, and where a flag is about the one template, there is one template.
func TestProvisionWithoutFile(t *testing.T) {
	for name, args := range map[string][]string{"no file": nil, "an empty name": {"--messages="}, "a flag of the one template": {"--sender", "Example"}} {
		file := threeChannels
		if args == nil {
			file = ""
		}
		o := newOperatorRig(t, file)
		got := o.does(args...)
		if _, listed := got.variables["INFOBIP_2FA_MESSAGES"]; listed || got.variables["INFOBIP_2FA_MSG_ID"] == "" {
			t.Errorf("%s: it printed\n%s", name, got.stdout)
		}
	}
}

// Whichever call fails, with an effect or without, says what was done and what was not, and the
// next run ends as if nothing had happened, with nothing twice.
func TestProvisionPartialFailure(t *testing.T) {
	const applied, listed, created = 2, 1, 5
	for _, drop := range []string{"before", "after"} {
		for nth := 1; nth <= listed+created; nth++ {
			o := newOperatorRig(t, threeChannels)
			if err := o.sim.AddFault(simulator.Fault{Operation: "*", Every: nth, Times: 1, Drop: drop}); err != nil {
				t.Fatal(err)
			}
			broken := o.provision()
			if broken.code != exitFailed {
				t.Fatalf("call %d, dropped %s: exit code %d\n%s", nth, drop, broken.code, broken.stderr)
			}
			if nth > applied {
				says(t, broken.stderr, `otpctl: application \w+ created`, `otpctl: \w+/en may have been done, and may not|otpctl: sms/de may have been done, and may not`,
					`otpctl: run it again: what was done is found again, and done once`)
			}
			if nth == applied+1 {
				says(t, broken.stderr, `otpctl: not done: sms/de, voice/en, email/en`)
			}
			o.calls()
			again := o.does()
			if n := strings.Count(again.variables["INFOBIP_2FA_MESSAGES"], "="); n != 4 || strings.Contains(again.stderr, "unused") {
				t.Errorf("call %d, dropped %s: the list has %d entries\n%s", nth, drop, n, again.stderr)
			}
			o.calls()
			says(t, o.does().stderr, `otpctl: nothing to change`)
			if diff := cmp.Diff(map[string]int{"GET": 2}, o.calls()); diff != "" {
				t.Errorf("call %d, dropped %s: calls of the third run (-want +got):\n%s", nth, drop, diff)
			}
		}
	}
}

// Infobip's throttle of new e-mail templates is waited for with a word, or the rest is left for
// another run.
func TestProvisionThrottle(t *testing.T) {
	var file strings.Builder
	file.WriteString("default: en\nsms: {en: \"{{pin}}\"}\nemail:\n")
	locales := strings.Fields("en es ca da nl fr de it ja ko no pl ru sv fi hr sl ro pt zh ar he")
	for i, l := range locales {
		fmt.Fprintf(&file, "  %s: {templateId: %d}\n", l, i+1)
	}
	o := newOperatorRig(t, file.String())
	left := o.provision("--wait", "0s")
	if left.code != exitFailed {
		t.Errorf("exit code %d", left.code)
	}
	says(t, left.stderr, `otpctl: not done: email/ar, email/he`, `otpctl: hint: wait ten minutes and run it again`)
	created := strings.Count(left.stderr, " created\n")
	if created != 2+20 {
		t.Errorf("%d things were made, want the application, an SMS and 20 e-mails", created)
	}
	// Who is told to wait for longer than --wait waits for nothing.
	o.sim.Reset()
	fault := func(retryAfter any) {
		t.Helper()
		if err := o.sim.AddFault(simulator.Fault{Operation: "messages", Every: 2, Times: 1, Status: 429, RetryAfter: retryAfter}); err != nil {
			t.Fatal(err)
		}
	}
	fault(2)
	if got := o.provision("--wait", "1s"); got.code != exitFailed || strings.Contains(got.stderr, "is tried again") {
		t.Errorf("exit code %d\n%s", got.code, got.stderr)
	}
	// The next run is throttled once, waits as long as it may where Infobip does not say, and goes on.
	o.sim.Reset()
	fault(nil)
	got := o.does("--wait", "1s")
	says(t, got.stderr, `otpctl: Infobip throttles \(20 new templates of e-mails in 10 minutes\): email/ar is tried again in 1s; Ctrl-C ends it, and another run goes on from there`,
		`otpctl: email/ar: template \w+ created`, `otpctl: email/he: template \w+ created`)
	if n := strings.Count(got.variables["INFOBIP_2FA_MESSAGES"], "email/"); n != len(locales) {
		t.Errorf("the list has %d e-mails, want %d", n, len(locales))
	}
}

// TestProvisionWarnsOfParts: a stranger chooses the language, and so the one that is paid twice.
func TestProvisionWarnsOfParts(t *testing.T) {
	o := newOperatorRig(t, "default: en\nsms:\n  en: \"{{pin}} is your code.\"\n  ja: \""+strings.Repeat("確", 80)+"{{pin}}\"\n")
	got := o.does()
	if want := "otpctl: warning: travelling in parts: sms/ja as 2 messages, "; !strings.Contains(got.stderr, want) {
		t.Errorf("standard error lacks %q:\n%s", want, got.stderr)
	}
}
