// Package awskms has the keys of proofs that live in AWS KMS. The private half never
// leaves it: a signature is a call.
//
// It is a package of its own so that package proof links no AWS, and calls KMS through
// package awsjson so that verify does not pay for the SDK's client at every cold start.
package awskms

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-a131a524/infobip-otp/pkg/awsjson"
	"github.com/seed-a131a524/infobip-otp/pkg/proof"
)

const (
	// callTime bounds one call. A signature is waited for by a person, a public key by
	// an authorizer that gives up after 1,500 ms.
	callTime = time.Second
	// signTries is how often a signature is asked for.
	signTries = 2
	// pause stands between the tries, for the case that KMS asks to slow down.
	pause = 50 * time.Millisecond
)

// Options say how KMS is reached.
type Options struct {
	Credentials aws.CredentialsProvider
	// Endpoint is AWS_ENDPOINT_URL_KMS, or AWS_ENDPOINT_URL; empty for AWS's own.
	Endpoint string
	// Transport carries the calls; nil is net/http's.
	Transport http.RoundTripper
}

// Key is an RSA key in KMS. To sign needs kms:Sign with it, to publish it
// kms:GetPublicKey. It is safe for concurrent use.
type Key struct {
	arn    proof.KeyARN
	client awsjson.Client
}

var (
	_ proof.Signer    = Key{}
	_ proof.PublicKey = Key{}
)

// New returns a key, without any call. It is asked for where its ARN says it is, which
// for a retired key may be another region than the function's.
func New(arn proof.KeyARN, o Options) Key {
	return Key{arn: arn, client: awsjson.Client{
		Service: "kms", Target: "TrentService", Region: arn.Region(),
		Credentials: o.Credentials, Endpoint: o.Endpoint, Transport: o.Transport,
	}}
}

// KeyID implements [proof.Signer] and [proof.PublicKey].
func (k Key) KeyID() string { return k.arn.KeyID() }

// rs256 is KMS's name of it.
const rs256 = "RSASSA_PKCS1_V1_5_SHA_256"

// Sign implements [proof.Signer]. It asks for the signature twice, whatever the first
// failure was: it is asked for once a success only, and the person behind it would have
// to begin anew.
func (k Key) Sign(ctx context.Context, message []byte) ([]byte, error) {
	signature, err := k.sign(ctx, message)
	for tries := 1; err != nil && tries < signTries; tries++ {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, err
		}
		signature, err = k.sign(ctx, message)
	}
	return signature, err
}

func (k Key) sign(ctx context.Context, message []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	var out struct{ Signature []byte }
	err := k.client.Call(ctx, "Sign", map[string]any{
		"KeyId": k.arn.String(), "Message": message, "MessageType": "RAW", "SigningAlgorithm": rs256,
	}, &out)
	if err != nil {
		return nil, k.explain("kms:Sign", err)
	}
	if len(out.Signature) == 0 {
		return nil, fmt.Errorf("%s: KMS answered without a signature", k.arn.Resource())
	}
	return out.Signature, nil
}

// Read implements [proof.PublicKey]: one call.
func (k Key) Read(ctx context.Context) (*rsa.PublicKey, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	var out struct {
		KeyUsage          string
		SigningAlgorithms []string
		PublicKey         []byte // DER, SubjectPublicKeyInfo
	}
	if err := k.client.Call(ctx, "GetPublicKey", map[string]any{"KeyId": k.arn.String()}, &out); err != nil {
		return nil, k.explain("kms:GetPublicKey", err)
	}
	if out.KeyUsage != "SIGN_VERIFY" {
		return nil, fmt.Errorf("%s: its usage is %s: %s", k.arn.Resource(), out.KeyUsage, needed)
	}
	if !slices.Contains(out.SigningAlgorithms, rs256) {
		return nil, fmt.Errorf("%s: it is not an RSA key: %s", k.arn.Resource(), needed)
	}
	parsed, err := x509.ParsePKIXPublicKey(out.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("%s: reading the public key that KMS answered with: %w", k.arn.Resource(), err)
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("%s: KMS calls it RSA and answered with a %T", k.arn.Resource(), parsed)
	}
	return key, nil
}

const needed = "make one of type RSA_2048 with the usage SIGN_VERIFY"

// explain says what to do about a failure of KMS. The cause stays behind it.
func (k Key) explain(action string, err error) error {
	what := "KMS could not be asked"
	if errors.Is(err, context.DeadlineExceeded) {
		what = "KMS did not answer within " + callTime.String()
	}
	switch awsjson.Code(err) {
	case "":
	case "AccessDeniedException":
		what = action + " is denied: the function's role and the key's policy must both allow it"
	case "DisabledException":
		what = "the key is disabled: enable it"
	case "KMSInvalidStateException":
		what = "the key is not in use (is it being deleted?): cancel its deletion or use another key"
	case "NotFoundException":
		what = "there is no such key"
	case "InvalidKeyUsageException":
		what = "the key is not for RSA signatures: " + needed
	default:
		what = "KMS refused " + action
	}
	return fmt.Errorf("%s: %s: %w", k.arn.Resource(), what, err)
}
