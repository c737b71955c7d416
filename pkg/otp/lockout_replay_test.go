package otp_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/otp/otptest"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
	"github.com/seed-a131a524/infobip-otp/pkg/ratelimit"
)

// The replays of an attack on one person, on default settings, for three days: the clock
// goes on in steps of five seconds, attackers do all that the limits of their addresses
// allow, and every few hours the victim wants to get in.

// attacker asks from one address, within the limits of an address.
type attacker struct {
	client string
	counts ratelimit.Counter
}

func (a *attacker) may(now time.Time, route string, limit rate.Rate) bool {
	d, err := ratelimit.Hit(context.Background(), a.counts, limit, route+a.client, now)
	return err == nil && d.Allowed
}

var (
	addressSends    = rate.Rate{Attempts: 5, Window: 15 * time.Minute}
	addressVerifies = rate.Rate{Attempts: 10, Window: 5 * time.Minute}
)

// replay runs attackers against the victim's number. It returns how often the victim got
// in, and tried to, and for how long it was kept out at the longest.
func replay(t *testing.T, guessOnly bool, clients ...string) (int, int, time.Duration) {
	t.Helper()
	const (
		days  = 3
		step  = 5 * time.Second
		every = 5 * time.Hour // a victim who comes back
	)
	r := newRig(&otptest.Provider{Attempts: 2 * otp.DefaultPolicy().PINAttempts})
	counter := ratelimit.NewMemory()
	var attackers []*attacker
	for _, c := range clients {
		attackers = append(attackers, &attacker{c, counter})
	}
	as := func(client string) otp.Caller {
		c := caller("")
		c.Client = client
		return c
	}
	victim := func() bool {
		for range 40 { // a person who waits as told, up to half an hour
			receipt, err := r.service.Send(t.Context(), otp.SendRequest{Caller: as("victim"), To: otptest.Alice, Channel: otp.SMS})
			if failure, ok := reasonOf(err); ok && failure.RetryAfter < 30*time.Minute {
				r.clock.Advance(failure.RetryAfter)
				continue
			}
			if err != nil {
				return false
			}
			pin := r.provider.PIN(otptest.Alice)
			for range 5 {
				_, err = r.service.Verify(t.Context(), otp.VerifyRequest{Caller: as("victim"), To: otptest.Alice, PIN: pin, VerificationID: receipt.VerificationID})
				failure, ok := reasonOf(err)
				if !ok || failure.Reason != otp.VerifyTooSoon {
					break
				}
				r.clock.Advance(failure.RetryAfter)
			}
			return err == nil
		}
		return false
	}
	got, tried := 0, 0
	next := otptest.Start.Add(every)
	lastIn, longest := otptest.Start, time.Duration(0)
	for end := otptest.Start.Add(days * 24 * time.Hour); r.clock.Now().Before(end); r.clock.Advance(step) {
		now := r.clock.Now()
		for i, a := range attackers {
			if !guessOnly && a.may(now, "send", addressSends) {
				_, _ = r.service.Send(t.Context(), otp.SendRequest{Caller: as(a.client), To: otptest.Alice, Channel: otp.SMS})
			}
			if a.may(now, "verify", addressVerifies) {
				_, _ = r.service.Verify(t.Context(), otp.VerifyRequest{Caller: as(a.client), To: otptest.Alice, PIN: fmt.Sprintf("9%05d", i)})
			}
		}
		if !now.Before(next) {
			tried++
			if victim() {
				got++
				lastIn = r.clock.Now()
			}
			longest = max(longest, r.clock.Now().Sub(lastIn))
			next = next.Add(every)
		}
	}
	return got, tried, longest
}

func reasonOf(err error) (*otp.Error, bool) {
	failure, ok := err.(*otp.Error) //nolint:errorlint // the service's own, unwrapped
	return failure, ok && failure != nil
}

// TestVictimGetsInForThreeDays: from one address or one IPv6 /48 (which is one client), or
// with nameless guesses from anywhere, nobody is kept out.
func TestVictimGetsInForThreeDays(t *testing.T) {
	many := make([]string, 10)
	for i := range many {
		many[i] = fmt.Sprint("attacker-", i)
	}
	for name, attack := range map[string]struct {
		guessOnly bool
		clients   []string
	}{
		"sends and guesses from one address": {false, many[:1]},
		"guesses from ten addresses":         {true, many},
	} {
		t.Run(name, func(t *testing.T) {
			got, tried, longest := replay(t, attack.guessOnly, attack.clients...)
			t.Logf("got in %d of %d times; longest time between two successes %s", got, tried, longest)
			if got != tried || tried < 12 {
				t.Errorf("the victim got in %d of %d times", got, tried)
			}
		})
	}
	t.Run("ten addresses that send: the figure that SECURITY.md gives", func(t *testing.T) {
		got, tried, longest := replay(t, false, many...)
		t.Logf("got in %d of %d times; longest time between two successes %s", got, tried, longest)
	})
}
