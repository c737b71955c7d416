package otp

import (
	"testing"
	"time"
)

// Found by the state machine: a guess that was under way when an operator enabled the
// number came back as a failure with the next success, and could disable it again.
func TestForgivenChargesUnderWayCountNoMore(t *testing.T) {
	p := testPolicy()
	p.VerifySpacing = 0
	code := func(id string) Verification {
		return Verification{Delivery: Delivery{ID: id, Progress: Sent}, State: StateActive, PinID: "pin-" + id, ExpiresAt: at(time.Hour)}
	}
	outcomes := map[string]func(*Ledger, Debited, Check){
		"wrong":        func(n *Ledger, c Debited, g Check) { n.Settle(at(0), p, c, g, Wrong) },
		"gone":         func(n *Ledger, c Debited, g Check) { n.Settle(at(0), p, c, g, Gone) },
		"not compared": func(n *Ledger, c Debited, g Check) { n.Refund(at(0), p, c.VerificationID, g, NotSent) },
		"never known":  func(*Ledger, Debited, Check) {},
	}
	for name, outcome := range outcomes {
		t.Run(name, func(t *testing.T) {
			n := Ledger{Verifications: []Verification{code("a"), code("b")}}
			debit := func(id, by string) (Debited, Check) {
				g := Check{ID: "guess-" + by, RunID: by, VerificationID: id}
				c, refused := n.Debit(at(0), p, g)
				if refused != nil {
					t.Fatalf("debit of %s: %v", by, refused)
				}
				return c, g
			}
			before, beforeGuess := debit("a", "before")
			n.Enable()
			_, _ = debit("a", "after") // stays under way, and counts
			winner, winnerGuess := debit("b", "winner")
			if _, _, refused := n.Settle(at(0), p, winner, winnerGuess, Verified); refused != nil {
				t.Fatal(refused)
			}
			if inRow(n) != 1 {
				t.Errorf("after a success: %d failures, want the one under way since the enabling", inRow(n))
			}
			outcome(&n, before, beforeGuess)
			if inRow(n) != 1 {
				t.Errorf("after the forgiven guess ended: %d failures, want 1", inRow(n))
			}
		})
	}
}
