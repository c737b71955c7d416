package simulation

import (
	"testing"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

func TestDefaults(t *testing.T) {
	r := settings.NewReader(func(string) string { return "" })
	c := ReadConfig(r)
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	if c.host != "127.0.0.1" || c.apiPort != 3001 || c.controlPort != 3002 ||
		c.Options.Key != simulator.DefaultKey || c.Options.Strict {
		t.Errorf("host %s, ports %d and %d, key %q, strict %t", c.host, c.apiPort, c.controlPort, c.Options.Key, c.Options.Strict)
	}
}
