package httpapi_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

func TestResend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		sent := r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
		r.post(httpapi.RouteResend, resendBody(number, sent.VerificationID)).want(t, http.StatusTooManyRequests,
			`{"error":"Please wait before requesting another OTP.","code":"too_soon","retryAfter":30}`)
		time.Sleep(30 * time.Second)
		again := r.post(httpapi.RouteResend, resendBody(number, sent.VerificationID))
		// The same life; the cooldown doubled.
		again.want(t, http.StatusOK, fmt.Sprintf(
			`{"message":"OTP sent successfully.","verificationId":%q,"expiresAt":%q,"resendAt":"2000-01-01T00:01:30Z","expiresIn":570,"resendIn":60}`,
			sent.VerificationID, plus10m))
		messages := r.sim.Outbox(number)
		if len(messages) != 2 || messages[0].PIN != messages[1].PIN {
			t.Fatalf("the outbox has %d messages, want two with the same PIN", len(messages))
		}
		r.post(httpapi.RouteVerify, verifyBody(number, r.pin())).wantOK(t)
		time.Sleep(time.Minute)
		r.post(httpapi.RouteResend, resendBody(number, sent.VerificationID)).want(t, http.StatusUnauthorized, unauthorized)
		r.wantCalls("send", 1)
		r.wantCalls("resend", 1)
	})
}

// TestResendRefillsNothing: attempts used stay used.
func TestResendRefillsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *setup) { s.policy.VerifySpacing = 0 })
		sent := r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
		for left := 4; left >= 1; left-- {
			got := r.post(httpapi.RouteVerify, verifyBodyID(number, wrong(r.pin()), sent.VerificationID))
			got.want(t, http.StatusUnauthorized, fmt.Sprintf(`{"error":"Invalid or expired OTP.","code":"invalid_or_expired","attemptsRemaining":%d,"state":"wrong"}`, left))
		}
		time.Sleep(30 * time.Second)
		r.post(httpapi.RouteResend, resendBody(number, sent.VerificationID)).wantOK(t)
		got := r.post(httpapi.RouteVerify, verifyBodyID(number, wrong(r.pin()), sent.VerificationID))
		got.want(t, http.StatusUnauthorized, `{"error":"Invalid or expired OTP.","code":"invalid_or_expired","attemptsRemaining":0,"state":"locked"}`)
		got = r.post(httpapi.RouteVerify, verifyBodyID(number, r.pin(), sent.VerificationID))
		got.want(t, http.StatusUnauthorized, `{"error":"Invalid or expired OTP.","code":"invalid_or_expired","attemptsRemaining":0,"state":"locked"}`)
		r.wantCalls("verify", 5)
	})
}

func TestResendOfWhatIsNotThere(t *testing.T) {
	for name, prepare := range map[string]func(r *rig, id string) (string, string){
		"an id nobody got":   func(*rig, string) (string, string) { return number, possibleID },
		"another number's":   func(_ *rig, id string) (string, string) { return number2, id },
		"expired":            func(_ *rig, id string) (string, string) { time.Sleep(10 * time.Minute); return number, id },
		"a number never met": func(*rig, string) (string, string) { return "+447400123456", possibleID },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				sent := r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
				time.Sleep(time.Minute)
				to, id := prepare(r, sent.VerificationID)
				saves := r.store.save.calls
				r.post(httpapi.RouteResend, resendBody(to, id)).want(t, http.StatusUnauthorized, unauthorized)
				r.wantCalls("resend", 0)
				if r.store.save.calls != saves {
					t.Error("a resend of nothing was charged to the number")
				}
			})
		})
	}
}

// TestResendOfACodeThatTheProviderLost: the code is over, and the send that did not take
// place is given back.
func TestResendOfACodeThatTheProviderLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *setup) { s.policy.SendCooldown, s.policy.ClientSendLimit.Attempts = 0, 2 })
		sent := r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
		r.fault(simulator.Fault{Operation: "resend", Times: 1, Status: 404})
		r.post(httpapi.RouteResend, resendBody(number, sent.VerificationID)).want(t, http.StatusUnauthorized, unauthorized)
		r.post(httpapi.RouteVerify, verifyBodyID(number, r.pin(), sent.VerificationID)).want(t, http.StatusUnauthorized,
			`{"error":"Invalid or expired OTP.","code":"invalid_or_expired","attemptsRemaining":0,"state":"expired"}`)
		r.wantCalls("verify", 0)
		r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
	})
}
