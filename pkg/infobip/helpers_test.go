package infobip

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/email"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/phone"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// Canaries: whatever a test does, none of these may show in an error.
const (
	testKey    = "c0ffee00c0ffee00c0ffee00c0ffee00-2f1e4d3c-aaaa-4bbb-8ccc-123412341234"
	testNumber = "+14155552671"
	testDigits = "14155552671"
	testPinID  = "9C817C6F8AF3D48F9FE553282AFA2B67"
	testPIN    = "493817"
	// testAddress has a name that no error has by chance.
	testAddress = "canary+tag@example.com"
)

var canaries = []string{testKey, testKey[:32], strings.ToUpper(testKey[:32]), testDigits, testPinID, testPIN, "canary", "CANARY"}

// seen is one request as a server got it.
type seen struct {
	method, target, proto string
	header                http.Header
	body                  string
}

// server is a provider with one answer. It keeps what it was asked.
type server struct {
	*httptest.Server
	connections atomic.Int32 // counted by secure
	mu          sync.Mutex
	requests    []seen
}

func serve(t *testing.T, answer http.HandlerFunc) *server {
	t.Helper()
	s := new(server)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.note(r)
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) note(r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, seen{r.Method, r.RequestURI, r.Proto, r.Header, string(body)})
}

func (s *server) got() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]seen(nil), s.requests...)
}

// says answers every request with a status and a JSON body.
func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json;charset=UTF-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// inTurn hands the first request to the first handler, and so on; the last one stays.
func inTurn(handlers ...http.HandlerFunc) http.HandlerFunc {
	var mu sync.Mutex
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		handler := handlers[0]
		if len(handlers) > 1 {
			handlers = handlers[1:]
		}
		mu.Unlock()
		handler(w, r)
	}
}

// hangUp closes the connection without an answer, after the request was read.
func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func testConfig(baseURL string) Config {
	return Config{
		BaseURL:          baseURL,
		ApplicationID:    "app-1",
		MessageID:        "msg-1",
		Keys:             StaticKey(testKey),
		VerifyRetryAfter: time.Millisecond,
	}
}

func newClient(t *testing.T, config Config) *Client {
	t.Helper()
	client, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func clientOf(t *testing.T, s *server) *Client {
	t.Helper()
	return newClient(t, testConfig(s.URL))
}

// effectOf checks the form of an error, and that it shows no canary.
func effectOf(t *testing.T, err error) otp.Effect {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	noCanary(t, err.Error())
	return providerError(t, err).Effect
}

func noCanary(t *testing.T, text string) {
	t.Helper()
	for _, canary := range canaries {
		if strings.Contains(text, canary) {
			t.Errorf("%q shows %q", text, canary)
		}
	}
}

// roundTrip is a transport without a network, for tests in a synctest bubble.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

// never does not answer until the request is given up.
func never(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, context.Cause(r.Context())
}

const verified = `{"pinId":"` + testPinID + `","msisdn":"` + testDigits + `","verified":true,"attemptsRemaining":0}`

// cutBody promises a body and closes the connection within it.
func cutBody(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"pinId":"NEW","verified":true,"msisdn":"14155552671"}`)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

func providerError(t *testing.T, err error) *otp.ProviderError {
	t.Helper()
	failed, ok := errors.AsType[*otp.ProviderError](err)
	if !ok {
		t.Fatalf("the error %v is no *otp.ProviderError", err)
	}
	return failed
}

// testMailbox is testAddress's.
var testMailbox = mailboxOf(testAddress)

func mailboxOf(text string) recipient.Recipient {
	address, err := email.Parse(text)
	if err != nil {
		panic(err)
	}
	return recipient.OfEmail(address)
}

// testRecipient is testNumber's.
var testRecipient = func() recipient.Recipient {
	number, err := phone.Parse(testNumber)
	if err != nil {
		panic(err)
	}
	return recipient.OfPhone(number)
}()
