package infra_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-a131a524/infobip-otp/infra/internal/template"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// onPurpose are the only differences between the stack and template.yaml.
func onPurpose() []template.Allowed {
	var allowed []template.Allowed
	for _, function := range []string{"SendFunction", "VerifyFunction", "DiscoveryFunction"} {
		allowed = append(allowed, template.Allowed{Path: function + ".Properties.Code.", Reason: "the CDK uploads a zip, SAM builds and packages a folder"},
			template.Allowed{Path: function + ".Properties.Code", Reason: "as above: one side has a text, the other an object"})
	}
	for function, program := range map[string]settings.Program{"SendFunction": settings.Send, "VerifyFunction": settings.Verify} {
		for _, s := range settings.All() {
			unset := s.Handed() && s.Default == ""
			if s.ReadBy(program) && (s.Setter == settings.Developer || unset) {
				allowed = append(allowed, template.Allowed{
					Path:   function + ".Properties.Environment.Variables." + s.Name,
					Reason: "declared empty for --env-vars, which can only set what a template declares; empty means unset",
				})
			}
		}
	}
	return append(allowed, template.Allowed{
		Path: "Api.Properties.Name", Reason: "SAM names an API after the stack and has no property for it",
	})
}

func TestTemplatesAgree(t *testing.T) {
	sam, err := template.LoadSAM(filepath.Join("..", "template.yaml"), map[string]string{"Architecture": "arm64"})
	if err != nil {
		t.Fatal(err)
	}
	differences := template.Compare(development.Template, sam)
	remaining, idle := template.Except(differences, onPurpose())
	t.Logf("%d resources in the stack, %d in template.yaml; %d differences, %d of them on purpose",
		len(development.Resources), len(sam.Resources), len(differences), len(differences)-len(remaining))
	for _, difference := range remaining {
		t.Errorf("the stack and template.yaml differ in %s", difference)
	}
	for _, allowed := range idle {
		t.Errorf("%s is allowed to differ (%s) and does not: take it off the list", allowed.Path, allowed.Reason)
	}
}

// What is empty for local runs must be empty: a value there would be a value in a deployment.
func TestLocalVariablesAreEmpty(t *testing.T) {
	sam, err := template.LoadSAM(filepath.Join("..", "template.yaml"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, allowed := range onPurpose() {
		function, variable, found := strings.Cut(allowed.Path, ".Properties.Environment.Variables.")
		if !found {
			continue
		}
		variables := sam.Resources[function].Properties["Environment"].(object)["Variables"].(object)
		if variables[variable] != "" {
			t.Errorf("%s has %s=%v, want it declared and empty", function, variable, variables[variable])
		}
	}
}
