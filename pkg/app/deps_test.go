package app

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const configPackage = "github.com/aws/aws-sdk-go-v2/config"

// Profiles and single sign-on are for operators. A function has its credentials in the
// environment.
func TestFunctionsDoNotLinkTheSDKsConfig(t *testing.T) {
	for _, from := range []string{"./functions/...", "./cmd/local", "./pkg/..."} {
		deps := dependencies(t, from)
		if !slices.Contains(deps, "github.com/aws/aws-sdk-go-v2/aws") {
			t.Fatalf("go list -deps %s does not name the SDK: this test looks at the wrong packages", from)
		}
		if slices.Contains(deps, configPackage) {
			t.Errorf("%s imports %s: the SSO, STS and sign-in packages that it links double a cold start; "+
				"make clients from explicit options, as NewDynamoDB does", from, configPackage)
		}
	}
	if !slices.Contains(dependencies(t, "./cmd/otpctl"), configPackage) {
		t.Fatalf("cmd/otpctl does not import %s: this test looks for the wrong package", configPackage)
	}
}

// Clients of the releases from 15 September 2026 on build the schemas of every operation before
// main: half of what a function's start costs over a hello-world's. A newer release has to be
// measured (make bench) before this test is changed.
func TestFunctionsDoNotLinkSchemas(t *testing.T) {
	clients := 0
	for _, dep := range dependencies(t, "./functions/...") {
		service, ok := strings.CutPrefix(dep, "github.com/aws/aws-sdk-go-v2/service/")
		switch {
		case ok && strings.HasSuffix(service, "/schemas"):
			t.Errorf("the functions link %s", dep)
		case ok && !strings.Contains(service, "/"):
			clients++
		}
	}
	if clients == 0 {
		t.Fatal("the functions link no client: this test looks for the wrong packages")
	}
}

// Texts reach the functions as settings. The file of them is for operators and local runs, and
// a parser of YAML is no part of a function.
func TestFunctionsDoNotReadMessages(t *testing.T) {
	const messages, yaml = "github.com/seed-a131a524/infobip-otp/pkg/messages", "go.yaml.in/yaml/"
	readers := func(from string) []string {
		return slices.DeleteFunc(dependencies(t, from), func(dep string) bool {
			return dep != messages && !strings.HasPrefix(dep, yaml)
		})
	}
	if found := readers("./functions/..."); len(found) > 0 {
		t.Errorf("the functions link %q", found)
	}
	if len(readers("./pkg/messages")) < 2 {
		t.Fatal("pkg/messages links no YAML: this test looks for the wrong packages")
	}
}

func dependencies(t *testing.T, packages string) []string {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", packages)
	list.Dir = "../.."
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list -deps %s: %v", packages, err)
	}
	return strings.Fields(string(out))
}
