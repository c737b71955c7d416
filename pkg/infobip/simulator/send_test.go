package simulator_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

var (
	pinIDForm = regexp.MustCompile(`^[0-9A-F]{32}$`)
	uuidForm  = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
)

func TestSendBySMS(t *testing.T) {
	r := newRig(t, simulator.Options{})
	body := `{"applicationId":"` + r.app + `","messageId":"` + r.message + `","to":"` + number + `","placeholders":{"name":"{{pin}} Jane"}}`
	sent := r.post("pin", body).want(200, map[string]any{
		"to": number, "smsStatus": "MESSAGE_SENT", "ncStatus": "NC_DESTINATION_REACHABLE", "externalMessageId": nil, "callStatus": nil,
	})
	id := sent.text("pinId")
	if !pinIDForm.MatchString(id) {
		t.Errorf("pinId = %q, want 32 upper-case hex characters", id)
	}
	rows := r.Outbox("+" + number)
	if len(rows) != 1 || !regexp.MustCompile(`^[0-9]{6}$`).MatchString(rows[0].PIN) {
		t.Fatalf("outbox = %+v, want one row with a PIN of six digits", rows)
	}
	want := simulator.Message{
		ID: 1, To: number, Channel: "sms", Sender: "InfoSMS", Text: "{{pin}} Jane: " + rows[0].PIN, PIN: rows[0].PIN, PINID: id, MessageID: r.message, At: start,
		Size: &simulator.Size{Encoding: "GSM-7", Characters: 24, Segments: 1, Bytes: 21, Outside: ""}, // a brace counts twice
	}
	if diff := cmp.Diff(want, rows[0]); diff != "" {
		t.Errorf("outbox row (-want +got):\n%s", diff)
	}
	if strings.Contains(string(sent.body), rows[0].PIN) {
		t.Errorf("the API answered with the PIN: %s", sent.body)
	}
}

func TestSendOverridesAndTracking(t *testing.T) {
	r := newRig(t, simulator.Options{})
	body := strings.TrimSuffix(r.startBody(number), "}") + `,"from":"Other","trackDelivery":true}`
	sent := r.post("pin?ncNeeded=false", body).want(200, map[string]any{"ncStatus": nil})
	if id := sent.text("externalMessageId"); !uuidForm.MatchString(id) {
		t.Errorf("externalMessageId = %q, want a UUID", id)
	}
	if row := r.Outbox(number)[0]; row.Sender != "Other" || row.Text != "{{name}}: "+row.PIN {
		t.Errorf("outbox row = %+v, want the overriding sender and the unfilled placeholder as written", row)
	}
}

func TestSendByVoiceAndEmail(t *testing.T) {
	r := newRig(t, simulator.Options{})
	voice := r.post("pin/voice", r.startBody(number)).
		want(200, map[string]any{"to": number, "callStatus": "PENDING_ACCEPTED", "smsStatus": nil, "ncStatus": nil})
	r.post("pin/"+voice.text("pinId")+"/resend/voice", `{}`).want(200, map[string]any{"callStatus": "PENDING_ACCEPTED"})

	template := r.post("applications/"+r.app+"/email/messages", `{"emailTemplateId":1,"from":"company@example.com"}`).text("messageId")
	email := r.post("pin/email", `{"applicationId":"`+r.app+`","messageId":"`+template+`","to":"`+address+`","landingPagePlaceholders":{"a":"b"}}`).
		want(200, map[string]any{"to": address, "emailStatus.name": "PENDING_ACCEPTED"})
	row := r.Outbox(strings.ToUpper(address))[0]
	if row.Channel != "email" || row.Sender != "company@example.com" || row.Text != row.PIN || len(row.PIN) != 4 {
		t.Errorf("outbox row = %+v", row)
	}
	r.post("pin/"+email.text("pinId")+"/resend/email", ``).want(200, nil)
	r.post("pin/"+email.text("pinId")+"/resend", ``).wantRefusal(400, "BAD_REQUEST")
	r.post("pin/"+voice.text("pinId")+"/resend/email", ``).wantRefusal(400, "BAD_REQUEST")
	r.verify(email.text("pinId"), row.PIN).want(200, map[string]any{"verified": true, "msisdn": address})
}

func TestPINsHaveTheTemplatesForm(t *testing.T) {
	r := newRig(t, simulator.Options{})
	r.configure(`{"sendPinPerPhoneNumberLimit":"100/1d"}`)
	for _, test := range []struct{ change, form string }{
		{`{"pinType":"NUMERIC","pinLength":1}`, `^[0-9]$`},
		{`{"pinType":"ALPHA","pinLength":8}`, `^[A-Z]{8}$`},
		{`{"pinType":"HEX","pinLength":8}`, `^[0-9A-F]{8}$`},
		{`{"pinType":"ALPHANUMERIC","pinLength":8}`, `^[0-9A-Z]{8}$`},
	} {
		r.put("applications/"+r.app+"/messages/"+r.message, test.change).want(200, nil)
		if pin := r.sent(number).PIN; !regexp.MustCompile(test.form).MatchString(pin) {
			t.Errorf("%s: PIN = %q, want %s", test.change, pin, test.form)
		}
	}
}

func TestResendIsTheSamePIN(t *testing.T) {
	r := newRig(t, simulator.Options{})
	first := r.sent(number)
	for _, body := range []string{``, `{}`, `{"trackDelivery":false}`, `{"placeholders":{"name":"J"}}`} {
		r.post("pin/"+first.PINID+"/resend", body).want(200, map[string]any{"pinId": first.PINID, "to": number, "smsStatus": "MESSAGE_SENT"})
	}
	r.post("pin/"+first.PINID+"/resend/voice", ``).want(200, map[string]any{"pinId": first.PINID, "callStatus": "PENDING_ACCEPTED"})
	rows := r.Outbox(number)
	if len(rows) != 6 {
		t.Fatalf("outbox has %d rows, want 6", len(rows))
	}
	for _, row := range rows {
		if row.PIN != first.PIN || row.PINID != first.PINID {
			t.Errorf("outbox row = %+v, want the first one's PIN and id", row)
		}
	}
	if rows[4].Text != "J: "+first.PIN || rows[5].Channel != "voice" {
		t.Errorf("last rows = %+v, want the placeholder filled, then a call", rows[4:])
	}
	r.post("pin/NOBODYS/resend", `{}`).wantRefusal(404, "NOT_FOUND")
	r.post("pin/"+first.PINID+"/resend", `[]`).wantRefusal(400, "BAD_REQUEST")
	r.post("pin/"+first.PINID+"/resend", `{"placeholders":{"pin":"1"}}`).wantViolation("placeholders")
}

func TestResendOfAnExpiredPIN(t *testing.T) {
	for _, renews := range []bool{false, true} {
		r := newRig(t, simulator.Options{ResendRenewsTTL: renews})
		first := r.sent(number)
		r.clock.Advance(14 * time.Minute)
		r.post("pin/"+first.PINID+"/resend", ``).want(200, nil)
		r.clock.Advance(time.Minute)
		later := r.post("pin/"+first.PINID+"/resend", ``)
		if renews {
			later.want(200, nil)
		} else {
			later.wantRefusal(404, "NOT_FOUND")
		}
	}
}

func TestBadSends(t *testing.T) {
	r := newRig(t, simulator.Options{})
	body := func(app, message, to, more string) string {
		return `{"applicationId":"` + app + `","messageId":"` + message + `","to":"` + to + `"` + more + `}`
	}
	for _, test := range []struct{ member, body string }{
		{"applicationId", `{"messageId":"m","to":"` + number + `"}`},
		{"messageId", `{"applicationId":"a","to":"` + number + `"}`},
		{"to", `{"applicationId":"a","messageId":"m"}`},
		{"to", body(r.app, r.message, "", "")},
		{"to", body(r.app, r.message, "1234", "")},
		{"to", body(r.app, r.message, "1234567890123456", "")},
		{"to", body(r.app, r.message, "41 44 668 18 00", "")},
		{"to", body(r.app, r.message, number+"\\n", "")},
		{"to", body(r.app, r.message, "٤١٤٤٦٦٨١٨٠٠", "")},
		{"to", `{"applicationId":"a","messageId":"m","to":41446681800}`},
		{"placeholders", body(r.app, r.message, number, `,"placeholders":{"pin":"1"}`)},
		{"placeholders", body(r.app, r.message, number, `,"placeholders":{"{{name}}":"1"}`)},
		{"placeholders.name", body(r.app, r.message, number, `,"placeholders":{"name":1}`)},
		{"trackDelivery", body(r.app, r.message, number, `,"trackDelivery":"true"`)},
	} {
		r.post("pin", test.body).wantViolation(test.member)
		r.post("pin/voice", test.body).wantViolation(test.member)
	}
	r.post("pin/email", body(r.app, r.message, "Jane <"+address+">", "")).wantViolation("to")
	r.post("pin/email", body(r.app, r.message, number, "")).wantViolation("to")
	r.post("pin", body("NOBODYS", r.message, number, "")).wantRefusal(404, "NOT_FOUND")
	r.post("pin", body(r.app, "NOBODYS", number, "")).wantRefusal(404, "NOT_FOUND")
	r.post("pin?ncNeeded=maybe", r.startBody(number)).wantViolation("ncNeeded")
	if rows := r.Outbox(""); len(rows) != 0 {
		t.Errorf("outbox = %+v, want nothing", rows)
	}
}

func TestDisabledApplicationSendsNothing(t *testing.T) {
	r := newRig(t, simulator.Options{})
	first := r.sent(number)
	r.put("applications/"+r.app, `{"name":"x","enabled":false}`).want(200, nil)
	r.send(number).wantRefusal(400, "BAD_REQUEST")
	r.post("pin/"+first.PINID+"/resend", ``).wantRefusal(400, "BAD_REQUEST")
}

func TestNCStatusModes(t *testing.T) {
	for _, test := range []struct {
		mode simulator.NCStatusMode
		want string
	}{
		{simulator.NCWhenLookedUp, ``},
		{simulator.NCAlways, `"ncStatus":"NC_NOT_CONFIGURED"`},
		{simulator.NCNull, `"ncStatus":null`},
	} {
		r := newRig(t, simulator.Options{NCStatus: test.mode})
		got := string(r.send(number).want(200, nil).body)
		if !strings.Contains(got, test.want) || test.want == "" && strings.Contains(got, "ncStatus") {
			t.Errorf("mode %d: body = %s, want %q", test.mode, got, test.want)
		}
		r.post("pin", r.startBody(number)).want(200, map[string]any{"ncStatus": "NC_DESTINATION_REACHABLE"})
	}
}
