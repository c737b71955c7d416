// Command phonegen writes the numbering plans that pkg/phone carries, and the example
// numbers it is tested with, from the metadata of libphonenumber as
// github.com/nyaruka/phonenumbers ships it.
//
//	phonegen PLANS.go EXAMPLES.txt
//
// The library builds all its maps when it is loaded, which every cold start of a
// Lambda function would pay for. So its rules are worked out here, once: for each
// country calling code, all patterns of all its regions, the lengths, the leading
// digits that tell regions apart and the national prefix that the parser would
// drop become one automaton over the digits of a national number. What it says at
// the last digit is the region and the line type, or nothing: not valid.
//
// A new version of the library: go get it, go generate ./pkg/phone, and run the
// tests of both packages. This package's test fails while a file is not current;
// that of pkg/phone compares every answer with the library's. Metadata that uses
// something this program does not know makes it stop and say what.
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: phonegen PLANS.go EXAMPLES.txt")
		os.Exit(2)
	}
	err := write(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, "phonegen:", err)
		os.Exit(1)
	}
}

func write(plansFile, examplesFile string) error {
	plans, err := generatePlans()
	if err != nil {
		return err
	}
	examples, err := generateExamples()
	if err != nil {
		return err
	}
	err = os.WriteFile(plansFile, plans, 0o644)
	if err != nil {
		return fmt.Errorf("writing the plans: %w", err)
	}
	err = os.WriteFile(examplesFile, examples, 0o644)
	if err != nil {
		return fmt.Errorf("writing the examples: %w", err)
	}
	return nil
}

// generatePlans returns the Go source of the plans. The same library leads to the
// same bytes.
func generatePlans() ([]byte, error) {
	version, err := libraryVersion()
	if err != nil {
		return nil, err
	}
	plans, err := readPlans()
	if err != nil {
		return nil, err
	}
	a := newAutomaton()
	starts := make([]int, len(plans))
	for i, plan := range plans {
		starts[i] = a.add(plan)
	}
	return render(version, plans, starts, a)
}

// generateExamples returns the table of example numbers.
func generateExamples() ([]byte, error) {
	version, err := libraryVersion()
	if err != nil {
		return nil, err
	}
	examples, err := readExamples()
	if err != nil {
		return nil, err
	}
	return renderExamples(version, examples), nil
}
