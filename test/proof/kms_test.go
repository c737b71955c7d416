package proof

import (
	"context"
	"crypto/rsa"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/seed-a131a524/infobip-otp/pkg/proof"
	"github.com/seed-a131a524/infobip-otp/pkg/proof/awskms"
	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// kmsKey is a key in KMS, and counts the calls.
type kmsKey struct {
	awskms.Signer
	public awskms.PublicKey
	calls  *calls
}

func (k kmsKey) Read(ctx context.Context) (*rsa.PublicKey, error) { return k.public.Read(ctx) }

// calls counts HTTP requests by KMS's action.
type calls struct{ sign, getPublicKey, other atomic.Int32 }

func (c *calls) RoundTrip(r *http.Request) (*http.Response, error) {
	switch target := r.Header.Get("X-Amz-Target"); {
	case strings.HasSuffix(target, ".Sign"):
		c.sign.Add(1)
	case strings.HasSuffix(target, ".GetPublicKey"):
		c.getPublicKey.Add(1)
	default:
		c.other.Add(1)
	}
	return http.DefaultTransport.RoundTrip(r)
}

func kmsClient(t *testing.T, through http.RoundTripper) *kms.Client {
	t.Helper()
	return awskms.NewClient(awskms.Options{
		Region:      harness.Region,
		Credentials: credentials.NewStaticCredentialsProvider(harness.AccessKeyID, harness.SecretAccessKey, ""),
		Endpoint:    harness.Moto(t),
		HTTPClient:  &http.Client{Transport: through, Timeout: 10 * time.Second},
	})
}

func createKey(t *testing.T, client *kms.Client, spec types.KeySpec, usage types.KeyUsageType) proof.KeyARN {
	t.Helper()
	created, err := client.CreateKey(t.Context(), &kms.CreateKeyInput{KeySpec: spec, KeyUsage: usage})
	if err != nil {
		t.Fatal(err)
	}
	arn, err := proof.ParseKeyARN(*created.KeyMetadata.Arn)
	if err != nil {
		t.Fatal(err)
	}
	return arn
}

func newKMSKey(t *testing.T) kmsKey {
	t.Helper()
	arn := createKey(t, kmsClient(t, http.DefaultTransport), types.KeySpecRsa2048, types.KeyUsageTypeSignVerify)
	counted := &calls{}
	client := kmsClient(t, counted)
	return kmsKey{awskms.Signer{Client: client, Key: arn}, awskms.PublicKey{Client: client, Key: arn}, counted}
}

// TestCallsToKMS: one signature a proof, one look at the public key an environment.
func TestCallsToKMS(t *testing.T) {
	key := newKMSKey(t)
	m := maker{t, publish(t, key), key}
	for range 3 {
		m.token()
	}
	if got := key.calls.sign.Load(); got != 3 {
		t.Errorf("three proofs took %d signatures, want 3", got)
	}
	if got := key.calls.getPublicKey.Load(); got != 0 {
		t.Errorf("signing read the public key %d times, want never", got)
	}
	for range 3 {
		goJOSE(t, m.issuer, nil)
	}
	if got := key.calls.getPublicKey.Load(); got != 1 {
		t.Errorf("publishing read the public key %d times, want once", got)
	}
	if got := key.calls.other.Load(); got != 0 {
		t.Errorf("%d other calls, want none", got)
	}
}

// TestKeysOfTheWrongKind are real ones, and KMS's own refusals.
func TestKeysOfTheWrongKind(t *testing.T) {
	client := kmsClient(t, http.DefaultTransport)
	for _, c := range []struct {
		spec  types.KeySpec
		usage types.KeyUsageType
		says  string
	}{
		{types.KeySpecEccNistP256, types.KeyUsageTypeSignVerify, "it is not an RSA key: make one of type RSA_2048 with the usage SIGN_VERIFY"},
		{types.KeySpecRsa2048, types.KeyUsageTypeEncryptDecrypt, "its usage is ENCRYPT_DECRYPT: make one of type RSA_2048 with the usage SIGN_VERIFY"},
	} {
		arn := createKey(t, client, c.spec, c.usage)
		_, err := awskms.PublicKey{Client: client, Key: arn}.Read(t.Context())
		if err == nil || err.Error() != arn.Resource()+": "+c.says {
			t.Errorf("%s for %s: %v, want %s", c.spec, c.usage, err, c.says)
		}
	}
	gone, err := proof.ParseKeyARN("arn:aws:kms:" + harness.Region + ":123456789012:key/00000000-0000-0000-0000-000000000000")
	if err != nil {
		t.Fatal(err)
	}
	_, err = awskms.PublicKey{Client: client, Key: gone}.Read(t.Context())
	if err == nil || !strings.Contains(err.Error(), ": there is no such key: ") {
		t.Errorf("a key that is gone: %v", err)
	}
	_, err = awskms.Signer{Client: client, Key: gone}.Sign(t.Context(), []byte("message"))
	if err == nil || !strings.Contains(err.Error(), ": there is no such key: ") {
		t.Errorf("signing with a key that is gone: %v", err)
	}
}
