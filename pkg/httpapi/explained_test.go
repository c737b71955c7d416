package httpapi_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	infobipotp "github.com/seed-a131a524/infobip-otp"

	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// TestEveryCodeIsExplained: docs/api.md's table, which is made of the explanations, says what a
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

// TestDescribedSentencesAreOurs: the examples of openapi.yaml have the sentences that a
// client gets. Those that depend on the request or on a setting are left out.
func TestDescribedSentencesAreOurs(t *testing.T) {
	text, err := os.ReadFile("refusals.go")
	if err != nil {
		t.Fatal(err)
	}
	ours := strings.ReplaceAll(string(text), `"+otp.Alternatives()+"`, otp.Alternatives())
	compared := 0
	for _, example := range regexp.MustCompile(`error: "([^"]+)", code: "([a-z_]+)"`).FindAllStringSubmatch(infobipotp.OpenAPI, -1) {
		sentence, code := example[1], example[2]
		if slices.Contains([]string{"field_unknown", "field_type", "pin_invalid", "address_limited"}, code) {
			continue
		}
		compared++
		if !strings.Contains(ours, `"`+sentence+`"`) {
			t.Errorf("openapi.yaml says of %s %q, which no client is told", code, sentence)
		}
	}
	if compared < 50 {
		t.Errorf("openapi.yaml has %d sentences: they are written in another way than this test reads", compared)
	}
}
