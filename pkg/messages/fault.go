package messages

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Fault is one thing that is wrong with a file, and where: line and column from 1 on, the
// column in characters.
type Fault struct {
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Sentence string `json:"sentence"`
}

func (f Fault) String() string { return fmt.Sprintf("%d:%d: %s", f.Line, f.Column, f.Sentence) }

// Faults are those of a file, in its order.
type Faults []Fault

// Err returns the faults as an error, one in a line, or nil if there are none.
func (f Faults) Err() error {
	if len(f) == 0 {
		return nil
	}
	return faultsError(f)
}

type faultsError Faults

func (e faultsError) Error() string {
	lines := make([]string, len(e))
	for i, f := range e {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// mostFaults bounds what is told of one file. Who has a hundred things to mend will look again.
const mostFaults = 100

// inOrder returns the faults in the order of the file, at most mostFaults of them.
func (f Faults) inOrder() Faults {
	slices.SortStableFunc(f, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	if len(f) > mostFaults {
		return f[:mostFaults]
	}
	return f
}
