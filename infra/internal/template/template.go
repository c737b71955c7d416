// Package template reads CloudFormation templates, from JSON as the CDK writes them and from YAML
// with SAM's shorthand, into one plain form that two of them can be compared in.
//
// It understands what our templates use and reports everything else: a property that it would
// pass over is one that no comparison sees.
package template

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// Template is a template with every intrinsic function written as text: a reference to the table
// is "${Table}", its address "${Table.Arn}", a join or a substitution the text with such
// references in it.
type Template struct {
	Resources map[string]Resource
	Outputs   map[string]any
}

// Resource is one resource. Metadata and the order of creation are left out: neither says what
// there is afterwards.
type Resource struct {
	Type                string
	Properties          map[string]any
	DeletionPolicy      string
	UpdateReplacePolicy string
	UpdatePolicy        map[string]any
	Condition           string // without which it is not there; see Assume
}

// LoadCDK reads a template of the CDK and gives its resources the names they have in the
// construct named id: OtpTableFFF72E7F is Table. That of a published version has a hash of the
// function behind it, and has its name without.
func LoadCDK(path, id string) (Template, error) {
	return load(path, func(name string) string { return NameInCDK(name, id) })
}

// LoadJSON reads a template as it is.
func LoadJSON(path string) (Template, error) {
	return load(path, func(name string) string { return name })
}

func load(path string, rename func(string) string) (Template, error) {
	data, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return Template{}, fmt.Errorf("reading a template: %w", err)
	}
	var document map[string]any
	err = json.Unmarshal(data, &document)
	if err != nil {
		return Template{}, fmt.Errorf("reading %s: %w", path, err)
	}
	return build(document, rename)
}

// NameInCDK returns the name that a logical id has in the construct named id.
func NameInCDK(logical, id string) string {
	path := `^` + regexp.QuoteMeta(id) + `([A-Za-z0-9]+)[0-9A-F]{8}`
	for _, form := range []string{path + `[0-9a-f]{32}$`, path + `$`} {
		if match := regexp.MustCompile(form).FindStringSubmatch(logical); match != nil {
			return match[1]
		}
	}
	return logical
}

// build turns a parsed document into a Template.
func build(document map[string]any, rename func(string) string) (Template, error) {
	resources, err := member(document, "Resources")
	if err != nil {
		return Template{}, err
	}
	t := Template{Resources: map[string]Resource{}, Outputs: map[string]any{}}
	for name, value := range resources {
		plain, err := render(value, rename)
		if err != nil {
			return Template{}, fmt.Errorf("resource %s: %w", name, err)
		}
		resource, err := newResource(plain)
		if err != nil {
			return Template{}, fmt.Errorf("resource %s: %w", name, err)
		}
		if _, twice := t.Resources[rename(name)]; twice {
			return Template{}, fmt.Errorf("two resources would be called %s", rename(name))
		}
		t.Resources[rename(name)] = resource
	}
	outputs, err := member(document, "Outputs")
	if err != nil {
		return Template{}, err
	}
	for name, value := range outputs {
		t.Outputs[name], err = render(value, rename)
		if err != nil {
			return Template{}, fmt.Errorf("output %s: %w", name, err)
		}
	}
	return t, nil
}

func newResource(value any) (Resource, error) {
	members, ok := value.(map[string]any)
	if !ok {
		return Resource{}, fmt.Errorf("is %T, not an object", value)
	}
	resource := Resource{Properties: map[string]any{}}
	for name, value := range members {
		switch name {
		case "Type":
			resource.Type, ok = value.(string)
		case "Properties":
			resource.Properties, ok = value.(map[string]any)
		case "DeletionPolicy":
			resource.DeletionPolicy, ok = value.(string)
		case "UpdateReplacePolicy":
			resource.UpdateReplacePolicy, ok = value.(string)
		case "UpdatePolicy":
			resource.UpdatePolicy, ok = value.(map[string]any)
		case "Condition":
			resource.Condition, ok = value.(string)
		case "Metadata", "DependsOn":
		default:
			return Resource{}, fmt.Errorf("has %s, which is not understood here", name)
		}
		if !ok {
			return Resource{}, fmt.Errorf("has a %s of type %T", name, value)
		}
	}
	return resource, nil
}

func member(document map[string]any, name string) (map[string]any, error) {
	value, there := document[name]
	if !there {
		return nil, nil
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s is %T, not an object", name, value)
	}
	return object, nil
}

// Resolve puts values in the place of references; a reference without a value stays.
func (t Template) Resolve(values map[string]string) Template {
	return t.mapped(func(value any) any { return resolve(value, values) })
}

// mapped returns a template of the changed properties and outputs.
func (t Template) mapped(change func(any) any) Template {
	mapped := Template{Resources: map[string]Resource{}, Outputs: map[string]any{}}
	for name, resource := range t.Resources {
		resource.Properties, _ = change(resource.Properties).(map[string]any)
		if resource.UpdatePolicy != nil {
			resource.UpdatePolicy, _ = change(resource.UpdatePolicy).(map[string]any)
		}
		mapped.Resources[name] = resource
	}
	for name, output := range t.Outputs {
		mapped.Outputs[name] = change(output)
	}
	return mapped
}

func resolve(value any, values map[string]string) any {
	switch value := value.(type) {
	case map[string]any:
		resolved := make(map[string]any, len(value))
		for name, element := range value {
			resolved[name] = resolve(element, values)
		}
		return resolved
	case []any:
		resolved := make([]any, len(value))
		for i, element := range value {
			resolved[i] = resolve(element, values)
		}
		return resolved
	case string:
		return placeholder.ReplaceAllStringFunc(value, func(found string) string {
			known, there := values[found[2:len(found)-1]]
			if !there {
				return found
			}
			return known
		})
	default:
		return value
	}
}
