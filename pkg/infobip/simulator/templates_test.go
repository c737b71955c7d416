package simulator_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

func decoded(t *testing.T, body []byte) map[string]any {
	t.Helper()
	var got map[string]any
	err := json.Unmarshal(body, &got)
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return got
}

func TestTemplateEchoesOnlyItsOwnMembers(t *testing.T) {
	r := newRig(t, simulator.Options{})
	full := `{"messageText":"{{pin}}","pinType":"ALPHANUMERIC","pinLength":8,"senderId":"InfoSMS","language":"zh_tw","voiceName":"Joanna",
		"repeatDTMF":"1#","speechRate":0.5,"regional":{"indiaDlt":{"principalEntityId":"1","contentTemplateId":"2","teleMarketerId":"3"}}}`
	created := r.post("applications/"+r.app+"/messages", full).want(200, nil)
	want := decoded(t, []byte(full))
	want["messageId"], want["applicationId"], want["pinPlaceholder"] = created.text("messageId"), r.app, "{{pin}}"
	if diff := cmp.Diff(want, decoded(t, created.body)); diff != "" {
		t.Errorf("template (-want +got):\n%s", diff)
	}

	email := r.post("applications/"+r.app+"/email/messages", `{"emailTemplateId":1234,"from":"Jane <jane@example.com>"}`).want(200, nil)
	wantEmail := map[string]any{
		"messageId": email.text("messageId"), "applicationId": r.app, "emailTemplateId": 1234.0,
		"from": "Jane <jane@example.com>", "pinLength": 4.0, "pinType": "NUMERIC",
	}
	if diff := cmp.Diff(wantEmail, decoded(t, email.body)); diff != "" {
		t.Errorf("e-mail template (-want +got):\n%s", diff)
	}

	var list []map[string]any
	err := json.Unmarshal(r.get("applications/"+r.app+"/messages").want(200, nil).body, &list)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 3 {
		t.Fatalf("list has %d templates, want 3", len(list))
	}
	if diff := cmp.Diff([]map[string]any{want, wantEmail}, list[1:]); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
	read := r.get("applications/"+r.app+"/messages/"+email.text("messageId")).want(200, nil)
	if diff := cmp.Diff(wantEmail, decoded(t, read.body)); diff != "" {
		t.Errorf("one template (-want +got):\n%s", diff)
	}
}

func TestPutTemplateIsPartial(t *testing.T) {
	r := newRig(t, simulator.Options{})
	path := "applications/" + r.app + "/messages/" + r.message
	r.put(path, `{"pinLength":8}`).want(200, map[string]any{"pinLength": 8.0, "messageText": "{{name}}: {{pin}}", "senderId": "InfoSMS"})
	r.put(path, `{}`).want(200, map[string]any{"pinLength": 8.0})
	r.put(path, `{"messageText":"no placeholder"}`).wantViolation("messageText")
	r.get(path).want(200, map[string]any{"messageText": "{{name}}: {{pin}}"})

	id := r.post("applications/"+r.app+"/email/messages", `{"emailTemplateId":1}`).text("messageId")
	r.put("applications/"+r.app+"/email/messages/"+id, `{"landingPageId":"LP"}`).
		want(200, map[string]any{"landingPageId": "LP", "emailTemplateId": 1.0})
}

func TestBadTemplates(t *testing.T) {
	r := newRig(t, simulator.Options{})
	india := func(members string) string { return `"regional":{"indiaDlt":{` + members + `}}` }
	for _, test := range []struct{ member, change string }{
		{"messageText", `"messageText":""`},
		{"messageText", `"messageText":"no placeholder"`},
		{"pinType", `"pinType":"numeric"`},
		{"pinType", `"pinType":""`},
		{"pinLength", `"pinLength":0`},
		{"pinLength", `"pinLength":9`},
		{"pinLength", `"pinLength":"6"`},
		{"language", `"language":"pt-br"`},
		{"language", `"language":"EN"`},
		{"speechRate", `"speechRate":0.49`},
		{"speechRate", `"speechRate":2.01`},
		{"regional.indiaDlt.principalEntityId", india(``)},
		{"regional.indiaDlt.principalEntityId", india(`"principalEntityId":"` + strings.Repeat("1", 31) + `"`)},
		{"regional.indiaDlt.contentTemplateId", india(`"principalEntityId":"1","contentTemplateId":"` + strings.Repeat("1", 31) + `"`)},
		{"regional.indiaDlt.teleMarketerId", india(`"principalEntityId":"1","teleMarketerId":"` + strings.Repeat("1", 256) + `"`)},
	} {
		members := map[string]json.RawMessage{"messageText": json.RawMessage(`"{{pin}}"`), "pinType": json.RawMessage(`"NUMERIC"`)}
		var change map[string]json.RawMessage
		err := json.Unmarshal([]byte("{"+test.change+"}"), &change)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range change {
			members[name] = value
		}
		body, _ := json.Marshal(members)
		r.post("applications/"+r.app+"/messages", string(body)).wantViolation(test.member)
		r.put("applications/"+r.app+"/messages/"+r.message, "{"+test.change+"}").wantViolation(test.member)
	}
	r.post("applications/"+r.app+"/messages", `{"pinType":"NUMERIC"}`).wantViolation("messageText")
	r.post("applications/"+r.app+"/messages", `{"messageText":"{{pin}}"}`).wantViolation("pinType")
	for _, test := range []struct{ member, body string }{
		{"emailTemplateId", `{}`},
		{"emailTemplateId", `{"emailTemplateId":"1234"}`},
		{"from", `{"emailTemplateId":1,"from":"nobody"}`},
		{"pinType", `{"emailTemplateId":1,"pinType":"X"}`},
		{"pinLength", `{"emailTemplateId":1,"pinLength":-1}`},
	} {
		r.post("applications/"+r.app+"/email/messages", test.body).wantViolation(test.member)
	}
}

func TestTemplatesBelongToOneApplicationAndKind(t *testing.T) {
	r := newRig(t, simulator.Options{})
	other := r.post("applications", `{"name":"other"}`).text("applicationId")
	email := r.post("applications/"+r.app+"/email/messages", `{"emailTemplateId":1}`).text("messageId")
	r.get("applications/"+other+"/messages/"+r.message).wantRefusal(404, "NOT_FOUND")
	r.put("applications/"+other+"/messages/"+r.message, `{}`).wantRefusal(404, "NOT_FOUND")
	r.put("applications/"+r.app+"/messages/"+email, `{}`).wantRefusal(404, "NOT_FOUND")
	r.put("applications/"+r.app+"/email/messages/"+r.message, `{}`).wantRefusal(404, "NOT_FOUND")
	r.post("pin", `{"applicationId":"`+other+`","messageId":"`+r.message+`","to":"`+number+`"}`).wantRefusal(404, "NOT_FOUND")
	r.post("pin", `{"applicationId":"`+r.app+`","messageId":"`+email+`","to":"`+number+`"}`).wantRefusal(404, "NOT_FOUND")
	r.post("pin/email", `{"applicationId":"`+r.app+`","messageId":"`+r.message+`","to":"`+address+`"}`).wantRefusal(404, "NOT_FOUND")
	if got := string(r.get("applications/"+other+"/messages").want(200, nil).body); got != "[]" {
		t.Errorf("the other application's templates = %s, want none", got)
	}
}

func TestTelemarketerSpelling(t *testing.T) {
	body := `{"regional":{"indiaDlt":{"principalEntityId":"1","telemarketerId":"2"},"turkeyIys":{"brandCode":7}}}`
	lenient := newRig(t, simulator.Options{})
	lenient.put("applications/"+lenient.app+"/messages/"+lenient.message, body).want(200, map[string]any{
		"regional.indiaDlt.teleMarketerId": "2", "regional.indiaDlt.telemarketerId": nil, "regional.turkeyIys.brandCode": 7.0,
	})
	strict := newRig(t, simulator.Options{Strict: true})
	strict.put("applications/"+strict.app+"/messages/"+strict.message, body).wantViolation("regional.indiaDlt.telemarketerId")
}
