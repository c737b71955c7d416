package otp_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/otp/otptest"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// ruling is a Guard that refuses what it is told to, and notes what it was asked.
type ruling struct {
	not     otp.Channel // is not permitted
	refuses error
	unpaid  error // of the charge
	keeps   error // what cannot be given back

	looks, decides, charges int
	givenBack               []otp.Effect
	credits                 []otp.Earned
}

var _ otp.Guard = (*ruling)(nil)

func (g *ruling) Permits(_ recipient.Recipient, channel otp.Channel) error {
	if channel == g.not {
		return &otp.Error{Reason: otp.ChannelNotAllowed}
	}
	return nil
}

func (g *ruling) Admit(context.Context, otp.Application) otp.Admission {
	g.looks++
	return &way{guard: g}
}

func (g *ruling) Credit(_ context.Context, e otp.Earning) error {
	g.credits = append(g.credits, e.Earned)
	return nil
}

// way is a delivery's way through a ruling.
type way struct{ guard *ruling }

func (*way) Mark() string { return "" }

func (w *way) Decide(context.Context, otp.Terms) error {
	w.guard.decides++
	return w.guard.refuses
}

func (w *way) Charge(context.Context) error {
	w.guard.charges++
	return w.guard.unpaid
}

func (w *way) GiveBack(_ context.Context, e otp.Effect) error {
	w.guard.givenBack = append(w.guard.givenBack, e)
	return w.guard.keeps
}

func (*way) Findings() []otp.Finding { return nil }

// counted is a caller whose count is told by a mark, and how often it was made.
func counted(key, mark string, counts *int) otp.Caller {
	c := caller(key)
	c.Count = func(context.Context) func() (string, error) {
		*counts++
		return func() (string, error) { return mark, nil }
	}
	return c
}

func TestWhatIsNotPermittedIsNotCounted(t *testing.T) {
	r := newRig(&otptest.Provider{})
	loads := &countingStore{Store: r.store}
	guard := &ruling{not: otp.Voice}
	r.service.Store, r.service.Guard = loads, guard
	counts := 0
	_, err := r.service.Send(t.Context(), otp.SendRequest{Caller: counted("", "", &counts), To: otptest.Alice, Channel: otp.Voice})
	wantReason(t, err, otp.ChannelNotAllowed)
	if counts+guard.looks+loads.loads+len(r.provider.Calls("")) != 0 {
		t.Errorf("%d counts, %d looks of the guard, %d loads and %d calls, want none", counts, guard.looks, loads.loads, len(r.provider.Calls("")))
	}
}

func TestGuardIsAskedLastAndOnlyAboutWhatIsCharged(t *testing.T) {
	refusal := &otp.Error{Reason: otp.TrafficLimited, RetryAfter: time.Hour}
	r := newRig(&otptest.Provider{})
	guard := &ruling{}
	r.service.Guard = guard
	if _, err := r.send(t, otptest.Alice, "key"); err != nil {
		t.Fatal(err)
	}
	if guard.decides != 1 {
		t.Errorf("it decided %d times about a send, want once", guard.decides)
	}
	guard.refuses, guard.decides = refusal, 0
	if _, err := r.send(t, otptest.Alice, "key"); err != nil {
		t.Errorf("a repeat: %v", err)
	}
	_, err := r.send(t, otptest.Alice, "")
	wantReason(t, err, otp.CoolingDown) // who has to wait anyway is told so
	if guard.decides != 0 {
		t.Errorf("it decided %d times about a repeat and a refusal", guard.decides)
	}
	before := r.state(t, otptest.Bob)
	_, err = r.send(t, otptest.Bob, "")
	wantReason(t, err, otp.TrafficLimited)
	if after := r.state(t, otptest.Bob); after.Total != before.Total || len(after.Verifications) != 0 {
		t.Errorf("what it refused is charged: %+v", after)
	}
	if got := r.provider.Delivered(); got != 1 {
		t.Errorf("%d messages, want 1", got)
	}
}

// preceded lets another request go first, right before the first save.
type preceded struct {
	otp.Store
	first func()
}

func (s *preceded) Save(ctx context.Context, key string, l otp.Ledger, was otp.Revision) (otp.Revision, error) {
	if first := s.first; first != nil {
		s.first = nil
		first()
	}
	return s.Store.Save(ctx, key, l, was)
}

// The same request went first, whole, while ours was charged and not yet saved: ours is its
// repeat, and costs nothing.
func TestGuardGivesBackWhatTurnedOutToBeARepeat(t *testing.T) {
	r := newRig(&otptest.Provider{})
	other := *r.service
	guard := &ruling{keeps: errors.New("the counters are away")}
	r.service.Guard = guard
	ask := otp.SendRequest{Caller: caller("key"), To: otptest.Alice, Channel: otp.SMS}
	r.service.Store = &preceded{Store: r.store, first: func() {
		if _, err := other.Send(t.Context(), ask); err != nil {
			t.Errorf("the one before: %v", err)
		}
	}}
	var trace otp.Trace
	ask.Trace = &trace
	if _, err := r.service.Send(t.Context(), ask); err != nil || !trace.Repeat {
		t.Errorf("error %v, repeat %t", err, trace.Repeat)
	}
	if guard.charges != 1 || !slices.Equal(guard.givenBack, []otp.Effect{otp.NotSent}) {
		t.Errorf("%d charges, given back as %v; want one, as not sent", guard.charges, guard.givenBack)
	}
	if want := []otp.Finding{{Name: "giveBack", Value: "lost: the counters are away"}}; !slices.Equal(trace.Guard, want) {
		t.Errorf("the log hears %v, want %v", trace.Guard, want)
	}
}

func TestWithdrawingWhatTheGuardDidNotLetThroughIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&otptest.Provider{})
		r.service.Guard = &ruling{unpaid: &otp.Error{Reason: otp.TrafficLimited}}
		r.service.Store = &failingStore{Store: r.store, skipSaves: 1, failSaves: 1 << 30}
		wantSendRefusedSoon(t, r, otp.TrafficLimited)
	})
}

// A success that is found again after its save lost its answer says nothing of what it
// earned.
func TestGuardHearsOfNoSuccessThatSaysNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&otptest.Provider{})
		guard := &ruling{}
		r.service.Guard = guard
		r.mustSend(t, otptest.Alice)
		r.service.Store = &failingStore{Store: r.store, skipSaves: 1, loseSaves: 1}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if _, err := r.service.Verify(ctx, otp.VerifyRequest{Caller: caller(""), To: otptest.Alice, PIN: r.right()}); err != nil {
			t.Fatal(err)
		}
		for _, earned := range guard.credits {
			if earned.At.IsZero() {
				t.Errorf("it hears of %+v", earned)
			}
		}
	})
}

func TestMarksOfCountsComeBackWithASuccess(t *testing.T) {
	r := newRig(&otptest.Provider{})
	counts := 0
	_, err := r.service.Send(t.Context(), otp.SendRequest{Caller: counted("", "mark", &counts), To: otptest.Alice, Channel: otp.SMS})
	if err != nil {
		t.Fatal(err)
	}
	success, err := r.service.Verify(t.Context(), otp.VerifyRequest{Caller: caller(""), To: otptest.Alice, PIN: r.right()})
	if err != nil {
		t.Fatal(err)
	}
	want := otp.Success{
		VerificationID: success.VerificationID, To: otptest.Alice, Channel: otp.SMS, At: otptest.Start, Marks: []string{"mark"},
	}
	if fmt.Sprint(success) != fmt.Sprint(want) || counts != 1 {
		t.Errorf("success is %+v, want %+v", success, want)
	}
}
