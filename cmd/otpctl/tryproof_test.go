package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/proof"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

const (
	provenIssuer = "https://otp.example.com"
	provenNonce  = "a nonce"
	provenID     = "BJGZI-GpWkZ7nIs2ZT3oaQ"
)

// still is a clock that stands still.
type still time.Time

func (s still) Now() time.Time { return time.Time(s) }

// prover makes proofs as the service does, and others with the same key.
type prover struct {
	t   *testing.T
	key *proof.LocalKey
	now time.Time
}

func newProver(t *testing.T) *prover {
	t.Helper()
	key, err := proof.NewLocalKey()
	if err != nil {
		t.Fatal(err)
	}
	return &prover{t: t, key: key, now: time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)}
}

// published is the key set, as a verifier has read it.
func (p *prover) published() keySet {
	p.t.Helper()
	document, err := proof.NewPublished(provenIssuer, still(p.now), slog.New(slog.DiscardHandler), p.key).KeySet(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	keys, err := parseKeySet(document.JSON)
	if err != nil {
		p.t.Fatal(err)
	}
	keys.issuer = provenIssuer
	return keys
}

// good is a proof of the service's own maker.
func (p *prover) good() string {
	p.t.Helper()
	issuer := proof.Issuer{Name: provenIssuer, Audience: "accounts.example.com", TTL: 5 * time.Minute, Signer: p.key, Clock: still(p.now)}
	token, err := issuer.Issue(p.t.Context(), proof.Statement{
		Sub: "sub", PhoneNumber: canaryNumber, Channel: "sms", VerificationID: provenID, VerifiedAt: p.now, Nonce: provenNonce,
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return token.Compact()
}

// signed is a token with another header or other claims, signed by the published key. A nil
// value takes a member out.
func (p *prover) signed(header, claims map[string]any) string {
	p.t.Helper()
	part := strings.Split(p.good(), ".")
	text := p.changed(part[0], header) + "." + p.changed(part[1], claims)
	signature, err := p.key.Sign(p.t.Context(), []byte(text))
	if err != nil {
		p.t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func (p *prover) changed(part string, changes map[string]any) string {
	p.t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(part)
	members := map[string]any{}
	if err == nil {
		err = json.Unmarshal(raw, &members)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	maps.Copy(members, changes)
	maps.DeleteFunc(members, func(_ string, value any) bool { return value == nil })
	raw, err = json.Marshal(members)
	if err != nil {
		p.t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

func (p *prover) expected() expectation {
	return expectation{
		issuer: provenIssuer, audience: "accounts.example.com", to: recipientOf(p.t, canaryNumber), nonce: provenNonce, id: provenID, now: p.now,
	}
}

func recipientOf(t *testing.T, text string) recipient.Recipient {
	t.Helper()
	to, err := parseRecipient(text)
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// TestProofOfAnAddress: it has the address, and no number.
func TestProofOfAnAddress(t *testing.T) {
	p := newProver(t)
	const address = "canary@example.com"
	want := p.expected()
	want.to = recipientOf(t, "Canary@Example.com")
	claims := func(more map[string]any) map[string]any {
		all := map[string]any{"phone_number": nil, "phone_number_verified": nil, "email": address, "email_verified": true, "amr": []string{"otp"}}
		maps.Copy(all, more)
		return all
	}
	got, err := checkProof(p.signed(nil, claims(nil)), p.published(), want)
	if err != nil || !got.HasEmail || got.HasNumber {
		t.Fatalf("a good one: %+v, %v", got, err)
	}
	if lines := fmt.Sprint(got.lines()); !strings.Contains(lines, "[email the one that was sent to, verified]") || strings.Contains(lines, "canary") {
		t.Errorf("it is shown as %s", lines)
	}
	for name, bad := range map[string]struct {
		claims map[string]any
		says   string
	}{
		"another address":       {claims(map[string]any{"email": "other@example.com"}), "its email"},
		"not verified":          {claims(map[string]any{"email_verified": false}), "its email"},
		"a number beside it":    {claims(map[string]any{"phone_number": canaryNumber, "phone_number_verified": true}), "its phone_number"},
		"a number in its place": {map[string]any{}, "its phone_number"},
	} {
		if _, err := checkProof(p.signed(nil, bad.claims), p.published(), want); err == nil || !strings.Contains(err.Error(), bad.says) || strings.Contains(err.Error(), "example.com") {
			t.Errorf("%s: %v, want %q", name, err, bad.says)
		}
	}
	if _, err := checkProof(p.signed(nil, claims(nil)), p.published(), p.expected()); err == nil || !strings.Contains(err.Error(), "its email") {
		t.Errorf("a proof of an address, where a number was verified: %v", err)
	}
}

func TestGoodProof(t *testing.T) {
	p := newProver(t)
	got, err := checkProof(p.good(), p.published(), p.expected())
	if err != nil {
		t.Fatal(err)
	}
	if !got.HasNumber || got.Issuer != provenIssuer || got.Audience != "accounts.example.com" || !got.Expires.Equal(p.now.Add(5*time.Minute)) {
		t.Errorf("the proof says %+v", got)
	}
	anyone := p.expected()
	anyone.audience = ""
	got, err = checkProof(p.signed(nil, map[string]any{"phone_number": nil, "phone_number_verified": nil}), p.published(), anyone)
	if err != nil || got.HasNumber {
		t.Errorf("a proof without the number: %+v, %v", got, err)
	}
}

// Each check of a proof, by a proof that is good but for one thing.
func TestBadProofs(t *testing.T) {
	p := newProver(t)
	good := p.good()
	part := strings.Split(good, ".")
	other := newProver(t)
	claim := func(name string, value any) string { return p.signed(nil, map[string]any{name: value}) }
	seconds := func(d time.Duration) int64 { return p.now.Add(d).Unix() }
	for _, bad := range []struct{ name, token, says string }{
		{"empty", "", "no JWT"},
		{"no signature", part[0] + "." + part[1], "no JWT"},
		{"header of another alphabet", "e+/." + part[1] + "." + part[2], "its header is not base64url"},
		{"header that is no object", "MQ." + part[1] + "." + part[2], "its header is not one JSON object"},
		{"not signed", p.signed(map[string]any{"alg": "none"}, nil), "not signed by RS256"},
		{"another algorithm", p.signed(map[string]any{"alg": "PS256"}, nil), "not signed by RS256"},
		{"an extension", p.signed(map[string]any{"crit": []string{"exp"}}, nil), "not signed by RS256"},
		{"no kid", p.signed(map[string]any{"kid": nil}, nil), "a key that is not published"},
		{"another's key", other.good(), "a key that is not published"},
		{"another's key under our kid", other.signed(map[string]any{"kid": p.key.KeyID()}, nil), "its signature is not by the key"},
		{"another payload", part[0] + "." + strings.Split(claim("sub", "other"), ".")[1] + "." + part[2], "its signature is not by the key"},
		{"a signature of another alphabet", part[0] + "." + part[1] + "." + part[2] + "=", "its signature is not base64url"},
		{"iss", claim("iss", "https://evil.example"), "its iss"},
		{"aud", claim("aud", "others.example.com"), "its aud"},
		{"no aud", claim("aud", nil), "its aud"},
		{"no sub", claim("sub", nil), "no sub"},
		{"phone_number", claim("phone_number", "+14155552671"), "its phone_number"},
		{"phone_number that was not verified", claim("phone_number_verified", false), "its phone_number"},
		{"jti", claim("jti", "another"), "its jti"},
		{"nonce", claim("nonce", "another"), "its nonce"},
		{"no nonce", claim("nonce", nil), "its nonce"},
		{"amr", claim("amr", []string{"pwd"}), "its amr"},
		{"exp", claim("exp", seconds(-clockSkew)), "has expired"},
		{"no exp", claim("exp", nil), "has expired"},
		{"iat", claim("iat", seconds(clockSkew+time.Second)), "from the future"},
		{"auth_time", claim("auth_time", seconds(clockSkew+time.Second)), "from the future"},
		{"a life of none", claim("exp", seconds(0)), "expires before it was issued"},
	} {
		_, err := checkProof(bad.token, p.published(), p.expected())
		if err == nil || !strings.Contains(err.Error(), bad.says) {
			t.Errorf("%s: %v, want %q", bad.name, err, bad.says)
		} else if strings.Contains(err.Error(), canaryNumber) {
			t.Errorf("%s: the error shows the number", bad.name)
		}
	}
}

// A key that nobody should check with is none.
func TestKeySets(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024) //nolint:gosec // the key that has to be refused
	if err != nil {
		t.Fatal(err)
	}
	n := base64.RawURLEncoding.EncodeToString(small.N.Bytes())
	large := strings.Repeat("_", 342) // 2052 bits, all of them one
	for name, set := range map[string]string{
		"no JSON":          `x`,
		"no keys":          `{"keys":[]}`,
		"too short":        `{"keys":[{"kty":"RSA","kid":"1","n":"` + n + `","e":"AQAB"}]}`,
		"without a kid":    `{"keys":[{"kty":"RSA","n":"` + large + `","e":"AQAB"}]}`,
		"for encryption":   `{"keys":[{"kty":"RSA","kid":"1","use":"enc","n":"` + large + `","e":"AQAB"}]}`,
		"for PS256":        `{"keys":[{"kty":"RSA","kid":"1","alg":"PS256","n":"` + large + `","e":"AQAB"}]}`,
		"an exponent of 1": `{"keys":[{"kty":"RSA","kid":"1","n":"` + large + `","e":"AQ"}]}`,
		"an even exponent": `{"keys":[{"kty":"RSA","kid":"1","n":"` + large + `","e":"BA"}]}`,
		"a curve":          `{"keys":[{"kty":"EC","kid":"1","n":"` + large + `","e":"AQAB"}]}`,
	} {
		if got, err := parseKeySet([]byte(set)); err == nil {
			t.Errorf("%s: %d keys, want an error", name, len(got.keys))
		}
	}
	if got, err := parseKeySet([]byte(`{"keys":[{"kty":"EC","kid":"2"},{"kty":"RSA","kid":"1","n":"` + large + `","e":"AQAB"}]}`)); err != nil || len(got.keys) != 1 {
		t.Errorf("one usable key of two: %d, %v", len(got.keys), err)
	}
}

// FuzzCheckProof: whatever a stranger makes of a proof, only what the key has signed is good.
func FuzzCheckProof(f *testing.F) {
	private, err := rsa.GenerateKey(rand.Reader, shortestKey)
	if err != nil {
		f.Fatal(err)
	}
	header := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","kid":"1"}`))
	payload := base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"i","aud":"a","sub":"s","amr":["otp"],"iat":100,"exp":200,"jti":"j","nonce":"n"}`))
	sum := sha256.Sum256([]byte(header + "." + payload))
	signature, err := rsa.SignPKCS1v15(rand.Reader, private, crypto.SHA256, sum[:])
	if err != nil {
		f.Fatal(err)
	}
	good := header + "." + payload + "." + base64.RawURLEncoding.EncodeToString(signature)
	keys := keySet{issuer: "i", keys: map[string]*rsa.PublicKey{"1": &private.PublicKey}}
	want := expectation{issuer: "i", nonce: "n", id: "j", now: time.Unix(100, 0)}
	if _, err := checkProof(good, keys, want); err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{good, "", "..", good + ".", header + "." + payload + "."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := checkProof(token, keys, want); err == nil && token != good {
			t.Errorf("%q is good", token)
		}
	})
}

// Every code that a client can get has a hint, or is a mistake that otpctl does not make.
func TestEveryCodeHasAHint(t *testing.T) {
	var all []string
	for code := range clientCodes() {
		all = append(all, code)
		_, hinted := refusalHints[code]
		if own := slices.Contains(ownMistakes, code); hinted == own {
			t.Errorf("%s: has a hint: %t, is a mistake of ours: %t; want one of the two", code, hinted, own)
		}
	}
	for _, code := range append(slices.Collect(maps.Keys(refusalHints)), ownMistakes...) {
		if !slices.Contains(all, code) {
			t.Errorf("%s is no code of the service's", code)
		}
	}
}

// TestNaming: a request names a recipient by the member of its kind.
func TestNaming(t *testing.T) {
	for text, want := range map[string]string{canaryNumber: "phoneNumber " + canaryNumber, "447400123456": "phoneNumber " + canaryNumber, "Jane@Example.com": "email jane@example.com"} {
		if member, name := naming(recipientOf(t, text)); member+" "+name != want {
			t.Errorf("it is named by %s, and rightly: %t", member, name == want)
		}
	}
}
