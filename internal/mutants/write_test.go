package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// repository is a git repository with the door in it, and the working directory.
func repository(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	put(t, "lock.go", door)
	put(t, "other.go", "package door\n\nfunc f() {}\n")
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}} {
		if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v: %s", args[0], err, out)
		}
	}
}

func put(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// edit changes the door in the working tree.
func edit(t *testing.T, old, changed string) {
	t.Helper()
	if strings.Count(door, old) != 1 {
		t.Fatalf("%q is not in the door once", old)
	}
	put(t, "lock.go", strings.Replace(door, old, changed, 1))
}

func TestWriteMutant(t *testing.T) {
	repository(t)
	write := func(name string) {
		t.Helper()
		if err := writeMutant(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	edit(t, "\t\tl.tried++\n", "")
	write("wrong keys are not counted")
	edit(t, "\tif l.tried >= tries {\n\t\treturn errWait\n\t}\n\tif key", "\tif false {\n\t\treturn errWait\n\t}\n\tif key")
	write("no limit")
	edit(t, "\ttries     = 3 // a burglar's\n", "\ttries     = 300\n")
	write("a limit that is none")
	edit(t, "\t\tl.tried++\n", "\t\tl.tried--\n")
	write("wrong keys are not counted")
	text, err := os.ReadFile("mutants/lock.patch")
	if err != nil {
		t.Fatal(err)
	}
	want := `# Guards of lock.go, and what is missing without each (see internal/mutants).

a limit that is none
@@ tries @@
-	tries     = 3 // a burglar's
+	tries     = 300

no limit
@@ Lock.Open @@
 func (l *Lock[K]) Open(key string) error {
-	if l.tried >= tries {
+	if false {
 		return errWait

wrong keys are not counted
@@ Lock.Open @@
 	if key != l.key {
-		l.tried++
+		l.tried--
 		return errShut
`
	if string(text) != want {
		t.Errorf("the patches are\n%s\nwant\n%s", text, want)
	}
	mutants, err := parsePatches("mutants/lock.patch", string(text))
	if err != nil || len(mutants) != 3 {
		t.Fatalf("%d mutants, %v", len(mutants), err)
	}
}

func TestWriteMutantRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		mutant string
		edit   func(*testing.T)
		want   string
	}{
		"nothing is changed":         {"x", func(*testing.T) {}, "0 differ"},
		"two files are":              {"x", func(t *testing.T) { edit(t, "l.tried = 0", "_ = 0"); put(t, "other.go", "package door\n") }, "2 differ from what is staged: lock.go other.go"},
		"tests do not count":         {"x", func(t *testing.T) { put(t, "lock_test.go", "package door\n") }, "0 differ"},
		"only a comment is":          {"x", func(t *testing.T) { edit(t, "a burglar's", "anybody's") }, "nothing is changed but comments"},
		"a name that is a hunk":      {"@@ x @@", func(t *testing.T) { edit(t, "l.tried = 0", "_ = 0") }, "is no name"},
		"what is staged is no Go":    {"x", func(t *testing.T) { edit(t, "l.tried = 0", "}") }, "no Go"},
		"a change of no declaration": {"x", func(t *testing.T) { edit(t, "package door\n", "package door\n\nimport \"os\"\n") }, "in no declaration"},
		"a change of two at one time": {"x", func(t *testing.T) {
			edit(t, "\treturn nil\n}\n\nfunc knock(l *Lock[int]) error {\n", "")
		}, "another"},
	} {
		t.Run(name, func(t *testing.T) {
			repository(t)
			c.edit(t)
			if err := writeMutant(t.Context(), c.mutant); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want one with %q", err, c.want)
			}
			if _, err := os.Stat("mutants"); err == nil {
				t.Error("something was written")
			}
		})
	}
}
