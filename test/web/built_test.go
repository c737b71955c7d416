package web_test

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// workshop is a copy of web/ with the packages that its lock names, and what is built there.
func workshop(t *testing.T) string {
	t.Helper()
	return harness.Shared(t, "web's workshop", func() (string, func() error, error) {
		dir, err := os.MkdirTemp("", "otp-web-")
		if err != nil {
			return "", nil, err
		}
		end := func() error { return os.RemoveAll(dir) }
		if err := copySources(filepath.Join(harness.Root(), "web"), dir); err != nil {
			return "", end, err
		}
		for _, args := range [][]string{{"ci"}, {"run", "build"}} {
			_, err = harness.Run(context.Background(), 3*time.Minute, harness.Command{Name: "npm " + args[0], Path: "npm", Args: args, Dir: dir})
			if err != nil {
				return "", end, err
			}
		}
		return dir, end, nil
	})
}

// copySources copies what is written by hand.
func copySources(from, to string) error {
	source := os.DirFS(from)
	return fs.WalkDir(source, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == "node_modules" || name == "dist":
			return fs.SkipDir
		case name == "otp.d.ts":
			return nil
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(to, name), 0o755)
		}
		content, err := fs.ReadFile(source, name)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), content, 0o644)
	})
}

// TestBuiltPageIsFresh: what is committed is what the sources and the locked packages make, byte for byte.
func TestBuiltPageIsFresh(t *testing.T) {
	t.Parallel()
	dir := workshop(t)
	source := filepath.Join(harness.Root(), "web")
	built, committed := tree(t, dir), tree(t, source)
	for name, content := range built {
		if !bytes.Equal(content, committed[name]) {
			t.Errorf("web/%s is stale: run `make web` and commit it", name)
		}
	}
	for name := range committed {
		if built[name] == nil {
			t.Errorf("web/%s is no longer made: run `make web` and commit it", name)
		}
	}
}

// tree is what the build makes in a folder.
func tree(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	source := os.DirFS(dir)
	names, err := fs.Glob(source, "dist/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(names, "otp.d.ts") {
		files[name], err = fs.ReadFile(source, name)
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(files) < 5 {
		t.Fatalf("%s has %d built files", dir, len(files))
	}
	return files
}

var ranTests = regexp.MustCompile(`(?m)^# pass [1-9]\d*$`)

// TestModule runs the tests that web/ has of its own, and holds the types to a use of them.
func TestModule(t *testing.T) {
	t.Parallel()
	dir := workshop(t)
	for _, script := range []string{"test", "check"} {
		printed, err := harness.Run(t.Context(), time.Minute, harness.Command{Name: "npm run " + script, Path: "npm", Args: []string{"run", script}, Dir: dir})
		if err != nil {
			t.Error(err)
		}
		if script == "test" && !ranTests.MatchString(printed) {
			t.Errorf("no tests ran: %s", printed)
		}
	}
}
