package web_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// TestAddressesAsABrowserChecksThem has Chromium check every address that pkg/email has an
// opinion of. Where it is stricter, the list of examples has the reason.
func TestAddressesAsABrowserChecksThem(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join(harness.Root(), "pkg", "email", "testdata", "addresses.json"))
	if err != nil {
		t.Fatal(err)
	}
	var examples []struct {
		Address  string
		Accepted bool
		Browser  *bool
	}
	if err := json.Unmarshal(raw, &examples); err != nil {
		t.Fatal(err)
	}
	p := open(t, "data:text/html,<input type=email required>", desktop)
	// A file of JSON is an expression of JavaScript.
	got := js[[]bool](p, `(() => { const field = document.querySelector('input');
		return `+string(raw)+`.map((e) => { field.value = e.address; return field.checkValidity(); }); })()`)
	if len(got) != len(examples) {
		t.Fatalf("the browser has checked %d addresses of %d", len(got), len(examples))
	}
	for i, e := range examples {
		want := e.Accepted
		if e.Browser != nil {
			want = *e.Browser
		}
		if got[i] != want {
			t.Errorf("%q is valid for the browser: %t, want %t", e.Address, got[i], want)
		}
	}
}
