package guard

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

var start = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestParseScope(t *testing.T) {
	for _, c := range []struct {
		region, channel, want string
		ok                    bool
	}{
		{"", "", "everything", true},
		{"AT", "", "everything to AT", true},
		{"001", "", "everything to 001", true},
		{"", "voice", "voice", true},
		{"DE", "sms", "sms to DE", true},
		{"at", "", `there is no region "at": use an ISO 3166 code in capitals such as AT, or 001`, false},
		{"XX", "", `there is no region "XX": use an ISO 3166 code in capitals such as AT, or 001`, false},
		{"AT,DE", "", `there is no region "AT,DE": use an ISO 3166 code in capitals such as AT, or 001`, false},
		{"", "SMS", `there is no channel "SMS": use sms, voice or email`, false},
		{"", "email", "email", true},
		{"AT", "email", "an e-mail address has no region: leave it away", false},
	} {
		scope, err := ParseScope(c.region, c.channel)
		got := scope.String()
		if err != nil {
			got = err.Error()
		}
		if got != c.want || (err == nil) != c.ok {
			t.Errorf("ParseScope(%q, %q): %s, want %s", c.region, c.channel, got, c.want)
		}
	}
}

// TestStopScopes asks every scope about every delivery.
func TestStopScopes(t *testing.T) {
	deliveries := []Scope{{"AT", otp.SMS}, {"AT", otp.Voice}, {"DE", otp.SMS}, {"DE", otp.Voice}, {"", otp.Email}}
	for _, c := range []struct {
		stop Scope
		want string // which of the deliveries are stopped
	}{
		{Scope{}, "11111"},
		{Scope{Region: "AT"}, "11000"},
		{Scope{Channel: otp.Voice}, "01010"},
		{Scope{Region: "DE", Channel: otp.Voice}, "00010"},
		{Scope{Region: "FR"}, "00000"},
	} {
		orders, err := Orders{}.Stop(start, Stop{Scope: c.stop, Reason: "test"})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, d := range deliveries {
			_, stopped := orders.stopped(start, d.Region, d.Channel)
			got += map[bool]string{true: "1", false: "0"}[stopped]
		}
		if got != c.want {
			t.Errorf("a stop of %s stops %s, want %s", c.stop, got, c.want)
		}
	}
}

// TestStopEnds: by itself where it has an end, and the wait that is told is true.
func TestStopEnds(t *testing.T) {
	orders, err := Orders{}.Stop(start, Stop{Until: start.Add(time.Hour), Reason: "test"})
	if err != nil {
		t.Fatal(err)
	}
	for after, want := range map[time.Duration]time.Duration{
		0: time.Hour, 59 * time.Minute: time.Minute, time.Hour - time.Millisecond: time.Millisecond, time.Hour: 0, 2 * time.Hour: 0,
	} {
		stop, stopped := orders.stopped(start.Add(after), "AT", otp.SMS)
		if stopped != (want > 0) {
			t.Errorf("after %s stopped is %v", after, stopped)
			continue
		}
		if stopped && stop.refusal(start.Add(after)).RetryAfter != want {
			t.Errorf("after %s the wait is %s, want %s", after, stop.refusal(start.Add(after)).RetryAfter, want)
		}
	}
	if got := len(orders.Active(start.Add(time.Hour))); got != 0 {
		t.Errorf("%d stops are active at their end", got)
	}
}

// TestLongestStop: of several that hold one delivery up, the last to end counts.
func TestLongestStop(t *testing.T) {
	at := func(hours int) time.Time {
		if hours == 0 {
			return time.Time{}
		}
		return start.Add(time.Duration(hours) * time.Hour)
	}
	scopes := []Scope{{}, {Region: "AT"}, {Channel: otp.SMS}}
	for _, c := range []struct {
		hours [3]int // 0 is open
		want  time.Duration
	}{
		{[3]int{1, 2, 3}, 3 * time.Hour},
		{[3]int{3, 2, 1}, 3 * time.Hour},
		{[3]int{2, 3, 1}, 3 * time.Hour},
		{[3]int{0, 2, 3}, openEnd},
		{[3]int{1, 0, 3}, openEnd},
		{[3]int{1, 2, 0}, openEnd},
	} {
		var orders Orders
		for i, scope := range scopes {
			var err error
			orders, err = orders.Stop(start, Stop{Scope: scope, Until: at(c.hours[i]), Reason: "test"})
			if err != nil {
				t.Fatal(err)
			}
		}
		stop, _ := orders.stopped(start, "AT", otp.SMS)
		if got := stop.refusal(start).RetryAfter; got != c.want {
			t.Errorf("with ends after %v hours the wait is %s, want %s", c.hours, got, c.want)
		}
	}
}

func TestReasons(t *testing.T) {
	for reason, ok := range map[string]bool{
		"attack on AT, see INC-42": true, "Angriff größer als gestern": true, strings.Repeat("x", 100): true,
		"": false, "   ": false, strings.Repeat("x", 101): false, strings.Repeat("é", 51): false,
		"two\nlines": false, "tab\t": false, "bell\a": false, "esc\x1b[31m": false, "\xff": false, "bidi\u202e": false,
	} {
		_, err := Orders{}.Stop(start, Stop{Reason: reason})
		if (err == nil) != ok {
			t.Errorf("Stop for %q: %v", reason, err)
		}
		_, _, err = Orders{Stops: []Stop{{Reason: "x"}}}.Start(start, Start{Reason: reason})
		if (err == nil) != ok {
			t.Errorf("Start for %q: %v", reason, err)
		}
	}
}

func TestOrders(t *testing.T) {
	at := Scope{Region: "AT"}
	orders, err := Orders{}.Stop(start, Stop{Scope: at, Reason: "first"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := orders.Stop(start, Stop{Until: start, Reason: "over"}); !errors.Is(err, errUntil) {
		t.Errorf("a stop that ends now: %v", err)
	}
	// Another of the same scope takes its place.
	orders, _ = orders.Stop(start.Add(time.Minute), Stop{Scope: at, Until: start.Add(time.Hour), Reason: "second"})
	orders, _ = orders.Stop(start.Add(time.Minute), Stop{Scope: Scope{Channel: otp.Voice}, Reason: "calls"})
	want := Orders{Stops: []Stop{
		{Scope: at, Since: start.Add(time.Minute), Until: start.Add(time.Hour), Reason: "second"},
		{Scope: Scope{Channel: otp.Voice}, Since: start.Add(time.Minute), Reason: "calls"},
	}}
	if diff := cmp.Diff(want, orders); diff != "" {
		t.Errorf("the orders differ (-want +got):\n%s", diff)
	}
	// Only a scope that is stopped can be started.
	same, found, err := orders.Start(start, Start{Reason: "nothing"})
	if diff := cmp.Diff(orders, same); found || err != nil || diff != "" {
		t.Errorf("starting everything, which is not stopped: %v, %v\n%s", found, err, diff)
	}
	started, found, err := orders.Start(start.Add(2*time.Minute), Start{Scope: at, Reason: "calm"})
	want = Orders{Stops: want.Stops[1:], Started: Start{Scope: at, At: start.Add(2 * time.Minute), Reason: "calm"}}
	if diff := cmp.Diff(want, started); !found || err != nil || diff != "" {
		t.Errorf("starting AT: %v, %v\n%s", found, err, diff)
	}
	if len(orders.Stops) != 2 {
		t.Error("Start changed the orders it was called on")
	}
	// One that is over is none.
	if _, found, _ := orders.Start(start.Add(time.Hour), Start{Scope: at, Reason: "late"}); found {
		t.Error("a stop that was over was started")
	}
}

// TestOrdersStaySmall: every send reads them.
func TestOrdersStaySmall(t *testing.T) {
	var orders Orders
	var err error
	regions := strings.Fields("AT DE CH FR IT ES PT NL BE LU DK SE NO FI PL CZ SK")
	for i, region := range regions {
		orders, err = orders.Stop(start, Stop{Scope: Scope{Region: region}, Until: start.Add(time.Hour), Reason: fmt.Sprint(i)})
		if (err == nil) != (i < maxStops) {
			t.Fatalf("stop %d: %v", i+1, err)
		}
	}
	if !errors.Is(err, errStops) || len(orders.Stops) != maxStops {
		t.Errorf("%d stops, %v", len(orders.Stops), err)
	}
	// One of a scope that is stopped is none more, and what is over makes room.
	if _, err := orders.Stop(start, Stop{Scope: Scope{Region: "AT"}, Reason: "again"}); err != nil {
		t.Errorf("a stop in the place of another: %v", err)
	}
	if got, err := orders.Stop(start.Add(time.Hour), Stop{Reason: "later"}); err != nil || len(got.Stops) != 1 {
		t.Errorf("after all are over there are %d stops, %v", len(got.Stops), err)
	}
	if diff := cmp.Diff(Orders{}, Orders{}.mustStart(t), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("starting nothing changes: %s", diff)
	}
}

func (o Orders) mustStart(t *testing.T) Orders {
	t.Helper()
	o, found, err := o.Start(start, Start{Reason: "test"})
	if found || err != nil {
		t.Errorf("Start: %v, %v", found, err)
	}
	return o
}
