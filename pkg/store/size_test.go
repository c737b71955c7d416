package store

import (
	"fmt"
	"maps"
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
	n       otp.Ledger
	key     string // what it begins with
	channel otp.Channel
	clients int  // that ask
	most    int  // checks under way at once
	test    bool // it is a test recipient now and then
	now     time.Time
	policy  otp.Policy
	random  *rand.Rand
	largest int
	when    string
	what    otp.Ledger
	// sent is how many sends the item may know of: those of the last day.
	sent int
	at   []time.Time
}

const (
	id22 = "AAAAAAAAAAAAAAAAAA" // and four more
	id11 = "BBBBBBB"
	pin  = "9C817C6F8AF3D48F9FE553282AFA2B67" // as long as Infobip's
)

// locale12 is as long as the language of a message may be in their list.
const locale12 = "zh-Hant-TW-x"

// markLength is what a guard may keep with a delivery.
const markLength = 8

// client is one of a few.
func (l *life) client() string { return fmt.Sprintf("from-%d", l.random.IntN(l.clients)) }

func (l *life) fresh() string { return fmt.Sprintf("%04x", l.random.Uint32N(1<<16)) }

func (l *life) saved(what string) {
	n := l.n.Clone()
	n.ForgetAt = l.now.Add(l.policy.DisabledMemory)
	key := l.key + "#1#" + strings.Repeat("k", 43)
	if s := size(encode(key, n, "rrrrrrrrrrrrrrrr")); s > l.largest {
		l.largest, l.when, l.what = s, what, n
	}
}

func (l *life) order() otp.Order {
	// With an idempotency key, which makes the larger record.
	return otp.Order{
		ID: id22 + l.fresh(), RunID: id11 + l.fresh(), Fingerprint: id11 + l.fresh(), Channel: l.channel,
		Client: l.client(), Mark: strings.Repeat("m", markLength), Locale: locale12,
	}
}

// terms are those of a test recipient.
func (l *life) terms() otp.TestTerms { return otp.TestTerms{Ends: l.now.Add(24 * time.Hour)} }

// sendTest sends to a test recipient, or resends what is there.
func (l *life) sendTest() {
	if len(l.n.Tests) > 0 && l.random.IntN(3) > 0 {
		of := l.n.Tests[l.random.IntN(len(l.n.Tests))].ID
		_, _ = l.n.ResendTest(l.now, l.policy, of, l.order())
	} else {
		_, _ = l.n.ReserveTest(l.now, l.policy, l.terms(), l.order())
	}
	l.saved("a test recipient's send")
}

func (l *life) verifyTest() {
	c := otp.Check{ID: id22 + l.fresh(), Key: "KK" + l.fresh(), RunID: id11 + l.fresh(), Client: l.client(), Nonce: id11 + l.fresh()}
	if len(l.n.Tests) > 0 && l.random.IntN(2) == 0 {
		c.VerificationID = l.n.Tests[l.random.IntN(len(l.n.Tests))].ID
	}
	_, _, _ = l.n.TryTest(l.now, l.policy, l.terms(), c, l.random.IntN(3) == 0)
	l.saved("a test recipient's check")
}

// send sends, or resends what is there; the outcome is the worst or drawn.
func (l *life) send() {
	o := l.order()
	var ticket otp.Ticket
	var refused error
	if len(l.n.Verifications) > 0 && l.random.IntN(3) == 0 {
		v := l.n.Verifications[l.random.IntN(len(l.n.Verifications))]
		ticket, refused = l.n.ReserveResend(l.now, l.policy, v.ID, o)
	} else {
		ticket, refused = l.n.Reserve(l.now, l.policy, o)
	}
	if refused != nil {
		return
	}
	l.at = append(l.at, l.now)
	l.at = slices.DeleteFunc(l.at, func(t time.Time) bool { return l.now.Sub(t) > 24*time.Hour })
	l.sent = max(l.sent, len(l.at))
	l.saved("reserved")
	switch l.random.IntN(6) {
	case 0:
		_ = l.n.Lose(l.policy, ticket.Receipt.VerificationID, o)
	case 1: // the function died
	case 2:
		_ = l.n.Fail(l.policy, ticket.Receipt.VerificationID, o, otp.DeliveryThrottled)
	default:
		_ = l.n.Activate(l.policy, ticket.Receipt.VerificationID, o, pin)
	}
	l.saved("sent")
}

func (l *life) verify() {
	g := otp.Check{ID: id22 + l.fresh(), Key: "KK" + l.fresh(), RunID: id11 + l.fresh(), Client: l.client()}
	if len(l.n.Verifications) > 0 {
		g.VerificationID = l.n.Verifications[l.random.IntN(len(l.n.Verifications))].ID
	}
	charged, refused := l.n.Debit(l.now, l.policy, g)
	if refused != nil {
		return
	}
	l.saved("debited")
	outcome := l.random.IntN(8)
	if l.underWay() > l.most {
		outcome = 0
	}
	switch outcome {
	case 0:
		l.n.Settle(l.now, l.policy, charged, g, otp.Wrong)
	case 1:
		l.n.Settle(l.now, l.policy, charged, g, otp.Verified)
	default: // the answer was lost, and the run stays in Pending
	}
	l.saved("settled")
}

// underWay counts the checks whose outcome nobody has said yet.
func (l *life) underWay() int {
	n := 0
	for i := range l.n.Verifications {
		for _, c := range l.n.Verifications[i].Charges {
			if l.now.Sub(c.At) < 2*l.policy.SendTimeout {
				n++
			}
		}
	}
	return n
}

// TestItemSize plays many lives under the default settings, with every part of an item
// filled, as idempotency keys and a guard fill them. Up to three sends in a window by the
// usual channel (SMS to a number, e-mail to an address) and one check at a time cost one write
// unit; whatever people and Infobip do (there are never more than ten sends in a window) it is
// two. A test recipient, whose sends nothing but the limits of addresses bounds, costs up to
// two, and three with what was real before.
func TestItemSize(t *testing.T) {
	lives := 4_000
	if testing.Short() {
		lives = 1_000
	}
	steps := []time.Duration{3 * time.Second, 3 * time.Second, 3 * time.Second, 31 * time.Second, 61 * time.Second, 5 * time.Minute, 3 * time.Hour}
	for _, c := range []struct {
		name  string
		sends int
		life  life
		units int
	}{
		{"three sends by SMS", 3, life{key: "number", channel: otp.SMS, clients: 3}, 1},
		{"three sends by e-mail", 3, life{key: "email", channel: otp.Email, clients: 3}, 1},
		{"ten sends by voice, from everywhere, with checks in parallel", 10, life{key: "number", channel: otp.Voice, clients: 6, most: 3}, 2},
		{"a test recipient, sent to again and again", 0, life{key: "number", channel: otp.Voice, clients: 6, test: true}, 2},
		{"one that was sent to ten times before", 10, life{key: "number", channel: otp.Voice, clients: 6, most: 3, test: true}, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			var largest life
			for seed := range lives {
				l := c.life
				l.now, l.policy, l.random = time.UnixMilli(1773342238111), otp.DefaultPolicy(), rand.New(rand.NewPCG(1, uint64(seed)))
				for range 80 {
					l.now = l.now.Add(steps[l.random.IntN(len(steps))] + time.Millisecond)
					send, real := l.random.IntN(2) == 0, !l.test || c.sends > 0 && l.random.IntN(3) == 0
					switch {
					case send && real:
						l.send()
					case real:
						l.verify()
					case send:
						l.sendTest()
					default:
						l.verifyTest()
					}
					if l.sent <= c.sends && l.largest > largest.largest {
						largest = l
					}
				}
			}
			t.Logf("the largest of %d lives' items has %d bytes (%s)", lives, largest.largest, largest.when)
			if largest.largest == 0 || largest.largest > c.units*writeUnit {
				t.Errorf("an item grew to %d bytes (%s), want at most %d: %v", largest.largest, largest.when, c.units*writeUnit, breakdown(largest.what))
			}
		})
	}
}

// breakdown says what an item is made of.
func breakdown(l otp.Ledger) string {
	text := ""
	e := encode("number#1#"+strings.Repeat("k", 43), l, "rrrrrrrrrrrrrrrr")
	for _, name := range slices.Sorted(maps.Keys(e)) {
		text += fmt.Sprintf("\n%s %d", name, len(name)+valueSize(e[name]))
	}
	for i := range l.Verifications {
		v := encodeVerification(&l.Verifications[i], otp.SMS)
		text += fmt.Sprintf("\nverification %d: %d:", i, size(v))
		for _, name := range slices.Sorted(maps.Keys(v)) {
			text += fmt.Sprintf(" %s %d", name, len(name)+valueSize(v[name]))
		}
	}
	return text
}
