package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// mutant is one patch: it takes one guard out of a file.
type mutant struct {
	// file is what it changes, from the module's root.
	file string
	// name says what is missing then.
	name  string
	hunks []hunk
	tests tests
	// begin and end are its lines in the patch file.
	begin, end int
}

func (m *mutant) title() string { return m.file + ": " + m.name }

// guard is how docs/invariants.md names it.
func (m *mutant) guard() string { return path.Base(m.file) + ": " + m.name }

// hunk is one changed place of a file, as a unified diff has it, but found by the
// declaration it stands in and by its lines, not by their numbers.
type hunk struct {
	// decl is the top-level declaration: a function, Type.Method, or a name of a const,
	// var or type.
	decl  string
	lines []hunkLine
}

// hunkLine is a line of a hunk: ' ' context, '-' removed, '+' added.
type hunkLine struct {
	op   byte
	text string
}

// tests are those that should notice a mutant.
type tests struct {
	// dir is the folder of their package, from the root.
	dir string
	// run selects some of them; empty means all.
	run string
}

// patchFolder holds a package's patches, one file for each file of the source.
const patchFolder = "mutants"

// sourceOf returns the file that a patch file is about: a/mutants/b.patch is about a/b.go.
func sourceOf(patchFile string) string {
	folder := path.Dir(path.Dir(patchFile))
	return path.Join(folder, strings.TrimSuffix(path.Base(patchFile), ".patch")+".go")
}

// patchFileOf is the reverse of sourceOf.
func patchFileOf(source string) string {
	return path.Join(path.Dir(source), patchFolder, strings.TrimSuffix(path.Base(source), ".go")+".patch")
}

// findPatchFiles returns the patch files of the tree, by the path from its root.
func findPatchFiles(root string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := entry.Name()
		if entry.IsDir() && name != root && (strings.HasPrefix(base, ".") || base == "node_modules") {
			return fs.SkipDir
		}
		if !entry.IsDir() && path.Ext(base) == ".patch" && filepath.Base(filepath.Dir(name)) == patchFolder {
			relative, err := filepath.Rel(root, name)
			if err != nil {
				return err
			}
			files = append(files, filepath.ToSlash(relative))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("looking for patches: %w", err)
	}
	return files, nil
}

// readMutants returns all mutants of the tree whose root is the working directory.
func readMutants() ([]mutant, error) {
	files, err := findPatchFiles(".")
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, errors.New("there is no patch here (run this in the module's root)")
	}
	var all []mutant
	var faults []error
	names := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading patches: %w", err)
		}
		mutants, err := parsePatches(file, string(text))
		if err != nil {
			faults = append(faults, err)
		}
		for _, m := range mutants {
			if names[m.guard()] {
				faults = append(faults, fmt.Errorf("two mutants are called %q", m.guard()))
			}
			names[m.guard()] = true
		}
		all = append(all, mutants...)
	}
	return all, errors.Join(faults...)
}

var (
	hunkHeader = regexp.MustCompile(`^@@ (\S+) @@$`)
	testsLine  = regexp.MustCompile(`^tests: (\S+)(?: (\S+))?$`)
)

// parsePatches reads a patch file. A line alone is a mutant's name; what follows it are
// its hunks. A line that begins with # is a comment, "tests: DIR [REGEXP]" says which
// tests should notice the mutants below it (the package's own, if nothing does), and
// empty lines mean nothing.
func parsePatches(file, text string) ([]mutant, error) {
	source := sourceOf(file)
	noticing := tests{dir: path.Dir(source)}
	var all []mutant
	var faults []error
	fault := func(number int, what string) {
		faults = append(faults, fmt.Errorf("%s:%d: %s", file, number+1, what))
	}
	finish := func() {
		if len(all) == 0 {
			return
		}
		if m := &all[len(all)-1]; !m.changes() {
			fault(m.begin, "nothing is changed by "+m.name)
		}
	}
	for i, line := range strings.Split(text, "\n") {
		last := len(all) - 1
		switch {
		case strings.TrimSpace(line) == "" || line[0] == '#':
			continue
		case line[0] == ' ' || line[0] == '+' || line[0] == '-':
			if last < 0 || len(all[last].hunks) == 0 {
				fault(i, "a line of no hunk")
				continue
			}
			h := &all[last].hunks[len(all[last].hunks)-1]
			h.lines = append(h.lines, hunkLine{line[0], line[1:]})
		case line[0] == '@':
			header := hunkHeader.FindStringSubmatch(line)
			if header == nil || last < 0 {
				fault(i, "a hunk begins with @@ Declaration @@, below its mutant's name")
				continue
			}
			all[last].hunks = append(all[last].hunks, hunk{decl: header[1]})
		case strings.HasPrefix(line, "tests:"):
			words := testsLine.FindStringSubmatch(line)
			if words == nil {
				fault(i, "not of the form \"tests: DIR [REGEXP]\"")
				continue
			}
			noticing = tests{dir: words[1], run: words[2]}
			continue // it belongs to no mutant
		default:
			finish()
			all = append(all, mutant{file: source, name: strings.TrimSpace(line), tests: noticing, begin: i})
			last++
		}
		if last >= 0 {
			all[last].end = i + 1
		}
	}
	finish()
	return all, errors.Join(faults...)
}

// changes reports whether every hunk of a mutant changes something.
func (m *mutant) changes() bool {
	for _, h := range m.hunks {
		changed := false
		for _, l := range h.lines {
			changed = changed || l.op != ' '
		}
		if !changed {
			return false
		}
	}
	return len(m.hunks) > 0
}

// String returns the mutant as it stands in a patch file.
func (m *mutant) String() string {
	text := m.name + "\n"
	for _, h := range m.hunks {
		text += "@@ " + h.decl + " @@\n"
		for _, l := range h.lines {
			text += string(l.op) + l.text + "\n"
		}
	}
	return text
}
