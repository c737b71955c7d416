package proof

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// verifier asks a verifier about sessions and returns a verdict for each: good, or
// refused and why.
type verifier func(t *testing.T, issuer string, sessions []session) []string

var verifiers = map[string]verifier{
	"Go (lestrrat-go/jwx)": func(t *testing.T, issuer string, sessions []session) []string {
		return example(t, issuer, sessions, "go", goExample(t))
	},
	"Node (jose)": func(t *testing.T, issuer string, sessions []session) []string {
		installJOSE(t)
		return example(t, issuer, sessions, "node", "node", "main.js")
	},
	"Python (PyJWT)": func(t *testing.T, issuer string, sessions []session) []string {
		return example(t, issuer, sessions, "python", harness.Tool(t, "python", "bin", "python"), "-B", "main.py")
	},
	"Go (go-jose)": goJOSE,
}

func TestProofs(t *testing.T) {
	for where, newKey := range map[string]func(*testing.T) key{
		"local key": func(t *testing.T) key { return newLocalKey(t) },
		"KMS":       func(t *testing.T) key { return newKMSKey(t) },
	} {
		t.Run(where, func(t *testing.T) {
			key := newKey(t)
			m := maker{t, publish(t, key), key}
			for name, verify := range verifiers {
				t.Run(name, func(t *testing.T) {
					sessions := m.sessions()
					verdicts := verify(t, m.issuer, sessions)
					if len(verdicts) != len(sessions) {
						t.Fatalf("%d verdicts about %d proofs", len(verdicts), len(sessions))
					}
					for i, s := range sessions {
						t.Logf("%s: %s", s.name, verdicts[i])
						good, refused := verdicts[i] == "good", strings.HasPrefix(verdicts[i], "refused: ")
						if good != s.good || refused == good {
							t.Errorf("%s: %q, want good: %t", s.name, verdicts[i], s.good)
						}
					}
				})
			}
		})
	}
}

// example runs an example of docs/proof.md: one session a line in, one verdict a line out.
func example(t *testing.T, issuer string, sessions []session, folder string, words ...string) []string {
	t.Helper()
	var in bytes.Buffer
	for _, s := range sessions {
		line := map[string]string{"proof": s.proof, "phoneNumber": s.phoneNumber, "nonce": s.nonce}
		if err := json.NewEncoder(&in).Encode(line); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, words[0], words[1:]...)
	c.Dir = filepath.Join(examples(), folder)
	c.Env = append(harness.BaseEnv(), "ISSUER="+issuer, "AUDIENCE="+audience)
	c.Stdin = &in
	var failure bytes.Buffer
	c.Stderr = &failure
	out, err := c.Output()
	if err != nil {
		t.Fatalf("running %s: %v\n%s", folder, err, failure.String())
	}
	var verdicts []string
	decoder := json.NewDecoder(bytes.NewReader(out))
	for {
		var verdict string
		err := decoder.Decode(&verdict)
		if errors.Is(err, io.EOF) {
			return verdicts
		}
		if err != nil {
			t.Fatalf("%s printed %q: %v", folder, out, err)
		}
		verdicts = append(verdicts, verdict)
	}
}

func examples() string { return filepath.Join(harness.Root(), "examples", "check-proof") }

// goExample builds the Go example.
func goExample(t *testing.T) string {
	t.Helper()
	program := filepath.Join(harness.SharedDir(t), "check-proof")
	c := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".")
	c.Dir = filepath.Join(examples(), "go")
	c.Env = harness.BaseEnv()
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("building the example: %v\n%s", err, out)
	}
	return program
}

// installJOSE brings the example's pinned package in, if it is not there yet.
func installJOSE(t *testing.T) {
	t.Helper()
	folder := filepath.Join(examples(), "node")
	var want struct{ Dependencies map[string]string }
	var got struct{ Version string }
	read := func(into any, path ...string) bool {
		text, err := os.ReadFile(filepath.Join(append([]string{folder}, path...)...))
		return err == nil && json.Unmarshal(text, into) == nil
	}
	if !read(&want, "package.json") {
		t.Fatal("the example has no package.json")
	}
	if read(&got, "node_modules", "jose", "package.json") && got.Version == want.Dependencies["jose"] {
		return
	}
	_, err := harness.Run(t.Context(), 2*time.Minute, harness.Command{Name: "npm ci", Path: "npm", Args: []string{"ci"}, Dir: folder})
	if err != nil {
		t.Fatal(err)
	}
}

// goJOSE is a verifier of our own making, on another library than the example's: it knows
// only the documents.
func goJOSE(t *testing.T, issuer string, sessions []session) []string {
	t.Helper()
	var configuration struct {
		Issuer string
		KeySet string `json:"jwks_uri"`
	}
	get(t, issuer+"/.well-known/openid-configuration", &configuration)
	if configuration.Issuer != issuer {
		t.Errorf("the document is of the issuer %q, want %q", configuration.Issuer, issuer)
	}
	var keys jose.JSONWebKeySet
	get(t, configuration.KeySet, &keys)
	used := map[string]bool{}
	var verdicts []string
	for _, s := range sessions {
		verdict := "good"
		if err := checkWithGoJOSE(keys, issuer, s, time.Now(), used); err != nil {
			verdict = "refused: " + err.Error()
		}
		verdicts = append(verdicts, verdict)
	}
	return verdicts
}

func checkWithGoJOSE(keys jose.JSONWebKeySet, issuer string, s session, now time.Time, used map[string]bool) error {
	token, err := jwt.ParseSigned(s.proof, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return err
	}
	var registered jwt.Claims
	var ours struct {
		PhoneNumber string `json:"phone_number"`
		Nonce       string `json:"nonce"`
	}
	if err := token.Claims(keys, &registered, &ours); err != nil {
		return err
	}
	expected := jwt.Expected{Issuer: issuer, AnyAudience: jwt.Audience{audience}, Time: now}
	switch err := registered.ValidateWithLeeway(expected, 5*time.Second); {
	case err != nil:
		return err
	case registered.Expiry == nil:
		return errors.New("no exp")
	case ours.PhoneNumber == "" || ours.PhoneNumber != s.phoneNumber:
		return errors.New("another phone number")
	case ours.Nonce == "" || ours.Nonce != s.nonce:
		return errors.New("another session")
	case used[registered.ID]:
		return errors.New("used before")
	}
	used[registered.ID] = true
	return nil
}

func get(t *testing.T, url string, into any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if got := response.Header.Get("Cache-Control"); got != "public, max-age=3600" {
		t.Errorf("%s: Cache-Control is %q", url, got)
	}
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
}
