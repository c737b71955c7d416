package simulator_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

// Every option that chooses between readings has a switch, and no switch turns two.
func TestSwitchesCoverTheOptions(t *testing.T) {
	no := []string{"Key", "LimitedKeys", "Strict", "Clock", "Delivered"} // what is set has its own variable or none
	covered := map[string]bool{}
	names := map[string]bool{}
	for _, s := range simulator.Switches {
		if names[s.Name] || s.Sentence == "" {
			t.Errorf("%s is there twice, or says nothing", s.Name)
		}
		names[s.Name] = true
		var options simulator.Options
		if err := options.Turn(s.Name); err != nil {
			t.Fatal(err)
		}
		turned := 0
		for field, value := range reflect.ValueOf(options).Fields() {
			if !value.IsZero() {
				covered[field.Name] = true
				turned++
			}
		}
		if turned != 1 {
			t.Errorf("%s turns %d options, want 1", s.Name, turned)
		}
	}
	for field := range reflect.TypeFor[simulator.Options]().Fields() {
		if covered[field.Name] == slices.Contains(no, field.Name) {
			t.Errorf("%s has a switch: %t", field.Name, covered[field.Name])
		}
	}
}

func TestTurn(t *testing.T) {
	var options simulator.Options
	if err := options.Turn("v1-ids, seconds"); err != nil || !options.V1IDs || !options.SecondTimestamps {
		t.Errorf("got %+v, %v", options, err)
	}
	for _, bad := range []string{"", "v1", "v1-ids,", "v1-ids seconds"} {
		if err := options.Turn(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// The ids of V1, and those that it shares with today's API.
func TestV1IDs(t *testing.T) {
	r := newRig(t, simulator.Options{V1IDs: true, EndpointThrottles: true})
	sent := r.sent(number)
	r.post("pin/"+sent.PINID+"/verify", `{}`).wantRefusal(400, "INVALID_ARGUMENT")
	r.verify("NOBODYS", sent.PIN).wantRefusal(404, "RESOURCE_NOT_FOUND")
	r.post("pin", `{"applicationId":"NONE","messageId":"`+r.message+`","to":"`+number+`"}`).wantRefusal(404, "RESOURCE_NOT_FOUND")
	r.verify(sent.PINID, sent.PIN).want(200, map[string]any{"verified": true})
	r.verify(sent.PINID, sent.PIN).wantRefusal(429, "THROTTLE_EXCEPTION")
	r.post("pin", ``).wantRefusal(400, "BAD_REQUEST")
	r.get("nowhere").wantRefusal(404, "NOT_FOUND")
	for fault, id := range map[string]string{
		`{"status":500}`: "GENERAL_EXCEPTION", `{"status":503}`: "SERVICE_UNAVAILABLE", `{"status":400,"messageId":"0"}`: "0",
	} {
		r.fault(fault)
		got := r.get("applications")
		got.wantRefusal(got.status, id)
	}
}

// The lookup of an account that has none, and that of a resend.
func TestLookupSwitches(t *testing.T) {
	for _, test := range []struct {
		options           simulator.Options
		send, no, resend  any
		voice, voiceAgain any
	}{
		{simulator.Options{}, "NC_DESTINATION_REACHABLE", nil, nil, nil, nil},
		{simulator.Options{NCNotConfigured: true}, "NC_NOT_CONFIGURED", nil, nil, nil, nil},
		{simulator.Options{NCOnResend: true}, "NC_DESTINATION_REACHABLE", nil, "NC_DESTINATION_REACHABLE", nil, nil},
		{simulator.Options{NCOnResend: true, NCNotConfigured: true}, "NC_NOT_CONFIGURED", nil, "NC_NOT_CONFIGURED", nil, nil},
	} {
		r := newRig(t, test.options)
		status := func(want any) map[string]any {
			return map[string]any{"ncStatus": want, "smsStatus": "MESSAGE_SENT"}
		}
		pinID := r.post("pin", r.startBody(number)).want(200, status(test.send)).text("pinId")
		r.post("pin?ncNeeded=false", r.startBody(number)).want(200, status(test.no))
		r.post("pin/"+pinID+"/resend", `{}`).want(200, status(test.resend))
		r.post("pin/voice", r.startBody(number)).want(200, map[string]any{"ncStatus": test.voice})
		r.post("pin/"+pinID+"/resend/voice", `{}`).want(200, map[string]any{"ncStatus": test.voiceAgain})
		if got := len(r.Outbox(number)); got != 5 {
			t.Errorf("%+v: %d messages, want 5", test.options, got)
		}
	}
}
