package otp_test

import (
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/otp/otptest"
	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
)

// TestTestCodeEndsWithItsRecipient, although the list is prolonged afterwards.
func TestTestCodeEndsWithItsRecipient(t *testing.T) {
	r := newTestRig()
	r.clock.Advance(55 * time.Minute)
	sent := r.mustSend(t, otptest.Alice)
	won := r.mustSend(t, otptest.Alice)
	if !sent.ExpiresAt.Equal(r.list.ends) {
		t.Errorf("the code ends at %s, want %s", sent.ExpiresAt, r.list.ends)
	}
	if _, err := r.try(t, won.VerificationID, otptest.TestPIN, "key"); err != nil {
		t.Fatal(err)
	}
	r.clock.Advance(5 * time.Minute)
	for _, prolonged := range []time.Duration{0, 24 * time.Hour} {
		r.list.ends = otptest.Start.Add(time.Hour + prolonged)
		failure := wantReason(t, r.verify(t, otptest.Alice, sent.VerificationID, otptest.TestPIN, ""), otp.InvalidOrExpired)
		if failure.Code != otp.CodeExpired {
			t.Errorf("prolonged by %s the code is %q", prolonged, failure.Code)
		}
		if _, err := r.try(t, won.VerificationID, otptest.TestPIN, "key"); err == nil {
			t.Errorf("prolonged by %s a success of before is repeated", prolonged)
		}
	}
	r.unsent(t)
}

// TestTestTimeLeavesNothingBehind but failures: afterwards a recipient has all it would
// have had, and is known no more than before.
func TestTestTimeLeavesNothingBehind(t *testing.T) {
	r := newTestRig()
	for range 3 {
		id := r.mustSend(t, otptest.Alice).VerificationID
		wantReason(t, r.verify(t, otptest.Alice, id, wrongPIN, ""), otp.InvalidOrExpired)
		if _, err := r.try(t, id, otptest.TestPIN, ""); err != nil {
			t.Fatal(err)
		}
	}
	r.clock.Advance(time.Hour)
	r.guard.refuses = nil
	r.mustSend(t, otptest.Alice)
	l := r.state(t, otptest.Alice)
	if l.Sends != 1 || l.Total != 1 || l.Known() || l.FailuresInARow(r.policy) != 3 || l.NextSendAt != r.clock.Now().Add(r.policy.SendCooldown) {
		t.Errorf("afterwards: %+v", l)
	}
	if r.guard.charges != 1 || len(r.provider.Calls(otptest.Send)) != 1 {
		t.Errorf("%d charges and %d sends, want one of each", r.guard.charges, len(r.provider.Calls(otptest.Send)))
	}
	if err := r.verify(t, otptest.Alice, "", r.provider.PIN(otptest.Alice), ""); err != nil {
		t.Errorf("the PIN of the message gets %v", err)
	}
	r.clock.Advance(24 * time.Hour)
	r.mustSend(t, otptest.Alice)
	if l := r.state(t, otptest.Alice); len(l.Tests) != 0 {
		t.Errorf("%d codes are still remembered", len(l.Tests))
	}
}

// TestACodeStaysWhatItWasBegunAs, whatever the list says meanwhile: a handle of the
// provider's goes to the provider, and what has none never does.
func TestACodeStaysWhatItWasBegunAs(t *testing.T) {
	t.Run("a message, and then a test recipient", func(t *testing.T) {
		r := newTestRig()
		r.guard.refuses = nil
		r.list.to = otptest.Bob
		sent := r.mustSend(t, otptest.Alice)
		r.list.to = otptest.Alice
		r.mustSend(t, otptest.Alice)
		wantReason(t, r.verify(t, otptest.Alice, sent.VerificationID, otptest.TestPIN, ""), otp.InvalidOrExpired)
		if calls := r.provider.Calls(otptest.Verify); len(calls) != 1 || calls[0].PIN != otptest.TestPIN {
			t.Errorf("the provider was asked %d times", len(calls))
		}
		_, err := r.resend(t, otptest.Alice, sent.VerificationID, "")
		wantReason(t, err, otp.InvalidOrExpired)
		r.clock.Advance(r.policy.VerifySpacing)
		success, err := r.try(t, sent.VerificationID, r.provider.PIN(otptest.Alice), "key")
		if err != nil || success.Test {
			t.Errorf("the PIN of the message gets %+v, %v", success, err)
		}
		r.mustSend(t, otptest.Alice)
		if again, err := r.try(t, sent.VerificationID, r.provider.PIN(otptest.Alice), "key"); err != nil || again.Test || !again.Repeat {
			t.Errorf("its repeat gets %+v, %v", again, err)
		}
		if calls := len(r.provider.Calls(otptest.Send)); calls != 1 {
			t.Errorf("%d messages, want one", calls)
		}
	})
	t.Run("a success without a name, and then a test recipient", func(t *testing.T) {
		r := newTestRig()
		r.guard.refuses = nil
		r.list.to = otptest.Bob
		r.mustSend(t, otptest.Alice)
		pin := r.provider.PIN(otptest.Alice)
		if _, err := r.try(t, "", pin, "key"); err != nil {
			t.Fatal(err)
		}
		r.list.to = otptest.Alice
		r.mustSend(t, otptest.Alice)
		if again, err := r.try(t, "", pin, "key"); err != nil || again.Test || !again.Repeat {
			t.Errorf("its repeat gets %+v, %v", again, err)
		}
	})
	t.Run("a test recipient, and then none", func(t *testing.T) {
		r := newTestRig()
		sent := r.mustSend(t, otptest.Alice)
		won := r.mustSend(t, otptest.Alice)
		if _, err := r.try(t, won.VerificationID, otptest.TestPIN, "key"); err != nil {
			t.Fatal(err)
		}
		r.service.Tests = nil
		failure := wantReason(t, r.verify(t, otptest.Alice, sent.VerificationID, otptest.TestPIN, ""), otp.InvalidOrExpired)
		if failure.Code != otp.CodeExpired || failure.Remaining == nil || *failure.Remaining != 0 {
			t.Errorf("the code is %q with %v left", failure.Code, failure.Remaining)
		}
		wantReason(t, r.verify(t, otptest.Alice, won.VerificationID, otptest.TestPIN, "key"), otp.InvalidOrExpired)
		failure = wantReason(t, r.verify(t, otptest.Alice, "", otptest.TestPIN, ""), otp.InvalidOrExpired)
		if failure.Code != "" {
			t.Errorf("a stranger learns %q", failure.Code)
		}
		r.guard.refuses = nil
		_, err := r.resend(t, otptest.Alice, sent.VerificationID, "")
		wantReason(t, err, otp.InvalidOrExpired)
		r.unsent(t)
	})
	t.Run("another PIN", func(t *testing.T) {
		r := newTestRig()
		sent := r.mustSend(t, otptest.Alice)
		r.list.pin = "112233"
		wantReason(t, r.verify(t, otptest.Alice, sent.VerificationID, otptest.TestPIN, ""), otp.InvalidOrExpired)
		if err := r.verify(t, otptest.Alice, sent.VerificationID, "112233", ""); err != nil {
			t.Errorf("the PIN of now gets %v", err)
		}
	})
}

// TestTestCodesAreNotMoved while a rotation of the phone key is under way: their ids and keys
// derive from the one that they began under.
func TestTestCodesAreNotMoved(t *testing.T) {
	r := newTestRig()
	r.list.ends = otptest.Start.Add(48 * time.Hour)
	newer, err := pseudonym.NewKey("2", []byte("fedcba9876543210fedcba9876543210"))
	if err != nil {
		t.Fatal(err)
	}
	older := otptest.Keyring()
	rotating := caller("key")
	send := func() otp.Receipt {
		t.Helper()
		receipt, err := r.service.Send(t.Context(), otp.SendRequest{Caller: rotating, To: otptest.Alice, Channel: otp.SMS})
		if err != nil {
			t.Fatal(err)
		}
		return receipt
	}
	first := send()
	rotating.Keyrings = []otp.Keyring{newer, older}
	if again := send(); again != first {
		t.Errorf("the repeat gets %+v, want %+v", again, first)
	}
	if _, err := r.service.Verify(t.Context(), otp.VerifyRequest{Caller: rotating, To: otptest.Alice, PIN: otptest.TestPIN, VerificationID: first.VerificationID}); err != nil {
		t.Errorf("the right PIN gets %v", err)
	}
	if _, err := r.service.Send(t.Context(), otp.SendRequest{Caller: rotating, To: otptest.Alice, Channel: otp.SMS}); err == nil {
		t.Error("the key of a used code begins another")
	}
}
