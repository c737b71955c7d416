// Package proof tests that proofs are what they promise, with libraries that are not ours:
// the examples of docs/proof.md, in three languages and run as they stand there, and a
// fourth verifier, take good proofs and refuse bad ones. The keys are a local one and one
// in KMS, which moto stands in for.
package proof

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/proof"
	"github.com/seed-a131a524/infobip-otp/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

const (
	phone      = "+14155552671"
	otherPhone = "+436641234567"
	nonce      = `nonce of "this" session`
	audience   = "accounts.example.com"
	ttl        = 5 * time.Minute
)

// key signs proofs and is published.
type key interface {
	proof.Signer
	proof.PublicKey
}

// fixed is a clock that is some time away from now.
type fixed time.Duration

func (f fixed) Now() time.Time { return time.Now().Add(time.Duration(f)) }

// publish serves the documents of the keys, as discovery does, and returns the issuer.
func publish(t *testing.T, keys ...proof.PublicKey) string {
	t.Helper()
	var published *proof.Published
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		document, err := published.Configuration(), error(nil)
		if r.URL.Path != proof.ConfigurationPath {
			document, err = published.KeySet(r.Context())
		}
		if err != nil || r.URL.Path != proof.ConfigurationPath && r.URL.Path != proof.KeySetPath {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", document.CacheControl())
		_, _ = w.Write(document.JSON)
	}))
	t.Cleanup(server.Close)
	published = proof.NewPublished(server.URL, fixed(0), slog.New(slog.DiscardHandler), keys...)
	return server.URL
}

// session is what a backend asks a verifier, and what it must learn.
type session struct {
	name                      string
	proof, phoneNumber, nonce string
	good                      bool
}

// maker makes the proofs of a test.
type maker struct {
	t      *testing.T
	issuer string
	key    key
}

// change spoils a good proof.
type change func(*proof.Issuer, *proof.Statement)

// token is a proof for (phone, nonce), but for the changes.
func (m maker) token(changes ...change) string {
	m.t.Helper()
	i := &proof.Issuer{Name: m.issuer, Audience: audience, TTL: ttl, Signer: m.key, Clock: fixed(0)}
	s := proof.Statement{
		Sub: "sub", PhoneNumber: phone, Channel: "sms", Nonce: nonce,
		VerificationID: rand.Text(), VerifiedAt: time.Now(),
	}
	for _, f := range changes {
		f(i, &s)
	}
	token, err := i.Issue(m.t.Context(), s)
	if err != nil {
		m.t.Fatal(err)
	}
	return token.Compact()
}

// forged is a proof with another header, signed by sign.
func (m maker) forged(header map[string]string, sign func(signed string) []byte) string {
	m.t.Helper()
	raw, err := json.Marshal(header)
	if err != nil {
		m.t.Fatal(err)
	}
	claims := strings.Split(m.token(), ".")[1]
	signed := base64.RawURLEncoding.EncodeToString(raw) + "." + claims
	return signed + "." + base64.RawURLEncoding.EncodeToString(sign(signed))
}

// tampered is a proof for another number whose claims were rewritten to be about phone.
func (m maker) tampered() string {
	m.t.Helper()
	part := strings.Split(m.token(func(_ *proof.Issuer, s *proof.Statement) { s.PhoneNumber = otherPhone }), ".")
	claims, err := base64.RawURLEncoding.DecodeString(part[1])
	if err != nil {
		m.t.Fatal(err)
	}
	rewritten := strings.ReplaceAll(string(claims), otherPhone, phone)
	if rewritten == string(claims) {
		m.t.Fatal("nothing was rewritten")
	}
	return part[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(rewritten)) + "." + part[2]
}

// sessions are all that a verifier is asked, in this order.
func (m maker) sessions() []session {
	m.t.Helper()
	public, err := m.key.Read(m.t.Context())
	if err != nil {
		m.t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		m.t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	stranger, err := proof.NewLocalKey()
	if err != nil {
		m.t.Fatal(err)
	}
	kid := m.key.KeyID()
	nothing := func(string) []byte { return nil }
	hmacWith := func(secret []byte) func(string) []byte {
		return func(signed string) []byte {
			h := hmac.New(sha256.New, secret)
			h.Write([]byte(signed))
			return h.Sum(nil)
		}
	}
	hs256 := map[string]string{"alg": "HS256", "kid": kid, "typ": "JWT"}
	used := m.token()
	sessions := []session{{"good", used, phone, nonce, true}}
	bad := func(name, token string) { sessions = append(sessions, session{name, token, phone, nonce, false}) }

	bad("expired", m.token(func(i *proof.Issuer, _ *proof.Statement) { i.Clock = fixed(-ttl - 10*time.Second) }))
	bad("other audience", m.token(func(i *proof.Issuer, _ *proof.Statement) { i.Audience = "admin.example.com" }))
	bad("audience of a test recipient", m.token(func(i *proof.Issuer, _ *proof.Statement) { i.Audience += "#test" }))
	bad("other issuer", m.token(func(i *proof.Issuer, _ *proof.Statement) { i.Name = "https://otp.example.net" }))
	bad("tampered", m.tampered())
	bad("alg none", m.forged(map[string]string{"alg": "none", "kid": kid, "typ": "JWT"}, nothing))
	bad("alg none without a kid", m.forged(map[string]string{"alg": "none", "typ": "JWT"}, nothing))
	bad("no signature", m.forged(map[string]string{"alg": "RS256", "kid": kid, "typ": "JWT"}, nothing))
	bad("HS256 with the public key as PEM", m.forged(hs256, hmacWith(text)))
	bad("HS256 with the public key as PEM, trimmed", m.forged(hs256, hmacWith([]byte(strings.TrimSpace(string(text))))))
	bad("HS256 with the public key as DER", m.forged(hs256, hmacWith(der)))
	bad("HS256 with the modulus", m.forged(hs256, hmacWith(public.N.Bytes())))
	bad("a key that is not published", m.token(func(i *proof.Issuer, _ *proof.Statement) { i.Signer = stranger }))
	bad("a key that is not published under the kid of one that is", m.token(func(i *proof.Issuer, _ *proof.Statement) {
		i.Signer = impostor{stranger, kid}
	}))
	bad("garbage", "no proof at all")
	bad("empty", "")

	// Good signatures that are not for this session.
	bad("wrong phone number", m.token(func(_ *proof.Issuer, s *proof.Statement) { s.PhoneNumber = otherPhone }))
	bad("wrong nonce", m.token(func(_ *proof.Issuer, s *proof.Statement) { s.Nonce = "nonce of another session" }))
	bad("no nonce", m.token(func(_ *proof.Issuer, s *proof.Statement) { s.Nonce = "" }))
	bad("no phone number", m.token(func(i *proof.Issuer, _ *proof.Statement) { i.Anonymous = true }))
	bad("used", used)
	// A backend that lost its session must not take what anybody has.
	sessions = append(sessions,
		session{"no nonce, and the session has none", m.token(func(_ *proof.Issuer, s *proof.Statement) { s.Nonce = "" }), phone, "", false},
		session{"no phone number, and the session has none", m.token(func(i *proof.Issuer, _ *proof.Statement) { i.Anonymous = true }), "", nonce, false},
	)
	// A refused proof must not use its jti up: who presents one in the wrong session
	// would spoil it for the right one.
	spoiled := m.token()
	return append(sessions,
		session{"presented in another session", spoiled, phone, "nonce of another session", false},
		session{"then in its own", spoiled, phone, nonce, true},
		session{"good, at the end", m.token(), phone, nonce, true},
	)
}

// impostor signs with one key in the name of another.
type impostor struct {
	*proof.LocalKey
	kid string
}

func (i impostor) KeyID() string { return i.kid }

// TestForgedHeaderIsOtherwiseGood: the forgeries are refused for what they are named for,
// and not because forged makes proofs that nobody would take.
func TestForgedHeaderIsOtherwiseGood(t *testing.T) {
	local := newLocalKey(t)
	m := maker{t, publish(t, local), local}
	token := m.forged(map[string]string{"alg": "RS256", "kid": local.KeyID(), "typ": "JWT"}, func(signed string) []byte {
		signature, err := local.Sign(t.Context(), []byte(signed))
		if err != nil {
			t.Fatal(err)
		}
		return signature
	})
	public, err := local.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := strings.LastIndex(token, ".")
	signature, err := base64.RawURLEncoding.DecodeString(token[i+1:])
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(token[:i]))
	if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], signature); err != nil {
		t.Fatal(err)
	}
	if verdicts := goJOSE(t, m.issuer, []session{{proof: token, phoneNumber: phone, nonce: nonce}}); verdicts[0] != "good" {
		t.Errorf("a forged header with a good signature is %q", verdicts[0])
	}
}

func newLocalKey(t *testing.T) *proof.LocalKey {
	t.Helper()
	local, err := proof.NewLocalKey()
	if err != nil {
		t.Fatal(err)
	}
	return local
}
