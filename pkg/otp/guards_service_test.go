package otp_test

import (
	"context"
	"crypto/sha256"
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

// What single guards of the service are there for, where the tests of the rules around them
// would not notice that one is missing.

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

// TestChannelsReachTheirKind: what cannot reach the recipient is refused before anything is
// counted or read; where the owner does not offer it, that is told first.
func TestChannelsReachTheirKind(t *testing.T) {
	for _, c := range []struct {
		to      recipient.Recipient
		channel otp.Channel
		want    otp.Reason
	}{
		{otptest.Alice, otp.SMS, ""},
		{otptest.Alice, otp.Email, otp.ChannelMismatch},
		{otptest.Alice, otp.Voice, otp.ChannelNotAllowed},
		{otptest.Carol, otp.Email, ""},
		{otptest.Carol, otp.SMS, otp.ChannelMismatch},
		{otptest.Carol, otp.Voice, otp.ChannelNotAllowed},
		{otptest.Carol, "fax", otp.ChannelMismatch},
	} {
		t.Run(string(c.to.Kind())+" by "+string(c.channel), func(t *testing.T) {
			r := newRig(&otptest.Provider{})
			guard := &ruling{not: otp.Voice}
			r.service.Guard = guard
			counts := 0
			caller := counted("", "", &counts)
			receipt, err := r.service.Send(t.Context(), otp.SendRequest{Caller: caller, To: c.to, Channel: c.channel})
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				if got := r.state(t, c.to).Verifications[0].Channel; got != c.channel {
					t.Errorf("it is kept as sent by %q", got)
				}
				r.clock.Advance(time.Minute)
				// Its resend goes by the same, and by no other kind's.
				_, err := r.service.Resend(t.Context(), otp.ResendRequest{Caller: caller, To: c.to, VerificationID: receipt.VerificationID})
				if err != nil {
					t.Errorf("resend: %v", err)
				}
				for _, other := range otp.Channels() {
					if other != otp.Voice && !other.Reaches(c.to) {
						_, err := r.service.Resend(t.Context(), otp.ResendRequest{Caller: caller, To: c.to, VerificationID: receipt.VerificationID, Channel: other})
						wantReason(t, err, otp.ChannelMismatch)
					}
				}
				return
			}
			wantReason(t, err, c.want)
			if counts+guard.looks+len(r.provider.Calls("")) != 0 {
				t.Errorf("%d counts, %d looks of the guard, %d calls, want none", counts, guard.looks, len(r.provider.Calls("")))
			}
			r.service.Guard = nil
			if _, err := r.service.Send(t.Context(), otp.SendRequest{Caller: caller, To: c.to, Channel: c.channel}); c.want == otp.ChannelMismatch {
				wantReason(t, err, otp.ChannelMismatch)
			}
		})
	}
}

// TestEachKindHasAUsualChannel, which reaches it and comes first of those that do.
func TestEachKindHasAUsualChannel(t *testing.T) {
	if want := []otp.Channel{otp.SMS, otp.Voice, otp.Email}; !slices.Equal(otp.Channels(), want) {
		t.Errorf("the channels are %v, want %v", otp.Channels(), want)
	}
	if got := otp.Alternatives(); got != "sms, voice or email" {
		t.Errorf("a sentence has them as %q", got)
	}
	for to, want := range map[recipient.Recipient]otp.Channel{otptest.Alice: otp.SMS, otptest.Carol: otp.Email, {}: ""} {
		if got := otp.UsualChannel(to.Kind()); got != want {
			t.Errorf("a %q is sent to by %q, want %q", to.Kind(), got, want)
		}
	}
	for _, channel := range otp.Channels() {
		if channel.Reaches(recipient.Recipient{}) {
			t.Errorf("%s reaches nobody", channel)
		}
	}
}

// countingStore counts what is asked of it.
type countingStore struct {
	otp.Store
	loads, saves int
}

func (s *countingStore) Load(ctx context.Context, key string) (otp.Ledger, otp.Revision, error) {
	s.loads++
	return s.Store.Load(ctx, key)
}

func (s *countingStore) Save(ctx context.Context, key string, l otp.Ledger, was otp.Revision) (otp.Revision, error) {
	s.saves++
	return s.Store.Save(ctx, key, l, was)
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

// channels is a provider that notes the channels it is asked for.
type channels struct {
	otp.Provider
	sent, resent []otp.Channel
}

func (p *channels) Send(ctx context.Context, to recipient.Recipient, channel otp.Channel, message otp.Message) (string, error) {
	p.sent = append(p.sent, channel)
	return p.Provider.Send(ctx, to, channel, message)
}

func (p *channels) Resend(ctx context.Context, pinID string, channel otp.Channel) (string, error) {
	p.resent = append(p.resent, channel)
	return p.Provider.Resend(ctx, pinID, channel)
}

func TestResendWithoutAChannelGoesByThatOfItsSend(t *testing.T) {
	r := newRig(&otptest.Provider{})
	provider := &channels{Provider: r.provider}
	guard := &ruling{}
	r.service.Provider, r.service.Guard = provider, guard
	resend := func(key string, channel otp.Channel, id string) error {
		r.clock.Advance(10 * time.Minute / 4)
		_, err := r.service.Resend(t.Context(), otp.ResendRequest{Caller: caller(key), To: otptest.Alice, VerificationID: id, Channel: channel})
		return err
	}
	receipt, err := r.service.Send(t.Context(), otp.SendRequest{Caller: caller(""), To: otptest.Alice, Channel: otp.Voice})
	if err != nil {
		t.Fatal(err)
	}
	for _, channel := range []otp.Channel{"", otp.Voice} { // one request under its key
		if err := resend("key", channel, receipt.VerificationID); err != nil {
			t.Errorf("resend by %q: %v", channel, err)
		}
	}
	if want := []otp.Channel{otp.Voice}; !slices.Equal(provider.resent, want) {
		t.Errorf("resends went by %v, want %v", provider.resent, want)
	}
	guard.not = otp.Voice
	wantReason(t, resend("", "", receipt.VerificationID), otp.ChannelNotAllowed)
	if len(provider.resent) != 1 {
		t.Errorf("resends went by %v", provider.resent)
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

func TestRepeatsAndRefusalsSaveNothing(t *testing.T) {
	r := newRig(&otptest.Provider{})
	if _, err := r.send(t, otptest.Alice, "key"); err != nil {
		t.Fatal(err)
	}
	if err := r.verify(t, otptest.Bob, "", wrongPIN, ""); err == nil {
		t.Fatal("a PIN that nobody was sent is right")
	}
	store := &countingStore{Store: r.store}
	r.service.Store = store
	pin := r.right()
	for name, ask := range map[string]func() error{
		"a repeat of a send":  func() error { _, err := r.send(t, otptest.Alice, "key"); return err },
		"a send that waits":   func() error { _, err := r.send(t, otptest.Alice, ""); return err },
		"a check of nobody":   func() error { return r.verify(t, otptest.Bob, "", wrongPIN, "") },
		"a resend of nothing": func() error { _, err := r.resend(t, otptest.Bob, "AAAAAAAAAAAAAAAAAAAAAA", ""); return err },
	} {
		store.loads, store.saves = 0, 0
		_ = ask()
		if store.loads != 1 || store.saves != 0 {
			t.Errorf("%s: %d loads and %d saves, want 1 and 0", name, store.loads, store.saves)
		}
	}
	if err := r.verify(t, otptest.Alice, "", pin, "key"); err != nil {
		t.Fatal(err)
	}
	store.saves = 0
	if err := r.verify(t, otptest.Alice, "", pin, "key"); err != nil || store.saves != 0 {
		t.Errorf("a repeat of a success: %v, %d saves", err, store.saves)
	}
	if got := len(r.provider.Calls(otptest.Verify)); got != 1 {
		t.Errorf("%d checks reached the provider, want 1", got)
	}
}

func TestClientsAreKeptAsShortHashes(t *testing.T) {
	r := newRig(&otptest.Provider{})
	for to, client := range map[recipient.Recipient]string{otptest.Alice: "203.0.113.7", otptest.Bob: ""} {
		c := caller("")
		c.Client = client
		if _, err := r.service.Send(t.Context(), otp.SendRequest{Caller: c, To: to, Channel: otp.SMS}); err != nil {
			t.Fatal(err)
		}
	}
	kept := r.state(t, otptest.Alice).Senders[0].Client
	if len(kept) != 8 || kept == "203.0.1" {
		t.Errorf("a client is kept as %q, want 8 characters of a hash", kept)
	}
	if kept := r.state(t, otptest.Bob).Senders[0].Client; kept != "" {
		t.Errorf("a client that is not known is kept as %q", kept)
	}
}

// wantSendRefusedSoon: a send that has the whole time of a function is refused long before.
func wantSendRefusedSoon(t *testing.T, r *rig, reason otp.Reason) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	began := time.Now()
	_, err := r.service.Send(ctx, otp.SendRequest{Caller: caller(""), To: otptest.Alice, Channel: otp.SMS})
	wantReason(t, err, reason)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the answer took %s", took)
	}
}

// A request whose charge may have been saved does not make its caller wait until the store
// is back.
func TestTakingBackIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&otptest.Provider{})
		r.service.Store = &failingStore{Store: r.store, loseSaves: 1, failSaves: 1 << 30}
		wantSendRefusedSoon(t, r, otp.Unavailable)
	})
}

// What has to be recorded is decided anew as often as it takes.
func TestOutcomesOutlastConflicts(t *testing.T) {
	r := newRig(&otptest.Provider{})
	busy := &busyStore{Store: r.store}
	r.service.Store = busy
	r.provider.Hold = func(otptest.Operation) { busy.conflicts = 50 }
	receipt, err := r.send(t, otptest.Alice, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.verify(t, otptest.Alice, receipt.VerificationID, r.right(), ""); err != nil {
		t.Fatal(err)
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

func TestChange(t *testing.T) {
	key, later := otptest.Keyring().LedgerKey(otptest.Alice), otptest.Start.Add(365*24*time.Hour)
	enable := func(l *otp.Ledger, _ time.Time) bool {
		closed := !l.DisabledAt.IsZero()
		l.Enable()
		return closed
	}
	closed := func(t *testing.T) (*rig, *busyStore) {
		t.Helper()
		r := newRig(&otptest.Provider{})
		_, err := r.store.Save(t.Context(), key, otp.Ledger{DisabledAt: otptest.Start, Total: 1, TotalEnds: later, ForgetAt: later}, "")
		if err != nil {
			t.Fatal(err)
		}
		busy := &busyStore{Store: r.store}
		r.service.Store = busy
		return r, busy
	}
	t.Run("is saved", func(t *testing.T) {
		r, _ := closed(t)
		was, changed, err := r.service.Change(t.Context(), key, enable)
		if err != nil || !changed || was.DisabledAt.IsZero() || !r.state(t, otptest.Alice).DisabledAt.IsZero() {
			t.Errorf("was %+v, changed %t, %v; is %+v", was, changed, err, r.state(t, otptest.Alice))
		}
	})
	t.Run("is decided again if a request was first", func(t *testing.T) {
		r, busy := closed(t)
		busy.conflicts = 1
		seen := 0
		was, changed, err := r.service.Change(t.Context(), key, func(l *otp.Ledger, now time.Time) bool {
			seen++
			if seen == 1 { // a request's, between the load and the save
				return true
			}
			return enable(l, now)
		})
		if err != nil || !changed || seen != 2 || was.DisabledAt.IsZero() {
			t.Errorf("decided %d times, was %+v, changed %t, %v", seen, was, changed, err)
		}
	})
	t.Run("returns what it decided on", func(t *testing.T) {
		r, _ := closed(t)
		r.service.Store = &overtaken{Store: r.store, key: key}
		was, _, err := r.service.Change(t.Context(), key, enable)
		if err != nil || was.Total != 2 {
			t.Errorf("was %+v, %v; want the total of 2 that a request left", was, err)
		}
	})
	t.Run("sees nothing that ran out", func(t *testing.T) {
		r, _ := closed(t)
		r.clock.Advance(r.policy.DisabledMemory)
		_, changed, err := r.service.Change(t.Context(), key, enable)
		if err != nil || changed {
			t.Errorf("a recipient that is open again: changed %t, %v", changed, err)
		}
	})
	t.Run("that is none is not saved", func(t *testing.T) {
		r, _ := closed(t)
		store := &countingStore{Store: r.store}
		r.service.Store = store
		_, changed, err := r.service.Change(t.Context(), key, func(*otp.Ledger, time.Time) bool { return false })
		if err != nil || changed || store.saves != 0 {
			t.Errorf("changed %t, %v, %d saves", changed, err, store.saves)
		}
	})
	t.Run("of what cannot be loaded", func(t *testing.T) {
		r, _ := closed(t)
		r.service.Store = &failingStore{Store: r.store, failLoad: true}
		_, changed, err := r.service.Change(t.Context(), key, enable)
		wantReason(t, err, otp.Unavailable)
		if changed {
			t.Error("it says changed")
		}
	})
}

// overtaken lets a request that raises the total save first, once.
type overtaken struct {
	otp.Store
	key  string
	done bool
}

func (s *overtaken) Save(ctx context.Context, key string, l otp.Ledger, was otp.Revision) (otp.Revision, error) {
	if !s.done {
		s.done = true
		current, revision, err := s.Load(ctx, key)
		if err != nil {
			return "", err
		}
		current.Total++
		if _, err := s.Store.Save(ctx, key, current, revision); err != nil {
			return "", err
		}
	}
	return s.Store.Save(ctx, key, l, was)
}

func TestParallelSendsOfAllKeepTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := unspaced(&otptest.Provider{}, 0)
		errs := atOnce(func(i int) error {
			c := caller("")
			c.Client = fmt.Sprint("client-", i)
			_, err := r.service.Send(t.Context(), otp.SendRequest{Caller: c, To: otptest.Alice, Channel: otp.SMS})
			return err
		})
		want := r.policy.SendLimit.Attempts
		if got := successes(errs); got != want {
			t.Errorf("%d sends succeeded, want %d", got, want)
		}
		if got := r.provider.Delivered(); got != want {
			t.Errorf("%d messages, want %d", got, want)
		}
	})
}

// Whichever wait is longer is told, the provider's or the cooldown's, and none that is over.
func TestWaitsAfterTheProvidersAnswer(t *testing.T) {
	throttled := otptest.ProviderFailure(otp.Throttled)
	throttled.RetryAfter = time.Second
	for name, c := range map[string]struct {
		fault *otp.ProviderError
		took  time.Duration
		want  time.Duration
	}{
		"throttled, and the cooldown is longer": {throttled, 0, 30 * time.Second},
		"throttled, and the cooldown is over":   {throttled, time.Minute, time.Second},
		"answer lost":                           {otptest.ProviderFailure(otp.Unknown), 0, 30 * time.Second},
		"answer lost, and the cooldown is over": {otptest.ProviderFailure(otp.Unknown), time.Minute, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(&otptest.Provider{Misbehave: always(otptest.Send, otptest.Fault{Err: c.fault})})
			r.provider.Hold = func(otptest.Operation) { r.clock.Advance(c.took) }
			_, err := r.send(t, otptest.Alice, "")
			failure, ok := errors.AsType[*otp.Error](err)
			if !ok || failure.RetryAfter != c.want {
				t.Errorf("error is %+v, want one with a wait of %s", failure, c.want)
			}
		})
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

func TestLoadFailsDuringARotation(t *testing.T) {
	r := newRig(&otptest.Provider{})
	r.service.Store = &failingStore{Store: r.store, failLoad: true}
	c := caller("")
	c.Keyrings = []otp.Keyring{plainRing("new"), plainRing("old")}
	_, err := r.service.Send(t.Context(), otp.SendRequest{Caller: c, To: otptest.Alice, Channel: otp.SMS})
	wantReason(t, err, otp.Unavailable)
}

// overwritten saves, has somebody else save upon it, and says no more than that: as
// DynamoDB does where the answer to a write was lost.
type overwritten struct {
	otp.Store
	times int
}

func (s *overwritten) Save(ctx context.Context, key string, l otp.Ledger, was otp.Revision) (otp.Revision, error) {
	revision, err := s.Store.Save(ctx, key, l, was)
	if err != nil || s.times == 0 {
		return revision, err
	}
	s.times--
	revision, err = s.Store.Save(ctx, key, l, revision)
	if err != nil {
		return "", err
	}
	return "", &otp.Conflict{Current: l, Revision: revision}
}

func TestWhatConflictsLeftBehindIsTakenBack(t *testing.T) {
	r := newRig(&otptest.Provider{})
	r.service.Store = &overwritten{Store: r.store, times: 20}
	_, err := r.send(t, otptest.Alice, "")
	wantReason(t, err, otp.Busy)
	if l := r.state(t, otptest.Alice); l.Sends != 0 || l.Total != 0 || len(l.Verifications) != 0 {
		t.Errorf("nothing was sent, and what stays is %+v", l)
	}
}

// hanging does not answer from the second load on.
type hanging struct {
	*failingStore
	loads int
}

func (s *hanging) Load(ctx context.Context, key string) (otp.Ledger, otp.Revision, error) {
	s.loads++
	if s.loads > 1 {
		<-ctx.Done()
		return otp.Ledger{}, "", errStoreDown
	}
	return s.failingStore.Load(ctx, key)
}

func TestTakingBackWaitsForNoLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&otptest.Provider{})
		r.service.Store = &hanging{failingStore: &failingStore{Store: r.store, loseSaves: 1}}
		wantSendRefusedSoon(t, r, otp.Unavailable)
	})
}

// A message whose record is gone when it is out leaves nothing: what would be saved has no
// end to its life.
func TestNoOutcomeIsSavedWhereTheRecordIsGone(t *testing.T) {
	r := newRig(&otptest.Provider{})
	store := &countingStore{Store: r.store}
	r.service.Store = store
	r.provider.Hold = func(otptest.Operation) { r.clock.Advance(91 * 24 * time.Hour) }
	_, err := r.send(t, otptest.Alice, "")
	wantReason(t, err, otp.SendUnconfirmed)
	if store.saves > 2 { // the reservation, and the outcome that met a conflict
		t.Errorf("%d saves, want 2", store.saves)
	}
	if l := r.state(t, otptest.Alice); !l.IsZero() {
		t.Errorf("saved: %+v", l)
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
