package messages

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip"
)

const schemaFile = "../../messages.schema.json"

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft7) // so that the schema has to say its own
	compiled, err := compiler.Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if compiled.DraftVersion != 2020 {
		t.Fatalf("the schema is of %d, want 2020-12", compiled.DraftVersion)
	}
	return compiled
}

// valueOf is a file as an editor holds it against a schema, and whether it is one at all.
func valueOf(text string) (any, bool) {
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		return nil, false
	}
	data, err := json.Marshal(value)
	if err != nil {
		return nil, false // names that are no texts, or no number that JSON has
	}
	value, err = jsonschema.UnmarshalJSON(strings.NewReader(string(data)))
	return value, err == nil
}

// TestSchemaAndReaderAgree: an editor takes what the reader takes, and refuses what the
// reader refuses wherever a schema can. What it cannot is marked in the corpus.
func TestSchemaAndReaderAgree(t *testing.T) {
	compiled := schema(t)
	for _, s := range specimens {
		value, ok := valueOf(s.text)
		if !ok {
			if s.schema || len(s.faults) == 0 {
				t.Errorf("%s: no value that a schema could judge", s.name)
			}
			continue
		}
		err := compiled.Validate(value)
		if refused := err != nil; refused != s.schema {
			t.Errorf("%s: the schema refuses it: %t, want %t: %v", s.name, refused, s.schema, err)
		}
		if s.schema && len(s.faults) == 0 {
			t.Errorf("%s: the schema refuses a file that the reader takes", s.name)
		}
	}
}

// TestSchemaRefusesEachText that the reader refuses, and no other.
func TestSchemaRefusesEachText(t *testing.T) {
	compiled := schema(t)
	for _, text := range []string{
		"", "no", "{{pin}} {{pin}}", "{{ pin }}", "{{PIN}}", "{{pin}} {{", "{{pin}} {{name}}", "{{pin", "{{pi}} {{pin}}", "{{p {{pin}}",
		"}} {{pin}}", "{{pin}}}", "{{{pin}}}", "{{pin}}}}", "{{pin}}\n", " {{pin}}", "{{pin}}\t", "{{pin}}\x07a", "{{pin}}\u2028a", "{{pin}}\u0085a",
		"{{pin}}", "{{pin}} {a} }{ {", "{a{{pin}}", "a\n{{pin}}\nb", "{{pin}} \u200f{", "{ {{pin}} }", "p}} {{pin}}", "{{pin}}-}}",
	} {
		faults := textFaults(text)
		err := compiled.Validate(map[string]any{"default": "en", "voice": map[string]any{"en": text}})
		if (err != nil) != (len(faults) > 0) {
			t.Errorf("%q: the reader says %q, the schema %v", text, faults, err)
		}
	}
}

// TestSchemaOfOurs: the file that ships names the schema, and is one of it.
func TestSchemaOfOurs(t *testing.T) {
	data, err := ReadFile("../../messages.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if first, _, _ := strings.Cut(string(data), "\n"); first != "# yaml-language-server: $schema=messages.schema.json" {
		t.Errorf("the first line is %q: editors do not find the schema", first)
	}
	value, _ := valueOf(string(data))
	if err := schema(t).Validate(value); err != nil {
		t.Error(err)
	}
}

// TestSchemaKnowsTheLanguages that the provider speaks, and no others.
func TestSchemaKnowsTheLanguages(t *testing.T) {
	data, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	type object = map[string]any
	var root object
	if err := json.Unmarshal(data, &root); err != nil {
		t.Fatal(err)
	}
	at := any(root)
	for _, member := range []string{"$defs", "messages", "additionalProperties", "else", "properties", "language", "enum"} {
		at = at.(object)[member]
	}
	var got []string
	for _, language := range at.([]any) {
		got = append(got, language.(string))
	}
	if diff := cmp.Diff(infobip.Languages, got); diff != "" {
		t.Errorf("-provider +schema:\n%s", diff)
	}
}
