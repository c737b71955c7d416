package simulator_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

func TestApplicationHasTheSixDefaults(t *testing.T) {
	r := newRig(t, simulator.Options{})
	created := r.post("applications", `{"name":"login"}`).want(201, nil)
	var got map[string]any
	err := json.Unmarshal(created.body, &got)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"applicationId": got["applicationId"], "name": "login", "enabled": true,
		"configuration": map[string]any{
			"pinAttempts": 10.0, "allowMultiplePinVerifications": true, "pinTimeToLive": "15m", "verifyPinLimit": "1/3s",
			"sendPinPerApplicationLimit": "10000/1d", "sendPinPerPhoneNumberLimit": "3/1d",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("application (-want +got):\n%s", diff)
	}
	read := r.get("applications/"+created.text("applicationId")).want(200, nil)
	if string(read.body) != string(created.body) {
		t.Errorf("read %s, created %s", read.body, created.body)
	}
}

func TestCreateStatusIsASwitch(t *testing.T) {
	newRig(t, simulator.Options{CreateStatus: 200}).post("applications", `{"name":"x"}`).want(200, nil)
}

func TestPutApplicationKeepsWhatItOmits(t *testing.T) {
	r := newRig(t, simulator.Options{})
	r.put("applications/"+r.app, `{"name":"a","enabled":false,"configuration":{"pinAttempts":3,"verifyPinLimit":"5/h"}}`).
		want(200, map[string]any{"enabled": false, "configuration.pinAttempts": 3.0, "configuration.verifyPinLimit": "5/h", "configuration.pinTimeToLive": "15m"})
	r.put("applications/"+r.app, `{"name":"b"}`).
		want(200, map[string]any{"name": "b", "enabled": false, "configuration.pinAttempts": 3.0})
	r.put("applications/"+r.app, `{"enabled":true}`).wantViolation("name")
	r.get("applications/"+r.app).want(200, map[string]any{"name": "b", "enabled": false})
}

func TestListApplicationsIsABareArrayInOrder(t *testing.T) {
	r := newRig(t, simulator.Options{})
	second := r.post("applications", `{"name":"second"}`).text("applicationId")
	var list []struct {
		ID string `json:"applicationId"`
	}
	err := json.Unmarshal(r.get("applications").want(200, nil).body, &list)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 || list[0].ID != r.app || list[1].ID != second {
		t.Errorf("list = %+v, want %s and %s", list, r.app, second)
	}
}

func TestNoApplicationsIsAnEmptyArray(t *testing.T) {
	r := &rig{t: t, Simulator: simulator.New(simulator.Options{})}
	r.serve()
	if got := string(r.get("applications").want(200, nil).body); got != "[]" {
		t.Errorf("body = %s, want []", got)
	}
}

func TestBadApplications(t *testing.T) {
	r := newRig(t, simulator.Options{})
	for _, test := range []struct{ body, member string }{
		{`{}`, "name"},
		{`{"name":""}`, "name"},
		{`{"name":5}`, "name"},
		{`{"name":"x","enabled":"yes"}`, "enabled"},
		{`{"name":"x","configuration":[]}`, "configuration"},
		{`{"name":"x","configuration":{"pinAttempts":0}}`, "configuration.pinAttempts"},
		{`{"name":"x","configuration":{"pinAttempts":1.5}}`, "configuration.pinAttempts"},
		{`{"name":"x","configuration":{"pinAttempts":2147483648}}`, "configuration.pinAttempts"},
		{`{"name":"x","configuration":{"pinTimeToLive":"15 minutes"}}`, "configuration.pinTimeToLive"},
		{`{"name":"x","configuration":{"pinTimeToLive":"0m"}}`, "configuration.pinTimeToLive"},
		{`{"name":"x","configuration":{"pinTimeToLive":"366d"}}`, "configuration.pinTimeToLive"},
		{`{"name":"x","configuration":{"verifyPinLimit":"1"}}`, "configuration.verifyPinLimit"},
		{`{"name":"x","configuration":{"verifyPinLimit":"1/0s"}}`, "configuration.verifyPinLimit"},
		{`{"name":"x","configuration":{"verifyPinLimit":"0/3s"}}`, "configuration.verifyPinLimit"},
		{`{"name":"x","configuration":{"verifyPinLimit":"1/25h"}}`, "configuration.verifyPinLimit"},
		{`{"name":"x","configuration":{"sendPinPerApplicationLimit":"1/366d"}}`, "configuration.sendPinPerApplicationLimit"},
		{`{"name":"x","configuration":{"sendPinPerPhoneNumberLimit":"1/366d"}}`, "configuration.sendPinPerPhoneNumberLimit"},
	} {
		r.post("applications", test.body).wantViolation(test.member)
		r.put("applications/"+r.app, test.body).wantViolation(test.member)
	}
	r.post("applications", `{"name":"x","configuration":{"pinTimeToLive":"365d","verifyPinLimit":"1/d","sendPinPerApplicationLimit":"1/365d"}}`).want(201, nil)
}

func TestUnknownApplicationIs404(t *testing.T) {
	r := newRig(t, simulator.Options{})
	r.get("applications/NOBODYS").wantRefusal(404, "NOT_FOUND")
	r.put("applications/NOBODYS", `{"name":"x"}`).wantRefusal(404, "NOT_FOUND")
	r.get("applications/NOBODYS/messages").wantRefusal(404, "NOT_FOUND")
	r.get("applications/NOBODYS/verifications?msisdn="+number).wantRefusal(404, "NOT_FOUND")
	r.post("applications/NOBODYS/messages", `{}`).wantRefusal(404, "NOT_FOUND")
	r.post("applications/NOBODYS/email/messages", `{}`).wantRefusal(404, "NOT_FOUND")
}

func TestBadJSON(t *testing.T) {
	r := newRig(t, simulator.Options{})
	for _, body := range []string{
		``, ` `, `null`, `[]`, `"x"`, `5`, `{`, `{"name":"x"`, `{"name":"x"}{}`, `{"name":"x"} x`, `{"name":"x","name":"y"}`,
		"{\"name\":\"\xff\"}", "\ufeff{\"name\":\"x\"}", `{"name":"\ud800"}`, `{name:"x"}`, strings.Repeat(`[`, 60_000),
	} {
		r.post("applications", body).wantRefusal(400, "BAD_REQUEST")
	}
	r.post("applications", `{"Name":"x"}`).wantViolation("name")
	r.post("applications", `{"name":"`+strings.Repeat("x", 64<<10)+`"}`).wantRefusal(413, "BAD_REQUEST")
}
