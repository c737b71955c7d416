package main

import (
	"encoding/binary"
	"slices"
)

// verdict is what is known of a valid number beside its calling code.
type verdict struct{ region, typ int }

// node is a state of the automaton: the verdict on a number that ends here (0 is
// none: not valid), and the node after each further digit (0 is the dead end).
type node struct {
	verdict int
	next    [10]int
}

// automaton holds the nodes of all calling codes. It is acyclic, since numbers are
// short, and so equal nodes are found while it is built from the ends: no two
// nodes say the same about what may follow.
type automaton struct {
	nodes    []node
	index    map[node]int
	verdicts []verdict
}

func newAutomaton() *automaton {
	a := &automaton{index: make(map[node]int), verdicts: []verdict{{region: -1, typ: noType}}}
	a.number(node{}) // the dead end
	return a
}

func (a *automaton) number(n node) int {
	if id, ok := a.index[n]; ok {
		return id
	}
	id := len(a.nodes)
	a.index[n] = id
	a.nodes = append(a.nodes, n)
	return id
}

func (a *automaton) verdict(v verdict) int {
	if i := slices.Index(a.verdicts, v); i >= 0 {
		return i
	}
	a.verdicts = append(a.verdicts, v)
	return len(a.verdicts) - 1
}

// add builds the nodes of one calling code and returns the first.
func (a *automaton) add(c callingCode) int {
	w := &walk{automaton: a, callingCode: c, made: make(map[string]int)}
	return w.node(w.start(), 0)
}

// walk reads all national numbers of one calling code at once.
type walk struct {
	*automaton
	callingCode
	made map[string]int
}

// state says where each pattern of the calling code stands after some digits.
type state struct {
	regions []regionState
	prefix  []thread
}

type regionState struct {
	leading int // pattern state, or found
	general int
	types   [typeCount]int
}

// found replaces the state of leading digits that have matched.
const found = -1

func (w *walk) start() state {
	s := state{prefix: w.prefix.start()}
	for i := range w.regions {
		r := &w.regions[i]
		rs := regionState{general: r.general.matcher.start}
		for typ := range r.types {
			rs.types[typ] = r.types[typ].matcher.start
		}
		if r.leading != nil {
			rs.leading = r.leading.start
		}
		s.regions = append(s.regions, rs)
	}
	return s
}

// node returns the node for numbers that begin with these digits: as many as length
// says, and after them the patterns stand as s says.
func (w *walk) node(s state, length int) int {
	if !w.prune(&s) {
		return 0
	}
	key := s.key(length)
	if id, ok := w.made[key]; ok {
		return id
	}
	n := node{verdict: w.decide(s, length)}
	if length < w.maxNational() {
		for digit := range 10 {
			n.next[digit] = w.node(w.step(s, digit), length+1)
		}
	}
	id := w.number(n)
	w.made[key] = id
	return id
}

func (w *walk) step(s state, digit int) state {
	out := state{regions: slices.Clone(s.regions)}
	for i := range out.regions {
		r, rs := &w.regions[i], &out.regions[i]
		rs.general = r.general.matcher.step(rs.general, digit)
		for typ := range rs.types {
			rs.types[typ] = r.types[typ].matcher.step(rs.types[typ], digit)
		}
		if r.leading != nil && rs.leading != found {
			rs.leading = r.leading.step(rs.leading, digit)
		}
	}
	if len(s.prefix) > 0 {
		out.prefix = w.prefix.step(s.prefix, digit)
	}
	return out
}

// prune brings together states that cannot differ in any verdict, and reports whether
// any number can still be valid.
func (w *walk) prune(s *state) bool {
	anyAlive, taken := false, false
	for i := range s.regions {
		r, rs := &w.regions[i], &s.regions[i]
		if r.leading != nil && rs.leading > dead && r.leading.accepts[rs.leading] {
			rs.leading = found
		}
		alive := !taken && rs.general != dead && rs.types != [typeCount]int{} && (r.leading == nil || rs.leading != dead)
		// Leading digits decide for good, even if the number is not valid there.
		taken = taken || (r.leading != nil && rs.leading == found)
		anyAlive = anyAlive || alive
		if alive {
			continue
		}
		rs.leading, rs.types = dead, [typeCount]int{}
		if i > 0 || len(s.prefix) == 0 {
			rs.general = dead // but the prefix rule wants to know about the main region
		}
	}
	return anyAlive
}

// minNational is the least length libphonenumber takes for a national number.
const minNational = 2

func (w *walk) decide(s state, length int) int {
	if length < minNational {
		return 0
	}
	isViable := w.regions[0].general.matcher.accepts[s.regions[0].general]
	if len(s.prefix) > 0 && w.prefix.changes(s.prefix, length, isViable) {
		return 0
	}
	for i := range s.regions {
		r, rs := &w.regions[i], &s.regions[i]
		if r.leading != nil && rs.leading != found {
			continue
		}
		matches := func(d *description, state int) bool {
			return d.matcher.accepts[state] && d.lengths.allow(length)
		}
		typ := noType
		if matches(&r.general, rs.general) {
			typ = r.typeOf(func(typ int) bool { return matches(&r.types[typ], rs.types[typ]) })
		}
		if typ != noType {
			return w.verdict(verdict{region: i, typ: typ})
		}
	}
	return 0
}

func (s state) key(length int) string {
	key := binary.AppendVarint(nil, int64(length))
	put := func(n int) { key = binary.AppendVarint(key, int64(n)) }
	for _, r := range s.regions {
		put(r.leading)
		put(r.general)
		for _, t := range r.types {
			put(t)
		}
	}
	for _, t := range s.prefix {
		put(int(t.pc))
		put(int(t.kept))
		put(t.general)
		put(t.delta)
		if t.done {
			put(-1)
		}
	}
	return string(key)
}
