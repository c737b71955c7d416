package main

import (
	"fmt"
	"regexp/syntax"
	"slices"
)

// dead is the state of every matcher from which nothing can match any more.
const dead = 0

// matcher is one pattern as an automaton over digits. Its states are the sets of
// places in Go's own compiled program of the pattern, made as they are met.
type matcher struct {
	prog    *syntax.Prog
	start   int
	sets    [][]uint32
	accepts []bool
	next    [][10]int
	index   map[string]int
}

// unmade marks a step that nobody has asked for yet.
const unmade = -1

func newMatcher(pattern string) (*matcher, error) {
	prog, err := compile(pattern)
	if err != nil {
		return nil, err
	}
	for i := range prog.Inst {
		if prog.Inst[i].Op == syntax.InstEmptyWidth {
			return nil, fmt.Errorf("pattern %q has an anchor, which this generator knows in a national prefix only", pattern)
		}
	}
	m := &matcher{prog: prog, index: make(map[string]int)}
	m.state(nil) // dead
	m.start = m.state([]uint32{uint32(prog.Start)})
	return m, nil
}

// compile returns Go's program of a pattern, as [regexp.Compile] would run it.
func compile(pattern string) (*syntax.Prog, error) {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("parsing pattern %q: %w", pattern, err)
	}
	prog, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, fmt.Errorf("compiling pattern %q: %w", pattern, err)
	}
	return prog, nil
}

// step returns the state after one more digit.
func (m *matcher) step(state, digit int) int {
	if state == dead {
		return dead
	}
	if to := m.next[state][digit]; to != unmade {
		return to
	}
	var after []uint32
	for _, pc := range m.sets[state] {
		inst := &m.prog.Inst[pc]
		if isDigitStep(inst) && inst.MatchRune(rune('0'+digit)) {
			after = append(after, inst.Out)
		}
	}
	to := m.state(after)
	m.next[state][digit] = to
	return to
}

// run returns the state after all digits of s.
func (m *matcher) run(state int, s string) int {
	for i := range len(s) {
		state = m.step(state, int(s[i]-'0'))
	}
	return state
}

// state numbers the set of places that can be reached from these without a digit.
func (m *matcher) state(from []uint32) int {
	var set []uint32
	matched := false
	seen := make(map[uint32]bool)
	for len(from) > 0 {
		pc := from[len(from)-1]
		from = from[:len(from)-1]
		if seen[pc] {
			continue
		}
		seen[pc] = true
		inst := &m.prog.Inst[pc]
		switch inst.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			from = append(from, inst.Out, inst.Arg)
		case syntax.InstCapture, syntax.InstNop:
			from = append(from, inst.Out)
		case syntax.InstMatch:
			matched = true
			set = append(set, pc)
		default:
			set = append(set, pc)
		}
	}
	slices.Sort(set)
	key := fmt.Sprint(set)
	if id, ok := m.index[key]; ok {
		return id
	}
	id := len(m.sets)
	m.index[key] = id
	m.sets = append(m.sets, set)
	m.accepts = append(m.accepts, matched)
	m.next = append(m.next, [10]int{unmade, unmade, unmade, unmade, unmade, unmade, unmade, unmade, unmade, unmade})
	return id
}

func isDigitStep(inst *syntax.Inst) bool {
	switch inst.Op {
	case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
		return true
	default:
		return false
	}
}
