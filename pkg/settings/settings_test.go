package settings_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/rate"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// reader reads one variable, X.
func reader(value string) *settings.Reader {
	return settings.NewReader(func(name string) string {
		if name == "X" {
			return value
		}
		return ""
	})
}

const (
	numberForm   = "X must be a whole number from 1 to 10"
	durationForm = "X must be a duration such as 30s, 10m or 1d, from 1s to 1d"
	rateForm     = "X must be a rate such as 5/15m or 3/1d, with 1 to 100 attempts in 1s to 365d"
	truthForm    = "X must be true or false"
)

func TestValues(t *testing.T) {
	number := func(r *settings.Reader) any { return r.Number("X", 7, 1, 10) }
	duration := func(r *settings.Reader) any { return r.Duration("X", time.Minute, time.Second, rate.Day) }
	aRate := func(r *settings.Reader) any { return r.Rate("X", rate.Rate{Attempts: 2, Window: time.Hour}, 100) }
	truth := func(r *settings.Reader) any { return r.Truth("X") }
	text := func(r *settings.Reader) any { return r.Text("X", "otherwise") }
	for _, c := range []struct {
		value string
		read  func(*settings.Reader) any
		want  any
		fault string
	}{
		{"", text, "otherwise", ""},
		{"a b", text, "a b", ""},
		{" ", text, " ", ""},
		{"", number, 7, ""},
		{"1", number, 1, ""},
		{"10", number, 10, ""},
		{"0", number, 7, numberForm},
		{"11", number, 7, numberForm},
		{"-1", number, 7, numberForm},
		{"five", number, 7, numberForm},
		{" 5", number, 7, numberForm},
		{"5.0", number, 7, numberForm},
		{"５", number, 7, numberForm},
		{"99999999999999999999", number, 7, numberForm},
		{"", duration, time.Minute, ""},
		{"1s", duration, time.Second, ""},
		{"24h", duration, rate.Day, ""},
		{"1500ms", duration, 1500 * time.Millisecond, ""},
		{"m", duration, time.Minute, ""},
		{"999ms", duration, time.Minute, durationForm},
		{"25h", duration, time.Minute, durationForm},
		{"10", duration, time.Minute, durationForm},
		{"1h30m", duration, time.Minute, durationForm},
		{"-5m", duration, time.Minute, durationForm},
		{"10 m", duration, time.Minute, durationForm},
		{"", aRate, rate.Rate{Attempts: 2, Window: time.Hour}, ""},
		{"5/15m", aRate, rate.Rate{Attempts: 5, Window: 15 * time.Minute}, ""},
		{"100/365d", aRate, rate.Rate{Attempts: 100, Window: 365 * rate.Day}, ""},
		{"1/s", aRate, rate.Rate{Attempts: 1, Window: time.Second}, ""},
		{"0/1d", aRate, rate.Rate{Attempts: 2, Window: time.Hour}, rateForm},
		{"101/1d", aRate, rate.Rate{Attempts: 2, Window: time.Hour}, rateForm},
		{"5/366d", aRate, rate.Rate{Attempts: 2, Window: time.Hour}, rateForm},
		{"5/500ms", aRate, rate.Rate{Attempts: 2, Window: time.Hour}, rateForm},
		{"5", aRate, rate.Rate{Attempts: 2, Window: time.Hour}, rateForm},
		{"5 per day", aRate, rate.Rate{Attempts: 2, Window: time.Hour}, rateForm},
		{"", truth, false, ""},
		{"false", truth, false, ""},
		{"true", truth, true, ""},
		{"True", truth, false, truthForm},
		{"1", truth, false, truthForm},
		{"yes", truth, false, truthForm},
	} {
		t.Run(fmt.Sprintf("%q for %s", c.value, c.fault), func(t *testing.T) {
			r := reader(c.value)
			if got := c.read(r); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
			fault := ""
			if err := r.Err(); err != nil {
				fault = err.Error()
			}
			if fault != c.fault {
				t.Errorf("the fault is %q, want %q", fault, c.fault)
			}
		})
	}
}

// TestAllFaultsTogether: one start says everything that is wrong.
func TestAllFaultsTogether(t *testing.T) {
	r := settings.NewReader(func(name string) string { return "canary-" + name })
	r.Number("A", 1, 1, 2)
	r.Duration("B", time.Second, time.Second, time.Minute)
	r.Rate("C", rate.Rate{}, 5)
	r.Truth("D")
	r.Fault("E", "something else")
	err := r.Err()
	if err == nil {
		t.Fatal("no fault was found")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 5 {
		t.Fatalf("there are %d faults: %v", len(lines), err)
	}
	for i, name := range []string{"A", "B", "C", "D", "E"} {
		if !strings.HasPrefix(lines[i], name+" must be ") || strings.Contains(lines[i], "canary") {
			t.Errorf("fault %d is %q", i+1, lines[i])
		}
	}
}

// FuzzSettings: any value is read within its bounds or refused, and never shown.
func FuzzSettings(f *testing.F) {
	for _, value := range []string{"", "5", "10m", "5/15m", "true", "-1", "99999999999999999999d", "1/1ms", "0x10", "1e3"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		r := reader(value)
		if n := r.Number("X", 7, 1, 10); n < 1 || n > 10 {
			t.Errorf("%q gave the number %d", value, n)
		}
		if d := r.Duration("X", time.Minute, time.Second, rate.Day); d < time.Second || d > rate.Day {
			t.Errorf("%q gave the duration %s", value, d)
		}
		got := r.Rate("X", rate.Rate{Attempts: 1, Window: time.Second}, 100)
		if got.Attempts < 1 || got.Attempts > 100 || got.Window < time.Second || got.Window > 365*rate.Day {
			t.Errorf("%q gave the rate %s", value, got)
		}
		r.Truth("X")
		faults := 0
		if err := r.Err(); err != nil {
			const distinct = 20 // shorter ones may be words of ours
			if len(value) >= distinct && strings.Contains(err.Error(), value) {
				t.Errorf("the fault %q shows %q", err, value)
			}
			faults = strings.Count(err.Error(), "\n") + 1
		}
		// A value is of one kind at most, and unset for all.
		if want := 3; value == "" && faults != 0 || value != "" && faults < want {
			t.Errorf("%q has %d faults", value, faults)
		}
	})
}
