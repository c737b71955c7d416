package phone

import (
	"os"
	"strings"
	"testing"
)

// testdata/examples.txt holds libphonenumber's example numbers with the library's
// answers. Each must get the same here.
func TestExamples(t *testing.T) {
	text, err := os.ReadFile("testdata/examples.txt")
	if err != nil {
		t.Fatal(err)
	}
	rows := make(map[string]int) // by line type
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") || line == "\n" {
			continue
		}
		columns := strings.Fields(line)
		if len(columns) != 5 {
			t.Fatalf("%q has %d columns, want 5", line, len(columns))
		}
		rows[columns[1]]++
		n, err := Parse(columns[2])
		if err != nil {
			t.Errorf("Parse(%q): %v", columns[2], err)
			continue
		}
		if n.Region() != columns[0] || n.LineType().String() != columns[1] {
			t.Errorf("%s is %s %s, want %s %s", columns[2], n.Region(), n.LineType(), columns[0], columns[1])
		}
	}
	for lineType := Mobile; int(lineType) < len(lineTypeWords); lineType++ {
		if rows[lineType.String()] == 0 {
			t.Errorf("no example of line type %s", lineType)
		}
	}
}
