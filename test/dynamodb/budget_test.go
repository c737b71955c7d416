package dynamodb

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/internal/cost"
	"github.com/seed-a131a524/infobip-otp/pkg/app"
	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// The budgets of a request when nothing conflicts are those that docs/cost.md counts with. A send
// has a read unit more on AWS, which charges for the guard's orders although there are none.
var (
	mostCalls      = cost.Send.Calls
	mostWriteUnits = cost.Send.Write
	mostReadUnits  = cost.Verify.Read
)

// wantSpent checks what was spent since the last look.
func (r *rig) wantSpent(what string, want harness.Spent) {
	r.tb.Helper()
	got := r.proxy.Spent()
	if got != want {
		r.tb.Errorf("%s spent %+v, want %+v", what, got, want)
	}
	if got.Calls > mostCalls || got.Write > mostWriteUnits || got.Read > mostReadUnits {
		r.tb.Errorf("%s is over its budget: %+v", what, got)
	}
}

// TestBudgetsOfTheDefaults is TestBudgets with all that the guard counts: four cells, and money
// in three of them.
func TestBudgetsOfTheDefaults(t *testing.T) {
	r := newRig(t, map[string]string{"SPEND_LIMIT": "50/1d", "REGION_SPEND_LIMIT": "*=20/1d"})
	want := func(what string, want harness.Spent) {
		t.Helper()
		if got := r.proxy.Spent(); got != want {
			t.Errorf("%s spent %+v, want %+v", what, got, want)
		}
	}
	sending := harness.Spent{Calls: cost.GuardedSend.Calls, Get: 1, Put: 2, Update: 1 + 4, Read: 1, Write: cost.GuardedSend.Write}
	sent := r.send().want(t, 200, "")
	want("a first send", sending) // DynamoDB Local charges nothing for cells that are not there yet; AWS does
	sending.Read = cost.GuardedSend.Read
	r.advance(30 * time.Second)
	r.resend(sent.VerificationID).want(t, 200, "")
	want("a resend", sending)
	checking := harness.Spent{Calls: cost.Verify.Calls, Get: 1, Put: 2, Update: 1, Read: cost.Verify.Read, Write: cost.Verify.Write}
	r.verify(wrong(r.pin())).want(t, 401, "invalid_or_expired")
	want("a wrong verify", checking)
	r.advance(3 * time.Second)
	checking.Calls, checking.Update, checking.Write = cost.GuardedVerify.Calls, 1+4, cost.GuardedVerify.Write
	r.verify(r.pin()).want(t, 200, "")
	want("a right verify", checking)
}

// TestBudgets asserts what requests cost as numbers: they do not jitter.
func TestBudgets(t *testing.T) {
	r := newRig(t, free())
	full := harness.Spent{Calls: cost.Verify.Calls, Get: 1, Put: 2, Update: 1, Read: cost.Verify.Read, Write: cost.Verify.Write}
	refused := harness.Spent{Calls: 2, Get: 1, Update: 1, Read: 1, Write: 1}
	// A send also reads, beside its load, what the guard has stopped.
	sending, refusedSend := full, refused
	sending.Calls++
	refusedSend.Calls++
	sent := r.send().want(t, 200, "")
	r.wantSpent("a first send", sending)
	r.proxy.LoadAfterRead()
	r.send().want(t, 429, "too_soon")
	r.wantSpent("a send within the cooldown", refusedSend)
	r.advance(30 * time.Second)
	r.resend(sent.VerificationID).want(t, 200, "")
	r.wantSpent("a resend", sending)
	r.verify(wrong(r.pin())).want(t, 401, "invalid_or_expired")
	r.wantSpent("a wrong verify", full)
	r.verify(r.pin()).want(t, 200, "")
	r.wantSpent("a right verify", full)
	r.verify(r.pin()).want(t, 401, "invalid_or_expired")
	r.wantSpent("a verify of a used code", refused)
	r.post(httpapi.RouteSend, `{"phoneNumber":"x"}`).want(t, 400, "phone_number_invalid")
	r.wantSpent("a malformed request", harness.Spent{})

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
			r.wantSpent("a send that is "+name, sending)
		})
	}
	t.Run("verify without an answer", func(t *testing.T) {
		r := newRig(t, free())
		r.send().want(t, 200, "")
		r.proxy.Spent()
		r.fault(simulator.Fault{Operation: "verify", Drop: "after"})
		r.verify(r.pin()).want(t, 500, "verify_failed")
		r.wantSpent("it", harness.Spent{Calls: 3, Get: 1, Put: 1, Update: 1, Read: 1, Write: 2})
	})
}

// TestBudgetsOfAnAddress: by e-mail a request costs the calls and units that it does by SMS,
// and the address is nowhere in the table.
func TestBudgetsOfAnAddress(t *testing.T) {
	r := newRig(t, free("CHANNELS", "email", "SEND_COOLDOWN", "0s"))
	full := harness.Spent{Calls: cost.Verify.Calls, Get: 1, Put: 2, Update: 1, Read: cost.Verify.Read, Write: cost.Verify.Write}
	sending := full
	sending.Calls++ // reads what the guard has stopped
	const address = "canary.person@example.com"
	by := func(path, more string) answer {
		t.Helper()
		return r.post(path, fmt.Sprintf(`{"email":%q%s}`, address, more))
	}
	id := ""
	for range 3 {
		id = by(httpapi.RouteSend, "").want(t, 200, "").VerificationID
		r.wantSpent("a send", sending)
	}
	pin := r.sim.Outbox(address)[2].PIN
	by(httpapi.RouteVerify, fmt.Sprintf(`,"pin":%q,"verificationId":%q`, wrong(pin), id)).want(t, 401, "invalid_or_expired")
	r.wantSpent("a wrong verify", full)
	r.advance(time.Minute)
	by(httpapi.RouteVerify, fmt.Sprintf(`,"pin":%q,"verificationId":%q`, pin, id)).want(t, 200, "")
	r.wantSpent("a right verify", full)
	for _, item := range r.items() {
		if strings.Contains(item, "canary") || strings.Contains(item, "example.com") {
			t.Errorf("an item shows the address: %s", item)
		}
	}
}

// TestStaleCounter: only a counter whose window is over costs a second call.
func TestStaleCounter(t *testing.T) {
	r := newRig(t, free("IP_SEND_LIMIT", "5/15m"))
	r.send().want(t, 200, "")
	r.advance(16 * time.Minute)
	r.proxy.Spent()
	r.send().want(t, 200, "")
	if got, want := r.proxy.Spent(), (harness.Spent{Calls: 6, Get: 1, Put: 2, Update: 2, Read: 1, Write: 4}); got != want {
		t.Errorf("a send with a stale counter spent %+v, want %+v", got, want)
	}
	r.advance(2 * time.Minute)
	r.send().want(t, 200, "")
	r.wantSpent("the send after it", harness.Spent{Calls: 5, Get: 1, Put: 2, Update: 1, Read: 1, Write: 3})
}

// sendBy asks for a code by a channel.
func (r *rig) sendBy(channel string, headers ...string) answer {
	r.tb.Helper()
	return r.post(httpapi.RouteSend, fmt.Sprintf(`{"phoneNumber":%q,"channel":%q}`, number, channel), headers...)
}

// key is a request's Idempotency-Key header.
func key(value any) []string { return []string{"idempotency-key", fmt.Sprint(value)} }

// lostRun is the time after which a request that never told its outcome is forgotten: twice
// the function's timeout.
const lostRun = 2 * app.FunctionTimeout

// TestItemsCostOneUnit brings a number to the largest state that three sends by SMS and one
// check at a time can come to: codes of several clients, all of them alive and under
// idempotency keys, with checks of all kinds. Every write costs one unit.
func TestItemsCostOneUnit(t *testing.T) {
	r := newRig(t, free("SEND_COOLDOWN", "0s"))
	full := harness.Spent{Calls: 4, Get: 1, Put: 2, Update: 1, Read: 1, Write: 3}
	sending := full
	sending.Calls++ // reads what the guard has stopped
	checks := 0
	for i := range 3 {
		owner, stranger := r.from(fmt.Sprintf("203.0.113.%d", i)), r.from(fmt.Sprintf("203.0.113.%d", 100+i))
		id := owner.send(key(i)...).want(t, 200, "").VerificationID
		r.wantSpent("a send", sending)
		for range 3 {
			checks++
			owner.verifyNamed(id, wrong(r.pin()), key(checks)...).want(t, 401, "invalid_or_expired")
			r.wantSpent("a wrong check", full)
			stranger.verify(wrong(r.pin()), key(checks)...).want(t, 401, "invalid_or_expired")
			r.wantSpent("a stranger's wrong check", full)
		}
		r.fault(simulator.Fault{Operation: "verify", Status: 408, Times: 1})
		owner.verifyNamed(id, r.pin(), key("lost")...).want(t, 500, "verify_failed")
		r.wantSpent("a check without an answer gives its key back", full)
		r.advance(lostRun)
	}
	if l := r.ledger(); len(l.Verifications) != 3 || len(l.Senders) != 3 || len(l.Failures) != 5 {
		t.Errorf("%d codes, %d clients that send and %d that failed: the test is about three, three, and four with the rest", len(l.Verifications), len(l.Senders), len(l.Failures))
	}
}

// TestItemsCostTwoUnits does as much as a number's total allows: ten sends by voice from
// several clients, as soon as each may be, the first of them without an answer, and three
// checks at a time.
func TestItemsCostTwoUnits(t *testing.T) {
	r := newRig(t, free("CHANNELS", "sms,voice"))
	// two returns the write units.
	two := func(what string, want harness.Spent) float64 {
		t.Helper()
		got := r.proxy.Spent()
		units := got.Write
		got.Write = 0
		if most := float64(got.Update + 2*got.Put); got != want || units > most {
			t.Errorf("%s spent %+v and %g write units, want %+v and at most %g", what, got, units, want, most)
		}
		return units
	}
	const lost, sends = 5, 10
	r.fault(simulator.Fault{Operation: "send", Drop: "after", Times: lost})
	var last answer
	for i := range sends {
		client := r.from(fmt.Sprintf("203.0.113.%d", i%6))
		last = client.sendBy("voice", key(i)...)
		if (last.StatusCode == 200) != (i >= lost) {
			t.Fatalf("send %d got %d %s", i, last.StatusCode, last.Body)
		}
		two("a send by voice", harness.Spent{Calls: 5, Get: 1, Put: 2, Update: 1, Read: 1})
		if i < sends-1 {
			r.advance(time.Duration(last.ResendIn+last.RetryAfter) * time.Second)
		}
	}
	r.fault(simulator.Fault{Operation: "verify", Status: 408})
	for i := range 3 {
		client := r.from(fmt.Sprintf("203.0.113.%d", i))
		client.verifyNamed(last.VerificationID, "123456", key(i)...).want(t, 500, "verify_failed")
		two("a check without an answer", harness.Spent{Calls: 4, Get: 1, Put: 2, Update: 1, Read: 1})
	}
	r.sim.ClearFaults()
	r.verifyNamed(last.VerificationID, wrong(r.pin())).want(t, 401, "invalid_or_expired")
	if units := two("a wrong check", harness.Spent{Calls: 4, Get: 1, Put: 2, Update: 1, Read: 1}); units < 5 {
		t.Errorf("a wrong check spent %g write units: the test is about items of two", units)
	}
	r.advance(10 * time.Minute)
	r.from("203.0.113.7").sendBy("voice").want(t, 429, "number_limited")
}
