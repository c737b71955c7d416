package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/seed-a131a524/infobip-otp/pkg/secrets"
)

// known is when every running function has read a secret again.
const known = 15 * time.Minute

func (s *secret) rotatePhoneKey(ctx context.Context, client *secretsmanager.Client, id string) error {
	held, _, err := readable(ctx, client, id)
	if err != nil {
		return err
	}
	next, err := held.withNextPhoneKey()
	if err != nil {
		return fails(fmt.Errorf("nothing was changed: %w", err), "otpctl secret check shows which keys there are, and from when")
	}
	err = put(ctx, client, id, held, next.text)
	if err != nil {
		return err
	}
	s.ui.say("the %s has phone key %s, which comes into use %s", secretNamed(id), next.to, when(next.at, held.now))
	s.ui.say("running functions know of it within a quarter of an hour, and nothing is left to do")
	s.ui.say("new numbers are kept under %s from then on; what is kept under %s is found as before, so leave %s where it is", next.to, next.from, next.from)
	return nil
}

// originKeyBytes makes an origin key of 43 letters, which is more than there has to be.
const originKeyBytes = 32

func (s *secret) addOriginKey(ctx context.Context, client *secretsmanager.Client, id string) error {
	held, _, err := readable(ctx, client, id)
	if err != nil {
		return err
	}
	var key string
	if s.given {
		key, err = s.originKey()
		if err != nil {
			return err
		}
	} else {
		var random [originKeyBytes]byte
		_, _ = rand.Read(random[:]) // never fails: crypto/rand ends the program instead
		key = base64.RawURLEncoding.EncodeToString(random[:])
	}
	next, err := held.withOriginKey(key)
	if err != nil {
		return fails(fmt.Errorf("nothing was changed: %w", err))
	}
	if next.same {
		s.ui.say("nothing to change: the %s has this origin key", secretNamed(id))
		return nil
	}
	err = put(ctx, client, id, held, next.text)
	if err != nil {
		return err
	}
	if !s.given {
		s.ui.emit("%s", key)
		s.ui.say("this is the new origin key, which is not shown again")
	}
	s.ui.say("the %s has one origin key more; let it be sent from %s on, when every running function knows it", secretNamed(id), stamp(held.now.Add(known)))
	return nil
}

func (s *secret) removeOriginKey(ctx context.Context, client *secretsmanager.Client, id string) error {
	held, before, err := readable(ctx, client, id)
	if err != nil {
		return err
	}
	key, err := s.originKey()
	if err != nil {
		return err
	}
	next, err := held.withoutOriginKey(key, s.others)
	if errors.Is(err, errNotAmongThem) {
		return fails(fmt.Errorf("nothing was changed: %w, of which there are %d", err, before.OriginKeys()),
			"whoever has another one can take out all but that with --others")
	}
	if err != nil {
		return fails(fmt.Errorf("nothing was changed: %w", err))
	}
	if next.same {
		s.ui.say("nothing to change: the %s has no other origin key", secretNamed(id))
		return nil
	}
	err = put(ctx, client, id, held, next.text)
	if err != nil {
		return err
	}
	after, err := secrets.Parse(next.text)
	if err != nil {
		return fails(err) // which it was before it was put
	}
	s.ui.say("the %s has %s; running functions take what was taken out until %s", secretNamed(id), count(after.OriginKeys(), "origin key"), stamp(held.now.Add(known)))
	if after.OriginKeys() == 0 {
		s.ui.warn("without an origin key a deployment with CLIENT_ADDRESS_HEADER answers only callers whom IAM has let in")
	}
	return nil
}

func (s *secret) originKey() (string, error) {
	key, err := s.ui.readSecret("origin key")
	if err != nil {
		return "", fails(err)
	}
	err = secrets.CheckOriginKey(key)
	if err != nil {
		return "", fails(fmt.Errorf("nothing was changed: %w", err), "otpctl secret add-origin-key without an argument makes a good one")
	}
	return key, nil
}
