package settings_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/phone"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// TestTable holds each declaration to what all who use the table rely on.
func TestTable(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range settings.All() {
		if s.Name == "" || strings.Trim(s.Name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" || seen[s.Name] {
			t.Errorf("%q is no name, or one of two settings", s.Name)
		}
		seen[s.Name] = true
		if s.Sentence == "" || strings.ContainsAny(s.Sentence+s.Unset, "|\n") || strings.HasSuffix(s.Sentence, ".") {
			t.Errorf("%s has the sentence %q", s.Name, s.Sentence)
		}
		for what, value := range map[string]string{"default": s.Default, "default of a laptop": s.Laptop, "example": s.Example} {
			if value == "" {
				continue
			}
			if err := s.Check(value); err != nil {
				t.Errorf("the %s of %s is refused: %v", what, s.Name, err)
			}
			// It stands in single quotes in template.yaml.
			if strings.ContainsAny(value, "'\n") {
				t.Errorf("the %s of %s is %q", what, s.Name, value)
			}
		}
		if s.Example == "" || s.Example == s.Default || s.Example == s.Laptop {
			t.Errorf("the example of %s is %q, which is its default or nothing", s.Name, s.Example)
		}
		if s.Default != "" && s.Unset != "" {
			t.Errorf("%s has a default and says what happens without one", s.Name)
		}
		if s.Laptop != "" && !s.ReadBy(settings.Laptop) {
			t.Errorf("%s has a default for laptops, where nobody reads it", s.Name)
		}
		if s.Readers == 0 {
			t.Errorf("%s is read by nobody", s.Name)
		}
		if s.Setter != settings.Owner && !s.ReadBy(settings.Functions) {
			t.Errorf("%s has a setter for functions, and none reads it", s.Name)
		}
		if s.Demanded && (!s.Handed() || s.Default != "") {
			t.Errorf("%s is demanded of owners who need not or cannot set it", s.Name)
		}
	}
	if len(seen) < 40 {
		t.Errorf("the table has %d settings", len(seen))
	}
}

// TestWhoMaySet says for one setting of each sort who may set it.
func TestWhoMaySet(t *testing.T) {
	for name, want := range map[string]struct{ handed, deployable bool }{
		"PIN_TTL":          {true, true},
		"INFOBIP_BASE_URL": {false, true}, // by the stack's props, and it may be a parameter
		"TABLE_NAME":       {false, false},
		"INFOBIP_API_KEY":  {false, false},
		"ORIGIN_KEYS":      {false, false},
		"AWS_REGION":       {false, false},
		"PORT":             {false, false},
		"STAGE":            {false, true},
		"CORS_ORIGINS":     {false, true},
	} {
		s, ok := settings.Lookup(name)
		if !ok || s.Handed() != want.handed || s.Deployable() != want.deployable {
			t.Errorf("%s is handed to functions: %t, deployable: %t; want %v", name, s.Handed(), s.Deployable(), want)
		}
	}
	if s, ok := settings.Lookup("PIN_TTLS"); ok || s.Name != "" {
		t.Errorf("a name that nobody declared is %q", s.Name)
	}
}

// TestWordsAreTheCodes: the words of the table are those that the packages take.
func TestWordsAreTheCodes(t *testing.T) {
	s, _ := settings.Lookup("ALLOWED_LINE_TYPES")
	words := slices.Clone(s.Kind.(settings.List).Words)
	var want []string
	for i := phone.Unknown; i <= phone.VoIP; i++ {
		want = append(want, i.String())
	}
	slices.Sort(words)
	slices.Sort(want)
	if diff := cmp.Diff(want, words); diff != "" {
		t.Errorf("line types (-pkg/phone +table):\n%s", diff)
	}
}

// TestAllIsACopy: nobody changes the table.
func TestAllIsACopy(t *testing.T) {
	settings.All()[0].Name = "changed"
	if settings.All()[0].Name == "changed" {
		t.Error("a caller changed the table")
	}
}

// TestImports: the table is neutral ground. It knows the provider no more than AWS, and
// every program links it.
func TestImports(t *testing.T) {
	const module = "github.com/seed-a131a524/infobip-otp/"
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	var ours, others []string
	for _, pkg := range strings.Fields(string(out)) {
		first, _, _ := strings.Cut(pkg, "/")
		if rest, ok := strings.CutPrefix(pkg, module); ok {
			ours = append(ours, rest)
		} else if strings.Contains(first, ".") {
			others = append(others, pkg)
		}
	}
	slices.Sort(ours)
	if diff := cmp.Diff([]string{"pkg/catalog", "pkg/email", "pkg/guard", "pkg/locale", "pkg/otp", "pkg/phone", "pkg/proof", "pkg/rate", "pkg/recipient", "pkg/settings"}, ours); diff != "" {
		t.Errorf("packages of ours (-want +got):\n%s", diff)
	}
	if len(others) > 0 {
		t.Errorf("packages of others: %v", others)
	}
}
