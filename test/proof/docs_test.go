package proof

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// included is a file that docs/proof.md shows whole: its name in a comment, and a block.
var included = regexp.MustCompile("(?ms)^<!-- (\\S+) -->\n```[a-z]+\n(.*?)^```$")

// TestDocsShowTheFilesThatRun: what a reader copies is what the tests ran.
func TestDocsShowTheFilesThatRun(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(harness.Root(), "docs", "proof.md"))
	if err != nil {
		t.Fatal(err)
	}
	var shown []string
	for _, block := range included.FindAllStringSubmatch(string(page), -1) {
		shown = append(shown, block[1])
		file, err := os.ReadFile(filepath.Join(harness.Root(), block[1]))
		if err != nil {
			t.Error(err)
			continue
		}
		if diff := cmp.Diff(string(file), block[2]); diff != "" {
			t.Errorf("docs/proof.md shows another %s (-file +page):\n%s", block[1], diff)
		}
	}
	want := []string{
		"examples/check-proof/go/check.go",
		"examples/check-proof/node/check.js",
		"examples/check-proof/python/check.py",
		"examples/protected-route/stack/authorizer.go",
	}
	if slices.Sort(shown); !slices.Equal(shown, want) {
		t.Errorf("docs/proof.md shows %q, want %q", shown, want)
	}
}
