package template

import (
	"fmt"
	"regexp"
	"strings"
)

var placeholder = regexp.MustCompile(`\$\{([^!}][^}]*)\}`)

// render replaces intrinsic functions by text and takes all numbers as float64, as JSON has them.
func render(value any, rename func(string) string) (any, error) {
	switch value := value.(type) {
	case map[string]any:
		chosen, found, err := choice(value, rename)
		if found {
			return chosen, err
		}
		text, found, err := intrinsic(value, rename)
		if found || err != nil {
			return text, err
		}
		plain := make(map[string]any, len(value))
		for name, element := range value {
			plain[name], err = render(element, rename)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
		return plain, nil
	case []any:
		plain := make([]any, len(value))
		for i, element := range value {
			var err error
			plain[i], err = render(element, rename)
			if err != nil {
				return nil, fmt.Errorf("element %d: %w", i, err)
			}
		}
		return plain, nil
	case int:
		return float64(value), nil
	default:
		return value, nil
	}
}

// intrinsic writes a call of an intrinsic function as text.
func intrinsic(call map[string]any, rename func(string) string) (string, bool, error) {
	if len(call) != 1 {
		return "", false, nil
	}
	for name, argument := range call {
		switch name {
		case "Ref":
			target, ok := argument.(string)
			if !ok {
				return "", true, fmt.Errorf("a Ref of %v", argument)
			}
			return "${" + rename(target) + "}", true, nil
		case "Fn::GetAtt":
			parts, ok := argument.([]any)
			if !ok || len(parts) != 2 {
				return "", true, fmt.Errorf("Fn::GetAtt of %v", argument)
			}
			return fmt.Sprintf("${%s.%v}", rename(fmt.Sprint(parts[0])), parts[1]), true, nil
		case "Fn::Sub":
			text, err := substitute(argument, rename)
			return text, true, err
		case "Fn::Join":
			text, err := join(argument, rename)
			return text, true, err
		case "Fn::Select":
			text, err := selected(argument, rename)
			return text, true, err
		}
		if strings.HasPrefix(name, "Fn::") {
			return "", true, fmt.Errorf("%s is not understood here", name)
		}
	}
	return "", false, nil
}

// substitute does Fn::Sub: a text, or a text and the values of names in it.
func substitute(argument any, rename func(string) string) (string, error) {
	text, isText := argument.(string)
	values := map[string]any{}
	if !isText {
		arguments, _ := argument.([]any)
		if len(arguments) != 2 {
			return "", fmt.Errorf("Fn::Sub of %v", argument)
		}
		text, isText = arguments[0].(string)
		given, isObject := arguments[1].(map[string]any)
		if !isText || !isObject {
			return "", fmt.Errorf("Fn::Sub of %v", argument)
		}
		for name, value := range given {
			var err error
			values[name], err = render(value, rename)
			if err != nil {
				return "", fmt.Errorf("Fn::Sub: %w", err)
			}
		}
	}
	return placeholder.ReplaceAllStringFunc(text, func(found string) string {
		name := found[2 : len(found)-1]
		if value, given := values[name]; given {
			return fmt.Sprint(value)
		}
		target, attribute, has := strings.Cut(name, ".")
		if !has {
			return "${" + rename(target) + "}"
		}
		return "${" + rename(target) + "." + attribute + "}"
	}), nil
}

func join(argument any, rename func(string) string) (string, error) {
	arguments, ok := argument.([]any)
	if !ok || len(arguments) != 2 {
		return "", fmt.Errorf("Fn::Join of %v", argument)
	}
	separator, isText := arguments[0].(string)
	elements, isList := arguments[1].([]any)
	if !isText || !isList {
		return "", fmt.Errorf("Fn::Join of %v", argument)
	}
	texts := make([]string, len(elements))
	for i, element := range elements {
		plain, err := render(element, rename)
		if err != nil {
			return "", fmt.Errorf("Fn::Join: %w", err)
		}
		texts[i], ok = plain.(string)
		if !ok {
			return "", fmt.Errorf("Fn::Join has an element of type %T", plain)
		}
	}
	return strings.Join(texts, separator), nil
}

// selected does Fn::Select where it takes a part of a reference that Fn::Split cuts: the third of
// AWS::StackId by slashes is "${AWS::StackId/2}".
func selected(argument any, rename func(string) string) (string, error) {
	unknown := fmt.Errorf("Fn::Select of %v", argument)
	arguments, _ := argument.([]any)
	if len(arguments) != 2 {
		return "", unknown
	}
	split, _ := arguments[1].(map[string]any)
	parts, _ := split["Fn::Split"].([]any)
	if len(parts) != 2 {
		return "", unknown
	}
	separator, isText := parts[0].(string)
	cut, err := render(parts[1], rename)
	if err != nil {
		return "", fmt.Errorf("Fn::Select: %w", err)
	}
	reference, isReference := cut.(string)
	if whole := placeholder.FindString(reference); !isText || !isReference || whole == "" || whole != reference {
		return "", unknown
	}
	return fmt.Sprintf("%s%s%v}", strings.TrimSuffix(reference, "}"), separator, arguments[0]), nil
}
