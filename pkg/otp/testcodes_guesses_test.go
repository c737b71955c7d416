package otp_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/otp/otptest"
)

func TestGuessesOfATestCode(t *testing.T) {
	r := newTestRig()
	id := r.mustSend(t, otptest.Alice).VerificationID
	for left := 4; left >= 0; left-- {
		failure := wantReason(t, r.verify(t, otptest.Alice, id, wrongPIN, ""), otp.InvalidOrExpired)
		if failure.Remaining == nil || *failure.Remaining != left {
			t.Errorf("%v are left, want %d", failure.Remaining, left)
		}
	}
	failure := wantReason(t, r.verify(t, otptest.Alice, id, otptest.TestPIN, ""), otp.InvalidOrExpired)
	if failure.Code != otp.CodeLocked {
		t.Errorf("after five wrong guesses the code is %q", failure.Code)
	}
	_, err := r.resend(t, otptest.Alice, id, "")
	wantReason(t, err, otp.InvalidOrExpired)
	r.untouched(t)
}

// TestStrangersGuessesOfATestCode are counted apart from those of who began it.
func TestStrangersGuessesOfATestCode(t *testing.T) {
	r := newTestRig()
	id := r.mustSend(t, otptest.Alice).VerificationID
	stranger := caller("")
	stranger.Client = "elsewhere"
	guess := func(pin string) error {
		_, err := r.service.Verify(t.Context(), otp.VerifyRequest{Caller: stranger, To: otptest.Alice, PIN: pin})
		return err
	}
	for range r.policy.PINAttempts {
		wantReason(t, guess(wrongPIN), otp.InvalidOrExpired)
	}
	wantReason(t, guess(otptest.TestPIN), otp.InvalidOrExpired)
	if _, err := r.try(t, id, otptest.TestPIN, ""); err != nil {
		t.Errorf("who began it gets %v", err)
	}
}

// TestFewerAttemptsThanBefore: the settings of now decide about a code of before.
func TestFewerAttemptsThanBefore(t *testing.T) {
	r := newTestRig()
	id := r.mustSend(t, otptest.Alice).VerificationID
	for range 3 {
		wantReason(t, r.verify(t, otptest.Alice, id, wrongPIN, ""), otp.InvalidOrExpired)
	}
	r.service.Policy.PINAttempts = 3
	if failure := wantReason(t, r.verify(t, otptest.Alice, id, otptest.TestPIN, ""), otp.InvalidOrExpired); failure.Code != otp.CodeLocked {
		t.Errorf("the code is %q", failure.Code)
	}
}

// TestSuccessForgivesNoFailureOfATestRecipient: the PIN is the same in every code, so its
// guesses are bounded by what is wrong in a row, whatever is right between.
func TestSuccessForgivesNoFailureOfATestRecipient(t *testing.T) {
	r := newTestRig()
	wrong := 0
	for wrong < r.policy.FailureLimit {
		id := r.mustSend(t, otptest.Alice).VerificationID
		for _, client := range []string{home, "elsewhere"} { // each of which counts for half
			wantReason(t, r.tryFrom(t, client, id, wrongPIN), otp.InvalidOrExpired)
			wrong++
		}
		err := r.tryFrom(t, "a third", id, otptest.TestPIN) // who is closed out by the whole alone
		if (err == nil) != (wrong < r.policy.FailureLimit) {
			t.Fatalf("after %d failures the right PIN gets %v", wrong, err)
		}
	}
	if l := r.state(t, otptest.Alice); !l.DisabledAt.Equal(otptest.Start) {
		t.Errorf("it is closed since %s, want %s", l.DisabledAt, otptest.Start)
	}
	_, err := r.send(t, otptest.Alice, "")
	if failure := wantReason(t, err, otp.RecipientLimited); failure.RetryAfter != r.policy.DisabledMemory {
		t.Errorf("the wait is %s, want %s", failure.RetryAfter, r.policy.DisabledMemory)
	}
	r.untouched(t)
}

// TestOneClientCannotTryAllPINs: one client's failures close no recipient, a test recipient has
// any number of codes and always the same PIN, so the client itself is closed out, for the
// same time, and nobody else is.
func TestOneClientCannotTryAllPINs(t *testing.T) {
	r := newTestRig()
	r.list.ends = otptest.Start.AddDate(0, 0, 30)
	for day := range 2 {
		share := r.policy.FailureLimit / 2
		for i := 1; i <= share; i++ {
			id := r.mustSend(t, otptest.Alice).VerificationID
			failure := wantReason(t, r.tryFrom(t, home, id, wrongPIN), otp.InvalidOrExpired)
			if locked := failure.Code == otp.CodeLocked && *failure.Remaining == 0; locked != (i == share) {
				t.Errorf("day %d, guess %d: the code's state is %q with %d left", day, i, failure.Code, *failure.Remaining)
			}
		}
		id := r.mustSend(t, otptest.Alice).VerificationID
		for _, named := range []string{id, ""} {
			before := r.state(t, otptest.Alice)
			failure := wantReason(t, r.tryFrom(t, home, named, otptest.TestPIN), otp.InvalidOrExpired)
			if named != "" && failure.Code != otp.CodeLocked {
				t.Errorf("day %d: the code's state is %q, want locked", day, failure.Code)
			}
			if diff := cmp.Diff(before, r.state(t, otptest.Alice)); diff != "" {
				t.Errorf("day %d: a try of who is closed out changed the state (-before +after):\n%s", day, diff)
			}
		}
		if err := r.tryFrom(t, "elsewhere", id, otptest.TestPIN); err != nil {
			t.Errorf("day %d: somebody else: %v", day, err)
		}
		r.clock.Advance(r.policy.DisabledMemory - time.Millisecond)
		wantReason(t, r.tryFrom(t, home, r.mustSend(t, otptest.Alice).VerificationID, otptest.TestPIN), otp.InvalidOrExpired)
		r.clock.Advance(time.Millisecond)
		if err := r.tryFrom(t, home, r.mustSend(t, otptest.Alice).VerificationID, otptest.TestPIN); err != nil {
			t.Errorf("day %d: afterwards: %v", day, err)
		}
	}
	r.untouched(t)
}
