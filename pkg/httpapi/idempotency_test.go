package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

const (
	keyInUse  = `{"error":"A request with this Idempotency-Key is still running.","code":"idempotency_key_in_use","retryAfter":2}`
	keyOver   = `{"error":"This Idempotency-Key belongs to a code that is over: use a new one.","code":"idempotency_key_expired"}`
	keyReused = `{"error":"This Idempotency-Key was used with another request.","code":"idempotency_key_reused"}`
)

var withKey = withHeader("idempotency-key", idempotent)

func TestIdempotentSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		first := r.post(httpapi.RouteSend, sendBody(number), withKey).wantOK(t)
		time.Sleep(time.Second)
		// The same meaning in other words: without the +, with the defaults spelt out,
		// with the header's name in capitals.
		for _, again := range []response{
			r.post(httpapi.RouteSend, sendBody(number), withKey),
			r.post(httpapi.RouteSend, sendBody(digits), withHeader("IDEMPOTENCY-KEY", idempotent)),
			r.post(httpapi.RouteSend, `{"channel":"sms","phoneNumber":"+14155552671","locale":null}`, withKey),
		} {
			// The same answer, but for the seconds that are left.
			again.want(t, http.StatusOK, strings.Replace(first.Body, `"expiresIn":600,"resendIn":30`, `"expiresIn":599,"resendIn":29`, 1))
		}
		r.wantCalls("send", 1)
		// Another key is another request.
		r.post(httpapi.RouteSend, sendBody(number), withHeader("idempotency-key", "other")).wantCode(t, http.StatusTooManyRequests, "too_soon")
	})
}

func TestIdempotencyKeyReused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, speaking)
		sent := r.post(httpapi.RouteSend, sendBody(number), withKey).wantOK(t)
		r.post(httpapi.RouteSend, `{"phoneNumber":"+14155552671","channel":"voice"}`, withKey).want(t, http.StatusUnprocessableEntity, keyReused)
		r.post(httpapi.RouteSend, `{"phoneNumber":"+14155552671","locale":"de"}`, withKey).want(t, http.StatusUnprocessableEntity, keyReused)
		r.wantCalls("", 1)
		time.Sleep(30 * time.Second)
		// The scope is the route and the number.
		again := r.post(httpapi.RouteResend, resendBody(number, sent.VerificationID), withKey, from("198.51.100.1")).wantOK(t)
		r.post(httpapi.RouteResend, resendBody(number, sent.VerificationID), withKey, from("198.51.100.1")).want(t, http.StatusOK, again.Body)
		r.post(httpapi.RouteResend, fmt.Sprintf(`{"phoneNumber":%q,"verificationId":%q,"channel":"voice"}`, number, sent.VerificationID),
			withKey, from("198.51.100.1")).want(t, http.StatusUnprocessableEntity, keyReused)
		r.post(httpapi.RouteSend, sendBody(number2), withKey, from("198.51.100.1")).wantOK(t)
		r.wantCalls("send", 2)
		r.wantCalls("resend", 1)
	})
}

// TestIdempotentSendInParallel: one key causes one SMS at any concurrency.
func TestIdempotentSendInParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *setup) { s.sendLimit.Attempts = 1000 })
		r.fault(simulator.Fault{Operation: "send", Delay: "2s", Times: 1})
		const requests = 20
		answers := make(chan response, requests)
		for range requests {
			go func() { answers <- r.post(httpapi.RouteSend, sendBody(number), withKey) }()
		}
		count := map[int]int{}
		for range requests {
			got := <-answers
			count[got.StatusCode]++
			if got.StatusCode == http.StatusConflict {
				got.want(t, http.StatusConflict, keyInUse)
			}
		}
		if count[http.StatusOK] != 1 || count[http.StatusConflict] != requests-1 {
			t.Errorf("got %v, want one 200 and %d times 409", count, requests-1)
		}
		r.wantCalls("send", 1)
		r.post(httpapi.RouteSend, sendBody(number), withKey).wantOK(t)
		r.wantCalls("send", 1)
	})
}

// TestIdempotentFailures: a repeat gets the outcome of the first, whatever it was.
func TestIdempotentFailures(t *testing.T) {
	for _, c := range []struct {
		name        string
		fault       simulator.Fault
		status      int
		code        string
		afterStatus int
		afterCode   string
	}{
		{"unconfirmed", simulator.Fault{Drop: "after"}, 500, "send_unconfirmed", 500, "send_unconfirmed"},
		{"unconfirmed 503", simulator.Fault{Status: 503}, 500, "send_unconfirmed", 500, "send_unconfirmed"},
		{"not sent", simulator.Fault{Status: 400}, 500, "send_failed", 500, "send_failed"},
		{"throttled", simulator.Fault{Status: 429}, 429, "provider_throttled", 200, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				c.fault.Operation, c.fault.Times = "send", 1
				r.fault(c.fault)
				r.post(httpapi.RouteSend, sendBody(number), withKey).wantCode(t, c.status, c.code)
				time.Sleep(time.Second)
				r.post(httpapi.RouteSend, sendBody(number), withKey).wantCode(t, c.status, c.code)
				r.wantCalls("send", 1)
				time.Sleep(time.Minute)
				r.post(httpapi.RouteSend, sendBody(number), withKey).wantCode(t, c.afterStatus, c.afterCode)
			})
		})
	}
}

// TestIdempotencyOfADeadRun: a run whose function died is running no longer after the
// function's timeout, and what it did is unconfirmed.
func TestIdempotencyOfADeadRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		// The write of the outcome and all its repeats fail: to the store the run died.
		r.store.save.set(fromCall(2, failing))
		r.post(httpapi.RouteSend, sendBody(number), withKey).wantCode(t, http.StatusInternalServerError, "send_unconfirmed")
		r.store.save.set(nil)
		started := time.Now() // the run took nearly the whole timeout
		got := r.post(httpapi.RouteSend, sendBody(number), withKey)
		if got.StatusCode != http.StatusConflict && got.Code != "send_unconfirmed" {
			t.Errorf("got %d %s", got.StatusCode, got.Body)
		}
		time.Sleep(functionTimeout - time.Since(started))
		got = r.post(httpapi.RouteSend, sendBody(number), withKey)
		got.wantCode(t, http.StatusInternalServerError, "send_unconfirmed")
		r.wantCalls("send", 1)
		if r.lastLine()["repeat"] == true {
			t.Error("a repeat of an unconfirmed send is logged as a success")
		}
	})
}

// TestKeyOfACodeThatIsOver: nobody is told that a code was sent which is no longer there.
func TestKeyOfACodeThatIsOver(t *testing.T) {
	for name, end := range map[string]func(r *rig, pin string){
		"expired": func(*rig, string) { time.Sleep(10 * time.Minute) },
		"used":    func(r *rig, pin string) { r.post(httpapi.RouteVerify, verifyBody(number, pin)).wantOK(r.tb) },
		"locked": func(r *rig, pin string) {
			for range 5 {
				r.post(httpapi.RouteVerify, verifyBody(number, wrong(pin))).want(r.tb, http.StatusUnauthorized, unauthorized)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, func(s *setup) { s.policy.VerifySpacing = 0 })
				r.post(httpapi.RouteSend, sendBody(number), withKey).wantOK(t)
				end(r, r.pin())
				r.post(httpapi.RouteSend, sendBody(number), withKey).want(t, http.StatusUnprocessableEntity, keyOver)
				r.wantCalls("send", 1)
			})
		})
	}
}

// TestIdempotentVerifyInParallel: a second tap waits for the first, and gets its success.
func TestIdempotentVerifyInParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
		r.fault(simulator.Fault{Operation: "verify", Delay: "1s", Times: 1})
		first := make(chan response)
		go func() { first <- r.post(httpapi.RouteVerify, verifyBody(number, r.pin()), withKey) }()
		time.Sleep(100 * time.Millisecond)
		second := r.post(httpapi.RouteVerify, verifyBody(number, r.pin()), withKey)
		second.want(t, http.StatusConflict, keyInUse)
		(<-first).wantOK(t)
		time.Sleep(time.Duration(*second.RetryAfter) * time.Second)
		r.post(httpapi.RouteVerify, verifyBody(number, r.pin()), withKey).wantOK(t)
		r.wantCalls("verify", 1)
	})
}

func TestIdempotentVerify(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		sent := r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
		pin := r.pin()
		first := r.post(httpapi.RouteVerify, verifyBodyID(number, pin, sent.VerificationID), withKey).wantOK(t)
		r.post(httpapi.RouteVerify, verifyBodyID(number, pin, sent.VerificationID), withKey).want(t, http.StatusOK, first.Body)
		if r.lastLine()["repeat"] != true {
			t.Error("the log does not tell a repeat from a verify")
		}
		for name, got := range map[string]response{
			"without the key":         r.post(httpapi.RouteVerify, verifyBodyID(number, pin, sent.VerificationID)),
			"with another key":        r.post(httpapi.RouteVerify, verifyBodyID(number, pin, sent.VerificationID), withHeader("idempotency-key", "other")),
			"with another PIN":        r.post(httpapi.RouteVerify, verifyBodyID(number, wrong(pin), sent.VerificationID), withKey),
			"of another number":       r.post(httpapi.RouteVerify, verifyBodyID(number2, pin, sent.VerificationID), withKey),
			"without naming the code": r.post(httpapi.RouteVerify, verifyBody(number, pin), withKey),
		} {
			if got.StatusCode != http.StatusUnauthorized {
				t.Errorf("a repeat %s got %d %s, want 401", name, got.StatusCode, got.Body)
			}
		}
		r.wantCalls("verify", 1)
		time.Sleep(10 * time.Minute)
		r.post(httpapi.RouteVerify, verifyBodyID(number, pin, sent.VerificationID), withKey).wantCode(t, http.StatusUnauthorized, "invalid_or_expired")
	})
}

// TestVerifyWhoseAnswerWasLost: the write of the success takes place, its answer does
// not arrive; the request, and its repeat, are successes.
func TestVerifyWhoseAnswerWasLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
		r.store.save.set(only(2, lost))
		r.post(httpapi.RouteVerify, verifyBody(number, r.pin()), withKey).wantOK(t)
		r.post(httpapi.RouteVerify, verifyBody(number, r.pin()), withKey).wantOK(t)
		r.wantCalls("verify", 1)
	})
}
