package simulator

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

// Of all 256 bytes, each of the ten digits must come up 25 times; the six
// bytes at the end would favour 0 to 5.
func TestPINsAreUnbiased(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for pinType, alphabet := range pinAlphabets {
		runs := 256 / len(alphabet)
		pin, err := generatePIN(bytes.NewReader(all), alphabet, runs*len(alphabet))
		if err != nil {
			t.Fatalf("%s: %v", pinType, err)
		}
		for _, character := range alphabet {
			if got := strings.Count(pin, string(character)); got != runs {
				t.Errorf("%s: %c comes up %d times, want %d", pinType, character, got, runs)
			}
		}
		_, err = generatePIN(bytes.NewReader(all), alphabet, runs*len(alphabet)+1)
		if err == nil {
			t.Errorf("%s: a PIN was made from bytes that had to be refused", pinType)
		}
	}
}

func TestPINsDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		pin, err := generatePIN(rand.Reader, pinAlphabets["ALPHANUMERIC"], 16)
		if err != nil || seen[pin] {
			t.Fatalf("PIN %q, error %v: want a new one", pin, err)
		}
		seen[pin] = true
	}
}

func TestNoRandomnessIsARefusal(t *testing.T) {
	s := New(Options{})
	app, message, err := s.Provision(Settings{})
	if err != nil {
		t.Fatal(err)
	}
	s.random = iotest.ErrReader(errors.New("no randomness"))
	c := &call{route: routes[slices.IndexFunc(routes, func(rt *route) bool { return rt.path == "pin" })],
		body: []byte(`{"applicationId":"` + app + `","messageId":"` + message + `","to":"41446681800"}`)}
	_, refused := s.send(c)
	if refused == nil || refused.status != 500 || len(s.outbox) != 0 {
		t.Errorf("refusal = %+v with %d messages, want 500 and none", refused, len(s.outbox))
	}
}

func TestKeptInOrderForgetsTheOldest(t *testing.T) {
	kept := newKept[int]()
	for i := range 11 {
		kept.put(fmt.Sprint(i), i)
		kept.trim(10)
	}
	if got := kept.all(); !slices.Equal(got, []int{2, 3, 4, 5, 6, 7, 8, 9, 10}) || len(kept.byID) != 9 {
		t.Errorf("kept %v, want the newest nine", got)
	}
	kept.rename("5", "five")
	if got := kept.all(); !slices.Equal(got, []int{2, 3, 4, 6, 7, 8, 9, 10, 5}) || kept.byID["five"] != 5 {
		t.Errorf("kept %v after the renaming", got)
	}
	kept.put("7", 77)
	if got := kept.all(); !slices.Equal(got, []int{2, 3, 4, 6, 77, 8, 9, 10, 5}) {
		t.Errorf("kept %v after the replacement, want 7 replaced in its place", got)
	}
}

func TestTrimOldest(t *testing.T) {
	list := []int{}
	for i := range 1000 {
		list = trimOldest(append(list, i), 100)
	}
	if len(list) > 100 || list[len(list)-1] != 999 || !slices.IsSorted(list) {
		t.Errorf("%d entries, the last %d", len(list), list[len(list)-1])
	}
}

// Windows that are over are dropped, the others kept, however many keys come.
func TestWindowsArePruned(t *testing.T) {
	rate := rate.Rate{Attempts: 1, Window: time.Minute}
	for _, sliding := range []bool{false, true} {
		counts := newWindows(sliding)
		now := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
		for i := range firstPrune {
			counts.add(fmt.Sprint("old", i), rate, now)
		}
		now = now.Add(time.Minute)
		counts.add("new", rate, now)
		if len(counts.byKey) != 1 || !counts.full("new", rate, now) {
			t.Errorf("sliding %t: %d windows are kept, want the new one", sliding, len(counts.byKey))
		}
	}
}

func TestNewerEnvelopeHasItsFiveMembers(t *testing.T) {
	bad := refuse(400)
	bad.violations = map[string][]string{"to": {"must not be blank"}, "from": {"one", "two"}}
	want := `{"action":"Check the request and the documentation.","description":"Bad request","errorCode":"E400","resources":[],` +
		`"violations":[{"property":"from","violation":"one"},{"property":"from","violation":"two"},{"property":"to","violation":"must not be blank"}]}`
	if got := string(bad.newer().body); got != want {
		t.Errorf("envelope = %s, want %s", got, want)
	}
}

func TestRoomForApplications(t *testing.T) {
	s := New(Options{})
	if s.roomFor(mostKept-1) != nil || s.roomFor(mostKept) == nil {
		t.Errorf("the bound is not at %d", mostKept)
	}
}

// Every operation of the contract, each once.
func TestThereAreEighteenOperations(t *testing.T) {
	seen := map[string]bool{}
	for _, rt := range routes {
		seen[rt.method+" "+rt.path] = true
		if !slices.Contains(operations, rt.operation) || rt.handle == nil || len(rt.scopes) == 0 {
			t.Errorf("%s %s: operation %q, scopes %v", rt.method, rt.path, rt.operation, rt.scopes)
		}
	}
	if len(seen) != 18 || len(routes) != 18 {
		t.Errorf("%d routes, %d of them different, want 18", len(routes), len(seen))
	}
}
