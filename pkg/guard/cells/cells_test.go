package cells_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/guard/cells"
	"github.com/seed-a131a524/infobip-otp/pkg/guard/guardtest"
)

// The suite runs on the real DynamoDB Local in test/guard.
func TestMemory(t *testing.T) {
	guardtest.Run(t, func(testing.TB) guard.Cells { return cells.NewMemory(clock{}) })
}

// clock is real time.
type clock struct{}

func (clock) Now() time.Time { return time.Now() }

// stopped is a clock that stands.
type stopped struct{ now time.Time }

func (s *stopped) Now() time.Time { return s.now }

// TestMemoryForgets what does not matter any more, a few cells with each write, and nothing
// that does.
func TestMemoryForgets(t *testing.T) {
	clock := &stopped{time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	m := cells.NewMemory(clock)
	begin := func(key string, keep time.Time) {
		t.Helper()
		change := guard.Change{Room: &guard.RoomChange{Add: 1, Settles: true, To: clock.now}, Keep: keep}
		if _, applied, err := m.Apply(t.Context(), key, change); err != nil || !applied {
			t.Fatalf("a cell does not begin: %v, %v", applied, err)
		}
	}
	count := func() int {
		n := 0
		if err := m.Scan(t.Context(), func(string, guard.Cell) { n++ }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	const old, lasting = 200, 20
	for i := range old {
		begin(fmt.Sprint("old ", i), clock.now.Add(time.Minute))
	}
	for i := range lasting {
		begin(fmt.Sprint("lasting ", i), clock.now.Add(time.Hour))
	}
	if got := count(); got != old+lasting {
		t.Fatalf("of %d cells there are %d", old+lasting, got)
	}
	clock.now = clock.now.Add(time.Minute)
	touch := guard.Change{Room: &guard.RoomChange{Add: 1}}
	for range 20 * old {
		if _, applied, err := m.Apply(t.Context(), "lasting 0", touch); err != nil || !applied {
			t.Fatalf("a cell that lasts is gone: %v, %v", applied, err)
		}
	}
	if got := count(); got != lasting {
		t.Errorf("%d cells are left, want the %d that matter", got, lasting)
	}
}

// TestMemorySharesNothing: what a caller does with a cell changes no other's.
func TestMemorySharesNothing(t *testing.T) {
	m := cells.NewMemory(clock{})
	orders := guard.Orders{Stops: []guard.Stop{{Reason: "ours"}}}
	if written, err := m.Order(t.Context(), "key", orders, "", time.Time{}); err != nil || !written {
		t.Fatal(written, err)
	}
	orders.Stops[0].Reason = "changed by the writer"
	for range 2 {
		found, err := m.Read(t.Context(), []string{"key"})
		if err != nil || found[0].Orders.Stops[0].Reason != "ours" {
			t.Fatalf("the cell is %+v, %v", found, err)
		}
		found[0].Orders.Stops[0].Reason = "changed by a reader"
	}
}
