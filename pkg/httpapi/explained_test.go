package httpapi_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestEveryCodeIsExplained: docs/api.md's table says what a front end does with each code
// that a client can get, and with none that it cannot.
func TestEveryCodeIsExplained(t *testing.T) {
	read := func(file string) string {
		t.Helper()
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	codes := map[string]bool{}
	for _, found := range regexp.MustCompile(`(?:code: |badRequest\()"([a-z_]+)"`).FindAllStringSubmatch(read("refusals.go"), -1) {
		codes[found[1]] = true
	}
	_, table, found := strings.Cut(read("../../docs/api.md"), "| status | code | what to do |")
	table, _, ended := strings.Cut(table, "\n\n")
	if !found || !ended {
		t.Fatal("docs/api.md has no table of codes")
	}
	explained := map[string]bool{}
	for _, row := range strings.Split(table, "\n") {
		if cells := strings.Split(row, "|"); len(cells) > 2 {
			for _, code := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(cells[2], -1) {
				explained[code[1]] = true
			}
		}
	}
	if len(codes) < 20 {
		t.Fatalf("refusals.go has %d codes: they are written in another way than this test reads", len(codes))
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(codes)), slices.Sorted(maps.Keys(explained))); diff != "" {
		t.Errorf("the codes that docs/api.md explains differ (-given +explained):\n%s", diff)
	}
}
