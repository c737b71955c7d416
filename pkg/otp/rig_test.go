package otp_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/otp/otptest"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
	"github.com/seed-a131a524/infobip-otp/pkg/store"
)

// rig is a service on the memory store, with everything around it in the test's hand.
type rig struct {
	clock    *otptest.Clock
	provider *otptest.Provider
	store    otp.Store
	policy   otp.Policy
	service  *otp.Service
}

func newRig(provider *otptest.Provider) *rig {
	clock := otptest.NewClock()
	r := &rig{clock: clock, provider: provider, store: store.NewMemory(clock), policy: otp.DefaultPolicy()}
	r.service = &otp.Service{Store: r.store, Provider: provider, Clock: clock, Policy: r.policy}
	return r
}

func caller(key string) otp.Caller {
	return otp.Caller{Keyrings: []otp.Keyring{otptest.Keyring()}, IdempotencyKey: key, Client: home}
}

func (r *rig) send(t *testing.T, number recipient.Recipient, key string) (otp.Receipt, error) {
	t.Helper()
	return r.service.Send(t.Context(), otp.SendRequest{Caller: caller(key), To: number, Channel: otp.SMS})
}

func (r *rig) mustSend(t *testing.T, number recipient.Recipient) otp.Receipt {
	t.Helper()
	receipt, err := r.send(t, number, "")
	if err != nil {
		t.Fatalf("send: %v", err)
	}
	return receipt
}

func (r *rig) resend(t *testing.T, number recipient.Recipient, id, key string) (otp.Receipt, error) {
	t.Helper()
	return r.service.Resend(t.Context(), otp.ResendRequest{Caller: caller(key), To: number, VerificationID: id, Channel: otp.SMS})
}

func (r *rig) verify(t *testing.T, number recipient.Recipient, id, pin, key string) error {
	t.Helper()
	_, err := r.service.Verify(t.Context(), otp.VerifyRequest{Caller: caller(key), To: number, PIN: pin, VerificationID: id})
	return err
}

// state returns what is saved of a number.
func (r *rig) state(t *testing.T, number recipient.Recipient) otp.Ledger {
	t.Helper()
	n, _, err := r.store.Load(t.Context(), otptest.Keyring().LedgerKey(number))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// home is where requests come from that do not say otherwise.
const home = "home"

const wrongPIN = "999999"

// wantReason checks an error's reason and returns the error.
func wantReason(t *testing.T, err error, want otp.Reason) *otp.Error {
	t.Helper()
	failure, ok := errors.AsType[*otp.Error](err)
	if !ok {
		t.Fatalf("error is %v, want reason %s", err, want)
	}
	if failure.Reason != want {
		t.Fatalf("reason is %s (%v), want %s", failure.Reason, err, want)
	}
	return failure
}

// always is a fault of every call of one operation.
func always(op otptest.Operation, f otptest.Fault) func(otptest.Operation) otptest.Fault {
	return func(called otptest.Operation) otptest.Fault {
		if called == op {
			return f
		}
		return otptest.Fault{}
	}
}

// failingStore fails where it is told to.
type failingStore struct {
	otp.Store
	failLoad bool
	// failSaves counts the saves that fail from now on, loseSaves those that take
	// place although they fail. skipSaves lets that many through first.
	skipSaves, failSaves, loseSaves int
	saves                           int
}

var errStoreDown = errors.Join(errors.New("a fault of the test"), otp.ErrUnavailable)

func (s *failingStore) Load(ctx context.Context, key string) (otp.Ledger, otp.Revision, error) {
	if s.failLoad {
		return otp.Ledger{}, "", errStoreDown
	}
	return s.Store.Load(ctx, key)
}

func (s *failingStore) Save(ctx context.Context, key string, n otp.Ledger, was otp.Revision) (otp.Revision, error) {
	s.saves++
	switch {
	case s.skipSaves > 0:
		s.skipSaves--
	case s.loseSaves > 0:
		s.loseSaves--
		if _, err := s.Store.Save(ctx, key, n, was); err != nil {
			return "", err
		}
		return "", errStoreDown
	case s.failSaves > 0:
		s.failSaves--
		return "", errStoreDown
	}
	return s.Store.Save(ctx, key, n, was)
}

// busyStore lets somebody else save before every save.
type busyStore struct {
	otp.Store
	conflicts int // that many, then peace
}

func (s *busyStore) Save(ctx context.Context, key string, n otp.Ledger, was otp.Revision) (otp.Revision, error) {
	if s.conflicts > 0 {
		s.conflicts--
		current, revision, err := s.Load(ctx, key)
		if err != nil {
			return "", err
		}
		current.ForgetAt = otptest.Start.Add(time.Hour)
		if _, err := s.Store.Save(ctx, key, current, revision); err != nil {
			return "", err
		}
	}
	return s.Store.Save(ctx, key, n, was)
}
