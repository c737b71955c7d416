// Package proof makes one thing: a signed statement that somebody verified a phone
// number (or an e-mail address) here. A 200 that travels through a browser proves
// nothing to a backend; a proof does, to any backend that checks it as docs/proof.md
// says.
//
// A proof is a JSON Web Token (RFC 7519) under RS256, the one family of algorithms that
// the JWT authorizer of an HTTP API takes. The keys to check it with are published as a
// JWK set (RFC 7517) beside an OpenID discovery document, see [Published].
//
// The token is written by hand: it is two JSON objects and a signature, joined by dots.
// A JOSE library earns its keep where tokens of strangers are read, which nothing here
// does, and would be linked into the function whose cold start people wait for.
//
// A proof says that someone who had the phone was here within minutes. It does not say
// who presents it: that is for the backend to bind, by a nonce of its own.
package proof

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// Statement is what is to be signed about one success. It does not print itself.
type Statement struct {
	// Sub names the recipient without saying who it is: the same for one recipient for
	// ever, whatever key is in use.
	Sub string
	// PhoneNumber is the verified number in E.164 with its +, Email the verified
	// address; the other one is empty.
	PhoneNumber string
	Email       string
	// Channel is the one that last delivered the code: sms, voice or email.
	Channel string
	// VerificationID names the verification. It is the token's jti, so that all proofs
	// of one success have the same one and a backend that takes a jti once takes one.
	VerificationID string
	// VerifiedAt is when the success was decided; the same in every proof of it.
	VerifiedAt time.Time
	// Nonce is what the caller gave with the verify; empty for none.
	Nonce string
	// Test: it is about a test recipient, and for [TestAudience] alone.
	Test bool
}

const redacted = "[proof]"

// Format prints a placeholder for every verb.
func (Statement) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue logs a placeholder.
func (Statement) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText marshals a placeholder.
func (Statement) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Token is a signed proof. Whoever holds one can present it, so it does not print
// itself; Compact returns the real thing. The zero Token is none.
type Token struct {
	compact func() string
}

// Compact returns the token in JWS compact serialization.
func (t Token) Compact() string {
	if t.compact == nil {
		return ""
	}
	return t.compact()
}

// Format prints a placeholder for every verb.
func (Token) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue logs a placeholder.
func (Token) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText marshals a placeholder.
func (Token) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Error is the error of an [Issuer]: the statement holds, but is not signed.
type Error struct {
	// Err is the cause, for the log only.
	Err error
}

func (e *Error) Error() string { return "signing the proof: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Signer signs with one RSA key.
type Signer interface {
	// KeyID is the kid under which the key is published: the same for ever for one key.
	KeyID() string
	// Sign returns the signature of the message by RSASSA-PKCS1-v1_5 with SHA-256 (the
	// RS256 of RFC 7518). It ends when ctx does, and by itself within seconds. It may be
	// called by many at once.
	Sign(ctx context.Context, message []byte) ([]byte, error)
}

// Clock says what time it is.
type Clock interface {
	Now() time.Time
}

// Issuer signs statements in one name. Its fields are set once; it is safe for
// concurrent use.
type Issuer struct {
	// Name is the iss, as [ParseIssuer] returns it.
	Name string
	// Audience is the aud, as [ParseAudience] returns it.
	Audience string
	// TTL is how long a proof is good for, within [MinTTL] and [MaxTTL].
	TTL time.Duration
	// Anonymous leaves the number or address out. Sub then names it, to who has asked
	// about it before.
	Anonymous bool
	Signer    Signer
	Clock     Clock
}

// header is the JOSE header.
type header struct {
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
	Type      string `json:"typ"`
}

// claims are the token's: registered ones (RFC 7519), OpenID Connect's standard ones,
// and the methods of RFC 8176.
type claims struct {
	Issuer              string   `json:"iss"`
	Audience            string   `json:"aud"`
	Subject             string   `json:"sub"`
	PhoneNumber         string   `json:"phone_number,omitempty"`
	PhoneNumberVerified bool     `json:"phone_number_verified,omitempty"`
	Email               string   `json:"email,omitempty"`
	EmailVerified       bool     `json:"email_verified,omitempty"`
	Methods             []string `json:"amr"`
	AuthTime            int64    `json:"auth_time"`
	IssuedAt            int64    `json:"iat"`
	Expires             int64    `json:"exp"`
	ID                  string   `json:"jti"`
	Nonce               string   `json:"nonce,omitempty"`
}

// errIncomplete is a mistake of the caller's. A token without one of these would be
// good for more than was verified.
var errIncomplete = errors.New("the statement lacks its sub, verification id or time, or has not exactly one recipient")

func (s Statement) complete() bool {
	oneRecipient := (s.PhoneNumber == "") != (s.Email == "")
	return oneRecipient && s.Sub != "" && s.VerificationID != "" && !s.VerifiedAt.IsZero()
}

func (i *Issuer) claims(s Statement, now time.Time) claims {
	audience := i.Audience
	if s.Test {
		audience = TestAudience(audience)
	}
	c := claims{
		Issuer:   i.Name,
		Audience: audience,
		Subject:  s.Sub,
		Methods:  methods(s.Channel),
		AuthTime: s.VerifiedAt.Unix(),
		IssuedAt: now.Unix(),
		Expires:  now.Unix() + int64(i.TTL/time.Second),
		ID:       s.VerificationID,
		Nonce:    s.Nonce,
	}
	if !i.Anonymous {
		c.PhoneNumber, c.PhoneNumberVerified = s.PhoneNumber, s.PhoneNumber != ""
		c.Email, c.EmailVerified = s.Email, s.Email != ""
	}
	return c
}

// methods are RFC 8176's references. It has none for e-mail.
func methods(channel string) []string {
	switch channel {
	case "sms":
		return []string{"otp", "sms"}
	case "voice":
		return []string{"otp", "tel"}
	default:
		return []string{"otp"}
	}
}

// Issue returns the statement as a signed token. It asks the signer once. Its error is
// an *[Error].
func (i *Issuer) Issue(ctx context.Context, s Statement) (Token, error) {
	if !s.complete() {
		return Token{}, &Error{Err: errIncomplete}
	}
	signed := encode(header{Algorithm: "RS256", KeyID: i.Signer.KeyID(), Type: "JWT"}) +
		"." + encode(i.claims(s, i.Clock.Now()))
	signature, err := i.Signer.Sign(ctx, []byte(signed))
	if err != nil {
		return Token{}, &Error{Err: err}
	}
	compact := signed + "." + base64.RawURLEncoding.EncodeToString(signature)
	return Token{compact: func() string { return compact }}, nil
}

// encode writes one part of a token.
func encode(part any) string {
	text, err := json.Marshal(part)
	if err != nil {
		panic("proof: a part of strings, numbers and truths does not marshal") // a mistake of ours
	}
	return base64.RawURLEncoding.EncodeToString(text)
}
