package httpapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	infobipotp "github.com/seed-a131a524/infobip-otp"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// The sentences about e-mail.
const (
	noEmail      = `{"error":"Email address is required.","code":"email_required"}`
	noEmailOrPIN = `{"error":"Email address and PIN code are required.","code":"email_and_pin_required"}`
	noEmailOrID  = `{"error":"Email address and verification ID are required.","code":"verification_id_required"}`
	badEmail     = `{"error":"Invalid email address.","code":"email_invalid"}`
	ambiguous    = `{"error":"Give either a phone number or an email address.","code":"recipient_ambiguous"}`
	mismatch     = `{"error":"This channel cannot reach this recipient.","code":"channel_mismatch"}`
)

func mailBody(address, more string) string { return fmt.Sprintf(`{"email":%q%s}`, address, more) }

// TestByEmail: an address is sent to, resent to and verified as a number is, in any letter
// case, with its own name in the log.
func TestByEmail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		proofs := &issuer{}
		r := newRig(t, proving(t, proofs))
		shouted := strings.ToUpper(mailbox)
		sent := r.post(httpapi.RouteSend, mailBody(shouted, `,"channel":"email"`), withKey).wantOK(t)
		line := r.lastLine()
		if name, _ := line["email"].(string); len(name) != 12 || line["number"] != nil || line["region"] != nil || line["channel"] != "email" {
			t.Errorf("the line names %v, number %v, region %v, channel %v", line["email"], line["number"], line["region"], line["channel"])
		}
		again := r.post(httpapi.RouteSend, mailBody(mailbox, ""), withKey).wantOK(t)
		if again.VerificationID != sent.VerificationID {
			t.Error("the same request under its key, in other letters and without its usual channel, is another")
		}
		r.post(httpapi.RouteSend, mailBody(mailbox, "")).wantCode(t, http.StatusTooManyRequests, "too_soon")
		time.Sleep(time.Minute)
		r.post(httpapi.RouteResend, mailBody(mailbox, fmt.Sprintf(`,"verificationId":%q`, sent.VerificationID))).wantOK(t)
		messages := r.sim.Outbox(mailbox)
		if len(messages) != 2 || messages[0].To != mailbox || messages[0].Channel != "email" || messages[1].PIN != messages[0].PIN {
			t.Fatalf("%d messages went out, want two to the address in lower case, with one PIN", len(messages))
		}
		r.post(httpapi.RouteVerify, mailBody(mailbox, fmt.Sprintf(`,"pin":%q`, wrong(r.pin())))).want(t, http.StatusUnauthorized, unauthorized)
		time.Sleep(time.Minute)
		done := r.post(httpapi.RouteVerify, mailBody(shouted, fmt.Sprintf(`,"pin":%q,"verificationId":%q`, r.pin(), sent.VerificationID))).wantOK(t)
		claims := claims(t, done)
		if claims["email"] != mailbox || claims["email_verified"] != true || claims["phone_number"] != nil || fmt.Sprint(claims["amr"]) != "[otp]" {
			t.Errorf("the proof says email %v, verified %v, phone_number %v, amr %v", claims["email"], claims["email_verified"], claims["phone_number"], claims["amr"])
		}
		r.post(httpapi.RouteVerify, mailBody(mailbox, fmt.Sprintf(`,"pin":%q`, r.pin()))).want(t, http.StatusUnauthorized, unauthorized)
		r.wantCalls("send", 1)
		r.wantCalls("resend", 1)
		r.wantCalls("verify", 2)
		r.wantNoCanary()
	})
}

// TestRequirePlusIsAboutNumbers, as the regions and line types are.
func TestRequirePlusIsAboutNumbers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *setup) {
			s.form.RequirePlus = true
			s.guard = guard.Rules{Channels: []otp.Channel{otp.Email}, Regions: []string{"AT"}}
		})
		r.post(httpapi.RouteSend, mailBody(mailbox, "")).wantOK(t)
		r.post(httpapi.RouteVerify, mailBody(mailbox, fmt.Sprintf(`,"pin":%q`, r.pin()))).wantOK(t)
	})
}

// TestRecipients: exactly one of the two, and the sentence about the one that was meant.
func TestRecipients(t *testing.T) {
	const send, resend, verify = httpapi.RouteSend, httpapi.RouteResend, httpapi.RouteVerify
	for _, c := range []refusal{
		{path: send, body: `{}`, want: noNumber},
		{path: send, body: `{"channel":"sms"}`, want: noNumber},
		{path: send, body: `{"channel":"email"}`, want: noEmail},
		{path: send, body: `{"phoneNumber":"","channel":"email"}`, want: noEmail},
		{path: send, body: `{"email":""}`, want: noEmail},
		{path: send, body: `{"email":null}`, want: noNumber},
		{path: send, body: `{"phoneNumber":"+14155552671","email":"a@example.com"}`, want: ambiguous},
		{path: send, body: `{"phoneNumber":"x","email":"y","channel":"fax"}`, want: ambiguous},
		{path: send, body: `{"email":1}`, want: refused("email must be a string.", "field_type")},
		{path: send, body: `{"Email":"a@example.com"}`, want: refused("Unknown field: Email.", "field_unknown")},
		{path: send, body: `{"phoneNumber":"a@example.com"}`, want: badNumberSend},
		{path: send, body: `{"email":"+14155552671"}`, want: badEmail},
		{path: send, body: `{"email":"a@example.com","channel":"sms"}`, want: mismatch},
		{path: send, body: `{"email":"a@example.com","channel":"voice"}`, want: mismatch},
		{path: send, body: `{"phoneNumber":"+14155552671","channel":"email"}`, want: mismatch},
		{path: resend, body: `{"channel":"email"}`, want: noEmailOrID},
		{path: resend, body: `{"email":"a@example.com"}`, want: noEmailOrID},
		{path: resend, body: `{"email":"a@example.com","verificationId":""}`, want: noEmailOrID},
		{path: resend, body: `{"phoneNumber":"+14155552671","channel":"email"}`, want: noNumberOrID},
		{path: resend, body: `{"verificationId":"` + possibleID + `"}`, want: noNumberOrID},
		{path: resend, body: `{"phoneNumber":"+14155552671","email":"a@example.com","verificationId":"` + possibleID + `"}`, want: ambiguous},
		{path: resend, body: `{"email":"a@example.com","verificationId":"` + possibleID + `","channel":"sms"}`, want: mismatch},
		{path: resend, body: `{"email":"a@example.com","verificationId":"x"}`, want: badID},
		{path: verify, body: `{"pin":"123456"}`, want: noNumberOrPIN},
		{path: verify, body: `{"email":"","pin":"123456"}`, want: noEmailOrPIN},
		{path: verify, body: `{"email":"a@example.com"}`, want: noEmailOrPIN},
		{path: verify, body: `{"email":"a@example.com","pin":null}`, want: noEmailOrPIN},
		{path: verify, body: `{"email":"a@example.com","pin":"12345"}`, want: badPIN},
		{path: verify, body: `{"phoneNumber":"+14155552671","email":"a@example.com","pin":"123456"}`, want: ambiguous},
		{path: verify, body: `{"email":"a@example.com","pin":"123456","channel":"email"}`, want: refused("Unknown field: channel.", "field_unknown")},
	} {
		t.Run(c.path+c.body, func(t *testing.T) {
			c.status = http.StatusBadRequest
			c.check(t)
		})
	}
}

// addresses are the examples of pkg/email.
func addresses(t *testing.T) map[string]bool {
	t.Helper()
	raw, err := os.ReadFile("../email/testdata/addresses.json")
	if err != nil {
		t.Fatal(err)
	}
	var examples []struct {
		Address  string
		Accepted bool
	}
	if err := json.Unmarshal(raw, &examples); err != nil {
		t.Fatal(err)
	}
	accepted := map[string]bool{}
	for _, e := range examples {
		accepted[e.Address] = e.Accepted
	}
	return accepted
}

// TestPossibleAddresses: each is sent to, and verified, as it is written but for its letter case.
func TestPossibleAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *setup) {
			s.guard = guard.Rules{Channels: []otp.Channel{otp.Email}}
			s.sendLimit.Attempts, s.verifyLimit.Attempts = 1000, 1000
		})
		for address, accepted := range addresses(t) {
			if !accepted {
				continue
			}
			before := len(r.sim.Outbox(""))
			r.post(httpapi.RouteSend, mailBody(address, "")).wantOK(t)
			arrived := r.sim.Outbox("")[before:]
			if want := strings.ToLower(address); len(arrived) != 1 || arrived[0].To != want {
				t.Errorf("%q: %d messages, want one to %q: %v", address, len(arrived), want, arrived)
				continue
			}
			r.post(httpapi.RouteVerify, mailBody(address, fmt.Sprintf(`,"pin":%q`, arrived[0].PIN))).wantOK(t)
		}
	})
}

// TestImpossibleAddresses: none of them is repaired, on any route.
func TestImpossibleAddresses(t *testing.T) {
	for address, accepted := range addresses(t) {
		if accepted || address == "" {
			continue
		}
		text, err := json.Marshal(address)
		if err != nil {
			t.Fatal(err)
		}
		for path, body := range map[string]string{
			httpapi.RouteSend:   `{"email":` + string(text) + `}`,
			httpapi.RouteResend: `{"email":` + string(text) + `,"verificationId":"` + possibleID + `"}`,
			httpapi.RouteVerify: `{"email":` + string(text) + `,"pin":"123456"}`,
		} {
			c := refusal{path: path, body: body, status: http.StatusBadRequest, want: badEmail}
			c.check(t)
		}
	}
}

// TestAddressAsItIsDescribed: openapi.yaml's pattern lets every address pass that is taken,
// and of the others only what is too long before its @.
func TestAddressAsItIsDescribed(t *testing.T) {
	description, err := openapi3.NewLoader().LoadFromData([]byte(infobipotp.OpenAPI))
	if err != nil {
		t.Fatal(err)
	}
	schema := description.Components.Schemas["Email"].Value
	pattern := regexp.MustCompile(schema.Pattern)
	for address, accepted := range addresses(t) {
		described := pattern.MatchString(address) && uint64(len(address)) <= *schema.MaxLength
		long := strings.IndexByte(address, '@') > 64
		if described != accepted && !long {
			t.Errorf("%q is described: %t, and accepted: %t", address, described, accepted)
		}
	}
}
