package otptest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"runtime/debug"
	"slices"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
	"github.com/seed-a131a524/infobip-otp/pkg/store"
)

// Step is the effect that a request is about to have on the world. Between two steps
// a request only computes, so a schedule is an order of steps, and a crash between
// two of them is the same as one after the first or before the second.
type Step string

// Steps.
const (
	AtLoad   Step = "load"   // reads the store
	AtAdmit  Step = "admit"  // asks whether its address is within limits
	AtSave   Step = "save"   // writes the store
	AtCall   Step = "call"   // the provider is asked and does it
	AtAnswer Step = "answer" // the provider's answer arrives
	AtEnd    Step = "end"    // none: the request has ended
)

// Mishap is what goes wrong at a step.
type Mishap struct {
	// Fail: the step does not take place and gives an error (load, admit, save).
	Fail bool
	// Lose: the step takes place and gives an error (save).
	Lose bool
	// Provider is the provider's fault (call).
	Provider Fault
}

// Ask is what a request asks for.
type Ask struct {
	Operation Operation
	To        recipient.Recipient
	Key       string
	// Client is where the request comes from; empty if that is not known.
	Client string
	// Voice asks for a call in place of the recipient's usual channel. It reaches no
	// address.
	Voice bool
	// Of is the send whose verification a resend or verify names, nil for none.
	Of  *Request
	PIN string
	// Unheeded: it comes to a function that knows of no test recipients, or not any more.
	Unheeded bool
}

// Request is one request under way.
type Request struct {
	Ask
	Name string
	// At is its next step.
	At Step
	// What became of it, once At is AtEnd. A crashed one has no answer.
	Crashed bool
	Receipt otp.Receipt
	Err     error

	began   time.Time
	advance func() (Step, bool)
	kill    func()
	mishap  Mishap

	// What the oracle knows of it.
	read      time.Time // its last look at the clock
	decided   time.Time // when it was charged
	reserved  bool      // its charge is saved
	withdrawn bool      // and was taken back
	recorded  bool      // its outcome is saved
	failures  int       // steps of the store that failed
	conflicts int
	call      *Call // its call to the provider
	view      model // of its number, as it last saw it
	trace     otp.Trace
	testUntil time.Time // it is of a test recipient, as it saw it
	looked    bool      // it has seen its number's state,
	test      bool      // and is about a code of a test recipient
}

// World is a service, its store and its provider, in which requests run one step at a
// time. It must be made and used inside a synctest bubble, whose time passes while a
// request pauses between two writes. Nothing in it is safe for concurrent use.
type World struct {
	Policy   otp.Policy
	Clock    *Clock
	Provider *Provider
	Requests []*Request

	store   otp.Store
	keyring pseudonym.Key
	models  map[recipient.Recipient]model
	tests   map[recipient.Recipient]time.Time
	faults  []string
	trace   []line
}

// NewWorld returns a world in which nothing happened yet. If ttl, the store forgets an
// item at the end of its life, else never.
func NewWorld(policy otp.Policy, ttl bool) *World {
	w := &World{
		Policy: policy, Clock: NewClock(), Provider: &Provider{}, keyring: Keyring(),
		models: map[recipient.Recipient]model{}, tests: map[recipient.Recipient]time.Time{},
	}
	deletion := otp.Clock(NewClock()) // stands still
	if ttl {
		deletion = w.Clock
	}
	w.store = store.NewMemory(deletion)
	return w
}

// Fork returns a world of its own that is as this one is now, in which nothing is under
// way. It is for many worlds with one beginning.
func (w *World) Fork() *World {
	fork := NewWorld(w.Policy, false)
	fork.Clock.Advance(w.Clock.Now().Sub(Start))
	fork.Requests = slices.Clip(w.Requests)
	fork.trace = slices.Clip(w.trace)
	fork.Provider = w.Provider.fork()
	maps.Copy(fork.tests, w.tests)
	ctx := context.Background()
	for to, m := range w.models {
		key := w.keyring.LedgerKey(to)
		n, _, err := w.store.Load(ctx, key)
		if err == nil {
			_, err = fork.store.Save(ctx, key, n, "")
		}
		if err != nil {
			fork.violated("fork: %v", err)
		}
		fork.models[to] = m
	}
	return fork
}

// crash unwinds a request that is killed.
type crash struct{}

// functionTimeout is the deadline of every request.
const functionTimeout = 20 * time.Second

// Start begins a request and takes it to its first step.
func (w *World) Start(a Ask) *Request {
	r := &Request{Ask: a, Name: fmt.Sprintf("%s-%d", a.Operation, len(w.Requests)+1), began: w.Clock.Now()}
	w.Requests = append(w.Requests, r)
	r.advance, r.kill = iter.Pull(func(yield func(Step) bool) {
		defer func() {
			if value := recover(); value != nil && value != (crash{}) {
				panic(fmt.Sprintf("%v\n%s", value, debug.Stack())) // iter.Pull would lose the stack
			}
		}()
		ctx, cancel := context.WithTimeout(context.Background(), functionTimeout)
		defer cancel()
		w.run(ctx, r, func(s Step) {
			if !yield(s) {
				panic(crash{})
			}
		})
	})
	w.note("start %s %s", r.Name, r.Ask)
	w.proceed(r)
	return r
}

// GoString keeps failure texts short.
func (r *Request) GoString() string { return r.Name }

// Do takes a request's next step.
func (w *World) Do(r *Request, m Mishap) {
	w.note("%s: %s %s", r.Name, r.At, m)
	r.mishap = m
	w.proceed(r)
}

// Finish takes a request to its end without mishaps.
func (w *World) Finish(r *Request) *Request {
	for r.At != AtEnd {
		w.Do(r, Mishap{})
	}
	return r
}

// Crash ends a request where it is: it has had all effects before its next step, and
// will have none after.
func (w *World) Crash(r *Request) {
	w.note("%s: crash before %s", r.Name, r.At)
	r.Crashed = true
	r.kill()
	r.At = AtEnd
}

// Answers counts the answers so far by operation and reason; a success is "ok".
func (w *World) Answers(counts map[string]int) {
	for _, r := range w.Requests {
		word := "ok"
		if failure, ok := errors.AsType[*otp.Error](r.Err); ok {
			word = string(failure.Reason)
		} else if r.Err != nil {
			word = "not_admitted"
		}
		if r.Crashed {
			word = "crashed"
		}
		counts[string(r.Operation)+" "+word]++
	}
}

// Close ends what is still under way, so that nothing outlives the test.
func (w *World) Close() {
	for _, r := range w.Requests {
		if r.At != AtEnd {
			w.Crash(r)
		}
	}
}

// Running returns the requests that have not ended.
func (w *World) Running() []*Request {
	var running []*Request
	for _, r := range w.Requests {
		if r.At != AtEnd {
			running = append(running, r)
		}
	}
	return running
}

// Advance moves the clock. What has run for longer than a function may is killed.
func (w *World) Advance(d time.Duration) {
	w.note("clock: %s later", d)
	w.Clock.Advance(d)
	for _, r := range w.Running() {
		if !w.Clock.Now().Before(r.began.Add(functionTimeout)) {
			w.Crash(r)
		}
	}
}

// Enable is the operator's: it re-enables a recipient.
func (w *World) Enable(to recipient.Recipient) {
	w.note("operator: enable")
	service := otp.Service{Store: w.store, Clock: w.Clock, Policy: w.Policy}
	_, changed, err := service.Change(context.Background(), w.keyring.LedgerKey(to), func(l *otp.Ledger, _ time.Time) bool {
		l.Enable()
		return !l.IsZero()
	})
	if err != nil {
		w.violated("operator: %v", err)
	}
	if changed {
		m := w.models[to].clone()
		m.enable()
		w.models[to] = m
	}
}

func (w *World) proceed(r *Request) {
	step, running := r.advance()
	if running {
		r.At = step
		return
	}
	r.At = AtEnd
	w.note("%s: %s", r.Name, outcome{r.Err, r.Receipt})
	w.ended(r)
}

func (w *World) run(ctx context.Context, r *Request, pause func(Step)) {
	service := otp.Service{
		Store:    steppedStore{w, r, pause},
		Provider: steppedProvider{w, r, pause},
		Tests:    testsOf{w, r},
		Clock:    readClock{w, r},
		Policy:   w.Policy,
	}
	admitted := func() (string, error) {
		pause(AtAdmit)
		if r.mishap.Fail {
			return "", errNotAdmitted
		}
		return "mark of " + r.Name, nil
	}
	c := otp.Caller{
		Keyrings: []otp.Keyring{w.keyring}, IdempotencyKey: r.Key, Client: r.Client, Trace: &r.trace,
		Count: func(context.Context) func() (string, error) { return admitted },
	}
	channel := otp.UsualChannel(r.To.Kind())
	if r.Voice {
		channel = otp.Voice
	}
	id := ""
	if r.Of != nil {
		id = r.Of.Receipt.VerificationID
	}
	switch r.Operation {
	case Send:
		r.Receipt, r.Err = service.Send(ctx, otp.SendRequest{Caller: c, To: r.To, Channel: channel})
	case Resend:
		r.Receipt, r.Err = service.Resend(ctx, otp.ResendRequest{Caller: c, To: r.To, VerificationID: id, Channel: channel})
	case Verify:
		_, r.Err = service.Verify(ctx, otp.VerifyRequest{Caller: c, To: r.To, PIN: r.PIN, VerificationID: id})
	}
}

var (
	errNotAdmitted = errors.New("the address is over its limit")
	errStore       = errors.Join(errors.New("a fault of the test"), otp.ErrUnavailable)
)
