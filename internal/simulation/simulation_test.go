package simulation_test

import (
	"net/netip"
	"testing"

	"github.com/seed-a131a524/infobip-otp/internal/simulation"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// A container needs the API on a wider host; nobody elsewhere needs the PINs.
func TestControlStaysOnLoopback(t *testing.T) {
	variables := map[string]string{
		"INFOBIP_SIMULATOR_HOST": "0.0.0.0", "INFOBIP_SIMULATOR_PORT": "0", "INFOBIP_CONTROL_PORT": "0",
	}
	r := settings.NewReader(func(name string) string { return variables[name] })
	c := simulation.ReadConfig(r)
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	s, err := simulation.Start(t.Context(), c, simulator.DefaultSettings())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	api, control := netip.MustParseAddrPort(s.API.Addr().String()), netip.MustParseAddrPort(s.Control.Addr().String())
	if !api.Addr().IsUnspecified() || !control.Addr().Unmap().IsLoopback() {
		t.Errorf("API on %s, control on %s; want every address and loopback", api, control)
	}
}
