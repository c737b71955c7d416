package infobip

import (
	"bytes"
	"errors"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// object is a JSON object as the provider sent it. Its members are looked at one
// by one: a member that we do not need, is null or has a surprising type does
// not spoil the others, which a struct with types would do.
//
// It is read by jsontext rather than encoding/json because that one matches
// names without regard to case and lets the last of two equal names win. An
// answer that says verified twice says nothing.
type object map[string]jsontext.Value

// parseObject reads one object, and nothing else, from data.
func parseObject(data []byte) (object, bool) {
	decoder := jsontext.NewDecoder(bytes.NewReader(data))
	opening, err := decoder.ReadToken()
	if err != nil || opening.Kind() != jsontext.KindBeginObject {
		return nil, false
	}
	members := object{}
	for decoder.PeekKind() == jsontext.KindString {
		name, err := decoder.ReadToken()
		if err != nil {
			return nil, false
		}
		key := name.String() // before the next read, which voids the token
		value, err := decoder.ReadValue()
		if err != nil {
			return nil, false
		}
		members[key] = value.Clone()
	}
	_, err = decoder.ReadToken()
	if err != nil {
		return nil, false
	}
	_, err = decoder.ReadToken()
	if !errors.Is(err, io.EOF) {
		return nil, false
	}
	return members, true
}

// parseArray returns the elements of an array that was read before, or none.
func parseArray(value jsontext.Value) []jsontext.Value {
	decoder := jsontext.NewDecoder(bytes.NewReader(value))
	opening, err := decoder.ReadToken()
	if err != nil || opening.Kind() != jsontext.KindBeginArray {
		return nil
	}
	var elements []jsontext.Value
	for decoder.PeekKind() != jsontext.KindEndArray {
		element, err := decoder.ReadValue()
		if err != nil {
			return nil
		}
		elements = append(elements, element.Clone())
	}
	return elements
}

// text returns a string member, or the empty string if it is anything else.
func (o object) text(name string) string { return textOf(o[name]) }

func textOf(value jsontext.Value) string {
	if value.Kind() != jsontext.KindString {
		return ""
	}
	text, err := jsontext.AppendUnquote(nil, value)
	if err != nil {
		return ""
	}
	return string(text)
}

// isTrue reports whether a member is there and is the JSON literal true.
func (o object) isTrue(name string) bool { return o[name].Kind() == jsontext.KindTrue }

// isFalse reports whether a member is there and is the JSON literal false.
func (o object) isFalse(name string) bool { return o[name].Kind() == jsontext.KindFalse }

// has reports whether a member is there and is not null.
func (o object) has(name string) bool {
	value, found := o[name]
	return found && value.Kind() != jsontext.KindNull
}

// holds reports whether a member is there and is neither null nor empty.
func (o object) holds(name string) bool {
	value := o[name]
	switch value.Kind() {
	case jsontext.KindBeginObject:
		return len(o.object(name)) > 0
	case jsontext.KindBeginArray:
		return len(parseArray(value)) > 0
	case jsontext.KindString:
		return textOf(value) != ""
	}
	return o.has(name)
}

// object returns a member that is an object, or an empty one.
func (o object) object(name string) object {
	member, _ := parseObject(o[name])
	return member
}

// noneLeft reports whether a member is a number that is zero or less.
func (o object) noneLeft(name string) bool {
	value := o[name]
	if value.Kind() != jsontext.KindNumber {
		return false
	}
	left, err := strconv.ParseFloat(string(value), 64)
	return err == nil && left <= 0
}
