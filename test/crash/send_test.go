package crash

import (
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/phone"
	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// functionTimeout is AWS_LAMBDA_FUNCTION_TIMEOUT: a send that is older is not running.
const functionTimeout = 20 * time.Second

// cooldown is SEND_COOLDOWN, which is not set here.
const cooldown = 30 * time.Second

// The effects of a send or resend, in their order: the address is counted (while the
// number is loaded), the number's budget is charged, the provider is asked, the outcome
// is recorded.
var (
	beforeCount   = point{atDatabase, "UpdateItem", 1, before}
	afterCount    = point{atDatabase, "UpdateItem", 1, after}
	beforeReserve = point{atDatabase, "PutItem", 1, before}
	afterReserve  = point{atDatabase, "PutItem", 1, after}
	beforeRecord  = point{atDatabase, "PutItem", 2, before}
	afterRecord   = point{atDatabase, "PutItem", 2, after}
)

func TestSendKilledBetweenAnyTwoEffects(t *testing.T) {
	s := newService(t)
	function := s.start(t, "send")
	for _, tt := range []struct {
		name string
		at   point
		// charged: the budget is taken, so the send may have happened.
		charged bool
		// recorded: the outcome is known, only the client was not told.
		recorded bool
		messages int
	}{
		{name: "before the address is counted", at: beforeCount},
		{name: "after the address was counted", at: afterCount},
		{name: "before the reservation", at: beforeReserve},
		{name: "after the reservation", at: afterReserve, charged: true},
		{name: "before the provider sends", at: point{atProvider, "send", 1, before}, charged: true},
		{name: "after the provider sent", at: point{atProvider, "send", 1, after}, charged: true, messages: 1},
		{name: "before the outcome is recorded", at: beforeRecord, charged: true, messages: 1},
		{name: "after the outcome was recorded", at: afterRecord, charged: true, recorded: true, messages: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := newNumber(t)
			s.crash(t, function, send(n, "the-key"), tt.at)
			if got := s.messages(n); got != tt.messages {
				t.Fatalf("messages at the crash = %d, want %d", got, tt.messages)
			}
			switch {
			case tt.recorded:
				s.sentAndRecorded(t, function, n)
			case tt.charged:
				s.sentOrNot(t, function, n)
			default:
				s.neverBegun(t, function, n)
			}
		})
	}
}

// neverBegun: nothing was charged, so the same request starts afresh.
func (s *service) neverBegun(t *testing.T, f *harness.Function, n phone.Number) {
	t.Helper()
	if got := s.state(t, n); got.Sends != 0 || len(got.Verifications) != 0 {
		t.Errorf("state = %d sends, %d verifications, want none", got.Sends, len(got.Verifications))
	}
	first := ask(t, f, send(n, "the-key")).wants(t, "the same request again", "200")
	again := ask(t, f, send(n, "the-key")).wants(t, "and again", "200")
	if first.id != again.id || s.messages(n) != 1 {
		t.Errorf("ids equal: %t, messages = %d, want one send under one key", first.id == again.id, s.messages(n))
	}
}

// sentOrNot: a message may have gone out. The cooldown holds, the total stays charged, and
// nothing is ever sent again by itself.
func (s *service) sentOrNot(t *testing.T, f *harness.Function, n phone.Number) {
	t.Helper()
	messages := s.messages(n)
	s.stillSending(t, n)
	ask(t, f, send(n, "the-key")).wants(t, "the same request at once", "409 idempotency_key_in_use")
	if a := ask(t, f, send(n, "")).wants(t, "another request at once", "429 too_soon"); a.retryAfter == "" {
		t.Error("the cooldown's 429 has no Retry-After")
	}
	s.age(t, n, functionTimeout+time.Second)
	// The cooldown of 30 s has 9 s to go, which is what the client is told.
	if a := ask(t, f, send(n, "the-key")).wants(t, "the same request after the function's timeout", "500 send_unconfirmed"); a.retryAfter == "" {
		t.Error("the unconfirmed send has no Retry-After")
	}
	ask(t, f, send(n, "another-key")).wants(t, "another key within the cooldown", "429 too_soon")
	s.age(t, n, cooldown-functionTimeout)
	ask(t, f, send(n, "the-key")).wants(t, "the same request after the cooldown", "500 send_unconfirmed")
	if got := s.messages(n); got != messages {
		t.Fatalf("messages after the repeats = %d, want still %d", got, messages)
	}
	s.stillSending(t, n)
	ask(t, f, send(n, "another-key")).wants(t, "a new request after the cooldown", "200")
	if got := s.messages(n); got != messages+1 {
		t.Errorf("messages after a new request = %d, want %d", got, messages+1)
	}
	// The first is given back, for the person may have nothing; it stays in the total and
	// doubles the cooldown, for the message may be out.
	got := s.state(t, n)
	if got.Sends != 1 || got.Unconfirmed != 1 || got.Total != 2 {
		t.Errorf("charged = %d sends, %d unconfirmed and a total of %d, want 1, 1 and 2", got.Sends, got.Unconfirmed, got.Total)
	}
	if pause := got.NextSendAt.Sub(got.Verifications[1].StartedAt); pause != 2*cooldown {
		t.Errorf("the cooldown = %s, want %s", pause, 2*cooldown)
	}
}

func (s *service) stillSending(t *testing.T, n phone.Number) {
	t.Helper()
	got := s.state(t, n)
	if got.Sends != 1 || len(got.Verifications) != 1 || got.Verifications[0].State != otp.StateSending {
		t.Fatalf("state = %d sends, %d verifications, want one that is sending", got.Sends, len(got.Verifications))
	}
}

// sentAndRecorded: the client's repeat under its key gets the answer that was lost, and
// the code works.
func (s *service) sentAndRecorded(t *testing.T, f *harness.Function, n phone.Number) {
	t.Helper()
	a := ask(t, f, send(n, "the-key")).wants(t, "the same request again", "200")
	if got := s.state(t, n); got.Sends != 1 || got.Total != 1 || got.Verifications[0].State != otp.StateActive || got.Verifications[0].ID != a.id {
		t.Errorf("state = %d sends, %s, want one active send under the id of the answer", got.Sends, got.Verifications[0].State)
	}
	if got := s.messages(n); got != 1 {
		t.Errorf("messages = %d, want 1", got)
	}
	verifier := s.start(t, "verify")
	ask(t, verifier, verify(n, s.pin(t, n), a.id, "")).wants(t, "verify", "200")
}

func TestResendKilledBetweenAnyTwoEffects(t *testing.T) {
	s := newService(t)
	function := s.start(t, "send")
	for _, tt := range []struct {
		name     string
		at       point
		charged  bool
		recorded bool
		messages int
	}{
		{name: "before the reservation", at: beforeReserve, messages: 1},
		{name: "after the reservation", at: afterReserve, charged: true, messages: 1},
		{name: "after the provider sent", at: point{atProvider, "resend", 1, after}, charged: true, messages: 2},
		{name: "before the outcome is recorded", at: beforeRecord, charged: true, messages: 2},
		{name: "after the outcome was recorded", at: afterRecord, charged: true, recorded: true, messages: 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := newNumber(t)
			id := ask(t, function, send(n, "")).wants(t, "send", "200").id
			s.age(t, n, 31*time.Second)
			again := resend(n, id, "the-key")
			s.crash(t, function, again, tt.at)
			charged := 1
			if tt.charged {
				charged = 2
			}
			if got := s.state(t, n); got.Sends != charged || got.Total != charged {
				t.Errorf("after the crash %d sends and a total of %d are charged, want %d of each", got.Sends, got.Total, charged)
			}
			switch {
			case tt.recorded || !tt.charged:
				ask(t, function, again).wants(t, "the same request again", "200")
			default:
				ask(t, function, again).wants(t, "the same request at once", "409 idempotency_key_in_use")
				s.age(t, n, functionTimeout+time.Second)
				ask(t, function, again).wants(t, "the same request after the function's timeout", "500 send_unconfirmed")
			}
			want := max(tt.messages, 1)
			if !tt.charged {
				want++
			}
			if got := s.messages(n); got != want {
				t.Errorf("messages after the repeats = %d, want %d", got, want)
			}
			// Whatever became of the resend, the code itself lives.
			verifier := s.start(t, "verify")
			ask(t, verifier, verify(n, s.pin(t, n), id, "")).wants(t, "verify", "200")
		})
	}
}
