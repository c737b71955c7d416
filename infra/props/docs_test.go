package props_test

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/infra/props"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

var cell = regexp.MustCompile("^`([^`]+)`$")

// plain is what stands in a cell of a table; what is quoted, without its quotes.
func plain(text string) string {
	text = strings.TrimSpace(text)
	if quoted := cell.FindStringSubmatch(text); quoted != nil {
		return quoted[1]
	}
	return text
}

func construct(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "construct.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestEveryPropIsInTheDocument: the table of docs/construct.md has every field with its type, the
// variable of each, and the defaults of the table of settings.
func TestEveryPropIsInTheDocument(t *testing.T) {
	_, table, found := strings.Cut(construct(t), "| prop | type | default | variable | |\n|---|---|---|---|---|\n")
	if !found {
		t.Fatal("docs/construct.md has no table of props")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	types := map[string]string{}
	var variables []string
	for row := range strings.SplitSeq(table, "\n") {
		cells := strings.Split(strings.Trim(row, "|"), "|")
		if len(cells) != 5 || strings.TrimSpace(cells[4]) == "" {
			t.Fatalf("row %q is not of five cells with a sentence", row)
		}
		name, variable := plain(cells[0]), plain(cells[3])
		if types[name] != "" {
			t.Errorf("%s stands there twice", name)
		}
		types[name] = plain(cells[1])
		s, declared := settings.Lookup(variable)
		switch {
		case !declared:
			continue
		case s.Default != "" && plain(cells[2]) != s.Default:
			t.Errorf("%s has the default %q in the document, and %q", name, plain(cells[2]), s.Default)
		}
		variables = append(variables, variable)
	}
	if diff := cmp.Diff(fields(reflect.TypeFor[props.Props](), ""), types); diff != "" {
		t.Errorf("props (-code +document):\n%s", diff)
	}
	var own []string
	for _, s := range settings.All() {
		if s.ReadBy(settings.Stack) {
			own = append(own, s.Name)
		}
	}
	slices.Sort(own)
	slices.Sort(variables)
	if diff := cmp.Diff(own, variables); diff != "" {
		t.Errorf("variables of the stack (-table +document):\n%s", diff)
	}
}

// fields are the names of all fields below a type of this package, with their types.
func fields(of reflect.Type, prefix string) map[string]string {
	found := map[string]string{}
	for field := range of.Fields() {
		of := field.Type
		short := of.String()
		if i := strings.LastIndex(short, "."); i >= 0 {
			short = strings.Repeat("*", strings.Count(short[:i], "*")) + short[i+1:]
		}
		found[prefix+field.Name] = short
		if of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		if of.Kind() == reflect.Struct && of.PkgPath() == reflect.TypeFor[props.Props]().PkgPath() {
			for name, short := range fields(of, prefix+field.Name+".") {
				found[name] = short
			}
		}
	}
	return found
}

// TestTheDocumentsCodeIsTheExamples: what docs/construct.md shows stands in the app that the tests
// import and synthesize.
func TestTheDocumentsCodeIsTheExamples(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "example", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	unindented := regexp.MustCompile(`(?m)^\s+`)
	example := unindented.ReplaceAllString(string(text), "")
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(construct(t), -1)
	for _, block := range blocks {
		if !strings.Contains(example, unindented.ReplaceAllString(block[1], "")) {
			t.Errorf("infra/example/main.go does not have\n%s", block[1])
		}
	}
	if len(blocks) < 5 {
		t.Errorf("%d blocks of code: this test looks in the wrong place", len(blocks))
	}
}
