package httpapi_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

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
		sent.wantSeconds(t, 600, 30)
		r.post(httpapi.RouteSend, sendBody(number)).wantCode(t, http.StatusTooManyRequests, "too_soon")
		time.Sleep(30*time.Second - 100*time.Millisecond)
		soon := r.post(httpapi.RouteSend, sendBody(number))
		soon.want(t, http.StatusTooManyRequests, `{"error":"Please wait before requesting another OTP.","code":"too_soon","retryAfter":1}`)
		time.Sleep(time.Duration(*soon.RetryAfter) * time.Second)
		r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
	})
}

// wantSeconds checks what is told for clients whose clock is wrong.
func (got response) wantSeconds(tb testing.TB, expiresIn, resendIn int) {
	tb.Helper()
	if got.ExpiresIn == nil || got.ResendIn == nil || *got.ExpiresIn != expiresIn || *got.ResendIn != resendIn {
		tb.Errorf("got %s, want expiresIn %d and resendIn %d", got.Body, expiresIn, resendIn)
	}
}

// TestSecondsAreOnTheSafeSide: a code's end is told too soon rather than too late, and a
// pause too long rather than too short. What is over is 0.
func TestSecondsAreOnTheSafeSide(t *testing.T) {
	for _, c := range []struct {
		expires, resend     time.Duration
		expiresIn, resendIn int
	}{
		{600 * time.Second, 30 * time.Second, 600, 30},
		{600*time.Second - time.Millisecond, 30*time.Second + time.Millisecond, 599, 31},
		{600*time.Second + time.Millisecond, 30*time.Second - time.Millisecond, 600, 30},
		{999 * time.Millisecond, time.Millisecond, 0, 1},
		{0, 0, 0, 0},
		{-time.Second, -time.Second, 0, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			now := time.Now()
			r := newRig(t, func(s *setup) {
				s.sender = receipts{otp.Receipt{ExpiresAt: now.Add(c.expires), ResendAt: now.Add(c.resend)}}
			})
			r.post(httpapi.RouteSend, sendBody(number)).wantOK(t).wantSeconds(t, c.expiresIn, c.resendIn)
		})
	}
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
