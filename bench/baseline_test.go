package bench

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// baseline reads baseline.txt: a name, a count, and why.
func baseline(t *testing.T) map[string]float64 {
	t.Helper()
	content, err := os.ReadFile("baseline.txt")
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]float64{}
	for line := range strings.Lines(string(content)) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		count, err := strconv.ParseFloat(fields[len(fields)-1], 64)
		if err != nil {
			t.Fatalf("baseline.txt: %q does not end in a number", line)
		}
		counts[strings.Join(fields[:len(fields)-1], " ")] = count
	}
	return counts
}

func TestCountsAreThoseOfTheBaseline(t *testing.T) {
	const runs = 200
	want := baseline(t)
	for _, o := range operations {
		t.Run(o.name, func(t *testing.T) {
			w := newWorld(t)
			allocations := testing.AllocsPerRun(runs, func() {
				w.clock.forget()
				o.run(t, w)
			})
			most, known := want["allocations: "+o.name]
			switch {
			case !known:
				t.Errorf("baseline.txt has no allocations of %s; they are %.0f", o.name, allocations)
			case allocations > most*tolerance:
				t.Errorf("%.0f allocations, too many for the baseline's %.0f: a request got dearer", allocations, most)
			case allocations < most/2:
				t.Errorf("%.0f allocations, less than half of the baseline's %.0f: lower the baseline", allocations, most)
			}
			// AllocsPerRun makes one run more, to warm up.
			calls := float64(w.calls.n.Load()) / (runs + 1)
			if calls != want["store calls: "+o.name] {
				t.Errorf("%.2f calls to the store, want %.0f", calls, want["store calls: "+o.name])
			}
			t.Logf("%.0f allocations, %.0f calls to the store", allocations, calls)
		})
	}
}
