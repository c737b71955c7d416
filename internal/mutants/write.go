package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// writeMutant makes a mutant of what the working tree changes against the index, which is
// what `git restore` brings back, and puts it into the file's patches.
func writeMutant(ctx context.Context, name string) error {
	out, err := git(ctx, "diff", "--name-only", "--relative", "--", "*.go")
	if err != nil {
		return err
	}
	var files []string
	for _, file := range strings.Fields(out) {
		if !strings.HasSuffix(file, "_test.go") {
			files = append(files, file)
		}
	}
	if len(files) != 1 {
		return fmt.Errorf("a mutant changes one file, and %d differ from what is staged: %s", len(files), strings.Join(files, " "))
	}
	staged, err := git(ctx, "show", ":./"+files[0])
	if err != nil {
		return err
	}
	changed, err := os.ReadFile(files[0])
	if err != nil {
		return fmt.Errorf("reading the mutant: %w", err)
	}
	diff, err := git(ctx, "diff", "--no-ext-diff", "--no-color", "-U0", "--", files[0])
	if err != nil {
		return err
	}
	m, err := makeMutant(files[0], name, staged, string(changed), diff)
	if err != nil {
		return err
	}
	if err := m.save(staged); err != nil {
		return err
	}
	fmt.Printf("%s has it:\n\n%s\nNow: git restore %s && go run ./internal/mutants -only '%s'\n",
		patchFileOf(m.file), m, m.file, regexp.QuoteMeta(m.name))
	return nil
}

func git(ctx context.Context, args ...string) (string, error) {
	command := exec.CommandContext(ctx, "git", args...)
	var problem bytes.Buffer
	command.Stderr = &problem
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(problem.String()))
	}
	return string(out), nil
}

// mostContext is how many lines beside a change a hunk may need to be found by.
const mostContext = 4

// makeMutant makes a mutant of the difference between two texts of a file, with as few lines
// of context, but one, as it takes to find each place.
func makeMutant(file, name, old, changed, diff string) (*mutant, error) {
	if name != strings.TrimSpace(name) || name == "" || strings.ContainsAny(name[:1], "#@+-") || strings.HasPrefix(name, "tests:") {
		return nil, fmt.Errorf("%q is no name: it is a sentence on a line of its own", name)
	}
	s, err := newSource(old)
	if err != nil {
		return nil, err
	}
	want, err := newSource(changed)
	if err != nil {
		return nil, err
	}
	if slices.Equal(said(s), said(want)) {
		return nil, errors.New("nothing is changed but comments and spaces")
	}
	for around := 1; around <= mostContext; around++ {
		m := &mutant{file: file, name: name}
		m.hunks, err = hunksOf(diff, s, around)
		if err != nil {
			return nil, err
		}
		patched, err := m.apply(s)
		if err != nil {
			continue // more context may tell its place
		}
		got, err := newSource(string(patched))
		if err == nil && slices.Equal(said(got), said(want)) {
			return m, nil
		}
	}
	return nil, errors.New("the change cannot be told apart from others: make it larger, or in one place")
}

// said are the lines that say something to the compiler.
func said(s *source) []string {
	return slices.DeleteFunc(slices.Clone(s.words), func(w string) bool { return w == "" })
}

var gitHunk = regexp.MustCompile(`^@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@`)

// hunksOf reads what git diff -U0 printed of one file, and puts lines of context around each
// change.
func hunksOf(diff string, s *source, around int) ([]hunk, error) {
	var hunks []hunk
	var end int // of the old lines that the last hunk replaces
	close := func() {
		if len(hunks) > 0 {
			h := &hunks[len(hunks)-1]
			h.lines = append(h.lines, s.context(h.decl, end, +1, around)...)
		}
	}
	for _, line := range strings.Split(diff, "\n") {
		header := gitHunk.FindStringSubmatch(line)
		switch {
		case header != nil:
			close()
			first, err := strconv.Atoi(header[1])
			if err != nil {
				return nil, fmt.Errorf("reading the difference: %w", err)
			}
			if header[2] != "0" { // else the lines are added behind that one
				first--
			}
			decl := s.declAt(first)
			if decl == "" || header[2] == "0" && decl != s.declAt(first-1) {
				return nil, fmt.Errorf("line %d is in no declaration: a guard is inside one", first+1)
			}
			hunks = append(hunks, hunk{decl: decl, lines: s.context(decl, first-1, -1, around)})
			end = first
		case len(hunks) == 0 || line == "" || line[0] == '\\': // git's own lines
		default:
			h := &hunks[len(hunks)-1]
			if line[0] == '-' {
				if s.declAt(end) != h.decl {
					return nil, fmt.Errorf("line %d is in another declaration", end+1)
				}
				end++
			}
			if strings.TrimSpace(line[1:]) != "" {
				h.lines = append(h.lines, hunkLine{line[0], line[1:]})
			}
		}
	}
	close()
	if len(hunks) == 0 {
		return nil, errors.New("nothing is changed")
	}
	return hunks, nil
}

// context returns so many lines of a declaration as context, from one of them up or down.
// Those that say nothing to the compiler are left out.
func (s *source) context(decl string, from, step, most int) []hunkLine {
	var lines []hunkLine
	for i := from; s.decls[decl].first <= i && i < s.decls[decl].end && len(lines) < most; i += step {
		if s.words[i] != "" {
			lines = append(lines, hunkLine{' ', s.lines[i]})
		}
	}
	if step < 0 {
		slices.Reverse(lines)
	}
	return lines
}

// declAt returns the name of the declaration that has a line, the smallest if several have.
func (s *source) declAt(line int) string {
	found, size := "", len(s.lines)+1
	for name, e := range s.decls {
		if smaller := e.end - e.first; e.first <= line && line < e.end && (smaller < size || smaller == size && name < found) {
			found, size = name, smaller
		}
	}
	return found
}

// save puts the mutant into its patch file: in the place of the one of its name, or else
// where it stands in the source.
func (m *mutant) save(old string) error {
	file := patchFileOf(m.file)
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		text, err = fmt.Appendf(nil, "# Guards of %s, and what is missing without each (see internal/mutants).\n", path.Base(m.file)), nil
	}
	if err != nil {
		return fmt.Errorf("reading the patches: %w", err)
	}
	s, err := newSource(old)
	if err != nil {
		return err
	}
	renewed, err := m.insert(file, string(text), s)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(path.Dir(file), 0o750); err != nil {
		return fmt.Errorf("writing the patches: %w", err)
	}
	if err := os.WriteFile(file, []byte(renewed), 0o644); err != nil {
		return fmt.Errorf("writing the patches: %w", err)
	}
	return nil
}

// insert returns a patch file's text with the mutant in it.
func (m *mutant) insert(file, text string, s *source) (string, error) {
	others, err := parsePatches(file, text)
	if err != nil {
		return "", err
	}
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	made := strings.Split(strings.TrimRight(m.String(), "\n"), "\n")
	if i := slices.IndexFunc(others, func(o mutant) bool { return o.name == m.name }); i >= 0 {
		lines = slices.Replace(lines, others[i].begin, others[i].end, made...)
		return strings.Join(lines, "\n") + "\n", nil
	}
	// Behind the comment at the top, and among those that the package's own tests notice.
	at := 0
	for at < len(lines) && strings.HasPrefix(lines[at], "#") {
		at++
	}
	own := tests{dir: path.Dir(m.file)}
	for i := range others {
		if others[i].tests == own && others[i].line(s) <= m.line(s) {
			at = others[i].end
		}
	}
	if at > 0 {
		made = append([]string{""}, made...)
	}
	if at < len(lines) && strings.TrimSpace(lines[at]) != "" {
		made = append(made, "")
	}
	return strings.Join(slices.Insert(lines, at, made...), "\n") + "\n", nil
}

// line is where the mutant's change begins, zero if it does not apply.
func (m *mutant) line(s *source) int {
	first := 0
	for i := range m.hunks {
		if at, _, err := m.hunks[i].locate(s); err == nil && (first == 0 || at.first < first) {
			first = at.first
		}
	}
	return first
}
