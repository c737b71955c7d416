package main

import (
	"fmt"
	"regexp/syntax"
	"strings"
)

// prefixRule is how libphonenumber's parser drops or rewrites the national prefix
// of a calling code ("+44 0 20 …", "+54 9 11 …"). A number that it would change is
// not in E.164 form, so the automaton has to know which ones it changes.
//
// The pattern is followed as Go's regexp package runs it: a list of threads in
// order of preference, where the first that ends is the match. A thread goes on
// after its match and feeds what is left of the number to the general pattern,
// because the parser takes the prefix away only from what stays viable.
type prefixRule struct {
	prog     *syntax.Prog
	general  *matcher
	lengths  lengths
	group    uint32 // the capturing group the transform keeps; 0: none
	constant string // what the transform puts before that group
}

// thread is one way to read the digits so far.
type thread struct {
	pc      uint32
	done    bool  // the prefix is read; the rest of the number follows
	kept    phase // of the group that the transform keeps
	general int   // where the general pattern stands in the number without the prefix
	delta   int   // how much longer the number without the prefix is
}

type phase int

const (
	before phase = iota
	inside
	after
)

// newPrefixRule returns nil for a calling code that has no national prefix.
func newPrefixRule(pattern, transform string, general *matcher, allowed lengths) (*prefixRule, error) {
	if pattern == "" {
		return nil, nil
	}
	prog, err := compile(pattern)
	if err != nil {
		return nil, err
	}
	rule := &prefixRule{prog: prog, general: general, lengths: allowed}
	groups := uint32(0)
	for i := range prog.Inst {
		inst := &prog.Inst[i]
		if inst.Op == syntax.InstCapture {
			groups = max(groups, inst.Arg/2)
		}
		if inst.Op == syntax.InstEmptyWidth && syntax.EmptyOp(inst.Arg) != syntax.EmptyEndText {
			return nil, fmt.Errorf("national prefix %q has an anchor that this generator does not know", pattern)
		}
	}
	if transform == "" {
		return rule, nil
	}
	constant, isLast := strings.CutSuffix(transform, fmt.Sprintf("$%d", groups))
	if groups == 0 || !isLast || strings.Trim(constant, "0123456789") != "" {
		return nil, fmt.Errorf("transform %q of national prefix %q is not digits before its last group", transform, pattern)
	}
	rule.group, rule.constant = groups, constant
	return rule, nil
}

func (r *prefixRule) start() []thread {
	if r == nil {
		return nil
	}
	list := &threads{rule: r, seen: make(map[uint32]bool)}
	list.add(thread{pc: uint32(r.prog.Start)})
	return list.items
}

// step returns the threads after one more digit.
func (r *prefixRule) step(from []thread, digit int) []thread {
	list := &threads{rule: r, seen: make(map[uint32]bool)}
	for _, t := range from {
		if list.decided {
			break
		}
		if t.done {
			t.general = r.general.step(t.general, digit)
			list.addDone(t)
			continue
		}
		inst := &r.prog.Inst[t.pc]
		if !isDigitStep(inst) || !inst.MatchRune(rune('0'+digit)) {
			continue
		}
		if t.kept == inside {
			t.general = r.general.step(t.general, digit)
		} else {
			t.delta--
		}
		t.pc = inst.Out
		list.add(t)
	}
	return list.items
}

// changes reports whether the parser would replace a number of this length, at whose
// end these threads are left, by another one.
func (r *prefixRule) changes(end []thread, length int, isViable bool) bool {
	match, ok := r.match(end)
	if !ok || (isViable && !r.general.accepts[match.general]) {
		return false
	}
	if match.delta == 0 {
		// As long as before: nothing dropped and nothing put in.
		if match.kept == after && r.constant != "" {
			panic("a national prefix is replaced by another of its length, which this generator does not know")
		}
		return false
	}
	return r.lengths.allowStripped(length + match.delta)
}

// match picks the thread that the parser takes at the end of the number.
func (r *prefixRule) match(end []thread) (thread, bool) {
	for _, t := range end {
		if !t.done && r.prog.Inst[t.pc].Op == syntax.InstEmptyWidth {
			list := &threads{rule: r, seen: make(map[uint32]bool), atEnd: true}
			list.add(t)
			if len(list.items) == 0 || !list.items[0].done {
				continue
			}
			t = list.items[0]
		}
		if t.done {
			return t, true
		}
	}
	return thread{}, false
}

// threads is a list under construction, most preferred first.
type threads struct {
	rule    *prefixRule
	items   []thread
	seen    map[uint32]bool
	atEnd   bool
	decided bool // a thread has matched: those less preferred do not count
}

func (l *threads) add(t thread) {
	if l.decided || l.seen[t.pc] {
		return
	}
	l.seen[t.pc] = true
	inst := &l.rule.prog.Inst[t.pc]
	switch inst.Op {
	case syntax.InstFail:
	case syntax.InstAlt, syntax.InstAltMatch:
		t.pc = inst.Out
		l.add(t)
		t.pc = inst.Arg
		l.add(t)
	case syntax.InstNop:
		t.pc = inst.Out
		l.add(t)
	case syntax.InstCapture:
		t.pc = inst.Out
		l.add(l.rule.capture(t, inst.Arg))
	case syntax.InstEmptyWidth:
		if !l.atEnd {
			l.items = append(l.items, t)
			return
		}
		t.pc = inst.Out
		l.add(t)
	case syntax.InstMatch:
		t.done = true
		if t.kept != after {
			t.general = l.rule.general.start
		}
		l.addDone(t)
	default:
		l.items = append(l.items, t)
	}
}

func (l *threads) addDone(t thread) {
	t.pc = 0
	l.items = append(l.items, t)
	l.decided = true
}

// capture passes one side of a capturing group.
func (r *prefixRule) capture(t thread, side uint32) thread {
	if r.group == 0 || side/2 != r.group {
		return t
	}
	if side%2 == 1 {
		t.kept = after
		return t
	}
	if t.kept != before {
		panic("a national prefix repeats its group, which this generator does not know")
	}
	t.kept = inside
	t.general = r.general.run(r.general.start, r.constant)
	t.delta += len(r.constant)
	return t
}
