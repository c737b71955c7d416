package otp_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/otp/otptest"
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
	sent := r.mustSend(t, otptest.Alice)
	r.service.Guard = notPermitted{r.guard, otp.ChannelNotAllowed}
	_, err := r.send(t, otptest.Alice, "")
	wantReason(t, err, otp.ChannelNotAllowed)
	for _, channel := range []otp.Channel{otp.SMS, ""} { // chosen, and that of the send
		_, err = r.service.Resend(t.Context(), otp.ResendRequest{Caller: caller(""), To: otptest.Alice, VerificationID: sent.VerificationID, Channel: channel})
		wantReason(t, err, otp.ChannelNotAllowed)
	}
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
