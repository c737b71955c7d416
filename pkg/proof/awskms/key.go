// Package awskms has the keys of proofs that live in AWS KMS. The private half never
// leaves it: a signature is a call.
//
// It is a package of its own so that package proof links no AWS.
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
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

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

// Options say how KMS is reached. Nothing comes from anywhere else: the SDK's
// config.LoadDefaultConfig links packages that double a cold start.
type Options struct {
	Region      string
	Credentials aws.CredentialsProvider
	// Endpoint is AWS_ENDPOINT_URL_KMS, or AWS_ENDPOINT_URL; empty for AWS's own.
	Endpoint string
	// HTTPClient makes the calls; nil is the SDK's.
	HTTPClient *http.Client
}

// NewClient returns the SDK's client, which has called nothing yet.
func NewClient(o Options) *kms.Client {
	options := kms.Options{Region: o.Region, Credentials: o.Credentials}
	if o.Endpoint != "" {
		options.BaseEndpoint = &o.Endpoint
	}
	if o.HTTPClient != nil {
		options.HTTPClient = o.HTTPClient
	}
	return kms.New(options)
}

// SignAPI is what [Signer] needs of the SDK's client.
type SignAPI interface {
	Sign(context.Context, *kms.SignInput, ...func(*kms.Options)) (*kms.SignOutput, error)
}

// Signer signs with a key in KMS. It needs kms:Sign with that key.
type Signer struct {
	Client SignAPI
	Key    proof.KeyARN
}

var _ proof.Signer = Signer{}

// KeyID implements [proof.Signer].
func (s Signer) KeyID() string { return s.Key.KeyID() }

// Sign implements [proof.Signer]. It asks for the signature twice, whatever the first
// failure was: it is asked for once a success only, and the person behind it would have
// to begin anew.
func (s Signer) Sign(ctx context.Context, message []byte) ([]byte, error) {
	signature, err := s.sign(ctx, message)
	for tries := 1; err != nil && tries < signTries; tries++ {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, err
		}
		signature, err = s.sign(ctx, message)
	}
	return signature, err
}

func (s Signer) sign(ctx context.Context, message []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	arn := s.Key.String()
	out, err := s.Client.Sign(ctx, &kms.SignInput{
		KeyId:            &arn,
		Message:          message,
		MessageType:      types.MessageTypeRaw,
		SigningAlgorithm: types.SigningAlgorithmSpecRsassaPkcs1V15Sha256,
	}, once, in(s.Key.Region()))
	if err != nil {
		return nil, explain(s.Key, "kms:Sign", err)
	}
	if len(out.Signature) == 0 {
		return nil, fmt.Errorf("%s: KMS answered without a signature", s.Key.Resource())
	}
	return out.Signature, nil
}

// PublicKeyAPI is what [PublicKey] needs of the SDK's client.
type PublicKeyAPI interface {
	GetPublicKey(context.Context, *kms.GetPublicKeyInput, ...func(*kms.Options)) (*kms.GetPublicKeyOutput, error)
}

// PublicKey is the public half of a key in KMS. It needs kms:GetPublicKey of that key.
type PublicKey struct {
	Client PublicKeyAPI
	Key    proof.KeyARN
}

var _ proof.PublicKey = PublicKey{}

// KeyID implements [proof.PublicKey].
func (p PublicKey) KeyID() string { return p.Key.KeyID() }

// Read implements [proof.PublicKey]: one call.
func (p PublicKey) Read(ctx context.Context) (*rsa.PublicKey, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	arn := p.Key.String()
	out, err := p.Client.GetPublicKey(ctx, &kms.GetPublicKeyInput{KeyId: &arn}, once, in(p.Key.Region()))
	if err != nil {
		return nil, explain(p.Key, "kms:GetPublicKey", err)
	}
	if out.KeyUsage != types.KeyUsageTypeSignVerify {
		return nil, fmt.Errorf("%s: its usage is %s: %s", p.Key.Resource(), out.KeyUsage, needed)
	}
	if !slices.Contains(out.SigningAlgorithms, types.SigningAlgorithmSpecRsassaPkcs1V15Sha256) {
		return nil, fmt.Errorf("%s: it is not an RSA key: %s", p.Key.Resource(), needed)
	}
	parsed, err := x509.ParsePKIXPublicKey(out.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("%s: reading the public key that KMS answered with: %w", p.Key.Resource(), err)
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("%s: KMS calls it RSA and answered with a %T", p.Key.Resource(), parsed)
	}
	return key, nil
}

const needed = "make one of type RSA_2048 with the usage SIGN_VERIFY"

// once makes a call one attempt: the tries are counted here, not in the SDK.
func once(o *kms.Options) { o.Retryer = aws.NopRetryer{} }

// in makes the call where the key is, which for a retired key may be elsewhere.
func in(region string) func(*kms.Options) {
	return func(o *kms.Options) { o.Region = region }
}

// explain says what to do about a failure of KMS. The cause stays behind it.
func explain(key proof.KeyARN, action string, err error) error {
	what := "KMS could not be asked"
	if errors.Is(err, context.DeadlineExceeded) {
		what = "KMS did not answer within " + callTime.String()
	}
	switch apiCode(err) {
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
	return fmt.Errorf("%s: %s: %w", key.Resource(), what, err)
}

// apiCode returns the code of KMS's own refusal, or nothing.
func apiCode(err error) string {
	type coded interface {
		error
		ErrorCode() string
	}
	if refusal, ok := errors.AsType[coded](err); ok {
		return refusal.ErrorCode()
	}
	return ""
}
