package attributes_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/attributes"
)

var moment = time.UnixMilli(1_773_342_238_001).UTC()

func TestWhatIsWrittenIsRead(t *testing.T) {
	item := attributes.Item{}
	attributes.PutText(item, "text", "a")
	attributes.PutNumber(item, "number", -7)
	attributes.PutTime(item, "time", moment)
	attributes.PutText(item, "no text", "")
	attributes.PutNumber(item, "no number", 0)
	attributes.PutTime(item, "no time", time.Time{})
	if len(item) != 3 {
		t.Errorf("%d attributes, want three: what is empty takes no room", len(item))
	}
	item["map"] = &types.AttributeValueMemberM{Value: attributes.Item{"inner": attributes.Text("b")}}
	item["texts"] = &types.AttributeValueMemberL{Value: []types.AttributeValue{attributes.Text("c"), attributes.Text("d")}}
	item["maps"] = &types.AttributeValueMemberL{Value: []types.AttributeValue{item["map"]}}
	r := attributes.Reader{Item: item}
	inner, ok := r.Map("map")
	maps := r.Maps("maps")
	if r.Text("text") != "a" || r.Integer("number") != -7 || !r.Time("time").Equal(moment) || !ok || len(inner) != 1 || len(maps) != 1 {
		t.Errorf("it is read as %q, %d, %v, %v, %v", r.Text("text"), r.Integer("number"), r.Time("time"), inner, maps)
	}
	if diff := cmp.Diff([]string{"c", "d"}, r.Texts("texts")); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
	_, ok = r.Map("absent")
	if r.Text("absent") != "" || r.Integer("absent") != 0 || !r.Time("absent").IsZero() || ok || r.Texts("absent") != nil || r.Err != nil {
		t.Errorf("what is absent is read, with %v", r.Err)
	}
}

// TestOfAnotherKind: an attribute that is there and cannot be read is an error that names it
// and does not show it, and the first error stays.
func TestOfAnotherKind(t *testing.T) {
	canary := &types.AttributeValueMemberBOOL{Value: true}
	item := attributes.Item{
		"odd": canary, "no number": &types.AttributeValueMemberN{Value: "canary"},
		"list": &types.AttributeValueMemberL{Value: []types.AttributeValue{canary}},
	}
	for name, read := range map[string]func(*attributes.Reader){
		"text":           func(r *attributes.Reader) { r.Text("odd") },
		"integer":        func(r *attributes.Reader) { r.Integer("odd") },
		"no number":      func(r *attributes.Reader) { r.Integer("no number") },
		"map":            func(r *attributes.Reader) { r.Map("odd") },
		"list":           func(r *attributes.Reader) { r.List("odd") },
		"texts in lists": func(r *attributes.Reader) { r.Texts("list") },
		"maps in lists":  func(r *attributes.Reader) { r.Maps("list") },
	} {
		r := attributes.Reader{Item: item}
		read(&r)
		if r.Err == nil || !strings.HasSuffix(r.Err.Error(), " is not of its kind") || strings.Contains(r.Err.Error(), "canary") {
			t.Errorf("%s: the error is %v", name, r.Err)
		}
		first := r.Err
		r.Note(errors.New("another"))
		if !errors.Is(r.Err, first) {
			t.Errorf("%s: the first error is forgotten", name)
		}
	}
}

// TestTTL: DynamoDB counts in seconds, and what is kept until a moment is there until then.
func TestTTL(t *testing.T) {
	for moment, want := range map[time.Time]int64{time.Unix(7, 0): 7, time.Unix(7, 1): 8, time.Unix(7, 999_999_999): 8} {
		if got := attributes.TTL(moment); got != want {
			t.Errorf("the TTL of %v is %d, want %d", moment, got, want)
		}
	}
}
