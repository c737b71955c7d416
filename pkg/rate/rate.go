// Package rate reads and writes the two small notations of Infobip 2FA:
// a duration such as 10m and a rate such as 1/3s.
//
//	duration  ^(\d*)(ms|s|m|h|d)$         10m, 500ms, m (= 1m)
//	rate      ^(\d+)/(\d*)(ms|s|m|h|d)$   1/3s, 10000/1d, 5/h (= 5/1h)
//
// A day is 24 hours. The gateway's own settings (IP_SEND_LIMIT=5/15m) use the
// same notation, so that one value can be compared with the provider's.
// The package knows the notation only: whether zero, or a year, makes sense is
// for the caller to say. It is not a replacement for [time.ParseDuration]:
// fractions, signs and sums such as 1h30m are refused.
package rate

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Day is the length of the unit d.
const Day = 24 * time.Hour

// unit is one suffix of the notation.
type unit struct {
	suffix string
	length time.Duration
}

// units runs from the longest to the shortest, which is the order in which
// FormatDuration tries them. Parsing has to try ms before m and s.
var units = []unit{
	{"d", Day},
	{"h", time.Hour},
	{"m", time.Minute},
	{"s", time.Second},
	{"ms", time.Millisecond},
}

// ParseDuration reads a duration. Without a number, one unit is meant. Zero is
// well formed. The error quotes the value and says the accepted form.
func ParseDuration(s string) (time.Duration, error) {
	duration, ok := parseDuration(s)
	if !ok {
		return 0, fmt.Errorf("%s is not a duration: use a whole number and ms, s, m, h or d, such as 10m", quote(s))
	}
	return duration, nil
}

// FormatDuration writes d in the longest unit that divides it, so that
// ParseDuration gives d back. The notation has nothing below a millisecond and
// no sign: what is below is cut off, and a negative duration is written as 0s.
func FormatDuration(d time.Duration) string {
	d = d.Truncate(time.Millisecond)
	if d <= 0 {
		return "0s"
	}
	for _, u := range units {
		if d%u.length == 0 {
			return strconv.FormatInt(int64(d/u.length), 10) + u.suffix
		}
	}
	panic("rate: a whole number of milliseconds has no unit")
}

// Rate is a number of attempts in a window of time.
type Rate struct {
	Attempts int
	Window   time.Duration
}

// Parse reads a rate. No attempts (0/1d) is well formed and means none at
// all; an empty window (5/0s) is refused, because no count can be kept in it.
// The error quotes the value and says the accepted form.
func Parse(s string) (Rate, error) {
	attempts, window, found := strings.Cut(s, "/")
	if !found || attempts == "" {
		return Rate{}, badRate(s)
	}
	count, ok := parseDigits(attempts, math.MaxInt)
	if !ok {
		return Rate{}, badRate(s)
	}
	length, ok := parseDuration(window)
	if !ok || length == 0 {
		return Rate{}, badRate(s)
	}
	return Rate{Attempts: int(count), Window: length}, nil
}

// String writes the rate so that Parse gives it back.
func (r Rate) String() string {
	return strconv.Itoa(r.Attempts) + "/" + FormatDuration(r.Window)
}

func badRate(s string) error {
	return fmt.Errorf("%s is not a rate: use attempts/[n]unit with the units ms, s, m, h and d, such as 5/15m", quote(s))
}

func parseDuration(s string) (time.Duration, bool) {
	digits := strings.TrimRight(s, "dhms")
	suffix := s[len(digits):]
	for _, u := range units {
		if u.suffix != suffix {
			continue
		}
		if digits == "" {
			return u.length, true
		}
		count, ok := parseDigits(digits, int64(math.MaxInt64/u.length))
		if !ok {
			return 0, false
		}
		return time.Duration(count) * u.length, true
	}
	return 0, false
}

// parseDigits reads ASCII digits only: strconv alone would take a sign.
func parseDigits(s string, limit int64) (int64, bool) {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	value, err := strconv.ParseInt(s, 10, 64)
	if err != nil || value > limit {
		return 0, false
	}
	return value, true
}

// quote shows a bad value in an error without letting it fill the log.
func quote(s string) string {
	const most = 40
	if len(s) > most {
		return strconv.Quote(s[:most]) + "…"
	}
	return strconv.Quote(s)
}
