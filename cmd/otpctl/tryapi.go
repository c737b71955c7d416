package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/proof"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// tryAPI is the service as its clients see it.
type tryAPI struct {
	base   string // without a slash at the end
	client *http.Client
}

const (
	// apiTime is above the 30 s that an HTTP API waits for a function.
	apiTime = 35 * time.Second
	// maxAnswer is far above any answer of the service.
	maxAnswer = 1 << 16
	// repeats is how often a request without an answer, or one that is still running, is
	// repeated under its key.
	repeats = 5
)

func newTryAPI(address string) (tryAPI, error) {
	base, err := httpAddress(address)
	if err != nil {
		return tryAPI{}, err
	}
	return tryAPI{base: base, client: &http.Client{
		Timeout: apiTime,
		// A redirected POST would become a GET, or go to somebody else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// httpAddress checks an address that a number and a code may go to: https, or this machine.
func httpAddress(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", errors.New("this is not an address such as https://otp.example.com")
	}
	if u.Scheme == "http" && !onLoopback(u) {
		return "", errors.New("plain http goes to this machine alone: a number and a code travel here")
	}
	return strings.TrimRight(u.String(), "/"), nil
}

func onLoopback(u *url.URL) bool {
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}

// sameLoopback reports whether two addresses are one port of this machine.
func sameLoopback(a, b string) bool {
	one, err := url.Parse(a)
	other, err2 := url.Parse(b)
	return err == nil && err2 == nil && onLoopback(one) && onLoopback(other) && one.Port() == other.Port()
}

// apiAnswer is what a 200 has.
type apiAnswer struct {
	VerificationID string    `json:"verificationId"`
	ExpiresAt      time.Time `json:"expiresAt"`
	Proof          string    `json:"proof"`
}

// apiRefusal is an answer that is not a 200. Without a code it is not the functions' own.
type apiRefusal struct {
	Status            int    `json:"-"`
	Sentence          string `json:"error"`
	Code              string `json:"code"`
	RetryAfter        int    `json:"retryAfter"`
	AttemptsRemaining *int   `json:"attemptsRemaining"`
	State             string `json:"state"`
	RequestID         string `json:"-"`
	message           string // API Gateway's own
}

func (r *apiRefusal) Error() string {
	said := &strings.Builder{}
	switch {
	case r.Code != "":
		fmt.Fprintf(said, "the service answers %d %s: %s", r.Status, r.Code, strings.TrimSuffix(r.Sentence, "."))
	case r.message != "":
		fmt.Fprintf(said, "API Gateway itself answers %d: %s", r.Status, r.message)
	default:
		fmt.Fprintf(said, "the address answers %d, and not as infobip-otp does", r.Status)
	}
	switch {
	case r.State == "wrong" && r.AttemptsRemaining != nil:
		fmt.Fprintf(said, " (a wrong code, %s left)", count(*r.AttemptsRemaining, "attempt"))
	case r.State != "":
		fmt.Fprintf(said, " (the code is %s)", r.State)
	}
	if r.RetryAfter > 0 {
		fmt.Fprintf(said, "; try again in %s", span(r.wait()))
	}
	return said.String()
}

func (r *apiRefusal) wait() time.Duration { return time.Duration(r.RetryAfter) * time.Second }

// slip reports whether the same code may be tried at again, soon.
func (r *apiRefusal) slip() bool {
	switch r.Code {
	case "pin_invalid":
		return true
	case "invalid_or_expired":
		return r.State == "wrong" && r.AttemptsRemaining != nil && *r.AttemptsRemaining > 0
	case "too_soon":
		return r.wait() <= time.Minute
	}
	return false
}

// post sends a request under a key, and repeats it under that key where its answer was lost
// or it is still running: one key causes at most one message.
func (a tryAPI) post(ctx context.Context, path, key string, body map[string]string) (apiAnswer, error) {
	for attempt := 1; ; attempt++ {
		answer, err := a.once(ctx, path, key, body)
		refused, answered := errors.AsType[*apiRefusal](err)
		switch {
		case err == nil || attempt == repeats || ctx.Err() != nil:
			return answer, err
		case answered && refused.Code != "idempotency_key_in_use" && refused.Code != "proof_failed":
			return answer, err
		case !answered && attempt > 1:
			return answer, err
		}
		wait := time.Second
		if answered && refused.RetryAfter > 0 {
			wait = min(refused.wait(), 5*time.Second)
		}
		if pause(ctx, wait) != nil {
			return answer, err
		}
	}
}

func (a tryAPI) once(ctx context.Context, path, key string, body map[string]string) (apiAnswer, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return apiAnswer{}, fmt.Errorf("writing the request: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.base+path, bytes.NewReader(text))
	if err != nil {
		return apiAnswer{}, fmt.Errorf("making the request: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", key)
	status, header, raw, err := a.do(request)
	if err != nil {
		return apiAnswer{}, err
	}
	if status == http.StatusOK {
		var answer apiAnswer
		if json.Unmarshal(raw, &answer) != nil {
			return apiAnswer{}, &apiRefusal{Status: status}
		}
		return answer, nil
	}
	return apiAnswer{}, readRefusal(status, header, raw)
}

// readRefusal reads an answer that is not a 200.
func readRefusal(status int, header http.Header, raw []byte) *apiRefusal {
	refused := &apiRefusal{}
	if json.Unmarshal(raw, refused) != nil || refused.Code == "" || !isWord(refused.Code) {
		refused = &apiRefusal{}
		var own struct {
			Message string `json:"message"`
		}
		if json.Unmarshal(raw, &own) == nil {
			refused.message = printable(own.Message)
		}
	}
	refused.Status, refused.Sentence, refused.State = status, printable(refused.Sentence), printable(refused.State)
	refused.RequestID = printable(header.Get("Apigw-Requestid"))
	if refused.RetryAfter <= 0 {
		refused.RetryAfter = seconds(header.Get("Retry-After"))
	}
	return refused
}

// do makes one call. No error has the address's query or anything of a body.
func (a tryAPI) do(request *http.Request) (int, http.Header, []byte, error) {
	response, err := a.client.Do(request)
	if err != nil {
		return 0, nil, nil, fmt.Errorf("%s%s cannot be reached: %w", request.URL.Host, request.URL.Path, innermost(err))
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return 0, nil, nil, fmt.Errorf("reading the answer of %s%s: %w", request.URL.Host, request.URL.Path, innermost(err))
	}
	return response.StatusCode, response.Header, raw, nil
}

// get gets a document.
func (a tryAPI) get(ctx context.Context, address string) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return 0, nil, fmt.Errorf("making the request: %w", err)
	}
	status, _, raw, err := a.do(request)
	return status, raw, err
}

// errNoProofs is what a service without proofs publishes.
var errNoProofs = errors.New("no documents of proofs are published")

// published loads what verifiers load: the discovery document of the service, and the keys
// that it leads to.
func (a tryAPI) published(ctx context.Context) (keySet, error) {
	status, raw, err := a.get(ctx, a.base+proof.ConfigurationPath)
	switch {
	case err != nil:
		return keySet{}, err
	case status == http.StatusNotFound:
		return keySet{}, errNoProofs
	case status != http.StatusOK:
		return keySet{}, fmt.Errorf("%s answers %d", proof.ConfigurationPath, status)
	}
	var document struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if json.Unmarshal(raw, &document) != nil || document.Issuer == "" {
		return keySet{}, fmt.Errorf("%s is no discovery document", proof.ConfigurationPath)
	}
	if document.Keys != document.Issuer+proof.KeySetPath {
		return keySet{}, fmt.Errorf("%s names keys that do not stand below its issuer", proof.ConfigurationPath)
	}
	if _, err := httpAddress(document.Keys); err != nil {
		return keySet{}, fmt.Errorf("the issuer that %s names: %w", proof.ConfigurationPath, err)
	}
	status, raw, err = a.get(ctx, document.Keys)
	if err != nil {
		return keySet{}, err
	}
	if status != http.StatusOK {
		return keySet{}, fmt.Errorf("the keys at %s: the answer is %d", printable(document.Keys), status)
	}
	keys, err := parseKeySet(raw)
	keys.issuer = document.Issuer
	return keys, err
}

// outbox is the control listener of make run, which sees the messages.
type outbox struct {
	api   tryAPI
	after string // the moment of the last message that is no news
}

func openOutbox(address string) (*outbox, error) {
	api, err := newTryAPI(strings.TrimSuffix(strings.TrimRight(address, "/"), "/outbox"))
	if err != nil {
		return nil, fmt.Errorf("--outbox: %w", err)
	}
	return &outbox{api: api}, nil
}

type outboxMessage struct {
	PIN string `json:"pin"`
	At  string `json:"at"`
}

// look notes what is in the outbox before a send.
func (o *outbox) look(ctx context.Context, to recipient.Recipient) error {
	status, raw, err := o.api.get(ctx, o.api.base+"/outbox?to="+url.QueryEscape(to.Canonical()))
	if err != nil {
		return fmt.Errorf("the outbox: %w", err)
	}
	var messages []outboxMessage
	if status != http.StatusOK || json.Unmarshal(raw, &messages) != nil {
		return fmt.Errorf("%s/outbox answers %d, and not as a simulator does", o.api.base, status)
	}
	if len(messages) > 0 {
		o.after = messages[len(messages)-1].At
	}
	return nil
}

// wait returns the PIN of the next message.
func (o *outbox) wait(ctx context.Context, to recipient.Recipient) (string, error) {
	query := url.Values{"to": {to.Canonical()}, "timeout": {"10s"}}
	if o.after != "" {
		query.Set("after", o.after)
	}
	status, raw, err := o.api.get(ctx, o.api.base+"/outbox/wait?"+query.Encode())
	if err != nil {
		return "", fmt.Errorf("the outbox: %w", err)
	}
	var message outboxMessage
	switch {
	case status == http.StatusNoContent:
		return "", errors.New("no message came to the outbox within ten seconds")
	case status != http.StatusOK || json.Unmarshal(raw, &message) != nil || message.PIN == "":
		return "", fmt.Errorf("the outbox answers %d, and without a message", status)
	}
	o.after = message.At
	return message.PIN, nil
}

// isWord reports whether a stranger's text is a machine word.
func isWord(text string) bool {
	const longest = 64
	return len(text) <= longest && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// printable returns a stranger's text as a terminal may see it.
func printable(text string) string {
	const longest = 200
	if len(text) > longest {
		text = text[:longest]
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, longNumber.ReplaceAllString(text, "…"))
}
