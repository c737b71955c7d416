package sdk_test

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/infobip/infobip-api-go-client/v3/pkg/infobip/models/sms"
)

// everyMember is a file of messages with each member that Infobip's templates can have.
const everyMember = `default: en
sender: Example
webOTP: example.com
indiaDLT: {principalEntityId: "1101", contentTemplateId: "1107", teleMarketerId: "1102"}
sms:
  en: "{{pin}} is your code."
  pt-BR: {text: "{{pin}} é seu código.", sender: "5511987654321", voice: Camila, rate: 0.75, repeat: "1#", contentTemplateId: "1108"}
  ar: "رمزك: {{pin}}"
voice:
  en: "Your code is {{pin}}."
email:
  en: {templateId: 1234, from: "Example <codes@example.com>", landingPageId: page}
  de: {templateId: 1235}
`

// TestProvisionedTemplates: Infobip's own client finds exactly the templates that otpctl provision
// says it made, with all that the file has, and a second run makes none.
func TestProvisionedTemplates(t *testing.T) {
	account := newAccount(t)
	folder := t.TempDir()
	program := filepath.Join(folder, "otpctl")
	runTool(t, "../..", "go", "build", "-o", program, "./cmd/otpctl")
	if err := os.WriteFile(filepath.Join(folder, "messages.yaml"), []byte(everyMember), 0o600); err != nil {
		t.Fatal(err)
	}
	provision := func() (map[string]string, string) {
		t.Helper()
		command := exec.CommandContext(t.Context(), program, "provision")
		command.Dir = folder
		command.Env = append(os.Environ(), "INFOBIP_BASE_URL="+account.apiURL, "INFOBIP_API_KEY="+apiKey, "PIN_LENGTH=8", "CHANNELS=all")
		var said bytes.Buffer
		command.Stderr = &said
		printed, err := command.Output()
		if err != nil {
			t.Fatalf("otpctl provision: %v\n%s", err, said.String())
		}
		variables := map[string]string{}
		for line := range strings.Lines(string(printed)) {
			name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
			variables[name] = value
		}
		return variables, said.String()
	}
	made, said := provision()
	if made["INFOBIP_SMS_ENDING"] != `'\n@example.com #'` {
		t.Errorf("the ending is %s", made["INFOBIP_SMS_ENDING"])
	}

	client := newGoClient(account.apiURL, apiKey)
	found := map[string]sms.TfaMessage{}
	for _, m := range call[[]sms.TfaMessage](t, http.StatusOK)(client.GetTfaMessageTemplates(client.auth, made["INFOBIP_2FA_APP_ID"]).Execute()) {
		found[m.GetMessageId()] = m
	}
	want := map[string]func(m sms.TfaMessage) bool{
		"sms/*": func(m sms.TfaMessage) bool {
			return m.GetMessageText() == "{{pin}} is your code.{{ending}}{{pin}}" && m.GetSenderId() == "Example" && m.GetLanguage() == sms.TFALANGUAGE_EN && dlt(m) == "1101 1107"
		},
		"sms/pt-BR": func(m sms.TfaMessage) bool {
			return m.GetMessageText() == "{{pin}} é seu código.{{ending}}{{pin}}" && m.GetSenderId() == "5511987654321" && m.GetLanguage() == sms.TFALANGUAGE_PT_BR &&
				m.GetVoiceName() == "Camila" && m.GetSpeechRate() == 0.75 && m.GetRepeatDTMF() == "1#" && dlt(m) == "1101 1108"
		},
		"sms/ar": func(m sms.TfaMessage) bool {
			return m.GetMessageText() == "رمزك: {{pin}}{{ending}}{{pin}}" && !m.HasLanguage()
		},
		"voice/*": func(m sms.TfaMessage) bool {
			return m.GetMessageText() == "Your code is {{pin}}." && !m.HasSenderId() && !m.HasRegional()
		},
		"email/*": func(m sms.TfaMessage) bool {
			return m.GetEmailTemplateId() == 1234 && m.GetFrom() == "Example <codes@example.com>" && m.GetLandingPageId() == "page" && !m.HasMessageText()
		},
		"email/de": func(m sms.TfaMessage) bool { return m.GetEmailTemplateId() == 1235 && !m.HasFrom() },
	}
	listed := strings.Split(made["INFOBIP_2FA_MESSAGES"], ",")
	if len(listed) != len(want) || len(found) != len(want) || strings.Count(said, " created\n") != 1+len(want) {
		t.Errorf("%d templates are listed, and %d there, want %d; it said\n%s", len(listed), len(found), len(want), said)
	}
	for _, entry := range listed {
		name, id, _ := strings.Cut(entry, "=")
		m, there := found[id]
		if is := want[name]; is == nil || !there || !is(m) || m.GetPinLength() != 8 || m.GetPinType() != sms.PINTYPE_NUMERIC {
			t.Errorf("%s is %+v", name, m)
		}
		if !regexp.MustCompile(`(?m)^otpctl: \S+: template ` + id + ` created$`).MatchString(said) {
			t.Errorf("it does not say that it made %s", name)
		}
	}
	account.wantOnlySuccesses(t)

	account.Reset()
	again, said := provision()
	if again["INFOBIP_2FA_MESSAGES"] != made["INFOBIP_2FA_MESSAGES"] || !strings.Contains(said, "nothing to change") {
		t.Errorf("the second run printed %v and said\n%s", again, said)
	}
	for _, r := range account.Requests("") {
		if r.Method != http.MethodGet {
			t.Errorf("the second run made the call %s %s", r.Method, r.Path)
		}
	}
}

// dlt is a template's registration in India, without what Infobip's client spells otherwise.
func dlt(m sms.TfaMessage) string {
	regional := m.GetRegional()
	india := regional.GetIndiaDlt()
	return india.GetPrincipalEntityId() + " " + india.GetContentTemplateId()
}
