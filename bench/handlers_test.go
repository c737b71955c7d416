// Package bench measures the product but for its network: the handlers over the memory
// store and a provider that answers at once. What a request costs in allocations and in
// calls to the store is asserted against baseline.txt; times are printed only.
package bench

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/rate"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"

	"github.com/aws/aws-lambda-go/events"

	"github.com/seed-a131a524/infobip-otp/pkg/catalog"
	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/guard/cells"
	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
	"github.com/seed-a131a524/infobip-otp/pkg/ratelimit"
	"github.com/seed-a131a524/infobip-otp/pkg/store"
	"github.com/seed-a131a524/infobip-otp/pkg/telemetry"
)

const (
	sendBody   = `{"phoneNumber":"+14155552671"}`
	verifyBody = `{"phoneNumber":"+14155552671","pin":"123456"}`
	badBody    = `{"phoneNumber":"+14155552671","phoneNumber":"+41446681800"}`
)

// world is the two functions and what they stand on.
type world struct {
	clock        *clock
	calls        *calls
	send, verify *httpapi.Handler
}

// calls counts what goes to the store, address counts included.
type calls struct {
	otp.Store
	ratelimit.Counter
	guard.Cells
	n atomic.Int64
}

func (c *calls) Load(ctx context.Context, key string) (otp.Ledger, otp.Revision, error) {
	c.n.Add(1)
	return c.Store.Load(ctx, key)
}

func (c *calls) Save(ctx context.Context, key string, n otp.Ledger, was otp.Revision) (otp.Revision, error) {
	c.n.Add(1)
	return c.Store.Save(ctx, key, n, was)
}

func (c *calls) Read(ctx context.Context, keys []string) ([]guard.Cell, error) {
	c.n.Add(1)
	return c.Cells.Read(ctx, keys)
}

func (c *calls) Apply(ctx context.Context, key string, change guard.Change) (guard.Cell, bool, error) {
	c.n.Add(1)
	return c.Cells.Apply(ctx, key, change)
}

func (c *calls) Hit(ctx context.Context, key string, now time.Time, length time.Duration) (int, time.Time, error) {
	c.n.Add(1)
	return c.Counter.Hit(ctx, key, now, length)
}

// clock stands still until it is moved.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

// forget moves the clock so far that all windows and codes are over, and every operation
// finds the same state: none.
func (c *clock) forget() { c.now = c.now.Add(48 * time.Hour) }

// keys is the secret, once it is cached.
type keys struct{ pseudonym.Key }

func (k keys) PhoneKeys(context.Context) (pseudonym.Keys, error) {
	return pseudonym.Keys{Ledgers: []pseudonym.Key{k.Key}, Oldest: k.Key}, nil
}

// prompt is a provider that takes no time, and takes every PIN.
type prompt struct{}

func (prompt) Send(context.Context, recipient.Recipient, otp.Channel, otp.Message) (string, error) {
	return "9C817C6F8AF3D48F9FE553282AFA2B67", nil
}

func (prompt) Resend(_ context.Context, pinID string, _ otp.Channel) (string, error) {
	return pinID, nil
}

func (prompt) Verify(context.Context, string, recipient.Recipient, string) (otp.Verdict, error) {
	return otp.Verified, nil
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	key, err := pseudonym.NewKey("1", []byte("a-phone-key-of-32-bytes-in-tests"))
	if err != nil {
		tb.Fatal(err)
	}
	c := &clock{now: time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC)}
	counted := &calls{Store: store.NewMemory(c), Counter: ratelimit.NewMemory(), Cells: cells.NewMemory(c)}
	rules := guard.Rules{
		Spend: guard.Limit{Amount: 50_000_000, Window: 24 * time.Hour}, Prices: guard.DefaultPrices(), Allowances: guard.DefaultAllowances(),
	}
	// Of a day, or the cells in memory would be swept away between two operations.
	rules.Allowances.Region.Window, rules.Allowances.Service.Window = 24*time.Hour, 24*time.Hour
	messages, err := catalog.Parse("sms/*=A,sms/de=B,voice/*=C")
	if err != nil {
		tb.Fatal(err)
	}
	service := &otp.Service{
		Store: counted, Provider: prompt{}, Clock: c, Policy: otp.DefaultPolicy(),
		Guard: guard.New(rules, counted, nil, c), Messages: catalog.Catalog{List: messages, Standard: true},
	}
	form := httpapi.Form{PINLength: 6}
	edge := httpapi.Edge{Keys: keys{key}, Counter: counted, Clock: c, Logger: telemetry.NewLogger(io.Discard, "INFO")}
	limit := rate.Rate{Attempts: 5, Window: 15 * time.Minute}
	metrics := telemetry.NewEmitter(telemetry.Target{Namespace: "InfobipOTP", Stage: "bench"})
	return &world{
		clock:  c,
		calls:  counted,
		send:   httpapi.NewSend(edge, form, limit, service).Emitting(metrics),
		verify: httpapi.NewVerify(edge, form, limit, service, nil).Emitting(metrics),
	}
}

func event(path, body string) events.APIGatewayV2HTTPRequest {
	e := events.APIGatewayV2HTTPRequest{Version: "2.0", RawPath: path, Body: body, Headers: map[string]string{"content-type": "application/json"}}
	e.RequestContext.RequestID = "UqT3dgR1FiAEJwQ="
	e.RequestContext.HTTP.Method = http.MethodPost
	e.RequestContext.HTTP.SourceIP = "203.0.113.7"
	return e
}

func answered(tb testing.TB, h *httpapi.Handler, e events.APIGatewayV2HTTPRequest, status int) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	response, _ := h.Handle(ctx, e) // its error is always nil
	if response.StatusCode != status {
		tb.Fatalf("answer = %d %s, want %d", response.StatusCode, strings.TrimSpace(response.Body), status)
	}
}

// The operations that are measured. A verify needs a send before it.
var operations = []struct {
	name string
	run  func(testing.TB, *world)
}{
	{"send", func(tb testing.TB, w *world) {
		answered(tb, w.send, event("/send-otp", sendBody), http.StatusOK)
	}},
	{"send and verify", func(tb testing.TB, w *world) {
		answered(tb, w.send, event("/send-otp", sendBody), http.StatusOK)
		answered(tb, w.verify, event("/verify-otp", verifyBody), http.StatusOK)
	}},
	{"verify without a code", func(tb testing.TB, w *world) {
		answered(tb, w.verify, event("/verify-otp", verifyBody), http.StatusUnauthorized)
	}},
	{"bad body", func(tb testing.TB, w *world) {
		answered(tb, w.send, event("/send-otp", badBody), http.StatusBadRequest)
	}},
}

func BenchmarkHandlers(b *testing.B) {
	for _, o := range operations {
		b.Run(strings.ReplaceAll(o.name, " ", "-"), func(b *testing.B) {
			w := newWorld(b)
			b.ReportAllocs()
			for b.Loop() {
				w.clock.forget()
				o.run(b, w)
			}
		})
	}
}
