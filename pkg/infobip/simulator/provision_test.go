package simulator_test

import (
	"math"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

func TestProvisionIsLooserThanTheGateway(t *testing.T) {
	r := newRig(t, simulator.Options{Strict: true})
	app, message, err := r.Provision(simulator.DefaultSettings())
	if err != nil {
		t.Fatal(err)
	}
	r.get("applications/"+app).want(200, map[string]any{
		"enabled": true, "configuration.pinAttempts": 10.0, "configuration.pinTimeToLive": "11m", "configuration.verifyPinLimit": "1/2700ms",
		"configuration.sendPinPerPhoneNumberLimit": "30/1d", "configuration.sendPinPerApplicationLimit": "1000000000/1d",
	})
	r.get("applications/"+app+"/messages/"+message).want(200, map[string]any{"pinType": "NUMERIC", "pinLength": 6.0, "messageText": "Your code is {{pin}}."})
}

func TestProvisionWithoutSpacingThrottlesNothing(t *testing.T) {
	r := newRig(t, simulator.Options{})
	var err error
	r.app, r.message, err = r.Provision(simulator.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	sent := r.sent(number)
	for range 5 {
		r.verify(sent.PINID, sent.PIN).want(200, map[string]any{"verified": true})
	}
}

func TestProvisionWithIDsTwice(t *testing.T) {
	r := newRig(t, simulator.Options{})
	for _, length := range []int{6, 8} {
		app, message, err := r.Provision(simulator.Settings{ApplicationID: "APP", MessageID: "MSG", PINLength: length})
		if err != nil || app != "APP" || message != "MSG" {
			t.Fatalf("Provision = %q, %q, %v", app, message, err)
		}
		r.app, r.message = app, message
		if got := len(r.sent(number).PIN); got != length {
			t.Errorf("the PIN has %d digits, want %d", got, length)
		}
	}
}

func TestProvisionAtTheEdges(t *testing.T) {
	sim := simulator.New(simulator.Options{})
	_, _, err := sim.Provision(simulator.Settings{
		PINAttempts: math.MaxInt32, PINTTL: 365 * rate.Day, VerifySpacing: 10 * rate.Day,
		NumberSendLimit: rate.Rate{Attempts: math.MaxInt, Window: 365 * rate.Day},
	})
	if err != nil {
		t.Errorf("the widest settings: %v", err)
	}
	_, _, err = sim.Provision(simulator.Settings{VerifySpacing: time.Nanosecond})
	if err != nil {
		t.Errorf("the narrowest spacing: %v", err)
	}
	for name, settings := range map[string]simulator.Settings{
		"length": {PINLength: 65}, "negative length": {PINLength: -1}, "text": {MessageText: "no placeholder"}, "attempts": {PINAttempts: -1},
	} {
		_, _, err := sim.Provision(settings)
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
