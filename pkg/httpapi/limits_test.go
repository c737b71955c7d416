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
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

// wantRateLimit checks the four headers.
func (got response) wantRateLimit(t *testing.T, policy string, remaining, reset int) {
	t.Helper()
	limit, _, _ := strings.Cut(policy, ";")
	for name, want := range map[string]string{
		"RateLimit-Policy": policy, "RateLimit-Limit": limit,
		"RateLimit-Remaining": fmt.Sprint(remaining), "RateLimit-Reset": fmt.Sprint(reset),
	} {
		if got.Headers[name] != want {
			t.Errorf("%s is %q, want %q", name, got.Headers[name], want)
		}
	}
}

func TestSendLimitOfAnAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		const sentence = `{"error":"Too many OTP requests from this IP, please try again after 15 minutes","code":"address_limited","retryAfter":%d}`
		// What is right in form counts, whatever becomes of it, and a resend is a send.
		for i, c := range []struct {
			path, body string
			status     int
			code       string
		}{
			{httpapi.RouteSend, sendBody(number), 200, ""},
			{httpapi.RouteResend, resendBody(number, possibleID), 401, "invalid_or_expired"},
			{httpapi.RouteSend, sendBody(number), 200, ""},
			{httpapi.RouteSend, sendBody(number), 429, "too_soon"},
			{httpapi.RouteResend, resendBody(number2, possibleID), 401, "invalid_or_expired"},
		} {
			reset := 900
			if i > 0 {
				reset = 840
			}
			got := r.post(c.path, c.body)
			got.wantCode(t, c.status, c.code)
			got.wantRateLimit(t, "5;w=900", 4-i, reset)
			if i == 0 {
				time.Sleep(time.Minute)
			}
		}
		calls := r.calls("")
		for range 3 {
			got := r.post(httpapi.RouteSend, sendBody(number2))
			got.want(t, http.StatusTooManyRequests, fmt.Sprintf(sentence, 840))
			got.wantRateLimit(t, "5;w=900", 0, 840)
		}
		time.Sleep(200 * time.Millisecond)
		r.post(httpapi.RouteResend, resendBody(number, possibleID)).want(t, http.StatusTooManyRequests, fmt.Sprintf(sentence, 840))
		r.wantCalls("", calls)
		// The verify counter is another one, and other addresses are others.
		r.post(httpapi.RouteVerify, verifyBody(number, r.pin())).wantOK(t)
		r.post(httpapi.RouteSend, sendBody(number2), from("198.51.100.1")).wantOK(t)
		// A fixed window: refused requests did not lengthen it.
		time.Sleep(840*time.Second - 201*time.Millisecond)
		r.post(httpapi.RouteSend, sendBody("+447400123456")).want(t, http.StatusTooManyRequests, fmt.Sprintf(sentence, 1))
		time.Sleep(time.Millisecond)
		got := r.post(httpapi.RouteSend, sendBody("+447400123456")).wantOK(t)
		got.wantRateLimit(t, "5;w=900", 4, 900)
	})
}

// TestMistakesCostAnAddressNothing: five mistyped numbers, or a foreign page's form
// posts, lock no visitor out. Nor do they help one who is over the limit.
func TestMistakesCostAnAddressNothing(t *testing.T) {
	foreign := []change{withHeader("content-type", "text/plain;charset=UTF-8"), withHeader("origin", "https://evil.example")}
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		mistakes := func() {
			t.Helper()
			for path, body := range posts {
				r.post(path, `{"phoneNumber":"+1415555267`).want(t, 400, bodyInvalid)
				r.post(path, strings.Repeat(" ", 5000)).want(t, 413, tooLarge)
				r.post(path, body, foreign...).want(t, 415, wrongType)
				r.post(path, strings.ReplaceAll(body, number, "+1415555267")).want(t, 400, unassigned)
				r.post(path, strings.ReplaceAll(body, number, "0664 1234567")).wantCode(t, 400, "phone_number_invalid")
				r.post(path, body, withHeader("idempotency-key", "")).want(t, 400, badKey)
			}
			r.post(httpapi.RouteSend, sendBody("+19002345678")).want(t, 400, noLineType)
			r.post(httpapi.RouteVerify, verifyBody(number, "12345")).want(t, 400, badPIN)
			r.post(httpapi.RouteVerify, verifyBodyID(number, "123456", "x")).want(t, 400, badID)
		}
		for range 10 {
			mistakes()
		}
		r.post(httpapi.RouteSend, sendBody(number)).wantOK(t).wantRateLimit(t, "5;w=900", 4, 900)
		for range 5 {
			r.post(httpapi.RouteResend, posts[httpapi.RouteResend])
		}
		mistakes()
		r.post(httpapi.RouteResend, posts[httpapi.RouteResend]).wantCode(t, http.StatusTooManyRequests, "address_limited")
	})
}

func TestVerifyLimitOfAnAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		for i := range 10 {
			got := r.post(httpapi.RouteVerify, verifyBody(number, "123456"))
			got.want(t, http.StatusUnauthorized, unauthorized)
			got.wantRateLimit(t, "10;w=300", 9-i, 300)
		}
		got := r.post(httpapi.RouteVerify, verifyBody(number, "123456"))
		got.want(t, http.StatusTooManyRequests, `{"error":"Too many verification attempts from this IP, please try again after 5 minutes","code":"address_limited","retryAfter":300}`)
		got.wantRateLimit(t, "10;w=300", 0, 300)
		r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
		time.Sleep(5 * time.Minute)
		r.post(httpapi.RouteVerify, verifyBody(number, r.pin())).wantOK(t)
	})
}

// TestLimitSentence: the sentence follows the setting.
func TestLimitSentence(t *testing.T) {
	for window, words := range map[time.Duration]string{
		time.Second: "1 second", 90 * time.Second: "90 seconds", time.Minute: "1 minute", 15 * time.Minute: "15 minutes",
		time.Hour: "1 hour", 90 * time.Minute: "90 minutes", 24 * time.Hour: "1 day", 48 * time.Hour: "2 days", 36 * time.Hour: "36 hours",
		1500 * time.Millisecond: "2 seconds",
	} {
		t.Run(window.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, func(s *setup) { s.sendLimit = rate.Rate{Attempts: 1, Window: window} })
				r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
				got := r.post(httpapi.RouteSend, sendBody(number2))
				if want := "Too many OTP requests from this IP, please try again after " + words; got.Error != want {
					t.Errorf("got %q, want %q", got.Error, want)
				}
			})
		})
	}
}

// TestBuckets says which addresses share a limit.
func TestBuckets(t *testing.T) {
	for _, c := range []struct {
		name, a, b string
		same       bool
	}{
		{"one IPv4", "203.0.113.1", "203.0.113.1", true},
		{"neighbours in IPv4", "203.0.113.1", "203.0.113.2", false},
		{"IPv4 and the same mapped", "203.0.113.1", "::ffff:203.0.113.1", true},
		{"mapped in hexadecimal", "203.0.113.1", "::ffff:cb00:7101", true},
		{"two mapped", "::ffff:203.0.113.1", "::ffff:203.0.113.2", false},
		{"one /64", "2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true},
		{"one /64, other spelling", "2001:db8:1:2::1", "2001:0DB8:0001:0002:0000:0000:0000:0009", true},
		{"two /64", "2001:db8:1:2::1", "2001:db8:1:3::1", false},
		{"zones", "fe80::1%eth0", "fe80::1%eth1", true},
		{"unreadable and empty", "nonsense", "", true},
		{"unreadable and IPv4", "nonsense", "203.0.113.1", false},
		{"mapped and the /64 of zero", "::ffff:203.0.113.1", "::1", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.post(httpapi.RouteVerify, posts[httpapi.RouteVerify], from(c.a))
				got := r.post(httpapi.RouteVerify, posts[httpapi.RouteVerify], from(c.b)).Headers["RateLimit-Remaining"]
				if want := map[bool]string{true: "8", false: "9"}[c.same]; got != want {
					t.Errorf("%q after %q leaves %s, want %s", c.b, c.a, got, want)
				}
			})
		})
	}
}

// TestHeadersNeverChangeTheBucket: the address is the connection's, whatever a client
// writes.
func TestHeadersNeverChangeTheBucket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		for i, header := range []string{
			"x-forwarded-for", "X-Forwarded-For", "x-real-ip", "forwarded", "true-client-ip", "cf-connecting-ip", "x-client-ip",
			"fastly-client-ip", "x-cluster-client-ip", "x-envoy-external-address", "cloudfront-viewer-address", "x-client-address", "x-origin-key",
			"via", "user-agent", "host", "cookie",
		} {
			value := fmt.Sprintf("198.51.100.%d", i)
			if header == "forwarded" {
				value = "for=" + value
			}
			got := r.post(httpapi.RouteVerify, verifyBody(number, "123456"), withHeader(header, value))
			if want := max(9-i, 0); got.Headers["RateLimit-Remaining"] != fmt.Sprint(want) {
				t.Errorf("with %s, RateLimit-Remaining is %s, want %d", header, got.Headers["RateLimit-Remaining"], want)
			}
			if over := i >= 10; over != (got.Code == "address_limited") {
				t.Errorf("with %s, request %d got %s", header, i+1, got.Body)
			}
		}
	})
}

// TestLimitAtAnyConcurrency: of many requests at once exactly the limit gets through.
func TestLimitAtAnyConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		const requests = 30
		codes := make(chan string, requests)
		for i := range requests {
			go func() { codes <- r.post(httpapi.RouteSend, sendBody(fmt.Sprintf("+4479111234%02d", i))).Code }()
		}
		count := map[string]int{}
		for range requests {
			count[<-codes]++
		}
		if count[""] != 5 || count["address_limited"] != requests-5 {
			t.Errorf("got %v, want 5 sent and %d limited", count, requests-5)
		}
		r.wantCalls("send", 5)
	})
}

func TestLimitsOfANumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		// From an address each, so that only the number's limits are met.
		address := 0
		send := func() response {
			address++
			return r.post(httpapi.RouteSend, sendBody(number), from(fmt.Sprintf("198.51.100.%d", address)))
		}
		wait := `{"error":"Please wait before requesting another OTP.","code":%q,"retryAfter":%d}`
		ids := map[string]bool{}
		for _, cooldown := range []int{30, 60, 120, 240} {
			ids[send().wantOK(t).VerificationID] = true
			send().want(t, http.StatusTooManyRequests, fmt.Sprintf(wait, "too_soon", cooldown))
			time.Sleep(time.Duration(cooldown) * time.Second)
		}
		last := send().wantOK(t).VerificationID
		ids[last] = true
		if len(ids) != 5 {
			t.Errorf("five sends have %d verification ids", len(ids))
		}
		used := fmt.Sprintf(wait, "number_limited", 24*3600-450)
		send().want(t, http.StatusTooManyRequests, used)
		r.post(httpapi.RouteResend, resendBody(number, last)).want(t, http.StatusTooManyRequests, used)
		r.wantCalls("", 5)
		time.Sleep(24*time.Hour - 450*time.Second)
		send().wantOK(t)
	})
}

// TestShareOfAnAddress: one address, or one site of IPv6, has no more than its share of a
// number's sends, so that somebody else's are left.
func TestShareOfAnAddress(t *testing.T) {
	for name, addresses := range map[string][2]string{
		"IPv4": {"203.0.113.1", "203.0.113.2"}, "IPv6": {"2001:db8:1:%d::1", "2001:db8:2::1"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, func(s *setup) { s.policy.SendCooldown = 0 })
				stranger := func(i int) change {
					if strings.Contains(addresses[0], "%") {
						return from(fmt.Sprintf(addresses[0], i))
					}
					return from(addresses[0])
				}
				for i := range 3 {
					r.post(httpapi.RouteSend, sendBody(number), stranger(i)).wantOK(t)
				}
				r.post(httpapi.RouteSend, sendBody(number), stranger(3)).wantCode(t, http.StatusTooManyRequests, "number_limited")
				r.post(httpapi.RouteSend, sendBody(number), from(addresses[1])).wantOK(t)
			})
		})
	}
}

func TestVerifySpacing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		sent := r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
		r.post(httpapi.RouteVerify, verifyBody(number, wrong(r.pin()))).want(t, http.StatusUnauthorized, unauthorized)
		r.post(httpapi.RouteVerify, verifyBody(number, r.pin())).want(t, http.StatusTooManyRequests,
			`{"error":"Please wait before trying again.","code":"too_soon","retryAfter":3}`)
		r.wantCalls("verify", 1)
		time.Sleep(3 * time.Second)
		// The refused one lost no attempt: one is gone by the wrong PIN, one by this.
		r.post(httpapi.RouteVerify, verifyBodyID(number, wrong(r.pin()), sent.VerificationID)).want(t, http.StatusUnauthorized,
			`{"error":"Invalid or expired OTP.","code":"invalid_or_expired","attemptsRemaining":3,"state":"wrong"}`)
		time.Sleep(3 * time.Second)
		r.post(httpapi.RouteVerify, verifyBody(number, r.pin())).wantOK(t)
		// Nobody is asked about a used code, so it may be refused at once.
		r.post(httpapi.RouteVerify, verifyBody(number, r.pin())).want(t, http.StatusUnauthorized, unauthorized)
	})
}

// TestDisabledNumber: after too many failures in a row over several codes, verify
// answers as to a wrong PIN and send as to a busy number, and both tell the true wait.
func TestDisabledNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *setup) {
			s.policy.VerifySpacing, s.policy.SendCooldown, s.policy.FailureLimit = 0, 0, 6
			s.sendLimit.Attempts, s.verifyLimit.Attempts = 1000, 1000
		})
		// No address closes a number alone: its failures count for half of the limit.
		var id string
		for range 3 {
			id = r.post(httpapi.RouteSend, sendBody(number)).wantOK(t).VerificationID
			for _, address := range []string{"198.51.100.1", "198.51.100.2"} {
				r.post(httpapi.RouteVerify, verifyBody(number, wrong(r.pin())), from(address)).want(t, http.StatusUnauthorized, unauthorized)
			}
		}
		if event := r.lastLine()["event"]; event != "number_disabled" {
			t.Errorf("the line of the last failure has the event %v", event)
		}
		calls := r.calls("")
		r.post(httpapi.RouteVerify, verifyBody(number, r.pin())).want(t, http.StatusUnauthorized, unauthorized)
		r.post(httpapi.RouteVerify, verifyBodyID(number, r.pin(), id)).want(t, http.StatusUnauthorized,
			`{"error":"Invalid or expired OTP.","code":"invalid_or_expired","attemptsRemaining":0,"state":"locked"}`)
		r.post(httpapi.RouteSend, sendBody(number)).want(t, http.StatusTooManyRequests,
			`{"error":"Please wait before requesting another OTP.","code":"number_limited","retryAfter":86400}`)
		r.wantCalls("", calls)
		time.Sleep(24*time.Hour - time.Second)
		r.post(httpapi.RouteSend, sendBody(number)).want(t, http.StatusTooManyRequests,
			`{"error":"Please wait before requesting another OTP.","code":"number_limited","retryAfter":1}`)
		time.Sleep(time.Second)
		r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
	})
}

// TestSuccessResetsFailures: failures count in a row only.
func TestSuccessResetsFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *setup) {
			s.policy.VerifySpacing, s.policy.SendCooldown, s.policy.FailureLimit = 0, 0, 4
			s.sendLimit.Attempts, s.verifyLimit.Attempts = 1000, 1000
		})
		for range 4 {
			r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
			for i := range 3 {
				address := fmt.Sprintf("198.51.100.%d", i)
				r.post(httpapi.RouteVerify, verifyBody(number, wrong(r.pin())), from(address)).want(t, http.StatusUnauthorized, unauthorized)
			}
			r.post(httpapi.RouteVerify, verifyBody(number, r.pin())).wantOK(t)
		}
	})
}

// TestOneSuccessAtAnyConcurrency holds the provider, so that several right PINs are
// under way together.
func TestOneSuccessAtAnyConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *setup) { s.policy.VerifySpacing = 0; s.verifyLimit.Attempts = 1000 })
		r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
		r.fault(simulator.Fault{Operation: "verify", Delay: "300ms"})
		const requests = 50
		statuses := make(chan int, requests)
		for range requests {
			go func() { statuses <- r.post(httpapi.RouteVerify, verifyBody(number, r.pin())).StatusCode }()
		}
		count := map[int]int{}
		for range requests {
			count[<-statuses]++
		}
		if count[http.StatusOK] != 1 || count[http.StatusUnauthorized] != requests-1 {
			t.Errorf("got %v, want one 200 and %d times 401", count, requests-1)
		}
		if got := r.calls("verify"); got < 2 || got > 5 {
			t.Errorf("%d verifies reached the provider, want several (it was held) and at most the cap of 5", got)
		}
	})
}
