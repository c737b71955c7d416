package httpapi_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
)

// TestEveryCodeIsExplained: README's table, which is made of the explanations, says what a
// front end does with each code that a client can get, and with none that it cannot.
func TestEveryCodeIsExplained(t *testing.T) {
	text, err := os.ReadFile("refusals.go")
	if err != nil {
		t.Fatal(err)
	}
	codes := map[string]bool{}
	for _, found := range regexp.MustCompile(`(?:code: |badRequest\()"([a-z_]+)"`).FindAllStringSubmatch(string(text), -1) {
		codes[found[1]] = true
	}
	explained := map[string]bool{}
	for _, e := range httpapi.Explanations() {
		for _, code := range e.Codes {
			explained[code] = true
		}
	}
	if len(codes) < 20 {
		t.Fatalf("refusals.go has %d codes: they are written in another way than this test reads", len(codes))
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(codes)), slices.Sorted(maps.Keys(explained))); diff != "" {
		t.Errorf("the codes that are explained differ (-given +explained):\n%s", diff)
	}
}
