package main

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// This file checks a proof as a backend does (docs/proof.md): the signature by a key that is
// published, then what the proof is about. A backend takes a library for that; here a strict
// reading of the one form that the service makes does.

// keySet is what a service publishes.
type keySet struct {
	issuer string
	keys   map[string]*rsa.PublicKey
}

// shortestKey is what JWT authorizers and RFC 7518 (3.3) take.
const shortestKey = 2048

// parseKeySet reads the keys for RS256 of a JWK set. One that cannot be used is left out, as
// verifiers do; a set without any is an error.
func parseKeySet(raw []byte) (keySet, error) {
	var document struct {
		Keys []struct {
			Type      string `json:"kty"`
			Use       string `json:"use"`
			Algorithm string `json:"alg"`
			KeyID     string `json:"kid"`
			Modulus   string `json:"n"`
			Exponent  string `json:"e"`
		} `json:"keys"`
	}
	if json.Unmarshal(raw, &document) != nil {
		return keySet{}, errors.New("the published keys are no JWK set")
	}
	set := keySet{keys: map[string]*rsa.PublicKey{}}
	for _, key := range document.Keys {
		n, errN := base64.RawURLEncoding.DecodeString(key.Modulus)
		e, errE := base64.RawURLEncoding.DecodeString(key.Exponent)
		const longestExponent, longestModulus = 4, 1024 // bytes
		if key.Type != "RSA" || key.KeyID == "" || key.Use != "" && key.Use != "sig" || key.Algorithm != "" && key.Algorithm != "RS256" ||
			errN != nil || errE != nil || len(n) > longestModulus || len(e) > longestExponent {
			continue
		}
		public := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
		if public.N.BitLen() >= shortestKey && public.E > 2 && public.E%2 == 1 {
			set.keys[key.KeyID] = public
		}
	}
	if len(set.keys) == 0 {
		return keySet{}, errors.New("no key is published that RS256 can be checked with")
	}
	return set, nil
}

// expectation is what a proof has to say.
type expectation struct {
	issuer   string
	audience string // empty takes any
	to       recipient.Recipient
	nonce    string
	id       string // of the verification
	now      time.Time
}

// proofCheck is a proof that was checked, without what names a person.
type proofCheck struct {
	KeyID     string    `json:"kid"`
	Issuer    string    `json:"iss"`
	Audience  string    `json:"aud"`
	Subject   string    `json:"sub"`
	Methods   []string  `json:"amr"`
	AuthTime  time.Time `json:"authTime"`
	IssuedAt  time.Time `json:"iat"`
	Expires   time.Time `json:"exp"`
	ID        string    `json:"jti"`
	HasNumber bool      `json:"phoneNumberVerified"`
	HasEmail  bool      `json:"emailVerified"`
	now       time.Time
	byEmail   bool
}

// lines returns the claims for a person.
func (p *proofCheck) lines() [][2]string {
	claim, named := "phone_number", "not in it (PROOF_PHONE_NUMBER is false): sub alone names the number"
	if p.byEmail {
		claim, named = "email", "not in it (PROOF_PHONE_NUMBER is false): sub alone names the address"
	}
	if p.HasNumber || p.HasEmail {
		named = "the one that was sent to, verified"
	}
	return [][2]string{
		{"iss", p.Issuer},
		{"aud", p.Audience},
		{"sub", p.Subject},
		{claim, named},
		{"amr", strings.Join(p.Methods, ", ")},
		{"auth_time", when(p.AuthTime, p.now)},
		{"iat", when(p.IssuedAt, p.now)},
		{"exp", when(p.Expires, p.now)},
		{"jti", p.ID + ", the verification's id"},
		{"nonce", "the one that was given"},
	}
}

// clockSkew is how far this machine's clock may be off.
const clockSkew = time.Minute

// checkProof checks a proof whole. No error holds anything of it that names a person.
func checkProof(token string, published keySet, want expectation) (*proofCheck, error) {
	const parts = 3
	part := strings.Split(token, ".")
	if len(part) != parts {
		return nil, errors.New("it is no JWT")
	}
	var header struct {
		Algorithm string   `json:"alg"`
		KeyID     string   `json:"kid"`
		Critical  []string `json:"crit"`
	}
	if err := decodePart(part[0], &header); err != nil {
		return nil, fmt.Errorf("its header %w", err)
	}
	if header.Algorithm != "RS256" || header.Critical != nil {
		return nil, errors.New("it is not signed by RS256")
	}
	key, known := published.keys[header.KeyID]
	if !known {
		return nil, errors.New("it is signed by a key that is not published")
	}
	signature, err := base64.RawURLEncoding.Strict().DecodeString(part[2])
	if err != nil {
		return nil, errors.New("its signature is not base64url")
	}
	sum := sha256.Sum256([]byte(part[0] + "." + part[1]))
	if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) != nil {
		return nil, errors.New("its signature is not by the key that it names")
	}
	var claims claimSet
	if err := decodePart(part[1], &claims); err != nil {
		return nil, fmt.Errorf("its payload %w", err)
	}
	if err := claims.check(want); err != nil {
		return nil, err
	}
	at := func(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }
	return &proofCheck{
		KeyID: header.KeyID, Issuer: claims.Issuer, Audience: claims.Audience, Subject: claims.Subject, Methods: claims.Methods,
		AuthTime: at(claims.AuthTime), IssuedAt: at(claims.IssuedAt), Expires: at(claims.Expires),
		ID: abbreviated(claims.ID), HasNumber: claims.PhoneNumber != "", HasEmail: claims.Email != "", now: want.now,
		byEmail: want.to.Kind() == recipient.Email,
	}, nil
}

// claimSet is what a proof about a number or an address says.
type claimSet struct {
	Issuer      string   `json:"iss"`
	Audience    string   `json:"aud"`
	Subject     string   `json:"sub"`
	PhoneNumber string   `json:"phone_number"`
	Verified    bool     `json:"phone_number_verified"`
	Email       string   `json:"email"`
	HasRead     bool     `json:"email_verified"`
	Methods     []string `json:"amr"`
	AuthTime    int64    `json:"auth_time"`
	IssuedAt    int64    `json:"iat"`
	Expires     int64    `json:"exp"`
	ID          string   `json:"jti"`
	Nonce       string   `json:"nonce"`
}

func (c *claimSet) check(want expectation) error {
	now := want.now.Unix()
	number, address := "", want.to.Canonical()
	if want.to.Kind() == recipient.Phone {
		number, address = address, ""
	}
	skew := int64(clockSkew / time.Second)
	switch {
	case c.Issuer != want.issuer:
		return errors.New("its iss is not the issuer of the discovery document")
	case c.Audience == "" || want.audience != "" && c.Audience != want.audience:
		return fmt.Errorf("its aud is %q, not the audience that was asked for", printable(c.Audience))
	case c.Subject == "":
		return errors.New("it has no sub")
	case c.PhoneNumber != "" && (c.PhoneNumber != number || !c.Verified):
		return errors.New("its phone_number is not the number that was verified")
	case c.Email != "" && (c.Email != address || !c.HasRead):
		return errors.New("its email is not the address that was verified")
	case c.ID != want.id:
		return errors.New("its jti is not the id of the verification")
	case c.Nonce != want.nonce:
		return errors.New("its nonce is not the one that was given")
	case !slices.Contains(c.Methods, "otp"):
		return errors.New("its amr does not name a one-time code")
	case c.Expires <= now-skew:
		return errors.New("it has expired: look at this machine's clock too")
	case c.IssuedAt > now+skew || c.AuthTime > now+skew:
		return errors.New("it is from the future: look at this machine's clock")
	case c.Expires <= c.IssuedAt:
		return errors.New("it expires before it was issued")
	}
	return nil
}

// decodePart decodes one part of a token: base64url without padding, and one JSON object.
func decodePart(text string, into any) error {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return errors.New("is not base64url")
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if decoder.Decode(into) != nil || decoder.More() {
		return errors.New("is not one JSON object")
	}
	return nil
}
