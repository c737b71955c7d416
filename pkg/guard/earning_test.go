package guard_test

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// TestEarnings: what a success is told to the guard as.
func TestEarnings(t *testing.T) {
	r := newRig(t, guard.Rules{})
	g := &recorder{}
	r.Service.Guard = g
	number := phoneNumber(t, 1)
	send := func(reason otp.Reason) {
		t.Helper()
		r.clock.advance(15 * time.Minute)
		_, err := r.send(number, "192.0.2.1")
		want(t, "the send", err, reason)
	}
	verify := func(what string, log ...string) {
		t.Helper()
		g.log = nil
		want(t, what, r.verify(number, "192.0.2.9"), "")
		g.wantLog(t, what, log...)
	}
	send("")
	r.provider.delivery = &otp.ProviderError{Effect: otp.NotSent, Err: errors.New("test")}
	send(otp.SendFailed)
	r.provider.delivery = &otp.ProviderError{Effect: otp.Unknown, Err: errors.New("test")}
	send(otp.SendUnconfirmed)
	r.provider.delivery = nil
	send("")
	verify("the first success", "credit 2 sends, known false, mark mark")
	send("")
	verify("the second", "credit 1 sends, known true, mark mark")
	send("")

	// A wrong PIN earns nothing, and the success of a code counts once.
	r.provider.verdict = otp.Wrong
	g.log = nil
	want(t, "a wrong PIN", r.verify(number, "192.0.2.9"), otp.InvalidOrExpired)
	g.wantLog(t, "a wrong PIN")
	r.provider.verdict = otp.Verified
	r.clock.advance(3 * time.Second)
	request := otp.VerifyRequest{Caller: r.caller("192.0.2.9"), To: number, PIN: "123456"}
	request.IdempotencyKey = "key"
	for range 2 {
		_, err := r.Verify(t.Context(), request)
		want(t, "a verify under a key", err, "")
	}
	g.wantLog(t, "a success and its repeat", "credit 1 sends, known true, mark mark")
	if got := request.Trace.Guard; len(got) != 1 || got[0] != (otp.Finding{Name: "credit", Value: "lost: the table is away"}) {
		t.Errorf("the trace of a lost credit has %v", got)
	}
}

// TestEarningsOfTwoCodes: a success gives all sends back, so the next one has none of them.
func TestEarningsOfTwoCodes(t *testing.T) {
	r := newRig(t, guard.Rules{})
	g := &recorder{}
	r.Service.Guard = g
	number := phoneNumber(t, 1)
	var ids []string
	for range 2 {
		receipt, err := r.send(number, "192.0.2.1")
		want(t, "the send", err, "")
		ids = append(ids, receipt.VerificationID)
		r.clock.advance(2 * time.Minute)
	}
	g.log = nil
	for _, id := range ids {
		_, err := r.Verify(t.Context(), otp.VerifyRequest{Caller: r.caller("192.0.2.1"), To: number, PIN: "123456", VerificationID: id})
		want(t, "the verify", err, "")
		r.clock.advance(time.Minute)
	}
	g.wantLog(t, "two successes", "credit 2 sends, known false, mark mark", "credit 0 sends, known true, mark mark")
}

// TestEarningsAcrossTheWindow: a success counts the deliveries of its own code although the
// window that they were charged to is over.
func TestEarningsAcrossTheWindow(t *testing.T) {
	r := newRig(t, guard.Rules{})
	g := &recorder{}
	r.Service.Guard = g
	number := phoneNumber(t, 1)
	_, err := r.send(number, "192.0.2.1")
	want(t, "the first send", err, "")
	r.clock.advance(24*time.Hour - 2*time.Minute)
	receipt, err := r.send(number, "192.0.2.1")
	want(t, "a send at the window's end", err, "")
	r.clock.advance(time.Minute)
	_, err = r.Resend(t.Context(), otp.ResendRequest{Caller: r.caller("192.0.2.1"), To: number, VerificationID: receipt.VerificationID})
	want(t, "its resend", err, "")
	r.clock.advance(2 * time.Minute)
	g.log = nil
	want(t, "the verify", r.verify(number, "192.0.2.1"), "")
	g.wantLog(t, "a success in the next window", "credit 2 sends, known false, mark mark")
}

// TestEarningsLeaveOutWhatIsUnderWay: it is yet to come to something, and counts for the
// next success then.
func TestEarningsLeaveOutWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, guard.Rules{})
		g := &recorder{}
		r.Service.Guard = g
		number := phoneNumber(t, 1)
		_, err := r.send(number, "192.0.2.1")
		want(t, "the first send", err, "")
		r.clock.advance(time.Minute)
		r.provider.latency = time.Second
		var sending sync.WaitGroup
		sending.Go(func() {
			_, err := r.send(number, "192.0.2.1")
			want(t, "the second send", err, "")
		})
		synctest.Wait() // the provider is being asked
		g.log = nil
		want(t, "a verify meanwhile", r.verify(number, "192.0.2.1"), "")
		g.wantLog(t, "a success beside a send", "credit 1 sends, known false, mark mark")
		sending.Wait()
		r.clock.advance(time.Minute)
		want(t, "a verify afterwards", r.verify(number, "192.0.2.1"), "")
		g.wantLog(t, "the next success", "credit 1 sends, known true, mark mark")
	})
}
