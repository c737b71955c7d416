package infobipotp_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestArchitectureNamesEachPackage of this module and of infra, since a package that the map
// leaves out is found by nobody who reads it first. Those of test stand in test/README.md.
func TestArchitectureNamesEachPackage(t *testing.T) {
	text, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{".": true}
	for _, name := range inBackticks(string(text)) {
		named[name] = true
		if path.Ext(name) != "" {
			named[path.Dir(name)] = true
		}
	}
	packages := packagesOf(t)
	if len(packages) < 50 {
		t.Fatalf("%d packages: this test looks at the wrong folder", len(packages))
	}
	for _, dir := range packages {
		if !named[dir] {
			t.Errorf("ARCHITECTURE.md does not name %s", dir)
		}
	}
}

// TestArchitectureNamesWhatIsThere: a path of the map leads somewhere, and a file that it names
// without its folder is in one that stands in the same line.
func TestArchitectureNamesWhatIsThere(t *testing.T) {
	text, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	roots := regexp.MustCompile(`^(bench|cmd|docs|examples|functions|infra|internal|pkg|test|tools|web)/\S*$`)
	file := regexp.MustCompile(`^[\w*]+\.go$`)
	exists := func(name string) bool {
		found, err := filepath.Glob(name)
		return err == nil && len(found) > 0
	}
	looked := 0
	for number, line := range strings.Split(string(text), "\n") {
		names := inBackticks(line)
		var dirs []string
		for _, name := range names {
			if info, err := os.Stat(name); err == nil && info.IsDir() {
				dirs = append(dirs, name)
			} else if err == nil {
				dirs = append(dirs, path.Dir(name))
			}
		}
		for _, name := range names {
			if !roots.MatchString(name) && !file.MatchString(name) {
				continue
			}
			looked++
			inOne := func(dir string) bool { return exists(path.Join(dir, name)) }
			if !exists(name) && !(file.MatchString(name) && slices.ContainsFunc(dirs, inOne)) {
				t.Errorf("ARCHITECTURE.md:%d: there is no %s", number+1, name)
			}
		}
	}
	if looked < 150 {
		t.Errorf("%d paths were looked at, want at least 150", looked)
	}
}

// inBackticks returns what stands between backticks, a line at a time.
func inBackticks(text string) []string {
	var names []string
	for _, found := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(text, -1) {
		names = append(names, found[1])
	}
	return names
}

// packagesOf are the folders with Go files of this module and of infra.
func packagesOf(t *testing.T) []string {
	t.Helper()
	var dirs []string
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !entry.IsDir():
			if path.Ext(name) == ".go" && !slices.Contains(dirs, path.Dir(name)) {
				dirs = append(dirs, path.Dir(name))
			}
			return nil
		case name != "." && strings.HasPrefix(entry.Name(), "."), slices.Contains([]string{"dist", "node_modules", "testdata", "cdk.out"}, entry.Name()):
			return fs.SkipDir
		}
		if _, err := os.Stat(filepath.Join(name, "go.mod")); err == nil && name != "." && name != "infra" {
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return dirs
}
