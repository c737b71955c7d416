package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
	"github.com/seed-a131a524/infobip-otp/pkg/testrecipients"
)

// TestRecipients says who is let in without a message.
type TestRecipients struct {
	// Allowed: this function heeds the list of the secret. A laptop always does.
	Allowed bool
	// List is that of a laptop; in AWS it is in the secret.
	List string
}

// Format prints a placeholder for every verb.
func (TestRecipients) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[test recipients]") }

// MarshalText marshals a placeholder.
func (TestRecipients) MarshalText() ([]byte, error) { return []byte("[test recipients]"), nil }

// readTestRecipients reads the settings. A laptop's list is looked at here, so that a bad
// one stops the start.
func readTestRecipients(r *settings.Reader, pinLength int, now time.Time) TestRecipients {
	const name = "TEST_RECIPIENTS"
	t := TestRecipients{Allowed: r.Truth("ALLOW_TEST_RECIPIENTS"), List: r.Text(name)}
	if _, err := testrecipients.Parse(t.List, pinLength, now); err != nil {
		r.Fault(name, "a list of test recipients, each RECIPIENT=PIN@YYYY-MM-DD, with commas between them: "+oneLine(err))
	}
	return t
}

// Active returns a laptop's test recipients whose last day is not over.
func (t TestRecipients) Active(pinLength int, now time.Time) testrecipients.List {
	list, err := testrecipients.Parse(t.List, pinLength, now)
	if err != nil {
		return nil // it stopped the start
	}
	return list.Active(now)
}

// testList implements otp.TestRecipients over the secret, whose list it reads once for each
// text that the secret has. A bad list stops a function's start (see check). One that comes
// with a later copy of the secret counts as an empty one, and the log says so: nobody is let
// in by a fixed PIN, and everybody else goes on as before.
type testList struct {
	secret interface {
		TestRecipients(context.Context) (string, error)
	}
	pinLength int
	logger    *slog.Logger

	mu    sync.Mutex // guards what follows
	text  string
	list  testrecipients.List
	fault error
}

// newTestList returns nil where nobody is to be a test recipient.
func newTestList(c *Config, secret interface {
	TestRecipients(context.Context) (string, error)
}, logger *slog.Logger) *testList {
	if c.Function != 0 && !c.Tests.Allowed {
		return nil
	}
	return &testList{secret: secret, pinLength: c.Form.PINLength, logger: logger}
}

// Find implements otp.TestRecipients.
func (t *testList) Find(ctx context.Context, to recipient.Recipient, now time.Time) (*otp.TestTerms, error) {
	list, _, err := t.read(ctx, now)
	if err != nil {
		return nil, err
	}
	entry, found := list.Find(to, now)
	if !found {
		return nil, nil //nolint:nilnil // nil is everybody who is no test recipient
	}
	return &otp.TestTerms{Ends: entry.Ends(), Accepts: entry.Accepts}, nil
}

// check returns the fault of the list, if the secret could be read and it has one.
func (t *testList) check(ctx context.Context, now time.Time) error {
	if t == nil {
		return nil
	}
	_, fault, err := t.read(ctx, now)
	if err != nil {
		return nil //nolint:nilerr // a secret that cannot be read is tried again by the first request
	}
	return fault
}

func (t *testList) read(ctx context.Context, now time.Time) (testrecipients.List, error, error) {
	text, err := t.secret.TestRecipients(ctx)
	if err != nil {
		return nil, nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if text != t.text {
		t.text = text
		t.list, t.fault = testrecipients.Parse(text, t.pinLength, now)
		if t.fault != nil {
			t.fault = errors.Join(errors.New("the secret's testRecipients are heeded (ALLOW_TEST_RECIPIENTS), and not of their form"), t.fault)
			t.logger.ErrorContext(ctx, "test recipients", slog.String("cause", oneLine(t.fault)))
		}
	}
	return t.list, t.fault, nil
}
