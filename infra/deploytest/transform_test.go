package deploytest

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/infra/internal/template"
)

// The comparison of template.yaml with the stack reads SAM's shorthand with code of ours
// (internal/template). Here the transform itself expands the same file, and the two must give the
// same resources, or the comparison would compare with something that nobody deploys.
func TestOurExpansionIsTheTransforms(t *testing.T) {
	path := filepath.Join(root, "template.yaml")
	ours, err := template.LoadSAM(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	theirs := transformed(t, path)

	ourRoutes, theirRoutes := map[string]string{}, routesOf(t, theirs.Resources["Api"].Properties["Body"])
	for name, resource := range ours.Resources {
		switch resource.Type {
		case "AWS::ApiGatewayV2::Route":
			key, _ := resource.Properties["RouteKey"].(string)
			target, _ := resource.Properties["Target"].(string)
			integration := strings.TrimSuffix(strings.TrimPrefix(target, "integrations/${"), "}")
			function, _ := ours.Resources[integration].Properties["IntegrationUri"].(string)
			ourRoutes[key] = function
			delete(ours.Resources, name)
		case "AWS::Lambda::Function":
			delete(resource.Properties, "Code")
			delete(theirs.Resources[name].Properties, "Code")
			// SAM's mark of origin.
			delete(theirs.Resources[name].Properties, "Tags")
		case "AWS::ApiGatewayV2::Api":
			// Theirs has name and protocol in the document.
			resource.Properties = map[string]any{}
			delete(theirs.Resources[name].Properties, "Body")
			ours.Resources[name] = resource
		case "AWS::ApiGatewayV2::Stage":
			delete(theirs.Resources[name].Properties, "Tags")
		}
	}
	maps.DeleteFunc(ours.Resources, func(_ string, r template.Resource) bool { return r.Type == "AWS::ApiGatewayV2::Integration" })
	if diff := cmp.Diff(theirRoutes, ourRoutes); diff != "" || len(ourRoutes) == 0 {
		t.Errorf("routes (-transform +ours):\n%s", diff)
	}
	for _, difference := range template.Compare(theirs, ours) {
		t.Errorf("the transform and ours differ in %s", difference)
	}
}

// transformed is what the transform's own code makes of the file, with the names that we give its
// resources.
func transformed(t *testing.T, path string) template.Template {
	t.Helper()
	python := filepath.Join(root, ".tools", "python", "bin", "python")
	command := exec.CommandContext(t.Context(), python, filepath.Join("testdata", "transform.py"), path)
	command.Env = append(os.Environ(), "AWS_DEFAULT_REGION="+region)
	var problems strings.Builder
	command.Stderr = &problems
	expanded, err := command.Output()
	if err != nil {
		t.Fatalf("running the transform (`make tools` installs it): %v\n%s", err, problems.String())
	}
	file := filepath.Join(t.TempDir(), "expanded.json")
	err = os.WriteFile(file, expanded, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := template.LoadJSON(file)
	if err != nil {
		t.Fatal(err)
	}
	permission := regexp.MustCompile(`^\w+Function(\w+Permission)$`)
	for name, resource := range loaded.Resources {
		renamed := permission.ReplaceAllString(name, "$1")
		if resource.Type == "AWS::ApiGatewayV2::Stage" {
			renamed = "Stage"
		}
		delete(loaded.Resources, name)
		loaded.Resources[renamed] = resource
	}
	return loaded
}

// routesOf reads an OpenAPI document of SAM: which function answers which route.
func routesOf(t *testing.T, document any) map[string]string {
	t.Helper()
	members, _ := document.(map[string]any)
	paths, _ := members["paths"].(map[string]any)
	function := regexp.MustCompile(`/functions/(\$\{\w+\.Arn\})/invocations$`)
	routes := map[string]string{}
	for path, methods := range paths {
		for method, operation := range methods.(map[string]any) {
			members, _ := operation.(map[string]any)
			integration, _ := members["x-amazon-apigateway-integration"].(map[string]any)
			uri, _ := integration["uri"].(string)
			match := function.FindStringSubmatch(uri)
			if match == nil || integration["type"] != "aws_proxy" || integration["payloadFormatVersion"] != "2.0" {
				t.Errorf("%s %s is answered by %v", method, path, integration)
				continue
			}
			key := strings.ToUpper(method) + " " + path
			if path == "$default" {
				key = path
			}
			routes[key] = match[1]
		}
	}
	return routes
}
