package telemetry_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/seed-a131a524/infobip-otp/pkg/telemetry"
)

// wrong returns what CloudWatch or the documents would not take of a list of metrics.
func wrong(metrics []telemetry.Metric) []string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	var faults []string
	for i, m := range metrics {
		twice := slices.ContainsFunc(metrics[:i], func(other telemetry.Metric) bool { return other.Name == m.Name })
		if m.Name == "" || strings.Trim(m.Name, letters) != "" || twice {
			faults = append(faults, m.Name+": name")
		}
		if !slices.Contains([]telemetry.Unit{telemetry.Count, telemetry.Milliseconds, telemetry.Percent}, m.Unit) {
			faults = append(faults, m.Name+": unit")
		}
		if m.Meaning == "" || strings.ContainsAny(m.Meaning, "|\n") {
			faults = append(faults, m.Name+": meaning")
		}
	}
	return faults
}

func TestMetrics(t *testing.T) {
	if faults := wrong(telemetry.Metrics()); len(faults) > 0 {
		t.Errorf("the table of metrics has faults: %v", faults)
	}
	good := telemetry.Metric{Name: "Sends", Unit: telemetry.Count, Meaning: "codes that went out"}
	if faults := wrong([]telemetry.Metric{good}); len(faults) > 0 {
		t.Errorf("a good metric has faults: %v", faults)
	}
	bad := []telemetry.Metric{good, good, {Name: "a b", Unit: "Miles", Meaning: "x|y"}, {}}
	want := []string{"Sends: name", "a b: name", "a b: unit", "a b: meaning", ": name", ": unit", ": meaning"}
	if faults := wrong(bad); !slices.Equal(faults, want) {
		t.Errorf("bad metrics have the faults %v, want %v", faults, want)
	}
}
