package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/store"
)

// clock stands still.
type clock struct{}

func (clock) Now() time.Time { return now }

// underWay is an attacked number without anything in it that has run out: a change would
// drop that.
func underWay() otp.Ledger {
	l := attacked()
	l.Verifications = l.Verifications[1:]
	l.Verifications[0].Resends[0].StartedAt = at("-5s")
	return l
}

// busyStore is a memory into which somebody else saves before each of the next saves.
type busyStore struct {
	otp.Store
	between []func(*otp.Ledger)
	saves   int
}

func (b *busyStore) Save(ctx context.Context, key string, n otp.Ledger, was otp.Revision) (otp.Revision, error) {
	b.saves++
	if len(b.between) > 0 {
		other, revision, err := b.Load(ctx, key)
		if err != nil {
			return "", err
		}
		b.between[0](&other)
		b.between = b.between[1:]
		_, err = b.Store.Save(ctx, key, other, revision)
		if err != nil {
			return "", err
		}
	}
	return b.Store.Save(ctx, key, n, was)
}

// opened is a subject in a memory of its own, as number.open gives it.
func opened(t *testing.T, state otp.Ledger, between ...func(*otp.Ledger)) (*subject, *busyStore) {
	t.Helper()
	memory := store.NewMemory(clock{})
	busy := &busyStore{Store: memory, between: between}
	s := subjectOf(state)
	s.store = busy
	if !state.IsZero() {
		_, err := memory.Save(t.Context(), s.key, state, "")
		if err != nil {
			t.Fatal(err)
		}
	}
	return s, busy
}

func kept(t *testing.T, s *subject) otp.Ledger {
	t.Helper()
	got, _, err := s.store.Load(t.Context(), s.key)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func silent(stderr io.Writer) *number {
	return &number{ui: &tui{in: strings.NewReader(""), out: io.Discard, err: stderr}, yes: true}
}

func TestEnable(t *testing.T) {
	enabled := underWay()
	enabled.Enable()             // what it does to the charges under way is tested in pkg/otp
	enabled.ForgetAt = at("23h") // the window is what it remembers longest
	undecided := underWay()
	undecided.DisabledAt = time.Time{}
	for name, test := range map[string]struct {
		state, want otp.Ledger
		saves       int
		said        string
	}{
		"disabled":           {underWay(), enabled, 1, "otpctl: the number is enabled: it was disabled since 2026-11-24T11:59:00Z, after 50 failures in a row\n"},
		"failures only":      {undecided, enabled, 1, "otpctl: the number was not marked as disabled; its failures in a row are 0 and no longer 50\n"},
		"not disabled":       {enabled, enabled, 0, "otpctl: nothing to change: the number is not disabled, and has no failures in a row\n"},
		"nothing remembered": {otp.Ledger{}, otp.Ledger{}, 0, "otpctl: nothing to change: the number is not disabled, and has no failures in a row\n"},
	} {
		t.Run(name, func(t *testing.T) {
			s, busy := opened(t, test.state)
			var stderr bytes.Buffer
			err := silent(&stderr).enable(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, kept(t, s)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if busy.saves != test.saves {
				t.Errorf("%d saves, want %d", busy.saves, test.saves)
			}
			if !strings.HasPrefix(stderr.String(), test.said) {
				t.Errorf("it said %q, want %q", stderr.String(), test.said)
			}
		})
	}
}

// What others save in between is not lost.
func TestEnableDecidesAgain(t *testing.T) {
	s, busy := opened(t, underWay(), func(n *otp.Ledger) { n.Sends = 3 }, func(n *otp.Ledger) { n.Failures[0].Count++ })
	var stderr bytes.Buffer
	err := silent(&stderr).enable(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if got := kept(t, s); got.Sends != 3 || len(got.Failures) != 0 || !got.DisabledAt.IsZero() || busy.saves != 3 {
		t.Errorf("after %d saves: %d sends, %d failures, disabled %v", busy.saves, got.Sends, failures(got), got.DisabledAt)
	}
	if !strings.Contains(stderr.String(), "after 51 failures in a row") {
		t.Errorf("it said %q, which is not what it replaced", stderr.String())
	}
	// Somebody else has done it meanwhile.
	s, busy = opened(t, underWay(), func(n *otp.Ledger) { n.Enable() })
	stderr.Reset()
	err = silent(&stderr).enable(t.Context(), s)
	if err != nil || busy.saves != 1 || !strings.Contains(stderr.String(), "nothing to change") {
		t.Errorf("after another's enable: %d saves, %v, %q", busy.saves, err, stderr.String())
	}
}

func TestEnableGivesUp(t *testing.T) {
	var forever []func(*otp.Ledger)
	for i := range 1000 {
		forever = append(forever, func(n *otp.Ledger) { n.Sends = i })
	}
	s, busy := opened(t, underWay(), forever...)
	err := silent(io.Discard).enable(t.Context(), s)
	if err == nil || !strings.Contains(err.Error(), "nothing was changed") || busy.saves < 10 || busy.saves > 100 || kept(t, s).DisabledAt.IsZero() {
		t.Errorf("after %d saves: %v", busy.saves, err)
	}
}

func TestReset(t *testing.T) {
	s, busy := opened(t, underWay(), func(n *otp.Ledger) { n.Sends = 3 })
	var stderr bytes.Buffer
	err := silent(&stderr).reset(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if got := kept(t, s); !got.IsZero() || busy.saves != 2 {
		t.Errorf("after %d saves the state is %+v, want none", busy.saves, got)
	}
	const want = "forgotten: disabled since 2026-11-24T11:59:00Z, 3 sends, 50 failures in a row, 2 verifications ("
	if !strings.Contains(stderr.String(), want) {
		t.Errorf("it said %q, want %q", stderr.String(), want)
	}
	for name, state := range map[string]otp.Ledger{"never sent to": {}, "reset before": {ForgetAt: at("-1h"), Verifications: []otp.Verification{}}} {
		s, busy := opened(t, state)
		stderr.Reset()
		err := silent(&stderr).reset(t.Context(), s)
		if err != nil || busy.saves != 0 || stderr.String() != "otpctl: nothing to change: nothing is remembered of this number\n" {
			t.Errorf("%s: %d saves, %v, %q", name, busy.saves, err, stderr.String())
		}
	}
}

func TestResetAsks(t *testing.T) {
	s, busy := opened(t, underWay())
	n := silent(io.Discard)
	n.yes = false
	err := n.reset(t.Context(), s)
	if failed, ok := errors.AsType[*failure](err); !ok || failed.hints[0] != "add --yes" || busy.saves != 0 {
		t.Errorf("without anybody to ask: %d saves, %v", busy.saves, err)
	}
}

// lostStore saves and does not say so.
type lostStore struct{ otp.Store }

func (l lostStore) Save(ctx context.Context, key string, n otp.Ledger, was otp.Revision) (otp.Revision, error) {
	_, err := l.Store.Save(ctx, key, n, was)
	return "", errors.Join(err, fmt.Errorf("saving number: %w", otp.ErrUnavailable))
}

func TestLostAnswerIsNotSaidToBeNothing(t *testing.T) {
	s, _ := opened(t, underWay())
	s.store = lostStore{s.store}
	err := silent(io.Discard).enable(t.Context(), s)
	if failed, ok := errors.AsType[*failure](err); !ok || failed.hints[0] != "run it again: it says whether the change was made" {
		t.Errorf("got %v", err)
	}
}
