package dynamodb

import (
	"fmt"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

// The budgets of a request when nothing conflicts.
const (
	mostCalls      = 4
	mostWriteUnits = 3
	mostReadUnits  = 1
)

func (r *rig) wantSpent(what string, want spent) {
	r.tb.Helper()
	got := r.proxy.spent()
	if got != want {
		r.tb.Errorf("%s spent %+v, want %+v", what, got, want)
	}
	if got.Calls > mostCalls || got.Write > mostWriteUnits || got.Read > mostReadUnits {
		r.tb.Errorf("%s is over its budget: %+v", what, got)
	}
}

// TestBudgets asserts what requests cost as numbers: they do not jitter.
func TestBudgets(t *testing.T) {
	r := newRig(t, free())
	full := spent{Calls: 4, Get: 1, Put: 2, Update: 1, Read: 1, Write: 3}
	refused := spent{Calls: 2, Get: 1, Update: 1, Read: 1, Write: 1}
	sent := r.send().want(t, 200, "")
	r.wantSpent("a first send", full)
	r.send().want(t, 429, "too_soon")
	r.wantSpent("a send within the cooldown", refused)
	r.advance(30 * time.Second)
	r.resend(sent.VerificationID).want(t, 200, "")
	r.wantSpent("a resend", full)
	r.verify(wrong(r.pin())).want(t, 401, "invalid_or_expired")
	r.wantSpent("a wrong verify", full)
	r.verify(r.pin()).want(t, 200, "")
	r.wantSpent("a right verify", full)
	r.verify(r.pin()).want(t, 401, "invalid_or_expired")
	r.wantSpent("a verify of a used code", refused)
	r.post(httpapi.RouteSend, `{"phoneNumber":"x"}`).want(t, 400, "phone_number_invalid")
	r.wantSpent("a malformed request", spent{Calls: 1, Update: 1, Write: 1})

	for name, fault := range map[string]simulator.Fault{
		"refused": {Operation: "send", Status: 400, Times: 1}, "throttled": {Operation: "send", Status: 429, Times: 1},
		"cut": {Operation: "send", Drop: "after", Times: 1},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, free())
			r.fault(fault)
			if a := r.send(); a.StatusCode == 200 {
				t.Fatalf("got %d %s", a.StatusCode, a.Body)
			}
			r.wantSpent("a send that is "+name, full)
		})
	}
	t.Run("verify without an answer", func(t *testing.T) {
		r := newRig(t, free())
		r.send().want(t, 200, "")
		r.proxy.spent()
		r.fault(simulator.Fault{Operation: "verify", Drop: "after"})
		r.verify(r.pin()).want(t, 500, "verify_failed")
		r.wantSpent("it", spent{Calls: 3, Get: 1, Put: 1, Update: 1, Read: 1, Write: 2})
	})
}

// TestStaleCounter: only a counter whose window is over costs a second call.
func TestStaleCounter(t *testing.T) {
	r := newRig(t, nil)
	r.send().want(t, 200, "")
	r.advance(16 * time.Minute)
	r.proxy.spent()
	r.send().want(t, 200, "")
	if got, want := r.proxy.spent(), (spent{Calls: 5, Get: 1, Put: 2, Update: 2, Read: 1, Write: 4}); got != want {
		t.Errorf("a send with a stale counter spent %+v, want %+v", got, want)
	}
	r.advance(2 * time.Minute)
	r.send().want(t, 200, "")
	r.wantSpent("the send after it", spent{Calls: 4, Get: 1, Put: 2, Update: 1, Read: 1, Write: 3})
}

// TestItemsCostOneUnit brings a number to the largest state that the default settings
// allow in a window: three codes under idempotency keys, each with five verifies whose
// answers got lost. Every write still costs one unit.
func TestItemsCostOneUnit(t *testing.T) {
	r := newRig(t, free("SEND_COOLDOWN", "0s"))
	for i := range 3 {
		r.send("idempotency-key", fmt.Sprint(i)).want(t, 200, "")
		r.wantSpent("a send", spent{Calls: 4, Get: 1, Put: 2, Update: 1, Read: 1, Write: 3})
		id := r.send("idempotency-key", fmt.Sprint(i)).want(t, 200, "").VerificationID
		r.proxy.spent()
		r.fault(simulator.Fault{Operation: "verify", Status: 408})
		for range 5 {
			r.post(httpapi.RouteVerify, fmt.Sprintf(`{"phoneNumber":%q,"pin":"123456","verificationId":%q}`, number, id)).want(t, 500, "verify_failed")
			r.wantSpent("a verify", spent{Calls: 3, Get: 1, Put: 1, Update: 1, Read: 1, Write: 2})
		}
		r.sim.ClearFaults()
	}
}
