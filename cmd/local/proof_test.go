package main

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"strings"
	"testing"
)

// decoded is a part of a token or of a key.
func decoded(t *testing.T, part string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// checked returns a proof's claims, if a published key has signed it.
func (p *program) checked(proof string) map[string]any {
	p.t.Helper()
	parts := strings.Split(proof, ".")
	if len(parts) != 3 {
		p.t.Fatalf("a proof has three parts, and this one %d", len(parts))
	}
	var header struct{ Alg, Kid string }
	if err := json.Unmarshal(decoded(p.t, parts[0]), &header); err != nil || header.Alg != "RS256" {
		p.t.Fatalf("the header has algorithm %q, %v", header.Alg, err)
	}
	status, _, document := p.call(http.MethodGet, p.base+"/.well-known/openid-configuration", "")
	keySet, _ := document["jwks_uri"].(string)
	if status != http.StatusOK || document["issuer"] != p.base || keySet != p.base+"/.well-known/jwks.json" {
		p.t.Fatalf("the document says %d %v", status, document)
	}
	status, headers, members := p.call(http.MethodGet, keySet, "")
	if status != http.StatusOK || headers.Get("Cache-Control") != "public, max-age=3600" {
		p.t.Fatalf("the keys: %d, %v", status, headers)
	}
	var set struct{ Keys []struct{ Kid, N, E string } }
	if err := json.Unmarshal([]byte(members["text"].(string)), &set); err != nil || len(set.Keys) != 1 || set.Keys[0].Kid != header.Kid {
		p.t.Fatalf("the keys are %v (%v), and %s signed", set.Keys, err, header.Kid)
	}
	number := func(s string) *big.Int { return new(big.Int).SetBytes(decoded(p.t, s)) }
	key := &rsa.PublicKey{N: number(set.Keys[0].N), E: int(number(set.Keys[0].E).Int64())}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], decoded(p.t, parts[2])); err != nil {
		p.t.Fatalf("the published key did not sign it: %v", err)
	}
	claims := map[string]any{}
	if err := json.Unmarshal(decoded(p.t, parts[1]), &claims); err != nil {
		p.t.Fatal(err)
	}
	return claims
}

// TestProof: what a laptop gives out is checked with what it publishes.
func TestProof(t *testing.T) {
	p := started(t, nil)
	_, _, sent := p.post("/send-otp", `{"phoneNumber":"+14155552671"}`)
	id, _ := sent["verificationId"].(string)
	body := func(nonce string) string {
		return `{"phoneNumber":"+14155552671","pin":"` + p.pin("14155552671") + `","verificationId":"` + id + `","nonce":"` + nonce + `"}`
	}
	verify := func(nonce string) (int, map[string]any) {
		status, _, members := p.post("/verify-otp", body(nonce), "Idempotency-Key", "k")
		return status, members
	}
	status, first := verify("of this session")
	token, _ := first["proof"].(string)
	if status != http.StatusOK || token == "" {
		t.Fatalf("got %d %v", status, first)
	}
	claims := p.checked(token)
	for name, want := range map[string]any{
		"iss": p.base, "aud": p.base, "phone_number": "+14155552671", "phone_number_verified": true, "jti": id, "nonce": "of this session",
	} {
		if claims[name] != want {
			t.Errorf("%s is %v, want %v", name, claims[name], want)
		}
	}
	status, again := verify("of this session")
	token, _ = again["proof"].(string)
	if status != http.StatusOK || token == "" {
		t.Fatalf("the repeat got %d %v", status, again)
	}
	if repeated := p.checked(token); repeated["jti"] != claims["jti"] || repeated["auth_time"] != claims["auth_time"] || repeated["sub"] != claims["sub"] {
		t.Errorf("the repeat's proof says %v, the first %v", repeated, claims)
	}
	if status, refused := verify("of another"); status != http.StatusUnprocessableEntity || refused["code"] != "idempotency_key_reused" {
		t.Errorf("another nonce got %d %v", status, refused)
	}
}

// TestProofsOff: nothing is signed, and nothing published.
func TestProofsOff(t *testing.T) {
	p := started(t, map[string]string{"PROOF_ISSUER": "off"})
	p.post("/send-otp", `{"phoneNumber":"+14155552671"}`)
	status, _, members := p.post("/verify-otp", `{"phoneNumber":"+14155552671","pin":"`+p.pin("14155552671")+`","nonce":"x"}`)
	if status != http.StatusOK || members["text"] != `{"message":"OTP verified successfully."}` {
		t.Errorf("got %d %v", status, members["text"])
	}
	for _, path := range []string{"/.well-known/openid-configuration", "/.well-known/jwks.json"} {
		if status, _, members := p.call(http.MethodGet, p.base+path, ""); status != http.StatusNotFound || members["code"] != "not_found" {
			t.Errorf("%s got %d %v", path, status, members)
		}
	}
}
