package testrecipients_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/email"
	"github.com/seed-a131a524/infobip-otp/pkg/phone"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
	"github.com/seed-a131a524/infobip-otp/pkg/testrecipients"
)

// now is a late evening, so that days are told from stretches of 24 hours.
var now = time.Date(2026, 12, 1, 22, 30, 0, 0, time.UTC)

func number(tb testing.TB, text string) recipient.Recipient {
	tb.Helper()
	n, err := phone.Parse(text)
	if err != nil {
		tb.Fatal(err)
	}
	return recipient.OfPhone(n)
}

func address(tb testing.TB, text string) recipient.Recipient {
	tb.Helper()
	a, err := email.Parse(text)
	if err != nil {
		tb.Fatal(err)
	}
	return recipient.OfEmail(a)
}

func parse(tb testing.TB, text string) testrecipients.List {
	tb.Helper()
	list, err := testrecipients.Parse(text, 6, now)
	if err != nil {
		tb.Fatal(err)
	}
	return list
}

func TestParse(t *testing.T) {
	list := parse(t, " +14155552671=424242@2027-01-31, a=b@Example.com=112233@2026-12-01 ,+41446681800=0000@2020-02-29")
	for _, tt := range []struct {
		to       recipient.Recipient
		pin, day string
		finds    bool
	}{
		{number(t, "+14155552671"), "424242", "2027-01-31", true},
		{number(t, "14155552671"), "424242", "2027-01-31", true},
		{address(t, "a=b@example.com"), "112233", "2026-12-01", true}, // split at the last =
		{number(t, "+41446681800"), "", "", false},                    // its day is over, and it stops nothing
		{number(t, "+436641234567"), "", "", false},
	} {
		entry, found := list.Find(tt.to, now)
		if found != tt.finds {
			t.Errorf("found: %t, want %t (day %s)", found, tt.finds, tt.day)
			continue
		}
		if !found {
			continue
		}
		if entry.LastDay() != tt.day || entry.To() != tt.to {
			t.Errorf("last day %s, want %s; the right recipient: %t", entry.LastDay(), tt.day, entry.To() == tt.to)
		}
		for _, pin := range []string{"", "424241", "4242420", "42424", "999999"} {
			if entry.Accepts(pin) {
				t.Errorf("%s is accepted", pin)
			}
		}
		if !entry.Accepts(tt.pin) {
			t.Error("its PIN is not accepted")
		}
	}
	if got := list.Active(now); len(got) != 2 || got.Last() != "2027-01-31" {
		t.Errorf("%d are active, the last until %s; want 2 until 2027-01-31", len(got), got.Last())
	}
	if again := parse(t, list.Text()); len(list) != 3 || again.Text() != list.Text() {
		t.Error("the list is another after it was written and read")
	}
	if empty := parse(t, ""); len(empty) != 0 || empty.Text() != "" || empty.Last() != "" {
		t.Error("an empty list has something")
	}
}

func TestLastDayIsWhole(t *testing.T) {
	list := parse(t, "+14155552671=424242@2026-12-05")
	end := time.Date(2026, 12, 6, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		at    time.Time
		finds bool
	}{
		{end.Add(-time.Nanosecond), true},
		{end, false},
		{end.Add(-time.Minute).In(time.FixedZone("far east", 14*60*60)), true},
		{end.In(time.FixedZone("far west", -12*60*60)), false},
	} {
		if _, found := list.Find(number(t, "+14155552671"), tt.at); found != tt.finds {
			t.Errorf("at %s found: %t, want %t", tt.at, found, tt.finds)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	const (
		form = "it has not the form RECIPIENT=PIN@YYYY-MM-DD"
		to   = "its recipient is neither a valid phone number nor a valid email address"
		pin  = "its PIN has not 6 digits"
		date = "its last day is no date of the form YYYY-MM-DD, such as 2027-01-31"
		far  = "its last day is more than 90 days ahead"
	)
	eleven := strings.Repeat("+14155552671=424242@2027-01-31,", 10) + "+14155552671=424242@2027-01-31"
	for _, tt := range []struct{ list, want string }{
		{"+14155552671", "entry 1: " + form},
		{"+14155552671=424242", "entry 1: " + form},
		{"canary@example.com", "entry 1: " + form},
		{" ", "entry 1: " + form},
		{"+14155552671=424242@2027-01-31,", "entry 2: " + form},
		{"=424242@2027-01-31", "entry 1: " + to},
		{"+1415555267x=424242@2027-01-31", "entry 1: " + to},
		{"+15005550006000=424242@2027-01-31", "entry 1: " + to},
		{"canary@localhost=424242@2027-01-31", "entry 1: " + to},
		{"Canary <canary@example.com>=424242@2027-01-31", "entry 1: " + to},
		{"+14155552671=42424@2027-01-31", "entry 1: " + pin},
		{"+14155552671=4242424@2027-01-31", "entry 1: " + pin},
		{"+14155552671=42424x@2027-01-31", "entry 1: " + pin},
		{"+14155552671=٤٢٤@2027-01-31", "entry 1: " + pin}, // six bytes, no ASCII digit
		{"+14155552671=@2027-01-31", "entry 1: " + pin},
		{"+14155552671=4242@2026-12-01", "entry 1: " + pin}, // a day that is not over
		{"+14155552671=@2026-11-30", "entry 1: " + pin},
		{"+14155552671=424242@", "entry 1: " + date},
		{"+14155552671=424242@2027-02-29", "entry 1: " + date},
		{"+14155552671=424242@2027-1-31", "entry 1: " + date},
		{"+14155552671=424242@2027-01-31T00:00:00Z", "entry 1: " + date},
		{"+14155552671=424242@2027-03-02", "entry 1: " + far},
		{"+14155552671=424242@9999-12-31", "entry 1: " + far},
		{"+14155552671=424242@2027-01-31,14155552671=424243@2027-01-30", "entry 2: its recipient stands in the list before"},
		{"Canary@example.com=424242@2027-01-31,canary@Example.com=424242@2027-01-31", "entry 2: its recipient stands in the list before"},
		{"x,+14155552671=424242@2027-01-31,+41446681800=4@2027-01-31", "entry 1: " + form + "\nentry 3: " + pin},
		{eleven, "there are 11 entries, and at most 10 may be"},
	} {
		list, err := testrecipients.Parse(tt.list, 6, now)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: error %v, want %s", tt.list, err, tt.want)
		}
		if list != nil {
			t.Errorf("%s: there is a list in spite of its fault", tt.list)
		}
	}
	// The last day that is near enough, and as many as may be.
	if _, err := testrecipients.Parse("+14155552671=424242@2027-03-01", 6, now); err != nil {
		t.Errorf("90 days ahead: %v", err)
	}
	words := make([]string, testrecipients.Most)
	for i := range words {
		words[i] = fmt.Sprintf("review%d@example.com=4242@2027-01-31", i)
	}
	if list, err := testrecipients.Parse(strings.Join(words, ","), 4, now); err != nil || len(list) != testrecipients.Most {
		t.Errorf("%d entries, error %v; want %d", len(list), err, testrecipients.Most)
	}
}

func TestEntryDoesNotPrint(t *testing.T) {
	list := parse(t, "+14155552671=424242@2027-01-31,canary@example.com=424242@2027-01-31")
	holder := struct {
		List  testrecipients.List
		Entry testrecipients.Entry
		inner testrecipients.Entry
	}{list, list[1], list[0]}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "list", holder.List, "entry", holder.Entry, "holder", holder)
	encoded, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	printed := fmt.Sprint(holder) + fmt.Sprintf("%v %+v %#v %s %q %x", holder, holder, holder, list, list, list[0]) + log.String() + string(encoded)
	for _, canary := range []string{"4155552671", "canary", "424242", "343234323432"} {
		if strings.Contains(printed, canary) {
			t.Errorf("%s is printed: %s", canary, printed)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "+14155552671=424242@2027-01-31", "review@example.com=424242@2027-01-31,+41446681800=424242@2020-01-01",
		"a=b@example.com=424242@2027-01-31", "+14155552671=424242@9999-99-99", "=@,=@", "+14155552671==424242@2027-01-31",
	} {
		f.Add(seed, 6)
	}
	f.Fuzz(func(t *testing.T, text string, pinLength int) {
		list, err := testrecipients.Parse(text, pinLength, now)
		if err != nil {
			// What stands in the sentence is ours: numbers of the place, and no part of a
			// word that is long enough to be a secret.
			for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(",=@ ", r) }) {
				if len(word) > len("+14155552671") && strings.Contains(err.Error(), word) {
					t.Fatalf("the error repeats %q: %v", word, err)
				}
			}
			return
		}
		if len(list) > testrecipients.Most {
			t.Fatalf("%d entries", len(list))
		}
		seen := map[recipient.Recipient]bool{}
		for _, e := range list {
			if seen[e.To()] || e.Ends().Hour() != 0 || e.Ends().Sub(now) > (testrecipients.MostDays+1)*24*time.Hour || e.Accepts("") {
				t.Fatal("an entry that should have been refused")
			}
			seen[e.To()] = true
		}
		again, err := testrecipients.Parse(list.Text(), pinLength, now)
		if err != nil || again.Text() != list.Text() {
			t.Fatalf("written and read again it is another list: %v", err)
		}
	})
}

// TestGuessable: what the first dozens of guesses of anybody are, the PIN of examples among them.
func TestGuessable(t *testing.T) {
	for pin, want := range map[string]bool{
		"424242": true, "000000": true, "121212": true, "123123": true, "123456": true, "654321": true, "789012": true, "210987": true, "4242": true, "1234": true, "12121": true,
		"973164": false, "424243": false, "123457": false, "124242": false, "112233": false, "4243": false, "907316": false,
	} {
		list, err := testrecipients.Parse("+14155552671="+pin+"@2026-12-31", len(pin), now)
		if err != nil {
			t.Fatal(err)
		}
		if got := list[0].Guessable(); got != want {
			t.Errorf("%s is guessable: %t, want %t", pin, got, want)
		}
	}
}
