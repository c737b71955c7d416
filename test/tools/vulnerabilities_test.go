// Package tools tests the scripts that CI relies on.
package tools

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// write makes the files of a folder.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// database is a copy of the vulnerability database as far as govulncheck reads it
// (https://go.dev/doc/security/vuln/database#api). With an entry it knows of a hole in
// every version of strings.ToUpper.
func database(t *testing.T, withEntry bool) string {
	t.Helper()
	const modified = `"2026-01-01T00:00:00Z"`
	files := map[string]string{
		"index/db.json": `{"modified":` + modified + `}`, "index/modules.json": "[]", "index/vulns.json": "[]",
	}
	if withEntry {
		files["index/modules.json"] = `[{"path":"stdlib","vulns":[{"id":"GO-2026-0001","modified":` + modified + `}]}]`
		files["index/vulns.json"] = `[{"id":"GO-2026-0001","modified":` + modified + `,"aliases":[]}]`
		files["ID/GO-2026-0001.json"] = `{"schema_version":"1.3.1","id":"GO-2026-0001","modified":` + modified + `,"published":` + modified + `,
			"summary":"a hole","details":"a hole","affected":[{"package":{"name":"stdlib","ecosystem":"Go"},
			"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}],"ecosystem_specific":{"imports":[{"path":"strings","symbols":["ToUpper"]}]}}],
			"database_specific":{"url":"https://pkg.go.dev/vuln/GO-2026-0001"}}`
	}
	dir := t.TempDir()
	write(t, dir, files)
	return "file://" + dir
}

// TestVulnerabilities: what is known is red, what is not known to be there is green, and not
// having looked is neither.
func TestVulnerabilities(t *testing.T) {
	harness.Tool(t, "bin", "govulncheck") // says how to get it
	module := t.TempDir()
	write(t, module, map[string]string{
		"go.mod":  "module example.com/shout\n\ngo 1.26\n",
		"main.go": "package main\n\nimport (\n\t\"os\"\n\t\"strings\"\n)\n\nfunc main() { _, _ = os.Stdout.WriteString(strings.ToUpper(os.Args[0])) }\n",
	})
	for _, c := range []struct {
		name, database string
		code           int
		says           string
	}{
		{"nothing known", database(t, false), 0, "No vulnerabilities found."},
		{"a hole in what is called", database(t, true), 3, "GO-2026-0001"},
		{"no database", "file://" + t.TempDir(), 75, "NOT LOOKED UP"},
		{"a database out of reach", "http://127.0.0.1:1", 75, "NOT LOOKED UP"},
	} {
		t.Run(c.name, func(t *testing.T) {
			command := exec.CommandContext(t.Context(), filepath.Join(harness.Root(), "tools", "vulnerabilities"), module)
			command.Env = append(os.Environ(), "VULNDB="+c.database)
			out, err := command.CombinedOutput()
			if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
				t.Fatal(err)
			}
			if got := command.ProcessState.ExitCode(); got != c.code || !strings.Contains(string(out), c.says) {
				t.Errorf("exit code %d, want %d with %q:\n%s", got, c.code, c.says, out)
			}
		})
	}
}
