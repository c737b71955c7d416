package otpctl

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

const threeChannels = `default: en
webOTP: example.com
senders: {US: "18335550100"}
sms:
  en: "{{pin}} is your code."
  de: "{{pin}} ist Ihr Code."
voice:
  en: "Your code is {{pin}}."
email:
  en: {templateId: 1234}
`

// speaks returns the deployment the messages of a file, as an operator does: by otpctl provision.
func (p *patient) speaks(t *testing.T) {
	t.Helper()
	p.messages = filepath.Join(p.dist, "messages.yaml")
	p.write(t, threeChannels)
	o := newOperator("INFOBIP_BASE_URL="+p.simulator.API, "INFOBIP_API_KEY="+harness.SimulatorKey, "CHANNELS=all")
	got := o.run(t, "", "provision", "--app-id", p.simulator.AppID, "--messages", p.messages)
	if got.code != 0 {
		t.Fatalf("exit code %d\n%s", got.code, got.stderr)
	}
	printed := map[string]string{}
	for line := range strings.Lines(got.stdout) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		printed[name] = strings.Trim(value, "'")
	}
	p.both("INFOBIP_2FA_MSG_ID", printed["INFOBIP_2FA_MSG_ID"])
	send := p.functions["send"].environment
	send["CHANNELS"] = "sms,voice,email"
	for _, name := range []string{"INFOBIP_2FA_MESSAGES", "INFOBIP_SMS_ENDING", "INFOBIP_SENDERS"} {
		send[name] = printed[name]
	}
}

// withoutTheOneTemplate takes INFOBIP_2FA_MSG_ID from the deployment.
func (p *patient) withoutTheOneTemplate() {
	for _, function := range []string{"send", "verify"} {
		delete(p.functions[function].environment, "INFOBIP_2FA_MSG_ID")
	}
}

// write writes the deployment's file of messages.
func (p *patient) write(t *testing.T, text string) {
	t.Helper()
	if err := os.WriteFile(p.messages, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// listed is the id of an entry of the list.
func (p *patient) listed(t *testing.T, name string) string {
	t.Helper()
	for entry := range strings.SplitSeq(p.functions["send"].environment["INFOBIP_2FA_MESSAGES"], ",") {
		if id, found := strings.CutPrefix(entry, name+"="); found {
			return id
		}
	}
	t.Fatalf("the list has no %s", name)
	return ""
}

// list changes the id of an entry, or takes it out.
func (p *patient) list(t *testing.T, name, id string) {
	t.Helper()
	before, after := name+"="+p.listed(t, name), name+"="+id
	if id == "" {
		after = ""
	}
	send := p.functions["send"].environment
	send["INFOBIP_2FA_MESSAGES"] = strings.Trim(strings.ReplaceAll(strings.Replace(send["INFOBIP_2FA_MESSAGES"], before, after, 1), ",,", ","), ",")
}

// foreign is the id of a template of another application of the account.
func (p *patient) foreign(t *testing.T) string {
	t.Helper()
	post := func(path, body, member string) string {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.simulator.API+"/2fa/2/applications"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "App "+harness.SimulatorKey)
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		said, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		var members map[string]any
		if err := json.Unmarshal(said, &members); err != nil {
			t.Fatal(err)
		}
		id, _ := members[member].(string)
		return id
	}
	other := post("", `{"name":"another"}`, "applicationId")
	return post("/"+other+"/messages", `{"messageText":"Your code is {{pin}}.","pinType":"NUMERIC","pinLength":6}`, "messageId")
}
