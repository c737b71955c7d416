package openapi

import (
	"encoding/json"
	"regexp"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	infobipotp "github.com/seed-a131a524/infobip-otp"
)

// TestExampleProofIsOne: the proof that openapi.yaml shows was signed with the key that
// it shows, about the phone number, the verification and the nonce that it shows.
func TestExampleProofIsOne(t *testing.T) {
	shown := func(form string) string {
		t.Helper()
		found := regexp.MustCompile(form).FindStringSubmatch(infobipotp.OpenAPI)
		if found == nil {
			t.Fatalf("openapi.yaml shows nothing of the form %s", form)
		}
		return found[1]
	}
	set, err := json.Marshal(map[string]any{"keys": []any{map[string]string{
		"kty": "RSA", "use": "sig", "alg": "RS256", "e": "AQAB",
		"kid": shown(`(?m)^ +kid: ([\w-]{43})$`), "n": shown(`(?m)^ +n: ([\w-]{342})$`),
	}}})
	if err != nil {
		t.Fatal(err)
	}
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(set, &keys); err != nil {
		t.Fatal(err)
	}
	token, err := jwt.ParseSigned(shown(`(?m)^ +proof: (\S+)$`), []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	var registered jwt.Claims
	var ours struct {
		PhoneNumber string `json:"phone_number"`
		Nonce       string `json:"nonce"`
	}
	if err := token.Claims(keys, &registered, &ours); err != nil {
		t.Fatal(err)
	}
	expected := jwt.Expected{
		Issuer: shown(`(?m)^ +issuer: (\S+)$`), AnyAudience: jwt.Audience{shown(`(?m)^ +issuer: (\S+)$`)},
		ID: shown(`verificationId: ([\w-]{22}),? `), Time: registered.IssuedAt.Time(),
	}
	if err := registered.ValidateWithLeeway(expected, 0); err != nil {
		t.Error(err)
	}
	if life := registered.Expiry.Time().Sub(registered.IssuedAt.Time()); life != 5*time.Minute {
		t.Errorf("it is good for %s, want PROOF_TTL's five minutes", life)
	}
	if ours.PhoneNumber != shown(`phoneNumber: "(\+\d+)"`) || ours.Nonce != shown(`nonce: ([\w-]{36}) `) {
		t.Error("it is about another number or another session than the requests")
	}
}
