package secrets

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
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

// Current is the label of the value in use. It is AWS's default, and said aloud because
// emulators may take the first value for that after the label has moved.
const Current = "AWSCURRENT"

// Read implements Reader.
func (m Manager) Read(ctx context.Context) (Secret, error) {
	out, err := m.Client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &m.ID, VersionStage: new(Current)})
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
