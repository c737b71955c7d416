package main

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// source is a file that mutants are applied to.
type source struct {
	lines []string
	// words are the lines as they are compared: without comments and spaces.
	words []string
	decls map[string]extent
}

// extent is a run of lines: from the first one up to the one before end.
type extent struct{ first, end int }

func readSource(file string) (*source, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the source: %w", err)
	}
	return newSource(string(text))
}

func newSource(text string) (*source, error) {
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, "", text, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("the source is no Go: %w", err)
	}
	s := &source{lines: strings.Split(text, "\n"), decls: map[string]extent{}}
	for _, line := range s.lines {
		s.words = append(s.words, wordsOf(line))
	}
	add := func(name string, node ast.Node) {
		s.decls[name] = extent{files.Position(node.Pos()).Line - 1, files.Position(node.End()).Line}
	}
	for _, decl := range parsed.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			add(funcName(d), d)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				var node ast.Node = spec
				if !d.Lparen.IsValid() {
					node = d // with its keyword
				}
				for _, name := range namesOf(spec) {
					add(name, node)
				}
			}
		}
	}
	return s, nil
}

// funcName returns a function's name, with its receiver's type before a method's.
func funcName(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) != 1 {
		return d.Name.Name
	}
	receiver := d.Recv.List[0].Type
	for {
		switch t := receiver.(type) {
		case *ast.StarExpr:
			receiver = t.X
		case *ast.IndexExpr:
			receiver = t.X
		case *ast.Ident:
			return t.Name + "." + d.Name.Name
		default:
			return d.Name.Name
		}
	}
}

func namesOf(spec ast.Spec) []string {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		return []string{s.Name.Name}
	case *ast.ValueSpec:
		var names []string
		for _, name := range s.Names {
			names = append(names, name.Name)
		}
		return names
	}
	return nil
}

// wordsOf returns a line's tokens without its comments, so that gofmt's columns and what
// is said about a line do not matter. It is empty for a line that says nothing to the
// compiler.
func wordsOf(line string) string {
	file := token.NewFileSet().AddFile("", -1, len(line))
	var s scanner.Scanner
	s.Init(file, []byte(line), func(token.Position, string) {}, 0)
	var words []string
	for {
		_, tok, text := s.Scan()
		switch {
		case s.ErrorCount > 0: // part of a text of several lines, say
			return strings.Join(strings.Fields(line), " ")
		case tok == token.EOF:
			return strings.Join(words, " ")
		case tok == token.SEMICOLON && text == "\n": // the scanner's own
		case text != "":
			words = append(words, text)
		default:
			words = append(words, tok.String())
		}
	}
}

// apply returns the source without the guard. It fails if that is not certain: a hunk has
// to fit one place of its declaration, and one only.
func (m *mutant) apply(s *source) ([]byte, error) {
	type edit struct {
		extent
		lines []string
	}
	var edits []edit
	for i := range m.hunks {
		at, lines, err := m.hunks[i].locate(s)
		if err != nil {
			return nil, err
		}
		edits = append(edits, edit{at, lines})
	}
	slices.SortFunc(edits, func(a, b edit) int { return cmp.Compare(a.first, b.first) })
	var lines []string
	rest := 0
	for _, e := range edits {
		if e.first < rest {
			return nil, errors.New("two of its hunks meet")
		}
		lines = append(append(lines, s.lines[rest:e.first]...), e.lines...)
		rest = e.end
	}
	text := strings.Join(append(lines, s.lines[rest:]...), "\n")
	if _, err := parser.ParseFile(token.NewFileSet(), "", text, 0); err != nil {
		return nil, fmt.Errorf("what it makes is no Go: %w", err)
	}
	return []byte(text), nil
}

// missing is the error of a hunk whose declaration, of that name, is not in its file.
type missing string

func (m missing) Error() string { return fmt.Sprintf("there is no %s in the file", string(m)) }

// lookAround returns the same error with the file of the package to which the declaration has
// moved, if there is one.
func (m missing) lookAround(file string) error {
	others, err := filepath.Glob(path.Join(path.Dir(file), "*.go"))
	if err != nil {
		return m
	}
	for _, other := range others {
		if s, err := readSource(other); err == nil && !strings.HasSuffix(other, "_test.go") {
			if _, has := s.decls[string(m)]; has {
				return fmt.Errorf("%w: it is in %s now, and its patches belong beside that", m, path.Base(other))
			}
		}
	}
	return m
}

// locate returns the lines that a hunk replaces, and what with.
//
// The lines are looked for in the hunk's declaration, wherever that stands in the file,
// and compared by their words. Context that does not fit any more is left out, one line
// after the other and as little as possible: what remains has to be there once. So an edit
// beside a guard does not matter, and a hunk is never applied to another place that
// happens to look alike.
func (h *hunk) locate(s *source) (extent, []string, error) {
	decl, ok := s.decls[h.decl]
	if !ok {
		return extent{}, nil, missing(h.decl)
	}
	var numbers []int // of the declaration's lines with words
	for i := decl.first; i < decl.end; i++ {
		if s.words[i] != "" {
			numbers = append(numbers, i)
		}
	}
	var lines []hunkLine
	for _, l := range h.lines {
		if l.op == '+' || wordsOf(l.text) != "" {
			lines = append(lines, l)
		}
	}
	lead, trail := contextAround(lines)
	change := lines[lead : len(lines)-trail]
	for left := 0; left <= lead+trail; left++ {
		places := map[int]bool{} // by where the change begins
		for before := max(0, left-trail); before <= min(left, lead); before++ {
			kept := lines[before : len(lines)-(left-before)]
			for at := range numbers {
				if s.match(numbers[at:], kept) {
					places[at+lead-before] = true
				}
			}
		}
		if len(places) > 1 {
			return extent{}, nil, fmt.Errorf("it fits %d places of %s", len(places), h.decl)
		}
		for at := range places {
			place, made := s.replace(numbers, at, change)
			return place, made, nil
		}
	}
	return extent{}, nil, fmt.Errorf("its lines are not in %s", h.decl)
}

// contextAround counts the lines of context before and behind a hunk's change.
func contextAround(lines []hunkLine) (int, int) {
	changed := func(l hunkLine) bool { return l.op != ' ' }
	lead := max(slices.IndexFunc(lines, changed), 0)
	trail := 0
	for trail < len(lines)-lead && !changed(lines[len(lines)-1-trail]) {
		trail++
	}
	return lead, trail
}

// match reports whether the source has a hunk's old lines at the first of the numbered lines.
func (s *source) match(numbers []int, lines []hunkLine) bool {
	matched := 0
	for _, l := range lines {
		if l.op == '+' {
			continue
		}
		if matched == len(numbers) || s.words[numbers[matched]] != wordsOf(l.text) {
			return false
		}
		matched++
	}
	return matched > 0
}

// replace returns the lines that a change replaces, which begins at one of the numbered
// lines, and what with.
func (s *source) replace(numbers []int, at int, change []hunkLine) (extent, []string) {
	first := at
	var made []string
	for _, l := range change {
		switch l.op {
		case '+':
			made = append(made, l.text)
			continue
		case ' ':
			made = append(made, s.lines[numbers[at]])
		}
		at++
	}
	switch {
	case first < at:
		return extent{numbers[first], numbers[at-1] + 1}, made
	case first > 0: // nothing is replaced
		return extent{numbers[first-1] + 1, numbers[first-1] + 1}, made
	}
	return extent{numbers[first], numbers[first]}, made
}
