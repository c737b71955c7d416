package web_test

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	infobipotp "github.com/seed-a131a524/infobip-otp"
)

var (
	codesOfModule = regexp.MustCompile(`(?s)export const codes = .*?\]\)\)`)
	statesOfType  = regexp.MustCompile(`@typedef \{([^}]*)\} CodeState`)
	quotedWord    = regexp.MustCompile(`'([a-z_]+)'`)
	member        = regexp.MustCompile(`(\w+)(\?)?:`)
)

// description is openapi.yaml.
func description(t *testing.T) map[string]any {
	t.Helper()
	var all map[string]any
	if err := yaml.Unmarshal([]byte(infobipotp.OpenAPI), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func module(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("otp.js")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestEveryDescribedCodeIsKnown: what openapi.yaml lists as a code or a state, otp.js has a type for.
func TestEveryDescribedCodeIsKnown(t *testing.T) {
	all := description(t)
	for name, c := range map[string]struct {
		known []string
		least int
	}{
		"code":  {words(codesOfModule.FindString(module(t))), 25},
		"state": {words(statesOfType.FindString(module(t))), 4},
	} {
		served := enumsOf(all, name)
		if len(served) < c.least {
			t.Errorf("openapi.yaml has %d of %s: %v", len(served), name, served)
		}
		for _, word := range served {
			if !slices.Contains(c.known, word) {
				t.Errorf("otp.js does not know the %s %s", name, word)
			}
		}
	}
}

// TestModuleImportsNothing: otp.js is whole by itself, so that it can be copied.
func TestModuleImportsNothing(t *testing.T) {
	if found := regexp.MustCompile(`(?m)^\s*(?:import\b|export\b.*\bfrom\b).*|\b(?:import|require)\s*\(.*`).FindString(module(t)); found != "" {
		t.Errorf("otp.js imports: %s", found)
	}
	var manifest map[string]any
	text, err := os.ReadFile("package.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	if shipped := manifest["dependencies"]; shipped != nil {
		t.Errorf("package.json has dependencies of what is shipped: %v", shipped)
	}
}

// TestRequestsAndAnswersAreDescribed: what can be sent has its member in the types, with the same need, and what otp.js reads
// of an answer is a member of it.
func TestRequestsAndAnswersAreDescribed(t *testing.T) {
	schemas := description(t)["components"].(map[string]any)["schemas"].(map[string]any)
	text := module(t)
	for _, name := range []string{"SendRequest", "ResendRequest", "VerifyRequest"} {
		declared := regexp.MustCompile(`@typedef \{(.*)\} ` + name + ` \*/`).FindStringSubmatch(text)
		if declared == nil {
			t.Fatalf("otp.js has no type %s", name)
		}
		optional := map[string]bool{"phoneNumber": false, "email": false} // the type Recipient: one of them
		for _, found := range member.FindAllStringSubmatch(declared[1], -1) {
			optional[found[1]] = found[2] == "?"
		}
		required := strings.Join(stringsOf(schemas[name].(map[string]any)["required"]), " ")
		for property := range schemas[name].(map[string]any)["properties"].(map[string]any) {
			isOptional, known := optional[property]
			if !known {
				t.Errorf("%s of otp.js lacks %s", name, property)
			}
			if needed := strings.Contains(required, property); known && property != "email" && property != "phoneNumber" && needed == isOptional {
				t.Errorf("%s.%s is optional: %t, required: %t", name, property, isOptional, needed)
			}
		}
	}
	for schema, read := range map[string][]string{
		"Receipt": {"message", "verificationId", "expiresIn", "expiresAt", "resendIn", "resendAt"},
		"Success": {"message", "proof"}, "Refusal": {"error", "code"}, "RefusalToWait": {"retryAfter"}, "Guess": {"attemptsRemaining", "state"},
	} {
		described := propertiesOf(schemas[schema])
		for _, name := range read {
			if !slices.Contains(described, name) {
				t.Errorf("otp.js reads %s of a %s, which has %v", name, schema, described)
			}
			if !strings.Contains(text, name) {
				t.Errorf("otp.js does not read %s of a %s", name, schema)
			}
		}
	}
}

// enumsOf collects the values that a member may have, wherever one of the name is described.
func enumsOf(node any, name string) []string {
	var found []string
	switch node := node.(type) {
	case map[string]any:
		for key, value := range node {
			if described, ok := value.(map[string]any); ok && key == name {
				found = append(found, stringsOf(described["enum"])...)
			}
			found = append(found, enumsOf(value, name)...)
		}
	case []any:
		for _, value := range node {
			found = append(found, enumsOf(value, name)...)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// propertiesOf collects the names of a schema's members, and of those that it is made of.
func propertiesOf(schema any) []string {
	described, _ := schema.(map[string]any)
	properties, _ := described["properties"].(map[string]any)
	names := slices.Collect(maps.Keys(properties))
	parts, _ := described["allOf"].([]any)
	for _, part := range parts {
		names = append(names, propertiesOf(part)...)
	}
	return names
}

func stringsOf(list any) []string {
	values, _ := list.([]any)
	var texts []string
	for _, value := range values {
		if text, ok := value.(string); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

func words(text string) []string {
	var found []string
	for _, match := range quotedWord.FindAllStringSubmatch(text, -1) {
		found = append(found, match[1])
	}
	return found
}
