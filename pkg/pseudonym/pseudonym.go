// Package pseudonym turns personal data into names under a secret key. A plain or
// salted hash of a phone number falls to trying all numbers within minutes; only a
// keyed one protects it.
package pseudonym

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"sync"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// KeySize is the length of a key in bytes.
const KeySize = 32

// Key is an HMAC-SHA-256 key and its version, which is part of every name so that
// names under different keys never meet. It does not print itself, and its bytes are
// behind a function: fmt asks no method of a value in another struct's unexported
// field, but cannot look into a function. The zero Key is none; using it panics.
type Key struct {
	version string
	secret  func() []byte
	// macs are keyed hashes between two uses: making one costs ten allocations, and a
	// request needs three.
	macs *sync.Pool
}

var _ otp.Keyring = Key{}

var errKeySize = errors.New("a phone key has 32 bytes")

// NewKey makes a key. The version is 1 to 16 letters, digits, - or _.
func NewKey(version string, secret []byte) (Key, error) {
	const maxVersion = 16
	if len(secret) != KeySize {
		return Key{}, errKeySize
	}
	if version == "" || len(version) > maxVersion {
		return Key{}, errors.New("a phone key's version has 1 to 16 characters")
	}
	for _, c := range []byte(version) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (c < '0' || c > '9') && c != '-' && c != '_' {
			return Key{}, errors.New("a phone key's version is made of letters, digits, - and _")
		}
	}
	own := bytes.Clone(secret)
	key := Key{version: version, secret: func() []byte { return own }}
	key.macs = &sync.Pool{New: func() any { return hmac.New(sha256.New, key.secret()) }}
	return key, nil
}

// Version returns the key's version, which is not secret.
func (k Key) Version() string { return k.version }

// LedgerKey is the table key of a recipient's ledger: its kind, the key's version and a
// name under the key.
func (k Key) LedgerKey(r recipient.Recipient) string {
	kind := string(r.Kind())
	return kind + "#" + k.version + "#" + k.name(kind, r.Canonical())
}

// ClientKey is the table key of a client's counter on one route.
func (k Key) ClientKey(route, client string) string {
	return "client#" + route + "#" + k.version + "#" + k.name("client", route, client)
}

// LogName names a recipient in logs: the beginning of its table key's hash.
func (k Key) LogName(r recipient.Recipient) string {
	const enough = 12
	return k.name(string(r.Kind()), r.Canonical())[:enough]
}

// Subject names a recipient to backends. The label has the kind, so that an address is
// never named as a number is.
func (k Key) Subject(r recipient.Recipient) string {
	const enough = 16
	mac := k.mac("subject/"+string(r.Kind()), r.Canonical())
	return base64.RawURLEncoding.EncodeToString(mac[:enough])
}

// Derive implements otp.Keyring.
func (k Key) Derive(label string, parts ...string) [16]byte {
	mac := k.mac("derive/"+label, parts...)
	return [16]byte(mac[:16])
}

func (k Key) name(label string, parts ...string) string {
	mac := k.mac(label, parts...)
	var text [nameLength]byte
	base64.RawURLEncoding.Encode(text[:], mac[:])
	return string(text[:])
}

// nameLength is that of 32 bytes in unpadded base64.
const nameLength = 43

// usualFrame has room for a label and a few parts.
const usualFrame = 192

// mac frames every part by its length: ("ab","c") and ("a","bc") must differ.
func (k Key) mac(label string, parts ...string) [sha256.Size]byte {
	h := k.macs.Get().(hash.Hash) //nolint:forcetypeassert // the pool has nothing else
	defer k.macs.Put(h)
	h.Reset()
	framed := make([]byte, 0, usualFrame)
	frame := func(part string) {
		framed = binary.BigEndian.AppendUint64(framed, uint64(len(part)))
		framed = append(framed, part...)
	}
	frame(label)
	for _, part := range parts {
		frame(part)
	}
	h.Write(framed)
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	return sum
}

const redacted = "[phone key]"

// Format prints a placeholder for every verb.
func (Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue logs a placeholder.
func (Key) LogValue() slog.Value { return slog.StringValue(redacted) }

// Keys are the phone keys of one moment.
type Keys struct {
	// Ledgers are the keys that ledgers are found under: the one in use first, under
	// which new ones are made, and behind it, around a rotation, all others.
	Ledgers []Key
	// Oldest names what keeps its name across rotations, such as the counter of an
	// address.
	Oldest Key
}
