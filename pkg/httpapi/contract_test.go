package httpapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// A bubble's time starts here, so every moment in an answer is known.
const (
	plus10m = "2000-01-01T00:10:00Z"
	plus30s = "2000-01-01T00:00:30Z"
)

func TestSendAndVerify(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		sent := r.post(httpapi.RouteSend, sendBody(number))
		sent.want(t, http.StatusOK, fmt.Sprintf(
			`{"message":"OTP sent successfully.","verificationId":%q,"expiresAt":%q,"resendAt":%q}`, sent.VerificationID, plus10m, plus30s))
		if !otp.ValidVerificationID(sent.VerificationID) {
			t.Errorf("the verification id %q is not of its form", sent.VerificationID)
		}
		messages := r.sim.Outbox(number)
		if len(messages) != 1 || messages[0].To != digits || messages[0].Channel != "sms" {
			t.Fatalf("the outbox has %+v, want one SMS to %s", messages, digits)
		}
		r.post(httpapi.RouteVerify, verifyBody(number, r.pin())).want(t, http.StatusOK, `{"message":"OTP verified successfully."}`)
		r.post(httpapi.RouteVerify, verifyBody(number, r.pin())).want(t, http.StatusUnauthorized, unauthorized)
		r.wantCalls("send", 1)
		r.wantCalls("verify", 1)
	})
}

// TestNumberWithoutPlus: with or without the +, it is the same number to the provider
// and to every limit.
func TestNumberWithoutPlus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		sent := r.post(httpapi.RouteSend, sendBody(digits)).wantOK(t)
		r.post(httpapi.RouteSend, sendBody(number)).wantCode(t, http.StatusTooManyRequests, "too_soon")
		r.post(httpapi.RouteVerify, verifyBodyID(number, r.pin(), sent.VerificationID)).wantOK(t)
		if got := r.sim.Outbox("")[0].To; got != digits {
			t.Errorf("the provider was given %q, want %q", got, digits)
		}
	})
}

func TestNullCountsAsMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.post(httpapi.RouteSend, `{"phoneNumber":"+14155552671","channel":null,"locale":null}`).wantOK(t)
		r.post(httpapi.RouteVerify, fmt.Sprintf(`{"verificationId":null,"pin":%q,"phoneNumber":%q}`, r.pin(), number)).wantOK(t)
	})
}

func TestChannels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *setup) { s.policy.SendCooldown = 0 })
		sent := r.post(httpapi.RouteSend, `{"phoneNumber":"+14155552671","channel":"voice","locale":"en"}`).wantOK(t)
		for _, channel := range []string{"sms", "voice"} {
			r.post(httpapi.RouteResend, fmt.Sprintf(`{"phoneNumber":%q,"verificationId":%q,"channel":%q}`, number, sent.VerificationID, channel)).wantOK(t)
		}
		var channels []string
		for _, m := range r.sim.Outbox("") {
			channels = append(channels, m.Channel)
		}
		if got, want := fmt.Sprint(channels), "[voice sms voice]"; got != want {
			t.Errorf("the channels were %s, want %s", got, want)
		}
	})
}

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
			`{"message":"OTP sent successfully.","verificationId":%q,"expiresAt":%q,"resendAt":"2000-01-01T00:01:30Z"}`, sent.VerificationID, plus10m))
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
			got.want(t, http.StatusUnauthorized, fmt.Sprintf(`{"error":"Invalid or expired OTP.","code":"invalid_or_expired","attemptsRemaining":%d}`, left))
		}
		time.Sleep(30 * time.Second)
		r.post(httpapi.RouteResend, resendBody(number, sent.VerificationID)).wantOK(t)
		got := r.post(httpapi.RouteVerify, verifyBodyID(number, wrong(r.pin()), sent.VerificationID))
		got.want(t, http.StatusUnauthorized, `{"error":"Invalid or expired OTP.","code":"invalid_or_expired","attemptsRemaining":0}`)
		got = r.post(httpapi.RouteVerify, verifyBodyID(number, r.pin(), sent.VerificationID))
		got.want(t, http.StatusUnauthorized, `{"error":"Invalid or expired OTP.","code":"invalid_or_expired","attemptsRemaining":0}`)
		r.wantCalls("verify", 5)
	})
}

func TestResendOfWhatIsNotThere(t *testing.T) {
	for name, prepare := range map[string]func(r *rig, id string) (string, string){
		"an id nobody got":   func(*rig, string) (string, string) { return number, possibleID },
		"another number's":   func(_ *rig, id string) (string, string) { return "+41446681800", id },
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

// TestSameBytesForAllThatFails: without a verification id nobody learns why.
func TestSameBytesForAllThatFails(t *testing.T) {
	send := func(r *rig) string { return r.post(httpapi.RouteSend, sendBody(number)).wantOK(r.tb).VerificationID }
	fail := func(r *rig, times int) {
		for range times {
			r.post(httpapi.RouteVerify, verifyBody(number, wrong(r.pin())), from("198.51.100.1")).want(r.tb, http.StatusUnauthorized, unauthorized)
		}
	}
	for name, prepare := range map[string]func(r *rig) (pin string){
		"never sent": func(*rig) string { return "123456" },
		"wrong":      func(r *rig) string { send(r); return wrong(r.pin()) },
		"expired":    func(r *rig) string { send(r); time.Sleep(10 * time.Minute); return r.pin() },
		"used": func(r *rig) string {
			send(r)
			r.post(httpapi.RouteVerify, verifyBody(number, r.pin())).wantOK(r.tb)
			return r.pin()
		},
		"exhausted": func(r *rig) string { send(r); fail(r, 5); return r.pin() },
		"disabled": func(r *rig) string {
			send(r)
			fail(r, 5)
			time.Sleep(time.Minute)
			send(r)
			fail(r, 2) // the limit of 7 is reached, with attempts left
			return r.pin()
		},
		"not sent": func(r *rig) string {
			r.fault(simulator.Fault{Operation: "send", Times: 1, Status: 400})
			r.post(httpapi.RouteSend, sendBody(number)).wantCode(r.tb, http.StatusInternalServerError, "send_failed")
			return "123456"
		},
		"unconfirmed": func(r *rig) string {
			r.fault(simulator.Fault{Operation: "send", Times: 1, Drop: "after"})
			r.post(httpapi.RouteSend, sendBody(number)).wantCode(r.tb, http.StatusInternalServerError, "send_unconfirmed")
			return r.pin()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, func(s *setup) { s.policy.VerifySpacing = 0; s.policy.FailureLimit = 7 })
				pin := prepare(r)
				got := r.post(httpapi.RouteVerify, verifyBody(number, pin))
				got.want(t, http.StatusUnauthorized, unauthorized)
				names := fmt.Sprint(headerNames(got))
				if want := "[Cache-Control Content-Type RateLimit-Limit RateLimit-Policy RateLimit-Remaining RateLimit-Reset X-Content-Type-Options]"; names != want {
					t.Errorf("the headers are %s, want %s", names, want)
				}
			})
		})
	}
}

// TestAttemptsRemaining stands beside a 401 for the one who named its verification,
// and for no other.
func TestAttemptsRemaining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *setup) { s.policy.VerifySpacing = 0; s.policy.SendCooldown = 0 })
		first := r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
		pin := r.pin()
		with := func(id, pin string, left int) {
			t.Helper()
			want := unauthorized
			if left >= 0 {
				want = fmt.Sprintf(`{"error":"Invalid or expired OTP.","code":"invalid_or_expired","attemptsRemaining":%d}`, left)
			}
			r.post(httpapi.RouteVerify, verifyBodyID(number, pin, id)).want(t, http.StatusUnauthorized, want)
		}
		with(first.VerificationID, wrong(pin), 4)
		with(possibleID, pin, -1) // an id that nobody issued for the number tells nothing
		r.post(httpapi.RouteVerify, verifyBodyID("+41446681800", pin, first.VerificationID)).want(t, http.StatusUnauthorized, unauthorized)
		second := r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
		with(second.VerificationID, pin, 4) // the first code under the second's name
		with(first.VerificationID, wrong(pin), 3)
		r.post(httpapi.RouteVerify, verifyBodyID(number, pin, first.VerificationID)).wantOK(t)
		with(first.VerificationID, pin, 0) // used
	})
}

// TestStrangersSendDoesNotCancel: with its id, a code stays good whatever others send
// to the number.
func TestStrangersSendDoesNotCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		mine := r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
		pin := r.pin()
		time.Sleep(30 * time.Second)
		r.post(httpapi.RouteSend, sendBody(number), from("198.51.100.9")).wantOK(t)
		r.post(httpapi.RouteVerify, verifyBodyID(number, pin, mine.VerificationID)).wantOK(t)
	})
}

func TestRequireVerificationID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *setup) { s.requireID = true })
		sent := r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
		r.post(httpapi.RouteVerify, verifyBody(number, r.pin())).want(t, http.StatusBadRequest, badID)
		r.wantCalls("verify", 0)
		r.post(httpapi.RouteVerify, verifyBodyID(number, r.pin(), sent.VerificationID)).wantOK(t)
	})
}

// TestExpiryToTheSecond: a code is good up to the moment the answer named, not at it.
func TestExpiryToTheSecond(t *testing.T) {
	for _, c := range []struct {
		age    time.Duration
		status int
	}{{10*time.Minute - time.Second, http.StatusOK}, {10 * time.Minute, http.StatusUnauthorized}} {
		t.Run(c.age.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
				time.Sleep(c.age)
				if got := r.post(httpapi.RouteVerify, verifyBody(number, r.pin())); got.StatusCode != c.status {
					t.Errorf("got %d %s, want %d", got.StatusCode, got.Body, c.status)
				}
			})
		})
	}
}

// TestWholeSeconds: moments have no fractions, and each is rounded to the side on
// which a client that relies on it is right.
func TestWholeSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(400 * time.Millisecond)
		r := newRig(t)
		sent := r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
		if sent.ExpiresAt != plus10m || sent.ResendAt != "2000-01-01T00:00:31Z" {
			t.Errorf("expiresAt %s and resendAt %s, want %s and 2000-01-01T00:00:31Z", sent.ExpiresAt, sent.ResendAt, plus10m)
		}
		r.post(httpapi.RouteSend, sendBody(number)).wantCode(t, http.StatusTooManyRequests, "too_soon")
		time.Sleep(30*time.Second - 100*time.Millisecond)
		soon := r.post(httpapi.RouteSend, sendBody(number))
		soon.want(t, http.StatusTooManyRequests, `{"error":"Please wait before requesting another OTP.","code":"too_soon","retryAfter":1}`)
		time.Sleep(time.Duration(*soon.RetryAfter) * time.Second)
		r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
	})
}

// TestEventsOfAPIGateway feeds payloads as API Gateway documents them.
func TestEventsOfAPIGateway(t *testing.T) {
	for file, status := range map[string]int{
		"apigateway-send.json": http.StatusOK, "apigateway-send-base64.json": http.StatusOK,
		"apigateway-verify.json": http.StatusUnauthorized, "apigateway-default-route.json": http.StatusNotFound,
		"sam-local-send.json": http.StatusOK,
	} {
		t.Run(file, func(t *testing.T) {
			text, err := os.ReadFile("testdata/" + file)
			if err != nil {
				t.Fatal(err)
			}
			var e events.APIGatewayV2HTTPRequest
			if err := json.Unmarshal(text, &e); err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				if got := newRig(t).do(e); got.StatusCode != status {
					t.Errorf("got %d %s, want %d", got.StatusCode, got.Body, status)
				}
			})
		})
	}
}

// TestRequestsOfOneEnvironment: a handler serves many requests at once.
func TestRequestsOfOneEnvironment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		const clients = 40
		statuses := make(chan int, clients)
		for i := range clients {
			go func() {
				n := fmt.Sprintf("+4479111234%02d", i)
				got := r.post(httpapi.RouteSend, sendBody(n), from(fmt.Sprintf("198.51.100.%d", i)))
				statuses <- got.StatusCode
			}()
		}
		for range clients {
			if status := <-statuses; status != http.StatusOK {
				t.Errorf("a send among others got %d", status)
			}
		}
		r.wantCalls("send", clients)
		if r.secret.reads != 1 {
			t.Errorf("the secret was read %d times, want once for all", r.secret.reads)
		}
	})
}

// TestMomentsAreInUTC whatever zone the domain's clock is in.
func TestMomentsAreInUTC(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		moment := time.Date(2026, 3, 12, 1, 30, 0, 0, time.FixedZone("east", 2*3600))
		r := newRig(t, func(s *setup) { s.sender = receipts{otp.Receipt{ExpiresAt: moment, ResendAt: moment}} })
		got := r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
		if want := "2026-03-11T23:30:00Z"; got.ExpiresAt != want || got.ResendAt != want {
			t.Errorf("expiresAt %s and resendAt %s, want %s", got.ExpiresAt, got.ResendAt, want)
		}
	})
}

// receipts is a domain that gives one receipt to all.
type receipts struct{ receipt otp.Receipt }

func (r receipts) Send(context.Context, otp.SendRequest) (otp.Receipt, error) { return r.receipt, nil }

func (r receipts) Resend(context.Context, otp.ResendRequest) (otp.Receipt, error) {
	return r.receipt, nil
}
