package main

import "strings"

// line is one of an environment file.
type line struct{ name, value string }

// String writes the line as shells, Docker's Compose, make deploy and make run read it alike:
// bare where that is safe, else between single quotes, in which nothing is expanded.
func (l line) String() string { return l.name + "=" + quoted(l.value) }

func quoted(value string) string {
	const bare = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,=*+@%"
	if strings.Trim(value, bare) == "" {
		return value
	}
	if !strings.Contains(value, "'") {
		return "'" + value + "'"
	}
	// Between double quotes these have a meaning.
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(value) + `"`
}
