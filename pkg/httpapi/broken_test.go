package httpapi_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/ratelimit"
	"github.com/seed-a131a524/infobip-otp/pkg/secrets"
)

// behaviour is what a call of a broken dependency does. It carries the call out, or
// not, through effect.
type behaviour func(ctx context.Context, effect func() error) error

// The ways in which a store, a counter or a secret fails.
func failing(_ context.Context, _ func() error) error {
	return fmt.Errorf("%w: %w", otp.ErrUnavailable, errBroken)
}

// lost has the effect and loses the answer.
func lost(ctx context.Context, effect func() error) error {
	if err := effect(); err != nil {
		return err
	}
	return failing(ctx, nil)
}

// hanging never answers; like every implementation of the ports it bounds its time.
func hanging(ctx context.Context, effect func() error) error {
	const patience = 2500 * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	<-ctx.Done()
	return failing(ctx, effect)
}

func slow(ctx context.Context, effect func() error) error {
	select {
	case <-time.After(900 * time.Millisecond):
		return effect()
	case <-ctx.Done():
		return failing(ctx, effect)
	}
}

func panicking(context.Context, func() error) error {
	panic("canary panic with " + number + " and " + apiKey)
}

// schedule gives the n-th call (from 1) its behaviour; nil is a sound one.
type schedule func(n int) behaviour

func always(b behaviour) schedule { return func(int) behaviour { return b } }

func only(n int, b behaviour) schedule {
	return func(call int) behaviour {
		if call == n {
			return b
		}
		return nil
	}
}

func fromCall(n int, b behaviour) schedule {
	return func(call int) behaviour {
		if call >= n {
			return b
		}
		return nil
	}
}

// broken counts calls and makes them misbehave.
type broken struct {
	mu       sync.Mutex
	calls    int
	schedule schedule
}

// set starts a schedule; its count begins with the next call.
func (b *broken) set(s schedule) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.schedule, b.calls = s, 0
}

func (b *broken) call(ctx context.Context, effect func() error) error {
	b.mu.Lock()
	b.calls++
	var how behaviour
	if b.schedule != nil {
		how = b.schedule(b.calls)
	}
	b.mu.Unlock()
	if how == nil {
		return effect()
	}
	return how(ctx, effect)
}

type faultyStore struct {
	otp.Store
	load, save broken
	// storm refuses every save with the current state, as if others were faster.
	mu    sync.Mutex
	storm bool
}

func (s *faultyStore) Load(ctx context.Context, key string) (otp.Ledger, otp.Revision, error) {
	var n otp.Ledger
	var revision otp.Revision
	err := s.load.call(ctx, func() error {
		var err error
		n, revision, err = s.Store.Load(ctx, key)
		return err
	})
	return n, revision, err
}

func (s *faultyStore) Save(ctx context.Context, key string, n otp.Ledger, was otp.Revision) (otp.Revision, error) {
	if s.stormy() {
		current, revision, err := s.Store.Load(ctx, key)
		if err != nil {
			return "", err
		}
		return "", &otp.Conflict{Current: current, Revision: revision}
	}
	var revision otp.Revision
	err := s.save.call(ctx, func() error {
		var err error
		revision, err = s.Store.Save(ctx, key, n, was)
		return err
	})
	return revision, err
}

func (s *faultyStore) stormy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.storm
}

func (s *faultyStore) setStorm(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.storm = on
}

type faultyCounter struct {
	ratelimit.Counter
	broken
	keysMu sync.Mutex
	keys   []string // that were counted
}

func (c *faultyCounter) Hit(ctx context.Context, key string, now time.Time, window time.Duration) (int, time.Time, error) {
	c.keysMu.Lock()
	c.keys = append(c.keys, key)
	c.keysMu.Unlock()
	var hits int
	var ends time.Time
	err := c.call(ctx, func() error {
		var err error
		hits, ends, err = c.Counter.Hit(ctx, key, now, window)
		return err
	})
	return hits, ends, err
}

// secretReader stands for Secrets Manager.
type secretReader struct {
	broken
	secretMu sync.Mutex
	secret   secrets.Secret
	reads    int
}

func (s *secretReader) Read(ctx context.Context) (secrets.Secret, error) {
	var secret secrets.Secret
	err := s.call(ctx, func() error {
		s.secretMu.Lock()
		defer s.secretMu.Unlock()
		s.reads++
		secret = s.secret
		return nil
	})
	return secret, err
}
