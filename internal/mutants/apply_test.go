package main

import (
	"strings"
	"testing"
)

const door = `package door

const (
	keyLength = 6
	tries     = 3 // a burglar's
)

// Open opens the door.
func (l *Lock[K]) Open(key string) error {
	// Who comes too often is told to wait.
	if l.tried >= tries {
		return errWait
	}
	if key != l.key {
		l.tried++
		return errShut
	}
	l.tried = 0
	return nil
}

func knock(l *Lock[int]) error {
	if l.tried >= tries {
		return errWait
	}
	return nil
}
`

const (
	noLimit = "no limit\n@@ Lock.Open @@\n func (l *Lock[K]) Open(key string) error {\n-\tif l.tried >= tries {\n+\tif false {\n \t\treturn errWait\n"
	noCount = "no count\n@@ Lock.Open @@\n \tif key != l.key {\n-\t\tl.tried++\n \t\treturn errShut\n"
	noReset = "no reset\n@@ Lock.Open @@\n \tl.tried = 0\n+\tl.tried++\n \treturn nil\n"
	two     = "two places\n@@ tries @@\n-\ttries     = 3 // a burglar's\n+\ttries = 4\n@@ knock @@\n-\t\treturn errWait\n+\t\treturn nil\n"
)

func TestApply(t *testing.T) {
	const gone = "stale"
	for _, c := range []struct {
		name  string
		patch string
		edit  *strings.Replacer
		// want is what the patched source has and the source has not; or why the
		// patch does not apply.
		want, refused string
	}{
		{"as it was made", noLimit, nil, "\tif false {\n\t\treturn errWait\n\t}\n\tif key", ""},
		{"a removed line", noCount, nil, "{\n\t\treturn errShut", ""},
		{"an added line", noReset, nil, "\tl.tried = 0\n\tl.tried++\n", ""},
		{"a constant, and another function", two, nil, "tries = 4\n)", ""},
		{"a new line before it", noLimit, strings.NewReplacer("\t// Who", "\tl.mu.Lock()\n\t// Who"), "if false {", ""},
		{"a new line behind it", noLimit, strings.NewReplacer("\t\treturn errWait", "\t\tl.ring()\n\t\treturn errWait"), "if false {", ""},
		{"new lines around it", noLimit, strings.NewReplacer("\t// Who", "\tl.mu.Lock()\n\t// Who", "\t\treturn errWait", "\t\tl.ring()\n\t\treturn errWait"), "if false {", ""},
		{"an empty line and a comment in it", noLimit, strings.NewReplacer("\t\treturn errWait", "\n\t\t// Why.\n\t\treturn errWait // soon"), "if false {", ""},
		{"other columns", two, strings.NewReplacer("\ttries     = 3", "\ttries                    = 3"), "tries = 4\n", ""},
		{"other indentation", noCount, strings.NewReplacer("\tif key != l.key {\n\t\tl.tried++\n\t\treturn errShut\n\t}", "\tif l.open {\n\t\tif key != l.key {\n\t\t\tl.tried++\n\t\t\treturn errShut\n\t\t}\n\t}"), "if key != l.key {\n\t\t\treturn errShut", ""},
		{"the function has other parameters", noLimit, strings.NewReplacer("Open(key string)", "Open(key, door string)"), "if false {", ""},
		{"the function stands elsewhere", noLimit, strings.NewReplacer("// Open opens", "func f() error { return nil }\n\n// Open opens"), "if false {", ""},
		{"one line of context is left beside an added line", noReset, strings.NewReplacer("\treturn nil\n}\n\nfunc knock", "\treturn l.ring()\n}\n\nfunc knock"), "l.tried = 0\n\tl.tried++", ""},
		{"the other line of context is left", noReset, strings.NewReplacer("\tl.tried = 0\n", "\tl.reset()\n"), "\tl.tried++\n\treturn nil", ""},

		{"the guard says something else", noLimit, strings.NewReplacer("l.tried >= tries {\n\t\treturn errWait\n\t}\n\tif key", "l.tried > tries {\n\t\treturn errWait\n\t}\n\tif key"), gone, "its lines are not in Lock.Open"},
		{"the guard is gone", noCount, strings.NewReplacer("\t\tl.tried++\n", ""), gone, "its lines are not in Lock.Open"},
		{"the function is gone", noCount, strings.NewReplacer("Open(key", "Unlock(key"), gone, "there is no Lock.Open in the file"},
		{"nothing is left beside an added line", noReset, strings.NewReplacer("\tl.tried = 0\n\treturn nil", "\treturn l.reset()"), gone, "its lines are not in Lock.Open"},
		{"two places look alike", noLimit, strings.NewReplacer("\tl.tried = 0\n", "\tif l.tried >= tries {\n\t\treturn errWait\n\t}\n"), "if false {\n\t\treturn errWait\n\t}\n\tif key", ""},
		{"two places look alike, and the context is gone", noLimit, strings.NewReplacer("\t// Who", "\tl.mu.Lock()\n\t// Who", "\tl.tried = 0\n", "\tif l.tried >= tries {\n\t\treturn errWait\n\t}\n"), gone, "it fits 2 places of Lock.Open"},
		{"an added line fits two places", noReset, strings.NewReplacer("\tl.tried = 0\n", "\tl.tried = 0\n\tl.ring()\n"), gone, "it fits 2 places of Lock.Open"},
		{"what it makes is no Go", "x\n@@ Lock.Open @@\n-\tl.tried = 0\n+\t}\n", nil, gone, "what it makes is no Go"},
		{"its hunks meet", "x\n@@ knock @@\n-\t\treturn errWait\n+\t\treturn nil\n@@ knock @@\n \tif l.tried >= tries {\n-\t\treturn errWait\n", nil, gone, "two of its hunks meet"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := door
			if c.edit != nil {
				text = c.edit.Replace(door)
				if text == door {
					t.Fatal("the edit changes nothing")
				}
			}
			mutants, err := parsePatches(patchFile, c.patch)
			if err != nil {
				t.Fatal(err)
			}
			s, err := newSource(text)
			if err != nil {
				t.Fatal(err)
			}
			patched, err := mutants[0].apply(s)
			if c.refused != "" {
				if err == nil || !strings.Contains(err.Error(), c.refused) {
					t.Fatalf("error is %v, want one with %q; made:\n%s", err, c.refused, patched)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(text, c.want) || !strings.Contains(string(patched), c.want) {
				t.Errorf("%q is not what the patch makes:\n%s", c.want, patched)
			}
		})
	}
}

func TestWordsOf(t *testing.T) {
	for line, want := range map[string]string{
		"":                              "",
		"\t// only a comment":           "",
		"\tx :=  f( a,b ) // why":       "x := f ( a , b )",
		"\tif x {":                      "if x {",
		"\turl = \"https://a\" // b":    "url = \"https://a\"",
		"\tpattern = `^a  b":            "pattern = `^a b",
		"\tq = '\\'' + \"//\"":          "q = '\\'' + \"//\"",
		"\tfoo.Bar(), // exported name": "foo . Bar ( ) ,",
	} {
		if got := wordsOf(line); got != want {
			t.Errorf("wordsOf(%q) = %q, want %q", line, got, want)
		}
	}
}
