package bench

import (
	"strconv"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// busy is a number with as many live codes as it may have.
func busy(tb testing.TB, now time.Time, p otp.Policy) otp.Ledger {
	tb.Helper()
	var n otp.Ledger
	for i := range p.ClientSendLimit.Attempts {
		o := otp.Order{ID: "verification-" + strconv.Itoa(i), RunID: "run", Channel: otp.SMS}
		if _, err := n.Reserve(now.Add(time.Duration(i)*2*time.Minute), p, o); err != nil {
			tb.Fatal(err)
		}
		if err := n.Activate(p, o.ID, o, "9C817C6F8AF3D48F9FE553282AFA2B67"); err != nil {
			tb.Fatal(err)
		}
	}
	return n
}

// BenchmarkDecisions is one try at a code: copy the state, charge, settle.
func BenchmarkDecisions(b *testing.B) {
	now, p := time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC), otp.DefaultPolicy()
	state := busy(b, now, p)
	later := now.Add(6 * time.Minute)
	b.ReportAllocs()
	for b.Loop() {
		n := state.Clone()
		g := otp.Check{ID: "guess", RunID: "run", VerificationID: "verification-1"}
		charged, err := n.Debit(later, p, g)
		if err != nil {
			b.Fatal(err)
		}
		if _, _, err := n.Settle(later, p, charged, g, otp.Verified); err != nil {
			b.Fatal(err)
		}
	}
}
