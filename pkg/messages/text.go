package messages

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// textFaults returns what is wrong with a text, whatever its channel.
func textFaults(text string) []string {
	var faults []string
	if text == "" {
		return []string{"the text is empty"}
	}
	if text != strings.TrimFunc(text, unicode.IsSpace) {
		faults = append(faults, "the text begins or ends with a space or a line break (a block that begins with |- has none at its end)")
	}
	for _, r := range text {
		if isControl(r) {
			faults = append(faults, fmt.Sprintf("the text has the control character %U, which no phone shows", r))
			break
		}
	}
	return append(faults, placeholderFaults(text)...)
}

// isControl reports whether a character has no place in a text. A line break has; marks of
// direction have too, for right-to-left texts need them beside a code.
func isControl(r rune) bool {
	const (
		lineSeparator      = '\u2028'
		paragraphSeparator = '\u2029'
		byteOrderMark      = '\uFEFF'
	)
	return r != '\n' && unicode.IsControl(r) || r == lineSeparator || r == paragraphSeparator || r == byteOrderMark || r == utf8.RuneError
}

// placeholderFaults returns what is wrong with the places that Infobip fills: {{pin}} once,
// spelled so, and nothing else in double braces.
func placeholderFaults(text string) []string {
	var faults []string
	pins := 0
	misspelt := false
	for rest := text; ; {
		before, after, found := strings.Cut(rest, "{{")
		if strings.Contains(before, "}}") {
			faults = append(faults, "}} has no {{ before it")
		}
		if !found {
			break
		}
		name, behind, closed := strings.Cut(after, "}}")
		switch {
		case !closed:
			faults = append(faults, "{{ has no }} behind it")
			behind = ""
		case name == "pin" && strings.HasPrefix(behind, "}"):
			faults = append(faults, "a brace stands right behind {{pin}}")
			behind = strings.TrimLeft(behind, "}")
			pins++
		case name == "pin":
			pins++
		case strings.EqualFold(strings.TrimFunc(name, unicode.IsSpace), "pin"):
			faults = append(faults, fmt.Sprintf("{{%s}} is not filled: write {{pin}}, in small letters and without spaces", quotable(name)))
			misspelt = true
		default:
			faults = append(faults, fmt.Sprintf("{{%s}} is a placeholder that nobody fills: {{pin}} is the only one", quotable(name)))
		}
		rest = behind
	}
	switch {
	case pins == 0 && !misspelt:
		faults = append(faults, "the text has no {{pin}}, where the code goes")
	case pins > 1:
		faults = append(faults, fmt.Sprintf("the text has {{pin}} %d times, want once", pins))
	}
	return faults
}

// quotable shortens what a file has, and makes it harmless to print.
func quotable(text string) string {
	const enough = 40
	shown := 0
	return strings.Map(func(r rune) rune {
		shown++
		switch {
		case shown > enough+1:
			return -1
		case shown > enough:
			return '…'
		case isControl(r) || r == '\n' || !unicode.IsPrint(r):
			return '·'
		}
		return r
	}, text)
}
