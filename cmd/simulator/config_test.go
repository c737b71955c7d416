package main

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// TestEverySettingIsRead: the simulator reads what the table says, and nothing else.
func TestEverySettingIsRead(t *testing.T) {
	asked, examples := map[string]bool{}, map[string]string{}
	for _, s := range settings.All() {
		if s.ReadBy(settings.Simulator) {
			examples[s.Name] = s.Example
		}
	}
	c, err := readConfig(func(name string) string { asked[name] = true; return examples[name] })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(examples)), slices.Sorted(maps.Keys(asked))); diff != "" {
		t.Errorf("it reads others than the table says (-table +read):\n%s", diff)
	}
	want := simulator.Settings{
		ApplicationID: "APP1", MessageID: "MSG1", PINLength: 8, PINAttempts: 8, PINTTL: 9 * time.Minute,
		NumberSendLimit: rate.Rate{Attempts: 9, Window: 2 * rate.Day},
	}
	if diff := cmp.Diff(want, c.settings); diff != "" {
		t.Errorf("the application's settings (-want +got):\n%s", diff)
	}
}
