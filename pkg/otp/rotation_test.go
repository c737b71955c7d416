package otp_test

import (
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/otp/otptest"
	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
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
