package httpapi_test

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
)

const (
	noChannel  = `{"error":"This service does not use this channel.","code":"channel_not_allowed"}`
	noRegion   = `{"error":"This service does not send to phone numbers of this country.","code":"region_not_allowed"}`
	noLineType = `{"error":"This service does not send to phone numbers of this kind.","code":"line_type_not_allowed"}`
)

// TestKindsThatAreNotSentTo: what the owner does not send to is refused as a form is, and
// costs its sender as little; verifying does not ask.
func TestKindsThatAreNotSentTo(t *testing.T) {
	for _, c := range []struct{ name, number, more, want string }{
		{"channel", number, `,"channel":"voice"}`, noChannel},
		{"region", "+447400123456", `,"channel":"sms"}`, noRegion},
		{"another region of one calling code", "+18762101234", `,"channel":"sms"}`, noRegion},
		{"line type", "+19002345678", `,"channel":"sms"}`, noLineType},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, func(s *setup) { s.guard = guard.Rules{Regions: []string{"US", "AT"}} })
				for path, body := range map[string]string{
					httpapi.RouteSend: sendBody(c.number), httpapi.RouteResend: resendBody(c.number, possibleID),
				} {
					got := r.post(path, body[:len(body)-1]+c.more)
					got.want(t, http.StatusBadRequest, c.want)
					r.wantFree(got)
				}
				r.post(httpapi.RouteVerify, verifyBody(c.number, "123456")).want(t, http.StatusUnauthorized, unauthorized)
			})
		})
	}
}
