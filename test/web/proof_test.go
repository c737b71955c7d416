package web_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"testing"
	"time"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/chromedp"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// signer makes proofs, as the service does.
type signer struct{ key *rsa.PrivateKey }

func newSigner() signer {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err) // no randomness
	}
	return signer{key}
}

const keyID = "key-of-a-test"

func (s signer) sign(claims map[string]any) string {
	text := encoded(map[string]any{"alg": "RS256", "typ": "JWT", "kid": keyID}) + "." + encoded(claims)
	hash := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, hash[:])
	if err != nil {
		panic(err) // a key of the right size
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// keys is what the service publishes.
func (s signer) keys() members {
	return members{"keys": []members{{
		"kty": "RSA", "kid": keyID, "alg": "RS256", "use": "sig",
		"n": base64.RawURLEncoding.EncodeToString(s.key.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(s.key.E)).Bytes()),
	}}}
}

func encoded(value any) string {
	raw, err := json.Marshal(value)
	if err != nil {
		panic(err) // a test's own claims
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

func claims(issuer string) map[string]any {
	now := time.Now().Unix()
	return map[string]any{
		"iss": issuer, "aud": issuer, "sub": "Zb1nE9uQb1mWw5r3ZQkGx2gJ7iXKQ9o2d5pQ1mR0c3s", "phone_number": phone, "phone_number_verified": true,
		"amr": []string{"otp", "sms"}, "auth_time": now, "iat": now, "exp": now + 300, "jti": "BJGZI-GpWkZ7nIs2ZT3oaQ",
	}
}

func proof(issuer string) string { return newSigner().sign(claims(issuer)) }

// publishes has the gateway publish keys.
func (p *tab) publishes(keys any) {
	p.t.Helper()
	raw, err := json.Marshal(keys)
	if err != nil {
		p.t.Fatal(err)
	}
	paused := chromedp.Events(p.ctx, fetch.RequestPaused)
	go func() {
		for event, err := range paused {
			if err != nil {
				return // the tab has ended
			}
			if event.Request.Method == "GET" {
				_, _ = chromedp.Call(p.ctx, fetch.FulfillRequest, fetch.FulfillRequestParams{
					RequestID: event.RequestID, ResponseCode: 200, Body: raw,
					ResponseHeaders: []*fetch.HeaderEntry{{Name: "Access-Control-Allow-Origin", Value: "*"}},
				})
			}
		}
	}()
}

// TestProof: the claims in words, and the signature checked with the published key.
func TestProof(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, says string
		right      string
		change     func(string) string
	}{
		{"right", "Its signature is right, by the published key key-of-a-test.", "yes", func(token string) string { return token }},
		{"of another key", "Its signature is wrong for the published key key-of-a-test.", "no", func(string) string { return proof("x") }},
		{"of no algorithm", "It is signed with none, not with RS256.", "no", func(string) string {
			return encoded(members{"alg": "none"}) + "." + encoded(claims("x")) + "."
		}},
		{"with markup", "Its signature is right", "yes", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := harness.StartGateway(t, loose...)
			p := openConsole(t, g, desktop)
			s := newSigner()
			stated := claims("http://localhost:" + portOf(t, g.URL))
			change := c.change
			if change == nil {
				stated["nonce"] = "<img src=x onerror=alert(1)>"
				change = func(token string) string { return token }
			}
			p.asks()
			p.screen("screen-code")
			p.publishes(s.keys())
			p.answers("/verify-otp", answer{status: 200, body: members{"message": "OTP verified successfully.", "proof": change(s.sign(stated))}})
			call(p, fetch.Enable, fetch.EnableParams{Patterns: []*fetch.RequestPattern{{URLPattern: "*/verify-otp"}, {URLPattern: "*/.well-known/jwks.json"}}})
			p.types("#code", "123456")
			p.click("#screen-code .primary")
			p.screen("screen-done")
			p.sees(c.says)
			p.until("it is marked so", `document.querySelector('#proof-signature').dataset.right === `+quoted(c.right))
			for _, want := range []string{"phone_number", "+14155552671", "the number that was verified", "when it ends", "It is good for"} {
				p.sees(want)
			}
			if c.change == nil {
				p.sees("<img src=x onerror=alert(1)>")
			}
			if c.name == "right" {
				p.shot("proof")
			}
		})
	}
}
