package secrets_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/phone"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
	"github.com/seed-a131a524/infobip-otp/pkg/secrets"
	"github.com/seed-a131a524/infobip-otp/pkg/store"
)

const rightPIN, wrongPIN = "123456", "654321"

// countingProvider takes one PIN for right, and counts what it was asked.
type countingProvider struct{ sends, resends, verifies int }

func (p *countingProvider) Send(context.Context, recipient.Recipient, otp.Channel, otp.Message) (string, error) {
	p.sends++
	return fmt.Sprintf("pin-%d", p.sends), nil
}

func (p *countingProvider) Resend(_ context.Context, pinID string, _ otp.Channel) (string, error) {
	p.resends++
	return pinID, nil
}

func (p *countingProvider) Verify(_ context.Context, _ string, _ recipient.Recipient, pin string) (otp.Verdict, error) {
	p.verifies++
	if pin == rightPIN {
		return otp.Verified, nil
	}
	return otp.Wrong, nil
}

// rotation is the service on one table while its phone key changes from 1 to 2 at
// switchAt. Every environment has a Source and a clock of its own.
type rotation struct {
	t        *testing.T
	clock    *setClock // of the table and of the service
	provider *countingProvider
	service  *otp.Service
	to       recipient.Recipient
}

func newRotation(t *testing.T) *rotation {
	t.Helper()
	clock := &setClock{now: switchAt.Add(-time.Minute)}
	provider := &countingProvider{}
	return &rotation{
		t: t, clock: clock, provider: provider, to: somebody(t),
		service: &otp.Service{Store: store.NewMemory(clock), Provider: provider, Clock: clock, Policy: otp.DefaultPolicy()},
	}
}

// at is an environment at a moment, given as its distance from the switch.
func (r *rotation) at(off time.Duration) *rotation {
	r.clock.set(switchAt.Add(off))
	return r
}

// caller is who asks, in an environment whose clock is ahead of the others' by skew.
func (r *rotation) caller(key string, skew time.Duration) otp.Caller {
	r.t.Helper()
	source := secrets.NewSource(secrets.Static(rotating(r.t, "2", switchAt, "1", "2")), &setClock{now: r.clock.Now().Add(skew)})
	source.Memory = memory
	keys, err := source.PhoneKeys(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	caller := otp.Caller{IdempotencyKey: key, Client: "203.0.113.1"}
	for _, key := range keys.Ledgers {
		caller.Keyrings = append(caller.Keyrings, key)
	}
	return caller
}

func (r *rotation) send(key string, skew time.Duration) (string, error) {
	r.t.Helper()
	receipt, err := r.service.Send(r.t.Context(), otp.SendRequest{Caller: r.caller(key, skew), To: r.to, Channel: otp.SMS})
	return receipt.VerificationID, err
}

func (r *rotation) sent(key string, skew time.Duration) string {
	r.t.Helper()
	id, err := r.send(key, skew)
	if err != nil {
		r.t.Fatalf("send: %v", err)
	}
	return id
}

func (r *rotation) resend(id string) error {
	r.t.Helper()
	_, err := r.service.Resend(r.t.Context(), otp.ResendRequest{Caller: r.caller("", 0), To: r.to, VerificationID: id})
	return err
}

func (r *rotation) verify(id, pin, key string, skew time.Duration) (otp.Success, error) {
	r.t.Helper()
	return r.service.Verify(r.t.Context(), otp.VerifyRequest{Caller: r.caller(key, skew), To: r.to, PIN: pin, VerificationID: id})
}

func (r *rotation) wantReason(what string, err error, want otp.Reason) {
	r.t.Helper()
	if refused, ok := errors.AsType[*otp.Error](err); !ok || refused.Reason != want {
		r.t.Errorf("%s: %v, want %s", what, err, want)
	}
}

// keptUnder wants the recipient's ledger under one version of the key, and nothing under
// the other.
func (r *rotation) keptUnder(version string) {
	r.t.Helper()
	for _, key := range rotating(r.t, "2", switchAt, "1", "2").PhoneKeys(switchAt, memory).Ledgers {
		_, revision, err := r.service.Store.Load(r.t.Context(), key.LedgerKey(r.to))
		if err != nil {
			r.t.Fatal(err)
		}
		if got := revision != ""; got != (key.Version() == version) {
			r.t.Errorf("something is kept under key %s: %v, want it under %s", key.Version(), got, version)
		}
	}
}

// TestCodeSurvivesTheSwitch: a right PIN is right whenever its code was sent, with its id
// and without.
func TestCodeSurvivesTheSwitch(t *testing.T) {
	for name, c := range map[string]struct {
		sent, verified        time.Duration
		senderSkew, checkSkew time.Duration
		named                 bool
		version               string // under which it is kept
	}{
		"before and after, named":       {sent: -time.Second, verified: time.Second, named: true, version: "1"},
		"before and after, nameless":    {sent: -time.Second, verified: time.Second, version: "1"},
		"before and long after":         {sent: -time.Second, verified: 9 * time.Minute, version: "1"},
		"both before":                   {sent: -time.Minute, verified: -time.Second, version: "1"},
		"both after":                    {sent: 0, verified: time.Minute, version: "2"},
		"at the switch":                 {sent: -1, verified: 0, version: "1"},
		"sent by a clock that is ahead": {sent: -3 * time.Second, senderSkew: 5 * time.Second, verified: -time.Second, version: "2"},
		"checked by one that is behind": {sent: time.Second, verified: 2 * time.Second, checkSkew: -5 * time.Second, version: "2"},
		"sent by one that is behind":    {sent: 3 * time.Second, senderSkew: -5 * time.Second, verified: 4 * time.Second, version: "1"},
		"far apart":                     {sent: -5 * time.Minute, senderSkew: time.Hour, verified: -time.Second, checkSkew: -time.Hour, version: "2"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRotation(t)
			id := r.at(c.sent).sent("", c.senderSkew)
			r.keptUnder(c.version)
			named := ""
			if c.named {
				named = id
			}
			r.at(c.verified)
			got, err := r.verify(named, rightPIN, "key", c.checkSkew)
			if err != nil || got.VerificationID != id || got.Repeat {
				t.Errorf("the right PIN: %+v, %v; want a success of %s", got, err, id)
			}
			// Its repeat is the same success, and a second use none.
			again, err := r.verify(named, rightPIN, "key", 0)
			if err != nil || !again.Repeat || again.At != got.At {
				t.Errorf("its repeat: %+v, %v", again, err)
			}
			_, err = r.verify(named, rightPIN, "", 0)
			r.wantReason("a second use", err, otp.InvalidOrExpired)
			if r.provider.sends != 1 || r.provider.verifies != 1 {
				t.Errorf("the provider was asked for %d sends and %d verifies, want one of each", r.provider.sends, r.provider.verifies)
			}
			r.keptUnder(c.version)
		})
	}
}

// TestRepeatsAcrossTheSwitch: one idempotency key causes one message.
func TestRepeatsAcrossTheSwitch(t *testing.T) {
	r := newRotation(t)
	id := r.at(-time.Second).sent("key", 0)
	for _, off := range []time.Duration{-1, 0, time.Second, 9 * time.Minute} {
		for _, skew := range []time.Duration{0, -5 * time.Second, 5 * time.Second} {
			if got := r.at(off).sent("key", skew); got != id {
				t.Errorf("%s after the switch, %s ahead: the repeat is %s, want %s", off, skew, got, id)
			}
		}
	}
	if r.provider.sends != 1 {
		t.Errorf("%d messages, want 1", r.provider.sends)
	}
	r.keptUnder("1")
}

// TestLimitsSurviveTheSwitch: nobody gets more of anything because a key changed.
func TestLimitsSurviveTheSwitch(t *testing.T) {
	t.Run("cooldown", func(t *testing.T) {
		r := newRotation(t)
		id := r.at(-time.Second).sent("", 0)
		r.at(0)
		_, err := r.send("", 0)
		r.wantReason("a send in the cooldown", err, otp.CoolingDown)
		r.wantReason("a resend in the cooldown", r.resend(id), otp.CoolingDown)
		r.at(40 * time.Second)
		if err := r.resend(id); err != nil {
			t.Errorf("a resend after the cooldown: %v", err)
		}
		if r.provider.sends != 1 || r.provider.resends != 1 {
			t.Errorf("%d sends and %d resends, want one of each", r.provider.sends, r.provider.resends)
		}
	})
	t.Run("sends", func(t *testing.T) {
		r := newRotation(t)
		r.service.Policy.SendCooldown = 0
		for range r.service.Policy.ClientSendLimit.Attempts {
			r.at(-time.Second).sent("", 0)
		}
		_, err := r.at(0).send("", 0)
		r.wantReason("one send more", err, otp.RecipientLimited)
		_, err = r.at(23*time.Hour).send("", 0)
		r.wantReason("one send more, hours later", err, otp.RecipientLimited)
	})
	t.Run("attempts", func(t *testing.T) {
		r := newRotation(t)
		r.service.Policy.VerifySpacing = 0
		id := r.at(-time.Second).sent("", 0)
		for i := range r.service.Policy.PINAttempts {
			if i == 2 {
				r.at(0)
			}
			_, err := r.verify(id, wrongPIN, "", 0)
			r.wantReason("a wrong PIN", err, otp.InvalidOrExpired)
		}
		_, err := r.verify(id, rightPIN, "", 0)
		r.wantReason("the right PIN after too many wrong ones", err, otp.InvalidOrExpired)
	})
	t.Run("a closed number", func(t *testing.T) {
		r := newRotation(t)
		r.service.Policy.FailureLimit, r.service.Policy.VerifySpacing, r.service.Policy.SendCooldown = 1, 0, 0
		id := r.at(-time.Second).sent("", 0)
		_, err := r.verify(id, wrongPIN, "", 0)
		r.wantReason("a wrong PIN", err, otp.InvalidOrExpired)
		_, err = r.at(0).verify(id, rightPIN, "", 0)
		r.wantReason("the right PIN of a closed number", err, otp.InvalidOrExpired)
		_, err = r.at(time.Hour).send("", 0)
		r.wantReason("a send to a closed number", err, otp.RecipientLimited)
	})
}

// TestNewLedgersAreUnderTheNewKey: a rotation comes to an end.
func TestNewLedgersAreUnderTheNewKey(t *testing.T) {
	r := newRotation(t)
	r.at(0).sent("", 0)
	r.keptUnder("2")
	n, err := phone.Parse("+447400123456")
	if err != nil {
		t.Fatal(err)
	}
	r.to = recipient.OfPhone(n)
	r.at(-1).sent("", 0)
	r.keptUnder("1")
	// What was forgotten meanwhile begins anew under the new key.
	r.at(48*time.Hour).sent("", 0)
	if _, err := r.verify("", rightPIN, "", 0); err != nil {
		t.Error(err)
	}
	r.keptUnder("2")
}
