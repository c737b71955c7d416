package app

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"
)

// countingKMS signs whatever it is asked to, and keeps which calls came.
type countingKMS struct {
	mu     sync.Mutex
	calls  []string
	denies bool
}

func (k *countingKMS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.calls = append(k.calls, strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "TrentService."))
	if k.denies {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"__type":"AccessDeniedException","message":"no"}`))
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"Signature": []byte("signature")})
}

// taken returns the calls since the last time.
func (k *countingKMS) taken() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	calls := k.calls
	k.calls = nil
	return calls
}

// TestCallsToKMS: none before the first success, which is when a cold start pays for it, one a
// success, and none for anything else.
func TestCallsToKMS(t *testing.T) {
	kms := &countingKMS{}
	server := httptest.NewServer(kms)
	defer server.Close()
	sim, variables := account(t)
	maps.Copy(variables, map[string]string{
		"PROOF_ISSUER": "https://otp.example.com", "PROOF_AUDIENCE": "accounts.example.com", "AWS_ENDPOINT_URL_KMS": server.URL,
		"PROOF_KEY":            "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
		"PROOF_PUBLISHED_KEYS": "arn:aws:kms:eu-central-1:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321",
	})
	var log bytes.Buffer
	a := newApp(t, variables, &log)
	a.Warm(t.Context())

	keyed := func(path, key, body string) events.APIGatewayV2HTTPResponse {
		handle := func(ctx context.Context, e events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
			if key != "" {
				e.Headers["idempotency-key"] = key
			}
			if path == "/verify-otp" {
				return a.Verify.Handle(ctx, e)
			}
			return a.Send.Handle(ctx, e)
		}
		return ask(t, handle, path, body)
	}
	const number, another, unknown = "+14155552671", "+436641234567", "+447400123456"
	verify := func(number, key, pin, more string) events.APIGatewayV2HTTPResponse {
		return keyed("/verify-otp", key, `{"phoneNumber":"`+number+`","pin":"`+pin+`"`+more+`}`)
	}
	step := func(name string, got events.APIGatewayV2HTTPResponse, status int, want ...string) {
		t.Helper()
		if got.StatusCode != status {
			t.Errorf("%s got %d %s, want %d", name, got.StatusCode, got.Body, status)
		}
		if diff := cmp.Diff(want, kms.taken()); diff != "" {
			t.Errorf("%s: calls to KMS (-want +got):\n%s", name, diff)
		}
	}
	step("a start, a warm-up and a send", keyed("/send-otp", "", `{"phoneNumber":"`+number+`"}`), http.StatusOK)
	step("a send to another", keyed("/send-otp", "", `{"phoneNumber":"`+another+`"}`), http.StatusOK)
	pin, wrong := sim.Outbox(number[1:])[0].PIN, "000000"
	if sim.Outbox(another[1:])[0].PIN == wrong {
		wrong = "111111"
	}
	step("a PIN of a wrong form", verify(number, "", "12345", ""), http.StatusBadRequest)
	step("a nonce of a wrong form", verify(number, "", pin, `,"nonce":""`), http.StatusBadRequest)
	step("a wrong PIN", verify(another, "", wrong, ""), http.StatusUnauthorized)
	step("a number without a code", verify(unknown, "", pin, ""), http.StatusUnauthorized)
	step("the success", verify(number, "key", pin, `,"nonce":"n"`), http.StatusOK, "Sign")
	step("the used code", verify(number, "", pin, ""), http.StatusUnauthorized)
	step("the repeat of the success", verify(number, "key", pin, `,"nonce":"n"`), http.StatusOK, "Sign")
	step("the repeat with another nonce", verify(number, "key", pin, `,"nonce":"m"`), http.StatusUnprocessableEntity)
	kms.denies = true
	step("a repeat that KMS denies", verify(number, "key", pin, `,"nonce":"n"`), http.StatusInternalServerError, "Sign", "Sign")
	if !strings.Contains(log.String(), "kms:Sign is denied: the function's role and the key's policy must both allow it") {
		t.Errorf("the log does not say what to do:\n%s", log.String())
	}
	if strings.Contains(log.String(), pin) || slices.Contains(strings.Fields(log.String()), "signature") {
		t.Error("the log says a PIN or a signature")
	}
}

// TestProofsOffCallNoKMS: a success without an issuer signs nothing, whatever key is named.
func TestProofsOffCallNoKMS(t *testing.T) {
	kms := &countingKMS{}
	server := httptest.NewServer(kms)
	defer server.Close()
	sim, variables := account(t)
	maps.Copy(variables, map[string]string{
		"PROOF_ISSUER": "off", "AWS_ENDPOINT_URL_KMS": server.URL,
		"PROOF_KEY": "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
	})
	var log bytes.Buffer
	a := newApp(t, variables, &log)
	a.Warm(t.Context())
	ask(t, a.Send.Handle, "/send-otp", `{"phoneNumber":"+14155552671"}`)
	got := ask(t, a.Verify.Handle, "/verify-otp", `{"phoneNumber":"+14155552671","pin":"`+sim.Outbox("14155552671")[0].PIN+`"}`)
	if calls := kms.taken(); got.StatusCode != http.StatusOK || strings.Contains(got.Body, "proof") || len(calls) != 0 {
		t.Errorf("got %d %s and the calls %v", got.StatusCode, got.Body, calls)
	}
}
