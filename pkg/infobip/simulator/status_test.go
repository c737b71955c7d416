package simulator_test

import (
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

func TestStatus(t *testing.T) {
	r := newRig(t, simulator.Options{})
	r.configure(unthrottled)
	r.sent(number)
	r.clock.Advance(time.Minute)
	second := r.sent("+" + number)
	r.sent(otherNumber)
	r.clock.Advance(time.Minute)
	r.verify(second.PINID, second.PIN).want(200, map[string]any{"verified": true})

	path := "applications/" + r.app + "/verifications?msisdn="
	rows := func(query string) string { return string(r.get(path+query).want(200, nil).body) }
	unverified := `{"msisdn":"41446681800","verified":false,"verifiedAt":0,"sentAt":1795521600000}`
	verified := `{"msisdn":"41446681800","verified":true,"verifiedAt":1795521720000,"sentAt":1795521660000}`
	for _, test := range []struct{ query, want string }{
		{number, unverified + "," + verified},
		{"+" + number, unverified + "," + verified},
		{"%2B" + number, unverified + "," + verified},
		{number + "&verified=true", verified},
		{number + "&verified=false", unverified},
		{number + "&sent=true&verified=undefined", unverified + "," + verified},
		{number + "&sent=false", ""},
		{"4915123456789", ""},
		{"nobody@example.com", ""},
	} {
		if got, want := rows(test.query), `{"verifications":[`+test.want+`]}`; got != want {
			t.Errorf("msisdn=%s: %s, want %s", test.query, got, want)
		}
	}
	other := r.post("applications", `{"name":"other"}`).text("applicationId")
	if got := string(r.get("applications/" + other + "/verifications?msisdn=" + number).body); got != `{"verifications":[]}` {
		t.Errorf("another application's verifications = %s, want none", got)
	}
	r.get("applications/" + r.app + "/verifications").wantViolation("msisdn")
	r.get(path).wantViolation("msisdn")
	r.get(path + number + "&verified=1").wantViolation("verified")
	r.get(path + number + "&sent=").wantViolation("sent")
}

func TestStatusInSeconds(t *testing.T) {
	r := newRig(t, simulator.Options{SecondTimestamps: true})
	r.sent(number)
	got := string(r.get("applications/"+r.app+"/verifications?msisdn="+number).want(200, nil).body)
	if want := `{"verifications":[{"msisdn":"41446681800","verified":false,"verifiedAt":0,"sentAt":1795521600}]}`; got != want {
		t.Errorf("status = %s, want %s", got, want)
	}
}

func TestStatusWithoutVerifiedAt(t *testing.T) {
	r := newRig(t, simulator.Options{OmitVerifiedAt: true})
	r.configure(unthrottled)
	r.sent(number)
	second := r.sent(number)
	r.verify(second.PINID, second.PIN).want(200, map[string]any{"verified": true})
	got := string(r.get("applications/"+r.app+"/verifications?msisdn="+number).want(200, nil).body)
	want := `{"verifications":[{"msisdn":"41446681800","verified":false,"sentAt":1795521600000},` +
		`{"msisdn":"41446681800","verified":true,"verifiedAt":1795521600000,"sentAt":1795521600000}]}`
	if got != want {
		t.Errorf("status = %s, want %s", got, want)
	}
}
