package secrets

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
)

const (
	// lifetime is how long a secret is used before it is read again, so that a
	// rotated key is noticed without a deployment. A phoneKeyFrom has to lie further
	// ahead than this, or some environments do not know the new key when it is used.
	lifetime = 15 * time.Minute
	// readTimeout bounds one read, the SDK's repeat included.
	readTimeout = 2 * time.Second
)

// Source is the secret of an execution environment, read once per lifetime. When a read
// fails there is no secret (fail closed), and after a short, growing pause it is tried
// again. It is safe for concurrent use; one read serves all that wait for it, and goes on
// when one of them leaves.
type Source struct {
	// Memory is how long after a change of phone key the other keys are consulted; see
	// Secret.PhoneKeys. It is set before the first use, or left at zero for no end.
	Memory time.Duration

	reader Reader
	clock  otp.Clock

	mu      sync.Mutex // guards what follows, and is not held during a read
	reading *reading
	cached  *Secret
	readAt  time.Time
	err     error // of the last read
	// failing is the pause after a read that failed, refusing after one that brought
	// again the API key that was refused.
	failing, refusing pause
}

// reading is one read under way.
type reading struct {
	since time.Time
	// again: somebody waits for another API key than the cached one.
	again bool
	done  chan struct{}
	// Set before done is closed.
	secret Secret
	err    error
}

// NewSource returns a Source that has read nothing yet.
func NewSource(reader Reader, clock otp.Clock) *Source {
	return &Source{reader: reader, clock: clock}
}

// PhoneKeys returns the phone keys of this moment. An error has otp.ErrUnavailable in its
// chain.
func (s *Source) PhoneKeys(ctx context.Context) (pseudonym.Keys, error) {
	secret, err := s.get(ctx, "")
	if err != nil {
		return pseudonym.Keys{}, err
	}
	return secret.PhoneKeys(s.now(), s.Memory), nil
}

// IsOriginKey reports whether the candidate is one of the origin keys. An error has
// otp.ErrUnavailable in its chain. A candidate that is none causes no read: whoever can
// guess could have the secret read with every guess. So a new origin key is known once
// the copy at hand is a lifetime old.
func (s *Source) IsOriginKey(ctx context.Context, candidate string) (bool, error) {
	secret, err := s.get(ctx, "")
	if err != nil {
		return false, err
	}
	return secret.IsOriginKey(candidate), nil
}

// OriginKeys returns how many origin keys there are. An error has otp.ErrUnavailable in
// its chain.
func (s *Source) OriginKeys(ctx context.Context) (int, error) {
	secret, err := s.get(ctx, "")
	if err != nil {
		return 0, err
	}
	return secret.OriginKeys(), nil
}

// ChallengeSecret returns the secret of the site's challenge. It is an error that there is
// none; one about the secret as a whole has otp.ErrUnavailable in its chain.
func (s *Source) ChallengeSecret(ctx context.Context) (string, error) {
	secret, err := s.get(ctx, "")
	if err != nil {
		return "", err
	}
	if secret.ChallengeSecret() == "" {
		return "", errors.New("the secret has no challengeSecret")
	}
	return secret.ChallengeSecret(), nil
}

// TestRecipients returns the list of test recipients as it stands in the secret. An error
// has otp.ErrUnavailable in its chain.
func (s *Source) TestRecipients(ctx context.Context) (string, error) {
	secret, err := s.get(ctx, "")
	if err != nil {
		return "", err
	}
	return secret.TestRecipients(), nil
}

// APIKey returns the Infobip API key. An error has otp.ErrUnavailable in its chain.
func (s *Source) APIKey(ctx context.Context) (string, error) {
	return s.RefreshAPIKey(ctx, "")
}

// RefreshAPIKey returns the API key after Infobip refused one: it is read again, unless
// that has happened since, or has just brought the same one. So the result may be the
// refused key, whose second refusal then stands.
func (s *Source) RefreshAPIKey(ctx context.Context, refused string) (string, error) {
	secret, err := s.get(ctx, refused)
	if err != nil {
		return "", err
	}
	return secret.APIKey(), nil
}

// now is the wall clock. The monotonic one stands still while an execution environment is
// frozen, which may be for hours.
func (s *Source) now() time.Time { return s.clock.Now().Round(0) }

// get returns the secret, read anew where there is none that is young enough, or where its
// API key is the one that was refused.
func (s *Source) get(ctx context.Context, refused string) (Secret, error) {
	r, secret, err := s.look(ctx, refused)
	if r == nil {
		return secret, err
	}
	select {
	case <-r.done:
		return r.secret, r.err
	case <-ctx.Done():
		return Secret{}, fmt.Errorf("%w: waiting for it: %w", otp.ErrSecretUnreadable, ctx.Err())
	}
}

// look returns what is at hand or, without that, the read to wait for.
func (s *Source) look(ctx context.Context, refused string) (*reading, Secret, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	young := s.cached != nil && within(s.readAt, now, lifetime)
	again := s.cached != nil && s.cached.APIKey() == refused
	switch {
	case young && !again:
		return nil, *s.cached, nil
	case s.failing.holds(now):
		return nil, Secret{}, s.err
	case young && s.refusing.holds(now):
		return nil, *s.cached, nil
	}
	// A read that is much older than it may be was frozen with its environment.
	if s.reading == nil || !within(s.reading.since, now, 2*readTimeout) {
		s.reading = &reading{since: now, done: make(chan struct{})}
		go s.read(ctx, s.reading)
	}
	s.reading.again = s.reading.again || again
	return s.reading, Secret{}, nil
}

// read carries out a read that ends with none of the requests that wait for it.
func (s *Source) read(ctx context.Context, r *reading) {
	defer s.finish(r)
	defer func() {
		if value := recover(); value != nil { // here it would end the process
			r.err = fmt.Errorf("%w: reading it panicked with a %T", otp.ErrSecretUnreadable, value)
		}
	}()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTimeout)
	defer cancel()
	secret, err := s.reader.Read(ctx)
	if err != nil {
		err = fmt.Errorf("%w: %w", otp.ErrSecretUnreadable, err)
	}
	r.secret, r.err = secret, err
}

func (s *Source) finish(r *reading) {
	defer close(r.done)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reading != r {
		return // another read took its place
	}
	s.reading, s.err = nil, r.err
	if r.err != nil {
		s.failing.lengthen(s.now())
		return
	}
	s.failing.end()
	switch same := s.cached != nil && s.cached.APIKey() == r.secret.APIKey(); {
	case !same:
		s.refusing.end()
	case r.again:
		s.refusing.lengthen(s.now())
	}
	// What was read is as old as the question.
	s.cached, s.readAt = &r.secret, r.since
}
