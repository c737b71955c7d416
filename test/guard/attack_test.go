package guard

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// TestAttackOnTheRealTable: what internal/attack replays in memory, once on DynamoDB Local:
// one network, then numbers that follow each other, then everything spread; and people beside
// it.
func TestAttackOnTheRealTable(t *testing.T) {
	rules := fullRules()
	rules.Allowances.Region.Floor, rules.Allowances.Service.Floor = 60, 70
	r := newRigOn(t, rules, client(t))
	sent := func(times int, to func(i int) int, from func(i int) string) int {
		t.Helper()
		n := 0
		for i := range times {
			if err := r.send(t, number(t, to(i)), from(i)); err == nil {
				n++
			} else {
				want(t, "a send of the attack", err, otp.TrafficLimited)
			}
		}
		return n
	}
	draw := rand.New(rand.NewPCG(1, 2))
	spread := func(int) int { return draw.IntN(8_000_000) }
	many := func(i int) string { return fmt.Sprintf("10.%d.%d.1", i/250, i%250) }
	if got := sent(30, spread, func(i int) string { return fmt.Sprintf("192.0.2.%d", i) }); got != 10 {
		t.Errorf("one network got %d messages out, want its floor of 10", got)
	}
	if got := sent(40, func(i int) int { return 8_000_000 + i }, many); got != 20 {
		t.Errorf("one prefix got %d messages out, want its floor of 20", got)
	}
	if got := sent(60, spread, func(i int) string { return many(1000 + i) }); got != 30 {
		t.Errorf("everything spread got %d messages out, want what the region has left of 60", got)
	}
	// Another region is served, and whoever verifies makes room.
	other := recipientOf(t, "+14155552671")
	want(t, "a send to another region", r.send(t, other, "198.51.100.1"), "")
	want(t, "its verify", r.verify(t, other), "")
	found, err := r.cells.Read(t.Context(), []string{"guard#region#US", "guard#service"})
	if err != nil {
		t.Fatal(err)
	}
	if us := found[0].Strangers; us.Verified != 1 || us.Milli/1000 != 60+int64(rules.Allowances.Region.Growth)/10 {
		t.Errorf("after its success the other region has %+v", us)
	}
	if r.spentBy(t) != 61*unit {
		t.Errorf("%s is spent for 61 messages", r.spentBy(t))
	}
}
