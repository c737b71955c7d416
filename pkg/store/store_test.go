package store_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/store"
	"github.com/seed-a131a524/infobip-otp/pkg/store/storetest"
)

type realTime struct{}

func (realTime) Now() time.Time { return time.Now() }

func TestMemory(t *testing.T) {
	storetest.Run(t, func(testing.TB) otp.Store { return store.NewMemory(realTime{}) })
}

// TestMemoryForgets: a number is there up to its time, and not from then on.
func TestMemoryForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := store.NewMemory(realTime{})
		n := otp.Ledger{Sends: 1, ForgetAt: time.Now().Add(time.Minute)}
		revision, err := m.Save(t.Context(), "key", n, "")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute - 1)
		if got, _, err := m.Load(t.Context(), "key"); err != nil || got.Sends != 1 {
			t.Errorf("just before its time there is %+v, %v", got, err)
		}
		time.Sleep(1)
		if got, rev, err := m.Load(t.Context(), "key"); err != nil || got.Sends != 0 || rev != "" {
			t.Errorf("after its time there is %+v, %q, %v", got, rev, err)
		}
		if _, err := m.Save(t.Context(), "key", n, revision); err == nil {
			t.Error("a save from a revision that was forgotten succeeds")
		}
	})
}

// TestMemoryDoesNotGrow: entries of numbers that never come back are dropped too.
func TestMemoryDoesNotGrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := store.NewMemory(realTime{})
		most := 0
		for i := range 5000 {
			n := otp.Ledger{ForgetAt: time.Now().Add(time.Minute)}
			if _, err := m.Save(t.Context(), fmt.Sprint(i), n, ""); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second) // so that 60 are alive at any time
			most = max(most, m.Len())
		}
		if most > 300 {
			t.Errorf("the store grew to %d entries with 60 alive", most)
		}
	})
}
