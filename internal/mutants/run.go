package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// plan is how the tests of a package are run on a mutant, in phases: the slow ones only if
// the quick ones notice nothing, since most mutants are noticed at once.
type plan struct {
	tests
	phases []phase
}

// phase is some tests of a package.
type phase struct {
	// selects are go test's flags that leave the others out.
	selects []string
	// limit ends tests that a mutant keeps from ending, which counts as noticed.
	limit time.Duration
}

const (
	// slowTest is from when on a test is a slow one.
	slowTest = 500 * time.Millisecond
	// Tests may take that many times what they took without a mutant, for the machine may
	// be busier then, and some seconds more.
	patience = 5
	least    = 30 * time.Second
	// most bounds the tests as they are.
	most = 10 * time.Minute
)

// rehearse runs tests on the source as it is, and plans by how long each of them takes. Red
// ones are an error: they would kill every mutant.
func rehearse(ctx context.Context, t tests, o options) (*plan, error) {
	var all []string
	if t.run != "" {
		all = append(all, "-run="+t.run)
	}
	out, err := goTest(ctx, t.dir, phase{append(all, "-v"), most}, "", o)
	if failed := failedTests(out); len(failed) > 0 {
		return nil, fmt.Errorf("%s: tests fail without any mutant: %s", t.dir, inWords(failed, true))
	}
	if err != nil {
		return nil, err
	}
	var slow []string
	quick := 0
	var quickTime, slowTime time.Duration
	for _, test := range durations(out) {
		if test.took < slowTest {
			quick++
			quickTime += test.took
			continue
		}
		slow = append(slow, test.name)
		slowTime += test.took
	}
	names := "^(" + strings.Join(slow, "|") + ")$"
	p := &plan{tests: t}
	switch {
	case quick+len(slow) == 0:
		return nil, fmt.Errorf("%s: there are no tests %s", t.dir, t.run)
	case len(slow) == 0:
		p.phases = []phase{{all, least + patience*quickTime}}
	case quick == 0:
		p.phases = []phase{{all, least + patience*slowTime}}
	default:
		p.phases = []phase{
			{append(all, "-skip="+names), least + patience*quickTime},
			{[]string{"-run=" + names}, least + patience*slowTime},
		}
	}
	return p, nil
}

// run runs the tests with a patched file laid over the source, and returns the names of those
// that failed.
func (p *plan) run(ctx context.Context, file string, patched []byte, o options) ([]string, error) {
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return nil, fmt.Errorf("making room for a mutant: %w", err)
	}
	defer os.RemoveAll(dir)
	overlay, err := writeOverlay(dir, file, patched)
	if err != nil {
		return nil, err
	}
	for _, some := range p.phases {
		out, err := goTest(ctx, p.dir, some, overlay, o)
		if failed := failedTests(out); len(failed) > 0 {
			return failed, nil
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// goTest runs a package's tests and returns what they printed. An error is that of tests
// that failed, too.
func goTest(ctx context.Context, dir string, some phase, overlay string, o options) (string, error) {
	module, err := moduleOf(dir)
	if err != nil {
		return "", err
	}
	// Without inlining and symbols a mutant is compiled and linked in two thirds of the time.
	args := []string{
		"test", "-short", "-count=1", "-vet=off", "-gcflags=-l -dwarf=false", "-ldflags=-s -w", "-timeout=" + some.limit.String(),
	}
	if !o.every {
		args = append(args, "-failfast")
	}
	if overlay != "" {
		args = append(args, "-overlay="+overlay)
	}
	args = append(args, some.selects...)
	inside, err := filepath.Rel(module, dir)
	if err != nil {
		return "", fmt.Errorf("running tests: %w", err)
	}
	command := exec.CommandContext(ctx, "go", append(args, "./"+filepath.ToSlash(inside))...)
	command.Dir = module
	out, err := command.CombinedOutput()
	if o.verbose {
		fmt.Printf("%s\n", out)
	}
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil {
		return string(out), fmt.Errorf("go test: %w:\n%s", err, out)
	}
	return string(out), nil
}

// moduleOf returns the folder of the module that a folder belongs to.
func moduleOf(dir string) (string, error) {
	for at := dir; ; at = path.Dir(at) {
		if _, err := os.Stat(path.Join(at, "go.mod")); err == nil {
			return at, nil
		}
		if at == "." {
			return "", fmt.Errorf("%s is in no module (run this in the module's root)", dir)
		}
	}
}

func writeOverlay(dir, file string, patched []byte) (string, error) {
	original, err := filepath.Abs(file)
	if err != nil {
		return "", fmt.Errorf("writing a mutant: %w", err)
	}
	changed := filepath.Join(dir, filepath.Base(file))
	overlay := filepath.Join(dir, "overlay.json")
	text, err := json.Marshal(map[string]map[string]string{"Replace": {original: changed}})
	if err != nil {
		return "", fmt.Errorf("writing a mutant: %w", err)
	}
	if err := errors.Join(os.WriteFile(changed, patched, 0o600), os.WriteFile(overlay, text, 0o600)); err != nil {
		return "", fmt.Errorf("writing a mutant: %w", err)
	}
	return overlay, nil
}

// timed is a test and how long it took.
type timed struct {
	name string
	took time.Duration
}

var passed = regexp.MustCompile(`(?m)^--- PASS: (\S+) \(([0-9.]+)s\)$`)

// durations reads how long each test took out of what go test -v printed.
func durations(out string) []timed {
	var all []timed
	for _, match := range passed.FindAllStringSubmatch(out, -1) {
		seconds, err := strconv.ParseFloat(match[2], 64)
		if err == nil {
			all = append(all, timed{match[1], time.Duration(seconds * float64(time.Second))})
		}
	}
	return all
}

var failure = regexp.MustCompile(`(?m)^--- FAIL: (\S+)|^(panic: test timed out)|^(panic: |fatal error: )`)

// failedTests reads the names of failed tests out of what go test printed.
func failedTests(out string) []string {
	var names []string
	for _, match := range failure.FindAllStringSubmatch(out, -1) {
		name := match[1]
		switch {
		case match[2] != "":
			name = "a timeout"
		case match[3] != "":
			name = "a panic"
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func inWords(names []string, every bool) string {
	const enough = 3
	if !every && len(names) > enough {
		names = names[:enough]
	}
	return strings.Join(names, ", ")
}
