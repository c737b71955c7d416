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
	outcomes := map[string]func(*Number, Charged, Guess){
		"wrong":        func(n *Number, c Charged, g Guess) { n.Settle(at(0), p, c, g, Wrong) },
		"gone":         func(n *Number, c Charged, g Guess) { n.Settle(at(0), p, c, g, Gone) },
		"not compared": func(n *Number, c Charged, g Guess) { n.Undebit(at(0), p, c, g, NotSent) },
		"never known":  func(*Number, Charged, Guess) {},
	}
	for name, outcome := range outcomes {
		t.Run(name, func(t *testing.T) {
			n := Number{Verifications: []Verification{code("a"), code("b")}}
			debit := func(id, by string) (Charged, Guess) {
				g := Guess{ID: "guess-" + by, By: by, VerificationID: id}
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
			if _, refused := n.Settle(at(0), p, winner, winnerGuess, Verified); refused != nil {
				t.Fatal(refused)
			}
			if n.Failures != 1 {
				t.Errorf("after a success: %d failures, want the one under way since the enabling", n.Failures)
			}
			outcome(&n, before, beforeGuess)
			if n.Failures != 1 {
				t.Errorf("after the forgiven guess ended: %d failures, want 1", n.Failures)
			}
		})
	}
}
