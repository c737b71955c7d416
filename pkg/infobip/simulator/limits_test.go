package simulator_test

import (
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

func TestVerifyPINLimit(t *testing.T) {
	r := newRig(t, simulator.Options{})
	sent, again, others := r.sent(number), r.sent("+"+number), r.sent(otherNumber)
	r.verify(sent.PINID, sent.PIN).want(200, nil)
	r.verify(sent.PINID, sent.PIN).wantRefusal(429, "TOO_MANY_REQUESTS")
	r.verify(again.PINID, again.PIN).wantRefusal(429, "TOO_MANY_REQUESTS") // the number counts, not the PIN
	r.verify(others.PINID, others.PIN).want(200, nil)
	r.clock.Advance(3*time.Second - time.Millisecond)
	r.verify(sent.PINID, sent.PIN).wantRefusal(429, "TOO_MANY_REQUESTS")
	r.clock.Advance(time.Millisecond)
	r.verify(sent.PINID, sent.PIN).want(200, map[string]any{"verified": true})
}

// A refused verify costs no try.
func TestThrottledVerifyComparesNothing(t *testing.T) {
	r := newRig(t, simulator.Options{TrueRemainder: true})
	sent := r.sent(number)
	r.verify(sent.PINID, wrong(sent.PIN)).want(200, map[string]any{"attemptsRemaining": 9.0})
	r.verify(sent.PINID, wrong(sent.PIN)).wantRefusal(429, "TOO_MANY_REQUESTS")
	r.clock.Advance(3 * time.Second)
	r.verify(sent.PINID, sent.PIN).want(200, map[string]any{"verified": true, "attemptsRemaining": 9.0})
}

func TestSendLimitPerNumber(t *testing.T) {
	for _, status := range []int{429, 400} {
		r := newRig(t, simulator.Options{LimitStatus: status})
		messageID := map[int]string{429: "TOO_MANY_REQUESTS", 400: "BAD_REQUEST"}[status]
		r.send(number).want(200, nil)
		r.send("+"+number).want(200, nil) // the same number
		r.post("pin/voice", r.startBody(number)).want(200, nil)
		if refused := r.send(number).wantRefusal(status, messageID); refused.header.Get("Retry-After") != "" {
			t.Errorf("Retry-After = %q, want none", refused.header.Get("Retry-After"))
		}
		r.post("pin/voice", r.startBody(number)).wantRefusal(status, messageID)
		r.send(otherNumber).want(200, nil)
		r.clock.Advance(24*time.Hour - time.Millisecond)
		r.send(number).wantRefusal(status, messageID)
		r.clock.Advance(time.Millisecond)
		for range 3 { // a new window, begun by the first call after the old one
			r.send(number).want(200, nil)
		}
		r.send(number).wantRefusal(status, messageID)
		if got := len(r.Outbox(number)); got != 6 {
			t.Errorf("%d messages reached the number, want 6", got)
		}
	}
}

func TestSendLimitPerApplication(t *testing.T) {
	r := newRig(t, simulator.Options{})
	r.configure(`{"sendPinPerApplicationLimit":"2/1h"}`)
	r.send(number).want(200, nil)
	r.send(otherNumber).want(200, nil)
	r.send("4915123456789").wantRefusal(429, "TOO_MANY_REQUESTS")
	r.clock.Advance(time.Hour)
	// The refused send was not counted for its number either.
	for range 2 {
		r.send("4915123456789").want(200, nil)
	}
}

func TestResendsAndTheSendLimit(t *testing.T) {
	for _, count := range []bool{false, true} {
		r := newRig(t, simulator.Options{ResendsCount: count})
		sent := r.sent(number)
		r.post("pin/"+sent.PINID+"/resend", ``).want(200, nil)
		r.post("pin/"+sent.PINID+"/resend", ``).want(200, nil)
		fourth := r.post("pin/"+sent.PINID+"/resend", ``)
		if count {
			fourth.wantRefusal(429, "TOO_MANY_REQUESTS")
		} else {
			fourth.want(200, nil)
		}
	}
}

func TestFixedAndSlidingWindows(t *testing.T) {
	for _, sliding := range []bool{false, true} {
		r := newRig(t, simulator.Options{SlidingWindows: sliding})
		r.configure(`{"sendPinPerPhoneNumberLimit":"2/1h"}`)
		r.send(number).want(200, nil)
		r.clock.Advance(59 * time.Minute)
		r.send(number).want(200, nil)
		r.send(number).wantRefusal(429, "TOO_MANY_REQUESTS")
		r.clock.Advance(time.Minute) // a fixed window is over, a sliding one has one call left in it
		r.send(number).want(200, nil)
		second := r.send(number)
		if sliding {
			second.wantRefusal(429, "TOO_MANY_REQUESTS")
		} else {
			second.want(200, nil)
		}
	}
}

func TestEndpointThrottles(t *testing.T) {
	r := newRig(t, simulator.Options{EndpointThrottles: true})
	for range 20 {
		r.post("applications", `{"name":"x"}`).want(201, nil)
	}
	r.post("applications", `{"name":"x"}`).wantRefusal(429, "TOO_MANY_REQUESTS")
	r.get("applications").want(200, nil)
	r.clock.Advance(10 * time.Minute)
	r.post("applications", `{"name":"x"}`).want(201, nil)
}
