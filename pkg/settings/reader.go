package settings

import (
	"errors"
	"fmt"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

// Reader reads settings and collects what is wrong with them. A setting that is unset has
// its default, one whose value is refused too: the caller asks Err before it uses any.
//
// Its methods panic for a name that is not in the table, or is of another kind there.
type Reader struct {
	getenv func(string) string
	faults []error
}

// NewReader reads through getenv, which is os.Getenv or stands for it.
func NewReader(getenv func(string) string) *Reader { return &Reader{getenv: getenv} }

// Fault reports a setting whose value is not of the accepted form.
func (r *Reader) Fault(name, form string) { r.faults = append(r.faults, fault(name, form)) }

// Err returns all faults, or nil.
func (r *Reader) Err() error { return errors.Join(r.faults...) }

// fault is the one sentence about a value that is refused; nil without a form.
func fault(name, form string) error {
	if form == "" {
		return nil
	}
	return fmt.Errorf("%s must be %s", name, form)
}

// Text returns the value as it is.
func (r *Reader) Text(name string) string {
	value, _ := read[Text](r, name)
	return value
}

// Word returns one of the words.
func (r *Reader) Word(name string) string {
	value, _ := read[Word](r, name)
	return value
}

// Number returns a whole number; zero if it is unset and has no default.
func (r *Reader) Number(name string) int {
	value, kind := read[Number](r, name)
	n, _ := kind.parse(value)
	return n
}

// Truth reports whether the value is true.
func (r *Reader) Truth(name string) bool {
	value, _ := read[Truth](r, name)
	return value == "true"
}

// Duration returns a length of time; zero if it is unset and has no default.
func (r *Reader) Duration(name string) time.Duration {
	value, kind := read[Duration](r, name)
	d, _ := kind.parse(value)
	return d
}

// Rate returns attempts in a window; none if it is unset and has no default.
func (r *Reader) Rate(name string) rate.Rate {
	value, kind := read[Rate](r, name)
	parsed, _ := kind.parse(value)
	return parsed
}

// Throttle returns a bucket; an empty one if it is unset and has no default.
func (r *Reader) Throttle(name string) Bucket {
	value, kind := read[Throttle](r, name)
	bucket, _ := kind.parse(value)
	return bucket
}

// List returns the elements. The word all gives every word there is, or nil where those
// cannot be listed. Nil too if it is unset and has no default.
func (r *Reader) List(name string) []string {
	value, kind := read[List](r, name)
	if value == "" {
		return nil
	}
	return kind.parse(value)
}

// Value returns a value of a notation of another package; a zero one if it is unset and has
// no default.
func Value[T any](r *Reader, name string) T {
	s, kind := declared[Notation[T]](name)
	if value := r.getenv(name); value != "" {
		parsed, ok := kind.parse(value) // once: a list of messages is long
		if ok {
			return parsed
		}
		r.Fault(name, kind.fault(value))
	}
	var parsed T
	if s.Default != "" {
		parsed, _ = kind.parse(s.Default)
	}
	return parsed
}

// read returns the value of a setting, and its kind.
func read[K Kind](r *Reader, name string) (string, K) {
	s, kind := declared[K](name)
	return r.value(s), kind
}

// declared returns a setting and its kind.
func declared[K Kind](name string) (*Setting, K) {
	s := find(name)
	if s == nil {
		panic("settings: " + name + " is not in the table")
	}
	kind, ok := s.Kind.(K)
	if !ok {
		panic(fmt.Sprintf("settings: %s is a %T", name, s.Kind))
	}
	return s, kind
}

// value returns the default if the setting is unset or its value is refused.
func (r *Reader) value(s *Setting) string {
	value := r.getenv(s.Name)
	if value == "" {
		return s.Default
	}
	if form := s.Kind.fault(value); form != "" {
		r.Fault(s.Name, form)
		return s.Default
	}
	return value
}
