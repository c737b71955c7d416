package infobip

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// rotatingKeys hands out its keys in turn, one more for each refresh.
type rotatingKeys struct {
	keys    []string
	refused []string
	err     error // of the refresh
}

func (k *rotatingKeys) APIKey(context.Context) (string, error) {
	if len(k.keys) == 0 {
		return "", k.err
	}
	return k.keys[0], nil
}

func (k *rotatingKeys) RefreshAPIKey(_ context.Context, refused string) (string, error) {
	k.refused = append(k.refused, refused)
	if k.err != nil {
		return "", k.err
	}
	if len(k.keys) > 1 {
		k.keys = k.keys[1:]
	}
	return k.keys[0], nil
}

// only accepts one key.
func only(key string, then http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "App "+key {
			says(401, `{"requestError":{"serviceException":{"messageId":"UNAUTHORIZED","text":"Unauthorized"}}}`)(w, r)
			return
		}
		then(w, r)
	}
}

func withKeys(t *testing.T, s *server, keys KeySource) *Client {
	t.Helper()
	config := testConfig(s.URL)
	config.Keys = keys
	return newClient(t, config)
}

func TestKeyIsRefreshedOnce(t *testing.T) {
	s := serve(t, only("new", says(200, verified)))
	for name, call := range map[string]func(*Client) error{
		"send": func(c *Client) error {
			_, err := c.Send(t.Context(), testRecipient, otp.SMS, otp.Message{})
			return err
		},
		"resend": func(c *Client) error { _, err := c.Resend(t.Context(), testPinID, otp.SMS); return err },
		"verify": func(c *Client) error { _, err := c.Verify(t.Context(), testPinID, testRecipient, testPIN); return err },
	} {
		before := len(s.got())
		keys := &rotatingKeys{keys: []string{"old", "new"}}
		err := call(withKeys(t, s, keys))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !slices.Equal(keys.refused, []string{"old"}) {
			t.Errorf("%s: refreshed after %q, want after the old key once", name, keys.refused)
		}
		if got := len(s.got()) - before; got != 2 {
			t.Errorf("%s: %d requests, want 2", name, got)
		}

		keys = &rotatingKeys{keys: []string{"old", "older", "new"}}
		err = call(withKeys(t, s, keys))
		if got := effectOf(t, err); got != otp.Refused || len(keys.refused) != 1 {
			t.Errorf("%s: got %v after refusals of %q, want refused after one refresh", name, got, keys.refused)
		}
	}
}

// A 401 that was not about the key: the call is made once more all the same.
func TestRepeatAfter401WithTheSameKey(t *testing.T) {
	s := serve(t, inTurn(says(401, ``), says(200, `{"pinId":"A"}`)))
	pinID, err := clientOf(t, s).Send(t.Context(), testRecipient, otp.SMS, otp.Message{})
	if err != nil || pinID != "A" || len(s.got()) != 2 {
		t.Errorf("got %q, %v in %d requests, want A in 2", pinID, err, len(s.got()))
	}
}

func TestKeyUnavailable(t *testing.T) {
	down := errors.New("secrets are down")
	for name, test := range map[string]struct {
		keys  *rotatingKeys
		calls int
	}{
		"at first":      {&rotatingKeys{err: down}, 0},
		"after the 401": {&rotatingKeys{keys: []string{"old"}, err: down}, 1},
	} {
		s := serve(t, only("new", says(200, verified)))
		_, err := withKeys(t, s, test.keys).Send(t.Context(), testRecipient, otp.SMS, otp.Message{})
		if got := effectOf(t, err); got != otp.NotSent || !errors.Is(err, down) {
			t.Errorf("%s: got %v (%v), want not sent because of %v", name, got, err, down)
		}
		if got := len(s.got()); got != test.calls {
			t.Errorf("%s: %d requests, want %d", name, got, test.calls)
		}
	}
}

// A key that cannot travel in a header is a call not made, and is not shown.
func TestKeyUnusable(t *testing.T) {
	s := serve(t, says(200, verified))
	for _, key := range []string{"", testKey + "\n", "two " + testKey, testKey + "é", testKey + "\r\nX: y"} {
		_, err := withKeys(t, s, StaticKey(key)).Send(t.Context(), testRecipient, otp.SMS, otp.Message{})
		if got := effectOf(t, err); got != otp.NotSent {
			t.Errorf("%d bytes: got %v, want %v", len(key), got, otp.NotSent)
		}
	}
	if got := s.got(); len(got) != 0 {
		t.Errorf("the provider was asked: %v", got)
	}
}

func TestKeyDoesNotPrint(t *testing.T) {
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		noCanary(t, fmt.Sprintf(verb, StaticKey(testKey)))
		noCanary(t, fmt.Sprintf(verb, testConfig("https://example.com")))
		noCanary(t, fmt.Sprintf(verb, newClient(t, testConfig("https://example.com"))))
	}
}
