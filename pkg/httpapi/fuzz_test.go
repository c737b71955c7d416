package httpapi_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"

	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
	"github.com/seed-a131a524/infobip-otp/pkg/ratelimit"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// listener stands for the domain and keeps what gets through to it.
type listener struct {
	ratelimit.Counter
	key     pseudonym.Key
	client  httpapi.ClientAddress
	asked   int
	number  string
	pin     string
	caller  otp.Caller
	counted []string // keys of the counter
}

func (l *listener) PhoneKeys(context.Context) (pseudonym.Keys, error) {
	return pseudonym.Keys{Ledgers: []pseudonym.Key{l.key}, Oldest: l.key}, nil
}

func (l *listener) Hit(_ context.Context, key string, now time.Time, window time.Duration) (int, time.Time, error) {
	l.counted = append(l.counted, key)
	return 1, now.Add(window), nil
}

func (l *listener) listen(ctx context.Context, to recipient.Recipient, c otp.Caller) error {
	l.asked, l.number, l.caller = l.asked+1, to.Canonical(), c
	_, err := c.Count(ctx)()
	return err
}

func (l *listener) Send(ctx context.Context, r otp.SendRequest) (otp.Receipt, error) {
	return otp.Receipt{}, l.listen(ctx, r.To, r.Caller)
}

func (l *listener) Resend(ctx context.Context, r otp.ResendRequest) (otp.Receipt, error) {
	return otp.Receipt{}, l.listen(ctx, r.To, r.Caller)
}

func (l *listener) Verify(ctx context.Context, r otp.VerifyRequest) (otp.Success, error) {
	l.pin = r.PIN
	return otp.Success{}, l.listen(ctx, r.To, r.Caller)
}

func newListener(tb testing.TB) *listener {
	tb.Helper()
	key, err := pseudonym.NewKey("1", []byte(phoneKey))
	if err != nil {
		tb.Fatal(err)
	}
	return &listener{key: key}
}

// handle passes an event on to the handler of its path.
func (l *listener) handle(tb testing.TB, e events.APIGatewayV2HTTPRequest) events.APIGatewayV2HTTPResponse {
	tb.Helper()
	edge := httpapi.Edge{Keys: l, Counter: l, Clock: simulator.NewClock(), Logger: slog.New(slog.DiscardHandler), Client: l.client}
	limit, form := rate.Rate{Attempts: 5, Window: time.Minute}, httpapi.Form{PINLength: 6}
	handler := httpapi.NewSend(edge, form, limit, l)
	if strings.HasSuffix(e.RawPath, httpapi.RouteVerify) {
		handler = httpapi.NewVerify(edge, form, limit, l, nil)
	}
	answer, err := handler.Handle(tb.Context(), e)
	if err != nil {
		tb.Fatal(err)
	}
	if answer.Body != "" && !json.Valid([]byte(answer.Body)) {
		tb.Errorf("the answer %q is not JSON", answer.Body)
	}
	return answer
}

var routes = []string{httpapi.RouteSend, httpapi.RouteResend, httpapi.RouteVerify}

// FuzzBody: no body ends in a 5xx, and what gets through is what a second, independent
// reader sees in it too.
func FuzzBody(f *testing.F) {
	for i, path := range routes {
		f.Add(uint8(i), []byte(posts[path]), false)
		f.Add(uint8(i), []byte(base64.StdEncoding.EncodeToString([]byte(posts[path]))), true)
	}
	for _, body := range []string{
		"", "{}", "null", "[]", "\ufeff{}", `{"phoneNumber":null}`, `{"phoneNumber":"+14155552671"}{}`, `{"phoneNumber":"\ud800"}`,
		`{"phoneNumber":"+14155552671","phoneNumber":"+41781234567"}`, `{"phoneNumber":"+14155552671","\u0070honeNumber":"+41781234567"}`,
		`{"PhoneNumber":"+14155552671"}`, `{"phoneNumber":"\u002b14155552671"}`, strings.Repeat("[", 4000), "{\"phoneNumber\":\"\xff\"}",
		`{"phoneNumber":"+14155552671","channel":"voice","locale":"\u0000"}`, `{"phoneNumber":"14155552671","pin":"١٢٣٤٥٦"}`,
	} {
		f.Add(uint8(0), []byte(body), false)
		f.Add(uint8(2), []byte(body), false)
	}
	f.Fuzz(func(t *testing.T, route uint8, body []byte, encoded bool) {
		l := newListener(t)
		path := routes[int(route)%len(routes)]
		e := event(http.MethodPost, path, string(body))
		e.IsBase64Encoded = encoded
		answer := l.handle(t, e)
		if answer.StatusCode >= 500 {
			t.Fatalf("a body ends in %d %s", answer.StatusCode, answer.Body)
		}
		if len(l.counted) != l.asked {
			t.Fatalf("the address was counted %d times for %d requests right in form", len(l.counted), l.asked)
		}
		if got := answer.StatusCode == http.StatusOK; got != (l.asked == 1) {
			t.Fatalf("%d with %d requests to the domain", answer.StatusCode, l.asked)
		}
		if l.asked == 0 {
			return
		}
		if encoded {
			decoded, err := base64.StdEncoding.DecodeString(string(body))
			if err != nil {
				t.Fatalf("what is not base64 got through: %v", err)
			}
			body = decoded
		}
		if len(body) > 4096 || !utf8.Valid(body) {
			t.Fatal("a body that is too large, or not UTF-8, got through")
		}
		var members map[string]*string
		if err := json.Unmarshal(body, &members); err != nil {
			t.Fatalf("encoding/json does not read what got through: %v", err)
		}
		number := *members["phoneNumber"]
		if l.number != "+"+strings.TrimPrefix(number, "+") {
			t.Errorf("%q became %q", number, l.number)
		}
		if path == httpapi.RouteVerify && l.pin != *members["pin"] {
			t.Errorf("the PIN %q became %q", *members["pin"], l.pin)
		}
		known := map[string]string{
			httpapi.RouteSend: "phoneNumber channel locale challengeToken", httpapi.RouteResend: "phoneNumber verificationId channel challengeToken",
			httpapi.RouteVerify: "phoneNumber pin verificationId nonce",
		}[path]
		for name := range members {
			if name == "" || !strings.Contains(" "+known+" ", " "+name+" ") {
				t.Errorf("the unknown member %q got through", name)
			}
		}
	})
}

// FuzzNumber: a number gets through exactly as it was written but for the +, or not
// at all.
func FuzzNumber(f *testing.F) {
	for _, n := range impossibleNumbers {
		f.Add(n)
	}
	f.Add(number)
	f.Add(digits)
	form := regexp.MustCompile(`^\+?[1-9][0-9]{1,14}$`)
	f.Fuzz(func(t *testing.T, n string) {
		l := newListener(t)
		body, err := json.Marshal(map[string]string{"phoneNumber": n})
		if err != nil {
			t.Fatal(err)
		}
		answer := l.handle(t, event(http.MethodPost, httpapi.RouteSend, string(body)))
		if answer.StatusCode >= 500 {
			t.Fatalf("%q ends in %d", n, answer.StatusCode)
		}
		if l.asked == 1 && (!form.MatchString(n) || l.number != "+"+strings.TrimPrefix(n, "+")) {
			t.Errorf("%q got through as %q", n, l.number)
		}
	})
}

// FuzzPIN: six ASCII digits get through, as they are, and nothing else.
func FuzzPIN(f *testing.F) {
	for _, pin := range []string{"123456", "000000", "12345", "1234567", "１２３４５６", " 12345", "12345\n", "+12345", "1e5000", "\x00\x00\x00\x00\x00\x00"} {
		f.Add(pin)
	}
	form := regexp.MustCompile(`\A[0-9]{6}\z`)
	f.Fuzz(func(t *testing.T, pin string) {
		l := newListener(t)
		body, err := json.Marshal(map[string]string{"phoneNumber": number, "pin": pin})
		if err != nil {
			t.Fatal(err)
		}
		answer := l.handle(t, event(http.MethodPost, httpapi.RouteVerify, string(body)))
		if answer.StatusCode >= 500 {
			t.Fatalf("%q ends in %d", pin, answer.StatusCode)
		}
		if right := form.MatchString(pin); right != (l.asked == 1) || right && l.pin != pin {
			t.Errorf("%q: asked %d times with %q", pin, l.asked, l.pin)
		}
	})
}

// FuzzIdempotencyKey: what gets through is 1 to 255 printable ASCII characters without
// a comma, unchanged.
func FuzzIdempotencyKey(f *testing.F) {
	for _, key := range []string{"", "k", "a,b", "a\tb", "ü", "\x7f", " ", strings.Repeat("k", 255), strings.Repeat("k", 256), "a\xff"} {
		f.Add("idempotency-key", key)
		f.Add("IDEMPOTENCY-KEY", key)
	}
	f.Add("idempotency_key", "k")
	form := regexp.MustCompile(`\A[\x20-\x2b\x2d-\x7e]{1,255}\z`)
	f.Fuzz(func(t *testing.T, name, key string) {
		l := newListener(t)
		e := event(http.MethodPost, httpapi.RouteSend, sendBody(number))
		e.Headers[name] = key
		answer := l.handle(t, e)
		switch {
		case strings.EqualFold(name, "content-type"): // another header's rule
		case !strings.EqualFold(name, "idempotency-key"):
			if l.asked != 1 || l.caller.IdempotencyKey != "" {
				t.Errorf("the header %q: %d %s, key %q", name, answer.StatusCode, answer.Body, l.caller.IdempotencyKey)
			}
		case form.MatchString(key) != (l.asked == 1), l.asked == 1 && l.caller.IdempotencyKey != key:
			t.Errorf("the key %q: %d %s, given on as %q", key, answer.StatusCode, answer.Body, l.caller.IdempotencyKey)
		case l.asked == 0 && answer.StatusCode != http.StatusBadRequest:
			t.Errorf("the key %q: %d", key, answer.StatusCode)
		}
	})
}

// FuzzHeaders: no header a client can send changes what its address is counted under.
func FuzzHeaders(f *testing.F) {
	for _, name := range []string{
		"x-forwarded-for", "X-Real-IP", "forwarded", "host", "content-type", "idempotency-key", "", "CloudFront-Viewer-Address", "X-Client-Address", "X-Origin-Key",
	} {
		f.Add(name, "198.51.100.1", "203.0.113.1")
	}
	f.Add("x-forwarded-for", "::1", "2001:db8::1")
	f.Fuzz(func(t *testing.T, name, value, ip string) {
		l := newListener(t)
		if strings.EqualFold(name, "content-type") || strings.EqualFold(name, "idempotency-key") {
			return // what these may do is another test's
		}
		plain := event(http.MethodPost, httpapi.RouteSend, sendBody(number))
		plain.RequestContext.HTTP.SourceIP = ip
		l.handle(t, plain)
		client := l.caller.Client
		spoofed := event(http.MethodPost, httpapi.RouteSend, sendBody(number))
		spoofed.RequestContext.HTTP.SourceIP = ip
		spoofed.Headers[name] = value
		l.handle(t, spoofed)
		if len(l.counted) != 2 || l.counted[0] != l.counted[1] || l.caller.Client != client {
			t.Errorf("%q: %q changes the bucket of %q", name, value, ip)
		}
	})
}
