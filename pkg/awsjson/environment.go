package awsjson

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Environment is credentials as Lambda sets them. It does not print itself.
type Environment struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string
}

var errNoCredentials = errors.New("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set")

// Provider returns the credentials for an endpoint; empty is AWS's own. An emulator takes
// any.
func (e Environment) Provider(endpoint string) aws.CredentialsProvider {
	found := aws.Credentials{
		AccessKeyID:     e.AccessKeyID,
		SecretAccessKey: e.SecretAccessKey,
		SessionToken:    e.SessionToken,
		Source:          "environment",
	}
	if endpoint != "" && !found.HasKeys() {
		found.AccessKeyID, found.SecretAccessKey = "local", "local"
	}
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		if !found.HasKeys() {
			return aws.Credentials{}, errNoCredentials
		}
		return found, nil
	})
}

// Format prints a placeholder for every verb.
func (Environment) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[AWS credentials]") }

// MarshalText marshals a placeholder.
func (Environment) MarshalText() ([]byte, error) { return []byte("[AWS credentials]"), nil }
