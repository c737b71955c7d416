package props

import "strings"

// isToken reports whether only the deployment knows a value, or a part of it: the CDK writes the
// name of a token in its place, one for a text and another for an element of a list.
func isToken(value string) bool {
	return strings.Contains(value, "${Token[") || strings.Contains(value, "#{Token[")
}

// known is a value that can be looked at; nothing of a token.
func known(value string) string {
	if isToken(value) {
		return ""
	}
	return value
}
