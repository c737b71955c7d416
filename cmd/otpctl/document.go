package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

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
}

// fetch reads the value in use.
func fetch(ctx context.Context, client *secretsmanager.Client, id string) (document, error) {
	ctx, cancel := context.WithTimeout(ctx, secretTime)
	defer cancel()
	out, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &id})
	switch {
	case err != nil && notFound(err):
		return document{missing: true}, nil
	case err != nil:
		return document{}, fmt.Errorf("reading the secret: %w", err)
	case out.SecretString == nil:
		return document{text: "binary"}, nil // which is not JSON
	}
	return document{text: *out.SecretString}, nil
}

// changed is a value to put.
type changed struct {
	text         string
	same         bool // as what is there
	madePhoneKey bool
}

// Members of the value that secrets.Parse reads.
const (
	memberAPIKey    = "infobipApiKey" //nolint:gosec // the name of a key, and no key
	memberPhoneKeys = "phoneKeys"
	memberPhoneKey  = "phoneKey"
)

// firstVersion is that of the phone key which is made here.
const firstVersion = "1"

// withAPIKey gives the value with another API key, all else as it is, and a phone key
// where there is none. It fails where the functions could not read the result. No
// error holds a value.
func (d document) withAPIKey(key string) (changed, error) {
	members := map[string]json.RawMessage{}
	if strings.TrimSpace(d.text) != "" {
		err := json.Unmarshal([]byte(d.text), &members)
		if err != nil || members == nil {
			return changed{}, errors.New("it is not a JSON object") // the decoder's own text may quote it
		}
	}
	before, err := secrets.Parse(d.text)
	if err == nil && before.APIKey() == key {
		return changed{same: true}, nil
	}
	// Parse does not tell upper case from lower.
	for name := range members {
		if strings.EqualFold(name, memberAPIKey) {
			delete(members, name)
		}
	}
	made := absent(members, memberPhoneKeys) && absent(members, memberPhoneKey)
	put := func(name string, value any) {
		raw, _ := json.Marshal(value) // texts, which always can be
		members[name] = raw
	}
	put(memberAPIKey, key)
	if made {
		var phoneKey [pseudonym.KeySize]byte
		_, _ = rand.Read(phoneKey[:]) // never fails: crypto/rand ends the program instead
		put(memberPhoneKeys, map[string]string{firstVersion: base64.StdEncoding.EncodeToString(phoneKey[:])})
		put(memberPhoneKey, firstVersion)
	}
	text, err := json.Marshal(members)
	if err != nil {
		return changed{}, errors.New("it is not a JSON object")
	}
	_, err = secrets.Parse(string(text))
	if err != nil {
		return changed{}, err
	}
	return changed{text: string(text), madePhoneKey: made}, nil
}

// absent is whether a member is not there, or holds nothing that could be lost.
func absent(members map[string]json.RawMessage, name string) bool {
	for other, value := range members {
		if !strings.EqualFold(other, name) {
			continue
		}
		switch strings.Join(strings.Fields(string(value)), "") {
		case "null", "{}", `""`:
		default:
			return false
		}
		delete(members, other)
	}
	return true
}
