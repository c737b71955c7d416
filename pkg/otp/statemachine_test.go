package otp_test

import (
	"flag"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/rate"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"

	"pgregory.net/rapid"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/otp/otptest"
)

// Sequences of the state machine that a run tries, unless -rapid.checks says otherwise.
const (
	sequences      = 10_000
	shortSequences = 1_000
)

// machinePolicy has small numbers, so that a short sequence meets every limit.
func machinePolicy(draw *rapid.T) otp.Policy {
	p := otp.Policy{
		SendLimit:       rate.Rate{Attempts: 3, Window: time.Hour},
		ClientSendLimit: rate.Rate{Attempts: 2, Window: 90 * time.Minute},
		TotalLimit:      rate.Rate{Attempts: 5, Window: 2 * time.Hour},
		PINTTL:          10 * time.Minute,
		PINAttempts:     2,
		FailureLimit:    4,
		FailureMemory:   3 * time.Hour,
		DisabledMemory:  5 * time.Hour,
		KnownMemory:     6 * time.Hour,
		SendTimeout:     20 * time.Second,
	}
	if rapid.Bool().Draw(draw, "paced") {
		p.SendCooldown = 30 * time.Second
		p.VerifySpacing = 3 * time.Second
	}
	if rapid.Bool().Draw(draw, "short window") {
		p.SendLimit.Window = 5 * time.Minute // codes outlive it
	}
	return p
}

// TestStateMachine runs random requests in random interleavings, with the clock moving,
// processes crashing, writes and their answers getting lost, and the provider
// misbehaving, and compares every decision with a model's.
//
// A failing run prints its seed, shrinks, and prints the schedule.
func TestStateMachine(t *testing.T) {
	collectLess(t)
	checks := sequences
	if testing.Short() {
		checks = 5 * shortSequences // of which rapid itself takes a fifth
	}
	setFlag(t, "rapid.checks", fmt.Sprint(checks))
	setFlag(t, "rapid.nofailfile", "true") // the seed is printed, and enough
	began := time.Now()
	ran, steps, answers := 0, 0, map[string]int{}
	rapid.Check(t, func(draw *rapid.T) {
		var violation error
		var stopped any // rapid's own panic must reach rapid's goroutine
		synctest.Test(t, func(*testing.T) {
			defer func() {
				stopped = recover()
				if stopped != nil && !strings.HasPrefix(fmt.Sprintf("%T", stopped), "rapid.") {
					violation, stopped = fmt.Errorf("panic: %v\n%s", stopped, debug.Stack()), nil
				}
			}()
			m := newMachine(draw)
			defer m.world.Close()
			violation = m.run(draw)
			steps += m.steps
			m.world.Answers(answers)
		})
		if stopped != nil {
			panic(stopped)
		}
		if violation != nil {
			draw.Fatal(violation)
		}
		ran++
	})
	took := time.Since(began)
	t.Logf("%d sequences, %d steps in %s: %.0f sequences/s; violations: 0; answers: %v",
		ran, steps, took.Round(time.Millisecond), float64(ran)/took.Seconds(), answers)
	for _, answer := range everyAnswer {
		if answers[answer] == 0 && ran >= sequences {
			t.Errorf("no sequence led to the answer %q: the machine does not go everywhere", answer)
		}
	}
}

// everyAnswer is what requests can get. (Busy needs 20 conflicts in one request.)
var everyAnswer = []string{
	"send ok", "send channel_mismatch", "send not_admitted", "send crashed", "send cooling_down", "send number_limited", "send idempotency_key_in_use",
	"send idempotency_key_reused", "send idempotency_key_expired", "send provider_throttled", "send send_failed", "send send_unconfirmed", "send unavailable",
	"resend ok", "resend not_admitted", "resend crashed", "resend cooling_down", "resend number_limited", "resend idempotency_key_in_use",
	"resend idempotency_key_reused", "resend provider_throttled", "resend send_failed", "resend send_unconfirmed", "resend unavailable",
	"resend invalid_or_expired",
	"verify ok", "verify not_admitted", "verify crashed", "verify invalid_or_expired", "verify verify_too_soon", "verify idempotency_key_in_use",
	"verify provider_throttled", "verify verify_failed", "verify unavailable",
}

// setFlag sets a flag that the command line did not.
func setFlag(t *testing.T, name, value string) {
	t.Helper()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == name })
	if given {
		return
	}
	if err := flag.Set(name, value); err != nil {
		t.Fatal(err)
	}
}

type machine struct {
	world *otptest.World
	busy  int // of people, the one that most requests are about
	steps int
}

func newMachine(draw *rapid.T) *machine {
	ttl := rapid.Bool().Draw(draw, "ttl deletes")
	w := otptest.NewWorld(machinePolicy(draw), ttl)
	w.Provider.Single = rapid.Bool().Draw(draw, "verified PINs are gone")
	w.Provider.NewHandles = rapid.Bool().Draw(draw, "resends change handles")
	w.Provider.Attempts = rapid.SampledFrom([]int{0, 1, 2}).Draw(draw, "provider's attempts")
	if rapid.Bool().Draw(draw, "a test recipient") {
		w.MakeTest(otptest.Carol, otptest.Start.Add(20*time.Minute))
	}
	return &machine{world: w, busy: rapid.IntRange(0, len(people)-1).Draw(draw, "busy")}
}

const (
	mostSteps    = 100
	mostTogether = 4
)

// run takes random actions until there is a violation or the sequence ends.
func (m *machine) run(draw *rapid.T) error {
	for range rapid.IntRange(mostSteps/2, mostSteps).Draw(draw, "actions") {
		m.act(draw)
		m.steps++
		if err := m.world.Violation(); err != nil {
			return err
		}
	}
	for _, r := range m.world.Running() {
		m.world.Finish(r)
		if err := m.world.Violation(); err != nil {
			return err
		}
	}
	return nil
}

// action is one thing that can happen. The simplest comes first, for shrinking.
type action int

const (
	step action = iota
	begin
	wait
	kill
	enable
)

// actions by how often they happen.
var actions = []action{step, begin, step, begin, step, step, wait, step, step, begin, step, step, wait, step, kill, step}

func (m *machine) act(draw *rapid.T) {
	running := m.world.Running()
	a := rapid.SampledFrom(actions).Draw(draw, "action")
	if a == kill {
		a = rapid.SampledFrom([]action{step, wait, kill, enable}).Draw(draw, "rare action")
	}
	switch {
	case a == enable:
		m.world.Enable(rapid.SampledFrom(people).Draw(draw, "enabled"))
	case a == wait:
		steps := clockSteps[:short]
		if rapid.IntRange(0, 3).Draw(draw, "long") == 3 {
			steps = clockSteps
		}
		m.world.Advance(rapid.SampledFrom(steps).Draw(draw, "later"))
	case a == kill && len(running) > 0:
		m.world.Crash(rapid.SampledFrom(running).Draw(draw, "crashing"))
	case a == step && len(running) > 0 || len(running) >= mostTogether:
		r := rapid.SampledFrom(running).Draw(draw, "request")
		m.world.Do(r, mishap(draw, r.At))
	default:
		m.world.Start(m.ask(draw))
	}
}

var operations = []otptest.Operation{otptest.Verify, otptest.Resend, otptest.Send, otptest.Verify}

// people are one of each kind.
var people = []recipient.Recipient{otptest.Alice, otptest.Carol}

// clockSteps end just before, at and after what the policy sets.
var clockSteps = []time.Duration{
	time.Millisecond, time.Second, 3 * time.Second, 10 * time.Second, 15 * time.Second, 20 * time.Second, 30 * time.Second, time.Minute,
	5 * time.Minute, 10*time.Minute - time.Millisecond, 10 * time.Minute, time.Hour, 3 * time.Hour, 5 * time.Hour,
}

// short of them leave requests time to end.
const short = 5

// ask draws a request. It is for the newest send of its number half the time, so that
// something happens.
func (m *machine) ask(draw *rapid.T) otptest.Ask {
	a := otptest.Ask{
		Operation: rapid.SampledFrom(operations).Draw(draw, "operation"),
		To:        m.person(draw),
		Key:       rapid.SampledFrom([]string{"", "k1", "", "k2"}).Draw(draw, "key"),
		Client:    rapid.SampledFrom([]string{home, home, "elsewhere", ""}).Draw(draw, "client"),
	}
	var own, sends []*otptest.Request // newest first
	for _, r := range slices.Backward(m.world.Requests) {
		switch {
		case r.Operation != otptest.Send || r.Receipt.VerificationID == "":
		case r.To == a.To:
			own = append(own, r)
		default:
			sends = append(sends, r)
		}
	}
	sends = append(own, sends...)
	if len(sends) == 0 && rapid.IntRange(0, 7).Draw(draw, "with nothing to refer to") < 7 {
		a.Operation = otptest.Send
	}
	named := a.Operation == otptest.Resend || rapid.Bool().Draw(draw, "named")
	if a.Operation != otptest.Send && named && len(sends) > 0 {
		a.Of = rapid.SampledFrom(sends[:min(len(sends), 4)]).Draw(draw, "of")
	}
	a.Unheeded = a.To == otptest.Carol && rapid.IntRange(0, 3).Draw(draw, "unheeded") == 3
	switch {
	case a.To == otptest.Carol && a.Operation == otptest.Verify && rapid.Bool().Draw(draw, "the PIN of the list"):
		a.PIN = otptest.TestPIN
	case a.Operation != otptest.Verify:
		a.Voice = rapid.IntRange(0, 7).Draw(draw, "voice") == 7
	case rapid.Bool().Draw(draw, "right"):
		a.PIN = m.world.Provider.PIN(a.To)
	default:
		a.PIN = wrongPIN
	}
	return a
}

// person draws whom a request is about: mostly the one that the sequence is about.
func (m *machine) person(draw *rapid.T) recipient.Recipient {
	if rapid.IntRange(0, 7).Draw(draw, "person") < 6 {
		return people[m.busy]
	}
	return people[1-m.busy]
}

// mishap draws what goes wrong at a step: nothing, mostly.
func mishap(draw *rapid.T, step otptest.Step) otptest.Mishap {
	luck := rapid.IntRange(0, 15).Draw(draw, "luck")
	switch {
	case step == otptest.AtCall && luck >= 12:
		return otptest.Mishap{Provider: rapid.SampledFrom(providerFaults).Draw(draw, "fault")}
	case step == otptest.AtSave && luck >= 14:
		return otptest.Mishap{Fail: rapid.Bool().Draw(draw, "fails"), Lose: true}
	case luck == 15:
		return otptest.Mishap{Fail: true}
	default:
		return otptest.Mishap{}
	}
}

// providerFaults are every effect, each with and without having taken place where
// that can be, and every verdict that may be untrue.
var providerFaults = []otptest.Fault{
	{Err: otptest.ProviderFailure(otp.Unknown), Effect: true},
	{Err: otptest.ProviderFailure(otp.Unknown)},
	{Err: otptest.ProviderFailure(otp.NotSent)},
	{Err: otptest.ProviderFailure(otp.Refused)},
	{Err: otptest.ProviderFailure(otp.Throttled)},
	{Err: otptest.ProviderFailure(otp.NotFound)},
	{Verdict: otp.Wrong},
	{Verdict: otp.Exhausted},
	{Verdict: otp.Gone},
}
