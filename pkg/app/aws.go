package app

import (
	"cmp"
	"crypto/tls"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/seed-a131a524/infobip-otp/pkg/awsjson"
	"github.com/seed-a131a524/infobip-otp/pkg/proof/awskms"
)

// Clients are built from explicit options rather than config.LoadDefaultConfig: the
// SSO, STS and sign-in packages that one links double a cold start, and a function has
// its credentials in the environment. Attempts and timeouts are set here because the
// SDK's defaults change with its releases.
const (
	attemptTime = 1 * time.Second
	attempts    = 2 // one repeat
	maxBackoff  = 100 * time.Millisecond
	// Services close idle connections before the SDK's default of 90 s
	// (aws-sdk-go-v2 #3423), and a request on such a connection fails.
	idleTimeout = 25 * time.Second
	dialTimeout = time.Second
	// localRegion signs requests to an emulator, which does not care.
	localRegion = "us-east-1"
)

// NewDynamoDB returns a client that ends every attempt within a second.
func NewDynamoDB(c AWS) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region:       c.region(c.DynamoDB),
		Credentials:  c.credentials(c.DynamoDB),
		BaseEndpoint: c.endpoint(c.DynamoDB),
		HTTPClient:   c.httpClient(),
		Retryer:      retryer(),
	})
}

// NewSecretsManager returns a client that ends every attempt within a second.
func NewSecretsManager(c AWS) *secretsmanager.Client {
	return secretsmanager.New(secretsmanager.Options{
		Region:       c.region(c.SecretsManager),
		Credentials:  c.credentials(c.SecretsManager),
		BaseEndpoint: c.endpoint(c.SecretsManager),
		HTTPClient:   c.httpClient(),
		Retryer:      retryer(),
	})
}

func retryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = attempts
		o.MaxBackoff = maxBackoff
	})
}

func (c AWS) httpClient() *http.Client {
	return &http.Client{Timeout: cmp.Or(c.Attempt, attemptTime), Transport: transport()}
}

func transport() *http.Transport {
	dialer := &net.Dialer{Timeout: dialTimeout}
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dialer.DialContext,
		TLSHandshakeTimeout: dialTimeout,
		// A request makes several calls at once, each on a connection of its own: the session
		// of the warm-up saves their handshakes the check of certificates.
		TLSClientConfig:     &tls.Config{ClientSessionCache: tls.NewLRUClientSessionCache(0)},
		IdleConnTimeout:     idleTimeout,
		MaxIdleConnsPerHost: 10,
		ForceAttemptHTTP2:   true,
	}
}

func (AWS) endpoint(url string) *string {
	if url == "" {
		return nil
	}
	return &url
}

func (c AWS) region(endpoint string) string {
	if c.Region == "" && endpoint != "" {
		return localRegion
	}
	return c.Region
}

// credentials are the environment's. An emulator takes any.
func (c AWS) credentials(endpoint string) aws.CredentialsProvider {
	return awsjson.Environment{
		AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken,
	}.Provider(endpoint)
}

// kms says how the keys of proofs are reached. A call bounds itself.
func (c AWS) kms() awskms.Options {
	return awskms.Options{Credentials: c.credentials(c.KMS), Endpoint: c.KMS, Transport: transport()}
}
