package infobip

import (
	"maps"
	"slices"
	"strings"
	"unicode"
)

// validationErrors reads the legacy envelope's reasons, which are an object of
// lists of sentences by member; its text if there are none.
func validationErrors(exception object) []string {
	var reasons []string
	members := exception.object("validationErrors")
	for _, member := range slices.Sorted(maps.Keys(members)) {
		for _, why := range parseArray(members[member]) {
			reasons = append(reasons, member+": "+textOf(why))
		}
	}
	if text := exception.text("text"); len(reasons) == 0 && text != "" {
		reasons = append(reasons, text)
	}
	return reasons
}

// violations reads the newer envelope's reasons; its description if there are none.
func violations(answer object) []string {
	var reasons []string
	for _, value := range parseArray(answer["violations"]) {
		violation, _ := parseObject(value)
		if len(violation) > 0 {
			reasons = append(reasons, violation.text("property")+": "+violation.text("violation"))
		}
	}
	if text := answer.text("description"); len(reasons) == 0 && text != "" {
		reasons = append(reasons, text)
	}
	return reasons
}

// details puts the reasons for refused settings into lines: printable, short, few,
// and without the secrets.
func (r refusal) details(secrets []string) []string {
	const most, longest = 10, 200
	var lines []string
	for _, line := range r.reasons {
		for _, secret := range secrets {
			line = strings.ReplaceAll(line, secret, "…")
		}
		line = strings.Map(func(c rune) rune {
			if !unicode.IsPrint(c) {
				return ' '
			}
			return c
		}, line)
		if runes := []rune(line); len(runes) > longest {
			line = string(runes[:longest]) + "…"
		}
		if len(lines) < most {
			lines = append(lines, line)
		}
	}
	return lines
}
