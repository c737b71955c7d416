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
