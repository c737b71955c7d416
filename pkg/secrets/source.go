package secrets

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
)

// Reader fetches the secret.
type Reader interface {
	Read(ctx context.Context) (Secret, error)
}

// SecretsManagerAPI is what Manager needs of the SDK's client.
type SecretsManagerAPI interface {
	GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error)
}

// Manager reads from AWS Secrets Manager.
type Manager struct {
	Client SecretsManagerAPI
	// ID is the secret's name or ARN.
	ID string
}

// Read implements Reader.
func (m Manager) Read(ctx context.Context) (Secret, error) {
	out, err := m.Client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &m.ID})
	if err != nil {
		return Secret{}, fmt.Errorf("reading the secret: %w", err)
	}
	if out.SecretString == nil {
		return Secret{}, errors.New("reading the secret: it holds no text")
	}
	return Parse(*out.SecretString)
}

// Static is a Reader of a secret that is known from the start.
type Static Secret

// Read implements Reader.
func (s Static) Read(context.Context) (Secret, error) { return Secret(s), nil }

const (
	// lifetime is how long a secret is used before it is read again, so that a
	// rotated key is noticed without a deployment.
	lifetime = 15 * time.Minute
	// readTimeout bounds one read, the SDK's repeat included.
	readTimeout = 2 * time.Second
)

// Source gives the secret, read once per lifetime and execution environment. When a
// read fails there is no secret (fail closed), and the next request tries again. It
// is safe for concurrent use; one read serves all that wait for it.
type Source struct {
	reader Reader
	clock  otp.Clock
	// turn holds the one token of whoever reads or changes the fields below. A
	// channel, so that waiting ends with the request.
	turn   chan struct{}
	cached *Secret
	readAt time.Time
}

// NewSource gives a Source that has read nothing yet.
func NewSource(reader Reader, clock otp.Clock) *Source {
	s := &Source{reader: reader, clock: clock, turn: make(chan struct{}, 1)}
	s.turn <- struct{}{}
	return s
}

// PhoneKeys returns the phone keys of this moment. An error has otp.ErrUnavailable in its
// chain.
func (s *Source) PhoneKeys(ctx context.Context) (pseudonym.Keys, error) {
	secret, err := s.get(ctx, func(Secret) bool { return true })
	if err != nil {
		return pseudonym.Keys{}, err
	}
	key := secret.PhoneKey()
	return pseudonym.Keys{Ledgers: []pseudonym.Key{key}, Oldest: key}, nil
}

// APIKey gives the Infobip API key. An error has otp.ErrUnavailable in its chain.
func (s *Source) APIKey(ctx context.Context) (string, error) {
	secret, err := s.get(ctx, func(Secret) bool { return true })
	if err != nil {
		return "", err
	}
	return secret.APIKey(), nil
}

// RefreshAPIKey gives the API key after Infobip refused one: it is read again,
// unless that has happened since.
func (s *Source) RefreshAPIKey(ctx context.Context, refused string) (string, error) {
	secret, err := s.get(ctx, func(cached Secret) bool { return cached.APIKey() != refused })
	if err != nil {
		return "", err
	}
	return secret.APIKey(), nil
}

func (s *Source) get(ctx context.Context, good func(Secret) bool) (Secret, error) {
	select {
	case <-s.turn:
		defer func() { s.turn <- struct{}{} }()
	case <-ctx.Done():
		return Secret{}, fmt.Errorf("%w: waiting for the secret: %w", otp.ErrUnavailable, ctx.Err())
	}
	fresh := s.cached != nil && s.clock.Now().Sub(s.readAt) < lifetime
	if fresh && good(*s.cached) {
		return *s.cached, nil
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	secret, err := s.reader.Read(ctx)
	if err != nil {
		return Secret{}, fmt.Errorf("%w: %w", otp.ErrUnavailable, err)
	}
	s.cached, s.readAt = &secret, s.clock.Now()
	return secret, nil
}
