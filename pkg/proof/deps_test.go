package proof_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestLinksNoAWS: what a proof says can be read and tested without AWS, and discovery
// on a laptop needs none.
func TestLinksNoAWS(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	for _, dep := range deps {
		if strings.Contains(dep, "aws") {
			t.Errorf("package proof imports %s: that belongs to awskms", dep)
		}
	}
	if len(deps) < 10 {
		t.Fatalf("go list names %d packages: this test looks at the wrong ones", len(deps))
	}
}
