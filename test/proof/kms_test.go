package proof

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/seed-a131a524/infobip-otp/pkg/proof"
	"github.com/seed-a131a524/infobip-otp/pkg/proof/awskms"
	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// kmsKey is a key in KMS, and counts the calls.
type kmsKey struct {
	awskms.Key
	calls *calls
}

// calls counts HTTP requests by KMS's action, less those whose second was over before an answer came.
type calls struct{ sign, getPublicKey, other atomic.Int32 }

func (c *calls) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err //nolint:wrapcheck // passed on as it is
	}
	switch target := r.Header.Get("X-Amz-Target"); {
	case strings.HasSuffix(target, ".Sign"):
		c.sign.Add(1)
	case strings.HasSuffix(target, ".GetPublicKey"):
		c.getPublicKey.Add(1)
	default:
		c.other.Add(1)
	}
	return answer, nil
}

var someone = credentials.NewStaticCredentialsProvider(harness.AccessKeyID, harness.SecretAccessKey, "")

// kmsClient is the SDK's, to make keys with.
func kmsClient(t *testing.T) *kms.Client {
	t.Helper()
	endpoint := harness.Moto(t)
	return kms.New(kms.Options{Region: harness.Region, BaseEndpoint: &endpoint, Credentials: someone})
}

func keyOf(t *testing.T, arn proof.KeyARN, through http.RoundTripper) awskms.Key {
	t.Helper()
	return awskms.New(arn, awskms.Options{Credentials: someone, Endpoint: harness.Moto(t), Transport: through})
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
	counted := &calls{}
	arn := createKey(t, kmsClient(t), types.KeySpecRsa2048, types.KeyUsageTypeSignVerify)
	return kmsKey{keyOf(t, arn, counted), counted}
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
	client := kmsClient(t)
	for _, c := range []struct {
		spec  types.KeySpec
		usage types.KeyUsageType
		says  string
	}{
		{types.KeySpecEccNistP256, types.KeyUsageTypeSignVerify, "it is not an RSA key: make one of type RSA_2048 with the usage SIGN_VERIFY"},
		{types.KeySpecRsa2048, types.KeyUsageTypeEncryptDecrypt, "its usage is ENCRYPT_DECRYPT: make one of type RSA_2048 with the usage SIGN_VERIFY"},
	} {
		arn := createKey(t, client, c.spec, c.usage)
		_, err := keyOf(t, arn, nil).Read(t.Context())
		if err == nil || err.Error() != arn.Resource()+": "+c.says {
			t.Errorf("%s for %s: %v, want %s", c.spec, c.usage, err, c.says)
		}
	}
	gone, err := proof.ParseKeyARN("arn:aws:kms:" + harness.Region + ":123456789012:key/00000000-0000-0000-0000-000000000000")
	if err != nil {
		t.Fatal(err)
	}
	_, err = keyOf(t, gone, nil).Read(t.Context())
	if err == nil || !strings.Contains(err.Error(), ": there is no such key: ") {
		t.Errorf("a key that is gone: %v", err)
	}
	_, err = keyOf(t, gone, nil).Sign(t.Context(), []byte("message"))
	if err == nil || !strings.Contains(err.Error(), ": there is no such key: ") {
		t.Errorf("signing with a key that is gone: %v", err)
	}
}
