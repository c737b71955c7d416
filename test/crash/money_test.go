package crash

import (
	"testing"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/guard/cells"
	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// price is that of SMS_PRICES, which is not set here.
const price = guard.Amount(100_000)

// spent is the money in the service's cell.
func (s *service) spent(t *testing.T) guard.Amount {
	t.Helper()
	found, err := cells.NewDynamoDB(harness.DynamoDB(harness.DynamoDBLocal(t)), s.table).Read(t.Context(), []string{"guard#service"})
	if err != nil {
		t.Fatal(err)
	}
	return found[0].Purse.Spent
}

// TestMoneyOutlivesTheProcess: wherever a send is killed, no message is out that nobody paid
// for, and what may have been sent stays paid. The first UpdateItem counts the address, the
// second pays.
func TestMoneyOutlivesTheProcess(t *testing.T) {
	s := newService(t)
	function := s.start(t, "send", "SPEND_LIMIT=1000/1d")
	crashes := guard.Amount(0)
	for _, tt := range []struct {
		name     string
		at       point
		paid     guard.Amount
		messages int
	}{
		{name: "before it is paid", at: point{atDatabase, "UpdateItem", 2, before}},
		{name: "after it was paid", at: point{atDatabase, "UpdateItem", 2, after}, paid: price},
		{name: "before the provider sends", at: point{atProvider, "send", 1, before}, paid: price},
		{name: "after the provider sent", at: point{atProvider, "send", 1, after}, paid: price, messages: 1},
		{name: "before the outcome is recorded", at: beforeRecord, paid: price, messages: 1},
		{name: "after the outcome was recorded", at: afterRecord, paid: price, messages: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n, was := newNumber(t), s.spent(t)
			s.crash(t, function, send(n, "the-key"), tt.at)
			crashes++
			if got := s.messages(n); got != tt.messages {
				t.Errorf("%d messages are out, want %d", got, tt.messages)
			}
			if got := s.spent(t) - was; got != tt.paid {
				t.Errorf("%s was paid, want %s", got, tt.paid)
			}
		})
	}
	// Somebody else's send is paid as ever.
	was := s.spent(t)
	ask(t, function, send(newNumber(t), "")).wants(t, "a send after all that", "200")
	if got := s.spent(t) - was; got != price {
		t.Errorf("%s was paid for a message, want %s", got, price)
	}
	if got := s.spent(t); got > (crashes+1)*price {
		t.Errorf("%s is spent in %d sends", got, crashes+1)
	}
}
