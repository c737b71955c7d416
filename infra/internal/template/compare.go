package template

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Difference is one value that two templates do not agree on. A side without it is empty; a value
// is its JSON.
type Difference struct {
	Path        string // such as SendFunction.Properties.MemorySize
	Left, Right string
}

func (d Difference) String() string {
	shown := func(side string) string {
		if side == "" {
			return "nothing"
		}
		return side
	}
	return fmt.Sprintf("%s: %s in one, %s in the other", d.Path, shown(d.Left), shown(d.Right))
}

// Allowed is a difference that has a reason. Path is the path of the difference, or ends in a dot
// for all below it.
type Allowed struct {
	Path   string
	Reason string
}

func (a Allowed) covers(path string) bool {
	return a.Path == path || strings.HasSuffix(a.Path, ".") && strings.HasPrefix(path, a.Path)
}

// Compare says, resource by resource, where left and right differ.
func Compare(left, right Template) []Difference {
	leftFacts, rightFacts := left.Facts(), right.Facts()
	var differences []Difference
	for path, value := range leftFacts {
		if rightFacts[path] != value {
			differences = append(differences, Difference{Path: path, Left: value, Right: rightFacts[path]})
		}
	}
	for path, value := range rightFacts {
		if _, both := leftFacts[path]; !both {
			differences = append(differences, Difference{Path: path, Right: value})
		}
	}
	slices.SortFunc(differences, func(a, b Difference) int { return strings.Compare(a.Path, b.Path) })
	return differences
}

// Except takes the allowed differences out, and returns those that none of the differences needed.
func Except(differences []Difference, allowed []Allowed) ([]Difference, []Allowed) {
	used := make([]bool, len(allowed))
	var remaining []Difference
	for _, difference := range differences {
		at := slices.IndexFunc(allowed, func(a Allowed) bool { return a.covers(difference.Path) })
		if at < 0 {
			remaining = append(remaining, difference)
			continue
		}
		used[at] = true
	}
	var idle []Allowed
	for i, a := range allowed {
		if !used[i] {
			idle = append(idle, a)
		}
	}
	return remaining, idle
}

// Facts returns all values of a template by their paths, each as its JSON.
func (t Template) Facts() map[string]string {
	facts := map[string]string{}
	for name, resource := range t.Resources {
		facts[name+".Type"] = encode(resource.Type)
		if resource.DeletionPolicy != "" {
			facts[name+".DeletionPolicy"] = encode(resource.DeletionPolicy)
		}
		if resource.UpdateReplacePolicy != "" {
			facts[name+".UpdateReplacePolicy"] = encode(resource.UpdateReplacePolicy)
		}
		if resource.Condition != "" {
			facts[name+".Condition"] = encode(resource.Condition)
		}
		collect(facts, name+".Properties", resource.Properties)
		collect(facts, name+".UpdatePolicy", resource.UpdatePolicy)
	}
	for name, output := range t.Outputs {
		collect(facts, "Outputs."+name, output)
	}
	return facts
}

func collect(facts map[string]string, path string, value any) {
	switch value := value.(type) {
	case map[string]any:
		for name, element := range value {
			collect(facts, path+"."+name, element)
		}
	case []any:
		// The order matters for some lists, so it is compared for all.
		for i, element := range value {
			collect(facts, fmt.Sprintf("%s[%d]", path, i), element)
		}
		facts[path+".length"] = encode(len(value))
	default:
		facts[path] = encode(value)
	}
}

func encode(value any) string {
	data, err := json.Marshal(value)
	if err != nil {
		panic("template: a value that came from a template is no JSON: " + err.Error())
	}
	return string(data)
}
