package crash

import (
	"testing"
	"time"
)

// A limit that a killed process has counted towards is not forgotten with it.
func TestLimitsOutliveKilledProcesses(t *testing.T) {
	t.Run("of a client's address", func(t *testing.T) {
		s := newService(t)
		f := s.start(t, "verify", "IP_VERIFY_LIMIT=3/5m")
		n := newNumber(t)
		guess := verify(n, "123456", "", "")
		for range 2 {
			s.crash(t, f, guess, afterCount)
		}
		ask(t, f, guess).wants(t, "the third request", "401 invalid_or_expired")
		if a := ask(t, f, guess).wants(t, "the fourth", "429 address_limited"); a.retryAfter == "" {
			t.Error("it has no Retry-After")
		}
	})
	afterSent := point{atProvider, "send", 1, after}
	t.Run("of sends to a number, while they may be under way", func(t *testing.T) {
		s := newService(t)
		f := s.start(t, "send", "NUMBER_SEND_LIMIT=2/1d", "SEND_COOLDOWN=0s")
		n := newNumber(t)
		for range 2 {
			s.crash(t, f, send(n, ""), afterSent)
		}
		ask(t, f, send(n, "").from("203.0.113.200")).wants(t, "the third send", "429 number_limited")
		// Nobody knows of them now, and the person may have nothing.
		s.age(t, n, functionTimeout+time.Second)
		ask(t, f, send(n, "")).wants(t, "the third send after the function's timeout", "200")
	})
	t.Run("of a client's share of them", func(t *testing.T) {
		s := newService(t)
		f := s.start(t, "send", "NUMBER_CLIENT_SEND_LIMIT=1/1d", "SEND_COOLDOWN=0s")
		n := newNumber(t)
		s.crash(t, f, send(n, ""), afterSent)
		ask(t, f, send(n, "")).wants(t, "the client's second send", "429 number_limited")
		ask(t, f, send(n, "").from("203.0.113.200")).wants(t, "another client's", "200")
	})
	t.Run("of all that was sent", func(t *testing.T) {
		s := newService(t)
		f := s.start(t, "send", "NUMBER_TOTAL_LIMIT=2/1d")
		n := newNumber(t)
		for range 2 {
			s.crash(t, f, send(n, ""), afterSent)
			s.age(t, n, 11*time.Minute) // past the cooldown and the code's life
		}
		ask(t, f, send(n, "")).wants(t, "the third send", "429 number_limited")
		if got := s.messages(n); got != 2 {
			t.Errorf("messages = %d, want 2", got)
		}
	})
	t.Run("of failures in a row", func(t *testing.T) {
		s := newService(t)
		sender := s.start(t, "send")
		f := s.start(t, "verify", "NUMBER_FAILURE_LIMIT=2")
		n := newNumber(t)
		ask(t, sender, send(n, "")).wants(t, "send", "200")
		right := verify(n, s.pin(t, n), "", "")
		// One client's failures count for half of the limit.
		for range 2 {
			s.crash(t, f, right, beforeAsked)
		}
		s.crash(t, f, right.from("203.0.113.200"), beforeAsked)
		asked := s.verifies()
		ask(t, f, right).wants(t, "the right PIN at a number that is disabled", "401 invalid_or_expired")
		if got := s.verifies(); got != asked {
			t.Error("the provider was asked about a disabled number")
		}
	})
}
