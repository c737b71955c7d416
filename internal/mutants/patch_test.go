package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const patchFile = "pkg/door/mutants/lock.patch"

// guards is a patch file with all that one can have.
const guards = `# Guards of lock.go.
# They keep the door shut.

anybody has a key
@@ Lock.Open @@
 	if closed {
-	if key == l.key {
+	if true {

tests: test/house ^TestNight$

the lock says which key
it wants
`

func TestParsePatches(t *testing.T) {
	text := strings.Replace(guards, "it wants\n", "@@ Lock.Open @@\n-\treturn errShut\n+\treturn l.key\n@@ other @@\n+\tx()\n\n", 1)
	got, err := parsePatches(patchFile, text)
	want := []mutant{
		{
			file: "pkg/door/lock.go", name: "anybody has a key", tests: tests{dir: "pkg/door"}, begin: 3, end: 8,
			hunks: []hunk{{"Lock.Open", []hunkLine{{' ', "\tif closed {"}, {'-', "\tif key == l.key {"}, {'+', "\tif true {"}}}},
		},
		{
			file: "pkg/door/lock.go", name: "the lock says which key", tests: tests{dir: "test/house", run: "^TestNight$"}, begin: 11, end: 17,
			hunks: []hunk{
				{"Lock.Open", []hunkLine{{'-', "\treturn errShut"}, {'+', "\treturn l.key"}}},
				{"other", []hunkLine{{'+', "\tx()"}}},
			},
		},
	}
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(mutant{}, hunk{}, hunkLine{}, tests{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	again, err := parsePatches(patchFile, got[0].String())
	if err != nil || len(again) != 1 || again[0].String() != got[0].String() {
		t.Errorf("written and read again: %v, %v", again, err)
	}
	if got := patchFileOf(got[0].file); got != patchFile {
		t.Errorf("its patch file is %s", got)
	}
}

func TestParsePatchesRefuses(t *testing.T) {
	for text, want := range map[string]string{
		guards:                                    ":12: nothing is changed by the lock says which key",
		"a name\n":                                ":1: nothing is changed",
		"a name\n@@ f @@\n \tx()\n":               ":1: nothing is changed",
		"a name\n@@ f @@\n-\tx()\n@@ g @@\n":      ":1: nothing is changed",
		"-\tx()\n":                                ":1: a line of no hunk",
		"a name\n-\tx()\n":                        ":2: a line of no hunk",
		"@@ f @@\n-\tx()\n":                       ":1: a hunk begins with",
		"a name\n@@ -1,2 +1,2 @@ f\n-\tx()\n":     ":2: a hunk begins with",
		"a name\n@@ f @@ more\n":                  ":2: a hunk begins with",
		"tests:\n":                                ":1: not of the form",
		"tests: a b c\na name\n@@ f @@\n-\tx()\n": ":1: not of the form",
	} {
		if _, err := parsePatches(patchFile, text); err == nil || !strings.Contains(err.Error(), patchFile+want) {
			t.Errorf("%q: error is %v, want one with %q", text, err, want)
		}
	}
}
