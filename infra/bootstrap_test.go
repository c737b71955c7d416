package infra_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-a131a524/infobip-otp/infra"
	"github.com/seed-a131a524/infobip-otp/infra/internal/cdkbootstrap"
)

// What `make deploy` looks for before it starts is what the CDK asks for when it has.
func TestBootstrapIsTheCDKs(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(development(t).dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Artifacts map[string]struct {
			Properties struct {
				RequiresBootstrapStackVersion     int
				BootstrapStackVersionSsmParameter string
			}
		}
	}
	err = json.Unmarshal(text, &manifest)
	if err != nil {
		t.Fatal(err)
	}
	got := manifest.Artifacts[infra.StackName(development(t).props.Stage)].Properties
	if got.RequiresBootstrapStackVersion != cdkbootstrap.Version || got.BootstrapStackVersionSsmParameter != cdkbootstrap.Parameter {
		t.Errorf("the CDK wants version %d in %s, and we look for %d in %s",
			got.RequiresBootstrapStackVersion, got.BootstrapStackVersionSsmParameter, cdkbootstrap.Version, cdkbootstrap.Parameter)
	}
}
