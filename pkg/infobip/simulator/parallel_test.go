package simulator_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

const callers = 16

// parallel runs one function in many goroutines at once.
func parallel(run func(caller int)) {
	var all sync.WaitGroup
	for caller := range callers {
		all.Go(func() { run(caller) })
	}
	all.Wait()
}

func TestLimitsHoldInParallel(t *testing.T) {
	r := newRig(t, simulator.Options{})
	statuses := make([]int, callers)
	parallel(func(caller int) { statuses[caller] = r.send(number).status })
	succeeded := 0
	for _, status := range statuses {
		if status == 200 {
			succeeded++
		}
	}
	if messages := len(r.Outbox(number)); succeeded != 3 || messages != 3 {
		t.Errorf("%d sends succeeded with %d messages, want 3 and 3", succeeded, messages)
	}
}

func TestTriesHoldInParallel(t *testing.T) {
	r := newRig(t, simulator.Options{})
	r.configure(`{"verifyPinLimit":"1000/1s","pinAttempts":5}`)
	sent := r.sent(number)
	reasons := make([]any, callers)
	parallel(func(caller int) { reasons[caller] = r.verify(sent.PINID, wrong(sent.PIN)).member("pinError") })
	compared := 0
	for _, reason := range reasons {
		if reason == "WRONG_PIN" {
			compared++
		}
	}
	if compared != 5 {
		t.Errorf("%d wrong PINs were compared, want 5", compared)
	}
	r.verify(sent.PINID, sent.PIN).want(200, map[string]any{"pinError": "NO_MORE_PIN_ATTEMPTS"})
}

func TestAFaultIsMetAsOftenAsItSays(t *testing.T) {
	r := newRig(t, simulator.Options{})
	r.fault(`{"operation":"send","status":500,"times":5}`)
	r.configure(`{"sendPinPerPhoneNumberLimit":"1000/1d"}`)
	statuses := make([]int, callers)
	parallel(func(caller int) { statuses[caller] = r.send(number).status })
	failed := 0
	for _, status := range statuses {
		if status == 500 {
			failed++
		}
	}
	if failed != 5 {
		t.Errorf("%d calls met the fault, want 5", failed)
	}
}

// Everything at once, for the race detector.
func TestAllCallsInParallel(t *testing.T) {
	r := newRig(t, simulator.Options{SendCancelsOlder: true, SlidingWindows: true, EndpointThrottles: true})
	parallel(func(caller int) {
		to := fmt.Sprintf("4477009%05d", caller)
		r.fault(`{"operation":"send","to":"` + to + `","pinId":"new","delay":"1ms"}`)
		sent := r.send(to).want(200, nil)
		r.post("pin/"+sent.text("pinId")+"/resend", `{}`)
		r.put("applications/"+r.app, `{"name":"x"}`)
		r.get("applications/" + r.app + "/verifications?msisdn=" + to)
		r.verify(sent.text("pinId"), r.Outbox(to)[0].PIN)
		r.control("POST", "/clock", `{"advance":"1ms"}`)
		for _, path := range []string{"/outbox", "/requests", "/faults"} {
			r.control("GET", path, "").want(200, nil)
		}
		r.control("DELETE", "/faults", "")
	})
}
