package otp_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp/otptest"
)

// unheeded has a request come to a function that knows of no test recipients: one of another
// version, or with another copy of the secret.
func unheeded(part func(*otptest.World, *otptest.Request) otptest.Part) func(*otptest.World, *otptest.Request) otptest.Part {
	return func(w *otptest.World, before *otptest.Request) otptest.Part {
		p := part(w, before)
		p.Unheeded = true
		return p
	}
}

// tryingTest verifies with the PIN of the list.
func tryingTest(key string, named bool) func(*otptest.World, *otptest.Request) otptest.Part {
	return func(w *otptest.World, before *otptest.Request) otptest.Part {
		p := verifying(key, named, false, noFault)(w, before)
		p.PIN = otptest.TestPIN
		return p
	}
}

// ofTests are the requests of a test recipient, some to functions that do not heed it.
var ofTests = []kind{
	{"send under a key", sending("key", false, noFault)},
	{"verify, the PIN of the list", tryingTest("", false)},
	{"verify, wrong", verifying("", true, false, noFault)},
	{"resend under a key", resending("key", noFault)},
	{"send by voice under the key", sending("key", true, noFault)},
	{"verify, the PIN of the list, under a key", tryingTest("key", true)},
	{"verify, wrong, from elsewhere", from("elsewhere", verifying("", false, false, noFault))},
	{"send under the key, unheeded", unheeded(sending("key", false, noFault))},
	{"verify, the PIN of the list, unheeded", unheeded(tryingTest("", true))},
	{"verify, the PIN of the message", verifying("", true, true, noFault)},
	{"resend, unheeded", unheeded(resending("", noFault))},
}

// testBeginnings are what a test recipient went through before.
var testBeginnings = []beginning{
	{"never sent to", func(*otptest.World) *otptest.Request { return nil }},
	{"three live codes, and of the newest one attempt left", func(w *otptest.World) *otptest.Request {
		var newest *otptest.Request
		for range 3 {
			newest = w.Finish(w.Start(otptest.Ask{Operation: otptest.Send, To: otptest.Alice, Client: home}))
		}
		w.Finish(w.Start(otptest.Ask{Operation: otptest.Verify, To: otptest.Alice, Client: "elsewhere", Of: newest, PIN: wrongPIN}))
		return newest
	}},
	{"a live code of a message, from when it was none", func(w *otptest.World) *otptest.Request {
		return w.Finish(w.Start(otptest.Ask{Operation: otptest.Send, To: otptest.Alice, Client: home, Unheeded: true}))
	}},
}

// TestEveryInterleavingOfTestRecipients runs any two of their requests in every order of
// their effects, and for each all in which one of the two dies at one of its steps.
func TestEveryInterleavingOfTestRecipients(t *testing.T) {
	collectLess(t)
	schedules, pairs, sent := 0, 0, 0
	for _, b := range testBeginnings {
		of := kindsAfter(b, ofTests)
		for i := range of {
			for j := i; j < len(of); j++ {
				synctest.Test(t, func(t *testing.T) {
					first := otptest.NewWorld(tightPolicy(), false)
					first.MakeTest(otptest.Alice, otptest.Start.Add(time.Hour))
					before := b.before(first)
					heard := len(first.Provider.Calls(""))
					s := otptest.Scenario{Crash: true, Reduce: !*every, Build: func() (*otptest.World, []otptest.Part) {
						w := first.Fork()
						return w, []otptest.Part{of[i].part(w, before), of[j].part(w, before)}
					}}
					s.Each = func(w *otptest.World) { sent += len(w.Provider.Calls("")) - heard }
					count, err := otptest.Enumerate(s)
					if err != nil {
						t.Fatalf("%s: %s:\n%v", b.name, names([]kind{of[i], of[j]}), err)
					}
					schedules += count
					pairs++
				})
			}
		}
	}
	t.Logf("%d schedules of %d pairs; violations: 0; %d calls of the provider about codes of messages", schedules, pairs, sent)
	if sent == 0 {
		t.Error("no request went to the provider: nothing was begun when the recipient was none")
	}
}
