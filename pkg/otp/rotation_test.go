package otp_test

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/otp/otptest"
	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// A ledger leaves the old key with the first save after it has settled, with all that it
// remembers, and the key is needed no more.
func TestLedgerMovesToTheNewKeyOnceItHasSettled(t *testing.T) {
	newer, err := pseudonym.NewKey("2", []byte("fedcba9876543210fedcba9876543210"))
	if err != nil {
		t.Fatal(err)
	}
	older := otptest.Keyring()
	r := newRig(&otptest.Provider{})
	as := func(keys ...otp.Keyring) otp.Caller { return otp.Caller{Keyrings: keys, Client: home} }
	send := func(keys ...otp.Keyring) error {
		_, err := r.service.Send(t.Context(), otp.SendRequest{Caller: as(keys...), To: otptest.Alice, Channel: otp.SMS})
		return err
	}
	verify := func(pin string, keys ...otp.Keyring) error {
		_, err := r.service.Verify(t.Context(), otp.VerifyRequest{Caller: as(keys...), To: otptest.Alice, PIN: pin})
		return err
	}
	under := func(key otp.Keyring) *otp.Ledger {
		l, _, err := r.store.Load(t.Context(), key.LedgerKey(otptest.Alice))
		if err != nil {
			t.Fatal(err)
		}
		return &l
	}
	if err := send(older); err != nil {
		t.Fatal(err)
	}
	wantReason(t, verify(wrongPIN, older), otp.InvalidOrExpired)
	r.clock.Advance(time.Minute)
	// The rotation: the code is found, and stays where it is.
	wantReason(t, verify(wrongPIN, newer, older), otp.InvalidOrExpired)
	if !under(newer).IsZero() || under(older).FailuresInARow(r.policy) != 2 {
		t.Fatalf("under the new key is %+v, under the old one %+v", under(newer), under(older))
	}
	r.clock.Advance(r.policy.SendLimit.Window + r.policy.PINTTL)
	if err := send(newer, older); err != nil {
		t.Fatal(err)
	}
	if got := under(newer).FailuresInARow(r.policy); got != 2 {
		t.Errorf("%d failures in a row came along, want 2", got)
	}
	if err := verify(r.provider.PIN(otptest.Alice), newer, older); err != nil {
		t.Errorf("with both keys: %v", err)
	}
	r.clock.Advance(time.Hour)
	if err := send(newer); err != nil {
		t.Fatal(err)
	}
	if err := verify(r.provider.PIN(otptest.Alice), newer); err != nil {
		t.Errorf("without the old key: %v", err)
	}
}

// plainRing is a keyring that anybody can read.
type plainRing string

func (k plainRing) LedgerKey(r recipient.Recipient) string { return string(k) + r.Canonical() }

func (k plainRing) Derive(label string, parts ...string) [16]byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %q", k, label, parts))
	return [16]byte(sum[:16])
}

// A rotation of the key must not lose what is kept under the old one, nor what was derived
// from it.
func TestWhatAnOlderKeyringKeepsIsFound(t *testing.T) {
	r := newRig(&otptest.Provider{})
	as := func(key string, keyrings ...otp.Keyring) otp.Caller {
		c := caller(key)
		c.Keyrings = keyrings
		return c
	}
	first, err := r.service.Send(t.Context(), otp.SendRequest{Caller: as("key", plainRing("old")), To: otptest.Alice, Channel: otp.SMS})
	if err != nil {
		t.Fatal(err)
	}
	rotating := as("key", plainRing("new"), plainRing("old"))
	again, err := r.service.Send(t.Context(), otp.SendRequest{Caller: rotating, To: otptest.Alice, Channel: otp.SMS})
	if err != nil || again != first || r.provider.Delivered() != 1 {
		t.Errorf("the repeat of a send during a rotation: %+v, %v, %d messages", again, err, r.provider.Delivered())
	}
	success, err := r.service.Verify(t.Context(), otp.VerifyRequest{Caller: rotating, To: otptest.Alice, PIN: r.right()})
	if err != nil || success.VerificationID != first.VerificationID {
		t.Errorf("a code of before the rotation: %+v, %v", success, err)
	}
	success, err = r.service.Verify(t.Context(), otp.VerifyRequest{Caller: rotating, To: otptest.Alice, PIN: r.provider.PIN(otptest.Alice)})
	if err != nil || !success.Repeat {
		t.Errorf("the repeat of a success: %+v, %v", success, err)
	}
}

func TestLoadFailsDuringARotation(t *testing.T) {
	r := newRig(&otptest.Provider{})
	r.service.Store = &failingStore{Store: r.store, failLoad: true}
	c := caller("")
	c.Keyrings = []otp.Keyring{plainRing("new"), plainRing("old")}
	_, err := r.service.Send(t.Context(), otp.SendRequest{Caller: c, To: otptest.Alice, Channel: otp.SMS})
	wantReason(t, err, otp.Unavailable)
}
