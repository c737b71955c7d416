package otp_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/otp/otptest"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

func TestSendThenVerify(t *testing.T) {
	r := newRig(&otptest.Provider{})
	receipt := r.mustSend(t, otptest.Alice)
	if !otp.ValidVerificationID(receipt.VerificationID) {
		t.Errorf("verification id %q is not of the form that is promised", receipt.VerificationID)
	}
	if want := otptest.Start.Add(r.policy.PINTTL); !receipt.ExpiresAt.Equal(want) {
		t.Errorf("expires at %s, want %s", receipt.ExpiresAt, want)
	}
	if want := otptest.Start.Add(r.policy.SendCooldown); !receipt.ResendAt.Equal(want) {
		t.Errorf("resend at %s, want %s", receipt.ResendAt, want)
	}
	pin := r.provider.PIN(otptest.Alice)
	if err := r.verify(t, otptest.Alice, receipt.VerificationID, pin, ""); err != nil {
		t.Fatalf("right PIN: %v", err)
	}
	wantReason(t, r.verify(t, otptest.Alice, receipt.VerificationID, pin, ""), otp.InvalidOrExpired)
}

// What the provider did decides what is given back and what the caller hears.
func TestSendOutcomes(t *testing.T) {
	const throttledFor = 90 * time.Second
	throttled := otptest.ProviderFailure(otp.Throttled)
	throttled.RetryAfter = throttledFor
	noKey := otptest.ProviderFailure(otp.NotSent)
	noKey.Err = otp.ErrUnavailable
	tests := []struct {
		name   string
		fault  otptest.Fault
		reason otp.Reason
		wait   time.Duration
		total  int
		state  otp.State // empty: as if it had never been
	}{
		{"answer lost, message out", otptest.Fault{Err: otptest.ProviderFailure(otp.Unknown), Effect: true}, otp.SendUnconfirmed, 30 * time.Second, 1, otp.StateSending},
		{"answer lost, nothing out", otptest.Fault{Err: otptest.ProviderFailure(otp.Unknown)}, otp.SendUnconfirmed, 30 * time.Second, 1, otp.StateSending},
		{"not sent", otptest.Fault{Err: otptest.ProviderFailure(otp.NotSent)}, otp.SendFailed, 0, 0, otp.StateFailed},
		{"refused", otptest.Fault{Err: otptest.ProviderFailure(otp.Refused)}, otp.SendFailed, 0, 0, otp.StateFailed},
		{"not found is no word about a code", otptest.Fault{Err: otptest.ProviderFailure(otp.NotFound)}, otp.SendFailed, 0, 0, otp.StateFailed},
		{"throttled", otptest.Fault{Err: throttled}, otp.ProviderThrottled, throttledFor, 0, otp.StateFailed},
		{"no secret: nothing was asked", otptest.Fault{Err: noKey}, otp.Unavailable, 0, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(&otptest.Provider{Misbehave: always(otptest.Send, tt.fault)})
			_, err := r.send(t, otptest.Alice, "")
			if got := wantReason(t, err, tt.reason).RetryAfter; got != tt.wait {
				t.Errorf("retry after %s, want %s", got, tt.wait)
			}
			n := r.state(t, otptest.Alice)
			if n.Sends != 0 || n.Total != tt.total {
				t.Errorf("%d sends and a total of %d stay charged, want 0 and %d", n.Sends, n.Total, tt.total)
			}
			cooldown := otptest.Start
			if tt.state == "" {
				if len(n.Verifications) != 0 {
					t.Errorf("%d verifications are kept", len(n.Verifications))
				}
			} else {
				cooldown = cooldown.Add(30 * time.Second)
				if got := n.Verifications[0].State; got != tt.state {
					t.Errorf("state is %s, want %s", got, tt.state)
				}
			}
			if !n.NextSendAt.Equal(cooldown) {
				t.Errorf("next send at %s, want %s", n.NextSendAt, cooldown)
			}
			if got := len(r.provider.Calls(otptest.Send)); got != 1 {
				t.Errorf("%d calls, want 1", got)
			}
		})
	}
}

// errors that are no *ProviderError mean the most cautious thing.
type untypedProvider struct{ otp.Provider }

func (untypedProvider) Send(context.Context, recipient.Recipient, otp.Channel, otp.Message) (string, error) {
	return "", errors.New("something else")
}

func TestSendErrorOfUnknownKindIsUnconfirmed(t *testing.T) {
	r := newRig(&otptest.Provider{})
	r.service.Provider = untypedProvider{}
	_, err := r.send(t, otptest.Alice, "")
	wantReason(t, err, otp.SendUnconfirmed)
	if got := r.state(t, otptest.Alice).Total; got != 1 {
		t.Fatalf("a total of %d stays charged, want 1", got)
	}
}

func TestOneKeyOneMessage(t *testing.T) {
	r := newRig(&otptest.Provider{})
	r.service.Messages = languages{otp.SMS: {"", "de"}, otp.Voice: {""}}
	first, err := r.send(t, otptest.Alice, "key")
	if err != nil {
		t.Fatal(err)
	}
	r.clock.Advance(9 * time.Minute)
	var trace otp.Trace
	c := caller("key")
	c.Trace = &trace
	again, err := r.service.Send(t.Context(), otp.SendRequest{Caller: c, To: otptest.Alice, Channel: otp.SMS})
	if err != nil || again != first {
		t.Fatalf("repeat gives %+v, %v; want the first answer %+v", again, err, first)
	}
	if !trace.Repeat || trace.ProviderOutcome != "" {
		t.Errorf("trace is %+v, want a repeat that asked nobody", trace)
	}
	if got := r.provider.Delivered(); got != 1 {
		t.Fatalf("%d messages, want 1", got)
	}
	_, err = r.service.Send(t.Context(), otp.SendRequest{Caller: caller("key"), To: otptest.Alice, Channel: otp.Voice})
	wantReason(t, err, otp.KeyReused)
	_, err = r.service.Send(t.Context(), otp.SendRequest{Caller: caller("key"), To: otptest.Alice, Channel: otp.SMS, Locale: "de"})
	wantReason(t, err, otp.KeyReused)
	r.clock.Advance(time.Hour)
	_, err = r.send(t, otptest.Alice, "key")
	wantReason(t, err, otp.KeyExpired)
	if got := r.provider.Delivered(); got != 1 {
		t.Fatalf("%d messages, want 1", got)
	}
}

// An idempotency key's scope is the route and the number.
func TestKeysOfOthersDoNotMeet(t *testing.T) {
	r := newRig(&otptest.Provider{})
	alice, err := r.send(t, otptest.Alice, "key")
	if err != nil {
		t.Fatal(err)
	}
	bob, err := r.send(t, otptest.Bob, "key")
	if err != nil {
		t.Fatal(err)
	}
	if alice.VerificationID == bob.VerificationID {
		t.Error("two numbers share a verification id")
	}
	r.clock.Advance(time.Minute)
	if _, err := r.resend(t, otptest.Alice, alice.VerificationID, "key"); err != nil {
		t.Errorf("the send's key on a resend: %v", err)
	}
	if _, err := r.resend(t, otptest.Alice, alice.VerificationID, "key"); err != nil {
		t.Errorf("the resend's repeat: %v", err)
	}
	r.clock.Advance(time.Minute)
	if _, err := r.send(t, otptest.Alice, "other key"); err != nil {
		t.Errorf("another key: %v", err)
	}
	if got := r.provider.Delivered(); got != 4 {
		t.Errorf("%d messages, want 4", got)
	}
}

// An unconfirmed send is an answer too: its repeat gets it again and sends nothing.
func TestUnconfirmedStaysUnconfirmedUnderItsKey(t *testing.T) {
	r := newRig(&otptest.Provider{Misbehave: always(otptest.Send, otptest.Fault{Err: otptest.ProviderFailure(otp.Unknown), Effect: true})})
	for range 3 {
		_, err := r.send(t, otptest.Alice, "key")
		wantReason(t, err, otp.SendUnconfirmed)
		r.clock.Advance(3 * time.Minute)
	}
	if got := r.provider.Delivered(); got != 1 {
		t.Fatalf("%d messages, want 1", got)
	}
}

func TestResend(t *testing.T) {
	r := newRig(&otptest.Provider{NewHandles: true})
	sent := r.mustSend(t, otptest.Alice)
	pin := r.provider.PIN(otptest.Alice)
	r.clock.Advance(30 * time.Second)
	resent, err := r.resend(t, otptest.Alice, sent.VerificationID, "")
	if err != nil {
		t.Fatal(err)
	}
	if resent.VerificationID != sent.VerificationID || !resent.ExpiresAt.Equal(sent.ExpiresAt) {
		t.Errorf("resend gives %+v, want the id and the life of %+v", resent, sent)
	}
	if want := otptest.Start.Add(90 * time.Second); !resent.ResendAt.Equal(want) {
		t.Errorf("next resend at %s, want %s: the cooldown doubles", resent.ResendAt, want)
	}
	if err := r.verify(t, otptest.Alice, sent.VerificationID, pin, ""); err != nil {
		t.Errorf("the PIN under its new handle: %v", err)
	}
}

func TestResendOutcomes(t *testing.T) {
	tests := []struct {
		name   string
		effect otp.Effect
		reason otp.Reason
		total  int
		state  otp.State
	}{
		{"answer lost", otp.Unknown, otp.SendUnconfirmed, 2, otp.StateActive},
		{"not sent", otp.NotSent, otp.SendFailed, 1, otp.StateActive},
		{"refused", otp.Refused, otp.SendFailed, 1, otp.StateActive},
		{"throttled", otp.Throttled, otp.ProviderThrottled, 1, otp.StateActive},
		{"not known to the provider", otp.NotFound, otp.InvalidOrExpired, 1, otp.StateExpired},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(&otptest.Provider{Misbehave: always(otptest.Resend, otptest.Fault{Err: otptest.ProviderFailure(tt.effect)})})
			sent := r.mustSend(t, otptest.Alice)
			r.clock.Advance(time.Minute)
			_, err := r.resend(t, otptest.Alice, sent.VerificationID, "")
			wantReason(t, err, tt.reason)
			n := r.state(t, otptest.Alice)
			if n.Total != tt.total || n.Verifications[0].State != tt.state {
				t.Errorf("a total of %d charged, state %s; want %d, %s", n.Total, n.Verifications[0].State, tt.total, tt.state)
			}
		})
	}
}

func TestForeignResendReachesNobody(t *testing.T) {
	r := newRig(&otptest.Provider{})
	alice := r.mustSend(t, otptest.Alice)
	r.mustSend(t, otptest.Bob)
	r.clock.Advance(time.Minute)
	_, err := r.resend(t, otptest.Bob, alice.VerificationID, "")
	wantReason(t, err, otp.InvalidOrExpired)
	if got := len(r.provider.Calls(otptest.Resend)); got != 0 {
		t.Fatalf("%d resends reached the provider", got)
	}
}

func TestAddressRefusalCostsNothing(t *testing.T) {
	refused := errors.New("address is over its limit")
	for _, failLoad := range []bool{false, true} {
		r := newRig(&otptest.Provider{})
		r.service.Store = &failingStore{Store: r.store, failLoad: failLoad}
		c := caller("")
		c.Count = func(context.Context) func() (string, error) {
			return func() (string, error) { return "", refused }
		}
		_, err := r.service.Send(t.Context(), otp.SendRequest{Caller: c, To: otptest.Alice, Channel: otp.SMS})
		if !errors.Is(err, refused) {
			t.Errorf("load fails %t: error is %v, want the address's refusal", failLoad, err)
		}
		_, err = r.service.Verify(t.Context(), otp.VerifyRequest{Caller: c, To: otptest.Alice, PIN: wrongPIN})
		if !errors.Is(err, refused) {
			t.Errorf("load fails %t: error is %v, want the address's refusal", failLoad, err)
		}
		if got := len(r.provider.Calls("")); got != 0 {
			t.Errorf("%d calls reached the provider", got)
		}
		if n := r.state(t, otptest.Alice); n.Sends != 0 {
			t.Errorf("%d sends were charged", n.Sends)
		}
	}
}

func TestValidVerificationID(t *testing.T) {
	valid := "AAAAAAAAAAAAAAAAAAAAAA"
	if !otp.ValidVerificationID(valid) {
		t.Errorf("%q is refused", valid)
	}
	for _, id := range []string{"", "A", valid + "A", valid[:21], valid[:21] + "B", valid[:21] + "=", valid[:21] + "+", valid[:20] + "\n\n", valid + "\n", valid[:21] + "é"} {
		if otp.ValidVerificationID(id) {
			t.Errorf("%q is taken", id)
		}
	}
}

// What is decided must be what is stored: a store keeps milliseconds, and a moment
// that changes on its way there would be compared with another one later.
func TestMomentsAreWhatAStoreKeeps(t *testing.T) {
	r := newRig(&otptest.Provider{})
	r.clock.Advance(1234567 * time.Nanosecond)
	receipt := r.mustSend(t, otptest.Alice)
	if want := otptest.Start.Add(r.policy.PINTTL + time.Millisecond); !receipt.ExpiresAt.Equal(want) {
		t.Errorf("expires at %s, want %s", receipt.ExpiresAt, want)
	}
}

func TestVerificationIDsAreRandom(t *testing.T) {
	seen := map[string]bool{}
	for range 50 {
		r := newRig(&otptest.Provider{})
		id := r.mustSend(t, otptest.Alice).VerificationID
		if seen[id] {
			t.Fatal("an id came twice")
		}
		seen[id] = true
	}
}

// Whichever wait is longer is told, the provider's or the cooldown's, and none that is over.
func TestWaitsAfterTheProvidersAnswer(t *testing.T) {
	throttled := otptest.ProviderFailure(otp.Throttled)
	throttled.RetryAfter = time.Second
	for name, c := range map[string]struct {
		fault *otp.ProviderError
		took  time.Duration
		want  time.Duration
	}{
		"throttled, and the cooldown is longer": {throttled, 0, 30 * time.Second},
		"throttled, and the cooldown is over":   {throttled, time.Minute, time.Second},
		"answer lost":                           {otptest.ProviderFailure(otp.Unknown), 0, 30 * time.Second},
		"answer lost, and the cooldown is over": {otptest.ProviderFailure(otp.Unknown), time.Minute, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(&otptest.Provider{Misbehave: always(otptest.Send, otptest.Fault{Err: c.fault})})
			r.provider.Hold = func(otptest.Operation) { r.clock.Advance(c.took) }
			_, err := r.send(t, otptest.Alice, "")
			failure, ok := errors.AsType[*otp.Error](err)
			if !ok || failure.RetryAfter != c.want {
				t.Errorf("error is %+v, want one with a wait of %s", failure, c.want)
			}
		})
	}
}

func TestClientsAreKeptAsShortHashes(t *testing.T) {
	r := newRig(&otptest.Provider{})
	for to, client := range map[recipient.Recipient]string{otptest.Alice: "203.0.113.7", otptest.Bob: ""} {
		c := caller("")
		c.Client = client
		if _, err := r.service.Send(t.Context(), otp.SendRequest{Caller: c, To: to, Channel: otp.SMS}); err != nil {
			t.Fatal(err)
		}
	}
	kept := r.state(t, otptest.Alice).Senders[0].Client
	if len(kept) != 8 || kept == "203.0.1" {
		t.Errorf("a client is kept as %q, want 8 characters of a hash", kept)
	}
	if kept := r.state(t, otptest.Bob).Senders[0].Client; kept != "" {
		t.Errorf("a client that is not known is kept as %q", kept)
	}
}
