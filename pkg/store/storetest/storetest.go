// Package storetest is the contract of otp.Store as a test. Every implementation has
// to pass it; what an implementation does beyond it is for tests of its own.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// Run runs the suite, for each kind of recipient. Open gives a store; it is called once for every test. The store
// need not be empty: the suite draws its keys. Its clock, if it has one, shows the
// real time.
func Run(t *testing.T, open func(testing.TB) otp.Store) {
	t.Helper()
	for _, kind := range []recipient.Kind{recipient.Phone, recipient.Email} {
		t.Run(string(kind), func(t *testing.T) { run(t, kind, open) })
	}
}

func run(t *testing.T, kind recipient.Kind, open func(testing.TB) otp.Store) {
	t.Helper()
	for _, test := range []struct {
		name string
		run  func(*suite)
	}{
		{"an unknown key is the zero number", unknownKey},
		{"what is saved is loaded", roundTrip},
		{"a number without verifications is loaded as it is", bare},
		{"the time zone does not matter", zones},
		{"awkward text is kept", text},
		{"many verifications are kept", many},
		{"the first save wins", create},
		{"a save from an old revision is refused", stale},
		{"a save of what is gone is refused", gone},
		{"a revision is never used twice", revisions},
		{"keys are independent", keys},
		{"nothing shares memory", memory},
		{"one of many parallel saves wins", race},
		{"no update is lost", counting},
		{"an ended context ends the call", ended},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.run(&suite{T: t, Store: open(t), key: newKey(t, kind)})
		})
	}
}

// suite is one test: a store, and a key that nobody used.
type suite struct {
	*testing.T
	otp.Store
	key string
}

var drawn sync.Map

func newKey(t *testing.T, kind recipient.Kind) string {
	t.Helper()
	key := fmt.Sprintf("%s#test#%s#%d", kind, t.Name(), time.Now().UnixNano())
	if _, taken := drawn.LoadOrStore(key, true); taken {
		t.Fatalf("the key %q was drawn before", key)
	}
	return key
}

func (s *suite) save(n otp.Ledger, was otp.Revision) otp.Revision {
	s.Helper()
	revision, err := s.Save(s.Context(), s.key, n, was)
	if err != nil {
		s.Fatalf("Save: %v", err)
	}
	if revision == "" || revision == was {
		s.Fatalf("Save from revision %q gave %q", was, revision)
	}
	return revision
}

func (s *suite) load() (otp.Ledger, otp.Revision) {
	s.Helper()
	n, revision, err := s.Load(s.Context(), s.key)
	if err != nil {
		s.Fatalf("Load: %v", err)
	}
	return n, revision
}

func (s *suite) wantSaved(want otp.Ledger, revision otp.Revision) {
	s.Helper()
	got, gotRevision := s.load()
	s.wantSame(want, got)
	if gotRevision != revision {
		s.Errorf("the revision is %q, want %q", gotRevision, revision)
	}
}

func (s *suite) wantSame(want, got otp.Ledger) {
	s.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		s.Errorf("the ledger differs (-want +got):\n%s", diff)
	}
}

// wantConflict saves and wants to be refused with the current state.
func (s *suite) wantConflict(was otp.Revision, current otp.Ledger, revision otp.Revision) {
	s.Helper()
	got, err := s.Save(s.Context(), s.key, sample(), was)
	conflict, ok := errors.AsType[*otp.Conflict](err)
	if !ok || got != "" {
		s.Fatalf("Save from %q gave %q, %v; want a conflict", was, got, err)
	}
	if errors.Is(err, otp.ErrUnavailable) {
		s.Error("a conflict passes as an unavailable store")
	}
	s.wantSame(current, conflict.Current)
	if conflict.Revision != revision {
		s.Errorf("the conflict is with revision %q, want %q", conflict.Revision, revision)
	}
}

// began is read once, so that two samples are equal whenever they are made.
var began = time.Now().UTC().Truncate(time.Second)

// soon is a time that a store keeps exactly.
func soon(d time.Duration) time.Time {
	return began.Add(time.Hour + d)
}

// sample has a value in every field, so that a field that an implementation forgets
// shows.
func sample() otp.Ledger {
	at := func(ms int) time.Time { return soon(time.Duration(ms) * time.Millisecond) }
	l := otp.Ledger{
		Sends: 2, WindowEnds: at(1), Unconfirmed: 1, NextSendAt: at(2), NextVerifyAt: at(3),
		Senders: []otp.Sender{{Client: "", Sends: 1, Ends: at(20)}, {Client: "sender-1", Sends: 2, Ends: at(21)}, {Client: "sender-2", Sends: 3, Ends: at(22)}},
		Total:   7, TotalEnds: at(23), VerifiedAt: at(24),
		Failures:      []otp.Failures{{Client: "", Count: 4}, {Client: "failing-1", Count: 5}, {Client: "failing-2", Count: 6}},
		LastFailureAt: at(5), DisabledAt: at(6), ForgetAt: soon(7 * time.Second),
		Verifications: []otp.Verification{
			{
				Delivery: otp.Delivery{
					ID: "first", RunID: "run-1", Progress: otp.InFlight, Fingerprint: "fingerprint", Channel: otp.Voice,
					Client: "sender-1", Mark: "mark", Counted: "counted", StartedAt: at(8), ResendAt: at(9),
				},
				State:     otp.StateActive,
				Locale:    "zh-Hant",
				PinID:     "pin-1",
				ExpiresAt: at(10),
				Attempts:  3,
				Strangers: 4,
				Charges: []otp.Charge{
					{RunID: "a", Key: "key", Client: "failing-1", Stranger: true, Forgiven: true, At: at(15)},
					{RunID: "b"}, {RunID: "c", Client: "failing-2"}, {RunID: "d", At: at(16)},
				},
				SettledBy: "guess",
				SettledAt: at(17),
				Nonce:     "nonce",
				Resends: []otp.Delivery{
					{ID: "resend-1", RunID: "run-2", Progress: otp.Unconfirmed, Fingerprint: "f", Channel: otp.SMS, Client: "c", Mark: "m", Counted: "x", StartedAt: at(11), ResendAt: at(12)},
					{ID: "resend-2", Progress: otp.Sent, Channel: otp.Email, StartedAt: at(13), ResendAt: at(14)},
				},
			},
			{Delivery: otp.Delivery{ID: "second", Progress: otp.DeliveryThrottled, Channel: otp.SMS}, State: otp.StateFailed},
		},
	}
	l.Tests = l.Clone().Verifications
	l.Tests[0].ID = "test"
	return l
}

func unknownKey(s *suite) { s.wantSaved(otp.Ledger{}, "") }

func roundTrip(s *suite) {
	missing(s.T, sample())
	revision := s.save(sample(), "")
	s.wantSaved(sample(), revision)
	next := sample()
	next.Verifications = next.Verifications[1:]
	next.Failures, next.Senders, next.DisabledAt = nil, nil, time.Time{}
	revision = s.save(next, revision)
	s.wantSaved(next, revision) // what was taken away is gone
}

func bare(s *suite) {
	n := otp.Ledger{ForgetAt: soon(0)}
	revision := s.save(n, "")
	s.wantSaved(n, revision)
}

func zones(s *suite) {
	n := otp.Ledger{ForgetAt: soon(0), NextSendAt: soon(5 * time.Millisecond)}
	east := n
	zone := time.FixedZone("east", 2*60*60)
	east.ForgetAt, east.NextSendAt = n.ForgetAt.In(zone), n.NextSendAt.In(zone)
	revision := s.save(east, "")
	got, _ := s.load()
	if !got.NextSendAt.Equal(n.NextSendAt) || !got.ForgetAt.Equal(n.ForgetAt) {
		s.Errorf("got %v and %v, want %v and %v (revision %s)", got.NextSendAt, got.ForgetAt, n.NextSendAt, n.ForgetAt, revision)
	}
}

func text(s *suite) {
	n := sample()
	n.Verifications[0].PinID = `" \ ' / # + % äöü 日本 🙂 ` + "\t\u2028"
	n.Verifications[0].Charges = []otp.Charge{{RunID: "null"}, {RunID: "0"}, {RunID: " "}}
	s.wantSaved(n, s.save(n, ""))
}

func many(s *suite) {
	const count = 200
	n := otp.Ledger{ForgetAt: soon(0)}
	for i := range count {
		v := sample().Verifications[0]
		v.ID = fmt.Sprintf("verification %d", i)
		n.Verifications = append(n.Verifications, v)
	}
	s.wantSaved(n, s.save(n, ""))
}

func create(s *suite) {
	first := otp.Ledger{Sends: 1, ForgetAt: soon(0)}
	revision := s.save(first, "")
	s.wantConflict("", first, revision)
	s.wantSaved(first, revision)
}

func stale(s *suite) {
	old := s.save(otp.Ledger{Sends: 1, ForgetAt: soon(0)}, "")
	current := sample()
	revision := s.save(current, old)
	s.wantConflict(old, current, revision)
	s.wantConflict("made up", current, revision)
	s.wantSaved(current, revision)
}

func gone(s *suite) {
	s.wantConflict("made up", otp.Ledger{}, "")
	s.wantSaved(otp.Ledger{}, "")
}

func revisions(s *suite) {
	seen := map[otp.Revision]bool{}
	revision := otp.Revision("")
	for range 20 {
		revision = s.save(sample(), revision) // the same content every time
		if seen[revision] {
			s.Fatalf("the revision %q came twice", revision)
		}
		seen[revision] = true
	}
}

func keys(s *suite) {
	mine := s.save(sample(), "")
	other := &suite{T: s.T, Store: s.Store, key: s.key + "'"}
	other.wantSaved(otp.Ledger{}, "")
	other.save(otp.Ledger{Sends: 9, ForgetAt: soon(0)}, "")
	s.wantSaved(sample(), mine)
}

func memory(s *suite) {
	spoil := func(n otp.Ledger) {
		n.Verifications[0].PinID = "spoilt"
		n.Verifications[0].Charges[0].RunID = "spoilt"
		n.Failures[0].Client, n.Senders[0].Client = "spoilt", "spoilt"
		n.Verifications[0].Resends[0].ID = "spoilt"
	}
	given := sample()
	revision := s.save(given, "")
	spoil(given)
	s.wantSaved(sample(), revision)
	loaded, _ := s.load()
	spoil(loaded)
	s.wantSaved(sample(), revision)
	_, err := s.Save(s.Context(), s.key, sample(), "")
	conflict, ok := errors.AsType[*otp.Conflict](err)
	if !ok {
		s.Fatalf("got %v, want a conflict", err)
	}
	spoil(conflict.Current)
	s.wantSaved(sample(), revision)
}

func race(s *suite) {
	const savers = 20
	for _, was := range []otp.Revision{"", s.savedElsewhere()} {
		var wins, conflicts int
		var mu sync.Mutex
		var all sync.WaitGroup
		for i := range savers {
			all.Go(func() {
				_, err := s.Save(s.Context(), s.keyFor(was), otp.Ledger{Sends: i, ForgetAt: soon(0)}, was)
				mu.Lock()
				defer mu.Unlock()
				conflict, refused := errors.AsType[*otp.Conflict](err)
				switch {
				case err == nil:
					wins++
				case refused && conflict.Revision != was:
					conflicts++
				default:
					s.Errorf("Save: %v", err)
				}
			})
		}
		all.Wait()
		if wins != 1 || conflicts != savers-1 {
			s.Errorf("from revision %q, %d saves won and %d met a conflict, want 1 and %d", was, wins, conflicts, savers-1)
		}
	}
}

// savedElsewhere saves under the suite's second key; keyFor gives the key that goes
// with a revision.
func (s *suite) savedElsewhere() otp.Revision {
	s.Helper()
	revision, err := s.Save(s.Context(), s.key+"'", sample(), "")
	if err != nil {
		s.Fatal(err)
	}
	return revision
}

func (s *suite) keyFor(was otp.Revision) string {
	if was == "" {
		return s.key
	}
	return s.key + "'"
}

func counting(s *suite) {
	const writers, each = 8, 5
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for range each {
				s.add()
			}
		})
	}
	all.Wait()
	if n, _ := s.load(); n.Sends != writers*each {
		s.Errorf("%d updates are left of %d", n.Sends, writers*each)
	}
}

// add adds one to Sends as the domain does: from the state a conflict came with.
func (s *suite) add() {
	n, revision, err := s.Load(s.Context(), s.key)
	if err != nil {
		s.Errorf("Load: %v", err)
		return
	}
	for {
		n.Sends++
		n.ForgetAt = soon(0)
		_, err := s.Save(s.Context(), s.key, n, revision)
		conflict, refused := errors.AsType[*otp.Conflict](err)
		switch {
		case err == nil:
			return
		case !refused:
			s.Errorf("Save: %v", err)
			return
		}
		n, revision = conflict.Current, conflict.Revision
	}
}

func ended(s *suite) {
	revision := s.save(sample(), "")
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	if _, _, err := s.Load(ctx, s.key); !errors.Is(err, otp.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		s.Errorf("Load in an ended context gave %v, want ErrUnavailable and context.Canceled in its chain", err)
	}
	if _, err := s.Save(ctx, s.key, otp.Ledger{}, revision); !errors.Is(err, otp.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		s.Errorf("Save in an ended context gave %v, want ErrUnavailable and context.Canceled in its chain", err)
	}
	s.wantSaved(sample(), revision)
}
