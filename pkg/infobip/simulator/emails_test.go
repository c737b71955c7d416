package simulator_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

// Infobip keeps the texts of e-mails under a number, and so does the simulator: one that nobody
// has written is the PIN alone, one that was written again has the new text.
func TestEmailTexts(t *testing.T) {
	r := newRig(t, simulator.Options{})
	r.configure(`{"sendPinPerPhoneNumberLimit":"100/1d"}`)
	template := r.post("applications/"+r.app+"/email/messages", `{"emailTemplateId":1234}`).text("messageId")
	mailed := func() string {
		t.Helper()
		r.post("pin/email", `{"applicationId":"`+r.app+`","messageId":"`+template+`","to":"`+address+`"}`).want(200, nil)
		sent := r.Outbox(address)
		last := sent[len(sent)-1]
		return strings.ReplaceAll(last.Text, last.PIN, "PIN")
	}
	if got := mailed(); got != "PIN" {
		t.Errorf("before it is written: %q", got)
	}
	for _, text := range []string{"Your code is {{pin}}.", "Ihr Code:\n{{pin}}"} {
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		r.control("POST", "/emails", `{"emailTemplateId":1234,"text":`+string(quoted)+`}`).want(200, nil)
		if got, want := mailed(), strings.ReplaceAll(text, "{{pin}}", "PIN"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	r.Reset()
	if got := mailed(); !strings.HasPrefix(got, "Ihr Code") {
		t.Errorf("after a reset, which forgets no template: %q", got)
	}
	for _, bad := range []string{`{"emailTemplateId":0,"text":"{{pin}}"}`, `{"emailTemplateId":1,"text":"{{ pin }}"}`, `{"text":"{{pin}}"}`, `{"emailTemplateId":"1"}`, `{"more":1}`} {
		r.control("POST", "/emails", bad).want(400, nil)
	}
}

// Templates are made as a file of messages has them, all or none, with PINs of one length.
func TestProvisionTemplates(t *testing.T) {
	r := newRig(t, simulator.Options{Strict: true})
	wanted := []simulator.Template{
		{ID: "TEXT", Text: "{{pin}}{{ending}}{{pin}}", Sender: "Example", Language: "pt_br"},
		{Text: "Olá {{pin}}", Language: "pt_br", Voice: "Camila", Rate: 0.75, Repeat: "1#"},
		{EmailTemplateID: 7, From: "codes@example.com"},
	}
	ids, err := r.ProvisionTemplates(r.app, 8, wanted)
	if err != nil || len(ids) != 3 || ids[0] != "TEXT" {
		t.Fatalf("ids %v, %v", ids, err)
	}
	for i, want := range []map[string]any{
		{"messageText": "{{pin}}{{ending}}{{pin}}", "senderId": "Example", "language": "pt_br", "pinPlaceholder": "{{pin}}"},
		{"messageText": "Olá {{pin}}", "language": "pt_br", "voiceName": "Camila", "speechRate": 0.75, "repeatDTMF": "1#", "pinPlaceholder": "{{pin}}"},
		{"emailTemplateId": 7.0, "from": "codes@example.com"},
	} {
		want["messageId"], want["applicationId"], want["pinType"], want["pinLength"] = ids[i], r.app, "NUMERIC", 8.0
		if diff := cmp.Diff(want, decoded(t, r.get("applications/"+r.app+"/messages/"+ids[i]).body)); diff != "" {
			t.Errorf("template %d (-want +got):\n%s", i, diff)
		}
	}
	before := string(r.get("applications/" + r.app + "/messages").body)
	wanted[2].From = "nobody"
	_, err = r.ProvisionTemplates(r.app, 8, wanted)
	if err == nil || err.Error() != "provisioning the simulator's template 3: from must be an e-mail address" {
		t.Errorf("a bad one: %v", err)
	}
	if after := string(r.get("applications/" + r.app + "/messages").body); after != before {
		t.Errorf("it made some of them: %s", after)
	}
}
