package otp_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/otp/otptest"
	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// listed is a list of one test recipient, which can be changed.
type listed struct {
	to   recipient.Recipient
	ends time.Time
	pin  string
	err  error
}

func (l *listed) Find(_ context.Context, to recipient.Recipient, now time.Time) (*otp.TestTerms, error) {
	if l.err != nil {
		return nil, l.err
	}
	if to != l.to || !now.Before(l.ends) {
		return nil, nil //nolint:nilnil // nil is everybody who is no test recipient
	}
	pin := l.pin
	return &otp.TestTerms{Ends: l.ends, Accepts: func(candidate string) bool { return candidate == pin }}, nil
}

// testRig is a service with a test recipient, Alice, for an hour. Its provider and its guard
// note whatever they are asked, and its guard would let nobody through.
type testRig struct {
	*rig
	list  *listed
	guard *ruling
}

func newTestRig() *testRig {
	r := &testRig{
		rig:   newRig(&otptest.Provider{}),
		list:  &listed{to: otptest.Alice, ends: otptest.Start.Add(time.Hour), pin: otptest.TestPIN},
		guard: &ruling{refuses: &otp.Error{Reason: otp.BudgetExhausted}},
	}
	r.service.Tests, r.service.Guard = r.list, r.guard
	return r
}

func (r *testRig) try(t *testing.T, id, pin, key string) (otp.Success, error) {
	t.Helper()
	return r.service.Verify(t.Context(), otp.VerifyRequest{Caller: caller(key), To: otptest.Alice, PIN: pin, VerificationID: id})
}

// tryFrom is try by a client.
func (r *testRig) tryFrom(t *testing.T, client, id, pin string) error {
	t.Helper()
	c := caller("")
	c.Client = client
	_, err := r.service.Verify(t.Context(), otp.VerifyRequest{Caller: c, To: otptest.Alice, PIN: pin, VerificationID: id})
	return err
}

// untouched fails the test if anybody was asked about money or messages.
func (r *testRig) untouched(t *testing.T) {
	t.Helper()
	if calls, g := len(r.provider.Calls("")), r.guard; calls+g.looks+g.decides+g.charges+len(g.givenBack)+len(g.credits) != 0 {
		t.Errorf("%d calls of the provider, and of the guard %d looks, %d decisions, %d charges, %d credits; want none", calls, g.looks, g.decides, g.charges, len(g.credits))
	}
}

func TestTestRecipientReachesNobody(t *testing.T) {
	r := newTestRig()
	sent := r.mustSend(t, otptest.Alice)
	want := otp.Receipt{VerificationID: sent.VerificationID, ExpiresAt: otptest.Start.Add(10 * time.Minute), ResendAt: otptest.Start.Add(30 * time.Second)}
	if sent != want {
		t.Errorf("the receipt is %+v, want %+v", sent, want)
	}
	if again, err := r.resend(t, otptest.Alice, sent.VerificationID, ""); err != nil || again != want {
		t.Errorf("the resend gets %+v, %v", again, err)
	}
	wantReason(t, r.verify(t, otptest.Alice, sent.VerificationID, wrongPIN, ""), otp.InvalidOrExpired)
	var trace otp.Trace
	c := caller("")
	c.Trace = &trace
	success, err := r.service.Verify(t.Context(), otp.VerifyRequest{Caller: c, To: otptest.Alice, PIN: otptest.TestPIN, VerificationID: sent.VerificationID})
	if err != nil || !success.Test || success.VerificationID != sent.VerificationID || !success.At.Equal(otptest.Start) || success.Marks != nil {
		t.Errorf("the success is %+v, %v", success, err)
	}
	if !trace.Test || trace.ProviderOutcome != "" {
		t.Errorf("the trace says %+v", trace)
	}
	r.untouched(t)
}

// TestWhatGuardsMoneyDoesNotApply: no limit of sends, no cooldown, no kind. What the service
// has to offer does.
func TestWhatGuardsMoneyDoesNotApply(t *testing.T) {
	r := newTestRig()
	for range 50 {
		r.mustSend(t, otptest.Alice)
	}
	for _, reason := range []otp.Reason{otp.RegionNotAllowed, otp.LineTypeNotAllowed} {
		r.service.Guard = notPermitted{r.guard, reason}
		r.mustSend(t, otptest.Alice)
		_, err := r.service.Send(t.Context(), otp.SendRequest{Caller: caller(""), To: otptest.Alice, Channel: otp.Email})
		wantReason(t, err, otp.ChannelMismatch)
	}
	r.service.Guard = notPermitted{r.guard, otp.ChannelNotAllowed}
	_, err := r.send(t, otptest.Alice, "")
	wantReason(t, err, otp.ChannelNotAllowed)
	r.untouched(t)
	if l := r.state(t, otptest.Alice); l.Sends != 0 || l.Total != 0 || l.Senders != nil || !l.NextSendAt.IsZero() || !l.NextVerifyAt.IsZero() || l.Verifications != nil {
		t.Errorf("something is charged: %+v", l)
	}
}

type notPermitted struct {
	*ruling
	reason otp.Reason
}

func (n notPermitted) Permits(recipient.Recipient, otp.Channel) error {
	return &otp.Error{Reason: n.reason}
}

func TestNewestTestCodeReplacesTheOldestOfThree(t *testing.T) {
	r := newTestRig()
	var ids []string
	for range 9 {
		ids = append(ids, r.mustSend(t, otptest.Alice).VerificationID)
	}
	for i, id := range ids {
		failure := wantReason(t, r.verify(t, otptest.Alice, id, wrongPIN, ""), otp.InvalidOrExpired)
		want := otp.CodeExpired
		switch {
		case i < 3:
			want = "" // nine are more than are remembered
		case i >= 6:
			want = otp.CodeWrong
		}
		if failure.Code != want {
			t.Errorf("code %d is %q, want %q", i+1, failure.Code, want)
		}
	}
	if _, err := r.try(t, ids[5], otptest.TestPIN, ""); err == nil {
		t.Error("a code that was replaced is verified")
	}
	if l := r.state(t, otptest.Alice); len(l.Tests) != 6 {
		t.Errorf("%d codes are remembered, want 6", len(l.Tests))
	}
}

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

func TestTestCodeHasOneSuccess(t *testing.T) {
	r := newTestRig()
	id := r.mustSend(t, otptest.Alice).VerificationID
	first, err := r.try(t, id, otptest.TestPIN, "key")
	if err != nil || first.Repeat {
		t.Fatalf("the right PIN gets %+v, %v", first, err)
	}
	r.clock.Advance(time.Minute)
	again, err := r.try(t, id, otptest.TestPIN, "key")
	if err != nil || !again.Repeat || !again.Test || !again.At.Equal(first.At) {
		t.Errorf("its repeat gets %+v, %v", again, err)
	}
	_, err = r.service.Verify(t.Context(), otp.VerifyRequest{Caller: caller("key"), To: otptest.Alice, PIN: otptest.TestPIN, VerificationID: id, Nonce: "another"})
	wantReason(t, err, otp.KeyReused)
	if failure := wantReason(t, r.verify(t, otptest.Alice, id, otptest.TestPIN, ""), otp.InvalidOrExpired); failure.Code != otp.CodeUsed {
		t.Errorf("the used code is %q", failure.Code)
	}
}

func TestKeysOfTestRecipients(t *testing.T) {
	r := newTestRig()
	first, err := r.send(t, otptest.Alice, "key")
	if err != nil {
		t.Fatal(err)
	}
	r.clock.Advance(time.Minute)
	if again, err := r.send(t, otptest.Alice, "key"); err != nil || again != first {
		t.Errorf("the repeat gets %+v, %v, want %+v", again, err, first)
	}
	_, err = r.service.Send(t.Context(), otp.SendRequest{Caller: caller("key"), To: otptest.Alice, Channel: otp.Voice})
	wantReason(t, err, otp.KeyReused)
	delivered, err := r.resend(t, otptest.Alice, first.VerificationID, "key")
	if err != nil || delivered.ResendAt != r.clock.Now().Add(r.policy.SendCooldown) {
		t.Errorf("the resend gets %+v, %v", delivered, err)
	}
	r.clock.Advance(time.Second)
	if again, err := r.resend(t, otptest.Alice, first.VerificationID, "key"); err != nil || again != delivered {
		t.Errorf("its repeat gets %+v, %v, want %+v", again, err, delivered)
	}
	other := r.mustSend(t, otptest.Alice)
	_, err = r.resend(t, otptest.Alice, other.VerificationID, "key")
	wantReason(t, err, otp.KeyReused)
	if l := r.state(t, otptest.Alice); len(l.Tests) != 2 {
		t.Errorf("%d codes, want 2", len(l.Tests))
	}
	if _, err := r.try(t, first.VerificationID, otptest.TestPIN, ""); err != nil {
		t.Fatal(err)
	}
	_, err = r.send(t, otptest.Alice, "key")
	wantReason(t, err, otp.KeyExpired)
	// The key stays taken where the recipient is none any more.
	r.list.to = otptest.Bob
	_, err = r.send(t, otptest.Alice, "key")
	wantReason(t, err, otp.KeyExpired)
	_, err = r.service.Send(t.Context(), otp.SendRequest{Caller: caller("key"), To: otptest.Alice, Channel: otp.Voice})
	wantReason(t, err, otp.KeyReused)
	r.unsent(t)
}

// unsent is untouched by the provider alone: the guard is asked about anybody.
func (r *testRig) unsent(t *testing.T) {
	t.Helper()
	if calls := len(r.provider.Calls("")); calls != 0 {
		t.Errorf("%d calls of the provider, want none", calls)
	}
}

// TestResendOfATestCode says by which channel it came last, and keeps its end.
func TestResendOfATestCode(t *testing.T) {
	r := newTestRig()
	sent := r.mustSend(t, otptest.Alice)
	r.clock.Advance(time.Minute)
	again, err := r.service.Resend(t.Context(), otp.ResendRequest{Caller: caller(""), To: otptest.Alice, VerificationID: sent.VerificationID, Channel: otp.Voice})
	if err != nil || !again.ExpiresAt.Equal(sent.ExpiresAt) || !again.ResendAt.Equal(r.clock.Now().Add(r.policy.SendCooldown)) {
		t.Errorf("the resend gets %+v, %v", again, err)
	}
	for range 3 {
		if _, err := r.service.Resend(t.Context(), otp.ResendRequest{Caller: caller(""), To: otptest.Alice, VerificationID: sent.VerificationID, Channel: otp.Voice}); err != nil {
			t.Fatal(err)
		}
	}
	if l := r.state(t, otptest.Alice); len(l.Tests[0].Resends) != 2 {
		t.Errorf("%d resends are remembered, want 2", len(l.Tests[0].Resends))
	}
	if success, err := r.try(t, sent.VerificationID, otptest.TestPIN, ""); err != nil || success.Channel != otp.Voice {
		t.Errorf("the success is %+v, %v", success, err)
	}
}

// TestUnspokenCallOfATestCode: a call in a language that calls do not speak is refused to a
// test recipient too, or an end-to-end suite would see what nobody else gets.
func TestUnspokenCallOfATestCode(t *testing.T) {
	for locale, unspoken := range map[string]bool{"": false, "de-AT": false, "fr": false, "ar": true} {
		r := newTestRig()
		r.service.Messages = languages{otp.SMS: {"", "de", "ar"}, otp.Voice: {"", "de"}}
		sent, _, err := r.sendIn(t, locale, "", otp.SMS)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.resend(t, otptest.Alice, sent.VerificationID, ""); err != nil {
			t.Errorf("%q again by SMS: %v", locale, err)
		}
		before := r.state(t, otptest.Alice)
		_, err = r.service.Resend(t.Context(), otp.ResendRequest{Caller: caller(""), To: otptest.Alice, VerificationID: sent.VerificationID, Channel: otp.Voice})
		switch {
		case !unspoken && err != nil:
			t.Errorf("%q by voice: %v", locale, err)
		case unspoken:
			wantReason(t, err, otp.ChannelMismatch)
			if diff := cmp.Diff(before, r.state(t, otptest.Alice)); diff != "" {
				t.Errorf("%q by voice changed the state (-before +after):\n%s", locale, diff)
			}
		}
		r.untouched(t)
	}
}

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

func TestAListThatCannotBeReadDoesNothing(t *testing.T) {
	r := newTestRig()
	r.list.err = errors.Join(errors.New("a fault of the test"), otp.ErrUnavailable)
	_, err := r.send(t, otptest.Bob, "")
	wantReason(t, err, otp.Unavailable)
	wantReason(t, r.verify(t, otptest.Bob, "", wrongPIN, ""), otp.Unavailable)
	r.untouched(t)
}

// TestTestRecipientFailsClosed: what is not saved is no success, and no send.
func TestTestRecipientFailsClosed(t *testing.T) {
	r := newTestRig()
	id := r.mustSend(t, otptest.Alice).VerificationID
	broken := &failingStore{Store: r.store, failSaves: 2}
	r.service.Store = broken
	_, err := r.send(t, otptest.Alice, "")
	wantReason(t, err, otp.Unavailable)
	wantReason(t, r.verify(t, otptest.Alice, id, otptest.TestPIN, ""), otp.Unavailable)
	if broken.saves != 2 {
		t.Errorf("%d saves were tried, want one a request", broken.saves)
	}
	// A right PIN whose save was not answered is found again under its key.
	r.service.Store = &failingStore{Store: r.store, loseSaves: 1}
	wantReason(t, r.verify(t, otptest.Alice, id, otptest.TestPIN, "key"), otp.Unavailable)
	if err := r.verify(t, otptest.Alice, id, otptest.TestPIN, "key"); err != nil {
		t.Errorf("its repeat gets %v", err)
	}
	r.untouched(t)
}

// TestLostWriteOfATestCode: what the store refuses, although it is this request's own, is
// found and not counted again.
func TestLostWriteOfATestCode(t *testing.T) {
	p, now := otp.DefaultPolicy(), otptest.Start
	terms := otp.TestTerms{Ends: now.Add(time.Hour)}
	var l otp.Ledger
	order := otp.Order{ID: "id", RunID: "run", Channel: otp.SMS, Client: home}
	for range 2 {
		if ticket, err := l.ReserveTest(now, p, terms, order); err != nil || ticket.Repeat || len(l.Tests) != 1 {
			t.Errorf("got %+v, %v, with %d codes", ticket, err, len(l.Tests))
		}
	}
	again := otp.Order{ID: "again", RunID: "run", Channel: otp.Voice}
	for range 2 {
		if ticket, err := l.ResendTest(now, p, "id", again); err != nil || ticket.Repeat || len(l.Tests[0].Resends) != 1 {
			t.Errorf("got %+v, %v, with %d resends", ticket, err, len(l.Tests[0].Resends))
		}
	}
	wrong := otp.Check{ID: "wrong", RunID: "one", VerificationID: "id", Client: home}
	for _, changed := range []bool{true, false} {
		if _, saves, err := l.TryTest(now, p, terms, wrong, false); saves != changed || err == nil || l.Tests[0].Attempts != 1 || l.FailuresInARow(p) != 1 {
			t.Errorf("saves %t, %v; %d attempts, %d failures", saves, err, l.Tests[0].Attempts, l.FailuresInARow(p))
		}
	}
	right := otp.Check{ID: "right", RunID: "two", VerificationID: "id", Client: home}
	for _, changed := range []bool{true, false} {
		if tried, saves, err := l.TryTest(now, p, terms, right, true); saves != changed || err != nil || tried.Repeat || tried.Channel != otp.Voice {
			t.Errorf("got %+v, saves %t, %v", tried, saves, err)
		}
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
