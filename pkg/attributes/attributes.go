// Package attributes writes and reads the attributes of DynamoDB items by hand. Items are
// mapped so for three reasons: an operator reads the names in the console, empty values take
// no bytes of the kilobyte that makes one write unit, and no reflection is linked into the
// functions.
package attributes

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Item is an item, or a map in one.
type Item = map[string]types.AttributeValue

// Text returns a string attribute.
func Text(value string) types.AttributeValue { return &types.AttributeValueMemberS{Value: value} }

// Number returns a number attribute.
func Number(value int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(value, 10)}
}

// PutText sets an attribute unless the value is empty.
func PutText(e Item, name, value string) {
	if value != "" {
		e[name] = Text(value)
	}
}

// PutNumber sets an attribute unless the value is zero.
func PutNumber(e Item, name string, value int64) {
	if value != 0 {
		e[name] = Number(value)
	}
}

// PutTime writes milliseconds since 1970, unless the time is zero.
func PutTime(e Item, name string, value time.Time) {
	if !value.IsZero() {
		PutNumber(e, name, value.UnixMilli())
	}
}

// TTL returns a time to live, which counts in seconds and must not come early.
func TTL(keep time.Time) int64 { return keep.Add(time.Second - 1).Unix() }

// NewRevision returns what tells one write of an item from every other: 96 random bits, enough
// never to meet themselves again on one item.
func NewRevision() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Reader takes attributes out of an item and remembers the first that is not of the kind it
// should be: state that cannot be read must not pass as state that is not there. What is
// absent is empty, or zero.
type Reader struct {
	Item Item
	// Err is what was wrong first; nil if nothing was.
	Err error
}

// Note remembers an error, unless there was one before.
func (r *Reader) Note(err error) {
	if r.Err == nil {
		r.Err = err
	}
}

// WrongKind notes that an attribute is not of its kind. Its value is not shown.
func (r *Reader) WrongKind(name string) {
	r.Note(fmt.Errorf("attribute %s is not of its kind", name))
}

// Text returns a string.
func (r *Reader) Text(name string) string {
	value, ok := r.Item[name]
	if !ok {
		return ""
	}
	s, ok := value.(*types.AttributeValueMemberS)
	if !ok {
		r.WrongKind(name)
		return ""
	}
	return s.Value
}

// Integer returns a whole number.
func (r *Reader) Integer(name string) int64 {
	value, ok := r.Item[name]
	if !ok {
		return 0
	}
	n, ok := value.(*types.AttributeValueMemberN)
	if !ok {
		r.WrongKind(name)
		return 0
	}
	i, err := strconv.ParseInt(n.Value, 10, 64)
	if err != nil {
		r.WrongKind(name)
	}
	return i
}

// Time returns a moment that PutTime wrote.
func (r *Reader) Time(name string) time.Time {
	ms := r.Integer(name)
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// Map returns a map, and reports whether it is there.
func (r *Reader) Map(name string) (Item, bool) {
	value, ok := r.Item[name]
	if !ok {
		return nil, false
	}
	m, ok := value.(*types.AttributeValueMemberM)
	if !ok {
		r.WrongKind(name)
		return nil, false
	}
	return m.Value, true
}

// List returns a list's values.
func (r *Reader) List(name string) []types.AttributeValue {
	value, ok := r.Item[name]
	if !ok {
		return nil
	}
	l, ok := value.(*types.AttributeValueMemberL)
	if !ok {
		r.WrongKind(name)
		return nil
	}
	return l.Value
}

// Texts returns a list of strings.
func (r *Reader) Texts(name string) []string {
	return elements(r, name, func(s *types.AttributeValueMemberS) string { return s.Value })
}

// Maps returns a list of maps.
func (r *Reader) Maps(name string) []Item {
	return elements(r, name, func(m *types.AttributeValueMemberM) Item { return m.Value })
}

// elements returns a list whose values are all of one kind.
func elements[K types.AttributeValue, V any](r *Reader, name string, valueOf func(K) V) []V {
	var values []V
	for _, value := range r.List(name) {
		kind, ok := value.(K)
		if !ok {
			r.WrongKind(name)
			return nil
		}
		values = append(values, valueOf(kind))
	}
	return values
}
