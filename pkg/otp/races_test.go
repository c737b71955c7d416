package otp_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/otp/otptest"
)

// crowd is how many requests come at once.
const crowd = 50

// atOnce runs f for 0 to crowd-1 in parallel and returns their errors.
func atOnce(f func(i int) error) []error {
	errs := make([]error, crowd)
	var all sync.WaitGroup
	for i := range crowd {
		all.Go(func() { errs[i] = f(i) })
	}
	all.Wait()
	return errs
}

func successes(errs []error) int {
	n := 0
	for _, err := range errs {
		if err == nil {
			n++
		}
	}
	return n
}

// unspaced is a rig whose cooldown and spacing are off, so that only the budgets
// stand between a crowd and the provider. The provider keeps calls under way together.
func unspaced(provider *otptest.Provider, together int) *rig {
	r := newRig(provider)
	r.service.Policy.SendCooldown = 0
	r.service.Policy.VerifySpacing = 0
	provider.Hold = func(otptest.Operation) {}
	if together > 0 {
		hold := otptest.Together(together)
		provider.Hold = func(op otptest.Operation) {
			if op == otptest.Verify || together == crowd {
				hold(op)
			}
		}
	}
	return r
}

func TestParallelRightPINsGiveOneSuccess(t *testing.T) {
	for _, key := range []bool{false, true} {
		t.Run(fmt.Sprintf("keys=%t", key), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := unspaced(&otptest.Provider{}, otp.DefaultPolicy().PINAttempts)
				id := r.mustSend(t, otptest.Alice).VerificationID
				pin := r.right()
				errs := atOnce(func(i int) error {
					k := ""
					if key {
						k = fmt.Sprint("key", i)
					}
					return r.verify(t, otptest.Alice, id, pin, k)
				})
				if got := successes(errs); got != 1 {
					t.Errorf("%d successes, want 1", got)
				}
				if got := len(r.provider.Calls(otptest.Verify)); got > r.policy.PINAttempts {
					t.Errorf("%d guesses reached the provider, at most %d may", got, r.policy.PINAttempts)
				}
			})
		})
	}
}

func TestParallelWrongPINsKeepTheCap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := unspaced(&otptest.Provider{}, otp.DefaultPolicy().PINAttempts)
		id := r.mustSend(t, otptest.Alice).VerificationID
		errs := atOnce(func(i int) error { return r.verify(t, otptest.Alice, id, fmt.Sprintf("%06d", 900000+i), "") })
		if got := successes(errs); got != 0 {
			t.Errorf("%d wrong PINs succeeded", got)
		}
		if got := len(r.provider.Calls(otptest.Verify)); got != r.policy.PINAttempts {
			t.Errorf("%d guesses reached the provider, want %d", got, r.policy.PINAttempts)
		}
		n := r.state(t, otptest.Alice)
		if got := n.Verifications[0]; got.State != otp.StateLocked {
			t.Errorf("state is %s, want locked", got.State)
		}
		if got := n.FailuresInARow(r.policy); got != r.policy.PINAttempts {
			t.Errorf("%d failures in a row, want %d", got, r.policy.PINAttempts)
		}
	})
}

func TestParallelSendsKeepTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := unspaced(&otptest.Provider{}, 0)
		errs := atOnce(func(int) error { _, err := r.send(t, otptest.Alice, ""); return err })
		want := r.policy.ClientSendLimit.Attempts // all come from one client
		if got := successes(errs); got != want {
			t.Errorf("%d sends succeeded, want %d", got, want)
		}
		if got := r.provider.Delivered(); got != want {
			t.Errorf("%d messages, want %d", got, want)
		}
	})
}

func TestParallelSendsKeepTheCooldown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&otptest.Provider{})
		atOnce(func(int) error { _, err := r.send(t, otptest.Alice, ""); return err })
		if got := r.provider.Delivered(); got != 1 {
			t.Errorf("%d messages within the cooldown, want 1", got)
		}
	})
}

func TestParallelSendsUnderOneKeyGiveOneMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := unspaced(&otptest.Provider{}, crowd)
		errs := atOnce(func(int) error { _, err := r.send(t, otptest.Alice, "key"); return err })
		if got := len(r.provider.Calls(otptest.Send)); got != 1 {
			t.Errorf("%d sends reached the provider, want 1", got)
		}
		for _, err := range errs {
			failure, ok := errors.AsType[*otp.Error](err)
			if err != nil && (!ok || failure.Reason != otp.KeyInUse) {
				t.Errorf("error is %v, want %s", err, otp.KeyInUse)
			}
		}
		if _, err := r.send(t, otptest.Alice, "key"); err != nil {
			t.Errorf("the repeat afterwards: %v", err)
		}
	})
}

func TestParallelResendsUnderOneKeyGiveOneMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := unspaced(&otptest.Provider{}, 0)
		id := r.mustSend(t, otptest.Alice).VerificationID
		atOnce(func(int) error { _, err := r.resend(t, otptest.Alice, id, "key"); return err })
		if got := len(r.provider.Calls(otptest.Resend)); got != 1 {
			t.Errorf("%d resends reached the provider, want 1", got)
		}
	})
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
