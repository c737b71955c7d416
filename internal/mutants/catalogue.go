package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
)

// cataloguePath is the list of what this service promises.
const cataloguePath = "docs/invariants.md"

// invariant is one line of the catalogue.
type invariant struct {
	sentence, why string
	// dir holds the test that fails without it.
	dir, test string
	// guard is the mutant that the test was seen red with, as "file: name". It is empty
	// where no single guard is.
	guard string
}

var (
	testCell  = regexp.MustCompile("^`([a-z/]+) (Test[A-Za-z0-9]+)`$")
	guardCell = regexp.MustCompile("^`([^`]+)`$")
)

// readCatalogue returns the lines of the catalogue's tables.
func readCatalogue(text string) ([]invariant, error) {
	var all []invariant
	var faults []error
	for i, line := range strings.Split(text, "\n") {
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---") || strings.HasPrefix(line, "| Invariant |") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for j := range cells {
			cells[j] = strings.TrimSpace(cells[j])
		}
		if len(cells) != 4 || cells[0] == "" || cells[1] == "" {
			faults = append(faults, fmt.Errorf("line %d: not an invariant, a why, a test and a guard", i+1))
			continue
		}
		v := invariant{sentence: cells[0], why: cells[1]}
		test := testCell.FindStringSubmatch(cells[2])
		guard := guardCell.FindStringSubmatch(cells[3])
		if test == nil || guard == nil && cells[3] != "" {
			faults = append(faults, fmt.Errorf("line %d: a test is `folder TestName`, a guard `file.go: what is missing then`", i+1))
			continue
		}
		v.dir, v.test = test[1], test[2]
		if guard != nil {
			v.guard = guard[1]
		}
		all = append(all, v)
	}
	return all, errors.Join(faults...)
}

// find returns the mutant that a catalogue names, or nil.
func find(all []mutant, guard string) *mutant {
	for i := range all {
		if all[i].guard() == guard {
			return &all[i]
		}
	}
	return nil
}

// checkCatalogue runs the one test of each line without its guard. It has to fail.
func checkCatalogue(ctx context.Context, pattern *regexp.Regexp, o options) error {
	text, err := os.ReadFile(cataloguePath)
	if err != nil {
		return fmt.Errorf("reading the catalogue (run this in the module's root): %w", err)
	}
	all, err := readCatalogue(string(text))
	if err != nil {
		return err
	}
	mutants, err := readMutants()
	if err != nil {
		return err
	}
	green, ran := 0, 0
	var mu sync.Mutex
	var wait sync.WaitGroup
	queue := make(chan invariant)
	for range o.workers {
		wait.Go(func() {
			for v := range queue {
				verdict := "red"
				err := seenRed(ctx, mutants, v, o)
				mu.Lock()
				ran++
				if err != nil {
					green++
					verdict = err.Error()
				}
				fmt.Printf("%-8s %s %s\n         without %s\n", verdict, v.dir, v.test, v.guard)
				mu.Unlock()
			}
		})
	}
	for _, v := range all {
		if v.guard != "" && pattern.MatchString(v.guard+" "+v.test) && ctx.Err() == nil {
			queue <- v
		}
	}
	close(queue)
	wait.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	fmt.Printf("%d invariants, %d with a guard of their own, %d of whose tests do not fail without it\n", len(all), ran, green)
	if green > 0 {
		return fmt.Errorf("%d tests do not fail without their guard", green)
	}
	return nil
}

// seenRed runs an invariant's test with its guard, which has to pass, and without it, which
// has to fail.
func seenRed(ctx context.Context, mutants []mutant, v invariant, o options) error {
	m := find(mutants, v.guard)
	if m == nil {
		return fmt.Errorf("there is no mutant %q", v.guard)
	}
	s, err := readSource(m.file)
	if err != nil {
		return err
	}
	patched, err := m.apply(s)
	if err != nil {
		return fmt.Errorf("its patch does not apply: %w", err)
	}
	p, err := rehearse(ctx, tests{dir: v.dir, run: "^" + v.test + "$"}, o)
	if err != nil {
		return err
	}
	failed, err := p.run(ctx, m.file, patched, o)
	if err != nil {
		return err
	}
	if len(failed) == 0 {
		return errors.New("GREEN without its guard")
	}
	return nil
}
