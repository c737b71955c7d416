package guard_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// TestStopHoldsFromTheNextSend, without a deployment: the service knows of it only what it
// reads in the table.
func TestStopHoldsFromTheNextSend(t *testing.T) {
	r := newRig(t, guard.Rules{Channels: both})
	operator := guard.Operator{Cells: r.cells}
	receipt, err := r.send(phoneNumber(t, 1), "192.0.2.1")
	want(t, "a send before the stop", err, "")

	until := r.clock.Now().Add(90 * time.Minute)
	_, err = operator.Stop(t.Context(), r.clock.Now(), guard.Stop{Scope: guard.Scope{Region: "AT"}, Until: until, Reason: "pumped numbers"})
	if err != nil {
		t.Fatal(err)
	}
	r.clock.advance(30 * time.Minute)
	_, err = r.send(phoneNumber(t, 2), "192.0.2.1")
	refused := want(t, "a send to a stopped region", err, otp.TrafficLimited)
	if refused.RetryAfter != time.Hour || refused.Error() != "otp: traffic_limited: stopped: everything to AT: pumped numbers" {
		t.Errorf("it is told to wait %s, and logged as %q", refused.RetryAfter, refused)
	}
	_, err = r.send(to(t, "+14155552671"), "192.0.2.1")
	want(t, "a send to another region", err, "")
	r.calls(2)

	// What was sent before can be verified, and nothing was charged by the refusal.
	r.clock.advance(-30 * time.Minute)
	want(t, "a verify during the stop", r.verify(phoneNumber(t, 1), "192.0.2.1"), "")
	if receipt.VerificationID == "" {
		t.Error("the send has no verification id")
	}
	r.clock.advance(90 * time.Minute)
	_, err = r.send(phoneNumber(t, 2), "192.0.2.1")
	want(t, "a send after the stop's end", err, "")
}

// TestStopOfAChannelKnowsAResendsChannel, which is that of its send unless it names one.
func TestStopOfAChannelKnowsAResendsChannel(t *testing.T) {
	r := newRig(t, guard.Rules{Channels: both})
	receipt, err := r.Send(t.Context(), otp.SendRequest{Caller: r.caller("192.0.2.1"), To: phoneNumber(t, 1), Channel: otp.Voice})
	want(t, "a call", err, "")
	_, err = guard.Operator{Cells: r.cells}.Stop(t.Context(), r.clock.Now(), guard.Stop{Scope: guard.Scope{Channel: otp.Voice}, Reason: "calls cost"})
	if err != nil {
		t.Fatal(err)
	}
	r.clock.advance(time.Minute)
	again := otp.ResendRequest{Caller: r.caller("192.0.2.1"), To: phoneNumber(t, 1), VerificationID: receipt.VerificationID}
	_, err = r.Resend(t.Context(), again)
	want(t, "the call again", err, otp.TrafficLimited)
	again.Channel = otp.SMS
	_, err = r.Resend(t.Context(), again)
	want(t, "the code by SMS", err, "")
	r.calls(2)
}

// TestGuardFailsClosed: a switch that cannot be read means that nothing is sent.
func TestGuardFailsClosed(t *testing.T) {
	r := newRig(t, guard.Rules{})
	r.guard(guard.Rules{}, brokenCells{r.cells})
	_, err := r.send(phoneNumber(t, 1), "192.0.2.1")
	want(t, "a send with cells that cannot be read", err, otp.Unavailable)
	r.calls(0)
	r.guard(guard.Rules{}, r.cells)
	_, err = r.send(phoneNumber(t, 1), "192.0.2.1")
	want(t, "the send afterwards", err, "")
}

// TestGuardAddsNoRoundTrip: with a table that takes 20 ms a call and a provider that takes
// 100 ms, a send takes a load, a save, the provider and a save, guard or not; a message that
// is not sent no longer, and a verify one round trip more, after it was settled.
func TestGuardAddsNoRoundTrip(t *testing.T) {
	const latency = 20 * time.Millisecond
	took := func(t *testing.T, guarded bool, call func(*rig) error) time.Duration {
		t.Helper()
		r := newRig(t, guard.Rules{})
		r.guard(fullRules(), &slowCells{r.cells, latency})
		if !guarded {
			r.Service.Guard = nil
		}
		r.Store = &slowStore{r.Store, latency}
		for i := range 2 { // the first success of a window begins to count
			_, err := r.send(phoneNumber(t, i), "192.0.2.1")
			want(t, "a send before", err, "")
		}
		want(t, "a success before", r.verify(phoneNumber(t, 0), "192.0.2.1"), "")
		r.clock.advance(time.Minute)
		r.provider.latency = 5 * latency
		started := time.Now()
		if err := call(r); err != nil {
			t.Error(err)
		}
		return time.Since(started)
	}
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			name     string
			trips    int
			credited int
			call     func(*rig) error
		}{
			{"a send", 8, 0, func(r *rig) error {
				_, err := r.send(phoneNumber(t, 2), "192.0.2.1")
				return err
			}},
			{"another send to the number", 8, 0, func(r *rig) error {
				_, err := r.send(phoneNumber(t, 1), "192.0.2.1")
				return err
			}},
			{"a send that fails", 8, 0, func(r *rig) error {
				r.provider.delivery = &otp.ProviderError{Effect: otp.NotSent, Err: errors.New("test")}
				_, err := r.send(phoneNumber(t, 2), "192.0.2.1")
				want(t, "it", err, otp.SendFailed)
				return nil
			}},
			{"a success", 3, 1, func(r *rig) error { return r.verify(phoneNumber(t, 1), "192.0.2.1") }},
		} {
			for _, guarded := range []bool{false, true} {
				trips := c.trips
				if guarded {
					trips += c.credited
				}
				if got, want := took(t, guarded, c.call), time.Duration(trips)*latency; got != want {
					t.Errorf("with a guard: %v: %s took %s, want %s", guarded, c.name, got, want)
				}
			}
		}
	})
}

// recorder is a guard that writes down what it is asked, and answers as it is told.
type recorder struct {
	mu     sync.Mutex
	log    []string
	decide []error // by call
	charge error
	slow   time.Duration // of a charge
	done   atomic.Bool   // the charge has ended
	// charging: a charge is under way.
	charging atomic.Bool
}

func (g *recorder) note(format string, args ...any) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.log = append(g.log, fmt.Sprintf(format, args...))
}

func (g *recorder) Permits(recipient.Recipient, otp.Channel) error { return nil }

func (g *recorder) Admit(_ context.Context, a otp.Application) otp.Admission {
	g.note("admit %s %s", a.Client, a.Challenge)
	return g
}

func (g *recorder) Credit(_ context.Context, e otp.Earning) error {
	g.note("credit %d sends, known %v, mark %s", e.Sends, !e.Before.IsZero(), e.Mark)
	return errors.New("the table is away")
}

func (g *recorder) Mark() string { return "mark" }

func (g *recorder) Decide(_ context.Context, t otp.Terms) error {
	g.note("decide %s, known %v", t.Channel, t.Known)
	if g.charging.Load() {
		g.note("while a charge is under way")
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.decide) == 0 {
		return nil
	}
	err := g.decide[0]
	g.decide = g.decide[1:]
	return err
}

func (g *recorder) Charge(context.Context) error {
	g.note("charge")
	g.charging.Store(true)
	defer g.charging.Store(false)
	time.Sleep(g.slow)
	g.done.Store(true)
	return g.charge
}

func (g *recorder) GiveBack(_ context.Context, e otp.Effect) error {
	g.note("give back %s", e)
	return nil
}

func (g *recorder) Findings() []otp.Finding { return []otp.Finding{{Name: "seen", Value: "all"}} }

func (g *recorder) wantLog(t *testing.T, what string, want ...string) {
	t.Helper()
	if got := fmt.Sprint(g.log); got != fmt.Sprint(want) {
		t.Errorf("%s: the guard was asked %s, want %s", what, got, want)
	}
	g.log = nil
}

var errLimited = &otp.Error{Reason: otp.TrafficLimited}

// TestServiceAsksTheGuard: what a guard is asked, and in which order.
func TestServiceAsksTheGuard(t *testing.T) {
	refusal := func(effect otp.Effect) error { return &otp.ProviderError{Effect: effect, Err: errors.New("test")} }
	for _, c := range []struct {
		name     string
		guard    *recorder
		provider error
		reason   otp.Reason
		asked    int
		log      []string
	}{
		{"sent", &recorder{}, nil, "", 1, []string{"admit 192.0.2.1 token", "decide sms, known false", "charge"}},
		{"refused by the guard", &recorder{decide: []error{errLimited}}, nil, otp.TrafficLimited, 0, []string{"admit 192.0.2.1 token", "decide sms, known false"}},
		{"refused by the charge", &recorder{charge: errLimited}, nil, otp.TrafficLimited, 0, []string{"admit 192.0.2.1 token", "decide sms, known false", "charge"}},
		{"not sent", &recorder{}, refusal(otp.NotSent), otp.SendFailed, 1, []string{"admit 192.0.2.1 token", "decide sms, known false", "charge", "give back not_sent"}},
		{"refused by the provider", &recorder{}, refusal(otp.Refused), otp.SendFailed, 1, []string{"admit 192.0.2.1 token", "decide sms, known false", "charge", "give back refused"}},
		{"unconfirmed", &recorder{}, refusal(otp.Unknown), otp.SendUnconfirmed, 1, []string{"admit 192.0.2.1 token", "decide sms, known false", "charge", "give back unknown"}},
		{"without a secret", &recorder{}, fmt.Errorf("secret: %w", otp.ErrUnavailable), otp.Unavailable, 1, []string{"admit 192.0.2.1 token", "decide sms, known false", "charge", "give back not_sent"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, guard.Rules{})
			r.Service.Guard, r.provider.delivery = c.guard, c.provider
			caller := r.caller("192.0.2.1")
			_, err := r.Send(t.Context(), otp.SendRequest{Caller: caller, To: phoneNumber(t, 1), Channel: otp.SMS, Challenge: "token"})
			want(t, "the send", err, c.reason)
			r.calls(c.asked)
			c.guard.wantLog(t, "the send", c.log...)
			if len(caller.Trace.Guard) != 1 || caller.Trace.Guard[0].Value != "all" {
				t.Errorf("the trace has %v", caller.Trace.Guard)
			}
			l, _, err := r.Store.Load(t.Context(), r.key.LedgerKey(phoneNumber(t, 1)))
			if err != nil {
				t.Fatal(err)
			}
			if c.asked == 0 && (l.Sends != 0 || l.Total != 0 || len(l.Verifications) != 0 || r.clock.Now().Before(l.NextSendAt)) {
				t.Errorf("a refused send left %+v", l)
			}
			if c.asked == 1 && c.reason == "" && l.Verifications[0].Mark != "mark" {
				t.Errorf("the delivery has the mark %q", l.Verifications[0].Mark)
			}
		})
	}
}

// TestProviderWaitsForTheCharge: a message goes out only once it is paid.
func TestProviderWaitsForTheCharge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, guard.Rules{})
		g := &recorder{slow: time.Second}
		r.Service.Guard = g
		r.Provider = unpaid{t, r.provider, g}
		_, err := r.send(phoneNumber(t, 1), "192.0.2.1")
		want(t, "the send", err, "")
		r.calls(1)
	})
}

type unpaid struct {
	t *testing.T
	*provider
	guard *recorder
}

func (u unpaid) Send(ctx context.Context, to recipient.Recipient, channel otp.Channel, message otp.Message) (string, error) {
	if !u.guard.done.Load() {
		u.t.Error("the provider is asked before the charge has ended")
	}
	return u.provider.Send(ctx, to, channel, message)
}

// busyStore has somebody else save before each of the next saves.
type busyStore struct {
	otp.Store
	between []func(*otp.Ledger)
}

func (b *busyStore) Save(ctx context.Context, key string, l otp.Ledger, was otp.Revision) (otp.Revision, error) {
	if len(b.between) > 0 {
		other, revision, err := b.Load(ctx, key)
		if err != nil {
			return "", err
		}
		b.between[0](&other)
		b.between = b.between[1:]
		if _, err := b.Store.Save(ctx, key, other, revision); err != nil {
			return "", err
		}
	}
	return b.Store.Save(ctx, key, l, was)
}

// TestChargeIsTakenBackWithTheReservation: a conflict may turn a yes into a no, after the
// guard has charged.
func TestChargeIsTakenBackWithTheReservation(t *testing.T) {
	limited := func(l *otp.Ledger) {
		l.Sends, l.WindowEnds = 5, time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
		l.ForgetAt = l.WindowEnds
	}
	known := func(l *otp.Ledger) {
		l.VerifiedAt = time.Date(2026, 11, 24, 11, 0, 0, 0, time.UTC)
		l.ForgetAt = l.VerifiedAt.Add(90 * 24 * time.Hour)
	}
	for _, c := range []struct {
		name    string
		guard   *recorder
		between func(*otp.Ledger)
		reason  otp.Reason
		asked   int
		log     []string
	}{
		{"the recipient is limited now", &recorder{}, limited, otp.RecipientLimited, 0, []string{"admit 192.0.2.1 ", "decide sms, known false", "charge", "give back not_sent"}},
		{"the recipient is known now", &recorder{}, known, "", 1, []string{"admit 192.0.2.1 ", "decide sms, known false", "charge", "decide sms, known true"}},
		{"a slow charge", &recorder{slow: time.Second}, known, "", 1, []string{"admit 192.0.2.1 ", "decide sms, known false", "charge", "decide sms, known true"}},
		{"a charge that is refused meanwhile", &recorder{slow: time.Second, charge: errLimited}, known, otp.TrafficLimited, 0, []string{"admit 192.0.2.1 ", "decide sms, known false", "charge"}},
		{"the guard says no now", &recorder{decide: []error{nil, errLimited}}, known, otp.TrafficLimited, 0, []string{"admit 192.0.2.1 ", "decide sms, known false", "charge", "decide sms, known true", "give back not_sent"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, guard.Rules{})
				r.Service.Guard = c.guard
				// The charge is under way before the save meets its conflict.
				r.Store = &slowStore{&busyStore{r.Store, []func(*otp.Ledger){c.between}}, time.Millisecond}
				_, err := r.send(phoneNumber(t, 1), "192.0.2.1")
				want(t, "the send", err, c.reason)
				r.calls(c.asked)
				c.guard.wantLog(t, "the send", c.log...)
			})
		})
	}
}

// failingStore cannot save.
type failingStore struct{ otp.Store }

func (failingStore) Save(context.Context, string, otp.Ledger, otp.Revision) (otp.Revision, error) {
	return "", fmt.Errorf("saving ledger: %w", otp.ErrUnavailable)
}

func TestChargeIsGivenBackWhereNothingCouldBeSaved(t *testing.T) {
	r := newRig(t, guard.Rules{})
	g := &recorder{}
	r.Service.Guard, r.Store = g, failingStore{r.Store}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := r.Send(ctx, otp.SendRequest{Caller: r.caller("192.0.2.1"), To: phoneNumber(t, 1), Channel: otp.SMS})
	want(t, "the send", err, otp.Unavailable)
	r.calls(0)
	g.wantLog(t, "the send", "admit 192.0.2.1 ", "decide sms, known false", "charge", "give back not_sent")
}

// TestRepeatIsNotCharged: it is answered before the guard is asked.
func TestRepeatIsNotCharged(t *testing.T) {
	r := newRig(t, guard.Rules{})
	g := &recorder{}
	r.Service.Guard = g
	request := otp.SendRequest{Caller: r.caller("192.0.2.1"), To: phoneNumber(t, 1), Channel: otp.SMS}
	request.IdempotencyKey = "key"
	_, err := r.Send(t.Context(), request)
	want(t, "the send", err, "")
	g.log, g.decide = nil, []error{errLimited}
	_, err = r.Send(t.Context(), request)
	want(t, "its repeat", err, "")
	r.calls(1)
	g.wantLog(t, "the repeat", "admit 192.0.2.1 ")
}
