package pseudonym

import (
	"cmp"
	"strings"
)

// CompareVersions orders versions as people count them: runs of digits by their number,
// all else by its bytes, so that 2 comes before 10 and 2026-9 before 2026-10. It returns
// zero for equal versions alone.
func CompareVersions(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		m, n := leadingDigits(x), leadingDigits(y)
		if m == 0 || n == 0 {
			if x[0] != y[0] {
				return cmp.Compare(x[0], y[0])
			}
			x, y = x[1:], y[1:]
			continue
		}
		if order := compareNumbers(x[:m], y[:n]); order != 0 {
			return order
		}
		x, y = x[m:], y[n:]
	}
	// One begins with the other. Where both end here, they differ in zeros in front of a
	// number, if at all.
	return cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(a, b))
}

func leadingDigits(s string) int {
	return len(s) - len(strings.TrimLeft(s, "0123456789"))
}

// compareNumbers compares numbers of any length.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}
