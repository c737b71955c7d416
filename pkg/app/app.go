// Package app wires the product together: from the environment to the handlers of the
// functions. The Lambda functions and a laptop's gateway call the same New, so what
// runs on a laptop is what runs in AWS; only the addresses and the keeping of state
// differ.
package app

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/guard/cells"
	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/proof"
	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
	"github.com/seed-a131a524/infobip-otp/pkg/ratelimit"
	"github.com/seed-a131a524/infobip-otp/pkg/secrets"
	"github.com/seed-a131a524/infobip-otp/pkg/store"
	"github.com/seed-a131a524/infobip-otp/pkg/telemetry"
)

// App is the object graph.
type App struct {
	Send   *httpapi.Handler
	Verify *httpapi.Handler
	// Published is what verifiers of proofs need; nil where proofs are off. In AWS it is
	// another function's.
	Published *proof.Published

	logger   *slog.Logger
	store    otp.Store
	source   *secrets.Source
	provider *infobip.Client
	tests    *testList
}

// Clock is real time.
type Clock struct{}

// Now implements otp.Clock.
func (Clock) Now() time.Time { return time.Now() }

// New builds the graph without any call. Warm makes the first ones. Each channel that the
// configuration offers has a message (Config.CheckMessages).
func New(c Config, clock otp.Clock, logger *slog.Logger) (*App, error) {
	reader, err := SecretReader(c, NewSecretsManager(c.AWS))
	if err != nil {
		return nil, err
	}
	source := secrets.NewSource(reader, clock)
	source.Memory = longestMemory(c.Policy)
	provider, err := infobip.New(c.provider(source))
	if err != nil {
		return nil, fmt.Errorf("making the Infobip client: %w", err)
	}
	// A laptop without a secret to read has nobody to ask about a challenge.
	checker, err := c.Guard.Checker(source, c.Function == 0 && c.Infobip.APIKey != "")
	if err != nil {
		return nil, err
	}
	ledgers, counter, kept := keeping(c, clock)
	service := &otp.Service{
		Store: ledgers, Provider: provider, Messages: c.Catalog(), Guard: guard.New(c.Guard.Rules, kept, checker, clock), Clock: clock, Policy: c.Policy,
	}
	tests := newTestList(&c, source, logger)
	if tests != nil { // or nil would be an interface that holds one
		service.Tests = tests
	}
	edge := httpapi.Edge{
		Keys: source, Counter: counter, Clock: clock, Logger: logger,
		Client:    httpapi.ClientAddress{Header: c.ClientAddress.Header, Keys: source},
		GivesBack: c.SendCounts == CountUnverified,
	}
	issuer, published, err := prove(c, clock, logger)
	if err != nil {
		return nil, err
	}
	for _, warning := range c.Warnings() {
		logger.Warn(warning)
	}
	metrics := telemetry.NewEmitter(c.Metrics)
	return &App{
		Send:      httpapi.NewSend(edge, c.Form, c.SendLimit, service).Emitting(metrics),
		Verify:    httpapi.NewVerify(edge, c.Form, c.VerifyLimit, service, issuer).Emitting(metrics),
		Published: published,
		logger:    logger,
		store:     ledgers,
		source:    source,
		provider:  provider,
		tests:     tests,
	}, nil
}

// prove returns who signs proofs and what is published about them, nothing where they are
// off.
func prove(c Config, clock otp.Clock, logger *slog.Logger) (httpapi.Proofs, *proof.Published, error) {
	if !c.Proofs.On() {
		return nil, nil, nil
	}
	kms := c.AWS.kms()
	key, err := c.Proofs.Open(kms)
	if err != nil {
		return nil, nil, err
	}
	published, err := c.Proofs.Publish(key, kms, clock, logger)
	if err != nil {
		return nil, nil, err
	}
	return c.Proofs.Issue(key, clock), published, nil
}

// longestMemory is how long after a change of the phone key a ledger may still stand under
// the one before: as long as it may be remembered without a save, which would move it.
func longestMemory(p otp.Policy) time.Duration {
	return max(p.KnownMemory, p.FailureMemory, p.DisabledMemory) + p.SendLimit.Window + p.PINTTL + 2*p.SendTimeout
}

// SecretReader takes INFOBIP_API_KEY where it is set, which is on laptops only: the
// stack never sets it, and `sam local` cannot leave SECRET_ID out. Elsewhere it reads
// SECRET_ID through manager.
func SecretReader(c Config, manager secrets.SecretsManagerAPI) (secrets.Reader, error) {
	if c.Infobip.APIKey == "" {
		if c.SecretID == "" {
			return nil, errors.New("neither SECRET_ID nor INFOBIP_API_KEY is set")
		}
		return secrets.Manager{Client: manager, ID: c.SecretID}, nil
	}
	// Without a secret the phone key comes from the API key: as secret, and the same
	// after a restart.
	derived := sha256.Sum256([]byte("infobip-otp phone key\x00" + c.Infobip.APIKey))
	key, err := pseudonym.NewKey("local", derived[:])
	if err != nil {
		return nil, fmt.Errorf("making a local phone key: %w", err)
	}
	secret := secrets.New(c.Infobip.APIKey, key, c.ClientAddress.OriginKeys...)
	return secrets.Static(secret.WithChallengeSecret(c.Guard.Challenge.Secret).WithTestRecipients(c.Tests.List)), nil
}

func keeping(c Config, clock otp.Clock) (otp.Store, ratelimit.Counter, guard.Cells) {
	if c.Table == "" {
		return store.NewMemory(clock), ratelimit.NewMemory(), cells.NewMemory(clock)
	}
	client := NewDynamoDB(c.AWS)
	return store.NewDynamoDB(client, c.Table), ratelimit.NewDynamoDB(client, c.Table), cells.NewDynamoDB(client, c.Table)
}

// warmKey is a key that no number has; reading it opens the connection and shows that
// the table is there.
const warmKey = "warm-up"

// callsAtOnce is how many calls to the table a request makes side by side at most: a send saves
// its ledger beside four cells. Each takes a connection, whose handshake costs a small function
// more time in a request than in the warm-up.
const callsAtOnce = 5

// Warm reads the secret and opens the connections, side by side, so that the first
// request finds them. What fails is logged and tried again by the first request: only
// a bad configuration ends a function.
func (a *App) Warm(ctx context.Context) {
	var group sync.WaitGroup
	try := func(what string, f func() error) {
		group.Go(func() {
			if err := f(); err != nil {
				a.logger.WarnContext(ctx, "warm-up failed", slog.String("what", what), slog.String("cause", err.Error()))
			}
		})
	}
	try("secret", func() error {
		_, err := a.source.PhoneKeys(ctx)
		return err
	})
	try("table", func() error {
		return together(callsAtOnce, func() error {
			_, _, err := a.store.Load(ctx, warmKey)
			return err
		})
	})
	try("provider", func() error { return a.provider.Warm(ctx) })
	group.Wait()
}

// together runs f so many times at once, and returns one of the errors.
func together(times int, f func() error) error {
	failed := make(chan error, times)
	for range times {
		go func() { failed <- f() }()
	}
	var one error
	for range times {
		if err := <-failed; err != nil {
			one = err
		}
	}
	return one
}
