package awskms_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/proof"
	"github.com/seed-a131a524/infobip-otp/pkg/proof/awskms"
)

const arn = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

var someone = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"}, nil
})

func keyARN(t *testing.T) proof.KeyARN {
	t.Helper()
	parsed, err := proof.ParseKeyARN(arn)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// newKey is a key in a KMS that does its steps, one a call.
func newKey(t *testing.T, does ...step) (awskms.Key, *scripted) {
	t.Helper()
	kms := &scripted{steps: does}
	return awskms.New(keyARN(t), awskms.Options{Credentials: someone, Transport: kms}), kms
}

// step is KMS's answer to a call: a status and JSON, or none.
type step func(context.Context) (int, any, error)

// scripted answers each call by the next of its steps, and keeps what it was asked.
type scripted struct {
	steps []step
	asked []call
}

type call struct {
	host, target string
	input        map[string]string
}

func (s *scripted) RoundTrip(r *http.Request) (*http.Response, error) {
	c := call{host: r.URL.Host, target: r.Header.Get("X-Amz-Target")}
	if err := json.NewDecoder(r.Body).Decode(&c.input); err != nil {
		return nil, err
	}
	s.asked = append(s.asked, c)
	status, answer, err := s.steps[len(s.asked)-1](r.Context())
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(answer)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(bytes.NewReader(body))}, nil
}

func signs(context.Context) (int, any, error) {
	return http.StatusOK, map[string]any{"Signature": []byte("signature")}, nil
}

func fails(context.Context) (int, any, error) { return 0, nil, errors.New("broken for the test") }

func saysNothing(context.Context) (int, any, error) { return http.StatusOK, map[string]any{}, nil }

func hangs(ctx context.Context) (int, any, error) {
	<-ctx.Done()
	return 0, nil, ctx.Err()
}

func refuses(code string) step {
	return func(context.Context) (int, any, error) {
		return http.StatusBadRequest, map[string]any{"__type": code, "message": "said KMS"}, nil
	}
}

type steps = []step

func TestSignCallsKMSOnce(t *testing.T) {
	key, kms := newKey(t, signs)
	signature, err := key.Sign(t.Context(), []byte("message"))
	if err != nil || string(signature) != "signature" {
		t.Fatalf("got %q, %v", signature, err)
	}
	want := []call{{
		host: "kms.eu-central-1.amazonaws.com", target: "TrentService.Sign",
		input: map[string]string{
			"KeyId": arn, "Message": "bWVzc2FnZQ==", "MessageType": "RAW", "SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256",
		},
	}}
	if diff := cmp.Diff(want, kms.asked, cmp.AllowUnexported(call{})); diff != "" {
		t.Errorf("KMS was asked (-want +got):\n%s", diff)
	}
	if key.KeyID() != keyARN(t).KeyID() {
		t.Error("the kid is not the ARN's")
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
		{"two failures", steps{fails, fails}, 2, 50 * time.Millisecond, "KMS could not be asked: calling Sign: broken for the test"},
		{"two seconds without an answer", steps{hangs, hangs}, 2, 2050 * time.Millisecond, "KMS did not answer within 1s"},
		{"two answers without a signature", steps{saysNothing, saysNothing}, 2, 50 * time.Millisecond, "KMS answered without a signature"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				key, kms := newKey(t, c.steps...)
				started := time.Now()
				signature, err := key.Sign(t.Context(), []byte("message"))
				if took := time.Since(started); took != c.took || len(kms.asked) != c.calls {
					t.Errorf("it took %s and %d calls, want %s and %d", took, len(kms.asked), c.took, c.calls)
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
		key, kms := newKey(t, hangs)
		started := time.Now()
		_, err := key.Sign(ctx, []byte("message"))
		if took := time.Since(started); err == nil || took != 300*time.Millisecond || len(kms.asked) != 1 {
			t.Errorf("it took %s and %d calls: %v", took, len(kms.asked), err)
		}
	})
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

// published answers as KMS does about a key.
func published(usage string, public []byte, algorithms ...string) step {
	return func(context.Context) (int, any, error) {
		return http.StatusOK, map[string]any{"KeyId": arn, "KeyUsage": usage, "PublicKey": public, "SigningAlgorithms": algorithms}, nil
	}
}

const pkcs1 = "RSASSA_PKCS1_V1_5_SHA_256"

func TestReadPublicKey(t *testing.T) {
	public := rsaKey(t)
	key, kms := newKey(t, published("SIGN_VERIFY", spki(t, public), "RSASSA_PSS_SHA_256", pkcs1))
	got, err := key.Read(t.Context())
	if err != nil || !got.Equal(public) {
		t.Fatalf("got %v, want KMS's key", err)
	}
	want := []call{{host: "kms.eu-central-1.amazonaws.com", target: "TrentService.GetPublicKey", input: map[string]string{"KeyId": arn}}}
	if diff := cmp.Diff(want, kms.asked, cmp.AllowUnexported(call{})); diff != "" {
		t.Errorf("KMS was asked (-want +got):\n%s", diff)
	}
}

func TestKeysThatServeNot(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	elliptic := spki(t, &private.PublicKey)
	const make = "make one of type RSA_2048 with the usage SIGN_VERIFY"
	for _, c := range []struct {
		name string
		does step
		want string // behind the key's name
	}{
		{"an elliptic key", published("SIGN_VERIFY", elliptic, "ECDSA_SHA_256"), "it is not an RSA key: " + make},
		{"an encryption key", published("ENCRYPT_DECRYPT", spki(t, rsaKey(t))), "its usage is ENCRYPT_DECRYPT: " + make},
		{"an elliptic key that says it is RSA", published("SIGN_VERIFY", elliptic, pkcs1), "KMS calls it RSA and answered with a *ecdsa.PublicKey"},
		{"no key", published("SIGN_VERIFY", []byte("no key"), pkcs1), "reading the public key that KMS answered with: "},
		{"a symmetric key", refuses("UnsupportedOperationException"), "KMS refused kms:GetPublicKey: "},
		{"a disabled key", refuses("DisabledException"), "the key is disabled: enable it: "},
		{"a key that is being deleted", refuses("KMSInvalidStateException"), "the key is not in use (is it being deleted?): cancel its deletion or use another key: "},
		{"a key that is gone", refuses("NotFoundException"), "there is no such key: "},
		{"a wrong usage, as Sign says it", refuses("InvalidKeyUsageException"), "the key is not for RSA signatures: " + make + ": "},
		{"denied", refuses("AccessDeniedException"), "kms:GetPublicKey is denied: the function's role and the key's policy must both allow it: "},
		{"slow", hangs, "KMS did not answer within 1s: "},
		{"unreachable", fails, "KMS could not be asked: calling GetPublicKey: broken for the test"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				key, kms := newKey(t, c.does)
				started := time.Now()
				_, err := key.Read(t.Context())
				want := "key/1234abcd-12ab-34cd-56ef-1234567890ab: " + c.want
				if err == nil || !strings.HasPrefix(err.Error(), want) {
					t.Errorf("got %v\nwant %s", err, want)
				}
				if err != nil && strings.Contains(err.Error(), "\n") {
					t.Errorf("more than one line: %v", err)
				}
				if took := time.Since(started); took > time.Second || len(kms.asked) != 1 {
					t.Errorf("it took %s and %d calls", took, len(kms.asked))
				}
			})
		})
	}
}
