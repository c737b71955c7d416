package challenge_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/guard/challenge"
)

// siteverify is a checker as the three vendors run one: it knows a secret and a few tokens,
// each good for one question.
type siteverify struct {
	answers map[string]string
	asked   []string
}

func (s *siteverify) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.asked = append(s.asked, string(body))
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	token := r.FormValue("response")
	answer, ok := s.answers[token]
	switch {
	case r.FormValue("secret") != "the-secret":
		answer = `{"success":false,"error-codes":["invalid-input-secret"]}`
	case !ok:
		answer = `{"success":false,"error-codes":["invalid-input-response"]}`
	default:
		s.answers[token] = `{"success":false,"error-codes":["timeout-or-duplicate"]}`
	}
	_, _ = io.WriteString(w, answer)
}

func secret(context.Context) (string, error) { return "the-secret", nil }

func checker(t *testing.T, kind challenge.Kind, url string) *challenge.Checker {
	t.Helper()
	c, err := challenge.New(challenge.Config{Kind: kind, URL: url, Secret: secret, Hostnames: []string{"example.com", "www.example.com"}, MinScore: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// said is a check's error, or "solved".
func said(err error) string {
	if err == nil {
		return "solved"
	}
	return err.Error()
}

// TestAnswers: what each vendor answers, and what it counts as.
func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		kind         challenge.Kind
		answer, want string
	}{
		{challenge.Turnstile, `{"success":true,"challenge_ts":"2026-11-24T12:00:00Z","hostname":"example.com","error-codes":[],"action":"send","cdata":""}`, "solved"},
		{challenge.Turnstile, `{"success":true,"hostname":"WWW.example.com","action":""}`, "solved"},
		{challenge.Turnstile, `{"success":true,"hostname":"example.com","action":"login"}`, "solved for another action"},
		{challenge.Turnstile, `{"success":true,"hostname":"example.net","action":"send"}`, "solved on another site"},
		{challenge.Turnstile, `{"success":true,"hostname":"notexample.com"}`, "solved on another site"},
		{challenge.Turnstile, `{"success":true}`, "solved on another site"},
		{challenge.Turnstile, `{"success":true,"hostname":null}`, "solved on another site"},
		{challenge.ReCAPTCHA, `{"success":true,"hostname":"example.com"}`, "solved"}, // v2
		{challenge.ReCAPTCHA, `{"success":true,"hostname":"example.com","score":0.5,"action":"send"}`, "solved"},
		{challenge.ReCAPTCHA, `{"success":true,"hostname":"example.com","score":0.4,"action":"send"}`, "solved with a score of 0.4"},
		{challenge.ReCAPTCHA, `{"success":true,"hostname":"example.com","score":0,"action":"send"}`, "solved with a score of 0.0"},
		{challenge.HCaptcha, `{"success":true,"hostname":"example.com","credit":true}`, "solved"},
		{challenge.HCaptcha, `{"success":true,"hostname":"example.com","score":0.1}`, "solved"}, // a score of risk
		{challenge.HCaptcha, `{"success":true,"hostname":"example.com","score":0.9}`, "solved with a score of 0.1"},
		{challenge.HCaptcha, `{"success":true,"hostname":"not-provided"}`, "solved on another site"},
		{challenge.Turnstile, `{"success":false,"error-codes":["timeout-or-duplicate"]}`, "not solved: timeout-or-duplicate"},
		{challenge.Turnstile, `{"success":false,"error-codes":["canary 123","a","b","c","d"]}`, "not solved: a, b, c"},
		{challenge.Turnstile, `{"success":false,"error-codes":"canary"}`, "not solved"},
		{challenge.Turnstile, `{"success":false}`, "not solved"},
		{challenge.Turnstile, `{"success":false,"hostname":"example.com","score":1}`, "not solved"},
		// What is no answer is no yes.
		{challenge.Turnstile, ``, "the checker's answer is none"},
		{challenge.Turnstile, `<html>success</html>`, "the checker's answer is none"},
		{challenge.Turnstile, `true`, "the checker's answer is none"},
		{challenge.Turnstile, `[{"success":true}]`, "the checker's answer is none"},
		{challenge.Turnstile, `{"hostname":"example.com"}`, "the checker's answer is none"},
		{challenge.Turnstile, `{"success":"true","hostname":"example.com"}`, "the checker's answer is none"},
		{challenge.Turnstile, `{"success":1,"hostname":"example.com"}`, "the checker's answer is none"},
		{challenge.Turnstile, `{"success":null,"hostname":"example.com"}`, "the checker's answer is none"},
		{challenge.Turnstile, `{"success":false,"success":true,"hostname":"example.com"}`, "the checker's answer is none"},
		{challenge.Turnstile, `{"success":true,"hostname":["example.com"]}`, "the checker's answer is none"},
		{challenge.Turnstile, `{"success":true,"hostname":"example.com","action":1}`, "the checker's answer is none"},
		{challenge.ReCAPTCHA, `{"success":true,"hostname":"example.com","score":"1"}`, "the checker's answer is none"},
		{challenge.Turnstile, `{"success":true,"hostname":"example.com"}{"success":true}`, "the checker's answer is none"},
		{challenge.Turnstile, `{"success":true,"hostname":"example.com"`, "the checker's answer is none"},
	} {
		vendor := &siteverify{answers: map[string]string{"token": c.answer}}
		server := httptest.NewServer(vendor)
		if got := said(checker(t, c.kind, server.URL).Check(t.Context(), "token")); got != c.want {
			t.Errorf("%s, which answers %s: %s, want %s", c.kind, c.answer, got, c.want)
		}
		server.Close()
	}
}

// TestOneQuestion: secret and token go as a form, once, and a token is good once.
func TestOneQuestion(t *testing.T) {
	vendor := &siteverify{answers: map[string]string{"a&b=c": `{"success":true,"hostname":"example.com"}`}}
	server := httptest.NewServer(vendor)
	defer server.Close()
	c := checker(t, challenge.Turnstile, server.URL)
	for _, want := range []string{"solved", "not solved: timeout-or-duplicate"} {
		if got := said(c.Check(t.Context(), "a&b=c")); got != want {
			t.Errorf("the check says %s, want %s", got, want)
		}
	}
	if len(vendor.asked) != 2 || vendor.asked[0] != "response=a%26b%3Dc&secret=the-secret" {
		t.Errorf("the vendor was asked %q", vendor.asked)
	}
}

// TestCheckerThatIsDown: whatever goes wrong is a no, and the error shows neither token nor
// secret nor address.
func TestCheckerThatIsDown(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("a redirect was followed: somebody else is asked")
	}))
	defer elsewhere.Close()
	for name, c := range map[string]struct {
		serve http.HandlerFunc
		want  string
	}{
		"error": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, `{"success":true,"hostname":"example.com"}`)
		}, "the checker answers 500"},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		}, "the checker answers 307"},
		"redirect to a page": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusSeeOther)
		}, "the checker answers 303"},
		"cut": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "the checker cannot be reached: EOF"},
		"too large": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, strings.Repeat(" ", 64<<10)+`{"success":true,"hostname":"example.com"}`)
		}, "the checker's answer is none"},
	} {
		server := httptest.NewServer(c.serve)
		err := checker(t, challenge.Turnstile, server.URL).Check(t.Context(), "canary-token")
		if got := said(err); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		server.Close()
	}
	err := checker(t, challenge.Turnstile, "http://127.0.0.1:1/canary").Check(t.Context(), "canary-token")
	if err == nil || strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "secret") {
		t.Errorf("without a checker: %v", err)
	}
}

// slow answers when its time is over.
type slow struct{}

func (slow) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.GetBody != nil {
		return nil, errors.New("the question could be repeated")
	}
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestCheckEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := challenge.New(challenge.Config{Kind: challenge.HCaptcha, Secret: secret, Hostnames: []string{"example.com"}, Transport: slow{}})
		if err != nil {
			t.Fatal(err)
		}
		started := time.Now()
		got := said(c.Check(t.Context(), "token"))
		if took := time.Since(started); took != 2*time.Second || got != "the checker cannot be reached: context deadline exceeded" {
			t.Errorf("a slow checker: %s after %s, want 2s", got, took)
		}
	})
}

// addressed notes where a request goes.
type addressed struct{ to string }

func (a *addressed) RoundTrip(r *http.Request) (*http.Response, error) {
	a.to = r.URL.String()
	return nil, errors.New("test")
}

func TestConfig(t *testing.T) {
	hosts := []string{"example.com"}
	for kind, want := range map[challenge.Kind]string{
		challenge.Turnstile: "https://challenges.cloudflare.com/turnstile/v0/siteverify",
		challenge.HCaptcha:  "https://api.hcaptcha.com/siteverify",
		challenge.ReCAPTCHA: "https://www.google.com/recaptcha/api/siteverify",
	} {
		var a addressed
		c, err := challenge.New(challenge.Config{Kind: kind, Secret: secret, Hostnames: hosts, Transport: &a})
		if err != nil {
			t.Fatal(err)
		}
		if c.Check(t.Context(), "token") == nil || a.to != want {
			t.Errorf("%s is asked at %s, want %s", kind, a.to, want)
		}
	}
	for name, c := range map[string]challenge.Config{
		"no kind":      {Secret: secret, Hostnames: hosts},
		"another kind": {Kind: "friendly", Secret: secret, Hostnames: hosts},
		"no secret":    {Kind: challenge.Turnstile, Hostnames: hosts},
		"no hostname":  {Kind: challenge.Turnstile, Secret: secret},
	} {
		if checker, err := challenge.New(c); err == nil || checker != nil {
			t.Errorf("%s makes a checker", name)
		}
	}
	failing := func(context.Context) (string, error) { return "", fmt.Errorf("away") }
	c, err := challenge.New(challenge.Config{Kind: challenge.Turnstile, Secret: failing, Hostnames: hosts, Transport: &addressed{}})
	if err != nil {
		t.Fatal(err)
	}
	if got := said(c.Check(t.Context(), "token")); got != "the challenge's secret cannot be read: away" {
		t.Errorf("without the secret: %s", got)
	}
}

func TestPass(t *testing.T) {
	if err := (challenge.Pass{}).Check(t.Context(), "pass"); err != nil {
		t.Error(err)
	}
	if err := (challenge.Pass{}).Check(t.Context(), "fail"); err == nil {
		t.Error("any token passes")
	}
}
