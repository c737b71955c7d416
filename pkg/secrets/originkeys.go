package secrets

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
)

// MinOriginKey is the least length of an origin key, in characters: whoever has one says
// which address a request comes from, and whose budget it spends.
const MinOriginKey = 32

// CheckOriginKey returns nil if the key can be an origin key: MinOriginKey characters or
// more of printable ASCII without spaces, which is what a header carries unchanged. Its
// error does not repeat the key.
func CheckOriginKey(key string) error {
	for _, c := range []byte(key) {
		if c <= ' ' || c > '~' {
			return errors.New("an origin key is one word of ASCII: a space or a line end may have been pasted with it")
		}
	}
	if len(key) < MinOriginKey {
		return fmt.Errorf("an origin key has at least %d characters", MinOriginKey)
	}
	return nil
}

// originKeys are the digests of all origin keys: of one length, whatever the keys have.
type originKeys [][sha256.Size]byte

func digests(keys []string) originKeys {
	all := make(originKeys, len(keys))
	for i, key := range keys {
		all[i] = sha256.Sum256([]byte(key))
	}
	return all
}

// match compares with every key, so that the time tells neither which one was near nor
// how near.
func (k originKeys) match(candidate string) bool {
	digest, found := sha256.Sum256([]byte(candidate)), 0
	for i := range k {
		found |= subtle.ConstantTimeCompare(digest[:], k[i][:])
	}
	return found == 1
}
