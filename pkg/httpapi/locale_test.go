package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
)

// speaking has messages in a few languages: Arabic is one that calls do not speak.
func speaking(s *setup) {
	s.texts = map[string]string{
		"sms/*": "Your code is {{pin}}{{ending}}{{pin}}", "sms/de": "Ihr Code ist {{pin}}{{ending}}{{pin}}", "sms/ar": "رمزك {{pin}}{{ending}}{{pin}}",
		"sms/zh-Hant": "驗證碼 {{pin}}{{ending}}{{pin}}", "voice/*": "Your code is {{pin}}", "voice/de": "Ihr Code ist {{pin}}",
	}
	s.ending = `\n@example.com #`
	s.sendLimit.Attempts = 1000
	s.policy.SendLimit.Attempts, s.policy.ClientSendLimit.Attempts, s.policy.TotalLimit.Attempts = 1000, 1000, 1000
	s.policy.SendCooldown = 0
}

func localised(channel, locale string) string {
	return fmt.Sprintf(`{"phoneNumber":%q,"channel":%q,"locale":%q}`, number, channel, locale)
}

// TestMessageInALanguage: what arrives is the message nearest to the language, and the log
// line of the send, and of the verify, says which.
func TestMessageInALanguage(t *testing.T) {
	for _, c := range []struct{ channel, locale, begins, line string }{
		{"sms", "de", "Ihr Code ist ", "de"},
		{"sms", "de_AT.UTF-8", "Ihr Code ist ", "de"},
		{"sms", "zh-TW", "驗證碼 ", "zh-Hant"},
		{"sms", "zh-CN", "Your code is ", "*"},
		{"sms", "tlh", "Your code is ", "*"},
		{"voice", "de-CH", "Ihr Code ist ", "de"},
		{"voice", "ar", "Your code is ", "*"},
	} {
		t.Run(c.channel+" "+c.locale, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, speaking)
				r.post(httpapi.RouteSend, localised(c.channel, c.locale)).wantOK(t)
				if got := r.lastLine()["locale"]; got != c.line {
					t.Errorf("the send's line says %v, want %s", got, c.line)
				}
				pin := r.pin()
				want := c.begins + pin
				if c.channel == "sms" {
					want += "\n@example.com #" + pin
				}
				if got := r.sim.Outbox(digits)[0].Text; got != want {
					t.Errorf("the message is %q, want %q", got, want)
				}
				r.post(httpapi.RouteVerify, verifyBody(number, pin)).wantOK(t)
				line := r.lastLine()
				if line["locale"] != c.line || line["VerifiesOK"] != 1.0 {
					t.Errorf("the verify's line says %v, %v, want %s and a success", line["locale"], line["VerifiesOK"], c.line)
				}
				aws, _ := line["_aws"].(map[string]any)
				if strings.Contains(fmt.Sprint(aws), "locale") {
					t.Errorf("a language is a dimension or a metric: %v", aws)
				}
			})
		})
	}
}

// TestResendInALanguage: a resend has the text of its send, once more for the eyes or said
// twice, and a call that would speak another language is refused.
func TestResendInALanguage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, speaking)
		resend := func(id, channel string) response {
			return r.post(httpapi.RouteResend, fmt.Sprintf(`{"phoneNumber":%q,"verificationId":%q,"channel":%q}`, number, id, channel))
		}
		sent := r.post(httpapi.RouteSend, localised("sms", "de-AT")).wantOK(t)
		pin := r.pin()
		for channel, want := range map[string]string{"voice": "Ihr Code ist " + pin + ". " + pin, "sms": "Ihr Code ist " + pin + "\n@example.com #" + pin} {
			resend(sent.VerificationID, channel).wantOK(t)
			arrived := r.sim.Outbox(digits)
			if got := arrived[len(arrived)-1]; got.Text != want || got.Channel != channel {
				t.Errorf("the resend by %s is %q by %s, want %q", channel, got.Text, got.Channel, want)
			}
			if got := r.lastLine()["locale"]; got != "de" {
				t.Errorf("its line says %v, want de", got)
			}
		}
		arabic := r.post(httpapi.RouteSend, localised("sms", "ar")).wantOK(t)
		r.wantCalls("resend", 2)
		resend(arabic.VerificationID, "voice").want(t, http.StatusBadRequest, `{"error":"This channel cannot reach this recipient.","code":"channel_mismatch"}`)
		r.wantCalls("resend", 2)
		resend(arabic.VerificationID, "sms").wantOK(t)
	})
}

// TestLanguagesUnderAKey: those that come to one message repeat each other.
func TestLanguagesUnderAKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, speaking)
		first := r.post(httpapi.RouteSend, localised("sms", "de"), withKey).wantOK(t)
		for _, locale := range []string{"de-DE", "DE", "de_CH", "de"} {
			r.post(httpapi.RouteSend, localised("sms", locale), withKey).want(t, http.StatusOK, first.Body)
		}
		for _, locale := range []string{"ar", "en", "fr"} {
			r.post(httpapi.RouteSend, localised("sms", locale), withKey).want(t, http.StatusUnprocessableEntity, keyReused)
		}
		r.post(httpapi.RouteSend, sendBody(number), withKey).want(t, http.StatusUnprocessableEntity, keyReused)
		r.wantCalls("send", 1)
		other := r.post(httpapi.RouteSend, localised("sms", "en"), withHeader("idempotency-key", "other")).wantOK(t)
		r.post(httpapi.RouteSend, sendBody(number), withHeader("idempotency-key", "other")).want(t, http.StatusOK, other.Body)
		r.wantCalls("send", 2)
	})
}

// TestForeignTemplate: an id of another application is refused by the provider, which the
// client is told as a message that was not sent, and nothing stays charged.
func TestForeignTemplate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *setup) {
			speaking(s)
			s.texts["sms/de"] = ""
			s.policy.SendLimit.Attempts = 1
		})
		r.post(httpapi.RouteSend, localised("sms", "de")).wantCode(t, http.StatusInternalServerError, "send_failed")
		line := r.lastLine()
		if line["locale"] != "de" || line["SendsFailed"] != 1.0 {
			t.Errorf("the line says %v, %v", line["locale"], line["SendsFailed"])
		}
		r.post(httpapi.RouteSend, localised("sms", "fr")).wantOK(t)
	})
}

// TestLineOfATestRecipient names the language of the message that it would have had.
func TestLineOfATestRecipient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, speaking, reviewed(t))
		sent := r.post(httpapi.RouteSend, localised("sms", "de-AT")).wantOK(t)
		if got := r.lastLine()["locale"]; got != "de" {
			t.Errorf("the send's line says %v, want de", got)
		}
		r.post(httpapi.RouteResend, resendBody(number, sent.VerificationID)).wantOK(t)
		if got := r.lastLine()["locale"]; got != "de" {
			t.Errorf("the resend's line says %v, want de", got)
		}
		r.wantCalls("", 0)
	})
}
