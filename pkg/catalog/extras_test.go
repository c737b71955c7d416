package catalog

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEnding(t *testing.T) {
	for text, want := range map[string]struct{ lines, spoken string }{
		`\n@example.com #`:              {"\n@example.com #", ". "},
		"\n@example.com #":              {"\n@example.com #", ". "},
		`\n\n@localhost #`:              {"\n\n@localhost #", ". "},
		`\nFA+9qCX9VSu`:                 {"\nFA+9qCX9VSu", "."},
		`\nFA+9qCX9VSu\n@example.com #`: {"\nFA+9qCX9VSu\n@example.com #", ". "},
		`\n\nFA/9qCX9VSu\n\n@sub.xn--bcher-kva.example #`: {"\n\nFA/9qCX9VSu\n\n@sub.xn--bcher-kva.example #", ". "},
	} {
		e, err := ParseEnding(text)
		if err != nil || e.Lines() != want.lines || e.Spoken() != want.spoken || e.IsZero() {
			t.Errorf("%q: %q, spoken %q, %v, want %q", text, e.Lines(), e.Spoken(), err, want)
		}
		if again, err := ParseEnding(e.String()); err != nil || again != e || strings.Contains(e.String(), "\n") {
			t.Errorf("%q is written %q, which is %q, %v", text, e, again.Lines(), err)
		}
	}
	for _, text := range []string{
		"", "canary", `@example.com #`, `\n`, `\n@example.com`, `\n@example.com#`, `\n@example.com #123456`, `\n@ #`, `\n@a b #`, `\n@example.com #\n`, `\n@example.com #\nFA+9qCX9VSu`,
		`\nFA+9qCX9VS`, `\nFA+9qCX9VSuu`, `\nFA+9qCX9VS!`, `\nFA+9qCX9VSu\n`, `\n{{pin}}`, `\n@{{x}} #`, `\r\n@example.com #`, `\n@exämple.com #`, `\t@example.com #`,
		`\n@` + strings.Repeat("a", 100) + ` #`,
	} {
		if e, err := ParseEnding(text); err == nil || !e.IsZero() || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: %q, %v", text, e, err)
		}
	}
}

// TestNewEnding: what is made is read as the same, the host last.
func TestNewEnding(t *testing.T) {
	for setting, made := range map[string]Ending{
		"":                              NewEnding("", ""),
		`\nFA+9qCX9VSu`:                 NewEnding("FA+9qCX9VSu", ""),
		`\n@example.com #`:              NewEnding("", "example.com"),
		`\nFA+9qCX9VSu\n@example.com #`: NewEnding("FA+9qCX9VSu", "example.com"),
	} {
		if made.String() != setting || made.HasHost() != strings.Contains(setting, "@") || made.IsZero() != (setting == "") {
			t.Errorf("it is written %q, want %q; it has a host: %t", made, setting, made.HasHost())
		}
		if again, err := ParseEnding(setting); setting != "" && (err != nil || again != made) {
			t.Errorf("%q is read as %q, %v", setting, again, err)
		}
	}
}

func TestSenders(t *testing.T) {
	s, err := ParseSenders("US=18335550100, SG=My Shop,001=Sat-1")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Senders{{"US", "18335550100"}, {"SG", "My Shop"}, {"001", "Sat-1"}}, s); diff != "" {
		t.Errorf("the senders differ (-want +got):\n%s", diff)
	}
	if got := s.String(); got != "US=18335550100,SG=My Shop,001=Sat-1" {
		t.Errorf("they are written %q", got)
	}
	for region, want := range map[string]string{"US": "18335550100", "SG": "My Shop", "AT": "", "": ""} {
		if got := s.For(region); got != want {
			t.Errorf("the sender of %q is %q, want %q", region, got, want)
		}
	}
	for text, want := range map[string]string{
		"":                           "entry 1: there is no such region",
		"canary":                     "entry 1: there is no such region",
		"us=canary":                  "entry 1: there is no such region",
		"XX=canary":                  "entry 1: there is no such region",
		"*=canary":                   "entry 1: there is no such region",
		"US=":                        "entry 1: its sender is not 1 to 16 characters of ASCII",
		"US":                         "entry 1: its sender is not 1 to 16 characters of ASCII",
		"US= canary":                 "entry 1: its sender is not 1 to 16 characters of ASCII",
		"US=canary=":                 "entry 1: its sender is not 1 to 16 characters of ASCII",
		"US=cänary":                  "entry 1: its sender is not 1 to 16 characters of ASCII",
		"US=12345678901234567":       "entry 1: its sender is not 1 to 16 characters of ASCII",
		"US=1,AT=2,US=3":             "entry 3: its region stands before",
		"US=1,":                      "entry 2: there is no such region",
		strings.Repeat("US=1,", 900): "it has more than 2700 characters",
	} {
		if got, err := ParseSenders(text); err == nil || err.Error() != want {
			t.Errorf("%.30q: %v, %v, want %q", text, got, err, want)
		}
	}
}

// FuzzEnding: what is read ends each line, holds no placeholder, and is written and read as
// the same.
func FuzzEnding(f *testing.F) {
	for _, text := range []string{`\n@example.com #`, `\nFA+9qCX9VSu\n\n@localhost #`, "", `\n`, "\n\n\n", `\n{{pin}}`, `\\n`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := ParseEnding(text)
		if err != nil {
			return
		}
		again, err := ParseEnding(e.String())
		if err != nil || again != e || !strings.HasPrefix(e.Lines(), "\n") || strings.ContainsAny(e.Lines(), "{}\\\r") || len(e.Lines()) > MaxEnding {
			t.Fatalf("%q is %q: %v", text, e.Lines(), err)
		}
	})
}
