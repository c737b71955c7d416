package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
	"github.com/seed-a131a524/infobip-otp/pkg/secrets"
)

// rotationLead is how far ahead a new phone key comes into use. Running functions learn of
// it within a quarter of an hour; the rest is for clocks that differ, and for an operator
// who looks at what was done.
const rotationLead = time.Hour

// rotated is a value with a further phone key.
type rotated struct {
	text     string
	from, to string // versions
	at       time.Time
}

// withNextPhoneKey returns the value with one more phone key, which comes into use after
// rotationLead. No error holds a value.
func (d document) withNextPhoneKey() (rotated, error) {
	before, err := secrets.Parse(d.text)
	if err != nil {
		return rotated{}, err
	}
	m, err := d.members()
	if err != nil {
		return rotated{}, err
	}
	if from := before.PhoneKeyFrom(); d.now.Before(from) {
		named := before.PhoneKeys(from, 0).Ledgers[0].Version()
		return rotated{}, fmt.Errorf("a change to phone key %s is under way: it comes into use %s", named, when(from, d.now))
	}
	keys := before.PhoneKeys(d.now, 0).Ledgers
	inUse := keys[0].Version()
	last := slices.MaxFunc(keys, func(a, b pseudonym.Key) int { return pseudonym.CompareVersions(a.Version(), b.Version()) }).Version()
	if last != inUse {
		// Until the new key begins, the one before it would be in use at once.
		return rotated{}, fmt.Errorf("phone key %s is in use although %s comes after it", inUse, last)
	}
	next := rotated{from: inUse, to: nextVersion(inUse), at: d.now.Add(rotationLead).UTC().Truncate(time.Second)}
	phoneKeys := map[string]json.RawMessage{}
	err = json.Unmarshal(m[m.named(memberPhoneKeys)], &phoneKeys)
	if err != nil {
		return rotated{}, errNoObject
	}
	phoneKeys[next.to], _ = json.Marshal(newPhoneKey()) // a text, which always can be
	m.put(memberPhoneKeys, phoneKeys)
	m.put(memberPhoneKey, next.to)
	m.put(memberPhoneKeyFrom, next.at.Format(time.RFC3339))
	next.text, err = m.text(before, true)
	return next, err
}

// nextVersion counts a version up by the number at its end.
func nextVersion(version string) string {
	word := strings.TrimRight(version, "0123456789")
	number, err := strconv.ParseUint(version[len(word):], 10, 64) // of at most 16 digits
	if err != nil {
		return version + "2"
	}
	return word + fmt.Sprintf("%0*d", len(version)-len(word), number+1)
}

var errNotAmongThem = errors.New("it is none of the secret's origin keys")

// withOriginKey returns the value with one more origin key. No error holds a value.
func (d document) withOriginKey(key string) (changed, error) {
	return d.withOriginKeys(func(all []string) ([]string, error) {
		if slices.Contains(all, key) {
			return all, nil
		}
		return append(all, key), nil
	})
}

// withoutOriginKey returns the value without an origin key or, with others, without all
// the others. No error holds a value.
func (d document) withoutOriginKey(key string, others bool) (changed, error) {
	return d.withOriginKeys(func(all []string) ([]string, error) {
		if !slices.Contains(all, key) {
			return nil, errNotAmongThem
		}
		return slices.DeleteFunc(all, func(other string) bool { return (other == key) != others }), nil
	})
}

func (d document) withOriginKeys(change func([]string) ([]string, error)) (changed, error) {
	before, err := secrets.Parse(d.text)
	if err != nil {
		return changed{}, err
	}
	m, err := d.members()
	if err != nil {
		return changed{}, err
	}
	var all []string
	if raw, ok := m[m.named(memberOriginKeys)]; ok {
		err = json.Unmarshal(raw, &all)
		if err != nil {
			return changed{}, errNoObject
		}
	}
	had := len(all)
	all, err = change(all)
	if err != nil {
		return changed{}, err
	}
	if len(all) == had {
		return changed{same: true}, nil
	}
	m.put(memberOriginKeys, all)
	text, err := m.text(before, true)
	if err != nil {
		return changed{}, err
	}
	return changed{text: text}, nil
}
