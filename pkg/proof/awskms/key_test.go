package awskms_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"

	"github.com/seed-a131a524/infobip-otp/pkg/proof"
	"github.com/seed-a131a524/infobip-otp/pkg/proof/awskms"
)

const arn = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

func key(t *testing.T) proof.KeyARN {
	t.Helper()
	k, err := proof.ParseKeyARN(arn)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// scripted answers each call by the next of its steps, and keeps what it was asked.
type scripted struct {
	steps []func(context.Context) ([]byte, error)
	asked []*kms.SignInput
	with  []kms.Options
}

func (s *scripted) Sign(ctx context.Context, in *kms.SignInput, options ...func(*kms.Options)) (*kms.SignOutput, error) {
	var o kms.Options
	for _, set := range options {
		set(&o)
	}
	s.asked, s.with = append(s.asked, in), append(s.with, o)
	signature, err := s.steps[len(s.asked)-1](ctx)
	if err != nil {
		return nil, err
	}
	return &kms.SignOutput{Signature: signature}, nil
}

func signs(context.Context) ([]byte, error)       { return []byte("signature"), nil }
func fails(context.Context) ([]byte, error)       { return nil, errors.New("broken for the test") }
func saysNothing(context.Context) ([]byte, error) { return nil, nil }

func hangs(ctx context.Context) ([]byte, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

type steps = []func(context.Context) ([]byte, error)

func TestSignCallsKMSOnce(t *testing.T) {
	client := &scripted{steps: steps{signs}}
	signer := awskms.Signer{Client: client, Key: key(t)}
	signature, err := signer.Sign(t.Context(), []byte("message"))
	if err != nil || string(signature) != "signature" || len(client.asked) != 1 {
		t.Fatalf("got %q, %v after %d calls, want the signature after one", signature, err, len(client.asked))
	}
	in := client.asked[0]
	if *in.KeyId != arn || string(in.Message) != "message" || in.MessageType != types.MessageTypeRaw ||
		in.SigningAlgorithm != types.SigningAlgorithmSpecRsassaPkcs1V15Sha256 {
		t.Errorf("KMS was asked %+v", in)
	}
	if o := client.with[0]; o.Retryer.MaxAttempts() != 1 || o.Region != "eu-central-1" {
		t.Errorf("the call makes %d attempts in %q, want one where the key is", o.Retryer.MaxAttempts(), o.Region)
	}
	if signer.KeyID() != (awskms.PublicKey{Key: key(t)}).KeyID() {
		t.Error("who signs and who publishes differ about the kid")
	}
}

func TestSignTriesTwice(t *testing.T) {
	for _, c := range []struct {
		name  string
		steps steps
		calls int
		took  time.Duration
		says  string // the error; empty for a signature
	}{
		{"a failure and a signature", steps{fails, signs}, 2, 50 * time.Millisecond, ""},
		{"no signature and a signature", steps{saysNothing, signs}, 2, 50 * time.Millisecond, ""},
		{"a second without an answer and a signature", steps{hangs, signs}, 2, 1050 * time.Millisecond, ""},
		{"two failures", steps{fails, fails}, 2, 50 * time.Millisecond, "KMS could not be asked: broken for the test"},
		{"two seconds without an answer", steps{hangs, hangs}, 2, 2050 * time.Millisecond, "KMS did not answer within 1s"},
		{"two answers without a signature", steps{saysNothing, saysNothing}, 2, 50 * time.Millisecond, "KMS answered without a signature"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := &scripted{steps: c.steps}
				started := time.Now()
				signature, err := awskms.Signer{Client: client, Key: key(t)}.Sign(t.Context(), []byte("message"))
				if took := time.Since(started); took != c.took || len(client.asked) != c.calls {
					t.Errorf("it took %s and %d calls, want %s and %d", took, len(client.asked), c.took, c.calls)
				}
				if (err == nil) != (c.says == "") || (err == nil) != (string(signature) == "signature") ||
					err != nil && !strings.Contains(err.Error(), c.says) {
					t.Errorf("got %q and %v, want %q", signature, err, c.says)
				}
			})
		})
	}
}

// TestSignEndsWithItsRequest: no second try for somebody who is gone.
func TestSignEndsWithItsRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		client := &scripted{steps: steps{hangs}}
		started := time.Now()
		_, err := awskms.Signer{Client: client, Key: key(t)}.Sign(ctx, []byte("message"))
		if took := time.Since(started); err == nil || took != 300*time.Millisecond || len(client.asked) != 1 {
			t.Errorf("it took %s and %d calls: %v", took, len(client.asked), err)
		}
	})
}

// answering answers each GetPublicKey in one way, and counts.
type answering struct {
	out   *kms.GetPublicKeyOutput
	err   error
	hangs bool
	asked int
	with  kms.Options
}

func (a *answering) GetPublicKey(ctx context.Context, in *kms.GetPublicKeyInput, options ...func(*kms.Options)) (*kms.GetPublicKeyOutput, error) {
	a.asked++
	for _, set := range options {
		set(&a.with)
	}
	if a.hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if *in.KeyId != arn {
		return nil, errors.New("asked for another key")
	}
	return a.out, a.err
}

func spki(t *testing.T, public any) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func rsaKey(t *testing.T) *rsa.PublicKey {
	t.Helper()
	local, err := proof.NewLocalKey()
	if err != nil {
		t.Fatal(err)
	}
	public, err := local.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return public
}

func TestReadPublicKey(t *testing.T) {
	public := rsaKey(t)
	client := &answering{out: &kms.GetPublicKeyOutput{
		KeyUsage: types.KeyUsageTypeSignVerify, KeySpec: types.KeySpecRsa2048, PublicKey: spki(t, public),
		SigningAlgorithms: []types.SigningAlgorithmSpec{types.SigningAlgorithmSpecRsassaPssSha256, types.SigningAlgorithmSpecRsassaPkcs1V15Sha256},
	}}
	got, err := awskms.PublicKey{Client: client, Key: key(t)}.Read(t.Context())
	if err != nil || !got.Equal(public) {
		t.Fatalf("got %v, want KMS's key", err)
	}
	if client.asked != 1 || client.with.Retryer.MaxAttempts() != 1 || client.with.Region != "eu-central-1" {
		t.Errorf("%d calls of %d attempts in %q", client.asked, client.with.Retryer.MaxAttempts(), client.with.Region)
	}
}

func refusal(code string) error {
	return &smithy.OperationError{ServiceID: "KMS", OperationName: "GetPublicKey", Err: &smithy.GenericAPIError{Code: code, Message: "said KMS"}}
}

func TestKeysThatServeNot(t *testing.T) {
	elliptic, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pkcs1 := []types.SigningAlgorithmSpec{types.SigningAlgorithmSpecRsassaPkcs1V15Sha256}
	const make = "make one of type RSA_2048 with the usage SIGN_VERIFY"
	for _, c := range []struct {
		name   string
		client answering
		want   string // behind the key's name
	}{
		{"an elliptic key", answering{out: &kms.GetPublicKeyOutput{
			KeyUsage: types.KeyUsageTypeSignVerify, KeySpec: types.KeySpecEccNistP256, PublicKey: spki(t, &elliptic.PublicKey),
			SigningAlgorithms: []types.SigningAlgorithmSpec{types.SigningAlgorithmSpecEcdsaSha256},
		}}, "it is not an RSA key: " + make},
		{"an encryption key", answering{out: &kms.GetPublicKeyOutput{
			KeyUsage: types.KeyUsageTypeEncryptDecrypt, KeySpec: types.KeySpecRsa2048, PublicKey: spki(t, rsaKey(t)),
		}}, "its usage is ENCRYPT_DECRYPT: " + make},
		{"an elliptic key that says it is RSA", answering{out: &kms.GetPublicKeyOutput{
			KeyUsage: types.KeyUsageTypeSignVerify, PublicKey: spki(t, &elliptic.PublicKey), SigningAlgorithms: pkcs1,
		}}, "KMS calls it RSA and answered with a *ecdsa.PublicKey"},
		{"no key", answering{out: &kms.GetPublicKeyOutput{
			KeyUsage: types.KeyUsageTypeSignVerify, PublicKey: []byte("no key"), SigningAlgorithms: pkcs1,
		}}, "reading the public key that KMS answered with: "},
		{"a symmetric key", answering{err: refusal("UnsupportedOperationException")}, "KMS refused kms:GetPublicKey: "},
		{"a disabled key", answering{err: refusal("DisabledException")}, "the key is disabled: enable it: "},
		{"a key that is being deleted", answering{err: refusal("KMSInvalidStateException")}, "the key is not in use (is it being deleted?): cancel its deletion or use another key: "},
		{"a key that is gone", answering{err: refusal("NotFoundException")}, "there is no such key: "},
		{"a wrong usage, as Sign says it", answering{err: refusal("InvalidKeyUsageException")}, "the key is not for RSA signatures: " + make + ": "},
		{"denied", answering{err: refusal("AccessDeniedException")}, "kms:GetPublicKey is denied: the function's role and the key's policy must both allow it: "},
		{"slow", answering{hangs: true}, "KMS did not answer within 1s: "},
		{"unreachable", answering{err: errors.New("no such host")}, "KMS could not be asked: no such host"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				started := time.Now()
				_, err := awskms.PublicKey{Client: &c.client, Key: key(t)}.Read(t.Context())
				want := "key/1234abcd-12ab-34cd-56ef-1234567890ab: " + c.want
				if err == nil || !strings.HasPrefix(err.Error(), want) {
					t.Errorf("got %v\nwant %s", err, want)
				}
				if err != nil && strings.Contains(err.Error(), "\n") {
					t.Errorf("more than one line: %v", err)
				}
				if took := time.Since(started); took > time.Second || c.client.asked != 1 {
					t.Errorf("it took %s and %d calls", took, c.client.asked)
				}
			})
		})
	}
}

// TestClient: the SDK's own retries stay out of it, and the endpoint is the given one.
func TestClient(t *testing.T) {
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		if !strings.Contains(r.Header.Get("Authorization"), "/eu-central-1/kms/") {
			t.Errorf("the call is not signed for the key's region")
		}
		w.WriteHeader(http.StatusInternalServerError)
	}))
	defer server.Close()
	client := awskms.NewClient(awskms.Options{
		Region: "us-east-1", Endpoint: server.URL, HTTPClient: server.Client(),
		Credentials: aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider("id", "secret", "")),
	})
	if _, err := (awskms.PublicKey{Client: client, Key: key(t)}).Read(t.Context()); err == nil || calls.Load() != 1 {
		t.Errorf("reading the key made %d calls (%v), want 1", calls.Load(), err)
	}
	calls.Store(0)
	if _, err := (awskms.Signer{Client: client, Key: key(t)}).Sign(t.Context(), []byte("message")); err == nil || calls.Load() != 2 {
		t.Errorf("a signature took %d calls (%v), want 2", calls.Load(), err)
	}
}
