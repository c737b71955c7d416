package harness

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// Moto returns the endpoint of a moto server, an emulated AWS of which the tests use the
// Secrets Manager. The tests of a package share it.
func Moto(tb testing.TB) string {
	tb.Helper()
	return shared.address(tb, "moto", startMoto)
}

func startMoto() (string, func() error, error) {
	server, err := tool("python", "bin", "moto_server")
	if err != nil {
		return "", nil, err
	}
	return onFreePort(func(port int) (string, func() error, error) { return startMotoOn(port, server) })
}

func startMotoOn(port int, server string) (string, func() error, error) {
	p, err := start(Command{
		Name: "moto",
		Path: server,
		Args: []string{"--host", "127.0.0.1", "--port", strconv.Itoa(port)},
	})
	if err != nil {
		return "", nil, err
	}
	endpoint := fmt.Sprintf("http://127.0.0.1:%d", port)
	client := SecretsManager(endpoint)
	err = p.ready(2*time.Minute, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_, err := client.ListSecrets(ctx, &secretsmanager.ListSecretsInput{},
			func(o *secretsmanager.Options) { o.RetryMaxAttempts = 1 })
		return err
	})
	return endpoint, p.stop, err
}

// SecretsManager returns a client for an endpoint.
func SecretsManager(endpoint string) *secretsmanager.Client {
	return secretsmanager.New(secretsmanager.Options{
		Region:       Region,
		BaseEndpoint: &endpoint,
		Credentials:  credentials.NewStaticCredentialsProvider(AccessKeyID, SecretAccessKey, ""),
	})
}

// Secret keeps a value in the Secrets Manager behind endpoint and returns its id.
func Secret(tb testing.TB, endpoint, value string) string {
	tb.Helper()
	id := "otp-" + rand.Text()
	_, err := SecretsManager(endpoint).CreateSecret(tb.Context(),
		&secretsmanager.CreateSecretInput{Name: &id, SecretString: &value})
	if err != nil {
		tb.Fatalf("creating a secret: %v", err)
	}
	return id
}
