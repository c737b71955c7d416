// Package build has what makes and checks the programs as they are built.
package build

import (
	"io/fs"
	"os"
	"regexp"
	"slices"
	"testing"
)

// goLine is the line of a go.mod that names a patch release of Go.
var goLine = regexp.MustCompile(`(?m)^go (\d+\.\d+\.\d+)$`)

// TestModulesNameOnePatchRelease: "go 1.26" would build with any 1.26 that a machine happens to
// have, its known holes in net/http and crypto/tls included. One release in all modules, so
// that what is tested is what ships.
func TestModulesNameOnePatchRelease(t *testing.T) {
	releases := map[string][]string{}
	repository := os.DirFS("../..")
	err := fs.WalkDir(repository, ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", ".tools", ".aws-sam", "node_modules", "cdk.out", "testdata"}, d.Name()):
			return fs.SkipDir
		case d.Name() != "go.mod":
			return nil
		}
		text, err := fs.ReadFile(repository, path)
		if err != nil {
			return err
		}
		found := goLine.FindSubmatch(text)
		if found == nil {
			t.Errorf("%s does not name a patch release of Go", path)
			return nil
		}
		releases[string(found[1])] = append(releases[string(found[1])], path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(releases) != 1 {
		t.Errorf("modules name several releases: %v", releases)
	}
	for release, modules := range releases {
		if len(modules) < 7 {
			t.Errorf("only %d modules name %s: this test looks in the wrong place", len(modules), release)
		}
	}
}
