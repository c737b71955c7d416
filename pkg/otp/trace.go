package otp

import (
	"cmp"
	"time"
)

// Trace is what happened during one request, for its log line. A nil Trace is one
// that nobody reads.
type Trace struct {
	// ProviderOutcome is "sent", a Verdict's or an Effect's word; empty if the
	// provider was not asked.
	ProviderOutcome string
	ProviderTime    time.Duration
	// Conflicts counts saves that somebody else got ahead of, WriteRetries those
	// that the store failed.
	Conflicts    int
	WriteRetries int
	// Repeat: the request had been carried out before.
	Repeat bool
	// Unrecorded: the provider delivered, but its handle could not be saved.
	Unrecorded bool
	// Disabled: this request's failure closed the recipient.
	Disabled bool
	// Test: it was about a code of a test recipient.
	Test bool
	// Channel of the delivery, or of the one that the PIN came with; empty if unknown.
	Channel Channel
	// Locale is the language of the message, "*" for the default's; empty if unknown.
	Locale string
	// Guard is what the guard saw and did.
	Guard []Finding
}

func (t *Trace) set(f func(*Trace)) {
	if t != nil {
		f(t)
	}
}

// traced writes the language of a message as the list of messages does.
func traced(locale string) string { return cmp.Or(locale, "*") }

func (t *Trace) provider(outcome string, err error, took time.Duration) {
	t.set(func(t *Trace) {
		t.ProviderOutcome = outcome
		t.ProviderTime = took
		if err != nil {
			t.ProviderOutcome = providerFailure(err).Effect.String()
		}
	})
}
