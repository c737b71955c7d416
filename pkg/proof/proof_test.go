package proof_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/proof"
)

// number is reserved for examples (libphonenumber).
const number = "+14155552671"

// clock is a time that stands still.
type clock time.Time

func (c clock) Now() time.Time { return time.Time(c) }

var (
	verifiedAt = time.Date(2026, 11, 27, 8, 0, 0, 900e6, time.UTC)
	now        = verifiedAt.Add(400 * time.Millisecond)
)

// localKey is made once: making one takes a while.
var localKey = sync.OnceValue(func() *proof.LocalKey {
	key, err := proof.NewLocalKey()
	if err != nil {
		panic(err)
	}
	return key
})

func statement() proof.Statement {
	return proof.Statement{
		Sub: "sub-of-the-number", PhoneNumber: number, Channel: "sms",
		VerificationID: "BJGZI-GpWkZ7nIs2ZT3oaQ", VerifiedAt: verifiedAt,
	}
}

func issuer() *proof.Issuer {
	return &proof.Issuer{
		Name: "https://otp.example.com", Audience: "accounts.example.com", TTL: 5 * time.Minute,
		Signer: localKey(), Clock: clock(now),
	}
}

// taken is a token in its parts.
type taken struct {
	header, claims map[string]any
	signed         string
	signature      []byte
}

// parts takes a token apart.
func parts(t *testing.T, token proof.Token) taken {
	t.Helper()
	part := strings.Split(token.Compact(), ".")
	if len(part) != 3 {
		t.Fatalf("a token of %d parts, want 3", len(part))
	}
	decode := func(s string) []byte {
		raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	taken := taken{signed: part[0] + "." + part[1], signature: decode(part[2])}
	for i, into := range []*map[string]any{&taken.header, &taken.claims} {
		if err := json.Unmarshal(decode(part[i]), into); err != nil {
			t.Fatal(err)
		}
	}
	return taken
}

func TestClaims(t *testing.T) {
	with := func(change func(map[string]any)) map[string]any {
		claims := map[string]any{
			"iss": "https://otp.example.com", "aud": "accounts.example.com", "sub": "sub-of-the-number",
			"phone_number": number, "phone_number_verified": true,
			"amr": []any{"otp", "sms"},
			// Whole seconds, never later than they were.
			"auth_time": 1795766400.0, "iat": 1795766401.0, "exp": 1795766701.0,
			"jti": "BJGZI-GpWkZ7nIs2ZT3oaQ",
		}
		change(claims)
		return claims
	}
	for _, c := range []struct {
		name   string
		change func(*proof.Issuer, *proof.Statement)
		want   map[string]any
	}{
		{"sms", func(*proof.Issuer, *proof.Statement) {}, with(func(map[string]any) {})},
		{"voice", func(_ *proof.Issuer, s *proof.Statement) { s.Channel = "voice" },
			with(func(c map[string]any) { c["amr"] = []any{"otp", "tel"} })},
		{"a channel that RFC 8176 has no word for", func(_ *proof.Issuer, s *proof.Statement) { s.Channel = "pigeon" },
			with(func(c map[string]any) { c["amr"] = []any{"otp"} })},
		{"nonce", func(_ *proof.Issuer, s *proof.Statement) { s.Nonce = `a "nonce" <&>` },
			with(func(c map[string]any) { c["nonce"] = `a "nonce" <&>` })},
		{"ttl", func(i *proof.Issuer, _ *proof.Statement) { i.TTL = 90 * time.Second },
			with(func(c map[string]any) { c["exp"] = 1795766491.0 })},
		{"a repeat is issued anew and was verified then", func(i *proof.Issuer, _ *proof.Statement) { i.Clock = clock(now.Add(time.Minute)) },
			with(func(c map[string]any) { c["iat"], c["exp"] = 1795766461.0, 1795766761.0 })},
		{"a test recipient, for a backend that takes them", func(_ *proof.Issuer, s *proof.Statement) { s.Test = true },
			with(func(c map[string]any) { c["aud"] = "accounts.example.com#test" })},
		{"anonymous", func(i *proof.Issuer, _ *proof.Statement) { i.Anonymous = true },
			with(func(c map[string]any) { delete(c, "phone_number"); delete(c, "phone_number_verified") })},
		{"email", func(_ *proof.Issuer, s *proof.Statement) {
			s.PhoneNumber, s.Email, s.Channel = "", "person@example.com", "email"
		}, with(func(c map[string]any) {
			delete(c, "phone_number")
			delete(c, "phone_number_verified")
			c["email"], c["email_verified"], c["amr"] = "person@example.com", true, []any{"otp"}
		})},
		{"anonymous email", func(i *proof.Issuer, s *proof.Statement) {
			i.Anonymous = true
			s.PhoneNumber, s.Email, s.Channel = "", "person@example.com", "email"
		}, with(func(c map[string]any) {
			delete(c, "phone_number")
			delete(c, "phone_number_verified")
			c["amr"] = []any{"otp"}
		})},
	} {
		t.Run(c.name, func(t *testing.T) {
			i, s := issuer(), statement()
			c.change(i, &s)
			token, err := i.Issue(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			got := parts(t, token)
			wantHeader := map[string]any{"alg": "RS256", "kid": localKey().KeyID(), "typ": "JWT"}
			if diff := cmp.Diff(wantHeader, got.header); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.want, got.claims); diff != "" {
				t.Errorf("claims (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSignature(t *testing.T) {
	token, err := issuer().Issue(t.Context(), statement())
	if err != nil {
		t.Fatal(err)
	}
	got := parts(t, token)
	public, err := localKey().Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(got.signed))
	if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], got.signature); err != nil {
		t.Errorf("the signature does not hold: %v", err)
	}
	if got := public.N.BitLen(); got != 2048 {
		t.Errorf("the key has %d bits, want 2048", got)
	}
}

// brokenSigner never signs, and counts.
type brokenSigner struct{ asked int }

func (*brokenSigner) KeyID() string { return "broken" }

var errBroken = errors.New("broken for the test")

func (b *brokenSigner) Sign(context.Context, []byte) ([]byte, error) {
	b.asked++
	return nil, errBroken
}

// countingSigner signs with the local key, and counts.
type countingSigner struct {
	*proof.LocalKey
	asked int
}

func (c *countingSigner) Sign(ctx context.Context, message []byte) ([]byte, error) {
	c.asked++
	return c.LocalKey.Sign(ctx, message)
}

func TestOneSignatureAProof(t *testing.T) {
	signer := &countingSigner{LocalKey: localKey()}
	i := issuer()
	i.Signer = signer
	if _, err := i.Issue(t.Context(), statement()); err != nil || signer.asked != 1 {
		t.Errorf("a proof took %d signatures (%v), want 1", signer.asked, err)
	}
}

func TestIssueFails(t *testing.T) {
	signer := &brokenSigner{}
	i := issuer()
	i.Signer = signer
	token, err := i.Issue(t.Context(), statement())
	failure, typed := errors.AsType[*proof.Error](err)
	if !typed || !errors.Is(failure, errBroken) || token.Compact() != "" {
		t.Errorf("got %q and %v, want nothing and a *proof.Error", token.Compact(), err)
	}
	if signer.asked != 1 {
		t.Errorf("the signer was asked %d times, want once: it tries again by itself", signer.asked)
	}
}

// TestIncompleteStatements: a token without one of these would be good for more than
// was verified, so none is signed.
func TestIncompleteStatements(t *testing.T) {
	for name, spoil := range map[string]func(*proof.Statement){
		"no sub":             func(s *proof.Statement) { s.Sub = "" },
		"no recipient":       func(s *proof.Statement) { s.PhoneNumber = "" },
		"two recipients":     func(s *proof.Statement) { s.Email = "person@example.com" },
		"no verification id": func(s *proof.Statement) { s.VerificationID = "" },
		"no time":            func(s *proof.Statement) { s.VerifiedAt = time.Time{} },
	} {
		t.Run(name, func(t *testing.T) {
			signer := &countingSigner{LocalKey: localKey()}
			i, s := issuer(), statement()
			i.Signer = signer
			spoil(&s)
			_, err := i.Issue(t.Context(), s)
			if _, typed := errors.AsType[*proof.Error](err); !typed || signer.asked != 0 {
				t.Errorf("got %v after %d signatures, want a *proof.Error after none", err, signer.asked)
			}
		})
	}
}

// TestNothingPrintsItself: what holds a number, a token or a key shows a placeholder,
// also inside another value and in a log.
func TestNothingPrintsItself(t *testing.T) {
	i, s := issuer(), statement()
	s.Nonce = "canary-nonce"
	token, err := i.Issue(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	private := fmt.Sprint(localKey().Prime())
	inside := struct{ t proof.Token }{token}
	var out bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&out, nil))
	for _, v := range []any{token, &token, inside, s, &s, localKey(), *i} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb, v)
		}
		logger.Info("value", "v", v)
		text, err := json.Marshal(v)
		if err == nil {
			out.Write(text)
		}
	}
	for what, canary := range map[string]string{
		"the number": number[1:], "the nonce": "canary-nonce", "the token": token.Compact()[:20],
		"the verification id": s.VerificationID, "the key": private,
	} {
		if strings.Contains(out.String(), canary) {
			t.Errorf("%s shows in the output", what)
		}
	}
}
