package otp_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/otp/otptest"
)

func (r *rig) right() string { return r.provider.PIN(otptest.Alice) }

func TestWrongPINCountsDown(t *testing.T) {
	r := newRig(&otptest.Provider{})
	id := r.mustSend(t, otptest.Alice).VerificationID
	for want := r.policy.PINAttempts - 1; want >= 0; want-- {
		failure := wantReason(t, r.verify(t, otptest.Alice, id, wrongPIN, ""), otp.InvalidOrExpired)
		if failure.Remaining == nil || *failure.Remaining != want {
			t.Fatalf("attempts remaining: %v, want %d", failure.Remaining, want)
		}
		r.clock.Advance(r.policy.VerifySpacing)
	}
	wantReason(t, r.verify(t, otptest.Alice, id, r.right(), ""), otp.InvalidOrExpired)
	if got := len(r.provider.Calls(otptest.Verify)); got != r.policy.PINAttempts {
		t.Fatalf("%d guesses reached the provider, want %d", got, r.policy.PINAttempts)
	}
}

// Who did not start a verification learns nothing about it.
func TestWithoutAnIDAllRefusalsAreAlike(t *testing.T) {
	blank := otp.Error{Reason: otp.InvalidOrExpired}
	tests := map[string]func(*testing.T, *rig){
		"never sent": func(*testing.T, *rig) {},
		"wrong":      func(t *testing.T, r *rig) { r.mustSend(t, otptest.Alice) },
		"expired": func(t *testing.T, r *rig) {
			r.mustSend(t, otptest.Alice)
			r.clock.Advance(r.policy.PINTTL)
		},
		"exhausted": func(t *testing.T, r *rig) {
			r.mustSend(t, otptest.Alice)
			for range r.policy.PINAttempts {
				_ = r.verify(t, otptest.Alice, "", wrongPIN, "")
				r.clock.Advance(r.policy.VerifySpacing)
			}
		},
		"used": func(t *testing.T, r *rig) {
			r.mustSend(t, otptest.Alice)
			if err := r.verify(t, otptest.Alice, "", r.right(), ""); err != nil {
				t.Fatal(err)
			}
		},
		"disabled": func(t *testing.T, r *rig) {
			r.mustSend(t, otptest.Alice)
			r.service.Policy.FailureLimit = 1
			_ = r.verify(t, otptest.Alice, "", wrongPIN, "")
		},
		"gone at the provider": func(t *testing.T, r *rig) {
			r.mustSend(t, otptest.Alice)
			r.provider.Misbehave = always(otptest.Verify, otptest.Fault{Verdict: otp.Gone})
		},
		"send unconfirmed": func(t *testing.T, r *rig) {
			r.provider.Misbehave = always(otptest.Send, otptest.Fault{Err: otptest.ProviderFailure(otp.Unknown)})
			_, _ = r.send(t, otptest.Alice, "")
		},
	}
	for name, prepare := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(&otptest.Provider{})
			prepare(t, r)
			got := wantReason(t, r.verify(t, otptest.Alice, "", wrongPIN, ""), otp.InvalidOrExpired)
			if *got != blank {
				t.Fatalf("refusal is %+v, want %+v", *got, blank)
			}
		})
	}
}

// A stranger who asks for codes for somebody's number cannot cancel hers, nor can his
// id open her code.
func TestIDBindsACodeToItsRequest(t *testing.T) {
	r := newRig(&otptest.Provider{})
	alices := r.mustSend(t, otptest.Alice)
	pin := r.right()
	r.clock.Advance(30 * time.Second)
	strangers := r.mustSend(t, otptest.Alice)
	wantReason(t, r.verify(t, otptest.Alice, strangers.VerificationID, pin, ""), otp.InvalidOrExpired)
	r.clock.Advance(r.policy.VerifySpacing)
	wantReason(t, r.verify(t, otptest.Alice, "", pin, ""), otp.InvalidOrExpired)
	r.clock.Advance(r.policy.VerifySpacing)
	if err := r.verify(t, otptest.Alice, alices.VerificationID, pin, ""); err != nil {
		t.Fatalf("her own code under her own id: %v", err)
	}
}

func TestIDOfAnotherNumberIsNone(t *testing.T) {
	r := newRig(&otptest.Provider{})
	alice := r.mustSend(t, otptest.Alice)
	r.mustSend(t, otptest.Bob)
	wantReason(t, r.verify(t, otptest.Bob, alice.VerificationID, r.right(), ""), otp.InvalidOrExpired)
	if got := len(r.provider.Calls(otptest.Verify)); got != 0 {
		t.Fatalf("%d guesses reached the provider", got)
	}
}

// Expiry is compared with every server's own clock, and does not need the item to be
// gone: the store here never deletes.
func TestExpiryHoldsWithoutDeletionAndWithSkewedClocks(t *testing.T) {
	const skew = 5 * time.Second
	for _, by := range []time.Duration{-skew, 0, skew} {
		r := newRig(&otptest.Provider{})
		r.mustSend(t, otptest.Alice)
		r.service.Clock = otptest.Skewed{Clock: r.clock, By: by}
		r.clock.Advance(r.policy.PINTTL - by)
		wantReason(t, r.verify(t, otptest.Alice, "", r.right(), ""), otp.InvalidOrExpired)
		r.clock.Advance(-time.Millisecond)
		if err := r.verify(t, otptest.Alice, "", r.right(), ""); err != nil {
			t.Errorf("skew %s, at the last moment: %v", by, err)
		}
		if got := len(r.provider.Calls(otptest.Verify)); got != 1 {
			t.Errorf("skew %s: %d guesses reached the provider, want the one in time", by, got)
		}
	}
}

func TestQuickRetryLosesNoAttempt(t *testing.T) {
	r := newRig(&otptest.Provider{})
	id := r.mustSend(t, otptest.Alice).VerificationID
	wantReason(t, r.verify(t, otptest.Alice, id, wrongPIN, ""), otp.InvalidOrExpired)
	r.clock.Advance(time.Second)
	failure := wantReason(t, r.verify(t, otptest.Alice, id, r.right(), ""), otp.VerifyTooSoon)
	if want := r.policy.VerifySpacing - time.Second; failure.RetryAfter != want {
		t.Errorf("retry after %s, want %s", failure.RetryAfter, want)
	}
	if got := r.state(t, otptest.Alice).Verifications[0].Attempts; got != 1 {
		t.Errorf("%d attempts charged, want 1", got)
	}
	r.clock.Advance(failure.RetryAfter)
	if err := r.verify(t, otptest.Alice, id, r.right(), ""); err != nil {
		t.Fatal(err)
	}
}

// A client that lost the answer gets the same success with its key; without it, or
// with another PIN, it gets nothing.
func TestLostSuccessIsRepeatedUnderItsKey(t *testing.T) {
	r := newRig(&otptest.Provider{Single: true})
	id := r.mustSend(t, otptest.Alice).VerificationID
	pin := r.right()
	if err := r.verify(t, otptest.Alice, id, pin, "key"); err != nil {
		t.Fatal(err)
	}
	r.clock.Advance(time.Minute)
	if err := r.verify(t, otptest.Alice, id, pin, "key"); err != nil {
		t.Errorf("same key: %v", err)
	}
	wantReason(t, r.verify(t, otptest.Alice, id, pin, ""), otp.InvalidOrExpired)
	wantReason(t, r.verify(t, otptest.Alice, id, pin, "other key"), otp.InvalidOrExpired)
	wantReason(t, r.verify(t, otptest.Alice, id, wrongPIN, "key"), otp.InvalidOrExpired)
	wantReason(t, r.verify(t, otptest.Alice, "", pin, "key"), otp.InvalidOrExpired)
	if got := len(r.provider.Calls(otptest.Verify)); got != 1 {
		t.Errorf("%d guesses reached the provider, want 1", got)
	}
	r.clock.Advance(r.policy.PINTTL)
	wantReason(t, r.verify(t, otptest.Alice, id, pin, "key"), otp.InvalidOrExpired)
}

func TestVerifyOutcomes(t *testing.T) {
	throttled := otptest.ProviderFailure(otp.Throttled)
	throttled.RetryAfter = time.Minute
	noKey := otptest.ProviderFailure(otp.NotSent)
	noKey.Err = otp.ErrUnavailable
	tests := []struct {
		name     string
		fault    otptest.Fault
		reason   otp.Reason
		wait     time.Duration
		attempts int
		failures int
		state    otp.State
	}{
		{"answer lost", otptest.Fault{Err: otptest.ProviderFailure(otp.Unknown), Effect: true}, otp.VerifyFailed, 0, 1, 1, otp.StateActive},
		{"not reached", otptest.Fault{Err: otptest.ProviderFailure(otp.NotSent)}, otp.VerifyFailed, 0, 0, 0, otp.StateActive},
		{"refused", otptest.Fault{Err: otptest.ProviderFailure(otp.Refused)}, otp.VerifyFailed, 0, 1, 0, otp.StateActive},
		{"throttled", otptest.Fault{Err: throttled}, otp.ProviderThrottled, time.Minute, 1, 0, otp.StateActive},
		{"no secret", otptest.Fault{Err: noKey}, otp.Unavailable, 0, 0, 0, otp.StateActive},
		{"gone", otptest.Fault{Verdict: otp.Gone}, otp.InvalidOrExpired, 0, 0, 0, otp.StateExpired},
		{"exhausted", otptest.Fault{Verdict: otp.Exhausted}, otp.InvalidOrExpired, 0, 0, 1, otp.StateLocked},
		{"no verdict", otptest.Fault{Verdict: otp.Verdict(77)}, otp.InvalidOrExpired, 0, 1, 1, otp.StateActive},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(&otptest.Provider{Misbehave: always(otptest.Verify, tt.fault)})
			r.mustSend(t, otptest.Alice)
			failure := wantReason(t, r.verify(t, otptest.Alice, "", r.right(), ""), tt.reason)
			if failure.RetryAfter != tt.wait {
				t.Errorf("retry after %s, want %s", failure.RetryAfter, tt.wait)
			}
			n := r.state(t, otptest.Alice)
			v := n.Verifications[0]
			if v.Attempts != tt.attempts || n.FailuresInARow(r.policy) != tt.failures || v.State != tt.state {
				t.Errorf("attempts %d, failures %d, state %s; want %d, %d, %s", v.Attempts, n.FailuresInARow(r.policy), v.State, tt.attempts, tt.failures, tt.state)
			}
		})
	}
}

func TestVerifyFailsClosed(t *testing.T) {
	tests := map[string]*failingStore{
		"load fails":            {failLoad: true},
		"save fails":            {failSaves: 1},
		"save's answer is lost": {loseSaves: 1},
	}
	for name, broken := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(&otptest.Provider{})
			r.mustSend(t, otptest.Alice)
			broken.Store = r.store
			r.service.Store = broken
			wantReason(t, r.verify(t, otptest.Alice, "", r.right(), ""), otp.Unavailable)
			if got := len(r.provider.Calls(otptest.Verify)); got != 0 {
				t.Errorf("%d guesses reached the provider", got)
			}
			if broken.saves > 2 { // the charge, and that it is taken back
				t.Errorf("%d saves: a failing store was asked again before the provider", broken.saves)
			}
			if l := r.state(t, otptest.Alice); broken.loseSaves == 0 && (l.Verifications[0].Attempts != 0 || len(l.Failures) != 0) {
				t.Errorf("nothing was asked, and what stays is %+v", l)
			}
		})
	}
}

// A success counts only once it is saved; a save whose answer is lost is found again.
func TestSuccessIsSavedBeforeItIsSaid(t *testing.T) {
	verify := func(t *testing.T, broken *failingStore) (*rig, error) {
		t.Helper()
		r := newRig(&otptest.Provider{})
		id := r.mustSend(t, otptest.Alice).VerificationID
		broken.Store = r.store
		broken.skipSaves = 1 // the debit
		r.service.Store = broken
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		_, err := r.service.Verify(ctx, otp.VerifyRequest{Caller: caller(""), To: otptest.Alice, PIN: r.right(), VerificationID: id})
		return r, err
	}
	t.Run("never saved", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			_, err := verify(t, &failingStore{failSaves: 1 << 30})
			wantReason(t, err, otp.Unavailable)
		})
	})
	t.Run("answer lost", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, err := verify(t, &failingStore{loseSaves: 3})
			if err != nil {
				t.Fatal(err)
			}
			if got := r.state(t, otptest.Alice).Verifications[0].State; got != otp.StateVerified {
				t.Errorf("state is %s", got)
			}
		})
	})
}

// A number whose item is deleted while its PIN is compared gets no new item: that one
// would have no end to its life.
func TestNothingIsSavedOfANumberThatIsGone(t *testing.T) {
	r := newRig(&otptest.Provider{})
	r.mustSend(t, otptest.Alice)
	counting := &failingStore{Store: r.store}
	r.service.Store = counting
	r.provider.Hold = func(otptest.Operation) { r.clock.Advance(91 * 24 * time.Hour) }
	wantReason(t, r.verify(t, otptest.Alice, "", wrongPIN, ""), otp.InvalidOrExpired)
	if got := r.state(t, otptest.Alice); got.Verifications != nil {
		t.Fatalf("saved: %+v", got)
	}
	if counting.saves > 2 { // the debit, and the outcome that met a conflict
		t.Fatalf("%d saves, want 2", counting.saves)
	}
}

func TestDisabledNumberReachesNoProvider(t *testing.T) {
	r := newRig(&otptest.Provider{})
	r.service.Policy.FailureLimit = 2
	id := r.mustSend(t, otptest.Alice).VerificationID
	for _, client := range []string{home, "elsewhere"} {
		c := caller("")
		c.Client = client
		_, err := r.service.Verify(t.Context(), otp.VerifyRequest{Caller: c, To: otptest.Alice, PIN: wrongPIN, VerificationID: id})
		wantReason(t, err, otp.InvalidOrExpired)
		r.clock.Advance(r.policy.VerifySpacing)
	}
	before := len(r.provider.Calls(""))
	wantReason(t, r.verify(t, otptest.Alice, id, r.right(), ""), otp.InvalidOrExpired)
	r.clock.Advance(time.Minute)
	_, err := r.send(t, otptest.Alice, "")
	wantReason(t, err, otp.RecipientLimited)
	_, err = r.resend(t, otptest.Alice, id, "")
	told := wantReason(t, err, otp.RecipientLimited).RetryAfter
	if got := len(r.provider.Calls("")); got != before {
		t.Fatalf("%d calls reached the provider", got-before)
	}
	r.clock.Advance(told - time.Millisecond)
	_, err = r.send(t, otptest.Alice, "")
	wantReason(t, err, otp.RecipientLimited)
	r.clock.Advance(time.Millisecond)
	if _, err := r.send(t, otptest.Alice, ""); err != nil {
		t.Fatalf("after the wait that was told: %v", err)
	}
}

func TestAKeyIsCheckedOnceAtATime(t *testing.T) {
	r := newRig(&otptest.Provider{})
	r.mustSend(t, otptest.Alice)
	pin := r.right()
	var second error
	r.provider.Hold = func(otptest.Operation) {
		r.provider.Hold = nil
		second = r.verify(t, otptest.Alice, "", pin, "key")
	}
	if err := r.verify(t, otptest.Alice, "", pin, "key"); err != nil {
		t.Fatal(err)
	}
	wantReason(t, second, otp.KeyInUse)
	if err := r.verify(t, otptest.Alice, "", pin, "key"); err != nil {
		t.Errorf("the repeat afterwards: %v", err)
	}
}

// What came to nothing at the provider may be asked again under its key at once.
func TestAKeyIsFreeAgainAfterAnUnknownOutcome(t *testing.T) {
	r := newRig(&otptest.Provider{Misbehave: always(otptest.Verify, otptest.Fault{Err: otptest.ProviderFailure(otp.Unknown)})})
	r.mustSend(t, otptest.Alice)
	wantReason(t, r.verify(t, otptest.Alice, "", r.right(), "key"), otp.VerifyFailed)
	r.clock.Advance(r.policy.VerifySpacing)
	r.provider.Misbehave = nil
	if err := r.verify(t, otptest.Alice, "", r.right(), "key"); err != nil {
		t.Errorf("under the same key: %v", err)
	}
}

func TestTraceTellsThatARecipientWasClosed(t *testing.T) {
	r := newRig(&otptest.Provider{})
	r.service.Policy.FailureLimit = 2
	r.mustSend(t, otptest.Alice)
	for i, closed := range []bool{false, true} {
		var trace otp.Trace
		c := caller("")
		c.Client, c.Trace = fmt.Sprint("client-", i), &trace
		_, err := r.service.Verify(t.Context(), otp.VerifyRequest{Caller: c, To: otptest.Alice, PIN: wrongPIN})
		wantReason(t, err, otp.InvalidOrExpired)
		if trace.Disabled != closed {
			t.Errorf("after failure %d the trace says closed: %t, want %t", i+1, trace.Disabled, closed)
		}
		r.clock.Advance(r.policy.VerifySpacing)
	}
}
