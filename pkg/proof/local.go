package proof

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
)

// localBits is the size of the keys that this service works with.
const localBits = 2048

// LocalKey is a key that this process made and that ends with it. It signs and
// publishes itself, and does not print itself.
type LocalKey struct {
	// A function, because fmt asks no method of what is inside another struct.
	private func() *rsa.PrivateKey
	kid     string
}

var (
	_ Signer    = (*LocalKey)(nil)
	_ PublicKey = (*LocalKey)(nil)
)

// NewLocalKey makes a key of 2048 bits. It takes some tenths of a second.
func NewLocalKey() (*LocalKey, error) {
	private, err := rsa.GenerateKey(rand.Reader, localBits)
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	return &LocalKey{private: func() *rsa.PrivateKey { return private }, kid: thumbprint(&private.PublicKey)}, nil
}

// KeyID is the key's thumbprint (RFC 7638).
func (k *LocalKey) KeyID() string { return k.kid }

// Sign implements [Signer].
func (k *LocalKey) Sign(_ context.Context, message []byte) ([]byte, error) {
	sum := sha256.Sum256(message)
	signature, err := rsa.SignPKCS1v15(rand.Reader, k.private(), crypto.SHA256, sum[:])
	if err != nil {
		return nil, fmt.Errorf("signing with a local key: %w", err)
	}
	return signature, nil
}

// Read implements [PublicKey].
func (k *LocalKey) Read(context.Context) (*rsa.PublicKey, error) {
	return &k.private().PublicKey, nil
}

const redactedKey = "[proof key]"

// Format prints a placeholder for every verb.
func (*LocalKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redactedKey) }

// LogValue logs a placeholder.
func (*LocalKey) LogValue() slog.Value { return slog.StringValue(redactedKey) }

// MarshalText marshals a placeholder.
func (*LocalKey) MarshalText() ([]byte, error) { return []byte(redactedKey), nil }
