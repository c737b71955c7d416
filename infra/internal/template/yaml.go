package template

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// LoadSAM reads a template of SAM with its parameters at the given values (a parameter without
// one stays a reference), and does what the transform would do at deployment.
func LoadSAM(path string, parameters map[string]string) (Template, error) {
	data, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return Template{}, fmt.Errorf("reading a template: %w", err)
	}
	t, err := parseSAM(data, parameters)
	if err != nil {
		return Template{}, fmt.Errorf("reading %s: %w", path, err)
	}
	return t, nil
}

func parseSAM(data []byte, parameters map[string]string) (Template, error) {
	var root yaml.Node
	err := yaml.Unmarshal(data, &root)
	if err != nil {
		return Template{}, fmt.Errorf("parsing YAML: %w", err)
	}
	if len(root.Content) != 1 {
		return Template{}, fmt.Errorf("has %d documents", len(root.Content))
	}
	value, err := decode(root.Content[0], parameters)
	if err != nil {
		return Template{}, err
	}
	document, ok := value.(map[string]any)
	if !ok {
		return Template{}, fmt.Errorf("is %T, not an object", value)
	}
	t, err := build(document, func(name string) string { return name })
	if err != nil {
		return Template{}, err
	}
	return expand(t, document["Globals"])
}

// decode reads one node. The short tags are CloudFormation's. goformation reads them too, but drops
// in silence what it does not know (v7.14.9: the LoggingConfig of a SAM function), and a
// comparison must see everything.
func decode(node *yaml.Node, parameters map[string]string) (any, error) {
	if node.Kind == yaml.AliasNode {
		return decode(node.Alias, parameters)
	}
	value, err := decodeUntagged(node, parameters)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(node.Tag, "!") || strings.HasPrefix(node.Tag, "!!") {
		return value, nil
	}
	switch function := node.Tag[1:]; function {
	case "Ref":
		text, ok := value.(string)
		if !ok {
			return nil, fmt.Errorf("line %d: !Ref of %T", node.Line, value)
		}
		if parameter, known := parameters[text]; known {
			return parameter, nil
		}
		return map[string]any{"Ref": text}, nil
	case "GetAtt":
		text, _ := value.(string)
		target, attribute, found := strings.Cut(text, ".")
		if !found {
			return nil, fmt.Errorf("line %d: !GetAtt of %v", node.Line, value)
		}
		return map[string]any{"Fn::GetAtt": []any{target, attribute}}, nil
	default:
		return map[string]any{"Fn::" + function: value}, nil
	}
}

func decodeUntagged(node *yaml.Node, parameters map[string]string) (any, error) {
	switch node.Kind {
	case yaml.MappingNode:
		object := map[string]any{}
		for i := 0; i < len(node.Content); i += 2 {
			name := node.Content[i].Value
			if _, twice := object[name]; twice {
				return nil, fmt.Errorf("line %d: %s stands there twice", node.Content[i].Line, name)
			}
			value, err := decode(node.Content[i+1], parameters)
			if err != nil {
				return nil, err
			}
			object[name] = value
		}
		return object, nil
	case yaml.SequenceNode:
		list := make([]any, len(node.Content))
		for i, element := range node.Content {
			var err error
			list[i], err = decode(element, parameters)
			if err != nil {
				return nil, err
			}
		}
		return list, nil
	case yaml.ScalarNode:
		if strings.HasPrefix(node.Tag, "!") && !strings.HasPrefix(node.Tag, "!!") {
			return node.Value, nil
		}
		var value any
		err := node.Decode(&value)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", node.Line, err)
		}
		return value, nil
	default:
		return nil, fmt.Errorf("line %d: YAML of kind %d is not understood here", node.Line, node.Kind)
	}
}
