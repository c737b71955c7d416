package harness

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// Bootstrap returns the compiled bootstrap of a function (send, verify, discovery) for
// this machine's architecture, built by the Makefile's own recipe.
func Bootstrap(tb testing.TB, function string) string {
	tb.Helper()
	if runtime.GOOS != "linux" {
		tb.Fatalf("the functions are Linux programs: run this test on Linux, not on %s", runtime.GOOS)
	}
	return shared.address(tb, "bootstrap of "+function, func() (string, func() error, error) {
		return built("bootstrap", func(dir string) []string {
			return []string{"make", "-C", Root(), "sam-" + function, "GOARCH=" + runtime.GOARCH, "ARTIFACTS_DIR=" + dir}
		})
	})
}

// Program returns a compiled program of cmd/, built as `make run` builds it.
func Program(tb testing.TB, name string) string {
	tb.Helper()
	return shared.address(tb, "program "+name, func() (string, func() error, error) {
		return built(name, func(dir string) []string {
			return []string{"go", "-C", Root(), "build", "-o", filepath.Join(dir, name), "./cmd/" + name}
		})
	})
}

// SharedDir returns a folder that is there until the tests of the package have ended.
func SharedDir(tb testing.TB) string {
	tb.Helper()
	return shared.address(tb, "the shared folder", func() (string, func() error, error) {
		dir, err := os.MkdirTemp("", "otp-test-")
		return dir, func() error { return os.RemoveAll(dir) }, err
	})
}

// buildTime bounds one build without any cache.
const buildTime = 5 * time.Minute

func built(name string, command func(dir string) []string) (string, func() error, error) {
	dir, err := os.MkdirTemp("", "otp-build-")
	if err != nil {
		return "", nil, fmt.Errorf("making a folder for the build: %w", err)
	}
	end := func() error { return os.RemoveAll(dir) }
	ctx, cancel := context.WithTimeout(context.Background(), buildTime)
	defer cancel()
	words := command(dir)
	c := exec.CommandContext(ctx, words[0], words[1:]...)
	c.Env = BaseEnv()
	printed, err := c.CombinedOutput()
	if err != nil {
		return "", end, fmt.Errorf("building: %w\n%s", err, printed)
	}
	return filepath.Join(dir, name), end, nil
}
