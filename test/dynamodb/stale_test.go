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
	}{{10*time.Minute - 5*time.Second, 200}, {10 * time.Minute, 401}, {48 * time.Hour, 401}, {500 * 24 * time.Hour, 401}} {
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

func TestIdempotencyKeyOfAnExpiredCode(t *testing.T) {
	r := newRig(t, free())
	first := r.send("idempotency-key", "one").want(t, 200, "")
	r.advance(time.Hour)
	if again := r.send("idempotency-key", "one").want(t, 200, ""); again.Body != first.Body {
		t.Errorf("an hour later the key gets %s, want %s", again.Body, first.Body)
	}
	r.wantCalls("send", 1)
}

// TestFailuresInARow: memories that ran out days ago count no more, and those that did
// not still do.
func TestFailuresInARow(t *testing.T) {
	r := newRig(t, free("NUMBER_FAILURE_LIMIT", "3", "SEND_COOLDOWN", "0s"))
	fail := func(times int) {
		t.Helper()
		for range times {
			r.verify(wrong(r.pin())).want(t, 401, "invalid_or_expired")
		}
	}
	const day = 24 * time.Hour
	r.send().want(t, 200, "")
	fail(2)
	r.advance(89 * day)
	r.send().want(t, 200, "")
	fail(1) // the third in a row
	r.verify(r.pin()).want(t, 401, "invalid_or_expired")
	r.advance(399 * day)
	r.send().want(t, 429, "number_limited")
	r.advance(day)
	r.send().want(t, 200, "")
	fail(2)
	r.advance(90 * day)
	r.wantStale(1)
	r.send().want(t, 200, "")
	fail(2) // not the third and fourth
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
