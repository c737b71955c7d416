package simulator

import (
	"errors"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// decode reads a body into a request type. JSON itself is read strictly in
// either mode (no duplicate members, valid UTF-8, one value, exact letter case);
// unknown members are refused in strict mode only. An empty body is an empty
// object: whether a body is needed was decided before.
func (s *Simulator) decode(body []byte, into any) *refusal {
	if len(body) == 0 {
		return nil
	}
	if first := jsontext.Value(body).Kind(); first != '{' {
		bad := refuse(http.StatusBadRequest).withText("The body must be a JSON object")
		return &bad
	}
	err := json.Unmarshal(body, into, json.RejectUnknownMembers(s.options.Strict))
	if err == nil {
		return nil
	}
	semantic, ok := errors.AsType[*json.SemanticError](err)
	if !ok {
		bad := refuse(http.StatusBadRequest).withText("The body must be a JSON object")
		return &bad
	}
	member := memberName(semantic.JSONPointer)
	why := "has the wrong type"
	switch {
	case errors.Is(err, json.ErrUnknownName):
		why = "unknown member"
	case semantic.JSONKind == '0':
		why = "is a number of the wrong kind or out of range"
	}
	bad := invalid(member, why)
	return &bad
}

// memberName writes a JSON pointer as the vendor writes nested members: a.b.
func memberName(pointer jsontext.Pointer) string {
	var tokens []string
	for token := range pointer.Tokens() {
		tokens = append(tokens, token)
	}
	return strings.Join(tokens, ".")
}

// checks collects the reasons why a request is bad, by member.
type checks map[string][]string

func (c checks) add(member, why string) { c[member] = append(c[member], why) }

// require adds a reason unless the condition holds.
func (c checks) require(holds bool, member, why string) {
	if !holds {
		c.add(member, why)
	}
}

// refusal is a bad request with all the reasons, or nil if there is none.
func (c checks) refusal() *refusal {
	if len(c) == 0 {
		return nil
	}
	bad := refuse(http.StatusBadRequest)
	bad.violations = c
	return &bad
}

// override returns the new value where a request has one: a PUT keeps the rest.
func override[T any](current *T, given *T) *T {
	if given != nil {
		return given
	}
	return current
}
