package main

import (
	"testing"

	"github.com/spf13/pflag"

	"github.com/seed-a131a524/infobip-otp/pkg/app"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

func TestTighter(t *testing.T) {
	for _, test := range []struct {
		provider, ours string
		want           bool
	}{
		{"3/1d", "3/1d", false},
		{"2/1d", "3/1d", true},
		{"4/1d", "3/1d", false},
		{"3/24h", "3/1d", false},
		{"3/1h", "3/1d", false},  // ours may all come within an hour, then no more
		{"2/1h", "3/1d", true},   // and do not fit
		{"6/2d", "3/1d", false},  // two windows of ours
		{"5/2d", "3/1d", true},   //
		{"6/36h", "3/1d", false}, // parts of two windows of ours
		{"5/36h", "3/1d", true},  //
		{"1/3s", "1/3s", false},
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
}
