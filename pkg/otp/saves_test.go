package otp_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/otp/otptest"
)

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

// The store failing before the provider is asked means no message, and no second try.
func TestSendFailsClosed(t *testing.T) {
	tests := map[string]*failingStore{
		"load fails":            {failLoad: true},
		"save fails":            {failSaves: 1},
		"save's answer is lost": {loseSaves: 1},
		"every save fails":      {failSaves: 1000},
	}
	for name, broken := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(&otptest.Provider{})
			broken.Store = r.store
			r.service.Store = broken
			_, err := r.send(t, otptest.Alice, "")
			wantReason(t, err, otp.Unavailable)
			if got := len(r.provider.Calls("")); got != 0 {
				t.Errorf("%d calls reached the provider", got)
			}
			if broken.saves > 2 { // the charge, and that it is taken back
				t.Errorf("%d saves: a failing store was asked again before the provider", broken.saves)
			}
			if n := r.state(t, otptest.Alice); broken.loseSaves == 0 && (n.Sends != 0 || n.Total != 0 || len(n.Verifications) != 0 || n.NextSendAt.After(r.clock.Now())) {
				t.Errorf("nothing was sent, and what stays is %+v", n)
			}
		})
	}
}

// Once a message is out its handle has to be saved: the write is repeated, and a
// write whose answer is lost counts once.
func TestOutcomeIsSavedAgainAndAgain(t *testing.T) {
	for _, lost := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(&otptest.Provider{})
			broken := &failingStore{Store: r.store, skipSaves: 1, failSaves: 5}
			if lost {
				broken = &failingStore{Store: r.store, skipSaves: 1, loseSaves: 1}
			}
			r.service.Store = broken
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			var trace otp.Trace
			c := caller("")
			c.Trace = &trace
			receipt, err := r.service.Send(ctx, otp.SendRequest{Caller: c, To: otptest.Alice, Channel: otp.SMS})
			if err != nil {
				t.Fatalf("lost=%t: %v", lost, err)
			}
			if trace.WriteRetries == 0 {
				t.Error("no retry was counted")
			}
			pin := r.provider.PIN(otptest.Alice)
			if err := r.verify(t, otptest.Alice, receipt.VerificationID, pin, ""); err != nil {
				t.Errorf("lost=%t: right PIN: %v", lost, err)
			}
		})
	}
}

// If it cannot be saved within the deadline, the caller hears that the send is
// unconfirmed, the log that its handle is lost, and the request ends in time.
func TestHandleThatCannotBeSavedIsUnconfirmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const deadline = 20 * time.Second
		r := newRig(&otptest.Provider{})
		r.service.Store = &failingStore{Store: r.store, skipSaves: 1, failSaves: 1 << 30}
		ctx, cancel := context.WithTimeout(t.Context(), deadline)
		defer cancel()
		var trace otp.Trace
		c := caller("")
		c.Trace = &trace
		began := time.Now()
		_, err := r.service.Send(ctx, otp.SendRequest{Caller: c, To: otptest.Alice, Channel: otp.SMS})
		wantReason(t, err, otp.SendUnconfirmed)
		if !trace.Unrecorded {
			t.Error("the trace does not say that the handle is lost")
		}
		if took := time.Since(began); took >= deadline {
			t.Errorf("took %s of %s", took, deadline)
		}
		if got := r.state(t, otptest.Alice).Sends; got != 1 {
			t.Errorf("%d sends stay charged, want 1", got)
		}
	})
}

func TestConflictsAreDecidedAnewAndBounded(t *testing.T) {
	t.Run("a few settle", func(t *testing.T) {
		r := newRig(&otptest.Provider{})
		r.service.Store = &busyStore{Store: r.store, conflicts: 19}
		var trace otp.Trace
		c := caller("")
		c.Trace = &trace
		if _, err := r.service.Send(t.Context(), otp.SendRequest{Caller: c, To: otptest.Alice, Channel: otp.SMS}); err != nil {
			t.Fatal(err)
		}
		if trace.Conflicts != 19 {
			t.Errorf("%d conflicts counted, want 19", trace.Conflicts)
		}
	})
	t.Run("endless ones end in busy", func(t *testing.T) {
		r := newRig(&otptest.Provider{})
		r.service.Store = &busyStore{Store: r.store, conflicts: 1000}
		_, err := r.send(t, otptest.Alice, "")
		wantReason(t, err, otp.Busy)
		if got := len(r.provider.Calls("")); got != 0 {
			t.Errorf("%d calls reached the provider", got)
		}
	})
	t.Run("a client that left ends them", func(t *testing.T) {
		r := newRig(&otptest.Provider{})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		r.provider.Hold = func(otptest.Operation) { cancel() }
		busy := &busyAfterFirstSave{Store: r.store}
		r.service.Store = busy
		_, err := r.service.Send(ctx, otp.SendRequest{Caller: caller(""), To: otptest.Alice, Channel: otp.SMS})
		wantReason(t, err, otp.SendUnconfirmed)
		if busy.saves > 2 {
			t.Errorf("%d saves: conflicts were decided anew for nobody", busy.saves)
		}
	})
}

// busyAfterFirstSave conflicts once one save went through, longer than any request has
// patience for.
type busyAfterFirstSave struct {
	otp.Store
	saves int
}

func (s *busyAfterFirstSave) Save(ctx context.Context, key string, n otp.Ledger, was otp.Revision) (otp.Revision, error) {
	const enough = 1000
	s.saves++
	if s.saves > 1 && s.saves < enough {
		return "", &otp.Conflict{Current: n, Revision: was}
	}
	return s.Store.Save(ctx, key, n, was)
}
