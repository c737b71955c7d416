package httpapi_test

import (
	"context"
	"encoding/json"
	"io"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/rate"

	"github.com/aws/aws-lambda-go/events"

	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
	"github.com/seed-a131a524/infobip-otp/pkg/ratelimit"
	"github.com/seed-a131a524/infobip-otp/pkg/telemetry"
)

// sentOnly notes that the domain was asked at all.
type sentOnly struct{ sends, resends int }

func (s *sentOnly) Send(context.Context, otp.SendRequest) (otp.Receipt, error) {
	s.sends++
	return otp.Receipt{}, nil
}

func (s *sentOnly) Resend(context.Context, otp.ResendRequest) (otp.Receipt, error) {
	s.resends++
	return otp.Receipt{}, nil
}

type realTime struct{}

func (realTime) Now() time.Time { return time.Now() }

type oneKey struct{ key pseudonym.Key }

func (k oneKey) PhoneKey(context.Context) (pseudonym.Key, error) { return k.key, nil }

func TestRegionsAreToldByTheNumberNotByItsCallingCode(t *testing.T) {
	key, err := pseudonym.NewKey("1", make([]byte, pseudonym.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	domain := &sentOnly{}
	handler := httpapi.NewSend(httpapi.Edge{
		Keys: oneKey{key}, Counter: ratelimit.NewMemory(), Clock: realTime{}, Logger: telemetry.NewLogger(io.Discard, ""),
	}, rate.Rate{Attempts: 100, Window: time.Hour}, domain, "US", "AT")
	for _, test := range []struct {
		number string
		sent   bool
	}{
		{"+14155552671", true},   // United States
		{"+43664123456", true},   // Austria
		{"+18765123456", false},  // Jamaica, behind the same +1
		{"+18092345678", false},  // Dominican Republic, likewise
		{"+447400123456", false}, // United Kingdom
	} {
		for path, body := range map[string]string{
			"/send-otp":   `{"phoneNumber":"` + test.number + `"}`,
			"/resend-otp": `{"phoneNumber":"` + test.number + `","verificationId":"AAAAAAAAAAAAAAAAAAAAAA"}`,
		} {
			*domain = sentOnly{}
			event := events.APIGatewayV2HTTPRequest{RawPath: path, Headers: map[string]string{"content-type": "application/json"}, Body: body}
			event.RequestContext.HTTP.Method = "POST"
			event.RequestContext.HTTP.SourceIP = "192.0.2.1"
			answer, err := handler.Handle(t.Context(), event)
			if err != nil {
				t.Fatal(err)
			}
			var said struct{ Error, Code string }
			if err := json.Unmarshal([]byte(answer.Body), &said); err != nil {
				t.Fatal(err)
			}
			if asked := domain.sends+domain.resends == 1; asked != test.sent {
				t.Errorf("%s of %s: domain asked = %t, want %t (%s)", path, test.number, asked, test.sent, answer.Body)
			}
			if !test.sent && (answer.StatusCode != 400 || said.Code != "region_not_allowed") {
				t.Errorf("%s of %s: %d %s, want 400 region_not_allowed", path, test.number, answer.StatusCode, answer.Body)
			}
		}
	}
}
