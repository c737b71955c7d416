package simulator_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

// TestGatewayFaults: they are taken in order, as often as they say, and no other fault is
// taken with them.
func TestGatewayFaults(t *testing.T) {
	s := simulator.New(simulator.Options{})
	for _, fault := range []simulator.Fault{
		{Operation: "*", Status: 500},
		{Operation: "gateway", Status: 429, Times: 2},
		{Operation: "gateway", Status: 504, Effect: new(true), Delay: "29s", Times: 1},
		{Operation: "gateway", Drop: "before", Times: 1},
		{Operation: "gateway", Drop: "after", Delay: "1s", Times: 1},
		{Operation: "gateway", Delay: "1m30s", Every: 2},
	} {
		if err := s.AddFault(fault); err != nil {
			t.Fatal(err)
		}
	}
	want := []simulator.GatewayFault{
		{Status: 429}, {Status: 429}, {Status: 504, Effect: true, Delay: 29 * time.Second},
		{Drop: true}, {Drop: true, Effect: true, Delay: time.Second},
		{}, {Delay: 90 * time.Second}, {}, {Delay: 90 * time.Second},
	}
	var got []simulator.GatewayFault
	for range want {
		fault, met := s.TakeGatewayFault()
		if met != (fault != simulator.GatewayFault{}) {
			t.Errorf("met is %t of %+v", met, fault)
		}
		got = append(got, fault)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what was taken differs (-want +got):\n%s", diff)
	}
	if left := s.Faults(); len(left) != 2 || left[0].Operation != "*" {
		t.Errorf("%d faults are left, want that of the provider and the one without an end", len(left))
	}
	s.ClearFaults()
	if _, met := s.TakeGatewayFault(); met {
		t.Error("a fault that was cleared is met")
	}
}
