package proof_test

import (
	"bytes"
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/proof"
)

// movable is a clock that a test moves.
type movable struct{ time.Time }

func (m *movable) Now() time.Time { return m.Time }

// publicKey is a key whose reading may fail or take long, and is counted.
type publicKey struct {
	kid   string
	err   error
	takes time.Duration
	reads atomic.Int32
}

func (p *publicKey) KeyID() string { return p.kid }

func (p *publicKey) Read(ctx context.Context) (*rsa.PublicKey, error) {
	p.reads.Add(1)
	select {
	case <-time.After(p.takes):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if p.err != nil {
		return nil, p.err
	}
	return localKey().Read(ctx)
}

type keySet struct {
	Keys []map[string]string `json:"keys"`
}

func (s keySet) kids() string {
	var kids []string
	for _, key := range s.Keys {
		kids = append(kids, key["kid"])
	}
	return strings.Join(kids, " ")
}

func readSet(t *testing.T, p *proof.Published) (keySet, proof.Document) {
	t.Helper()
	d, err := p.KeySet(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var set keySet
	if err := json.Unmarshal(d.JSON, &set); err != nil {
		t.Fatal(err)
	}
	return set, d
}

func TestConfiguration(t *testing.T) {
	d := proof.NewPublished("https://example.com/otp", clock(now), slog.New(slog.DiscardHandler)).Configuration()
	var got map[string]any
	if err := json.Unmarshal(d.JSON, &got); err != nil {
		t.Fatal(err)
	}
	delete(got, "claims_supported")
	want := map[string]any{
		"issuer":                                "https://example.com/otp",
		"jwks_uri":                              "https://example.com/otp/.well-known/jwks.json",
		"id_token_signing_alg_values_supported": []any{"RS256"},
		"subject_types_supported":               []any{"public"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the document (-want +got):\n%s", diff)
	}
	if got := d.CacheControl(); got != "public, max-age=3600" {
		t.Errorf("Cache-Control is %q", got)
	}
}

func TestKeySet(t *testing.T) {
	var log bytes.Buffer
	p := proof.NewPublished("https://otp.example.com", clock(now), slog.New(slog.NewJSONHandler(&log, nil)), localKey())
	set, d := readSet(t, p)
	if len(set.Keys) != 1 || d.CacheControl() != "public, max-age=3600" || log.Len() > 0 {
		t.Fatalf("got %s with %q and the log %q", d.JSON, d.CacheControl(), log.String())
	}
	n, e := set.Keys[0]["n"], set.Keys[0]["e"]
	delete(set.Keys[0], "n")
	want := map[string]string{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": localKey().KeyID(), "e": "AQAB"}
	if diff := cmp.Diff(want, set.Keys[0]); diff != "" {
		t.Errorf("the key (-want +got):\n%s", diff)
	}
	if len(n) != 342 || e != "AQAB" { // 256 bytes
		t.Errorf("modulus of %d characters and exponent %q", len(n), e)
	}
}

func TestKeysAreReadOnceAndSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(kid string) *publicKey { return &publicKey{kid: kid, takes: time.Second} }
		a, b, c := slow("a"), slow("b"), slow("c")
		p := proof.NewPublished("https://otp.example.com", &movable{time.Now()}, slog.New(slog.DiscardHandler), a, b, a, c)
		started := time.Now()
		var asking sync.WaitGroup
		for range 5 {
			asking.Go(func() {
				if set, _ := readSet(t, p); set.kids() != "a b c" {
					t.Errorf("the set has %q, want a b c", set.kids())
				}
			})
		}
		asking.Wait()
		if took := time.Since(started); took != time.Second {
			t.Errorf("reading took %s, want the second of the slowest", took)
		}
		for _, key := range []*publicKey{a, b, c} {
			if got := key.reads.Load(); got != 1 {
				t.Errorf("%s was read %d times, want once", key.kid, got)
			}
		}
	})
}

// TestUnreadableKey: it is left out and logged, not asked for again at once, and the
// set without it is kept by others for a minute only.
func TestUnreadableKey(t *testing.T) {
	var log bytes.Buffer
	moving := &movable{now}
	good, bad := &publicKey{kid: "good"}, &publicKey{kid: "bad", err: errBroken}
	p := proof.NewPublished("https://otp.example.com", moving, slog.New(slog.NewJSONHandler(&log, nil)), bad, good)
	set, d := readSet(t, p)
	if set.kids() != "good" || d.CacheControl() != "public, max-age=60" {
		t.Errorf("the set has %q and %q, want good for a minute", set.kids(), d.CacheControl())
	}
	if line := log.String(); strings.Count(line, "\n") != 1 || !strings.Contains(line, `"kid":"bad"`) ||
		!strings.Contains(line, errBroken.Error()) || !strings.Contains(line, `"level":"ERROR"`) {
		t.Errorf("the log says %q, want one error that names the key and the cause", line)
	}
	moving.Time = moving.Add(9 * time.Second)
	readSet(t, p)
	if got := bad.reads.Load(); got != 1 {
		t.Errorf("within ten seconds it was read %d times, want once", got)
	}
	moving.Time = moving.Add(time.Second)
	bad.err = nil
	set, d = readSet(t, p)
	if set.kids() != "bad good" || d.CacheControl() != "public, max-age=3600" || bad.reads.Load() != 2 || good.reads.Load() != 1 {
		t.Errorf("then the set has %q and %q after %d and %d reads", set.kids(), d.CacheControl(), bad.reads.Load(), good.reads.Load())
	}
}

// TestNoKeys: others would keep an empty set and refuse every proof with it.
func TestNoKeys(t *testing.T) {
	p := proof.NewPublished("https://otp.example.com", clock(now), slog.New(slog.DiscardHandler), &publicKey{kid: "bad", err: errBroken})
	if d, err := p.KeySet(t.Context()); !errors.Is(err, proof.ErrNoKeys) || d.JSON != nil {
		t.Errorf("got %s and %v, want ErrNoKeys", d.JSON, err)
	}
}
