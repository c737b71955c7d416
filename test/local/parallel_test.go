package local

import (
	"net/http"
	"sync"
	"testing"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// burst sends the same verify many times at once and counts the statuses.
func burst(t *testing.T, g *harness.Gateway, body string) map[int]int {
	t.Helper()
	const requests = 100
	var (
		mu       sync.Mutex
		statuses = map[int]int{}
		group    sync.WaitGroup
	)
	for range requests {
		group.Go(func() {
			answer, err := g.TryPost(t.Context(), "/verify-otp", body)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Errorf("a verify of the burst: %v", err)
			}
			statuses[answer.Status]++
		})
	}
	group.Wait()
	return statuses
}

// hold keeps verifies at the provider, so that several are under way together.
func hold(t *testing.T, g *harness.Gateway) {
	t.Helper()
	g.Fault(t, map[string]any{"operation": "verify", "times": 0, "delay": "300ms"})
}

func TestOneRightPINVerifiesOnceHoweverManyTry(t *testing.T) {
	g := harness.StartGateway(t, append(noAddressLimits, "VERIFY_SPACING=0s")...)
	if sent := g.Post(t, "/send-otp", sendPhone); sent.Status != http.StatusOK {
		t.Fatalf("send = %d %s", sent.Status, sent.Body)
	}
	hold(t, g)
	statuses := burst(t, g, verifyBody(g.Newest(t, phone).PIN))
	if statuses[http.StatusOK] != 1 {
		t.Errorf("statuses = %v, want one 200", statuses)
	}
	for status, count := range statuses {
		switch status {
		case http.StatusOK, http.StatusUnauthorized, http.StatusTooManyRequests:
		default:
			t.Errorf("%d answers with status %d, want only 200, 401 and 429", count, status)
		}
	}
}

func TestWrongPINsReachTheProviderNoMoreOftenThanTheCap(t *testing.T) {
	const attempts = 5
	g := harness.StartGateway(t, append(noAddressLimits, "VERIFY_SPACING=0s", "PIN_ATTEMPTS=5")...)
	if sent := g.Post(t, "/send-otp", sendPhone); sent.Status != http.StatusOK {
		t.Fatalf("send = %d %s", sent.Status, sent.Body)
	}
	hold(t, g)
	pin := g.Newest(t, phone).PIN
	statuses := burst(t, g, verifyBody(otherPIN(pin)))
	if statuses[http.StatusOK] != 0 || statuses[http.StatusInternalServerError] != 0 {
		t.Errorf("statuses = %v, want neither 200 nor 500", statuses)
	}
	if calls := len(g.Calls(t, "verify")); calls > attempts || calls == 0 {
		t.Errorf("verifies at the provider = %d, want 1 to %d", calls, attempts)
	}
	g.ClearFaults(t)
	burst(t, g, verifyBody(otherPIN(pin)))
	if calls := len(g.Calls(t, "verify")); calls > attempts {
		t.Errorf("verifies at the provider after a second burst = %d, want at most %d", calls, attempts)
	}
	if got := g.Post(t, "/verify-otp", verifyBody(pin)); got.Status == http.StatusOK {
		t.Error("the right PIN is taken after the attempts were used up")
	}
}
