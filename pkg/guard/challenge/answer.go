package challenge

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// answer is what a checker said, as far as it is looked at.
type answer struct {
	success   bool
	hostname  string
	action    string
	hasAction bool
	score     float64
	hasScore  bool
	codes     []string
}

var errAnswer = errors.New("the checker's answer is none")

// parse reads an answer. A member that is looked at and has another type than it should is no
// answer; so is one that is there twice. Null is as good as absent, except for success.
func parse(body []byte) (*answer, error) {
	decoder := jsontext.NewDecoder(bytes.NewReader(body))
	members := map[string]jsontext.Value{}
	value, err := decoder.ReadValue()
	if err != nil || value.Kind() != jsontext.KindBeginObject || json.Unmarshal(value, &members) != nil {
		return nil, errAnswer
	}
	if _, err := decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errAnswer
	}
	given := func(name string) (jsontext.Value, bool) {
		value, ok := members[name]
		return value, ok && value.Kind() != jsontext.KindNull
	}
	a := &answer{}
	success, ok := members["success"]
	if !ok || json.Unmarshal(success, &a.success) != nil || success.Kind() == jsontext.KindNull {
		return nil, errAnswer
	}
	if value, ok := given("hostname"); ok && json.Unmarshal(value, &a.hostname) != nil {
		return nil, errAnswer
	}
	if value, ok := given("action"); ok {
		// Turnstile gives an empty one where the widget has none.
		if json.Unmarshal(value, &a.action) != nil {
			return nil, errAnswer
		}
		a.hasAction = a.action != ""
	}
	if value, ok := given("score"); ok {
		if json.Unmarshal(value, &a.score) != nil {
			return nil, errAnswer
		}
		a.hasScore = true
	}
	if value, ok := given("error-codes"); ok {
		a.codes = readCodes(value)
	}
	return a, nil
}

// readCodes returns the first codes that look like one, for the log.
func readCodes(value jsontext.Value) []string {
	const most, longest = 3, 40
	var all, codes []string
	if json.Unmarshal(value, &all) != nil {
		return nil
	}
	for _, code := range all {
		if code != "" && len(code) <= longest && strings.Trim(code, "abcdefghijklmnopqrstuvwxyz-") == "" && len(codes) < most {
			codes = append(codes, code)
		}
	}
	return codes
}
