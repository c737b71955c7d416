package infra_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-a131a524/infobip-otp/infra"
	"github.com/seed-a131a524/infobip-otp/infra/props"
)

func TestWrongPropsPlaceNothing(t *testing.T) {
	wrong := props.Default(assets)
	wrong.Stage = "Production!"
	wrong.LogRetentionDays = 31
	dir := t.TempDir()
	app := infra.NewApp(dir)
	_, _, err := infra.NewStack(app, wrong)
	if err == nil {
		t.Fatal("a stack was placed with wrong props")
	}
	for _, prop := range []string{"STAGE must be", "LOG_RETENTION_DAYS must be", "ALLOWED_REGIONS must be"} {
		if !strings.Contains(err.Error(), prop) {
			t.Errorf("error does not name %s:\n%v", prop, err)
		}
	}
	app.Synth(nil)
	templates, err := filepath.Glob(filepath.Join(dir, "*.template.json"))
	if err != nil || len(templates) != 0 {
		t.Errorf("templates %v (%v), want none", templates, err)
	}

	_, err = infra.NewService(app, "Otp", wrong)
	if err == nil || !strings.Contains(err.Error(), "STAGE must be") {
		t.Errorf("NewService: %v, want an error that names STAGE", err)
	}
}

// The same settings and zips give the same template, so that a deployment without a change
// changes nothing.
func TestSynthIsReproducible(t *testing.T) {
	want, err := os.ReadFile(development(t).path())
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(mustSynthesize(t, development(t).props).path())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Error("two runs gave two templates")
	}
}
