package storetest

import (
	"reflect"
	"testing"
)

// missing fails if the sample leaves a field of the aggregate at zero everywhere it
// occurs: such a field could be forgotten by a store, and the suite would not notice.
func missing(t *testing.T, sample any) {
	t.Helper()
	set := map[string]bool{}
	walk(reflect.ValueOf(sample), "", set)
	for field, ok := range set {
		if !ok {
			t.Errorf("the suite's sample has no value in %s", field)
		}
	}
}

func walk(v reflect.Value, path string, set map[string]bool) {
	switch {
	case v.Kind() == reflect.Slice:
		set[path] = set[path] || v.Len() > 0
		for i := range v.Len() {
			walk(v.Index(i), path+"[]", set)
		}
	case v.Kind() == reflect.Struct && v.NumField() > 0 && v.Type().Field(0).IsExported():
		for i := range v.NumField() {
			walk(v.Field(i), path+"."+v.Type().Field(i).Name, set)
		}
	default:
		set[path] = set[path] || !v.IsZero()
	}
}
