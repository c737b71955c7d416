package dynamodb

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
	"github.com/seed-a131a524/infobip-otp/test/harness"
)

const (
	crowd = 50
	// lanes is how many requests are under way at any time. With more of them DynamoDB Local
	// on a busy machine takes longer than the product waits.
	lanes = 12
)

// atOnce makes requests, as many in parallel as there are lanes, and counts the answers by
// status and code.
func atOnce(requests int, ask func(i int) answer) map[string]int {
	queue := make(chan int, requests)
	for i := range requests {
		queue <- i
	}
	close(queue)
	var mu sync.Mutex
	counts := map[string]int{}
	var start, all sync.WaitGroup
	start.Add(1)
	for range lanes {
		all.Go(func() {
			start.Wait()
			for i := range queue {
				a := ask(i)
				mu.Lock()
				counts[fmt.Sprintf("%d %s", a.StatusCode, a.Code)]++
				mu.Unlock()
			}
		})
	}
	start.Done()
	all.Wait()
	return counts
}

// holdVerifies keeps verifies at the provider until the channel is closed, or who asks leaves.
func (r *rig) holdVerifies(until <-chan struct{}) {
	wait := func(ctx context.Context) {
		select {
		case <-until:
		case <-ctx.Done():
		}
	}
	r.verifying.Store(&wait)
}

// verifiesMeet keeps verifies at the provider until so many are there.
func (r *rig) verifiesMeet(number int64) {
	met := make(chan struct{})
	r.holdVerifies(met)
	hold := *r.verifying.Load()
	var come atomic.Int64
	wait := func(ctx context.Context) {
		if come.Add(1) == number {
			close(met)
		}
		hold(ctx)
	}
	r.verifying.Store(&wait)
}

// TestOneRightPINVerifiesOnce also where all five right PINs that a code has attempts for are with
// the provider together: without that a missing guard gets by one time in three.
func TestOneRightPINVerifiesOnce(t *testing.T) {
	const attempts = 5
	for _, together := range []bool{false, true} {
		t.Run(fmt.Sprintf("together %t", together), func(t *testing.T) {
			r := newRig(t, free())
			r.send().want(t, 200, "")
			if together {
				r.verifiesMeet(attempts)
			}
			pin := r.pin()
			counts := atOnce(crowd, func(int) answer { return r.verify(pin) })
			if counts["200 "] != 1 || counts["401 invalid_or_expired"] != crowd-1 {
				t.Errorf("got %v, want one 200 and %d times 401", counts, crowd-1)
			}
			calls := len(r.sim.Requests("verify"))
			if calls > attempts || together && calls < attempts {
				t.Errorf("%d verifies reached the provider, want at most %d, and as many where they meet", calls, attempts)
			}
		})
	}
}

// TestSpacingUnderLoad: with the default spacing one verify in three seconds reaches
// the provider, and the others lose no attempt.
func TestSpacingUnderLoad(t *testing.T) {
	r := newRig(t, free("VERIFY_SPACING", "3s"))
	sent := r.send().want(t, 200, "")
	pin := r.pin()
	counts := atOnce(crowd, func(int) answer { return r.verify(wrong(pin)) })
	if counts["401 invalid_or_expired"] != 1 || counts["429 too_soon"] != crowd-1 {
		t.Errorf("got %v, want one 401 and %d times 429", counts, crowd-1)
	}
	r.advance(simulatorSpacing)
	a := r.verifyNamed(sent.VerificationID, wrong(pin))
	if a.AttemptsRemaining == nil || *a.AttemptsRemaining != 3 {
		t.Errorf("got %s, want 3 attempts left", a.Body)
	}
}

const simulatorSpacing = 3_000_000_000 // 3 s

func TestOneSendAtOnce(t *testing.T) {
	r := newRig(t, free())
	counts := atOnce(crowd, func(int) answer { return r.send() })
	if counts["200 "] != 1 || counts["429 too_soon"] != crowd-1 {
		t.Errorf("got %v, want one 200 and %d times 429", counts, crowd-1)
	}
	r.wantCalls("send", 1)
}

// parties are clients as the domain knows them: IPv4 addresses, and sites of IPv6 that ask
// from another network each time.
const parties = 4

func party(i int) string {
	if i%parties < parties/2 {
		return fmt.Sprintf("203.0.113.%d", i%parties)
	}
	return fmt.Sprintf("2001:db8:%d:%x::1", i%parties, i)
}

// sendsAtOnce makes 200 requests for one number from all parties. It returns their answers,
// counted by status and code, and how many of each party succeeded.
func (r *rig) sendsAtOnce() (map[string]int, [parties]int) {
	r.tb.Helper()
	const requests = 200
	var mu sync.Mutex
	var sent [parties]int
	counts := atOnce(requests, func(i int) answer {
		a := r.from(party(i)).send()
		if a.StatusCode == http.StatusOK {
			mu.Lock()
			defer mu.Unlock()
			sent[i%parties]++
		}
		return a
	})
	return counts, sent
}

// wantBudgets checks every state that was ever saved: five sends to the number, three of
// them from one client, ten whatever succeeded.
func (r *rig) wantBudgets(total int) {
	r.tb.Helper()
	most := r.mostSaved()
	if most.sends != 5 || most.client > 3 || most.total != total {
		r.tb.Errorf("at most %d sends were charged, %d to one client, and a total of %d; want 5, at most 3, and %d", most.sends, most.client, most.total, total)
	}
	r.wantCalls("send", total)
}

// TestSendLimitsAtOnce: without a cooldown the budgets are the only guard.
func TestSendLimitsAtOnce(t *testing.T) {
	t.Run("all are sent", func(t *testing.T) {
		r := newRig(t, free("SEND_COOLDOWN", "0s"))
		counts, sent := r.sendsAtOnce()
		if counts["200 "] != 5 || counts["429 number_limited"] != 195 || slices.Max(sent[:]) > 3 {
			t.Errorf("got %v, by client %v; want five 200, at most three for one client, and 195 times 429", counts, sent)
		}
		r.wantBudgets(5)
	})
	t.Run("one client", func(t *testing.T) {
		r := newRig(t, free("SEND_COOLDOWN", "0s"))
		counts := atOnce(crowd, func(i int) answer { return r.from(fmt.Sprintf("2001:db8:1:%x::1", i)).send() })
		if counts["200 "] != 3 || counts["429 number_limited"] != crowd-3 {
			t.Errorf("got %v, want three 200 and %d times 429", counts, crowd-3)
		}
		r.wantCalls("send", 3)
	})
	// Sends whose answer was lost are given back, and stay in the total.
	t.Run("five get no answer", func(t *testing.T) {
		r := newRig(t, free("SEND_COOLDOWN", "0s"))
		r.fault(simulator.Fault{Operation: "send", Drop: "after", Times: 5})
		var sent [parties]int
		for range 2 { // the first crowd may be refused for sends under way
			counts, more := r.sendsAtOnce()
			for i := range sent {
				sent[i] += more[i]
			}
			t.Logf("%v", counts)
			for a := range counts {
				if !slices.Contains([]string{"200 ", "429 number_limited", "429 busy", "500 send_unconfirmed"}, a) {
					t.Errorf("got %s", a)
				}
			}
		}
		if sum := sent[0] + sent[1] + sent[2] + sent[3]; sum != 5 || slices.Max(sent[:]) > 3 {
			t.Errorf("by client %v succeeded, want five in all and at most three for one", sent)
		}
		r.wantBudgets(10)
	})
	// So are all sends with each success: whose phone it is may go on, up to the total.
	t.Run("all are verified", func(t *testing.T) {
		r := newRig(t, free("SEND_COOLDOWN", "0s"))
		var verified atomic.Int64
		counts := atOnce(crowd, func(i int) answer {
			own := r.from(party(i))
			for {
				switch a := own.send(); {
				case a.StatusCode == http.StatusOK:
					if got := own.verifyWhenNotBusy(a.VerificationID); got.StatusCode != http.StatusOK {
						t.Errorf("a right PIN got %d %s", got.StatusCode, got.Body)
						return got
					}
					verified.Add(1)
				case a.Code != "busy":
					return a
				}
			}
		})
		if counts["429 number_limited"] != crowd || verified.Load() != 10 {
			t.Errorf("%d codes were verified, and then clients got %v; want ten and number_limited for all", verified.Load(), counts)
		}
		if most := r.mostSaved(); most.sends > 5 || most.client > 3 || most.total != 10 {
			t.Errorf("at most %+v was charged, want five sends, three of a client, a total of ten", most)
		}
		r.wantCalls("send", 10)
	})
}

// verifyWhenNotBusy gives a code its PIN. With so many saves for one number at once a
// request may be refused for that alone.
func (r *rig) verifyWhenNotBusy(id string) answer {
	r.tb.Helper()
	pin := r.pinOf(id)
	for {
		if a := r.verifyNamed(id, pin); a.Code != "busy" {
			return a
		}
	}
}

// pinOf returns the PIN of a code that is alive. The table knows its handle, the simulator
// what that stands for. It may run in a goroutine.
func (r *rig) pinOf(id string) string {
	r.tb.Helper()
	l, _, err := harness.TryOnlyLedger(r.tb.Context(), harness.DynamoDB(r.proxy.Upstream), r.table)
	if err != nil {
		r.tb.Errorf("reading the ledger: %v", err)
	}
	for _, v := range l.Verifications {
		for _, m := range r.sim.Outbox(digits) {
			if v.ID == id && m.PINID == v.PinID {
				return m.PIN
			}
		}
	}
	r.tb.Error("nothing is known of the code")
	return ""
}

// TestGuessesAtOnce: who started a code and who did not have five guesses each.
func TestGuessesAtOnce(t *testing.T) {
	guesses := func(r *rig, pin string, from func(i int) string) map[string]int {
		return atOnce(crowd, func(i int) answer { return r.from(from(i)).verify(wrong(pin)) })
	}
	owner := func(int) string { return "203.0.113.1" }
	strangers := func(i int) string { return fmt.Sprintf("198.51.100.%d", i) }
	for _, delay := range []string{"", "300ms"} {
		begin := func(t *testing.T) (*rig, string, string) {
			t.Helper()
			r := newRig(t, free())
			id := r.send().want(t, 200, "").VerificationID
			if delay != "" {
				r.fault(simulator.Fault{Operation: "verify", Delay: delay})
			}
			return r, id, r.pin()
		}
		refused := map[string]int{"401 invalid_or_expired": crowd}
		t.Run("strangers, delay "+delay, func(t *testing.T) {
			r, id, pin := begin(t)
			if counts := guesses(r, pin, strangers); !maps.Equal(counts, refused) {
				t.Errorf("got %v, want %v", counts, refused)
			}
			r.wantCalls("verify", 5)
			if most := r.mostSaved(); most.strangers != 5 || most.attempts != 0 {
				t.Errorf("at most %d guesses of strangers and %d of the owner were charged, want 5 and 0", most.strangers, most.attempts)
			}
			// The owner has all five, without the id and with it.
			r.verify(wrong(pin)).want(t, 401, "invalid_or_expired")
			if a := r.verifyNamed(id, wrong(pin)).want(t, 401, "invalid_or_expired"); *a.AttemptsRemaining != 3 {
				t.Errorf("%d attempts are left, want 3", *a.AttemptsRemaining)
			}
			r.verify(pin).want(t, 200, "")
		})
		t.Run("owner, delay "+delay, func(t *testing.T) {
			r, _, pin := begin(t)
			if counts := guesses(r, pin, owner); !maps.Equal(counts, refused) {
				t.Errorf("got %v, want %v", counts, refused)
			}
			r.wantCalls("verify", 5)
			if most := r.mostSaved(); most.strangers != 0 || most.attempts != 5 {
				t.Errorf("at most %d guesses of strangers and %d of the owner were charged, want 0 and 5", most.strangers, most.attempts)
			}
			r.from("198.51.100.1").verify(pin).want(t, 401, "invalid_or_expired")
			r.wantCalls("verify", 5)
		})
		t.Run("both, delay "+delay, func(t *testing.T) {
			r, _, pin := begin(t)
			either := func(i int) string {
				if i%2 == 0 {
					return owner(i)
				}
				return strangers(i)
			}
			if counts := guesses(r, pin, either); !maps.Equal(counts, refused) {
				t.Errorf("got %v, want %v", counts, refused)
			}
			most := r.mostSaved()
			if most.strangers > 5 || most.attempts != 5 {
				t.Errorf("at most %d guesses of strangers and %d of the owner were charged, want at most 5, and 5", most.strangers, most.attempts)
			}
			if calls := len(r.sim.Requests("verify")); calls != most.strangers+most.attempts {
				t.Errorf("%d verifies reached the provider, want %d", calls, most.strangers+most.attempts)
			}
		})
	}
}

func TestOneKeyOneSMS(t *testing.T) {
	for _, delay := range []string{"", "300ms"} {
		t.Run("delay "+delay, func(t *testing.T) {
			r := newRig(t, free("SEND_COOLDOWN", "0s"))
			if delay != "" {
				r.fault(simulator.Fault{Operation: "send", Delay: delay})
			}
			counts := atOnce(crowd, func(int) answer { return r.send("idempotency-key", "one") })
			if counts["200 "] < 1 || counts["200 "]+counts["409 idempotency_key_in_use"] != crowd {
				t.Errorf("got %v, want 200 and 409 only", counts)
			}
			r.wantCalls("send", 1)
		})
	}
}

// TestOneVerifyUnderOneKey: one of a request's repeats is under way at a time. Those that
// come meanwhile are told so, and those after its success have it too.
func TestOneVerifyUnderOneKey(t *testing.T) {
	r := newRig(t, free())
	r.send().want(t, 200, "")
	pin := r.pin()
	told, once := make(chan struct{}), sync.Once{}
	r.holdVerifies(told)
	counts := atOnce(crowd, func(int) answer {
		a := r.verify(pin, key("one")...)
		if a.Code == "idempotency_key_in_use" {
			once.Do(func() { close(told) })
		}
		return a
	})
	running := counts["409 idempotency_key_in_use"]
	if counts["200 "] < 1 || running < 1 || counts["200 "]+running != crowd {
		t.Errorf("got %v, want 200 and 409 only", counts)
	}
	r.wantCalls("verify", 1)
	r.verify(pin, key("one")...).want(t, 200, "")
	r.verify(pin).want(t, 401, "invalid_or_expired")
	r.wantCalls("verify", 1)
}

func TestAddressLimitAtOnce(t *testing.T) {
	r := newRig(t, map[string]string{})
	counts := atOnce(crowd, func(i int) answer {
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
	counts := atOnce(crowd, func(i int) answer {
		return r.post(httpapi.RouteSend, fmt.Sprintf(`{"phoneNumber":"+4479111234%02d"}`, i))
	})
	if counts[fmt.Sprintf("%d ", http.StatusOK)] != crowd {
		t.Errorf("got %v, want %d times 200", counts, crowd)
	}
}
