package lambda

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

const (
	issuer   = "https://otp.example.com"
	audience = "accounts.example.com"
)

// proofKey makes a key in KMS, as the stack does.
func proofKey(t *testing.T, client *kms.Client) string {
	t.Helper()
	created, err := client.CreateKey(t.Context(), &kms.CreateKeyInput{KeySpec: types.KeySpecRsa2048, KeyUsage: types.KeyUsageTypeSignVerify})
	if err != nil {
		t.Fatal(err)
	}
	return *created.KeyMetadata.Arn
}

// kmsFront stands before moto's KMS, which signs with a key that is disabled, too. It counts the
// signatures that are waited for.
type kmsFront struct {
	behind   http.Handler
	disabled atomic.Bool
	signs    atomic.Int32
}

func newKMSFront(t *testing.T, moto string) *kmsFront {
	t.Helper()
	address, err := url.Parse(moto)
	if err != nil {
		t.Fatal(err)
	}
	return &kmsFront{behind: &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(address) }}}
}

func (k *kmsFront) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Amz-Target") != "TrentService.Sign" {
		k.behind.ServeHTTP(w, r)
		return
	}
	if k.disabled.Load() {
		k.signs.Add(1)
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"__type":"DisabledException","message":"the key is disabled"}`))
		return
	}
	answer := httptest.NewRecorder()
	k.behind.ServeHTTP(answer, r)
	if r.Context().Err() == nil { // one whose second is over is asked for again
		k.signs.Add(1)
	}
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

// get asks discovery for a document.
func (s *service) get(t *testing.T, path string) events.APIGatewayV2HTTPResponse {
	t.Helper()
	event := harness.Event(t, "banner")
	event.RawPath, event.RequestContext.HTTP.Path = path, path
	event.RouteKey, event.RequestContext.RouteKey = "$default", "$default"
	return s.discovery.Invoke(t, harness.JSON(t, event))
}

// keys are those that discovery publishes.
func (s *service) keys(t *testing.T) jose.JSONWebKeySet {
	t.Helper()
	answer := s.get(t, "/.well-known/jwks.json")
	var set jose.JSONWebKeySet
	err := json.Unmarshal([]byte(answer.Body), &set)
	if err != nil || answer.StatusCode != http.StatusOK || answer.Headers["Cache-Control"] != "public, max-age=3600" {
		t.Fatalf("the key set is %d %v %s (%v)", answer.StatusCode, answer.Headers, answer.Body, err)
	}
	return set
}

// claims are what a proof says that one of the keys has signed.
func claims(t *testing.T, token any, keys jose.JSONWebKeySet) map[string]any {
	t.Helper()
	text, _ := token.(string)
	parsed, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	var registered jwt.Claims
	said := map[string]any{}
	err = parsed.Claims(keys, &registered, &said)
	if err != nil {
		t.Fatal(err)
	}
	err = registered.Validate(jwt.Expected{Issuer: issuer, AnyAudience: jwt.Audience{audience}, Time: time.Now()})
	if err != nil {
		t.Error(err)
	}
	return said
}

// TestProofs: verify signs in KMS with a key that discovery publishes, each in a process of its
// own that knows no more than its environment. A key that is disabled costs nobody a code.
func TestProofs(t *testing.T) {
	moto := harness.Moto(t)
	client := kms.New(kms.Options{
		Region: harness.Region, BaseEndpoint: &moto,
		Credentials: credentials.NewStaticCredentialsProvider(harness.AccessKeyID, harness.SecretAccessKey, ""),
	})
	front := newKMSFront(t, moto)
	server := httptest.NewServer(front)
	defer server.Close()
	signing, next := proofKey(t, client), proofKey(t, client)
	// moto's first signature takes it longer than the second that a function gives it.
	_, err := client.Sign(t.Context(), &kms.SignInput{KeyId: &signing, Message: []byte("m"), SigningAlgorithm: types.SigningAlgorithmSpecRsassaPkcs1V15Sha256})
	if err != nil {
		t.Fatal(err)
	}
	s := startService(t, "PROOF_ISSUER="+issuer, "PROOF_AUDIENCE="+audience, "PROOF_KEY="+signing, "PROOF_PUBLISHED_KEYS="+next, "AWS_ENDPOINT_URL_KMS="+server.URL)

	keys := s.keys(t)
	if len(keys.Keys) != 2 {
		t.Fatalf("%d keys are published, want the one that signs and the next", len(keys.Keys))
	}
	status, sent, _ := s.post(t, "/send-otp", map[string]string{"phoneNumber": phone})
	if status != http.StatusOK {
		t.Fatalf("send = %d %v", status, sent)
	}
	pin := s.simulator.Newest(t, phone).PIN
	verify := func() (int, map[string]any) {
		event := harness.Event(t, "verify")
		event.Headers["idempotency-key"] = "once"
		event.Body = string(harness.JSON(t, map[string]any{"phoneNumber": phone, "pin": pin, "verificationId": sent["verificationId"], "nonce": "of this session"}))
		status, members, _ := decoded(t, s.verify.Invoke(t, harness.JSON(t, event)))
		return status, members
	}

	front.disabled.Store(true)
	status, refused := verify()
	if status != http.StatusInternalServerError || refused["code"] != "proof_failed" || refused["proof"] != nil {
		t.Fatalf("with a disabled key = %d %v, want 500 proof_failed", status, refused)
	}
	if printed := s.verify.Process.Raw(); !strings.Contains(printed, ": the key is disabled: enable it: ") {
		t.Errorf("the log does not say what to do:\n%s", s.verify.Process.Printed())
	}
	if signs := front.signs.Swap(0); signs != 2 {
		t.Errorf("a signature that could not be had was asked for %d times, want twice", signs)
	}
	front.disabled.Store(false)
	status, verified := verify()
	if status != http.StatusOK {
		t.Fatalf("the repeat = %d %v, want 200", status, verified)
	}
	said := claims(t, verified["proof"], keys)
	for name, want := range map[string]any{"phone_number": phone, "phone_number_verified": true, "jti": sent["verificationId"], "nonce": "of this session"} {
		if said[name] != want {
			t.Errorf("%s is %v, want %v", name, said[name], want)
		}
	}
	if signs := front.signs.Load(); signs != 1 {
		t.Errorf("a proof took %d signatures, want 1", signs)
	}
	if calls := s.simulator.Calls(t, "verify"); len(calls) != 1 {
		t.Errorf("verifies at the provider = %d, want 1", len(calls))
	}
	if token, _ := verified["proof"].(string); strings.Contains(s.verify.Process.Raw(), token) {
		t.Error("the log has the proof")
	}
}

// TestNoProofsWithoutAnIssuer: discovery publishes nothing, and says so for each method.
func TestNoProofsWithoutAnIssuer(t *testing.T) {
	s := &service{discovery: harness.StartFunction(t, "discovery")}
	for _, path := range []string{"/.well-known/jwks.json", "/.well-known/openid-configuration"} {
		if answer := s.get(t, path); answer.StatusCode != http.StatusNotFound {
			t.Errorf("GET %s = %d, want 404", path, answer.StatusCode)
		}
		event := harness.Event(t, "banner")
		event.RawPath, event.RequestContext.HTTP.Path, event.RequestContext.HTTP.Method = path, path, http.MethodPost
		event.RouteKey, event.RequestContext.RouteKey = "$default", "$default"
		if answer := s.discovery.Invoke(t, harness.JSON(t, event)); answer.StatusCode != http.StatusMethodNotAllowed || answer.Headers["Allow"] != "GET, HEAD, OPTIONS" {
			t.Errorf("POST %s = %d, Allow %q, want 405", path, answer.StatusCode, answer.Headers["Allow"])
		}
	}
}
