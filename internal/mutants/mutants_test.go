package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root is the module's; the program itself is run there.
const root = "../.."

// TestMain runs the tests in the module's root, where the paths of the patches begin.
func TestMain(m *testing.M) {
	if err := os.Chdir(root); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// TestPatchesAreRead: what is no patch is a fault. A patch that does not apply any more is
// none here (an edit of the source must not end in red tests of the tests), and is named:
// `make check` prints it, `make mutants` fails for it.
func TestPatchesAreRead(t *testing.T) {
	jobs, err := collect(regexp.MustCompile(""))
	if err != nil {
		t.Fatal(err)
	}
	const least = 300
	if len(jobs) < least {
		t.Errorf("there are %d mutants, want %d", len(jobs), least)
	}
	for _, j := range jobs {
		if j.stale != nil {
			t.Logf("%s: %v", j.title(), j.stale)
		}
		if _, err := moduleOf(j.tests.dir); err != nil {
			t.Errorf("%s: %v", j.title(), err)
		}
	}
}

// TestCatalogue holds docs/invariants.md to the tests and the guards that it names.
func TestCatalogue(t *testing.T) {
	text, err := os.ReadFile(cataloguePath)
	if err != nil {
		t.Fatal(err)
	}
	all, err := readCatalogue(string(text))
	if err != nil {
		t.Fatalf("%s: %v", cataloguePath, err)
	}
	const least = 30
	if len(all) < least {
		t.Errorf("%s has %d invariants, want %d", cataloguePath, len(all), least)
	}
	mutants, err := readMutants()
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string][]string{}
	said := map[string]bool{}
	for _, v := range all {
		if said[v.sentence] {
			t.Errorf("an invariant is there twice: %s", v.sentence)
		}
		said[v.sentence] = true
		if _, read := tests[v.dir]; !read {
			tests[v.dir] = testsOf(t, v.dir)
		}
		if !slices.Contains(tests[v.dir], v.test) {
			t.Errorf("%s has no test %s: %s", v.dir, v.test, v.sentence)
		}
		if v.guard == "" {
			continue
		}
		if find(mutants, v.guard) == nil {
			t.Errorf("there is no mutant %q: %s", v.guard, v.sentence)
		}
	}
}

// testsOf returns the names of a folder's test functions.
func testsOf(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
				names = append(names, f.Name.Name)
			}
		}
	}
	return names
}

func TestReadCatalogue(t *testing.T) {
	good := "| Invariant | Why | Test | Guard |\n|---|---|---|---|\n| A. | B | `pkg/otp TestC` | `file.go: d` |\n| E. | F | `test/x TestG` | |\n"
	got, err := readCatalogue("text\n\n" + good + "\nmore")
	want := []invariant{{"A.", "B", "pkg/otp", "TestC", "file.go: d"}, {"E.", "F", "test/x", "TestG", ""}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	for _, bad := range []string{
		"| A. | | `pkg/otp TestC` | |", "| | B | `pkg/otp TestC` | |", "| A. | B | `pkg/otp TestC` |",
		"| A. | B | TestC | |", "| A. | B | `pkg/otp TestC` | d |", "| A. | B | `pkg/otp testC` | |", "| A. | B | C | `pkg/otp TestC` | |",
	} {
		if got, err := readCatalogue(bad); err == nil {
			t.Errorf("%q is read as %v", bad, got)
		}
	}
}

func TestFailedTests(t *testing.T) {
	for out, want := range map[string][]string{
		"ok  \tpkg\t0.1s\n": nil,
		"--- FAIL: TestA (0.00s)\n    --- FAIL: TestA/sub (0.00s)\n--- FAIL: TestB (0.00s)\nFAIL\n": {"TestA", "TestB"},
		"panic: test timed out after 1s\n":                   {"a timeout"},
		"panic: boom\n\ngoroutine 1 [running]:\n":            {"a panic"},
		"fatal error: all goroutines are asleep\n":           {"a panic"},
		"./x.go:1:1: syntax error\nFAIL\tpkg [build failed]": nil,
	} {
		if got := failedTests(out); !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", out, got, want)
		}
	}
}
