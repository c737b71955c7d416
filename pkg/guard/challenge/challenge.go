// Package challenge asks Turnstile, hCaptcha or reCAPTCHA whether a token is that of a
// solved challenge. All three answer one form, siteverify: a POST of secret and token, and a
// JSON object. A token is good for one question; that is kept by them.
//
// It asks once, for at most two seconds, and whatever is not a clear yes is a no: a checker
// that is down or slow lets nobody through.
package challenge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
)

// Kind is whose challenge it is.
type Kind string

// Kinds, by the words of the setting CHALLENGE.
const (
	Turnstile Kind = "turnstile"
	HCaptcha  Kind = "hcaptcha"
	ReCAPTCHA Kind = "recaptcha"
)

// addresses are where each kind is asked.
var addresses = map[Kind]string{
	Turnstile: "https://challenges.cloudflare.com/turnstile/v0/siteverify",
	HCaptcha:  "https://api.hcaptcha.com/siteverify",
	ReCAPTCHA: "https://www.google.com/recaptcha/api/siteverify",
}

// Action is the action that a challenge has to be solved for, where its kind knows actions.
const Action = "send"

// Config is how a checker is reached, and what it has to say.
type Config struct {
	Kind Kind
	// URL overrides the kind's own address.
	URL string
	// Secret returns the secret of the site; it is asked for each check, so that a
	// rotation needs no restart.
	Secret func(context.Context) (string, error)
	// Hostnames are those on which a challenge may have been solved; at least one.
	Hostnames []string
	// MinScore is the least score that passes, from 0 (a robot) to 1 (a person), where
	// there is a score. hCaptcha's, which is one of risk, is turned around.
	MinScore float64
	// Transport may be nil.
	Transport http.RoundTripper
}

// Checker is a guard.Checker.
type Checker struct {
	config Config
	url    string
	client *http.Client
}

var _ guard.Checker = (*Checker)(nil)

const (
	// callTimeout bounds a check, within which nobody is sent anything.
	callTimeout = 2 * time.Second
	// maxAnswer is far above the few hundred bytes of an answer.
	maxAnswer = 64 << 10
	idle      = 25 * time.Second
)

// New returns a checker. Its error names what is missing.
func New(c Config) (*Checker, error) {
	address, known := addresses[c.Kind]
	switch {
	case !known:
		return nil, fmt.Errorf("challenge: there is no kind %.20q: use turnstile, hcaptcha or recaptcha", string(c.Kind))
	case len(c.Hostnames) == 0:
		return nil, errors.New("challenge: a checker needs the hostnames of the site, or a challenge that was solved elsewhere would do")
	case c.Secret == nil:
		return nil, errors.New("challenge: a checker needs the secret of the site")
	}
	if c.URL != "" {
		address = c.URL
	}
	if c.Transport == nil {
		c.Transport = &http.Transport{
			Proxy: http.ProxyFromEnvironment, IdleConnTimeout: idle, TLSHandshakeTimeout: callTimeout,
			ForceAttemptHTTP2: true, MaxResponseHeaderBytes: maxAnswer,
		}
	}
	client := &http.Client{
		Transport: c.Transport,
		// Nobody else is told the secret.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &Checker{config: c, url: address, client: client}, nil
}

// Check implements guard.Checker.
func (c *Checker) Check(ctx context.Context, token string) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	secret, err := c.config.Secret(ctx)
	if err != nil {
		return fmt.Errorf("the challenge's secret cannot be read: %w", err)
	}
	answer, err := c.ask(ctx, secret, token)
	if err != nil {
		return err
	}
	return c.judge(answer)
}

func (c *Checker) ask(ctx context.Context, secret, token string) (*answer, error) {
	form := url.Values{"secret": {secret}, "response": {token}}.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, strings.NewReader(form))
	if err != nil {
		return nil, errors.New("the checker's address is none")
	}
	request.GetBody = nil // a token is good for one question, so none is repeated
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := c.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("the checker cannot be reached: %w", innermost(err))
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the checker answers %d", response.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("the checker's answer breaks off: %w", innermost(err))
	}
	return parse(body)
}

// innermost returns the cause without what net/http wraps around it: the address may have a
// key in it.
func innermost(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

// judge returns nil for a challenge that was solved on our site, for our purpose, by somebody
// who is taken for a person.
func (c *Checker) judge(a *answer) error {
	ours := slices.ContainsFunc(c.config.Hostnames, func(name string) bool { return strings.EqualFold(name, a.hostname) })
	switch {
	case !a.success && len(a.codes) > 0:
		return fmt.Errorf("not solved: %s", strings.Join(a.codes, ", "))
	case !a.success:
		return errors.New("not solved")
	case !ours:
		return errors.New("solved on another site")
	case a.hasAction && a.action != Action:
		return errors.New("solved for another action")
	}
	if !a.hasScore {
		return nil
	}
	score := a.score
	if c.config.Kind == HCaptcha {
		score = 1 - score
	}
	if !(score >= c.config.MinScore) { // NaN is no score
		return fmt.Errorf("solved with a score of %.1f", score)
	}
	return nil
}

// Pass is a checker for a laptop and for tests: the token "pass" is that of a solved
// challenge.
type Pass struct{}

var _ guard.Checker = Pass{}

// Check implements guard.Checker.
func (Pass) Check(_ context.Context, token string) error {
	if token != "pass" {
		return errors.New(`not solved: the token is not "pass"`)
	}
	return nil
}
