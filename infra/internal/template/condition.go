package template

import "fmt"

// nothing is what AWS::NoValue is, written as text.
const nothing = "${AWS::NoValue}"

// choice reads a call of Fn::If: the condition's name and the two values, which stay what they
// are until Assume.
func choice(call map[string]any, rename func(string) string) (map[string]any, bool, error) {
	argument, found := call["Fn::If"]
	if !found || len(call) != 1 {
		return nil, false, nil
	}
	arguments, _ := argument.([]any)
	if len(arguments) != 3 {
		return nil, true, fmt.Errorf("Fn::If of %v", argument)
	}
	rendered := []any{arguments[0], nil, nil}
	for i := 1; i < len(arguments); i++ {
		var err error
		rendered[i], err = render(arguments[i], rename)
		if err != nil {
			return nil, true, fmt.Errorf("Fn::If: %w", err)
		}
	}
	return map[string]any{"Fn::If": rendered}, true, nil
}

// Assume returns the template with its conditions decided: without the resources whose condition does
// not hold, and with one of the two values of each Fn::If. A condition that is not named does
// not hold.
func (t Template) Assume(conditions ...string) Template {
	holds := map[string]bool{}
	for _, condition := range conditions {
		holds[condition] = true
	}
	kept := Template{Resources: map[string]Resource{}, Outputs: t.Outputs}
	for name, resource := range t.Resources {
		if resource.Condition != "" && !holds[resource.Condition] {
			continue
		}
		resource.Condition = ""
		kept.Resources[name] = resource
	}
	return kept.mapped(func(value any) any { return decide(value, holds) })
}

func decide(value any, holds map[string]bool) any {
	switch value := value.(type) {
	case map[string]any:
		if arguments, is := value["Fn::If"].([]any); is {
			condition, _ := arguments[0].(string)
			if holds[condition] {
				return decide(arguments[1], holds)
			}
			return decide(arguments[2], holds)
		}
		decided := make(map[string]any, len(value))
		for name, element := range value {
			if element = decide(element, holds); element != nothing {
				decided[name] = element
			}
		}
		return decided
	case []any:
		decided := []any{}
		for _, element := range value {
			if element = decide(element, holds); element != nothing {
				decided = append(decided, element)
			}
		}
		return decided
	default:
		return value
	}
}
