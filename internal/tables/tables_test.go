package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/messages"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
	"github.com/seed-a131a524/infobip-otp/pkg/sms"
	"github.com/seed-a131a524/infobip-otp/pkg/telemetry"
)

// repository is the root of this one.
var repository = filepath.Join("..", "..")

func filesOf(t *testing.T, root string) []file {
	t.Helper()
	all, err := files(root)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestFilesAreUpToDate: what the documents and the template say is what the tables say.
func TestFilesAreUpToDate(t *testing.T) {
	for _, f := range filesOf(t, repository) {
		text, err := os.ReadFile(filepath.Join(repository, f.name))
		if err != nil {
			t.Fatal(err)
		}
		filled, err := f.fill(string(text))
		if err != nil {
			t.Error(err)
			continue
		}
		if diff := cmp.Diff(string(text), filled); diff != "" {
			t.Errorf("%s is not what the tables say; %s mends it (-file +tables):\n%s", f.name, origin, diff)
		}
	}
}

// TestEverySettingIsDocumented, in one table and in the environment of each function that
// reads it.
func TestEverySettingIsDocumented(t *testing.T) {
	for _, s := range settings.All() {
		tables := 0
		for _, has := range []func(settings.Setting) bool{ofDeployments, ofLocalRuns, ofStacks} {
			if has(s) {
				tables++
			}
		}
		// CORS_ORIGINS is of both, and means a little different things.
		if both := s.ReadBy(settings.Stack) && s.ReadBy(settings.Laptop) && !s.ReadBy(settings.Functions); tables != 1 && !both || tables == 0 {
			t.Errorf("%s is in %d tables", s.Name, tables)
		}
		for _, function := range []settings.Program{settings.Send, settings.Verify, settings.Discovery} {
			declared := strings.Contains(environment(function), indent+s.Name+": ")
			if want := s.ReadBy(function) && s.Setter != settings.Platform; declared != want {
				t.Errorf("%s in the environment of function %d: %t, want %t", s.Name, function, declared, want)
			}
		}
		if _, ok := known[s.Name]; ok != (s.Setter == settings.Deployment) {
			t.Errorf("%s: the template knows its value: %t", s.Name, ok)
		}
		if _, ok := offered[s.Name]; ok && (s.Setter != settings.Owner || s.Default != "") {
			t.Errorf("%s: the template offers another value than the stack has", s.Name)
		}
	}
}

func TestFill(t *testing.T) {
	f := file{name: "F", begin: comment("begin"), end: comment("end"), places: map[string]string{"x": "new\n"}}
	begin, end := comment("begin")("x")+"\n", comment("end")("x")+"\n"
	for name, c := range map[string]struct{ text, want string }{
		"empty place": {"a\n" + begin + end + "b\n", "a\n" + begin + "new\n" + end + "b\n"},
		"old text":    {"a\n" + begin + "old\nold\n" + end, "a\n" + begin + "new\n" + end},
		"up to date":  {begin + "new\n" + end, begin + "new\n" + end},
		"no place":    {"a\n", ""},
		"no end":      {begin + "b\n", ""},
		"two places":  {begin + end + begin + end, ""},
		"end first":   {end + begin, ""},
	} {
		got, err := f.fill(c.text)
		if got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, c.want)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "F ") {
			t.Errorf("%s: %q does not name the file", name, err)
		}
	}
}

// TestWrite: files are written with their tables, and left alone where those are right.
func TestWrite(t *testing.T) {
	root := t.TempDir()
	if err := write(root); err == nil {
		t.Error("a repository without messages.yaml is written")
	}
	ours, err := os.ReadFile(filepath.Join(repository, "messages.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	err = os.WriteFile(filepath.Join(root, "messages.yaml"), ours, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range filesOf(t, root) {
		var text strings.Builder
		for place := range f.places {
			text.WriteString(f.begin(place) + "\n" + f.end(place) + "\n")
		}
		path := filepath.Join(root, f.name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := write(root); err != nil {
			t.Fatal(err)
		}
		readme, err := os.ReadFile(filepath.Join(root, "README.md"))
		if err != nil || strings.Count(string(readme), "| `PIN_TTL` | `10m` |") != 1 {
			t.Errorf("README.md is %q, %v", readme, err)
		}
	}
	if err := os.Remove(filepath.Join(root, "template.yaml")); err != nil {
		t.Fatal(err)
	}
	if err := write(root); err == nil {
		t.Error("a missing file is passed over")
	}
}

func TestMetricsTable(t *testing.T) {
	got := metricsTable([]telemetry.Metric{{Name: "Sends", Unit: telemetry.Count, Meaning: "codes that went out"}})
	if want := "| name | unit | |\n|---|---|---|\n| `Sends` | Count | codes that went out |\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLanguagesTable(t *testing.T) {
	file, faults := messages.Parse([]byte(`
default: en
sms: {en: "{{pin}} is your code.", pt-BR: "{{pin}} é seu código."}
voice: {en: "Your code is {{pin}}."}
email: {en: "{{pin}}", ar: "{{pin}}"}
`), messages.Options{WebOTP: "localhost"})
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	got, err := languagesTable(file)
	const want = `| locale | SMS | encoding | characters | segments | longest host | by SMS | by voice | by e-mail |
|---|---|---|---|---|---|---|---|---|
| ` + "`en`" + ` | 123456 is your code. | GSM-7 | 39 | 1 | 96 | 0.1 | 0.3 | 0.001 |
| ` + "`pt-BR`" + ` | 123456 é seu código. | UCS-2 | 39 | 1 | 40 | 0.1 | - | - |
| ` + "`ar`" + ` | - | - | - | - | - | - | - | 0.001 |
`
	if err != nil || got != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, got, want)
	}
}

// TestLongestHost: with a host of as many characters a message is one segment, with one more
// it is two.
func TestLongestHost(t *testing.T) {
	for _, text := range []string{"{{pin}} is your code. " + strings.Repeat("Do not share it. ", 4) + "Thanks.", "{{pin}} é seu código."} {
		m := message(t, text, localHost)
		most := longest(m.Size("123456"))
		for more, want := range []int{1, 2} {
			host := strings.Repeat("a", most+more)
			last := strings.ReplaceAll(m.Delivered("123456"), localHost, host)
			if got := sms.Measure(last); got.Segments != want {
				t.Errorf("%q with a host of %d characters: %+v, want %d segments", text, len(host), got, want)
			}
		}
	}
}

func message(t *testing.T, text, host string) messages.Message {
	t.Helper()
	file, faults := messages.Parse([]byte("default: en\nsms: {en: '"+text+"'}\n"), messages.Options{WebOTP: host})
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return file.Messages[0]
}

// TestEveryTestFolderIsExplained by a line of test/README.md, and no folder is that is not
// there.
func TestEveryTestFolderIsExplained(t *testing.T) {
	const folder = "../../test"
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, entry := range entries {
		if entry.IsDir() {
			want = append(want, entry.Name())
		}
	}
	readme, err := os.ReadFile(filepath.Join(folder, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(readme)) {
		if name, _, ok := strings.Cut(strings.TrimPrefix(line, "| `"), "` | "); ok {
			got = append(got, name)
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the folders that test/README.md explains (-there +explained):\n%s", diff)
	}
}
