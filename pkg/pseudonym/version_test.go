package pseudonym_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
)

// TestCompareVersions: each comes after all before it, in whatever order they are given.
func TestCompareVersions(t *testing.T) {
	ordered := []string{
		"01", "1", "01x", "1x", "2", "9", "10", "099", "100", "2026-9", "2026-10", "2026x", "9999999999999999",
		"A", "A1", "a", "a-1", "a1", "a1b", "a2", "a10", "a10b2", "a10b10", "a_1", "b",
	}
	for i, a := range ordered {
		for j, b := range ordered {
			want := 0
			switch {
			case i < j:
				want = -1
			case i > j:
				want = 1
			}
			if got := pseudonym.CompareVersions(a, b); got != want {
				t.Errorf("%s against %s is %d, want %d", a, b, got, want)
			}
		}
	}
	shuffled := slices.Clone(ordered)
	rand.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	slices.SortFunc(shuffled, pseudonym.CompareVersions)
	if diff := cmp.Diff(ordered, shuffled); diff != "" {
		t.Errorf("sorted (-want +got):\n%s", diff)
	}
}

// FuzzCompareVersions: any three texts have one order.
func FuzzCompareVersions(f *testing.F) {
	f.Add("1", "01", "1x")
	f.Add("001", "1x", "1")
	f.Add("a1b02", "a01b2", "a1b2")
	f.Add("", "0", "00")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		compare := pseudonym.CompareVersions
		if compare(a, b) != -compare(b, a) || (compare(a, b) == 0) != (a == b) {
			t.Errorf("%q and %q have no one order", a, b)
		}
		if compare(a, b) < 0 && compare(b, c) < 0 && compare(a, c) >= 0 {
			t.Errorf("%q, %q and %q go round in a circle", a, b, c)
		}
	})
}
