package httpapi_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
	"github.com/seed-a131a524/infobip-otp/pkg/proof"
)

// issuer is an issuer whose key fails as often as told, or panics.
type issuer struct {
	*proof.Issuer
	fails  int
	panics bool
}

var errKeyGone = errors.New("a fault of the test")

func (i *issuer) Issue(ctx context.Context, s proof.Statement) (proof.Token, error) {
	if i.panics {
		panic("a fault of the test")
	}
	if i.fails > 0 {
		i.fails--
		return proof.Token{}, &proof.Error{Err: errKeyGone}
	}
	return i.Issuer.Issue(ctx, s)
}

const proofIssuer = "https://otp.example.com"

// proving turns proofs on.
func proving(t *testing.T, i *issuer) func(*setup) {
	t.Helper()
	key, err := proof.NewLocalKey()
	if err != nil {
		t.Fatal(err)
	}
	clock := simulator.NewClock()
	i.Issuer = &proof.Issuer{Name: proofIssuer, Audience: "backend", TTL: proof.DefaultTTL, Signer: key, Clock: clock}
	return func(s *setup) {
		s.proofs = i
		s.published = proof.NewPublished(proofIssuer, clock, slog.New(slog.DiscardHandler), key)
	}
}

// claims of an answer's proof, by name; nil without one.
func claims(t *testing.T, r response) map[string]any {
	t.Helper()
	var members struct{ Proof string }
	if err := json.Unmarshal([]byte(r.Body), &members); err != nil {
		t.Fatal(err)
	}
	if members.Proof == "" {
		return nil
	}
	parts := strings.Split(members.Proof, ".")
	if len(parts) != 3 {
		t.Fatalf("a proof of %d parts", len(parts))
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]any{}
	if err := json.Unmarshal(text, &found); err != nil {
		t.Fatal(err)
	}
	return found
}

func nonceBody(pin, id, nonce string) string {
	return strings.TrimSuffix(verifyBodyID(number, pin, id), "}") + `,"nonce":"` + nonce + `"}`
}

func TestSuccessHasItsProof(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, proving(t, &issuer{}))
		id := r.post(httpapi.RouteSend, sendBody(number)).VerificationID
		pin, key := r.pin(), withHeader("idempotency-key", "k")
		first := r.post(httpapi.RouteVerify, nonceBody(pin, id, "of this session"), key)
		first.wantCode(t, http.StatusOK, "")
		got := claims(t, first)
		for name, want := range map[string]any{"iss": proofIssuer, "aud": "backend", "phone_number": number, "jti": id, "nonce": "of this session"} {
			if got[name] != want {
				t.Errorf("%s is %v, want %v", name, got[name], want)
			}
		}
		if sub, _ := got["sub"].(string); len(sub) != 22 || strings.Contains(sub, number[1:]) {
			t.Errorf("sub is %q", sub)
		}
		time.Sleep(time.Minute)
		again := claims(t, r.post(httpapi.RouteVerify, nonceBody(pin, id, "of this session"), key))
		if again["jti"] != got["jti"] || again["auth_time"] != got["auth_time"] || again["iat"] == got["iat"] {
			t.Errorf("the repeat's proof has %v, the first %v", again, got)
		}
		r.post(httpapi.RouteVerify, nonceBody(pin, id, "of another"), key).wantCode(t, http.StatusUnprocessableEntity, "idempotency_key_reused")
	})
}

// TestSignatureFails: the success stays, and its proof comes with a repeat.
func TestSignatureFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signs := &issuer{fails: 1}
		r := newRig(t, proving(t, signs))
		id := r.post(httpapi.RouteSend, sendBody(number)).VerificationID
		pin, key := r.pin(), withHeader("idempotency-key", "k")
		r.post(httpapi.RouteVerify, verifyBodyID(number, pin, id), key).want(t, http.StatusInternalServerError, refused("Failed to issue the proof.", "proof_failed"))
		if !strings.Contains(r.logs.String(), errKeyGone.Error()) {
			t.Error("the log does not say why")
		}
		signs.panics = true
		r.post(httpapi.RouteVerify, verifyBodyID(number, pin, id), key).wantCode(t, http.StatusInternalServerError, "internal")
		signs.panics = false
		if got := claims(t, r.post(httpapi.RouteVerify, verifyBodyID(number, pin, id), key)); got["jti"] != id || got["nonce"] != nil {
			t.Errorf("the repeat's proof is %v", got)
		}
		r.wantCalls("verify", 1)
	})
}

// TestNonceForm: it is checked for its form, whether there are proofs or not.
func TestNonceForm(t *testing.T) {
	for name, nonce := range map[string]string{"empty": "", "256 characters": strings.Repeat("n", 256), "not ASCII": "schlüssel", "newline": `a\nb`} {
		t.Run(name, func(t *testing.T) {
			c := refusal{path: httpapi.RouteVerify, body: nonceBody("123456", possibleID, nonce), status: http.StatusBadRequest, want: badNonce}
			c.check(t)
		})
	}
}

// TestProofsOff: no proof, no documents, and a nonce that means nothing.
func TestProofsOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		id := r.post(httpapi.RouteSend, sendBody(number)).VerificationID
		pin, key := r.pin(), withHeader("idempotency-key", "k")
		for _, nonce := range []string{"one", "another"} {
			r.post(httpapi.RouteVerify, nonceBody(pin, id, nonce), key).want(t, http.StatusOK, `{"message":"OTP verified successfully."}`)
		}
		for _, path := range []string{proof.ConfigurationPath, proof.KeySetPath} {
			r.do(event(http.MethodGet, path, "")).want(t, http.StatusNotFound, notFound)
		}
	})
}

// TestDocumentsOfProofs are served with a body to GET and without one to HEAD.
func TestDocumentsOfProofs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, proving(t, &issuer{}))
		for path, member := range map[string]string{proof.ConfigurationPath: `"issuer":"` + proofIssuer + `"`, proof.KeySetPath: `"kid":`} {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				// Not by do: of all answers these alone may be kept.
				got, _ := r.discovery.Handle(t.Context(), event(method, path, ""))
				if got.StatusCode != http.StatusOK || got.Headers["Content-Type"] != "application/json" || got.Headers["Cache-Control"] != "public, max-age=3600" ||
					strings.Contains(got.Body, member) != (method == http.MethodGet) {
					t.Errorf("%s %s got %d %v %s", method, path, got.StatusCode, got.Headers, got.Body)
				}
			}
		}
	})
}

// TestNoKeyCanBeRead: an empty key set would be kept for hours.
func TestNoKeyCanBeRead(t *testing.T) {
	r := newRig(t, func(s *setup) {
		s.published = proof.NewPublished(proofIssuer, simulator.NewClock(), slog.New(slog.DiscardHandler))
	})
	got := r.do(event(http.MethodGet, proof.KeySetPath, ""))
	got.wantCode(t, http.StatusServiceUnavailable, "unavailable")
	if got.Headers["Cache-Control"] != "no-store" {
		t.Errorf("it may be kept: %s", got.Headers["Cache-Control"])
	}
}
