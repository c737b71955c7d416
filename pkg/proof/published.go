package proof

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"
)

// PublicKey is a key that proofs may be signed with, as who publishes it sees it.
type PublicKey interface {
	// KeyID is the kid of the key's signatures, see [Signer].
	KeyID() string
	// Read returns the public half. It ends when ctx does, and by itself within a
	// second, because a JWT authorizer waits for 1,500 ms. Its error is a sentence
	// about what to do.
	Read(ctx context.Context) (*rsa.PublicKey, error)
}

// Paths of the documents, behind the issuer.
const (
	ConfigurationPath = "/.well-known/openid-configuration"
	KeySetPath        = "/.well-known/jwks.json"
)

// Document is a public document and how long others may keep it.
type Document struct {
	JSON   []byte
	MaxAge time.Duration
}

// CacheControl returns the header's value.
func (d Document) CacheControl() string {
	return "public, max-age=" + strconv.Itoa(int(d.MaxAge/time.Second))
}

const (
	// documentAge is what verifiers are told. A key is published three hours before it
	// signs: an authorizer may keep a set for two, and have it from a cache on the way
	// that kept it for one.
	documentAge = time.Hour
	// incompleteAge is for a set that lacks a key: it should be gone soon after the key
	// can be read.
	incompleteAge = time.Minute
	// again is the pause before a key that could not be read is asked for once more, so
	// that strangers who load the set cannot make calls to KMS.
	again = 10 * time.Second
)

// ErrNoKeys is the error of [Published.KeySet] when no key can be read. An empty set is
// not published: others would keep it.
var ErrNoKeys = errors.New("none of the published keys can be read")

// Published is what verifiers need: the key set and the document that leads to it. Each
// key is read once. It is safe for concurrent use.
type Published struct {
	issuer string
	keys   []PublicKey
	clock  Clock
	logger *slog.Logger

	// turn holds the one token of whoever reads or changes what was read. A channel, so
	// that waiting ends with the request.
	turn chan struct{}
	read map[string]*entry
}

type entry struct {
	key     *rsa.PublicKey // nil if it could not be read
	triedAt time.Time
}

// NewPublished publishes keys under an issuer's name: the one that signs first, then
// the next and the retired ones. A key that is named twice is published once.
func NewPublished(issuer string, clock Clock, logger *slog.Logger, keys ...PublicKey) *Published {
	p := &Published{issuer: issuer, clock: clock, logger: logger, turn: make(chan struct{}, 1), read: map[string]*entry{}}
	p.turn <- struct{}{}
	for _, key := range keys {
		if p.read[key.KeyID()] == nil {
			p.read[key.KeyID()] = &entry{}
			p.keys = append(p.keys, key)
		}
	}
	return p
}

// configuration is the part of OpenID Connect Discovery 1.0 that is true here. Nobody
// logs in at this service, so it names no endpoint for that.
type configuration struct {
	Issuer     string   `json:"issuer"`
	KeySet     string   `json:"jwks_uri"`
	Algorithms []string `json:"id_token_signing_alg_values_supported"`
	Subjects   []string `json:"subject_types_supported"`
	Claims     []string `json:"claims_supported"`
}

// Configuration returns the OpenID discovery document.
func (p *Published) Configuration() Document {
	return document(configuration{
		Issuer:     p.issuer,
		KeySet:     p.issuer + KeySetPath,
		Algorithms: []string{"RS256"},
		Subjects:   []string{"public"},
		Claims: []string{
			"iss", "aud", "sub", "phone_number", "phone_number_verified", "email", "email_verified",
			"amr", "auth_time", "iat", "exp", "jti", "nonce",
		},
	}, documentAge)
}

// KeySet returns the JWK set of the keys that can be read. One that cannot is left out
// and logged. The error is [ErrNoKeys], or that of ctx.
func (p *Published) KeySet(ctx context.Context) (Document, error) {
	select {
	case <-p.turn:
		defer func() { p.turn <- struct{}{} }()
	case <-ctx.Done():
		return Document{}, fmt.Errorf("waiting for the key set: %w", ctx.Err())
	}
	p.readMissing(ctx)
	set := struct {
		Keys []jwk `json:"keys"`
	}{}
	for _, key := range p.keys {
		if read := p.read[key.KeyID()].key; read != nil {
			set.Keys = append(set.Keys, newJWK(key.KeyID(), read))
		}
	}
	switch len(set.Keys) {
	case 0:
		return Document{}, ErrNoKeys
	case len(p.keys):
		return document(set, documentAge), nil
	default:
		return document(set, incompleteAge), nil
	}
}

// readMissing reads, side by side, what has not been read yet.
func (p *Published) readMissing(ctx context.Context) {
	var reading sync.WaitGroup
	now := p.clock.Now()
	for _, key := range p.keys {
		e := p.read[key.KeyID()]
		if e.key != nil || !e.triedAt.IsZero() && now.Sub(e.triedAt) < again {
			continue
		}
		e.triedAt = now
		reading.Go(func() {
			read, err := key.Read(ctx)
			if err != nil {
				p.logger.ErrorContext(ctx, "a published proof key cannot be read",
					slog.String("kid", key.KeyID()), slog.String("cause", err.Error()))
				return
			}
			e.key = read
		})
	}
	reading.Wait()
}

func document(v any, age time.Duration) Document {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("proof: %T does not marshal", v)) // a mistake of ours
	}
	return Document{JSON: text, MaxAge: age}
}
