package crash

import (
	"context"
	"sync"
	"testing"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/test/harness"
)

const (
	// environments is how many processes a function has at once. An emulator, like an
	// execution environment of Lambda, serves one request at a time.
	environments = 4
	burstSize    = 100
)

// burst has 100 requests answered by all environments of a function together and counts
// the answers.
func burst(t *testing.T, functions []*harness.Function, each func(i int) request) map[string]int {
	t.Helper()
	queue := make(chan []byte, burstSize)
	for i := range burstSize {
		queue <- each(i).event(t)
	}
	close(queue)
	var (
		mu      sync.Mutex
		answers = map[string]int{}
		group   sync.WaitGroup
	)
	for _, f := range functions {
		group.Go(func() {
			for event := range queue {
				response, err := f.TryInvoke(context.WithoutCancel(t.Context()), event)
				var a answer
				if err == nil {
					a, err = decoded(response)
				}
				if err != nil {
					t.Errorf("a request of the burst: %v", err)
					return
				}
				mu.Lock()
				answers[a.String()]++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return answers
}

func TestBurstOfVerifiesOverSeveralEnvironments(t *testing.T) {
	s := newService(t)
	sender := s.start(t, "send")
	var verifiers []*harness.Function
	for range environments {
		f := s.start(t, "verify")
		// Started and warm, so that the burst is one.
		ask(t, f, verify(newNumber(t), "000000", "", "")).wants(t, "a verify of a number that was never sent to", "401 invalid_or_expired")
		verifiers = append(verifiers, f)
	}
	for _, tt := range []struct {
		name string
		// wrong says which of the guesses are.
		wrong     func(i int) bool
		successes int
	}{
		{"the right PIN", func(int) bool { return false }, 1},
		{"a wrong PIN", func(int) bool { return true }, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := newNumber(t)
			asked := s.verifies()
			id := ask(t, sender, send(n, "")).wants(t, "send", "200").id
			pin := s.pin(t, n)
			// The provider takes its time, so that several guesses are under way together.
			err := s.simulator.AddFault(simulator.Fault{Operation: "verify", Times: 0, Delay: "200ms"})
			if err != nil {
				t.Fatal(err)
			}
			defer s.simulator.ClearFaults()
			answers := burst(t, verifiers, func(i int) request {
				if tt.wrong(i) {
					return verify(n, otherPIN(pin), id, "")
				}
				return verify(n, pin, id, "")
			})
			if answers["200"] != tt.successes {
				t.Errorf("answers = %v, want %d of 200", answers, tt.successes)
			}
			for a, count := range answers {
				switch a {
				case "200", "401 invalid_or_expired", "429 busy":
				default:
					t.Errorf("%d answers of %s", count, a)
				}
			}
			calls := s.verifies() - asked
			if calls < 1 || calls > attempts {
				t.Errorf("the provider was asked %d times about one code, want 1 to %d", calls, attempts)
			}
			want := otp.StateVerified
			if tt.successes == 0 {
				want = otp.StateLocked
			}
			if got := s.state(t, n).Verifications[0].State; got != want {
				t.Errorf("state after the burst = %s, want %s", got, want)
			}
			ask(t, verifiers[0], verify(n, pin, id, "")).wants(t, "the right PIN after the burst", "401 invalid_or_expired")
			t.Logf("%d requests over %d environments: %v; %d calls to the provider", burstSize, environments, answers, calls)
		})
	}
}

// One Idempotency-Key, 100 parallel sends in four processes: one SMS.
func TestBurstOfSendsUnderOneKey(t *testing.T) {
	s := newService(t)
	var senders []*harness.Function
	for range environments {
		f := s.start(t, "send")
		ask(t, f, request{path: "/send-otp", body: map[string]string{}}).wants(t, "a send without a number", "400 phone_number_required")
		senders = append(senders, f)
	}
	n := newNumber(t)
	err := s.simulator.AddFault(simulator.Fault{Operation: "send", Times: 0, Delay: "200ms"})
	if err != nil {
		t.Fatal(err)
	}
	answers := burst(t, senders, func(int) request { return send(n, "the-key") })
	for a, count := range answers {
		switch a {
		case "200", "409 idempotency_key_in_use", "429 busy":
		default:
			t.Errorf("%d answers of %s", count, a)
		}
	}
	if got := s.messages(n); got != 1 || answers["200"] == 0 {
		t.Errorf("messages = %d, answers = %v, want one message and a 200", got, answers)
	}
	if got := s.state(t, n).Sends; got != 1 {
		t.Errorf("sends charged = %d, want 1", got)
	}
	t.Logf("%d requests over %d environments: %v", burstSize, environments, answers)
}

// otherPIN is a PIN of the same form that is not this one.
func otherPIN(pin string) string {
	if pin[0] == '0' {
		return "1" + pin[1:]
	}
	return "0" + pin[1:]
}
