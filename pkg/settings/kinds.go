package settings

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

// Kind is what the value of a setting is.
type Kind interface {
	// Bounds says in a few words, for the tables, which values there are; empty where
	// that goes without saying.
	Bounds() string
	// fault returns the accepted form, to stand behind "must be", or nothing if value
	// is of it.
	fault(value string) string
}

// Rate is attempts in a window, in Infobip's notation.
type Rate struct{ Most int }

// The windows of rates.
const (
	shortestWindow = time.Second
	longestWindow  = 365 * rate.Day
)

func (k Rate) parse(value string) (rate.Rate, bool) {
	r, err := rate.Parse(value)
	return r, err == nil && r.Attempts >= 1 && r.Attempts <= k.Most && r.Window >= shortestWindow && r.Window <= longestWindow
}

func (k Rate) fault(value string) string {
	if _, ok := k.parse(value); ok {
		return ""
	}
	return fmt.Sprintf("a rate such as 5/15m or 3/1d, with 1 to %d attempts in 1s to 365d", k.Most)
}

// Bounds implements Kind.
func (k Rate) Bounds() string { return fmt.Sprintf("1 to %d attempts", k.Most) }

// Duration is a length of time in Infobip's notation.
type Duration struct{ Least, Most time.Duration }

func (k Duration) parse(value string) (time.Duration, bool) {
	d, err := rate.ParseDuration(value)
	return d, err == nil && d >= k.Least && d <= k.Most
}

func (k Duration) fault(value string) string {
	if _, ok := k.parse(value); ok {
		return ""
	}
	return "a duration such as 30s, 10m or 1d, from " + k.Bounds()
}

// Bounds implements Kind.
func (k Duration) Bounds() string {
	return rate.FormatDuration(k.Least) + " to " + rate.FormatDuration(k.Most)
}

// Number is a whole number.
type Number struct{ Least, Most int }

func (k Number) parse(value string) (int, bool) {
	n, err := strconv.Atoi(value)
	return n, err == nil && n >= k.Least && n <= k.Most
}

func (k Number) fault(value string) string {
	if _, ok := k.parse(value); ok {
		return ""
	}
	return "a whole number from " + k.Bounds()
}

// Bounds implements Kind.
func (k Number) Bounds() string { return fmt.Sprintf("%d to %d", k.Least, k.Most) }

// Truth is true or false.
type Truth struct{}

func (Truth) fault(value string) string {
	if value == "true" || value == "false" {
		return ""
	}
	return "true or false"
}

// Bounds implements Kind.
func (Truth) Bounds() string { return "`true`, `false`" }

// Word is one of a few words.
type Word struct{ Words []string }

func (k Word) fault(value string) string {
	if slices.Contains(k.Words, value) {
		return ""
	}
	return "one of " + strings.Join(k.Words, ", ")
}

// Bounds implements Kind.
func (k Word) Bounds() string { return "`" + strings.Join(k.Words, "`, `") + "`" }

// Text is any text, or one of a form that Accepts knows.
type Text struct {
	// Form is the accepted form, to stand behind "must be".
	Form    string
	Accepts func(string) bool
}

func (k Text) fault(value string) string {
	if k.Accepts == nil || k.Accepts(value) {
		return ""
	}
	return k.Form
}

// Bounds implements Kind.
func (Text) Bounds() string { return "" }

// List is elements with commas between them; spaces around an element count for nothing.
type List struct {
	// Form is the accepted form, to stand behind "must be".
	Form string
	// Words are the elements there are, if they can be listed.
	Words []string
	// Accepts, without Words, reports whether an element is one.
	Accepts func(string) bool
	// All allows the word all in place of a list.
	All bool
	// Shows reports whether a wrong element may be shown, because nothing secret looks
	// like it. Without it no element is shown.
	Shows func(string) bool
}

// all stands for every element.
const all = "all"

// parse returns the elements. All stands for every word, or for no restriction where the
// words cannot be listed.
func (k List) parse(value string) []string {
	if k.All && value == all {
		return slices.Clone(k.Words)
	}
	elements := strings.Split(value, ",")
	for i := range elements {
		elements[i] = strings.TrimSpace(elements[i])
	}
	return elements
}

func (k List) fault(value string) string {
	if k.All && value == all {
		return ""
	}
	for _, element := range k.parse(value) {
		if k.has(element) {
			continue
		}
		if k.Shows != nil && k.Shows(element) {
			return k.Form + ": " + element + " is none"
		}
		return k.Form
	}
	return ""
}

func (k List) has(element string) bool {
	if k.Words != nil {
		return slices.Contains(k.Words, element)
	}
	return k.Accepts(element)
}

// Bounds implements Kind.
func (k List) Bounds() string {
	words := k.Words
	if k.All {
		words = append(slices.Clip(words), all)
	}
	switch {
	case k.Words == nil && k.All:
		return "a list, or `all`"
	case k.Words == nil:
		return "a list"
	}
	return "a list of `" + strings.Join(words, "`, `") + "`"
}

// Throttle is a token bucket of API Gateway.
type Throttle struct{ Most int }

// Bucket is the value of a Throttle: requests a second, and the bucket's size.
type Bucket struct{ Rate, Burst int }

// String writes the bucket as a setting has it.
func (b Bucket) String() string { return fmt.Sprintf("%d/%d", b.Rate, b.Burst) }

func (k Throttle) parse(value string) (Bucket, bool) {
	first, second, found := strings.Cut(value, "/")
	persecond, err := strconv.Atoi(first)
	burst, err2 := strconv.Atoi(second)
	ok := found && err == nil && err2 == nil && persecond >= 1 && burst >= persecond && burst <= k.Most
	return Bucket{Rate: persecond, Burst: burst}, ok
}

func (k Throttle) fault(value string) string {
	if _, ok := k.parse(value); ok {
		return ""
	}
	return fmt.Sprintf("rate/burst such as 50/100: requests a second from 1 up, and a burst from that to %d", k.Most)
}

// Bounds implements Kind.
func (k Throttle) Bounds() string { return fmt.Sprintf("1/1 to %d/%d", k.Most, k.Most) }

// Notation is a value in a notation that another package reads.
type Notation[T any] struct {
	// Form is the accepted form, to stand behind "must be".
	Form  string
	Parse func(string) (T, error)
	// None allows the word none, which is the zero value.
	None bool
	// Explains: the parser's error says where the fault is and shows nothing of the value,
	// so it stands behind the form.
	Explains bool
	// Such is a value, for the tables.
	Such string
}

// none stands for nothing, where nothing has to be decided on.
const none = "none"

func (k Notation[T]) parse(value string) (T, bool) {
	if k.None && value == none {
		var zero T
		return zero, true
	}
	parsed, err := k.Parse(value)
	return parsed, err == nil
}

func (k Notation[T]) fault(value string) string {
	if _, ok := k.parse(value); ok {
		return ""
	}
	if k.None {
		return none + ", or " + k.Form
	}
	if k.Explains {
		_, err := k.Parse(value)
		return k.Form + ": " + err.Error()
	}
	return k.Form
}

// Bounds implements Kind.
func (k Notation[T]) Bounds() string {
	if k.None {
		return "such as `" + k.Such + "`, or `" + none + "`"
	}
	return "such as `" + k.Such + "`"
}
