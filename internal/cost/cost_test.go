package cost

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/seed-a131a524/infobip-otp/pkg/settings"
	"github.com/seed-a131a524/infobip-otp/pkg/telemetry"
)

// TestTarget: a million verified numbers stay below what was promised, and half of what it was.
func TestTarget(t *testing.T) {
	now, before := Total(Now.Lines()), Total(Before.Lines())+Traces(million).USD
	if now > Target {
		t.Errorf("a million verified numbers cost %.2f, more than %g", now, Target)
	}
	if now < Target*0.9 {
		t.Errorf("a million verified numbers cost %.2f: lower the target", now)
	}
	if now > before*0.55 {
		t.Errorf("%.2f is more than 55 %% of the %.2f before", now, before)
	}
}

// TestLines computes each line anew, by hand.
func TestLines(t *testing.T) {
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 0.005 {
			t.Errorf("%s: %.3f, want %.3f", what, got, want)
		}
	}
	want := map[string]float64{
		"DynamoDB":            6*0.625 + 3*0.125,
		"API Gateway":         2,
		"functions, requests": 0.4,
		// 515 ms each and 8 ms of starts, 10.5 ms of CPU at 128/1769 of one.
		"functions, time": (2*515 + 8 + 10.5*1769/128) * 0.125 * 0.0133334,
		// 940, 770 and two of 165 bytes, each with 26 more.
		"logs":                      (940 + 770 + 2*165 + 4*26) / 1000.0 * 0.53,
		"secret, reads":             (20_000 + 3*4*24*30) * 5 / 1e6,
		"table, storage and backup": 1.024 * 4 / 30 * 0.45,
	}
	for _, l := range Now.Lines() {
		w, known := want[l.Name]
		if !known {
			t.Errorf("%s is not tried", l.Name)
		}
		near(l.Name, l.USD, w)
		delete(want, l.Name)
	}
	for name := range want {
		t.Errorf("%s is tried and no line", name)
	}
	near("time before", Before.Time().USD, (2*515+8+10.5*1769/256)*0.25*0.0133334)
	// Two requests in a second with 5 %, else one: by the first term alone nearly all of a quiet
	// service, and one in twenty of a loud one.
	near("traces of few", Traces(1000).USD, 9.995)
	near("traces of a million", Traces(million).USD, 6.13)
	near("traces of very many", Traces(1e12).USD, 0.5)
	variable, fixed := Now.Month(Example{Verified: million, Cold: coldShare})
	near("a month of a million", variable, Total(Now.Lines()))
	near("a month", fixed, 25*0.30+30*0.10+3+0.40)
	variable, _ = Now.Month(Example{Verified: 1000, Cold: 1})
	near("a month of a thousand cold ones", variable*1000, Total(Now.Lines())+0.99*2*(400*0.125*0.0133334+5))
}

// TestCallsAreThoseOfTheBaseline that bench counts without DynamoDB.
func TestCallsAreThoseOfTheBaseline(t *testing.T) {
	text, err := os.ReadFile("../../bench/baseline.txt")
	if err != nil {
		t.Fatal(err)
	}
	counted := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if name, count, ok := strings.Cut(strings.TrimSpace(line), "  "); ok {
			counted[name] = strings.TrimSpace(count)
		}
	}
	if counted["store calls: send"] != "9" || GuardedSend.Calls != 9 {
		t.Errorf("a send makes %s calls in bench, %d here", counted["store calls: send"], GuardedSend.Calls)
	}
	if counted["store calls: send and verify"] != "17" || GuardedSend.Calls+GuardedVerify.Calls != 17 {
		t.Errorf("both make %s calls in bench, %d here", counted["store calls: send and verify"], GuardedSend.Calls+GuardedVerify.Calls)
	}
}

// TestMetrics are those that there are, beside the access log's two (infra).
func TestMetrics(t *testing.T) {
	const accessLog = 2
	if got := len(telemetry.Metrics()) + accessLog; got != Metrics {
		t.Errorf("there are %d metrics, counted with %d", got, Metrics)
	}
}

// TestMemory is that of a stack that sets none.
func TestMemory(t *testing.T) {
	s, _ := settings.Lookup("MEMORY_MB")
	if got := fmt.Sprint(Now.MemoryMB); got != s.Default {
		t.Errorf("counted with %s MB, the stack has %s", got, s.Default)
	}
}

// TestPrices: each has a page of AWS's, and is there once.
func TestPrices(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range Prices() {
		if p.USD <= 0 || !strings.HasPrefix(p.Source, "https://aws.amazon.com/") || p.Per == "" || seen[p.Name] {
			t.Errorf("%+v", p)
		}
		seen[p.Name] = true
	}
}
