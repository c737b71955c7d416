package simulator_test

import (
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

// unthrottled lets verifies follow each other at once.
const unthrottled = `{"verifyPinLimit":"1000/1s","pinAttempts":3,"pinTimeToLive":"10m"}`

func TestVerify(t *testing.T) {
	r := newRig(t, simulator.Options{})
	r.configure(unthrottled)
	sent := r.sent("+" + number)
	bad := wrong(sent.PIN)
	r.verify(sent.PINID, bad).want(200, map[string]any{
		"pinId": sent.PINID, "msisdn": number, "verified": false, "attemptsRemaining": 2.0, "pinError": "WRONG_PIN",
	})
	r.verify(sent.PINID, sent.PIN).want(200, map[string]any{
		"pinId": sent.PINID, "msisdn": number, "verified": true, "attemptsRemaining": 0.0, "pinError": nil,
	})
	r.verify(sent.PINID, sent.PIN).want(200, map[string]any{"verified": true}) // allowMultiplePinVerifications
	r.verify(sent.PINID, bad).want(200, map[string]any{"attemptsRemaining": 1.0, "pinError": "WRONG_PIN"})
	r.verify(sent.PINID, bad).want(200, map[string]any{"attemptsRemaining": 0.0, "pinError": "WRONG_PIN"})
	r.verify(sent.PINID, bad).want(200, map[string]any{"attemptsRemaining": 0.0, "pinError": "NO_MORE_PIN_ATTEMPTS"})
	r.verify(sent.PINID, sent.PIN).want(200, map[string]any{"verified": false, "attemptsRemaining": 0.0, "pinError": "NO_MORE_PIN_ATTEMPTS"})
}

func TestVerifySwitches(t *testing.T) {
	t.Run("true remainder", func(t *testing.T) {
		r := newRig(t, simulator.Options{TrueRemainder: true})
		r.configure(unthrottled)
		sent := r.sent(number)
		r.verify(sent.PINID, wrong(sent.PIN)).want(200, nil)
		r.verify(sent.PINID, sent.PIN).want(200, map[string]any{"verified": true, "attemptsRemaining": 2.0})
	})
	t.Run("last try says no more", func(t *testing.T) {
		r := newRig(t, simulator.Options{LastTryNoMore: true})
		r.configure(`{"pinAttempts":1}`)
		sent := r.sent(number)
		r.verify(sent.PINID, wrong(sent.PIN)).want(200, map[string]any{"attemptsRemaining": 0.0, "pinError": "NO_MORE_PIN_ATTEMPTS"})
	})
	t.Run("expired is not found", func(t *testing.T) {
		r := newRig(t, simulator.Options{ExpiredNotFound: true})
		sent := r.sent(number)
		r.clock.Advance(15 * time.Minute)
		r.verify(sent.PINID, sent.PIN).wantRefusal(404, "NOT_FOUND")
	})
	t.Run("one verification only", func(t *testing.T) {
		r := newRig(t, simulator.Options{})
		r.configure(`{"verifyPinLimit":"1000/1s","allowMultiplePinVerifications":false}`)
		sent := r.sent(number)
		r.verify(sent.PINID, sent.PIN).want(200, map[string]any{"verified": true})
		r.verify(sent.PINID, sent.PIN).wantRefusal(400, "PIN_ALREADY_VERIFIED")
		r.verify(sent.PINID, wrong(sent.PIN)).wantRefusal(400, "PIN_ALREADY_VERIFIED")
		r.clock.Advance(15 * time.Minute)
		r.verify(sent.PINID, sent.PIN).want(200, map[string]any{"verified": false, "pinError": "TTL_EXPIRED"})
	})
	t.Run("one verification only, another status", func(t *testing.T) {
		r := newRig(t, simulator.Options{VerifiedStatus: 409})
		r.configure(`{"verifyPinLimit":"1000/1s","allowMultiplePinVerifications":false}`)
		sent := r.sent(number)
		r.verify(sent.PINID, sent.PIN).want(200, map[string]any{"verified": true})
		r.verify(sent.PINID, sent.PIN).wantRefusal(409, "PIN_ALREADY_VERIFIED")
	})
	t.Run("an unknown pinId is a bad request", func(t *testing.T) {
		r := newRig(t, simulator.Options{UnknownPINBadRequest: true})
		for _, operation := range []string{"verify", "resend", "resend/voice"} {
			got := r.post("pin/NOBODYS/"+operation, `{"pin":"123456"}`).wantRefusal(400, "BAD_REQUEST")
			if violations := got.member("requestError.serviceException.validationErrors"); violations != nil {
				t.Errorf("%s: validationErrors = %v, want none", operation, violations)
			}
		}
	})
	t.Run("a send cancels the older", func(t *testing.T) {
		r := newRig(t, simulator.Options{SendCancelsOlder: true})
		r.configure(unthrottled)
		older, others := r.sent(number), r.sent(otherNumber)
		newer := r.sent(number)
		r.verify(older.PINID, older.PIN).want(200, map[string]any{"verified": false, "pinError": "TTL_EXPIRED"})
		r.verify(newer.PINID, newer.PIN).want(200, map[string]any{"verified": true})
		r.verify(others.PINID, others.PIN).want(200, map[string]any{"verified": true})
	})
}

func TestVerifyLifeEndsWithTheClock(t *testing.T) {
	r := newRig(t, simulator.Options{})
	r.configure(unthrottled)
	sent := r.sent(number)
	r.control("POST", "/clock", `{"advance":"599999ms"}`).want(200, nil)
	r.verify(sent.PINID, sent.PIN).want(200, map[string]any{"verified": true})
	r.control("POST", "/clock", `{"advance":"1ms"}`).want(200, nil)
	r.verify(sent.PINID, sent.PIN).want(200, map[string]any{"verified": false, "pinError": "TTL_EXPIRED", "attemptsRemaining": 3.0})
}

func TestOlderPINsStayAlive(t *testing.T) {
	r := newRig(t, simulator.Options{})
	r.configure(unthrottled)
	older, newer := r.sent(number), r.sent(number)
	r.verify(older.PINID, older.PIN).want(200, map[string]any{"verified": true})
	r.verify(newer.PINID, newer.PIN).want(200, map[string]any{"verified": true})
}

func TestBadVerifies(t *testing.T) {
	r := newRig(t, simulator.Options{})
	sent := r.sent(number)
	for _, body := range []string{`{}`, `{"pin":""}`, `{"pin":null}`, `{"pin":123456}`, `{"pin":["1"]}`} {
		r.post("pin/"+sent.PINID+"/verify", body).wantViolation("pin")
	}
	r.post("pin/"+sent.PINID+"/verify", ``).wantRefusal(400, "BAD_REQUEST")
	r.verify("NOBODYS", sent.PIN).wantRefusal(404, "NOT_FOUND")
	// None of these counted in verifyPinLimit, which admits one in three seconds.
	r.verify(sent.PINID, sent.PIN).want(200, map[string]any{"verified": true})
}
