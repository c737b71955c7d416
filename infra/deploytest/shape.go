package deploytest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// The SDK's structs have the names that CloudFormation's properties have, so properties become a
// request, and an answer becomes properties, by way of JSON.

// fill puts properties into a request. A property that the service's API does not know is an
// error: CloudFormation would have it from nowhere.
func fill(request any, properties map[string]any) error {
	data, err := json.Marshal(properties)
	if err != nil {
		return fmt.Errorf("writing properties: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	err = decoder.Decode(request)
	if err != nil {
		return fmt.Errorf("filling %T: %w", request, err)
	}
	return nil
}

// shape returns an answer, or a part of one, as properties: what it does not say is left out.
func shape(answer any) (any, error) {
	data, err := json.Marshal(answer)
	if err != nil {
		return nil, fmt.Errorf("writing an answer: %w", err)
	}
	var value any
	err = json.Unmarshal(data, &value)
	if err != nil {
		return nil, fmt.Errorf("reading an answer: %w", err)
	}
	return prune(value), nil
}

func prune(value any) any {
	object, ok := value.(map[string]any)
	if !ok {
		return value
	}
	for name, element := range object {
		element = prune(element)
		if empty(element) {
			delete(object, name)
			continue
		}
		object[name] = element
	}
	return object
}

func empty(value any) bool {
	if value == nil {
		return true
	}
	v := reflect.ValueOf(value)
	return (v.Kind() == reflect.Map || v.Kind() == reflect.Slice || v.Kind() == reflect.String) && v.Len() == 0
}

// pick copies the named members that are there.
func pick(from any, names ...string) map[string]any {
	object, _ := from.(map[string]any)
	picked := map[string]any{}
	for _, name := range names {
		if value, there := object[name]; there {
			picked[name] = value
		}
	}
	return picked
}
