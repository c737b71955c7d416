package secrets_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/secrets"
)

const challengeSecret = "0x4AAAAAAA-canary-challenge-secret"

// TestChallengeSecret: a secret may have one, or not, and does not print it.
func TestChallengeSecret(t *testing.T) {
	for text, want := range map[string]string{
		with(`"challengeSecret":"` + challengeSecret + `"`): challengeSecret,
		with(`"challengeSecret":""`):                        "",
		with(`"challengeSecret":null`):                      "",
		with(`"challenge":"` + challengeSecret + `"`):       "",
	} {
		secret, err := secrets.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := secret.ChallengeSecret(); got != want {
			t.Errorf("the challenge's secret is %q, want %q", got, want)
		}
		if secret.APIKey() != apiKey {
			t.Error("a challenge changes the API key")
		}
		var out bytes.Buffer
		fmt.Fprintf(&out, "%v %+v %#v", secret, &secret, secrets.Static(secret))
		if strings.Contains(out.String(), "canary") {
			t.Errorf("it prints itself: %s", out.String())
		}
	}
}

// TestChallengeSecretOfASource: none is an error, and another one than that nothing can be
// read.
func TestChallengeSecretOfASource(t *testing.T) {
	without, err := secrets.Parse(with(`"originKeys":[]`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := secrets.NewSource(secrets.Static(without), clock{}).ChallengeSecret(t.Context())
	if got != "" || err == nil || err.Error() != "the secret has no challengeSecret" || errors.Is(err, otp.ErrUnavailable) {
		t.Errorf("without one: %q, %v", got, err)
	}
	has := secrets.Static(without.WithChallengeSecret(challengeSecret))
	got, err = secrets.NewSource(has, clock{}).ChallengeSecret(t.Context())
	if got != challengeSecret || err != nil {
		t.Errorf("with one: %q, %v", got, err)
	}
	got, err = secrets.NewSource(unreadable{}, clock{}).ChallengeSecret(t.Context())
	if got != "" || !errors.Is(err, otp.ErrUnavailable) {
		t.Errorf("of an unreadable secret: %q, %v, want ErrUnavailable", got, err)
	}
}

// unreadable is a secret that nobody may read.
type unreadable struct{}

func (unreadable) Read(context.Context) (secrets.Secret, error) { return secrets.Secret{}, errDown }
