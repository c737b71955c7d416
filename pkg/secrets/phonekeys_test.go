package secrets_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
	"github.com/seed-a131a524/infobip-otp/pkg/secrets"
)

// switchAt is the moment at which the last of some versions comes into use.
var switchAt = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

// memory is as long as anything is remembered by default.
const memory = 90 * 24 * time.Hour

// rotating is a secret with these versions of the phone key, of which the named one is in
// use from switchAt on. Without a moment it is in use at once.
func rotating(tb testing.TB, named string, from time.Time, versions ...string) secrets.Secret {
	tb.Helper()
	var entries []string
	for _, version := range versions {
		entries = append(entries, entry(version, encoded((version + phoneKey)[:pseudonym.KeySize])))
	}
	text := document(apiKey, strings.Join(entries, ","), named)
	if !from.IsZero() {
		text = strings.TrimSuffix(text, "}") + `,"phoneKeyFrom":"` + from.Format(time.RFC3339) + `"}`
	}
	secret, err := secrets.Parse(text)
	if err != nil {
		tb.Fatal(err)
	}
	return secret
}

func versionsOf(keys []pseudonym.Key) []string {
	var all []string
	for _, key := range keys {
		all = append(all, key.Version())
	}
	return all
}

func TestPhoneKeysOfAMoment(t *testing.T) {
	never := time.Time{}
	for name, c := range map[string]struct {
		named    string
		from     time.Time
		versions string
		now      time.Time
		memory   time.Duration
		want     string // in use first
		oldest   string
	}{
		"one key":                        {"1", never, "1", switchAt, memory, "1", "1"},
		"long before":                    {"2", switchAt, "1 2", switchAt.AddDate(-1, 0, 0), memory, "1 2", "1"},
		"just before":                    {"2", switchAt, "1 2", switchAt.Add(-1), memory, "1 2", "1"},
		"from then on":                   {"2", switchAt, "1 2", switchAt, memory, "2 1", "1"},
		"last moment of the memory":      {"2", switchAt, "1 2", switchAt.Add(memory - 1), memory, "2 1", "1"},
		"after the memory":               {"2", switchAt, "1 2", switchAt.Add(memory), memory, "2", "1"},
		"a longer memory":                {"2", switchAt, "1 2", switchAt.Add(memory), 400 * 24 * time.Hour, "2 1", "1"},
		"no end of memory":               {"2", switchAt, "1 2", switchAt.AddDate(10, 0, 0), 0, "2 1", "1"},
		"no moment, so at once":          {"2", never, "1 2", switchAt, memory, "2 1", "1"},
		"no moment, so for ever":         {"2", never, "1 2", switchAt.AddDate(10, 0, 0), memory, "2 1", "1"},
		"third key, before":              {"3", switchAt, "1 2 3", switchAt.Add(-1), memory, "2 3 1", "1"},
		"third key":                      {"3", switchAt, "1 2 3", switchAt, memory, "3 2 1", "1"},
		"third key, after":               {"3", switchAt, "1 2 3", switchAt.Add(memory), memory, "3", "1"},
		"tenth key, before":              {"10", switchAt, "10 2 9 1", switchAt.Add(-1), memory, "9 10 2 1", "1"},
		"words":                          {"2026-12", switchAt, "2026-12 2026-9 first", switchAt.Add(-1), memory, "2026-9 first 2026-12", "2026-9"},
		"back to an older key":           {"2", never, "1 2 3", switchAt, memory, "2 3 1", "1"},
		"nothing before, so at once":     {"1", switchAt, "1", switchAt.Add(-1), memory, "1", "1"},
		"lowest named, so at once":       {"1", switchAt, "1 2", switchAt.Add(-1), memory, "1 2", "1"},
		"the first key was thrown away":  {"3", switchAt, "2 3", switchAt, memory, "3 2", "2"},
		"a moment in another zone":       {"2", switchAt.In(time.FixedZone("", 5400)), "1 2", switchAt, memory, "2 1", "1"},
		"a moment in another zone, soon": {"2", switchAt.In(time.FixedZone("", 5400)), "1 2", switchAt.Add(-1), memory, "1 2", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			secret := rotating(t, c.named, c.from, strings.Fields(c.versions)...)
			keys := secret.PhoneKeys(c.now, c.memory)
			if diff := cmp.Diff(strings.Fields(c.want), versionsOf(keys.Ledgers)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got := keys.Oldest.Version(); got != c.oldest {
				t.Errorf("the oldest is %s, want %s", got, c.oldest)
			}
			if got := secret.PhoneKeyFrom(); !got.Equal(c.from) {
				t.Errorf("in use from %s, want %s", got, c.from)
			}
		})
	}
}

// TestSourceHasAMemory: how long the other keys are consulted is the deployment's to say.
func TestSourceHasAMemory(t *testing.T) {
	for memory, want := range map[time.Duration]string{0: "2 1", memory: "2", memory + 1: "2 1"} {
		s := secrets.NewSource(secrets.Static(rotating(t, "2", switchAt, "1", "2")), &setClock{now: switchAt.Add(90 * 24 * time.Hour)})
		s.Memory = memory
		keys, err := s.PhoneKeys(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.Fields(want), versionsOf(keys.Ledgers)); diff != "" {
			t.Errorf("a memory of %s (-want +got):\n%s", memory, diff)
		}
	}
}

// history is Secrets Manager while an operator changes the secret: what it holds depends
// on the moment.
type history struct {
	clock         *setClock
	before, after secrets.Secret
	changed       time.Time
}

func (h *history) Read(context.Context) (secrets.Secret, error) {
	if h.clock.Now().Before(h.changed) {
		return h.before, nil
	}
	return h.after, nil
}

// environment is one execution environment at a moment, whose copy of the secret is so old.
type environment struct {
	now  time.Time
	age  time.Duration
	keys pseudonym.Keys
}

// environments are those at every moment around a change of phone keys, with copies of
// every age, each with a Source of its own.
func environments(t *testing.T, before, after secrets.Secret, changed, inUse time.Time) []environment {
	t.Helper()
	const lifetime, step = 15 * time.Minute, 3 * time.Minute
	var moments []time.Time
	for now := changed.Add(-2 * lifetime); now.Before(inUse.Add(2 * lifetime)); now = now.Add(step) {
		moments = append(moments, now)
	}
	for _, off := range []time.Duration{-time.Second, 0, time.Second} {
		moments = append(moments, changed.Add(off), changed.Add(lifetime+off), inUse.Add(off))
	}
	moments = append(moments, inUse.Add(memory-time.Second))
	var all []environment
	for _, now := range moments {
		for _, age := range []time.Duration{0, time.Second, 5 * time.Minute, lifetime - time.Second, lifetime - 1} {
			clock := &setClock{now: now.Add(-age)}
			s := secrets.NewSource(&history{clock: clock, before: before, after: after, changed: changed}, clock)
			s.Memory = memory
			if _, err := s.APIKey(t.Context()); err != nil {
				t.Fatal(err)
			}
			clock.set(now)
			keys, err := s.PhoneKeys(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, environment{now, age, keys})
		}
	}
	return all
}

// missed are the pairs of environments of which one looks, at the same moment or later,
// under no key that the other has in use. Their clocks differ by up to skew.
func missed(all []environment, skew time.Duration) []string {
	var pairs []string
	for _, maker := range all {
		made := maker.keys.Ledgers[0].Version()
		for _, seeker := range all {
			if !seeker.now.Before(maker.now.Add(-skew)) && !slices.Contains(versionsOf(seeker.keys.Ledgers), made) {
				pairs = append(pairs, fmt.Sprintf("made under %s at %s with a copy of %s, sought under %v at %s with a copy of %s",
					made, maker.now.Format(time.TimeOnly), maker.age, versionsOf(seeker.keys.Ledgers), seeker.now.Format(time.TimeOnly), seeker.age))
			}
		}
	}
	return pairs
}

// TestRotationMissesNoLedger: whatever one execution environment makes, every other one
// looks for in the right place, from before the rotation until nothing can be remembered.
func TestRotationMissesNoLedger(t *testing.T) {
	const skew = 5 * time.Second
	for name, c := range map[string]struct {
		before, after secrets.Secret
		changed       time.Time
		finds         bool
	}{
		"an hour ahead, as otpctl does it": {rotating(t, "1", time.Time{}, "1"), rotating(t, "2", switchAt, "1", "2"), switchAt.Add(-time.Hour), true},
		"a quarter of an hour ahead":       {rotating(t, "1", time.Time{}, "1"), rotating(t, "2", switchAt, "1", "2"), switchAt.Add(-15*time.Minute - skew), true},
		"the third key, after a while": {
			rotating(t, "2", switchAt.Add(-2*memory), "1", "2"), rotating(t, "3", switchAt, "1", "2", "3"), switchAt.Add(-time.Hour), true,
		},
		"the third key, soon after the second": {
			rotating(t, "2", switchAt.Add(-2*time.Hour), "1", "2"), rotating(t, "3", switchAt, "1", "2", "3"), switchAt.Add(-time.Hour), true,
		},
		// And what these tests would see if they looked in the wrong places.
		"sooner than a copy grows old": {rotating(t, "1", time.Time{}, "1"), rotating(t, "2", switchAt, "1", "2"), switchAt.Add(-10 * time.Minute), false},
		"at once":                      {rotating(t, "1", time.Time{}, "1"), rotating(t, "2", time.Time{}, "1", "2"), switchAt, false},
		"without the old key":          {rotating(t, "1", time.Time{}, "1"), rotating(t, "2", switchAt, "2"), switchAt.Add(-time.Hour), false},
	} {
		t.Run(name, func(t *testing.T) {
			all := environments(t, c.before, c.after, c.changed, switchAt)
			pairs := missed(all, skew)
			switch {
			case c.finds && len(pairs) > 0:
				t.Errorf("of %d environments %d pairs miss what was made, the first: %s", len(all), len(pairs), pairs[0])
			case !c.finds && len(pairs) == 0:
				t.Error("no pair misses anything, so this test looks at nothing")
			}
			seen := map[string]bool{}
			for _, e := range all {
				seen[e.keys.Ledgers[0].Version()] = true
				if c.finds && e.keys.Oldest.Version() != "1" {
					t.Errorf("at %s the oldest key is %s", e.now, e.keys.Oldest.Version())
				}
			}
			if len(seen) != 2 {
				t.Errorf("the keys in use were %v, want the one before the rotation and the one after it", seen)
			}
		})
	}
}
