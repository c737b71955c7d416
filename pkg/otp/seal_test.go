package otp_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/otp/otptest"
)

// sealer keeps the successes that it was called with.
type sealer struct {
	mu     sync.Mutex
	called []otp.Success
	// during, if not nil, is called with the context of each call.
	during func(context.Context)
}

func (s *sealer) seal(ctx context.Context, success otp.Success) {
	s.mu.Lock()
	s.called = append(s.called, success)
	s.mu.Unlock()
	if s.during != nil {
		s.during(ctx)
	}
}

func (r *rig) sealed(t *testing.T, s *sealer, id, pin, key, nonce string) (otp.Success, error) {
	t.Helper()
	return r.service.Verify(t.Context(), otp.VerifyRequest{
		Caller: caller(key), To: otptest.Alice, PIN: pin, VerificationID: id, Nonce: nonce, Seal: s.seal,
	})
}

// TestOneSealASuccess: a signature costs money, and there is one thing to sign. A provider
// that says yes to every check of a code makes those pay that it was asked about at once.
func TestOneSealASuccess(t *testing.T) {
	for name, c := range map[string]struct {
		single bool
		most   int
	}{"one yes": {true, 1}, "a yes to every check": {false, otp.DefaultPolicy().PINAttempts}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := unspaced(&otptest.Provider{Single: c.single}, otp.DefaultPolicy().PINAttempts)
				id, pin := r.mustSend(t, otptest.Alice).VerificationID, r.right()
				seals := &sealer{}
				const requests = 20
				errs := make([]error, requests)
				var all sync.WaitGroup
				for i := range requests {
					all.Go(func() { _, errs[i] = r.sealed(t, seals, id, pin, "", "") })
				}
				all.Wait()
				if got := len(seals.called); successes(errs) != 1 || got < 1 || got > c.most {
					t.Errorf("%d successes and %d seals of %d right PINs, want one and 1 to %d", successes(errs), got, requests, c.most)
				}
			})
		})
	}
}

func TestNoSealOfAWrongPIN(t *testing.T) {
	r := newRig(&otptest.Provider{})
	id, seals := r.mustSend(t, otptest.Alice).VerificationID, &sealer{}
	_, err := r.sealed(t, seals, id, wrongPIN, "", "")
	wantReason(t, err, otp.InvalidOrExpired)
	if len(seals.called) != 0 {
		t.Errorf("a wrong PIN was sealed %d times", len(seals.called))
	}
}

// TestSealIsBesideTheSave: it ends only once the save has been asked for.
func TestSealIsBesideTheSave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&otptest.Provider{})
		id, saved := r.mustSend(t, otptest.Alice).VerificationID, make(chan struct{})
		r.service.Store = &announcingStore{Store: r.store, at: 2, saving: saved} // the debit is the first
		seals := &sealer{during: func(ctx context.Context) {
			select {
			case <-saved:
			case <-ctx.Done():
				t.Error("the seal is waited for before the save")
			}
		}}
		success, err := r.sealed(t, seals, id, r.right(), "", "")
		if err != nil || len(seals.called) != 1 || !seals.called[0].At.Equal(success.At) || seals.called[0].VerificationID != id {
			t.Errorf("%v, and %d seals", err, len(seals.called))
		}
	})
}

// slowStore takes a while for each save.
type slowStore struct {
	otp.Store
	takes time.Duration
}

func (s *slowStore) Save(ctx context.Context, key string, l otp.Ledger, was otp.Revision) (otp.Revision, error) {
	time.Sleep(s.takes)
	return s.Store.Save(ctx, key, l, was)
}

// TestSealAddsNoRoundTrip: a verify with a seal takes what the slower of save and seal takes, to
// the nanosecond of a clock that only moves while all are waiting.
func TestSealAddsNoRoundTrip(t *testing.T) {
	for _, c := range []struct{ save, seal, want time.Duration }{
		{70 * time.Millisecond, 0, 140 * time.Millisecond}, // the debit and the success
		{70 * time.Millisecond, 40 * time.Millisecond, 140 * time.Millisecond},
		{70 * time.Millisecond, 90 * time.Millisecond, 160 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(&otptest.Provider{})
			id := r.mustSend(t, otptest.Alice).VerificationID
			r.service.Store = &slowStore{Store: r.store, takes: c.save}
			seals := &sealer{during: func(context.Context) { time.Sleep(c.seal) }}
			started := time.Now()
			_, err := r.sealed(t, seals, id, r.right(), "", "")
			if took := time.Since(started); err != nil || took != c.want || len(seals.called) != 1 {
				t.Errorf("saves of %s and a seal of %s took %s and %d seals (%v), want %s", c.save, c.seal, took, len(seals.called), err, c.want)
			}
		})
	}
}

// announcingStore tells of one of its saves before it takes place.
type announcingStore struct {
	otp.Store
	at     int
	saving chan struct{}
}

func (s *announcingStore) Save(ctx context.Context, key string, l otp.Ledger, was otp.Revision) (otp.Revision, error) {
	if s.at--; s.at == 0 {
		close(s.saving)
	}
	return s.Store.Save(ctx, key, l, was)
}

// movingStore lets time pass, and somebody else in, before the save of a success.
type movingStore struct {
	busyStore
	clock *otptest.Clock
	saves int
}

func (s *movingStore) Save(ctx context.Context, key string, l otp.Ledger, was otp.Revision) (otp.Revision, error) {
	if s.saves++; s.saves == 2 {
		s.conflicts = 1
		s.clock.Advance(time.Second)
	}
	return s.busyStore.Save(ctx, key, l, was)
}

// TestSealIsOfWhatWasRecorded: a conflict makes the service decide anew, at a later moment.
func TestSealIsOfWhatWasRecorded(t *testing.T) {
	r := newRig(&otptest.Provider{})
	id, seals := r.mustSend(t, otptest.Alice).VerificationID, &sealer{}
	r.service.Store = &movingStore{busyStore: busyStore{Store: r.store}, clock: r.clock}
	success, err := r.sealed(t, seals, id, r.right(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	if len(seals.called) != 2 || seals.called[0].At.Equal(success.At) || !seals.called[1].At.Equal(success.At) {
		t.Errorf("verified at %s, sealed as %v", success.At, seals.called)
	}
}

// resendingStore has the code go out again, by voice, before the save of a success.
type resendingStore struct {
	otp.Store
	saves int
}

func (s *resendingStore) Save(ctx context.Context, key string, l otp.Ledger, was otp.Revision) (otp.Revision, error) {
	if s.saves++; s.saves == 2 { // the debit is the first
		current, revision, err := s.Load(ctx, key)
		if err != nil {
			return "", err
		}
		v := &current.Verifications[0]
		v.Resends = append(v.Resends, otp.Delivery{ID: "resend", Progress: otp.Sent, Channel: otp.Voice, StartedAt: v.StartedAt})
		if _, err := s.Store.Save(ctx, key, current, revision); err != nil {
			return "", err
		}
	}
	return s.Store.Save(ctx, key, l, was)
}

// TestSealSaysTheChannelThatWasRecorded: within one millisecond the moment stays, and how the
// person got the code is another.
func TestSealSaysTheChannelThatWasRecorded(t *testing.T) {
	r := newRig(&otptest.Provider{})
	id, seals := r.mustSend(t, otptest.Alice).VerificationID, &sealer{}
	r.service.Store = &resendingStore{Store: r.store}
	success, err := r.sealed(t, seals, id, r.right(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	if len(seals.called) != 2 || !seals.called[0].At.Equal(success.At) || seals.called[0].Channel != otp.SMS ||
		seals.called[1].Channel != otp.Voice || success.Channel != otp.Voice {
		t.Errorf("verified by %s at %s, sealed as %v", success.Channel, success.At, seals.called)
	}
}

// TestSettleOfAnotherNonce: of two runs of one request the second may ask with another nonce once
// the first counts as dead. If both live after all, the success of one is not for the other's session.
func TestSettleOfAnotherNonce(t *testing.T) {
	p, now := otp.DefaultPolicy(), otptest.Start
	l := otp.Ledger{Verifications: []otp.Verification{{
		Delivery: otp.Delivery{ID: "id", Progress: otp.Sent, Channel: otp.SMS, StartedAt: now},
		State:    otp.StateActive, PinID: "pin", ExpiresAt: now.Add(p.PINTTL),
	}}}
	runs := []otp.Check{
		{ID: "check", Key: "key", RunID: "1", VerificationID: "id", Nonce: "nonce"},
		{ID: "check", Key: "key", RunID: "2", VerificationID: "id", Nonce: "another"},
		{ID: "check", Key: "key", RunID: "3", VerificationID: "id", Nonce: "nonce"},
	}
	debited := make([]otp.Debited, len(runs))
	for i, c := range runs {
		var err error
		debited[i], err = l.Debit(now, p, c)
		if err != nil {
			t.Fatal(err)
		}
		now = now.Add(p.SendTimeout)
	}
	now = now.Add(-time.Second)
	if _, saved, err := l.Settle(now, p, debited[2], runs[2], otp.Verified); err != nil || !saved {
		t.Fatalf("the last run: %v, saved: %t", err, saved)
	}
	_, saved, err := l.Settle(now, p, debited[1], runs[1], otp.Verified)
	wantReason(t, err, otp.KeyReused)
	if saved {
		t.Error("a refusal is saved")
	}
	if again, saved, err := l.Settle(now, p, debited[0], runs[0], otp.Verified); err != nil || saved || again.VerificationID != "id" {
		t.Errorf("the run with the same nonce: %v %v, saved: %t", again, err, saved)
	}
}

// TestSealEndsWithItsRequest: what was not recorded is not waited for.
func TestSealEndsWithItsRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&otptest.Provider{})
		id := r.mustSend(t, otptest.Alice).VerificationID
		r.service.Store = &failingStore{Store: r.store, skipSaves: 1, failSaves: 1000}
		ended := false
		seals := &sealer{during: func(ctx context.Context) { <-ctx.Done(); ended = true }}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		started := time.Now()
		_, err := r.service.Verify(ctx, otp.VerifyRequest{
			Caller: caller(""), To: otptest.Alice, PIN: r.right(), VerificationID: id, Seal: seals.seal,
		})
		failure, ok := errors.AsType[*otp.Error](err)
		if !ok || failure.Reason != otp.Unavailable || !ended || len(seals.called) != 1 {
			t.Errorf("got %v, %d seals, ended: %t", err, len(seals.called), ended)
		}
		if took := time.Since(started); took >= 10*time.Second {
			t.Errorf("the seal held the answer until the deadline, %s", took)
		}
	})
}

// TestRepeatSealsAgain: a repeat gets the same thing signed anew, and only with the nonce
// of the success.
func TestRepeatSealsAgain(t *testing.T) {
	r := newRig(&otptest.Provider{})
	id, pin, seals := r.mustSend(t, otptest.Alice).VerificationID, r.right(), &sealer{}
	first, err := r.sealed(t, seals, id, pin, "key", "nonce")
	if err != nil {
		t.Fatal(err)
	}
	r.clock.Advance(time.Minute)
	again, err := r.sealed(t, seals, id, pin, "key", "nonce")
	if err != nil || !again.Repeat || !again.At.Equal(first.At) {
		t.Errorf("the repeat: %v at %s, want %s", err, again.At, first.At)
	}
	for _, nonce := range []string{"", "another"} {
		_, err := r.sealed(t, seals, id, pin, "key", nonce)
		wantReason(t, err, otp.KeyReused)
	}
	if len(seals.called) != 2 || !seals.called[1].At.Equal(first.At) || seals.called[1].VerificationID != id {
		t.Errorf("sealed %v", seals.called)
	}
	if kept := r.state(t, otptest.Alice).Verifications[0].Nonce; kept == "" || kept == "nonce" {
		t.Errorf("the nonce is kept as %q", kept)
	}
}
