// Package settings reads environment variables into typed values, and reports all
// that is wrong with them at once. Empty means unset. No error shows a value: some
// variables are keys.
package settings

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

// Reader reads variables and collects what is wrong with them.
type Reader struct {
	getenv func(string) string
	faults []error
}

// NewReader reads through getenv, which is os.Getenv or stands for it.
func NewReader(getenv func(string) string) *Reader { return &Reader{getenv: getenv} }

// Fault reports a variable whose value is not of the accepted form.
func (r *Reader) Fault(name, form string) {
	r.faults = append(r.faults, fmt.Errorf("%s must be %s", name, form))
}

// Err gives all faults, or nil.
func (r *Reader) Err() error { return errors.Join(r.faults...) }

// Text gives the value as it is.
func (r *Reader) Text(name, otherwise string) string {
	if value := r.getenv(name); value != "" {
		return value
	}
	return otherwise
}

// Number gives a whole number within bounds.
func (r *Reader) Number(name string, otherwise, least, most int) int {
	value := r.getenv(name)
	if value == "" {
		return otherwise
	}
	number, err := strconv.Atoi(value)
	if err != nil || number < least || number > most {
		r.Fault(name, fmt.Sprintf("a whole number from %d to %d", least, most))
		return otherwise
	}
	return number
}

// Truth gives true for "true"; unset is false.
func (r *Reader) Truth(name string) bool {
	switch r.getenv(name) {
	case "", "false":
		return false
	case "true":
		return true
	}
	r.Fault(name, "true or false")
	return false
}

// Duration gives a duration in Infobip's notation, within bounds.
func (r *Reader) Duration(name string, otherwise, least, most time.Duration) time.Duration {
	value := r.getenv(name)
	if value == "" {
		return otherwise
	}
	duration, err := rate.ParseDuration(value)
	if err != nil || duration < least || duration > most {
		r.Fault(name, fmt.Sprintf("a duration such as 30s, 10m or 1d, from %s to %s",
			rate.FormatDuration(least), rate.FormatDuration(most)))
		return otherwise
	}
	return duration
}

// Rate gives a rate in Infobip's notation, with 1 to most attempts in a window of a
// second to a year.
func (r *Reader) Rate(name string, otherwise rate.Rate, most int) rate.Rate {
	const year = 365 * rate.Day
	value := r.getenv(name)
	if value == "" {
		return otherwise
	}
	parsed, err := rate.Parse(value)
	if err != nil || parsed.Attempts < 1 || parsed.Attempts > most || parsed.Window < time.Second || parsed.Window > year {
		r.Fault(name, fmt.Sprintf("a rate such as 5/15m or 3/1d, with 1 to %d attempts in 1s to 365d", most))
		return otherwise
	}
	return parsed
}
