package dynamodb

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
)

// AWS deletes by TTL within days. The tables of these tests delete nothing, so what has
// run out is still there, and every decision has to see that for itself.

// wantStale checks that the table still has its items.
func (r *rig) wantStale(number int) {
	r.tb.Helper()
	found := 0
	for _, item := range r.items() {
		if strings.Contains(item, `pk="number#`) {
			found++
		}
	}
	if found != number {
		r.tb.Fatalf("the table has %d numbers, want %d: the test is about items that are still there", found, number)
	}
}

func TestExpiredCode(t *testing.T) {
	for _, c := range []struct {
		age    time.Duration
		status int
	}{{10*time.Minute - time.Millisecond, 200}, {10 * time.Minute, 401}, {48 * time.Hour, 401}, {500 * 24 * time.Hour, 401}} {
		t.Run(c.age.String(), func(t *testing.T) {
			r := newRig(t, free())
			r.send().want(t, 200, "")
			r.advance(c.age)
			r.wantStale(1)
			if a := r.verify(r.pin()); a.StatusCode != c.status {
				t.Errorf("got %d %s, want %d", a.StatusCode, a.Body, c.status)
			}
			if c.status == 401 {
				r.wantCalls("verify", 0)
			}
		})
	}
}

func TestResendOfAnExpiredCode(t *testing.T) {
	r := newRig(t, free())
	sent := r.send().want(t, 200, "")
	r.advance(10 * time.Minute)
	r.resend(sent.VerificationID).want(t, 401, "invalid_or_expired")
	r.wantCalls("resend", 0)
}

func TestWindowsThatAreOver(t *testing.T) {
	r := newRig(t, map[string]string{})
	for _, pause := range []time.Duration{0, 30 * time.Second, time.Minute} {
		r.advance(pause)
		r.send().want(t, 200, "")
	}
	r.send().want(t, 429, "number_limited")
	r.send().want(t, 429, "number_limited")
	r.send().want(t, 429, "address_limited")
	r.advance(15*time.Minute - 90*time.Second)
	r.send().want(t, 429, "number_limited")
	r.advance(24*time.Hour - 15*time.Minute)
	r.wantStale(1)
	if a := r.send().want(t, 200, ""); a.Headers["RateLimit-Remaining"] != "4" {
		t.Errorf("RateLimit-Remaining is %s, want 4", a.Headers["RateLimit-Remaining"])
	}
	r.wantCalls("send", 4)
}

// TestEveryBudgetStartsAnew uses up each of a number's three budgets. Each is there again
// at the end of its own window, and not a moment before.
func TestEveryBudgetStartsAnew(t *testing.T) {
	const moment = time.Second
	for _, c := range []struct {
		name    string
		setting string
		use     func(*rig)
	}{
		{"the client's share", "NUMBER_CLIENT_SEND_LIMIT", func(r *rig) { r.send().want(r.tb, 200, "") }},
		{"the number's sends", "NUMBER_SEND_LIMIT", func(r *rig) { r.send().want(r.tb, 200, "") }},
		{"the total", "NUMBER_TOTAL_LIMIT", func(r *rig) {
			r.send().want(r.tb, 200, "")
			r.verify(r.pin()).want(r.tb, 200, "")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, free("SEND_COOLDOWN", "0s", c.setting, "2/1d"))
			for range 2 {
				c.use(r)
			}
			r.send().want(t, 429, "number_limited")
			r.advance(24*time.Hour - moment)
			a := r.send().want(t, 429, "number_limited")
			if a.RetryAfter != int(moment/time.Second) {
				t.Errorf("retryAfter is %d, want the rest of the day, %s", a.RetryAfter, moment)
			}
			r.advance(moment)
			r.wantStale(1)
			c.use(r)
		})
	}
}

// TestOverIsOver: a repeat under the key of a code that is over is told so, and its resend
// is that of no code.
func TestOverIsOver(t *testing.T) {
	for name, end := range map[string]func(*rig){
		"expired": func(r *rig) { r.advance(time.Hour) },
		"used":    func(r *rig) { r.verify(r.pin()).want(r.tb, 200, "") },
		"locked": func(r *rig) {
			for range 5 {
				r.verify(wrong(r.pin())).want(r.tb, 401, "invalid_or_expired")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, free("SEND_COOLDOWN", "0s"))
			sent := r.send(key("one")...).want(t, 200, "")
			end(r)
			r.wantStale(1)
			r.send(key("one")...).want(t, 422, "idempotency_key_expired")
			r.resend(sent.VerificationID).want(t, 401, "invalid_or_expired")
			r.wantCalls("send", 1)
			r.wantCalls("resend", 0)
			// What is kept of it after the next save is small, and answers as before.
			handle := r.sim.Outbox(digits)[0].PINID
			if again := r.send(key("two")...).want(t, 200, ""); again.VerificationID == sent.VerificationID {
				t.Error("another key was given the verification that is over")
			}
			if items := r.items(); strings.Contains(fmt.Sprint(items), handle) {
				t.Errorf("the handle of a code that is over is still kept: %s", items)
			}
			r.send(key("one")...).want(t, 422, "idempotency_key_expired")
			r.wantCalls("send", 2)
		})
	}
}

// TestFailuresInARow: memories that ran out days ago count no more, and those that did
// not still do. One client's failures count for half of the limit, so they come from two.
func TestFailuresInARow(t *testing.T) {
	const day = 24 * time.Hour
	r := newRig(t, free("NUMBER_FAILURE_LIMIT", "4", "SEND_COOLDOWN", "0s", "NUMBER_DISABLED_MEMORY", "100d"))
	fail := func(address string, times int) {
		t.Helper()
		for range times {
			r.from(address).verify(wrong(r.pin())).want(t, 401, "invalid_or_expired")
		}
	}
	const one, other = "203.0.113.1", "203.0.113.2"
	r.send().want(t, 200, "")
	fail(one, 4) // which count as two
	r.advance(89 * day)
	r.send().want(t, 200, "")
	fail(other, 1)
	r.verify(r.pin()).want(t, 200, "") // not yet closed

	r.send().want(t, 200, "")
	fail(one, 2)
	r.advance(89 * day)
	r.send().want(t, 200, "")
	fail(other, 2) // the fourth that counts
	r.wantCalls("verify", 10)
	r.verify(r.pin()).want(t, 401, "invalid_or_expired")
	r.wantCalls("verify", 10) // nobody was asked
	r.advance(100*day - time.Hour)
	r.wantStale(1)
	r.send().want(t, 429, "number_limited")
	r.advance(time.Hour)
	r.send().want(t, 200, "")
	fail(one, 2)
	r.advance(90 * day)
	r.wantStale(1)
	r.send().want(t, 200, "")
	fail(other, 2) // not the third and fourth
	r.verify(r.pin()).want(t, 200, "")
}

// TestAnotherNumbersItems: a code is good for its own number only.
func TestAnotherNumbersItems(t *testing.T) {
	r := newRig(t, free())
	r.send().want(t, 200, "")
	pin := r.pin()
	r.post(httpapi.RouteVerify, fmt.Sprintf(`{"phoneNumber":"+41446681800","pin":%q}`, pin)).want(t, 401, "invalid_or_expired")
	r.wantCalls("verify", 0)
	r.verify(pin).want(t, 200, "")
}
