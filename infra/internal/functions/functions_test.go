package functions

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-a131a524/infobip-otp/internal/build/lambda"
)

// writeSource makes a small module with the functions that the real one has, each of which says a word.
func writeSource(t *testing.T, dir, word string) {
	t.Helper()
	files := map[string]string{"go.mod": "module " + lambda.Module + "\n\ngo 1.26\n"}
	for _, function := range lambda.Functions() {
		files["functions/"+function+"/main.go"] = "package main\n\nfunc main() { println(\"" + word + "\") }\n"
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		err := os.MkdirAll(filepath.Dir(path), 0o700)
		if err == nil {
			err = os.WriteFile(path, []byte(text), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func read(t *testing.T, dir string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, "verify.zip"))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// A version of a module never changes, so it is built once; the files of somebody who works on
// them are built anew, whatever stood there.
func TestKept(t *testing.T) {
	for _, test := range []struct {
		name   string
		module func(dir string) module
		kept   bool
	}{
		{"a version", func(dir string) module { return module{Path: lambda.Module, Version: "v1.2.3", Dir: dir} }, true},
		{"replaced by a version", func(dir string) module {
			return module{Path: lambda.Module, Version: "v1.2.3", Dir: dir, Replace: &module{Path: "example.com/fork", Version: "v1.2.4"}}
		}, true},
		{"replaced by a folder", func(dir string) module {
			return module{Path: lambda.Module, Version: "v1.2.3", Dir: dir, Replace: &module{Path: "../otp", Dir: dir}}
		}, false},
		{"the main module of a workspace", func(dir string) module { return module{Path: lambda.Module, Main: true, Dir: dir} }, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir, cache := t.TempDir(), t.TempDir()
			writeSource(t, dir, "first")
			first, err := build(t.Context(), test.module(dir), cache, "arm64")
			if err != nil {
				t.Fatal(err)
			}
			before := read(t, first)
			writeSource(t, dir, "second")
			again, err := build(t.Context(), test.module(dir), cache, "arm64")
			if err != nil {
				t.Fatal(err)
			}
			if kept := bytes.Equal(before, read(t, again)); kept != test.kept || again != first {
				t.Errorf("kept: %t in %s and %s, want %t in one folder", kept, first, again, test.kept)
			}
		})
	}
}

func TestKeptApart(t *testing.T) {
	dir, cache := t.TempDir(), t.TempDir()
	writeSource(t, dir, "first")
	seen := map[string]string{}
	for _, version := range []string{"v1.2.3", "v1.2.4"} {
		for _, goarch := range []string{"arm64", "amd64"} {
			built, err := build(t.Context(), module{Path: lambda.Module, Version: version, Dir: dir}, cache, goarch)
			if err != nil {
				t.Fatal(err)
			}
			if other := seen[built]; other != "" {
				t.Errorf("%s for %s is where %s is", version, goarch, other)
			}
			seen[built] = version + " for " + goarch
		}
	}
}

func TestFailedBuildSaysWhy(t *testing.T) {
	dir, cache := t.TempDir(), t.TempDir()
	writeSource(t, dir, "a\" + 1 + \"b")
	m := module{Path: lambda.Module, Version: "v1.2.3", Dir: dir}
	_, err := build(t.Context(), m, cache, "arm64")
	for _, want := range []string{"building the function send for linux/arm64: ", "functions/send/main.go:3:"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want it to have %q", err, want)
		}
	}
	_, err = build(t.Context(), m, cache, "riscv64")
	if err == nil || !strings.Contains(err.Error(), "Lambda has arm64 and amd64") {
		t.Errorf("error %v, want that Lambda has no such architecture", err)
	}
}

// Outside its module an app cannot say which version it has; without Go nobody can build.
func TestNoSource(t *testing.T) {
	t.Chdir(t.TempDir())
	_, err := Built(t.Context(), "arm64")
	if err == nil || !strings.Contains(err.Error(), "run the app inside its own module, or name a folder with the zips: AssetsDir") {
		t.Errorf("outside any module: %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	_, err = Built(t.Context(), "arm64")
	if err == nil || !strings.Contains(err.Error(), `"go": executable file not found`) {
		t.Errorf("without Go: %v", err)
	}
}
