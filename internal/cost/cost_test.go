package cost

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/seed-a131a524/infobip-otp/pkg/settings"
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
		// 955, 785 and two of 165 bytes, each with 26 more.
		"logs":                      (955 + 785 + 2*165 + 4*26) / 1000.0 * 0.53,
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
	// Of a quiet service nearly every request, of a loud one a twentieth.
	near("traces of few", Traces(1000).USD, 9.995)
	near("traces of a million", Traces(million).USD, 6.13)
	near("traces of 100,000, as docs/cost.md says", Traces(100_000).USD, 9.475)
	near("200 ms less of Infobip, as docs/cost.md says", Now.computing(2*200, 0), 0.667)
	near("192 MB, as docs/cost.md says", Design{MemoryMB: 192}.Time().USD-Now.Time().USD, 0.87)
	apart := map[string]float64{
		"guard":                8*0.625 + 3*0.125 + (5+3.5*1769/128)*0.125*0.0133334 + 0.210*0.53,
		"proof":                3 + 10*0.125*0.0133334,
		"front door":           2 * (1 + 0.60),
		"tracing (`TRACING`)":  6.13,
		"data to the internet": (4.300 + 0.700 + 2*0.120) * 0.09,
	}
	for _, l := range Now.Apart() {
		near(l.Name, l.USD, apart[l.Name])
		delete(apart, l.Name)
	}
	for name := range apart {
		t.Errorf("%s is tried and no line", name)
	}
	near("with guard and proof", Now.Deployed(), Total(Now.Lines())+Now.guard().USD+Now.proof().USD)
	near("traces of very many", Traces(1e12).USD, 0.5)
	near("a month of a million", Now.Month(Example{Verified: million, Cold: coldShare}), Total(Now.Lines()))
	near("a month", Total(Fixed()), float64(Metrics())*0.30+30*0.10+3+0.40)
	near("a month of a thousand cold ones", Now.Month(Example{Verified: 1000, Cold: 1})*1000, Total(Now.Lines())+0.99*2*(400*0.125*0.0133334+5))
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
