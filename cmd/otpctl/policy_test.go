package main

import (
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/seed-a131a524/infobip-otp/pkg/app"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

func TestTighter(t *testing.T) {
	for _, test := range []struct {
		provider, ours string
		want           bool
	}{
		{"5/1d", "3/1d", false}, // two late in a window of ours, three early in the next
		{"4/1d", "3/1d", true},
		{"5/24h", "3/1d", false},
		{"5/1h", "3/1d", false}, // all of those may come within an hour
		{"4/1h", "3/1d", true},
		{"8/2d", "3/1d", false}, // the end of one window, and two more
		{"7/2d", "3/1d", true},
		{"8/36h", "3/1d", false}, // a second one begins within a day and a half
		{"7/36h", "3/1d", true},
		{"19/1d", "10/1d", false},
		{"18/1d", "10/1d", true},
		{"1/3s", "1/3s", false}, // one in a window is spacing, which begins anywhere
		{"1/3s", "1/5s", false},
		{"1/3s", "1/2s", true},
		{"2/3s", "1/2s", false},
		{"1/1s", "1/3s", false},
		{"20/1m", "1/3s", false},
		{"19/1m", "1/3s", true},
		{"0/1d", "1/1d", true},
	} {
		provider, err := rate.Parse(test.provider)
		if err != nil {
			t.Fatal(err)
		}
		ours, err := rate.Parse(test.ours)
		if err != nil {
			t.Fatal(err)
		}
		if got := tighter(provider, ours); got != test.want {
			t.Errorf("provider %s, ours %s: got %v, want %v", test.provider, test.ours, got, test.want)
		}
	}
}

// The gateway's defaults and provision's own fit together.
func TestDefaultsAreReachable(t *testing.T) {
	gateway, err := app.ReadConfig(func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	var p policy
	p.register(pflag.NewFlagSet("", pflag.ContinueOnError))
	err = p.check(gateway)
	if err != nil {
		t.Error(err)
	}
	if p.pinAttempts != 10 || p.perNumber.text != "20/1d" || p.perApplication.text != "10000/1d" {
		t.Errorf("the defaults are %d tries, %s to a number and %s by the application", p.pinAttempts, &p.perNumber, &p.perApplication)
	}
}

// TestEnoughIsReached: the figure is not too high either. Sends that ours let through, as late
// and as early as they may, fill some window of the provider's up to it.
func TestEnoughIsReached(t *testing.T) {
	for _, ours := range []rate.Rate{{Attempts: 3, Window: time.Hour}, {Attempts: 1, Window: time.Hour}, {Attempts: 10, Window: rate.Day}} {
		for _, window := range []time.Duration{time.Hour, 90 * time.Minute, rate.Day, 36 * time.Hour} {
			var sends []time.Duration
			for begins := time.Duration(0); begins < 4*max(window, ours.Window); begins += ours.Window {
				sends = append(sends, begins)
				late := begins + ours.Window - 1 // in the first of ours, just before its end
				if begins > 0 {
					late = begins // and at once in those that follow
				}
				for range ours.Attempts - 1 {
					sends = append(sends, late)
				}
			}
			most := 0
			for _, begins := range sends {
				within := 0
				for _, at := range sends {
					if at >= begins && at < begins+window {
						within++
					}
				}
				most = max(most, within)
			}
			if got := enough(window, ours).Attempts; got != most {
				t.Errorf("ours %s in a window of %s: %d is enough, and %d can come", ours, window, got, most)
			}
		}
	}
}
