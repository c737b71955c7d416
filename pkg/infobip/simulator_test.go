package infobip

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// account is a strict simulator with an application and a template made by the
// provisioning calls, and a client of them.
type account struct {
	*simulator.Simulator
	api         *Provisioner
	client      *Client
	clock       *simulator.MovableClock
	application Application
	message     Message
}

func newAccount(t *testing.T, options simulator.Options, change func(*Application)) *account {
	t.Helper()
	a := &account{clock: simulator.NewClock()}
	options.Strict, options.Key, options.Clock = true, testKey, a.clock
	a.Simulator = simulator.New(options)
	server := httptest.NewServer(a.API())
	t.Cleanup(server.Close)
	t.Cleanup(a.Close)

	var err error
	a.api, err = NewProvisioner(server.URL, false, testKey)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.api.Close)
	application := Application{
		Name:    "sign-up",
		Enabled: new(true),
		Configuration: Configuration{
			PinAttempts:                   new(3),
			AllowMultiplePinVerifications: new(true),
			PinTimeToLive:                 new("10m"),
			VerifyPinLimit:                new("1000/1s"),
			SendPinPerApplicationLimit:    new("10000/1d"),
			SendPinPerPhoneNumberLimit:    new("3/1d"),
		},
	}
	if change != nil {
		change(&application)
	}
	a.application, err = a.api.CreateApplication(t.Context(), application)
	if err != nil {
		t.Fatal(err)
	}
	a.message, err = a.api.CreateMessage(t.Context(), Message{
		ApplicationID: a.application.ID,
		Text:          new("Code: {{pin}}"),
		PinType:       new("NUMERIC"),
		PinLength:     new(6),
	})
	if err != nil {
		t.Fatal(err)
	}
	config := testConfig(server.URL)
	config.ApplicationID, config.MessageID = a.application.ID, a.message.ID
	a.client = newClient(t, config)
	return a
}

// send sends by SMS and returns the pinId, and the PIN that arrived.
func (a *account) send(t *testing.T) (string, string) {
	t.Helper()
	pinID, err := a.client.Send(t.Context(), testRecipient, otp.SMS, otp.Message{})
	if err != nil {
		t.Fatal(err)
	}
	arrived := a.Outbox(testDigits)
	return pinID, arrived[len(arrived)-1].PIN
}

func (a *account) fault(t *testing.T, fault simulator.Fault) {
	t.Helper()
	err := a.AddFault(fault)
	if err != nil {
		t.Fatal(err)
	}
}

func (a *account) verify(t *testing.T, pinID, pin string, want otp.Verdict) {
	t.Helper()
	got, err := a.client.Verify(t.Context(), pinID, testRecipient, pin)
	if err != nil || got != want {
		t.Errorf("verify: got %v, %v, want %v", got, err, want)
	}
}

// other is a PIN of the same form that is not pin.
func other(pin string) string {
	return strings.Map(func(r rune) rune { return '0' + (r-'0'+1)%10 }, pin)
}

// TestSimulatorFlowByEmail: an address is sent to, resent to and verified as a number is, and
// of what the provider rejects nothing is sent.
func TestSimulatorFlowByEmail(t *testing.T) {
	a := newAccount(t, simulator.Options{Strict: true}, nil)
	templateIDs, err := a.ProvisionTemplates(a.application.ID, 6, []simulator.Template{{EmailTemplateID: 1}})
	if err != nil {
		t.Fatal(err)
	}
	mail := otp.Message{ID: templateIDs[0]}
	pinID, err := a.client.Send(t.Context(), testMailbox, otp.Email, mail)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := a.client.Resend(t.Context(), pinID, otp.Email); err != nil || again != pinID {
		t.Errorf("resend: got %q, %v, want the same pinId", again, err)
	}
	arrived := a.Outbox(testAddress)
	if len(arrived) != 2 || arrived[0].Channel != "email" || arrived[0].PIN != arrived[1].PIN || arrived[0].To != testAddress {
		t.Fatalf("%d messages arrived, want the same one twice", len(arrived))
	}
	for pin, want := range map[string]otp.Verdict{other(arrived[0].PIN): otp.Wrong, arrived[0].PIN: otp.Verified} {
		if got, err := a.client.Verify(t.Context(), pinID, testMailbox, pin); err != nil || got != want {
			t.Errorf("verify: got %v, %v, want %v", got, err, want)
		}
	}
	a.fault(t, simulator.Fault{Operation: "send", Times: 1, EmailStatus: new("REJECTED_DESTINATION")})
	_, err = a.client.Send(t.Context(), testMailbox, otp.Email, mail)
	if got := effectOf(t, err); got != otp.NotSent {
		t.Errorf("of a rejected e-mail it says %v, want %v", got, otp.NotSent)
	}
}

func TestSimulatorFlow(t *testing.T) {
	a := newAccount(t, simulator.Options{}, nil)
	err := a.client.Warm(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pinID, pin := a.send(t)
	again, err := a.client.Resend(t.Context(), pinID, otp.Voice)
	if err != nil || again != pinID {
		t.Errorf("resend: got %q, %v, want the same pinId", again, err)
	}
	a.verify(t, pinID, other(pin), otp.Wrong)
	a.verify(t, pinID, pin, otp.Verified)

	byVoice, err := a.client.Send(t.Context(), testRecipient, otp.Voice, otp.Message{})
	if err != nil {
		t.Fatal(err)
	}
	arrived := a.Outbox(testDigits)
	channels := []string{arrived[0].Channel, arrived[1].Channel, arrived[2].Channel}
	if diff := cmp.Diff([]string{"sms", "voice", "voice"}, channels); diff != "" || arrived[1].PIN != pin {
		t.Errorf("outbox (-want +got):\n%s", diff)
	}
	for _, want := range []otp.Verdict{otp.Wrong, otp.Wrong, otp.Exhausted, otp.Exhausted} {
		a.verify(t, byVoice, other(arrived[2].PIN), want)
	}
	a.verify(t, byVoice, arrived[2].PIN, otp.Exhausted)
	a.verify(t, "NOBODY", pin, otp.Gone)
	_, err = a.client.Resend(t.Context(), "NOBODY", otp.SMS)
	if got := effectOf(t, err); got != otp.NotFound {
		t.Errorf("resend of nobody's: got %v, want %v", got, otp.NotFound)
	}

	third, pin := a.send(t)
	a.clock.Advance(10 * time.Minute)
	a.verify(t, third, pin, otp.Gone)
	_, err = a.client.Send(t.Context(), testRecipient, otp.SMS, otp.Message{})
	if got := effectOf(t, err); got != otp.Throttled {
		t.Errorf("a fourth send in a day: got %v, want %v", got, otp.Throttled)
	}
	for _, r := range a.Requests("") {
		if r.Status == 400 {
			t.Errorf("the strict simulator refused %s %s", r.Method, r.Operation)
		}
	}
}

// The readings of the contract that the vendor leaves open all end well.
func TestSimulatorReadings(t *testing.T) {
	for name, options := range map[string]simulator.Options{
		"newer envelope":      {NewEnvelope: true},
		"limits as 400":       {LimitStatus: 400},
		"true remainder":      {TrueRemainder: true},
		"last try no more":    {LastTryNoMore: true},
		"expired as 404":      {ExpiredNotFound: true},
		"ncStatus always":     {NCStatus: simulator.NCAlways},
		"ncStatus null":       {NCStatus: simulator.NCNull},
		"create answers 200":  {CreateStatus: 200},
		"sliding windows":     {SlidingWindows: true},
		"resends count":       {ResendsCount: true},
		"newer cancels older": {SendCancelsOlder: true},
		"V1's ids":            {V1IDs: true},
		"unknown as 400":      {UnknownPINBadRequest: true},
		"unknown as 400, V1":  {UnknownPINBadRequest: true, V1IDs: true},
		"lookup on resend":    {NCOnResend: true},
		"no lookup":           {NCOnResend: true, NCNotConfigured: true},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(t, options, func(application *Application) {
				application.Configuration.VerifyPinLimit = new("6/1m")
			})
			pinID, pin := a.send(t)
			a.verify(t, "NOBODY", pin, otp.Gone)
			_, err := a.client.Resend(t.Context(), "NOBODY", otp.SMS)
			if got := effectOf(t, err); got != otp.NotFound {
				t.Errorf("resend of nobody's: got %v (%v), want %v", got, err, otp.NotFound)
			}
			if !options.ResendsCount {
				again, err := a.client.Resend(t.Context(), pinID, otp.SMS)
				if err != nil || again != pinID {
					t.Errorf("resend: got %q, %v", again, err)
				}
			}
			a.verify(t, pinID, other(pin), otp.Wrong)
			a.verify(t, pinID, pin, otp.Verified)
			pinID, pin = a.send(t)
			for _, want := range []otp.Verdict{otp.Wrong, otp.Wrong, otp.Exhausted, otp.Exhausted} {
				a.verify(t, pinID, other(pin), want)
			}
			_, err = a.client.Verify(t.Context(), pinID, testRecipient, pin)
			if got := effectOf(t, err); got != otp.Throttled {
				t.Errorf("a seventh verify in a minute: got %v (%v), want %v", got, err, otp.Throttled)
			}
			pinID, pin = a.send(t)
			a.clock.Advance(10 * time.Minute)
			a.verify(t, pinID, pin, otp.Gone)
			_, err = a.client.Send(t.Context(), testRecipient, otp.SMS, otp.Message{})
			if got := effectOf(t, err); got != otp.Throttled {
				t.Errorf("a fourth send in a day: got %v (%v), want %v", got, err, otp.Throttled)
			}
		})
	}
}

func TestSimulatorFaults(t *testing.T) {
	send := func(ctx context.Context, a *account) error {
		_, err := a.client.Send(ctx, testRecipient, otp.SMS, otp.Message{})
		return err
	}
	for _, test := range []struct {
		name  string
		fault simulator.Fault
		want  otp.Effect
		sent  int // messages that left
	}{
		{"not sent", simulator.Fault{SMSStatus: new("MESSAGE_NOT_SENT")}, otp.NotSent, 0},
		{"not reachable", simulator.Fault{NCStatus: new("NC_NOT_REACHABLE")}, otp.NotSent, 0},
		{"no pinId", simulator.Fault{Omit: []string{"pinId"}}, otp.Unknown, 1},
		{"500", simulator.Fault{Status: 500}, otp.Unknown, 0},
		{"500 after the effect", simulator.Fault{Status: 500, Effect: new(true)}, otp.Unknown, 1},
		{"dropped before", simulator.Fault{Drop: "before"}, otp.Unknown, 0},
		{"dropped after", simulator.Fault{Drop: "after"}, otp.Unknown, 1},
		{"dropped during", simulator.Fault{Drop: "during"}, otp.Unknown, 1},
		{"HTML", simulator.Fault{Body: new("<html></html>"), ContentType: new("text/html")}, otp.Unknown, 1},
		{"throttled", simulator.Fault{Status: 429, Envelope: "new"}, otp.Throttled, 0},
		{"forbidden", simulator.Fault{Status: 403, MessageID: new("UNAUTHORIZED")}, otp.Refused, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newAccount(t, simulator.Options{}, nil)
			test.fault.Operation, test.fault.Times = "send", 1
			a.fault(t, test.fault)
			if got := effectOf(t, send(t.Context(), a)); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
			if got := len(a.Outbox("")); got != test.sent {
				t.Errorf("%d messages left, want %d", got, test.sent)
			}
			if got := len(a.Requests("send")); got != 1 {
				t.Errorf("%d sends reached the provider, want 1", got)
			}
		})
	}
}

// The answer to a right PIN is lost, and the provider says the same once more.
func TestSimulatorVerifyAnswerLost(t *testing.T) {
	for _, drop := range []string{"before", "after", "during"} {
		a := newAccount(t, simulator.Options{}, nil)
		pinID, pin := a.send(t)
		a.fault(t, simulator.Fault{Operation: "verify", Times: 1, Drop: drop})
		a.verify(t, pinID, pin, otp.Verified)
		if got := len(a.Requests("verify")); got != 2 {
			t.Errorf("%s: %d verifies, want 2", drop, got)
		}
	}
}

// Where the application allows one verification of a PIN, a lost success stays lost:
// the repeat learns that the PIN was verified, and not by whom.
func TestSimulatorVerifiedOnce(t *testing.T) {
	for _, status := range []int{400, 409} {
		a := newAccount(t, simulator.Options{VerifiedStatus: status}, func(application *Application) {
			application.Configuration.AllowMultiplePinVerifications = new(false)
		})
		pinID, pin := a.send(t)
		a.fault(t, simulator.Fault{Operation: "verify", Times: 1, Drop: "after"})
		_, err := a.client.Verify(t.Context(), pinID, testRecipient, pin)
		if got := effectOf(t, err); got != otp.Unknown {
			t.Errorf("%d: the repeat: got %v (%v), want %v", status, got, err, otp.Unknown)
		}
		if got := len(a.Requests("verify")); got != 2 {
			t.Errorf("%d: %d verifies, want 2", status, got)
		}
		a.verify(t, pinID, pin, otp.Gone)
		pinID, pin = a.send(t)
		a.fault(t, simulator.Fault{Operation: "verify", Times: 1, Drop: "before"})
		a.verify(t, pinID, pin, otp.Verified)
	}
}

// The path is wrong: no code ends.
func TestSimulatorWrongPath(t *testing.T) {
	a := newAccount(t, simulator.Options{}, nil)
	pinID, pin := a.send(t)
	right := a.client.wire.base
	a.client.wire.base = right + "/v2"
	_, err := a.client.Verify(t.Context(), pinID, testRecipient, pin)
	if got := effectOf(t, err); got != otp.Refused {
		t.Errorf("verify: got %v (%v), want %v", got, err, otp.Refused)
	}
	_, err = a.client.Resend(t.Context(), pinID, otp.SMS)
	if got := effectOf(t, err); got != otp.Refused {
		t.Errorf("resend: got %v (%v), want %v", got, err, otp.Refused)
	}
	a.client.wire.base = right
	a.verify(t, pinID, pin, otp.Verified)
}
