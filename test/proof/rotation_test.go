package proof

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/seed-a131a524/infobip-otp/pkg/proof"
)

// deployment is a state of the service: who signs, and which keys are published.
type deployment struct {
	at        time.Duration
	signs     key
	published []proof.PublicKey
}

// day is a service whose deployments follow each other, with its clock.
type day struct {
	t           *testing.T
	began, now  time.Time
	deployments []deployment
	documents   map[int]*proof.Published // one environment a deployment
}

// Now implements proof.Clock.
func (d *day) Now() time.Time { return d.now }

func (d *day) current() int {
	current := 0
	for i, deployed := range d.deployments {
		if d.now.Sub(d.began) >= deployed.at {
			current = i
		}
	}
	return current
}

const issuerName = "https://otp.example.com"

func (d *day) issue() string {
	d.t.Helper()
	i := &proof.Issuer{Name: issuerName, Audience: audience, TTL: ttl, Signer: d.deployments[d.current()].signs, Clock: d}
	token, err := i.Issue(d.t.Context(), proof.Statement{
		Sub: "sub", PhoneNumber: phone, Channel: "sms", Nonce: nonce, VerificationID: "id-" + d.now.String(), VerifiedAt: d.now,
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return token.Compact()
}

func (d *day) document() proof.Document {
	d.t.Helper()
	current := d.current()
	if d.documents[current] == nil {
		d.documents[current] = proof.NewPublished(issuerName, d, slog.New(slog.DiscardHandler), d.deployments[current].published...)
	}
	document, err := d.documents[current].KeySet(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	return document
}

// cache keeps a document for as long as it was told.
type cache struct {
	day      *day
	document proof.Document
	until    time.Time
}

func (c *cache) get() proof.Document {
	if !c.day.now.Before(c.until) {
		c.document = c.day.document()
		c.until = c.day.now.Add(c.document.MaxAge)
	}
	return c.document
}

// verifierCache is how long API Gateway may keep a key set, whatever it is told.
const verifierCache = 2 * time.Hour

// stubborn is a verifier that keeps a key set for two hours and looks for no new one in
// between, also not for a kid that it does not know. Its set comes through a cache.
type stubborn struct {
	day   *day
	from  *cache
	keys  jose.JSONWebKeySet
	until time.Time
}

func (s *stubborn) refuses(token string) bool {
	if !s.day.now.Before(s.until) {
		s.keys = jose.JSONWebKeySet{}
		if err := json.Unmarshal(s.from.get().JSON, &s.keys); err != nil {
			s.day.t.Fatal(err)
		}
		s.until = s.day.now.Add(verifierCache)
	}
	asked := session{proof: token, phoneNumber: phone, nonce: nonce}
	return checkWithGoJOSE(s.keys, issuerName, asked, s.day.now, map[string]bool{}) != nil
}

// refused walks through the deployments in steps of four minutes, a proof at each step,
// which is presented at once and once more near the end of its life, and returns how many
// presentations were refused. Others read through the same caches. Caches and verifiers
// load anew at different times, some on the full hour and some just before it: the worst
// there are, because deployments are on full hours.
func refused(t *testing.T, deployments ...deployment) int {
	t.Helper()
	began := time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)
	d := &day{t: t, began: began, now: began, deployments: deployments, documents: map[int]*proof.Published{}}
	const step = 4 * time.Minute
	first := d.document()
	var caches []*cache
	var verifiers []*stubborn
	for _, filled := range []time.Duration{20 * time.Minute, time.Hour - step, time.Hour} {
		c := &cache{day: d, document: first, until: began.Add(filled)}
		caches = append(caches, c)
		for _, loaded := range []time.Duration{30 * time.Minute, time.Hour - 2*step, time.Hour, verifierCache - 2*step, verifierCache} {
			v := &stubborn{day: d, from: c, until: began.Add(loaded)}
			if err := json.Unmarshal(first.JSON, &v.keys); err != nil {
				t.Fatal(err)
			}
			verifiers = append(verifiers, v)
		}
	}
	count, last := 0, ""
	end := deployments[len(deployments)-1].at + 4*time.Hour
	for ; d.now.Sub(began) < end; d.now = d.now.Add(step) {
		for _, c := range caches {
			c.get()
		}
		token := d.issue()
		for _, v := range verifiers {
			for _, presented := range []string{token, last} {
				if presented != "" && v.refuses(presented) {
					count++
				}
			}
		}
		last = token
	}
	return count
}

// TestRotation is docs/proof.md's: published, three hours later signing, and the old one
// published until its proofs are over.
func TestRotation(t *testing.T) {
	const start = 2 * time.Hour
	local := func() [2]key { return [2]key{newLocalKey(t), newLocalKey(t)} }
	for _, c := range []struct {
		name string
		keys [2]key
		plan func(old, next key) []deployment
		good bool
	}{
		{"in two steps", local(), rotation(start, 3*time.Hour, ttl), true},
		{"in two steps, in KMS", [2]key{newKMSKey(t), newKMSKey(t)}, rotation(start, 3*time.Hour, ttl), true},
		{"signing at once", local(), rotation(start, 0, ttl), false},
		{"signing when the verifiers' two hours are over, and not the caches' one", local(), rotation(start, 2*time.Hour, ttl), false},
		{"the old one gone when the new one signs", local(), rotation(start, 3*time.Hour, 0), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := refused(t, c.plan(c.keys[0], c.keys[1])...); (got == 0) != c.good {
				t.Errorf("%d proofs were refused, want none: %t", got, c.good)
			}
		})
	}
}

// rotation publishes the next key at the start, signs with it after a wait, and takes the
// old one out of the set after another.
func rotation(start, untilSigning, untilGone time.Duration) func(old, next key) []deployment {
	return func(old, next key) []deployment {
		return []deployment{
			{0, old, []proof.PublicKey{old}},
			{start, old, []proof.PublicKey{old, next}},
			{start + untilSigning, next, []proof.PublicKey{next, old}},
			{start + untilSigning + untilGone, next, []proof.PublicKey{next}},
		}
	}
}

// TestKidsOfARotation: the published set names both keys in the time between.
func TestKidsOfARotation(t *testing.T) {
	old, next := newLocalKey(t), newLocalKey(t)
	d := &day{t: t, documents: map[int]*proof.Published{}, deployments: []deployment{{0, old, []proof.PublicKey{old, next}}}}
	for _, kid := range []string{old.KeyID(), next.KeyID()} {
		if !strings.Contains(string(d.document().JSON), kid) {
			t.Errorf("the set lacks the key %s", kid)
		}
	}
}
