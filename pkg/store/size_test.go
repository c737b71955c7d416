package store

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// writeUnit is the size up to which a write costs one unit.
const writeUnit = 1024

// size is an item's size as DynamoDB counts it (developer guide, "Item sizes and
// formats").
func size(e item) int {
	total := 0
	for name, value := range e {
		total += len(name) + valueSize(value)
	}
	return total
}

func valueSize(value types.AttributeValue) int {
	const container, element = 3, 1
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		return len(v.Value)
	case *types.AttributeValueMemberN:
		// One byte for two digits, and one more; zeros at the ends do not count.
		digits := strings.Trim(strings.TrimPrefix(v.Value, "-"), "0")
		return (len(digits)+1)/2 + 1 + strings.Count(v.Value, "-")
	case *types.AttributeValueMemberL:
		total := container
		for _, e := range v.Value {
			total += element + valueSize(e)
		}
		return total
	case *types.AttributeValueMemberM:
		return container + element*len(v.Value) + size(v.Value)
	}
	panic(fmt.Sprintf("an item has no %T", value))
}

// life plays requests of all kinds against one number, as the service does, and keeps
// the largest item that was saved on the way.
type life struct {
	n       otp.Number
	now     time.Time
	policy  otp.Policy
	random  *rand.Rand
	largest int
	when    string
}

const (
	id22 = "AAAAAAAAAAAAAAAAAA" // and four more
	id11 = "BBBBBBB"
	pin  = "9C817C6F8AF3D48F9FE553282AFA2B67" // as long as Infobip's
)

func (l *life) fresh() string { return fmt.Sprintf("%04x", l.random.Uint32N(1<<16)) }

func (l *life) saved(what string) {
	n := l.n.Clone()
	n.ForgetAt = l.now.Add(l.policy.DisabledMemory)
	key := "number#1#" + strings.Repeat("k", 43)
	if s := size(encode(key, n, "rrrrrrrrrrrrrrrr")); s > l.largest {
		l.largest, l.when = s, what
	}
}

func (l *life) order() otp.Order {
	// With an idempotency key, which makes the larger record.
	return otp.Order{ID: id22 + l.fresh(), By: id11 + l.fresh(), Meaning: id11 + l.fresh(), Channel: otp.Voice}
}

// send sends, or resends what is there; the outcome is the worst or drawn.
func (l *life) send() {
	o := l.order()
	var ticket otp.Ticket
	var refused *otp.Error
	if len(l.n.Verifications) > 0 && l.random.IntN(3) == 0 {
		v := l.n.Verifications[l.random.IntN(len(l.n.Verifications))]
		ticket, refused = l.n.ReserveResend(l.now, l.policy, v.ID, o)
	} else {
		ticket, refused = l.n.Reserve(l.now, l.policy, o)
	}
	if refused != nil {
		return
	}
	l.saved("reserved")
	switch l.random.IntN(6) {
	case 0:
		_ = l.n.Lose(ticket.Receipt.VerificationID, o)
	case 1: // the function died
	case 2:
		_ = l.n.Fail(l.policy, ticket.Receipt.VerificationID, o, otp.TurnedAway)
	default:
		_ = l.n.Activate(ticket.Receipt.VerificationID, o, pin)
	}
	l.saved("sent")
}

func (l *life) verify() {
	g := otp.Guess{ID: id22 + l.fresh(), By: id11 + l.fresh()}
	if len(l.n.Verifications) > 0 {
		g.VerificationID = l.n.Verifications[l.random.IntN(len(l.n.Verifications))].ID
	}
	charged, refused := l.n.Debit(l.now, l.policy, g)
	if refused != nil {
		return
	}
	l.saved("debited")
	switch l.random.IntN(8) {
	case 0:
		l.n.Settle(l.now, l.policy, charged, g, otp.Wrong)
	case 1:
		l.n.Settle(l.now, l.policy, charged, g, otp.Verified)
	default: // the answer was lost, and the run stays in Pending
	}
	l.saved("settled")
}

// TestItemSize plays many lives under the default settings. Within a send window an
// item costs one write unit, whatever people and Infobip do. Where one window meets the
// next, a number can have the live codes and resends of both for a few minutes; if
// their verifies all got lost as well, a write costs a second unit.
func TestItemSize(t *testing.T) {
	lives := 4_000
	if testing.Short() {
		lives = 1_000
	}
	window := otp.DefaultPolicy().NumberSendLimit.Window
	steps := []time.Duration{3 * time.Second, 3 * time.Second, 3 * time.Second, 31 * time.Second, 61 * time.Second, 5 * time.Minute}
	for _, c := range []struct {
		name  string
		steps []time.Duration
		units int
	}{
		{"within a window", steps, 1},
		{"around its end", append(slices.Clone(steps), window-8*time.Minute), 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			largest, when := 0, ""
			for seed := range lives {
				l := &life{now: time.UnixMilli(1773342238111), policy: otp.DefaultPolicy(), random: rand.New(rand.NewPCG(1, uint64(seed)))}
				for range 60 {
					l.now = l.now.Add(c.steps[l.random.IntN(len(c.steps))] + time.Millisecond)
					if l.random.IntN(2) == 0 {
						l.send()
					} else {
						l.verify()
					}
				}
				if l.largest > largest {
					largest, when = l.largest, l.when
				}
			}
			t.Logf("the largest of %d lives' items has %d bytes (%s)", lives, largest, when)
			if largest >= c.units*writeUnit {
				t.Errorf("an item grew to %d bytes (%s), want less than %d", largest, when, c.units*writeUnit)
			}
		})
	}
}
