package otp_test

import (
	"context"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/otp/otptest"
)

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
