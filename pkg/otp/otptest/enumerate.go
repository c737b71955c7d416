package otptest

import (
	"fmt"
	"slices"
	"strings"
)

// Part is one request of a scenario, and what the provider does to it.
type Part struct {
	Ask
	Fault Fault
}

// Scenario is a few requests that run together.
type Scenario struct {
	// Build returns a world as it is before the requests, and the requests. It is called
	// once for every schedule and must always give the same.
	Build func() (*World, []Part)
	// Crash adds to every schedule all those in which one of the requests dies
	// between two of its steps.
	Crash bool
	// Reduce leaves out schedules that differ from one that is kept only in the order
	// of neighbouring steps which do not touch the same thing (see independent).
	Reduce bool
	// Each, if not nil, is given every world at its end.
	Each func(*World)
}

// Enumerate runs every schedule of a scenario, and returns their count and the first
// violation.
//
// It is a depth-first search without saved states: a schedule is run from the start,
// and at every step that could have been another one's, that alternative is put on
// the stack. Reduce is done by sleep sets (Godefroid, 1996): once a request's step was
// explored at a point, it sleeps in the later alternatives there until a step is taken
// that it depends on.
func Enumerate(s Scenario) (int, error) {
	count := 0
	todo := []branch{{}}
	for len(todo) > 0 {
		b := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		more, complete, err := s.follow(b)
		if err != nil {
			return count, err
		}
		todo = append(todo, more...)
		if complete {
			count++
		}
	}
	return count, nil
}

// choice is what happens next: a step of a request, or its crash.
type choice struct {
	request int
	crash   bool
}

// branch is the beginning of a schedule, and which requests sleep after it.
type branch struct {
	begin   []choice
	crashed bool
	asleep  set
}

// set is a set of requests, by bit.
type set uint

func (s set) has(i int) bool { return s&(1<<i) != 0 }

// follow runs a schedule that begins with a branch, and returns the alternatives it
// passed. It is not complete if all that could go on was asleep.
func (s *Scenario) follow(b branch) ([]branch, bool, error) {
	w, parts := s.Build()
	defer w.Close()
	var requests []*Request
	for _, p := range parts {
		requests = append(requests, w.Start(p.Ask))
	}
	take := func(c choice) {
		r := requests[c.request]
		switch {
		case c.crash:
			w.Crash(r)
		case r.At == AtCall:
			w.Do(r, Mishap{Provider: parts[c.request].Fault})
		default:
			w.Do(r, Mishap{})
		}
	}
	for _, c := range b.begin {
		take(c)
	}
	var more []branch
	begin, crashed, asleep := b.begin, b.crashed, b.asleep
	for {
		if err := w.Violation(); err != nil {
			return nil, false, err
		}
		awake, running := s.awake(requests, asleep)
		if !running {
			break
		}
		if len(awake) == 0 {
			return more, false, nil
		}
		if s.Crash && !crashed {
			for _, i := range awake {
				more = append(more, branch{begin: with(begin, choice{i, true}), crashed: true})
			}
		}
		sleeping := asleep
		after := make([]set, len(awake))
		for k, i := range awake {
			after[k] = s.stillAsleep(requests, sleeping, i)
			sleeping |= 1 << i
		}
		for k, i := range awake[1:] {
			more = append(more, branch{begin: with(begin, choice{i, false}), crashed: crashed, asleep: after[k+1]})
		}
		begin, asleep = with(begin, choice{awake[0], false}), after[0]
		take(choice{awake[0], false})
	}
	if s.Each != nil {
		s.Each(w)
	}
	return more, true, nil
}

// with returns a longer beginning that shares no memory.
func with(begin []choice, c choice) []choice { return append(slices.Clip(begin), c) }

func (s *Scenario) awake(requests []*Request, asleep set) ([]int, bool) {
	var awake []int
	running := false
	for i, r := range requests {
		if r.At == AtEnd {
			continue
		}
		running = true
		if !asleep.has(i) {
			awake = append(awake, i)
		}
	}
	return awake, running
}

// stillAsleep returns those of a set that a step of request i does not wake.
func (s *Scenario) stillAsleep(requests []*Request, asleep set, i int) set {
	if !s.Reduce {
		return 0
	}
	still := set(0)
	for j, r := range requests {
		if asleep.has(j) && independent(r.At, requests[i].At) {
			still |= 1 << j
		}
	}
	return still
}

// independent reports whether two requests' next steps give the same world in either
// order: unless both touch the store and one of them writes, or both ask the provider.
// Admission and the arrival of an answer touch nothing that is shared.
func independent(a, b Step) bool {
	store := func(s Step) bool { return s == AtLoad || s == AtSave }
	if store(a) && store(b) {
		return a == AtLoad && b == AtLoad
	}
	return a != AtCall || b != AtCall
}

// Summary says how a world ended, without anything that is random: the answers, what
// the provider did, and what is saved.
func (w *World) Summary() string {
	var lines []string
	for _, r := range w.Requests {
		answer := "ok"
		switch {
		case r.Crashed:
			answer = "crashed"
		case r.Err != nil:
			answer = r.Err.Error()
		}
		did := ""
		if r.call != nil {
			did = fmt.Sprintf(" after %s took=%t %s", r.call.Operation, r.call.Took, r.call.Verdict)
		}
		lines = append(lines, r.Name+": "+answer+did)
	}
	for to, m := range w.models {
		now := w.Clock.Now()
		line := fmt.Sprintf("%s: %+v, %d failures, disabled %t", to.Canonical(), m.budgets("home", now), m.failures(now), m.disabled(now))
		for _, c := range m.codes {
			line += fmt.Sprintf("; %s usable=%t attempts=%d won=%t", c.send.Name, m.usable(&c, now), m.attempts(&c, false)+m.attempts(&c, true), c.winner != nil)
		}
		lines = append(lines, line)
	}
	slices.Sort(lines[len(w.Requests):])
	return strings.Join(lines, "\n")
}
