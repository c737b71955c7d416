package phone

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// The library is for the generator and for the tests of this package.
func TestFunctionsDoNotImportLibrary(t *testing.T) {
	const library = "github.com/nyaruka/phonenumbers"
	for _, from := range []string{"./functions/...", "./pkg/phone"} {
		deps := dependencies(t, from)
		if !slices.Contains(deps, "github.com/seed-a131a524/infobip-otp/pkg/phone") {
			t.Fatalf("go list -deps %s does not name pkg/phone: this test looks at the wrong packages", from)
		}
		if slices.Contains(deps, library) {
			t.Errorf("%s imports %s: loading it takes each cold start 4.7 ms and 35,511 allocations, "+
				"and with the reflection of protobuf, which keeps the linker from dropping unused methods, each zip 2 MB; "+
				"use the plans of pkg/phone, which cost neither", from, library)
		}
	}
	if !slices.Contains(dependencies(t, "./internal/phonegen"), library) {
		t.Fatalf("internal/phonegen does not import %s: this test looks for the wrong library", library)
	}
}

// dependencies also looks at each file of this module that decides the answer. Go
// takes a test's result from its cache unless a file that the test looked at has
// changed, and it does not know what go list read.
func dependencies(t *testing.T, packages string) []string {
	t.Helper()
	const ownFiles = `{{if .Module}}{{if .Module.Main}}{{$dir := .Dir}}{{$dir}}{{range .GoFiles}} {{$dir}}/{{.}}{{end}}{{end}}{{end}}`
	for _, file := range goList(t, ownFiles, packages) {
		_, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
	}
	return goList(t, "{{.ImportPath}}", packages)
}

func goList(t *testing.T, format, packages string) []string {
	t.Helper()
	list := exec.Command("go", "list", "-deps", "-f", format, packages)
	list.Dir = root
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list -deps %s: %v", packages, err)
	}
	return strings.Fields(string(out))
}

var initLine = regexp.MustCompile(`(?m)^init github\.com/seed-a131a524/infobip-otp/pkg/phone @.*$`)

// The plans must be data that the linker lays out. One map or slice that Go has to
// build at start would show here.
func TestNothingIsBuiltBeforeMain(t *testing.T) {
	program := filepath.Join(t.TempDir(), "start")
	build := exec.Command("go", "build", "-o", program, "./testdata/start")
	out, err := build.CombinedOutput()
	if err != nil {
		t.Fatalf("building testdata/start: %v\n%s", err, out)
	}
	start := exec.Command(program)
	start.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	trace := &strings.Builder{}
	start.Stderr = trace
	region, err := start.Output()
	if err != nil || string(region) != "US\n" {
		t.Fatalf("testdata/start answers %q, %v", region, err)
	}
	if !strings.Contains(trace.String(), "init runtime @") {
		t.Fatalf("no trace of package initialisation in %q", trace)
	}
	if line := initLine.FindString(trace.String()); line != "" {
		t.Errorf("pkg/phone builds something before main: %s", line)
	}
}
