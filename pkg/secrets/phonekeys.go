package secrets

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
)

// phoneKeys are all phone keys of a secret, and when the last one named comes into use.
type phoneKeys struct {
	all   []pseudonym.Key // by version, the lowest first
	named int             // which of all phoneKey names
	from  time.Time       // zero: at once
}

// at returns the keys of a moment; see Secret.PhoneKeys.
func (k phoneKeys) at(now time.Time, memory time.Duration) pseudonym.Keys {
	use := k.named
	if now.Before(k.from) && use > 0 {
		use--
	}
	keys := pseudonym.Keys{Ledgers: []pseudonym.Key{k.all[use]}, Oldest: k.all[0]}
	if over := memory > 0 && !k.from.IsZero() && !now.Before(k.from.Add(memory)); over {
		return keys
	}
	for i, key := range slices.Backward(k.all) {
		if i != use {
			keys.Ledgers = append(keys.Ledgers, key)
		}
	}
	return keys
}

// parsePhoneKeys reads the keys by version, each as base64. A key that cannot be read is
// an error although another is in use: what is kept under it would not be found.
func parsePhoneKeys(encoded map[string]string, named, from string) (phoneKeys, error) {
	if _, ok := encoded[named]; !ok {
		return phoneKeys{}, errors.New("the secret's phoneKey names none of its phoneKeys")
	}
	var k phoneKeys
	for _, version := range slices.Sorted(maps.Keys(encoded)) {
		which := "the secret's phone key in use"
		if version != named { // whose name may be a key in the wrong place
			which = "one of the secret's other phone keys"
		}
		raw, err := base64.StdEncoding.DecodeString(encoded[version])
		if err != nil {
			return phoneKeys{}, errors.New(which + " is not base64") // the decoder's own text may quote it
		}
		key, err := pseudonym.NewKey(version, raw)
		if err != nil {
			return phoneKeys{}, fmt.Errorf("%s: %w", which, err)
		}
		k.all = append(k.all, key)
	}
	slices.SortFunc(k.all, func(a, b pseudonym.Key) int { return pseudonym.CompareVersions(a.Version(), b.Version()) })
	k.named = slices.IndexFunc(k.all, func(key pseudonym.Key) bool { return key.Version() == named })
	if from == "" {
		return k, nil
	}
	var err error
	k.from, err = time.Parse(time.RFC3339, from)
	if err != nil {
		return phoneKeys{}, errors.New("the secret's phoneKeyFrom is no moment in RFC 3339, such as 2026-12-01T12:00:00Z")
	}
	return k, nil
}
