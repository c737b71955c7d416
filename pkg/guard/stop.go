package guard

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/phone"
)

// Scope is what a stop is about: the deliveries to a region, those by a channel, or those
// that are both. An empty part means any, so the zero Scope is every delivery.
type Scope struct {
	Region  string
	Channel otp.Channel
}

// ParseScope returns the scope of a region's code and a channel's word, each of which may
// be empty.
func ParseScope(region, channel string) (Scope, error) {
	s := Scope{Region: region, Channel: otp.Channel(channel)}
	switch {
	case region != "" && !phone.IsRegion(region):
		return Scope{}, fmt.Errorf("there is no region %.20q: use an ISO 3166 code in capitals such as AT, or 001", region)
	case channel != "" && !slices.Contains(otp.Channels(), s.Channel):
		return Scope{}, fmt.Errorf("there is no channel %.20q: use %s", channel, otp.Alternatives())
	case region != "" && s.Channel == otp.Email:
		return Scope{}, errors.New("an e-mail address has no region: leave it away")
	}
	return s, nil
}

// holds reports whether a delivery is within the scope.
func (s Scope) holds(region string, channel otp.Channel) bool {
	return (s.Region == "" || s.Region == region) && (s.Channel == "" || s.Channel == channel)
}

// String is the scope as it stands behind "stopped:" in logs.
func (s Scope) String() string {
	switch {
	case s.Region != "" && s.Channel != "":
		return string(s.Channel) + " to " + s.Region
	case s.Region != "":
		return "everything to " + s.Region
	case s.Channel != "":
		return string(s.Channel)
	}
	return "everything"
}

// Stop is an operator's order not to send.
type Stop struct {
	Scope
	Since time.Time
	// Until ends the stop by itself; zero leaves it to the operator.
	Until time.Time
	// Reason is the operator's own text, for other operators and the log.
	Reason string
}

// Bounds of what an operator may write. All orders together are part of an item that every
// send reads, so they stay within what one read unit reads (4 KB).
const (
	maxReason = 100
	maxStops  = 16
)

// OrderError is an order that makes no sense. Its text is for the operator who gave it.
type OrderError struct{ sentence string }

func (e *OrderError) Error() string { return e.sentence }

var (
	errReason = &OrderError{fmt.Sprintf("a reason has 1 to %d bytes of printable text in one line", maxReason)}
	errUntil  = &OrderError{"a stop ends in the future"}

	errRaise    = &OrderError{"a raise is an amount above 0"}
	errRaiseEnd = &OrderError{"a raise ends in the future"}
	errStops    = &OrderError{fmt.Sprintf("there are %d stops already: stop a whole channel or everything, or change the settings", maxStops)}
)

func checkReason(reason string) error {
	printable := func(r rune) bool { return unicode.IsPrint(r) && r != utf8.RuneError }
	plain := strings.TrimSpace(reason) != "" && !strings.ContainsFunc(reason, func(r rune) bool { return !printable(r) })
	if !plain || len(reason) > maxReason {
		return errReason
	}
	return nil
}

// over reports whether the stop has ended by itself.
func (s Stop) over(now time.Time) bool { return !s.Until.IsZero() && !now.Before(s.Until) }

// Start is an operator's order to send again.
type Start struct {
	Scope
	At     time.Time
	Reason string
}

// Orders are what operators have written into an item. Who writes replaces all of them, if
// nobody else wrote in between.
type Orders struct {
	Stops []Stop
	// Started is the last stop that an operator ended.
	Started Start
	// Raise is what a limit is raised by.
	Raise Raise
}

// Stop returns the orders with one stop more, in the place of an earlier one of its scope.
// Those that are over are dropped.
func (o Orders) Stop(now time.Time, s Stop) (Orders, error) {
	if err := checkReason(s.Reason); err != nil {
		return o, err
	}
	if s.over(now) {
		return o, errUntil
	}
	s.Since = now.UTC().Truncate(time.Millisecond)
	s.Until = s.Until.UTC().Truncate(time.Millisecond)
	o.Stops = o.Active(now)
	o.Stops = slices.DeleteFunc(o.Stops, func(other Stop) bool { return other.Scope == s.Scope })
	if len(o.Stops) >= maxStops {
		return o, errStops
	}
	o.Stops = append(o.Stops, s)
	return o, nil
}

// Start returns the orders without the stop of a scope, and reports whether there was one.
func (o Orders) Start(now time.Time, s Start) (Orders, bool, error) {
	if err := checkReason(s.Reason); err != nil {
		return o, false, err
	}
	active := o.Active(now)
	stops := slices.DeleteFunc(slices.Clone(active), func(stop Stop) bool { return stop.Scope == s.Scope })
	if len(stops) == len(active) {
		return o, false, nil
	}
	s.At = now.UTC().Truncate(time.Millisecond)
	o.Stops, o.Started = stops, s
	return o, true, nil
}

// Active returns the stops that are not over.
func (o Orders) Active(now time.Time) []Stop {
	return slices.DeleteFunc(slices.Clone(o.Stops), func(s Stop) bool { return s.over(now) })
}

// stopped returns the stop that holds a delivery up the longest.
func (o Orders) stopped(now time.Time, region string, channel otp.Channel) (Stop, bool) {
	var longest Stop
	found := false
	for _, s := range o.Active(now) {
		later := s.Until.IsZero() || !longest.Until.IsZero() && s.Until.After(longest.Until)
		if s.holds(region, channel) && (!found || later) {
			longest, found = s, true
		}
	}
	return longest, found
}

// openEnd is what a client is told to wait for a stop whose end nobody knows.
const openEnd = 15 * time.Minute

// refusal is what a stopped delivery is refused with. Its cause is for the log.
func (s Stop) refusal(now time.Time) *otp.Error {
	wait := openEnd
	if !s.Until.IsZero() {
		wait = s.Until.Sub(now)
	}
	return &otp.Error{Reason: otp.TrafficLimited, RetryAfter: wait, Err: fmt.Errorf("stopped: %s: %s", s.Scope, s.Reason)}
}
