package infra_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-a131a524/infobip-otp/infra/internal/template"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// watches reports whether resources of a type are there for on call alone.
func watches(kind string) bool {
	return slices.Contains([]string{
		"AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard", "AWS::Logs::MetricFilter", "AWS::Logs::QueryDefinition",
	}, kind)
}

// onPurpose are the only differences between a stack and template.yaml.
func onPurpose(d deployment) []template.Allowed {
	var allowed []template.Allowed
	for _, function := range []string{"SendFunction", "VerifyFunction", "DiscoveryFunction"} {
		allowed = append(allowed, template.Allowed{Path: function + ".Properties.Code.", Reason: "the CDK uploads a zip, SAM builds and packages a folder"},
			template.Allowed{Path: function + ".Properties.Code", Reason: "as above: one side has a text, the other an object"})
	}
	for function, program := range map[string]settings.Program{
		"SendFunction": settings.Send, "VerifyFunction": settings.Verify, "DiscoveryFunction": settings.Discovery,
	} {
		variables := d.Resources[function].Properties["Environment"].(object)["Variables"].(object)
		for _, s := range settings.All() {
			_, set := variables[s.Name]
			unset := s.Handed() && !set
			if s.ReadBy(program) && (s.Setter == settings.Developer || unset) {
				allowed = append(allowed, template.Allowed{
					Path:   function + ".Properties.Environment.Variables." + s.Name,
					Reason: "declared empty for --env-vars, which can only set what a template declares; empty means unset",
				})
			}
		}
	}
	for _, function := range []string{"VerifyFunction", "DiscoveryFunction"} {
		allowed = append(allowed, template.Allowed{
			Path:   function + ".Properties.Environment.Variables.PROOF_ISSUER",
			Reason: "SAM writes the functions into the API, so they cannot refer to it: a parameter says its address",
		})
	}
	for name, resource := range d.Resources {
		if watches(resource.Type) {
			allowed = append(allowed, template.Allowed{
				Path: name + ".", Reason: "template.yaml is for laptops and for looking around: what wakes somebody, and costs 13 dollars a month, is the stack's",
			})
		}
	}
	allowed = append(allowed, template.Allowed{
		Path: "ApiLogs.Properties.LogGroupName", Reason: "the construct's name is in it, since a stack may have two; SAM's stack has one",
	})
	const unpublished = "SAM's functions are called as they are: what a parameter says, such as ProofIssuer after the first deployment, would change no version, and `sam local` has none"
	for _, function := range []string{"Send", "Verify", "Discovery"} {
		allowed = append(allowed,
			template.Allowed{Path: function + "FunctionCurrentVersion.", Reason: unpublished},
			template.Allowed{Path: function + "Function.Properties.Description", Reason: "it names the release that a version is of, and " + unpublished},
			template.Allowed{Path: function + "Alias.", Reason: unpublished},
			template.Allowed{Path: "Outputs." + function + "AliasArn.", Reason: unpublished},
			template.Allowed{Path: function + "Integration.Properties.IntegrationUri", Reason: unpublished})
	}
	for _, route := range []string{"Send", "Resend", "Verify", "Default"} {
		allowed = append(allowed, template.Allowed{Path: route + "Permission.Properties.FunctionName", Reason: unpublished})
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
	stack := development(t)
	differences := template.Compare(stack.Template, sam.Assume("Proofs"))
	remaining, idle := template.Except(differences, onPurpose(stack))
	t.Logf("%d resources in the stack, %d in template.yaml; %d differences, %d of them on purpose",
		len(stack.Resources), len(sam.Resources), len(differences), len(differences)-len(remaining))
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
	for _, allowed := range onPurpose(development(t)) {
		function, variable, found := strings.Cut(allowed.Path, ".Properties.Environment.Variables.")
		if !found || variable == "PROOF_ISSUER" { // a parameter
			continue
		}
		variables := sam.Resources[function].Properties["Environment"].(object)["Variables"].(object)
		if variables[variable] != "" {
			t.Errorf("%s has %s=%v, want it declared and empty", function, variable, variables[variable])
		}
	}
}

// Who deploys the template without an issuer has no proofs, pays for no key, and no function may
// use one.
func TestTemplateWithoutAnIssuer(t *testing.T) {
	sam, err := template.LoadSAM(filepath.Join("..", "template.yaml"), map[string]string{"ProofIssuer": ""})
	if err != nil {
		t.Fatal(err)
	}
	without := sam.Assume()
	for name, resource := range without.Resources {
		if strings.Contains(fmt.Sprint(resource), "kms") || resource.Type == "AWS::KMS::Key" {
			t.Errorf("%s: %v", name, resource)
		}
	}
	for _, function := range []string{"VerifyFunction", "DiscoveryFunction"} {
		variables := without.Resources[function].Properties["Environment"].(object)["Variables"].(object)
		if variables["PROOF_ISSUER"] != "" || variables["PROOF_KEY"] != "" {
			t.Errorf("%s has PROOF_ISSUER=%v and PROOF_KEY=%v", function, variables["PROOF_ISSUER"], variables["PROOF_KEY"])
		}
	}
}
