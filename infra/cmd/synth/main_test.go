package main

import (
	"io"
	"path/filepath"
	"strings"
	"testing"
)

// Without Node.js the CDK would end with the stack of a panic, which names only the program.
func TestWithoutNode(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("CDK_OUTDIR", filepath.Join(t.TempDir(), "cdk.out"))
	t.Setenv("DEPLOY_ENV", "")
	err := run(io.Discard)
	if err == nil || !strings.Contains(err.Error(), "install Node.js 22 or later") {
		t.Errorf("%v, want a sentence that says what is missing", err)
	}
}
