package secrets_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
	"github.com/seed-a131a524/infobip-otp/pkg/secrets"
)

// Tests run in a bubble, where the real clock is the bubble's.
type clock struct{}

func (clock) Now() time.Time { return time.Now() }

// manager stands for Secrets Manager: a key, how long a read takes, and whether it
// fails.
type manager struct {
	mu    sync.Mutex
	key   string
	takes time.Duration
	err   error
	reads int
}

func (m *manager) Read(ctx context.Context) (secrets.Secret, error) {
	m.mu.Lock()
	m.reads++
	key, takes, err := m.key, m.takes, m.err
	m.mu.Unlock()
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		return secrets.Secret{}, fmt.Errorf("reading: %w", ctx.Err())
	}
	if err != nil {
		return secrets.Secret{}, err
	}
	phone, err := pseudonym.NewKey("1", []byte(phoneKey))
	return secrets.New(key, phone), err
}

func (m *manager) set(change func(*manager)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(m)
}

func (m *manager) wantReads(t *testing.T, want int) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.reads != want {
		t.Errorf("the secret was read %d times, want %d", m.reads, want)
	}
}

var errDown = errors.New("down")

func wantKey(t *testing.T, s *secrets.Source, want string) {
	t.Helper()
	if got, err := s.APIKey(t.Context()); got != want || err != nil {
		t.Errorf("the key is %q, %v; want %q", got, err, want)
	}
}

// bubble runs a test with a source over a manager whose key is "first".
func bubble(t *testing.T, test func(*testing.T, *manager, *secrets.Source)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m := &manager{key: "first"}
		test(t, m, secrets.NewSource(m, clock{}))
	})
}

func TestSourceReadsOnce(t *testing.T) {
	bubble(t, func(t *testing.T, m *manager, s *secrets.Source) {
		m.wantReads(t, 0)
		for range 3 {
			wantKey(t, s, "first")
			if _, err := s.PhoneKeys(t.Context()); err != nil {
				t.Error(err)
			}
		}
		m.wantReads(t, 1)
	})
}

func TestSourceRefreshesAfterItsLifetime(t *testing.T) {
	bubble(t, func(t *testing.T, m *manager, s *secrets.Source) {
		wantKey(t, s, "first")
		m.set(func(m *manager) { m.key = "second" })
		time.Sleep(15*time.Minute - 1)
		wantKey(t, s, "first")
		time.Sleep(1)
		wantKey(t, s, "second")
		m.wantReads(t, 2)
	})
}

func TestOneReadServesAllThatWait(t *testing.T) {
	bubble(t, func(t *testing.T, m *manager, s *secrets.Source) {
		m.takes = time.Second
		started := time.Now()
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() { wantKey(t, s, "first") })
		}
		all.Wait()
		m.wantReads(t, 1)
		if took := time.Since(started); took != time.Second {
			t.Errorf("50 waited %s, want the time of one read", took)
		}
	})
}

// TestRefusedKey: the key is read anew, once, however many were refused it.
func TestRefusedKey(t *testing.T) {
	bubble(t, func(t *testing.T, m *manager, s *secrets.Source) {
		wantKey(t, s, "first")
		m.set(func(m *manager) { m.key, m.takes = "second", time.Second })
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if got, err := s.RefreshAPIKey(t.Context(), "first"); got != "second" || err != nil {
					t.Errorf("after a refusal the key is %q, %v", got, err)
				}
			})
		}
		all.Wait()
		m.wantReads(t, 2)
		wantKey(t, s, "second")
		if got, err := s.RefreshAPIKey(t.Context(), "first"); got != "second" || err != nil {
			t.Errorf("a late refusal of the old key gets %q, %v", got, err)
		}
		m.wantReads(t, 2)
		// The refreshed secret has its own lifetime, from the moment that it was asked for.
		time.Sleep(15*time.Minute - time.Second - 1)
		wantKey(t, s, "second")
		m.wantReads(t, 2)
	})
}

// TestFailingRefresh: an old secret is used no longer than its lifetime, but a refresh
// that fails does not take away one that is still good.
func TestFailingRefresh(t *testing.T) {
	bubble(t, func(t *testing.T, m *manager, s *secrets.Source) {
		wantKey(t, s, "first")
		m.set(func(m *manager) { m.err = errDown })
		_, err := s.RefreshAPIKey(t.Context(), "first")
		wantUnavailable(t, err, errDown)
		wantKey(t, s, "first")
		time.Sleep(15 * time.Minute)
		_, err = s.APIKey(t.Context())
		wantUnavailable(t, err, errDown)
		_, err = s.PhoneKeys(t.Context())
		wantUnavailable(t, err, errDown)
		m.set(func(m *manager) { m.err, m.key = nil, "second" })
		time.Sleep(time.Second)
		wantKey(t, s, "second")
	})
}

func wantUnavailable(t *testing.T, err error, cause error) {
	t.Helper()
	if !errors.Is(err, otp.ErrUnavailable) || !errors.Is(err, cause) {
		t.Errorf("got %v, want ErrUnavailable and %v in its chain", err, cause)
	}
}

// TestTimes: a read ends within 2 s, and waiting for it with the request.
func TestTimes(t *testing.T) {
	for _, c := range []struct{ given, want time.Duration }{{20 * time.Second, 2 * time.Second}, {time.Second, time.Second}} {
		bubble(t, func(t *testing.T, m *manager, s *secrets.Source) {
			m.takes = time.Hour
			ctx, cancel := context.WithTimeout(t.Context(), c.given)
			defer cancel()
			started := time.Now()
			_, err := s.APIKey(ctx)
			wantUnavailable(t, err, context.DeadlineExceeded)
			if took := time.Since(started); took != c.want {
				t.Errorf("a hanging read took %s, want %s", took, c.want)
			}
			time.Sleep(2*time.Second - c.want) // else the bubble ends with a read under way
			synctest.Wait()
		})
	}
}

// TestWaitingEndsWithTheRequest: who waits for another's read leaves when its own
// request is over.
func TestWaitingEndsWithTheRequest(t *testing.T) {
	bubble(t, func(t *testing.T, m *manager, s *secrets.Source) {
		m.takes = 1500 * time.Millisecond
		var reading sync.WaitGroup
		reading.Go(func() { wantKey(t, s, "first") })
		time.Sleep(time.Millisecond)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		started := time.Now()
		_, err := s.PhoneKeys(ctx)
		wantUnavailable(t, err, context.DeadlineExceeded)
		if took := time.Since(started); took != 100*time.Millisecond {
			t.Errorf("waiting took %s, want 100ms", took)
		}
		reading.Wait()
		m.wantReads(t, 1)
	})
}

// TestLeavingEndsNoRead: who leaves takes nothing from those who wait for the same read.
func TestLeavingEndsNoRead(t *testing.T) {
	bubble(t, func(t *testing.T, m *manager, s *secrets.Source) {
		m.takes = time.Second
		ctx, leave := context.WithCancel(t.Context())
		var waiting sync.WaitGroup
		waiting.Go(func() {
			_, err := s.APIKey(ctx) // it is the one who began the read
			wantUnavailable(t, err, context.Canceled)
		})
		time.Sleep(time.Millisecond)
		waiting.Go(func() { wantKey(t, s, "first") })
		time.Sleep(time.Millisecond)
		leave()
		waiting.Wait()
		m.wantReads(t, 1)
	})
}

// TestPanickingReader neither ends the process nor locks the source, and its words, which
// nobody knows, stay out of the error.
func TestPanickingReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &panicsOnce{manager: &manager{key: "first"}}
		s := secrets.NewSource(r, clock{})
		_, err := s.APIKey(t.Context())
		if !errors.Is(err, otp.ErrUnavailable) || strings.Contains(err.Error(), "canary") {
			t.Errorf("after a panic: %v", err)
		}
		time.Sleep(time.Second)
		wantKey(t, s, "first")
	})
}

type panicsOnce struct {
	*manager
	did bool
}

func (p *panicsOnce) Read(ctx context.Context) (secrets.Secret, error) {
	if !p.did {
		p.did = true
		panic("canary-words")
	}
	return p.manager.Read(ctx)
}

// secretsManager is the SDK's client with one answer.
type secretsManager struct {
	asked string
	out   *secretsmanager.GetSecretValueOutput
	err   error
}

func (m *secretsManager) GetSecretValue(_ context.Context, in *secretsmanager.GetSecretValueInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
	m.asked = *in.SecretId
	if in.VersionId != nil || aws.ToString(in.VersionStage) != "AWSCURRENT" {
		return nil, errors.New("another version than the current one was asked for")
	}
	return m.out, m.err
}

func TestManager(t *testing.T) {
	text := document(apiKey, entry("1", encoded(phoneKey)), "1")
	for name, c := range map[string]struct {
		client secretsManager
		want   string
	}{
		"right":   {secretsManager{out: &secretsmanager.GetSecretValueOutput{SecretString: &text}}, ""},
		"binary":  {secretsManager{out: &secretsmanager.GetSecretValueOutput{SecretBinary: []byte(text)}}, "reading the secret: it holds no text"},
		"failing": {secretsManager{err: errDown}, "reading the secret: down"},
		"bad": {
			secretsManager{out: &secretsmanager.GetSecretValueOutput{SecretString: aws.String(apiKey)}},
			"the secret is not JSON of the form {infobipApiKey, phoneKeys, phoneKey}",
		},
	} {
		t.Run(name, func(t *testing.T) {
			secret, err := secrets.Manager{Client: &c.client, ID: "name"}.Read(t.Context())
			switch {
			case c.client.asked != "name":
				t.Errorf("asked for %q", c.client.asked)
			case c.want == "" && (err != nil || secret.APIKey() != apiKey):
				t.Errorf("got %v", err)
			case c.want != "" && (err == nil || err.Error() != c.want):
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
