// Package proofs wires package proof together, from the settings to who signs and who
// publishes. It is apart from package app because discovery, which publishes keys and
// holds no state, needs nothing else of it.
package proofs

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/awsjson"
	"github.com/seed-a131a524/infobip-otp/pkg/proof"
	"github.com/seed-a131a524/infobip-otp/pkg/proof/awskms"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// Keys say in whose name proofs are signed, and with which keys they are checked.
type Keys struct {
	// Issuer is the iss; empty if it is not set, [settings.Off] where it is turned off.
	Issuer string
	// Signing is the ARN of the key that signs; empty for one that is made at start.
	Signing string
	// Published is a list of ARNs of further keys.
	Published string
}

// Config is all about proofs.
type Config struct {
	Keys
	// Audience is the aud; empty for the issuer.
	Audience string
	TTL      time.Duration
	// PhoneNumber: proofs say the number.
	PhoneNumber bool
}

// ReadKeys reads what discovery needs.
func ReadKeys(r *settings.Reader) Keys {
	return Keys{
		Issuer:    r.Text("PROOF_ISSUER"),
		Signing:   r.Text("PROOF_KEY"),
		Published: r.Text("PROOF_PUBLISHED_KEYS"),
	}
}

// Read reads what verify needs.
func Read(r *settings.Reader) Config {
	return Config{
		Keys:        ReadKeys(r),
		Audience:    r.Text("PROOF_AUDIENCE"),
		TTL:         r.Duration("PROOF_TTL"),
		PhoneNumber: r.Truth("PROOF_PHONE_NUMBER"),
	}
}

// On reports whether there are proofs.
func (k Keys) On() bool { return k.Issuer != "" && k.Issuer != settings.Off }

// CheckDeployed returns what a function lacks: a key made at its start would end with it,
// and discovery would not know it.
func (k Keys) CheckDeployed() error {
	if k.On() && k.Signing == "" {
		return errors.New("PROOF_KEY must be set: PROOF_ISSUER is, and proofs are signed with the KMS key that it names")
	}
	return nil
}

// Key signs, and is published.
type Key interface {
	proof.Signer
	proof.PublicKey
}

// Open returns the key that signs, without any call.
func (k Keys) Open(kms awskms.Options) (Key, error) {
	if k.Signing == "" {
		key, err := proof.NewLocalKey()
		if err != nil {
			return nil, fmt.Errorf("making a key for proofs: %w", err)
		}
		return key, nil
	}
	arn, err := proof.ParseKeyARN(k.Signing)
	if err != nil {
		return nil, fmt.Errorf("PROOF_KEY must be %w", err)
	}
	return awskms.New(arn, kms), nil
}

// Publish returns the documents about the key that signs and the further ones.
func (k Keys) Publish(signing proof.PublicKey, kms awskms.Options, clock proof.Clock, logger *slog.Logger) (*proof.Published, error) {
	arns, err := proof.ParseKeyARNs(k.Published)
	if err != nil {
		return nil, fmt.Errorf("PROOF_PUBLISHED_KEYS must be %w", err)
	}
	keys := []proof.PublicKey{signing}
	for _, arn := range arns {
		keys = append(keys, awskms.New(arn, kms))
	}
	return proof.NewPublished(k.Issuer, clock, logger, keys...), nil
}

// Issue returns the issuer that signs with a key.
func (c Config) Issue(signer proof.Signer, clock proof.Clock) *proof.Issuer {
	return &proof.Issuer{
		Name: c.Issuer, Audience: cmp.Or(c.Audience, c.Issuer), TTL: c.TTL, Anonymous: !c.PhoneNumber, Signer: signer, Clock: clock,
	}
}

// Discovery returns what the discovery function publishes; nil where proofs are off. Its
// error names every setting that is wrong.
func Discovery(getenv func(string) string, clock proof.Clock, logger *slog.Logger) (*proof.Published, error) {
	r := settings.NewReader(getenv)
	keys := ReadKeys(r)
	endpoint := cmp.Or(r.Text("AWS_ENDPOINT_URL_KMS"), r.Text("AWS_ENDPOINT_URL"))
	credentials := awsjson.Environment{
		AccessKeyID: r.Text("AWS_ACCESS_KEY_ID"), SecretAccessKey: r.Text("AWS_SECRET_ACCESS_KEY"), SessionToken: r.Text("AWS_SESSION_TOKEN"),
	}
	if err := errors.Join(r.Err(), keys.CheckDeployed()); err != nil {
		return nil, err
	}
	if !keys.On() {
		return nil, nil //nolint:nilnil // off is no error, and nothing is published
	}
	kms := awskms.Options{Credentials: credentials.Provider(endpoint), Endpoint: endpoint}
	signing, err := keys.Open(kms)
	if err != nil {
		return nil, err
	}
	return keys.Publish(signing, kms, clock, logger)
}
