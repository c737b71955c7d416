package dynamodb

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

const crowd = 50

// atOnce makes a crowd ask, and counts the answers by status and code.
func atOnce(ask func(i int) answer) map[string]int {
	var mu sync.Mutex
	counts := map[string]int{}
	var start, all sync.WaitGroup
	start.Add(1)
	for i := range crowd {
		all.Go(func() {
			start.Wait()
			a := ask(i)
			mu.Lock()
			defer mu.Unlock()
			counts[fmt.Sprintf("%d %s", a.StatusCode, a.Code)]++
		})
	}
	start.Done()
	all.Wait()
	return counts
}

// TestOneRightPINVerifiesOnce also with the provider held, so that several right PINs
// are under way together: without that a missing guard gets by one time in three.
func TestOneRightPINVerifiesOnce(t *testing.T) {
	for _, delay := range []string{"", "300ms"} {
		t.Run("delay "+delay, func(t *testing.T) {
			r := newRig(t, free())
			r.send().want(t, 200, "")
			if delay != "" {
				r.fault(simulator.Fault{Operation: "verify", Delay: delay})
			}
			pin := r.pin()
			counts := atOnce(func(int) answer { return r.verify(pin) })
			if counts["200 "] != 1 || counts["401 invalid_or_expired"] != crowd-1 {
				t.Errorf("got %v, want one 200 and %d times 401", counts, crowd-1)
			}
			calls := len(r.sim.Requests("verify"))
			if calls > 5 || delay != "" && calls < 2 {
				t.Errorf("%d verifies reached the provider, want at most 5, and several at once where it is held", calls)
			}
		})
	}
}

func TestWrongPINsReachTheProviderUpToTheCap(t *testing.T) {
	for _, delay := range []string{"", "300ms"} {
		t.Run("delay "+delay, func(t *testing.T) {
			r := newRig(t, free())
			r.send().want(t, 200, "")
			if delay != "" {
				r.fault(simulator.Fault{Operation: "verify", Delay: delay})
			}
			pin := r.pin()
			counts := atOnce(func(int) answer { return r.verify(wrong(pin)) })
			if counts["401 invalid_or_expired"] != crowd {
				t.Errorf("got %v, want %d times 401", counts, crowd)
			}
			r.wantCalls("verify", 5)
			r.verify(pin).want(t, 401, "invalid_or_expired")
			r.wantCalls("verify", 5)
		})
	}
}

// TestSpacingUnderLoad: with the default spacing one verify in three seconds reaches
// the provider, and the others lose no attempt.
func TestSpacingUnderLoad(t *testing.T) {
	r := newRig(t, free("VERIFY_SPACING", "3s"))
	sent := r.send().want(t, 200, "")
	pin := r.pin()
	counts := atOnce(func(int) answer { return r.verify(wrong(pin)) })
	if counts["401 invalid_or_expired"] != 1 || counts["429 too_soon"] != crowd-1 {
		t.Errorf("got %v, want one 401 and %d times 429", counts, crowd-1)
	}
	r.advance(simulatorSpacing)
	a := r.post(httpapi.RouteVerify, fmt.Sprintf(`{"phoneNumber":%q,"pin":%q,"verificationId":%q}`, number, wrong(pin), sent.VerificationID))
	if a.AttemptsRemaining == nil || *a.AttemptsRemaining != 3 {
		t.Errorf("got %s, want 3 attempts left", a.Body)
	}
}

const simulatorSpacing = 3_000_000_000 // 3 s

func TestOneSendAtOnce(t *testing.T) {
	r := newRig(t, free())
	counts := atOnce(func(int) answer { return r.send() })
	if counts["200 "] != 1 || counts["429 too_soon"] != crowd-1 {
		t.Errorf("got %v, want one 200 and %d times 429", counts, crowd-1)
	}
	r.wantCalls("send", 1)
}

// TestSendLimitAtOnce: without a cooldown the number's budget is the only guard.
func TestSendLimitAtOnce(t *testing.T) {
	r := newRig(t, free("SEND_COOLDOWN", "0s"))
	counts := atOnce(func(int) answer { return r.send() })
	if counts["200 "] != 3 || counts["429 number_limited"] != crowd-3 {
		t.Errorf("got %v, want three 200 and %d times 429", counts, crowd-3)
	}
	r.wantCalls("send", 3)
}

func TestOneKeyOneSMS(t *testing.T) {
	for _, delay := range []string{"", "300ms"} {
		t.Run("delay "+delay, func(t *testing.T) {
			r := newRig(t, free("SEND_COOLDOWN", "0s"))
			if delay != "" {
				r.fault(simulator.Fault{Operation: "send", Delay: delay})
			}
			counts := atOnce(func(int) answer { return r.send("idempotency-key", "one") })
			if counts["200 "] < 1 || counts["200 "]+counts["409 idempotency_key_in_use"] != crowd {
				t.Errorf("got %v, want 200 and 409 only", counts)
			}
			r.wantCalls("send", 1)
		})
	}
}

// TestOneVerifyUnderOneKey: repeats of the same request succeed with it.
func TestOneVerifyUnderOneKey(t *testing.T) {
	r := newRig(t, free())
	r.send().want(t, 200, "")
	pin := r.pin()
	r.fault(simulator.Fault{Operation: "verify", Delay: "300ms"})
	counts := atOnce(func(int) answer { return r.verify(pin, "idempotency-key", "one") })
	if counts["200 "] < 1 || counts["200 "]+counts["401 invalid_or_expired"] != crowd {
		t.Errorf("got %v, want 200 and 401 only", counts)
	}
	r.verify(pin, "idempotency-key", "one").want(t, 200, "")
	r.verify(pin).want(t, 401, "invalid_or_expired")
}

func TestAddressLimitAtOnce(t *testing.T) {
	r := newRig(t, map[string]string{})
	counts := atOnce(func(i int) answer {
		return r.post(httpapi.RouteSend, fmt.Sprintf(`{"phoneNumber":"+4479111234%02d"}`, i))
	})
	if counts["200 "] != 5 || counts["429 address_limited"] != crowd-5 {
		t.Errorf("got %v, want five 200 and %d times 429", counts, crowd-5)
	}
	r.wantCalls("send", 5)
}

// TestManyNumbersAtOnce: requests for different numbers do not meet.
func TestManyNumbersAtOnce(t *testing.T) {
	r := newRig(t, free())
	counts := atOnce(func(i int) answer {
		return r.post(httpapi.RouteSend, fmt.Sprintf(`{"phoneNumber":"+4479111234%02d"}`, i))
	})
	if counts[fmt.Sprintf("%d ", http.StatusOK)] != crowd {
		t.Errorf("got %v, want %d times 200", counts, crowd)
	}
}
