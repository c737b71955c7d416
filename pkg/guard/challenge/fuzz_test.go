package challenge

import (
	"encoding/json"
	"testing"
)

// FuzzAnswer: the answer crosses a network, and a yes is taken from no other bytes than a
// JSON object in which success is true.
func FuzzAnswer(f *testing.F) {
	for _, body := range []string{
		`{"success":true,"hostname":"example.com","action":"send","score":0.9}`, `{"success":false,"error-codes":["a-b",1]}`,
		`{"Success":true}`, `{"success":tru`, `{"success":true,"score":1e999}`, "{\"success\":true,\"hostname\":\"\xff\"}",
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := parse(body)
		if err != nil || !a.success {
			return
		}
		var members map[string]any
		if json.Unmarshal(body, &members) != nil || members["success"] != true {
			t.Errorf("%q is taken for a yes", body)
		}
	})
}
