package httpapi_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	infobipotp "github.com/seed-a131a524/infobip-otp"

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
			`{"message":"OTP sent successfully.","verificationId":%q,"expiresAt":%q,"resendAt":%q,"expiresIn":600,"resendIn":30}`,
			sent.VerificationID, plus10m, plus30s))
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

// TestSameBytesForAllThatFails: without a verification id nobody learns why.
func TestSameBytesForAllThatFails(t *testing.T) {
	const stranger = "198.51.100.1"
	send := func(r *rig) string { return r.post(httpapi.RouteSend, sendBody(number)).wantOK(r.tb).VerificationID }
	fail := func(r *rig, times int, address string) {
		for range times {
			r.post(httpapi.RouteVerify, verifyBody(number, wrong(r.pin())), from(address)).want(r.tb, http.StatusUnauthorized, unauthorized)
		}
	}
	for name, prepare := range map[string]func(r *rig) (pin, address string){
		"never sent": func(*rig) (string, string) { return "123456", sourceIP },
		"wrong":      func(r *rig) (string, string) { send(r); return wrong(r.pin()), sourceIP },
		"expired":    func(r *rig) (string, string) { send(r); time.Sleep(10 * time.Minute); return r.pin(), sourceIP },
		"used": func(r *rig) (string, string) {
			send(r)
			r.post(httpapi.RouteVerify, verifyBody(number, r.pin())).wantOK(r.tb)
			return r.pin(), sourceIP
		},
		"exhausted":                   func(r *rig) (string, string) { send(r); fail(r, 5, sourceIP); return r.pin(), sourceIP },
		"exhausted, to a stranger":    func(r *rig) (string, string) { send(r); fail(r, 5, sourceIP); return r.pin(), stranger },
		"strangers' tries used up":    func(r *rig) (string, string) { send(r); fail(r, 5, stranger); return r.pin(), stranger },
		"wrong, from another address": func(r *rig) (string, string) { send(r); return wrong(r.pin()), stranger },
		"disabled": func(r *rig) (string, string) {
			send(r)
			for i := range 3 { // the limit of 7 is reached, with attempts left
				fail(r, 3, fmt.Sprintf("198.51.100.%d", 10+i))
				if i == 0 {
					time.Sleep(time.Minute)
					send(r)
				}
			}
			return r.pin(), sourceIP
		},
		"not sent": func(r *rig) (string, string) {
			r.fault(simulator.Fault{Operation: "send", Times: 1, Status: 400})
			r.post(httpapi.RouteSend, sendBody(number)).wantCode(r.tb, http.StatusInternalServerError, "send_failed")
			return "123456", sourceIP
		},
		"unconfirmed": func(r *rig) (string, string) {
			r.fault(simulator.Fault{Operation: "send", Times: 1, Drop: "after"})
			r.post(httpapi.RouteSend, sendBody(number)).wantCode(r.tb, http.StatusInternalServerError, "send_unconfirmed")
			return r.pin(), sourceIP
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, func(s *setup) { s.policy.VerifySpacing = 0; s.policy.FailureLimit = 7 })
				pin, address := prepare(r)
				got := r.post(httpapi.RouteVerify, verifyBody(number, pin), from(address))
				got.want(t, http.StatusUnauthorized, unauthorized)
				names := fmt.Sprint(headerNames(got))
				if want := "[Cache-Control Content-Type RateLimit-Limit RateLimit-Policy RateLimit-Remaining RateLimit-Reset X-Content-Type-Options]"; names != want {
					t.Errorf("the headers are %s, want %s", names, want)
				}
			})
		})
	}
}

// TestAttemptsRemaining and the code's state stand beside a 401 for the one who named its
// verification, and for no other.
func TestAttemptsRemaining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *setup) { s.policy.VerifySpacing, s.policy.SendCooldown, s.verifyLimit.Attempts = 0, 0, 100 })
		first := r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
		pin := r.pin()
		with := func(id, pin string, left int, state string) {
			t.Helper()
			want := unauthorized
			if state != "" {
				want = fmt.Sprintf(`{"error":"Invalid or expired OTP.","code":"invalid_or_expired","attemptsRemaining":%d,"state":%q}`, left, state)
			}
			r.post(httpapi.RouteVerify, verifyBodyID(number, pin, id)).want(t, http.StatusUnauthorized, want)
		}
		with(first.VerificationID, wrong(pin), 4, "wrong")
		with(possibleID, pin, 0, "") // an id that nobody issued for the number tells nothing
		r.post(httpapi.RouteVerify, verifyBodyID(number2, pin, first.VerificationID)).want(t, http.StatusUnauthorized, unauthorized)
		second := r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
		with(second.VerificationID, pin, 4, "wrong") // the first code under the second's name
		with(first.VerificationID, wrong(pin), 3, "wrong")
		r.post(httpapi.RouteVerify, verifyBodyID(number, pin, first.VerificationID)).wantOK(t)
		with(first.VerificationID, pin, 0, "used")
		for left := 3; left >= 1; left-- {
			with(second.VerificationID, wrong(r.pin()), left, "wrong")
		}
		with(second.VerificationID, wrong(r.pin()), 0, "locked") // the last wrong guess says so itself
		with(second.VerificationID, r.pin(), 0, "locked")
		third := r.post(httpapi.RouteSend, sendBody(number), from("198.51.100.1")).wantOK(t)
		time.Sleep(10 * time.Minute)
		with(third.VerificationID, r.pin(), 0, "expired")
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
		r := newRig(t, func(s *setup) { s.form.RequireVerificationID = true })
		sent := r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
		r.post(httpapi.RouteVerify, verifyBody(number, r.pin())).want(t, http.StatusBadRequest, noID)
		r.post(httpapi.RouteVerify, fmt.Sprintf(`{"phoneNumber":%q,"pin":"123456","verificationId":null}`, number)).want(t, http.StatusBadRequest, noID)
		r.post(httpapi.RouteVerify, verifyBodyID(number, "123456", "")).want(t, http.StatusBadRequest, badID)
		r.wantCalls("verify", 0)
		r.post(httpapi.RouteVerify, verifyBodyID(number, r.pin(), sent.VerificationID)).wantOK(t)
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
			e := recorded(t, file)
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

// TestEveryDescribedMemberIsRead: what openapi.yaml says a request may have is no unknown
// member.
func TestEveryDescribedMemberIsRead(t *testing.T) {
	description, err := openapi3.NewLoader().LoadFromData([]byte(infobipotp.OpenAPI))
	if err != nil {
		t.Fatal(err)
	}
	for path, schema := range map[string]string{
		httpapi.RouteSend: "SendRequest", httpapi.RouteResend: "ResendRequest", httpapi.RouteVerify: "VerifyRequest",
	} {
		described := description.Components.Schemas[schema]
		if described == nil || len(described.Value.Properties) < 3 {
			t.Fatalf("openapi.yaml does not describe %s", schema)
		}
		for member := range described.Value.Properties {
			synctest.Test(t, func(t *testing.T) {
				if got := newRig(t).post(path, `{"`+member+`":null}`); got.Code == "field_unknown" {
					t.Errorf("%s does not take the member %s that openapi.yaml describes", path, member)
				}
			})
		}
	}
}
