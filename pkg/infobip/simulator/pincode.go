package simulator

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// pinAlphabets are the characters of each pinType.
var pinAlphabets = map[string]string{
	"NUMERIC":      "0123456789",
	"ALPHA":        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
	"HEX":          "0123456789ABCDEF",
	"ALPHANUMERIC": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
}

// generatePIN draws length characters, each equally likely: a byte in the
// incomplete last run of the alphabet is drawn again, because byte % 10 would
// prefer the low digits.
func generatePIN(random io.Reader, alphabet string, length int) (string, error) {
	usable := 256 - 256%len(alphabet)
	var pin strings.Builder
	pin.Grow(length)
	var drawn [1]byte
	for pin.Len() < length {
		_, err := io.ReadFull(random, drawn[:])
		if err != nil {
			return "", fmt.Errorf("drawing a PIN: %w", err)
		}
		if int(drawn[0]) < usable {
			pin.WriteByte(alphabet[int(drawn[0])%len(alphabet)])
		}
	}
	return pin.String(), nil
}

// newID returns an opaque id of 32 upper-case hex characters, the most frequent
// form in the vendor's examples.
func newID() string {
	return strings.ToUpper(hex.EncodeToString(randomBytes()))
}

// newUUID returns a version 4 UUID, the form of externalMessageId.
func newUUID() string {
	id := randomBytes()
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

// randomBytes returns 128 random bits. crypto/rand.Read never returns an error:
// it ends the process where the system has no randomness.
func randomBytes() []byte {
	id := make([]byte, 16)
	_, _ = rand.Read(id)
	return id
}
