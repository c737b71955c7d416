package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/seed-a131a524/infobip-otp/pkg/secrets"
	"github.com/seed-a131a524/infobip-otp/pkg/testrecipients"
)

// withTestRecipients returns the value with this list of test recipients, without any if it
// is empty. No error holds a value.
func (d document) withTestRecipients(list string) (changed, error) {
	before, err := secrets.Parse(d.text)
	if err != nil {
		return changed{}, err
	}
	if before.TestRecipients() == list {
		return changed{same: true}, nil
	}
	m, err := d.members()
	if err != nil {
		return changed{}, err
	}
	m.drop(memberTests)
	if list != "" {
		m.put(memberTests, list)
	}
	text, err := m.text(before, true)
	return changed{text: text}, err
}

func (s *secret) setTestRecipients(ctx context.Context, client *secretsmanager.Client, id string) error {
	held, _, err := readable(ctx, client, id)
	if err != nil {
		return err
	}
	text, err := s.ui.readSecret("test recipients")
	if err != nil {
		return fails(err)
	}
	list, err := testrecipients.Parse(text, s.pinLength, held.now)
	switch {
	case err != nil:
		return fails(fmt.Errorf("nothing was changed: %s", strings.ReplaceAll(err.Error(), "\n", "; ")),
			"an entry is RECIPIENT=PIN@YYYY-MM-DD, and commas stand between them",
			"PINs have PIN_LENGTH digits: set it here where the deployment's is not 6")
	case len(list) == 0:
		return fails(errors.New("nothing was changed: the list that was given is empty"), "otpctl secret remove-test-recipients takes them out")
	case len(list.Active(held.now)) < len(list):
		return fails(errors.New("nothing was changed: the last day of one of them is over"), "leave it out")
	}
	next, err := held.withTestRecipients(list.Text())
	if err != nil {
		return fails(fmt.Errorf("nothing was changed: %w", err))
	}
	if next.same {
		s.ui.say("nothing to change: the %s has these test recipients", secretNamed(id))
		return nil
	}
	err = put(ctx, client, id, held, next.text)
	if err != nil {
		return err
	}
	s.ui.say("the %s has %s; functions with ALLOW_TEST_RECIPIENTS=true heed that from %s on", secretNamed(id), testSummary(list), stamp(held.now.Add(known)))
	if n := somebodys(list); n > 0 {
		s.ui.warn("%s: %s", oneOrMore(n, "of them is a number", "of them are numbers"), mayBeSomebodys)
	}
	if n := guessable(list); n > 0 {
		s.ui.warn("%s %s", oneOrMore(n, "of the PINs is", "of the PINs are"), triedFirst)
	}
	return nil
}

func (s *secret) removeTestRecipients(ctx context.Context, client *secretsmanager.Client, id string) error {
	held, _, err := readable(ctx, client, id)
	if err != nil {
		return err
	}
	next, err := held.withTestRecipients("")
	if err != nil {
		return fails(fmt.Errorf("nothing was changed: %w", err))
	}
	if next.same {
		s.ui.say("nothing to change: the %s has no test recipients", secretNamed(id))
		return nil
	}
	err = put(ctx, client, id, held, next.text)
	if err != nil {
		return err
	}
	s.ui.say("the %s has no test recipients; running functions take them until %s", secretNamed(id), stamp(held.now.Add(known)))
	return nil
}

// testSummary says how many there are and until when, and nothing else of them.
func testSummary(list testrecipients.List) string {
	if len(list) == 1 {
		return "1 test recipient, until " + list.Last()
	}
	return fmt.Sprintf("%d test recipients, the last until %s", len(list), list.Last())
}

// testsReport is what may be known of a secret's test recipients.
type testsReport struct {
	Count int    `json:"count"`
	Until string `json:"until,omitempty"` // the last of their days
	Over  int    `json:"over"`            // those whose last day is over
	Fault string `json:"fault,omitempty"`
}

func newTestsReport(text string, pinLength int, now time.Time) testsReport {
	list, err := testrecipients.Parse(text, pinLength, now)
	if err != nil {
		return testsReport{Fault: strings.ReplaceAll(err.Error(), "\n", "; ")}
	}
	active := list.Active(now)
	return testsReport{Count: len(active), Until: active.Last(), Over: len(list) - len(active)}
}

// String writes it for a person.
func (r testsReport) String() string {
	text := "none"
	switch {
	case r.Fault != "":
		return "not of their form: " + r.Fault
	case r.Count == 1:
		text = "1, until " + r.Until
	case r.Count > 1:
		text = fmt.Sprintf("%d, the last until %s", r.Count, r.Until)
	}
	if r.Over > 0 {
		text += fmt.Sprintf(" (and %d whose last day is over)", r.Over)
	}
	return text
}

const mayBeSomebodys = "it may be somebody's, for it is none of those that are kept free for examples; whoever has it gets no code until the last day, and who knows the PIN gets in with it"

// oneOrMore writes a count with what is said of one, or of more.
func oneOrMore(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// somebodys counts the phone numbers that a person may have.
func somebodys(list testrecipients.List) int {
	n := 0
	for _, entry := range list {
		if number, ok := entry.To().Phone(); ok && !keptFree(number.E164(), number.Region()) {
			n++
		}
	}
	return n
}

const triedFirst = "among those that anybody tries first: make one at random"

// guessable counts the PINs that anybody tries first.
func guessable(list testrecipients.List) int {
	n := 0
	for _, entry := range list {
		if entry.Guessable() {
			n++
		}
	}
	return n
}

// checkTestRecipients says how many there are and until when, and what does not go together.
func checkTestRecipients(_ context.Context, v *visit) []finding {
	c, known := v.config()
	if !known {
		return unknown("no function starts with its settings")
	}
	if v.secret == nil {
		return unknown("what is in the secret is not known")
	}
	var heeding, deaf []string
	for _, p := range programs {
		f := v.functions[p.name]
		switch {
		case f == nil || !f.starts || !f.stateful():
		case f.config.Tests.Allowed:
			heeding = append(heeding, p.name)
		default:
			deaf = append(deaf, p.name)
		}
	}
	return judgeTests(v.secret.TestRecipients(), c.Form.PINLength, time.Now(), heeding, deaf)
}

const (
	removeTests = "otpctl secret remove-test-recipients"
	setTests    = "otpctl secret set-test-recipients"
)

func judgeTests(text string, pinLength int, now time.Time, heeding, deaf []string) []finding {
	list, err := testrecipients.Parse(text, pinLength, now)
	active := list.Active(now)
	names := strings.Join(heeding, " and ")
	switch {
	case err != nil && len(heeding) > 0:
		return failed(setTests+", or "+removeTests, "the list is not of its form, and %s will not start again: %s", names, strings.ReplaceAll(err.Error(), "\n", "; "))
	case err != nil:
		return warned(setTests+", or "+removeTests, "the list is not of its form, and nobody heeds it: %s", strings.ReplaceAll(err.Error(), "\n", "; "))
	case len(active) == 0 && len(heeding) > 0:
		return warned("take ALLOW_TEST_RECIPIENTS away and "+deployAgain+", or "+setTests, "%s would heed test recipients (ALLOW_TEST_RECIPIENTS), and the secret has none whose last day is not over", names)
	case len(list) > 0 && len(active) == 0:
		return warned(removeTests, "the last day of every test recipient is over")
	case len(active) == 0:
		return okay("none, and nobody would heed one")
	case len(heeding) == 0:
		return warned("ALLOW_TEST_RECIPIENTS=true and "+deployAgain+", or "+removeTests, "the secret has %s, and no function heeds them: they are sent messages", testSummary(active))
	case len(deaf) > 0:
		return failed("set ALLOW_TEST_RECIPIENTS of the stack, which both read", "%s heeds the secret's test recipients and %s does not: their codes fail", names, strings.Join(deaf, " and "))
	}
	found := okay("%s", testSummary(active))
	if n := somebodys(active); n > 0 {
		found = append(found, warned(setTests+" with a number that is kept free for examples, or with an email address of yours",
			"%s: %s", oneOrMore(n, "of them is a number", "of them are numbers"), mayBeSomebodys)...)
	}
	if n := guessable(active); n > 0 {
		found = append(found, warned(setTests+" with PINs that were made at random", "%s %s", oneOrMore(n, "of the PINs is", "of the PINs are"), triedFirst)...)
	}
	return found
}
