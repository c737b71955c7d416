package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
	"github.com/seed-a131a524/infobip-otp/pkg/secrets"
)

// document is the secret's value. Its text is a secret.
type document struct {
	text string
	// missing: there is no value yet, or no such secret, which Secrets Manager tells
	// apart only when a value is put.
	missing bool
	// version is Secrets Manager's name of the value.
	version string
	// now is when it was read, by the clock of Secrets Manager: the functions will go
	// by that one and not by an operator's.
	now time.Time
}

// fetch reads the value in use.
func fetch(ctx context.Context, client *secretsmanager.Client, id string) (document, error) {
	ctx, cancel := context.WithTimeout(ctx, secretTime)
	defer cancel()
	out, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &id, VersionStage: new(secrets.Current)})
	switch {
	case err != nil && notFound(err):
		return document{missing: true}, nil
	case err != nil:
		return document{}, fmt.Errorf("reading the secret: %w", err)
	}
	held := document{text: "binary", version: aws.ToString(out.VersionId), now: time.Now()} // that text is not JSON
	if out.SecretString != nil {
		held.text = *out.SecretString
	}
	if now, told := middleware.GetServerTime(out.ResultMetadata); told {
		held.now = now
	}
	return held, nil
}

// changed is a value to put.
type changed struct {
	text         string
	same         bool // as what is there
	madePhoneKey bool
}

// Members of the value that secrets.Parse reads.
const (
	memberAPIKey       = "infobipApiKey" //nolint:gosec // the name of a key, and no key
	memberPhoneKeys    = "phoneKeys"
	memberPhoneKey     = "phoneKey"
	memberPhoneKeyFrom = "phoneKeyFrom"
	memberOriginKeys   = "originKeys"
	memberChallenge    = "challengeSecret"
	memberTests        = "testRecipients"
)

// members are those of the value, also such as this program knows nothing of.
type members map[string]json.RawMessage

var errNoObject = errors.New("it is not a JSON object") // the decoder's own text may quote it

func (d document) members() (members, error) {
	m := members{}
	if strings.TrimSpace(d.text) != "" {
		err := json.Unmarshal([]byte(d.text), &m)
		if err != nil || m == nil {
			return nil, errNoObject
		}
	}
	return m, nil
}

// named returns the name that a member has here: secrets.Parse does not tell upper case
// from lower.
func (m members) named(name string) string {
	for other := range m {
		if strings.EqualFold(other, name) {
			return other
		}
	}
	return name
}

// put sets a member.
func (m members) put(name string, value any) {
	m.drop(name)
	m[name], _ = json.Marshal(value) // texts, which always can be
}

func (m members) drop(name string) {
	for other := range m {
		if strings.EqualFold(other, name) {
			delete(m, other)
		}
	}
}

// absent reports whether a member is not there, or holds nothing that could be lost.
func (m members) absent(name string) bool {
	for other, value := range m {
		if !strings.EqualFold(other, name) {
			continue
		}
		switch strings.Join(strings.Fields(string(value)), "") {
		case "null", "{}", `""`:
		default:
			return false
		}
	}
	return true
}

// text writes the value. It fails where the functions could not read it, or would miss a
// phone key that they have: what is kept under that would be forgotten.
func (m members) text(before secrets.Secret, readable bool) (string, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return "", errNoObject
	}
	after, err := secrets.Parse(string(text))
	if err != nil {
		return "", err
	}
	if readable && !keeps(after, before) {
		return "", errors.New("one of its members is there twice, so that a phone key would be lost")
	}
	return string(text), nil
}

// keeps reports whether a secret has all phone keys that another one had.
func keeps(after, before secrets.Secret) bool {
	names := func(s secrets.Secret) [][16]byte {
		var all [][16]byte
		for _, key := range s.PhoneKeys(time.Time{}, 0).Ledgers {
			all = append(all, key.Derive("version", key.Version()))
		}
		return all
	}
	has := names(after)
	return !slices.ContainsFunc(names(before), func(name [16]byte) bool { return !slices.Contains(has, name) })
}

// firstVersion is that of the first phone key.
const firstVersion = "1"

// withAPIKey returns the value with another API key, all else as it is, and a phone key
// where there is none. It fails where the functions could not read the result. No
// error holds a value.
func (d document) withAPIKey(key string) (changed, error) {
	m, err := d.members()
	if err != nil {
		return changed{}, err
	}
	before, unreadable := secrets.Parse(d.text)
	if unreadable == nil && before.APIKey() == key {
		return changed{same: true}, nil
	}
	made := m.absent(memberPhoneKeys) && m.absent(memberPhoneKey)
	m.put(memberAPIKey, key)
	if made {
		m.put(memberPhoneKeys, map[string]string{firstVersion: newPhoneKey()})
		m.put(memberPhoneKey, firstVersion)
	}
	text, err := m.text(before, unreadable == nil)
	if err != nil {
		return changed{}, err
	}
	return changed{text: text, madePhoneKey: made}, nil
}

func newPhoneKey() string {
	var key [pseudonym.KeySize]byte
	_, _ = rand.Read(key[:]) // never fails: crypto/rand ends the program instead
	return base64.StdEncoding.EncodeToString(key[:])
}
