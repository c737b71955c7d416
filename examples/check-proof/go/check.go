package main

import (
	"context"
	"errors"
	"time"

	"github.com/lestrrat-go/httprc/v3"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jwt"
)

const (
	leeway = 5 * time.Second
	// keep is PIN_TTL + PROOF_TTL, as the service is deployed, and the leeway.
	keep = 10*time.Minute + 5*time.Minute + leeway
)

// Used remembers proofs. First reports whether this is the first call with the jti, and
// keeps it for as long as given: one conditional write, so that of two calls at once one
// is the first.
type Used interface {
	First(ctx context.Context, jti string, keep time.Duration) (bool, error)
}

// Checker checks proofs of one service for one audience: yours.
type Checker struct {
	issuer, audience string
	keys             jwk.Set
	used             Used
}

// NewChecker loads the service's keys, and keeps them fresh until ctx ends.
func NewChecker(ctx context.Context, issuer, audience string, used Used) (*Checker, error) {
	published := issuer + "/.well-known/jwks.json"
	cache, err := jwk.NewCache(ctx, httprc.NewClient())
	if err != nil {
		return nil, err
	}
	if err := cache.Register(ctx, published); err != nil {
		return nil, err
	}
	keys, err := cache.CachedSet(published)
	if err != nil {
		return nil, err
	}
	return &Checker{issuer: issuer, audience: audience, keys: keys, used: used}, nil
}

// Check returns nil if the proof is good for this session: it is about the phone number
// that the session claims, and holds the nonce that this session was given.
func (c *Checker) Check(ctx context.Context, proof, phoneNumber, nonce string) error {
	token, err := jwt.ParseString(proof,
		jwt.WithKeySet(c.keys),
		jwt.WithIssuer(c.issuer),
		jwt.WithAudience(c.audience),
		jwt.WithRequiredClaim("exp"),
		jwt.WithRequiredClaim("jti"),
		jwt.WithAcceptableSkew(leeway),
		jwt.WithClaimValue("phone_number", phoneNumber),
		jwt.WithClaimValue("nonce", nonce),
	)
	if err != nil {
		return err
	}
	jti, _ := token.JwtID()
	first, err := c.used.First(ctx, jti, keep)
	if err == nil && !first {
		err = errors.New("the proof was used before")
	}
	return err
}
