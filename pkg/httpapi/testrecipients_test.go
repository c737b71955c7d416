package httpapi_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
	"github.com/seed-a131a524/infobip-otp/pkg/testrecipients"
)

// testPIN is a canary, too.
const testPIN = "973164"

// listOf is a list of test recipients as the functions have it, over no secret.
type listOf testrecipients.List

func (l listOf) Find(_ context.Context, to recipient.Recipient, now time.Time) (*otp.TestTerms, error) {
	entry, found := testrecipients.List(l).Find(to, now)
	if !found {
		return nil, nil //nolint:nilnil // nil is everybody who is no test recipient
	}
	return &otp.TestTerms{Ends: entry.Ends(), Accepts: entry.Accepts}, nil
}

// reviewed has the rig's number be a test recipient until the day after the bubble's.
func reviewed(tb testing.TB) func(*setup) {
	tb.Helper()
	return func(s *setup) {
		now := time.Now()
		list, err := testrecipients.Parse(number+"="+testPIN+"@"+now.UTC().AddDate(0, 0, 1).Format(time.DateOnly), 6, now)
		if err != nil {
			tb.Fatal(err)
		}
		s.tests = listOf(list)
	}
}

// TestTestRecipientsAreMarked: in the log and among the metrics nothing of theirs passes
// for a message, a verification or a refused PIN, and nothing of it leaks.
func TestTestRecipientsAreMarked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, reviewed(t), proving(t, &issuer{}))
		marked := func(what string, want counts) {
			t.Helper()
			r.wantMetrics(what, want)
			if line := r.lastLine(); line["test"] != true || line["provider"] != nil || line["guard"] != nil {
				t.Errorf("the line of %s says %v", what, line)
			}
			r.wantNoCanary(testPIN, wrong(testPIN))
		}
		sent := r.post(httpapi.RouteSend, sendBody(number), withKey).wantOK(t)
		marked("a send", counts{"TestRequests": 1})
		if *sent.ResendIn != 30 || *sent.ExpiresIn != 600 {
			t.Errorf("resendIn %d, expiresIn %d", *sent.ResendIn, *sent.ExpiresIn)
		}
		r.post(httpapi.RouteSend, sendBody(number), withKey).wantOK(t)
		marked("its repeat", counts{"TestRequests": 1})
		r.post(httpapi.RouteResend, resendBody(number, sent.VerificationID)).wantOK(t)
		marked("a resend", counts{"TestRequests": 1})
		got := r.post(httpapi.RouteVerify, verifyBodyID(number, wrong(testPIN), sent.VerificationID))
		got.wantCode(t, http.StatusUnauthorized, "invalid_or_expired")
		marked("a wrong PIN", counts{"TestRequests": 1})
		verified := r.post(httpapi.RouteVerify, verifyBodyID(number, testPIN, sent.VerificationID)).wantOK(t)
		marked("a success", counts{"TestRequests": 1})
		if aud := claims(t, verified)["aud"]; aud != "backend#test" {
			t.Errorf("the proof is for %v, want backend#test", aud)
		}
		r.wantCalls("", 0)

		r.post(httpapi.RouteSend, sendBody(number2), from("198.51.100.2")).wantOK(t)
		r.wantMetrics("a send to anybody", counts{"SendsOK": 1, "ProviderTime": 0})
		if line := r.lastLine(); line["test"] != nil {
			t.Errorf("anybody is marked: %v", line)
		}
	})
}

// TestAddressLimitsHoldForTestRecipients, and the form does: all that is said before the
// number is known.
func TestAddressLimitsHoldForTestRecipients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, reviewed(t), func(s *setup) {
			s.sendLimit, s.verifyLimit = rate.Rate{Attempts: 2, Window: time.Hour}, rate.Rate{Attempts: 2, Window: time.Hour}
			s.form.RequireVerificationID = true
		})
		r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
		id := r.post(httpapi.RouteSend, sendBody(number)).wantOK(t).VerificationID
		r.post(httpapi.RouteSend, sendBody(number)).wantCode(t, http.StatusTooManyRequests, "address_limited")
		r.post(httpapi.RouteVerify, verifyBody(number, testPIN)).wantCode(t, http.StatusBadRequest, "verification_id_required")
		for range 2 {
			r.post(httpapi.RouteVerify, verifyBodyID(number, wrong(testPIN), id)).wantCode(t, http.StatusUnauthorized, "invalid_or_expired")
		}
		r.post(httpapi.RouteVerify, verifyBodyID(number, testPIN, id)).wantCode(t, http.StatusTooManyRequests, "address_limited")
		r.wantCalls("", 0)
	})
}
