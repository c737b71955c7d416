package otp_test

import (
	"flag"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/rate"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/otp/otptest"
)

// kind is one way to ask, given the send that came before (nil if none did).
type kind struct {
	name string
	part func(w *otptest.World, before *otptest.Request) otptest.Part
}

// needsCode reports whether a kind of request comes to nothing where there is no code.
func (k kind) needsCode() bool { return !strings.HasPrefix(k.name, "send") }

func sending(key string, voice bool, f otptest.Fault) func(*otptest.World, *otptest.Request) otptest.Part {
	return func(*otptest.World, *otptest.Request) otptest.Part {
		return otptest.Part{Fault: f, Ask: otptest.Ask{Operation: otptest.Send, To: otptest.Alice, Client: home, Key: key, Voice: voice}}
	}
}

func resending(key string, f otptest.Fault) func(*otptest.World, *otptest.Request) otptest.Part {
	return func(_ *otptest.World, before *otptest.Request) otptest.Part {
		return otptest.Part{Fault: f, Ask: otptest.Ask{Operation: otptest.Resend, To: otptest.Alice, Client: home, Key: key, Of: before}}
	}
}

func verifying(key string, named, right bool, f otptest.Fault) func(*otptest.World, *otptest.Request) otptest.Part {
	return func(w *otptest.World, before *otptest.Request) otptest.Part {
		a := otptest.Ask{Operation: otptest.Verify, To: otptest.Alice, Client: home, Key: key, PIN: wrongPIN}
		if named {
			a.Of = before
		}
		if right {
			a.PIN = w.Provider.PIN(otptest.Alice)
		}
		return otptest.Part{Fault: f, Ask: a}
	}
}

// from has a request come from another client.
func from(client string, part func(*otptest.World, *otptest.Request) otptest.Part) func(*otptest.World, *otptest.Request) otptest.Part {
	return func(w *otptest.World, before *otptest.Request) otptest.Part {
		p := part(w, before)
		p.Client = client
		return p
	}
}

var (
	noFault   = otptest.Fault{}
	answerOff = otptest.Fault{Err: otptest.ProviderFailure(otp.Unknown), Effect: true}
)

// all are those that meet in every pair; the first triples of them meet in threes.
var all = []kind{
	{"send under a key", sending("key", false, noFault)},
	{"verify, right", verifying("", false, true, noFault)},
	{"resend", resending("", noFault)},
	{"verify, wrong", verifying("", true, false, noFault)},
	{"send", sending("", false, noFault)},
	{"send by voice under the key", sending("key", true, noFault)},
	{"send whose answer is lost", sending("key", false, answerOff)},
	{"verify, right, under a key", verifying("key", true, true, noFault)},
	{"resend under a key", resending("key", noFault)},
	{"send that is turned away", sending("key", false, otptest.Fault{Err: otptest.ProviderFailure(otp.Throttled)})},
	{"send that is known to have failed", sending("", false, otptest.Fault{Err: otptest.ProviderFailure(otp.NotSent)})},
	{"resend of a PIN that is gone", resending("", otptest.Fault{Err: otptest.ProviderFailure(otp.NotFound)})},
	{"verify, right, answer lost", verifying("", true, true, answerOff)},
	{"verify, not reached", verifying("", true, false, otptest.Fault{Err: otptest.ProviderFailure(otp.NotSent)})},
	{"verify, exhausted at the provider", verifying("", true, false, otptest.Fault{Verdict: otp.Exhausted})},
	{"verify, wrong, from elsewhere", from("elsewhere", verifying("", false, false, noFault))},
	{"send from elsewhere", from("elsewhere", sending("", false, noFault))},
	{"verify, gone at the provider", verifying("", true, true, otptest.Fault{Verdict: otp.Gone})},
}

const (
	everyTriples = 6
	triples      = 4
	shortTriples = 3
)

// beginning is what a number went through before the requests come together.
type beginning struct {
	name   string
	before func(*otptest.World) *otptest.Request
}

var beginnings = []beginning{
	{"never sent to", func(*otptest.World) *otptest.Request { return nil }},
	{"a live code, one send, two attempts and a failure of each client left", func(w *otptest.World) *otptest.Request {
		return w.Finish(w.Start(otptest.Ask{Operation: otptest.Send, To: otptest.Alice, Client: home}))
	}},
	{"a live code, one send, one attempt left, and a failure of another client", func(w *otptest.World) *otptest.Request {
		send := w.Finish(w.Start(otptest.Ask{Operation: otptest.Send, To: otptest.Alice, Client: home}))
		w.Finish(w.Start(otptest.Ask{Operation: otptest.Verify, To: otptest.Alice, Client: home, PIN: wrongPIN}))
		return send
	}},
}

// tightPolicy leaves the requests of a schedule no room: every budget is about to be
// used up, and neither cooldown nor spacing hides it.
func tightPolicy() otp.Policy {
	return otp.Policy{
		SendLimit:       rate.Rate{Attempts: 2, Window: time.Hour},
		ClientSendLimit: rate.Rate{Attempts: 2, Window: time.Hour},
		TotalLimit:      rate.Rate{Attempts: 3, Window: 2 * time.Hour},
		PINTTL:          10 * time.Minute,
		PINAttempts:     2,
		FailureLimit:    2, // and of one client 1
		FailureMemory:   3 * time.Hour,
		DisabledMemory:  5 * time.Hour,
		KnownMemory:     6 * time.Hour,
		SendTimeout:     20 * time.Second,
	}
}

// scenario runs kinds together after a beginning.
func scenario(b beginning, kinds ...kind) otptest.Scenario {
	first := otptest.NewWorld(tightPolicy(), false)
	before := b.before(first)
	return otptest.Scenario{Build: func() (*otptest.World, []otptest.Part) {
		w := first.Fork()
		var parts []otptest.Part
		for _, k := range kinds {
			parts = append(parts, k.part(w, before))
		}
		return w, parts
	}}
}

// kindsAfter leaves out all but two of the requests that come to nothing.
func kindsAfter(b beginning, of []kind) []kind {
	if b.name != beginnings[0].name {
		return of
	}
	idle := 0
	return slices.DeleteFunc(slices.Clone(of), func(k kind) bool {
		if k.needsCode() {
			idle++
		}
		return k.needsCode() && idle > 2
	})
}

// forPairs calls f for every two of some kinds, a kind with itself included.
func forPairs(of []kind, f func(b beginning, kinds []kind)) {
	for _, b := range beginnings {
		of := kindsAfter(b, of)
		for i := range of {
			for j := i; j < len(of); j++ {
				f(b, []kind{of[i], of[j]})
			}
		}
	}
}

// forTriples calls f for every three of some kinds, repetitions included.
func forTriples(of []kind, f func(b beginning, kinds []kind)) {
	for _, b := range beginnings {
		of := kindsAfter(b, of)
		for i := range of {
			for j := i; j < len(of); j++ {
				for k := j; k < len(of); k++ {
					f(b, []kind{of[i], of[j], of[k]})
				}
			}
		}
	}
}

// collectLess has garbage collected less often: a schedule leaves little and a world is
// short-lived.
func collectLess(t *testing.T) {
	t.Helper()
	before := debug.SetGCPercent(800)
	t.Cleanup(func() { debug.SetGCPercent(before) })
}

func names(kinds []kind) string {
	text := ""
	for _, k := range kinds {
		text += " | " + k.name
	}
	return text[3:]
}

// every has the enumerations run whole, which takes many minutes (`make soak` does): pairs in
// all schedules, and more kinds in threes.
var every = flag.Bool("every", false, "run also the schedules of pairs that differ only in the order of steps that cannot affect each other, and more kinds in threes")

// TestEveryInterleavingOfTwoRequests runs them, and for each all in which one of the two dies
// at one of its steps. Without -every it leaves out what TestReductionLosesNoOutcome shows to
// be the same.
func TestEveryInterleavingOfTwoRequests(t *testing.T) {
	collectLess(t)
	schedules, pairs := 0, 0
	forPairs(all, func(b beginning, kinds []kind) {
		synctest.Test(t, func(t *testing.T) {
			s := scenario(b, kinds...)
			s.Crash = true
			s.Reduce = !*every
			count, err := otptest.Enumerate(s)
			if err != nil {
				t.Fatalf("%s: %s:\n%v", b.name, names(kinds), err)
			}
			schedules += count
			pairs++
		})
	})
	t.Logf("%d schedules of %d pairs; violations: 0", schedules, pairs)
}

// TestEveryInterleavingOfThreeRequests leaves out schedules that differ only in the
// order of steps that cannot affect each other; TestReductionLosesNoOutcome shows that
// these are the same.
func TestEveryInterleavingOfThreeRequests(t *testing.T) {
	collectLess(t)
	of := all[:triples]
	switch {
	case *every:
		of = all[:everyTriples]
	case testing.Short():
		of = all[:shortTriples]
	}
	schedules, ran := 0, 0
	forTriples(of, func(b beginning, kinds []kind) {
		synctest.Test(t, func(t *testing.T) {
			s := scenario(b, kinds...)
			s.Reduce = true
			count, err := otptest.Enumerate(s)
			if err != nil {
				t.Fatalf("%s: %s:\n%v", b.name, names(kinds), err)
			}
			schedules += count
			ran++
		})
	})
	t.Logf("%d schedules of %d triples; violations: 0", schedules, ran)
}

func TestReductionLosesNoOutcome(t *testing.T) {
	collectLess(t)
	of := all[:everyTriples]
	switch {
	case *every:
		of = all[:9]
	case testing.Short():
		of = all[:shortTriples]
	}
	full, reduced, outcomes := 0, 0, 0
	forPairs(of, func(b beginning, kinds []kind) {
		synctest.Test(t, func(t *testing.T) {
			ends := func(reduce bool) (map[string]bool, int) {
				found := map[string]bool{}
				s := scenario(b, kinds...)
				build := s.Build
				s.Build = func() (*otptest.World, []otptest.Part) {
					w, parts := build()
					w.Provider.Single = true // so that the order of calls matters
					return w, parts
				}
				s.Reduce = reduce
				s.Each = func(w *otptest.World) { found[w.Summary()] = true }
				count, err := otptest.Enumerate(s)
				if err != nil {
					t.Fatalf("%s: %s:\n%v", b.name, names(kinds), err)
				}
				return found, count
			}
			every, all := ends(false)
			kept, some := ends(true)
			if diff := cmp.Diff(every, kept); diff != "" {
				t.Fatalf("%s: %s: outcomes differ (-of every schedule +of those kept):\n%s", b.name, names(kinds), diff)
			}
			full, reduced, outcomes = full+all, reduced+some, outcomes+len(every)
		})
	})
	t.Logf("%d schedules end in the same %d ways as the %d that are kept", full, outcomes, reduced)
}
