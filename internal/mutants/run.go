package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// limit ends tests that a mutant keeps from ending: that counts as noticed.
const limit = "60s"

// collect makes jobs of the mutants that match, and checks all of them against the
// source.
func collect(pattern *regexp.Regexp) ([]*job, error) {
	var jobs []*job
	var faults []error
	for i := range targets {
		t := &targets[i]
		source, err := os.ReadFile(t.file)
		if err != nil {
			return nil, fmt.Errorf("reading the source (run this in the module's root): %w", err)
		}
		for _, m := range t.mutants {
			j := &job{target: t, mutant: m}
			if n := strings.Count(string(source), m.old); n != 1 {
				faults = append(faults, fmt.Errorf("%s: its text is there %d times, not once", j.title(), n))
				continue
			}
			j.patched = []byte(strings.Replace(string(source), m.old, m.new, 1))
			if pattern.MatchString(j.title()) {
				jobs = append(jobs, j)
			}
		}
	}
	if len(jobs) == 0 && len(faults) == 0 {
		return nil, errors.New("no mutant matches")
	}
	return jobs, errors.Join(faults...)
}

// healthy runs the tests on the source as it is: red ones would kill every mutant.
func healthy(ctx context.Context, jobs []*job, o options) error {
	seen := map[string]bool{}
	for _, j := range jobs {
		key := strings.Join(append([]string{j.target.dir, j.target.run}, j.target.packages...), "|")
		if seen[key] {
			continue
		}
		seen[key] = true
		failed, err := run(ctx, j.target, nil, o)
		if err != nil {
			return err
		}
		if len(failed) > 0 {
			return fmt.Errorf("%s: tests fail without any mutant: %s", j.target.file, inWords(failed, true))
		}
	}
	return nil
}

// run runs a target's tests, on its patched file if there is one, and gives the names
// of those that failed.
func run(ctx context.Context, t *target, patched []byte, o options) ([]string, error) {
	args := []string{"test", "-short", "-count=1", "-vet=off", "-ldflags=-s -w", "-timeout=" + limit}
	if !o.every {
		args = append(args, "-failfast")
	}
	if t.run != "" {
		args = append(args, "-run="+t.run)
	}
	if patched != nil {
		dir, err := os.MkdirTemp("", "mutant")
		if err != nil {
			return nil, fmt.Errorf("making room for a mutant: %w", err)
		}
		defer os.RemoveAll(dir)
		overlay, err := writeOverlay(dir, t.file, patched)
		if err != nil {
			return nil, err
		}
		args = append(args, "-overlay="+overlay)
	}
	command := exec.CommandContext(ctx, "go", append(args, t.packages...)...)
	command.Dir = t.dir
	out, err := command.CombinedOutput()
	if o.verbose {
		fmt.Printf("%s\n", out)
	}
	if err == nil {
		return nil, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if failed := failedTests(string(out)); len(failed) > 0 {
		return failed, nil
	}
	return nil, fmt.Errorf("go test: %w:\n%s", err, out)
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
