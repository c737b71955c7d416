package guard_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/guard/cells"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
	"github.com/seed-a131a524/infobip-otp/pkg/store"
)

// clock stands where it is put.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// provider delivers everything and knows one PIN, unless it is told otherwise.
type provider struct {
	mu       sync.Mutex
	calls    int
	delivery error
	verdict  otp.Verdict
	latency  time.Duration
	// meanwhile, if not nil, happens while a message is delivered.
	meanwhile func()
}

func (p *provider) deliver() (string, error) {
	time.Sleep(p.latency)
	if p.meanwhile != nil {
		p.meanwhile()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	return fmt.Sprintf("pin-%d", p.calls), p.delivery
}

func (p *provider) Send(context.Context, recipient.Recipient, otp.Channel, otp.Message) (string, error) {
	return p.deliver()
}

func (p *provider) Resend(context.Context, string, otp.Channel) (string, error) { return p.deliver() }

func (p *provider) Verify(context.Context, string, recipient.Recipient, string) (otp.Verdict, error) {
	return p.verdict, nil
}

// rig is the domain behind a guard, with state in memory.
type rig struct {
	*otp.Service
	tb       testing.TB
	clock    *clock
	provider *provider
	cells    guard.Cells
	checker  guard.Checker
	key      pseudonym.Key
}

func newRig(tb testing.TB, rules guard.Rules) *rig {
	tb.Helper()
	key, err := pseudonym.NewKey("1", make([]byte, pseudonym.KeySize))
	if err != nil {
		tb.Fatal(err)
	}
	r := &rig{
		tb: tb, clock: &clock{now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)},
		provider: &provider{verdict: otp.Verified}, key: key,
	}
	r.cells = cells.NewMemory(r.clock)
	r.Service = &otp.Service{Store: store.NewMemory(r.clock), Provider: r.provider, Clock: r.clock, Policy: otp.DefaultPolicy()}
	r.guard(rules, r.cells)
	return r
}

// guard puts another guard in the service's place.
func (r *rig) guard(rules guard.Rules, cells guard.Cells) {
	r.Service.Guard = guard.New(rules, cells, r.checker, r.clock)
}

func (r *rig) caller(client string) otp.Caller {
	return otp.Caller{Keyrings: []otp.Keyring{r.key}, Names: r.key, Client: client, Trace: &otp.Trace{}}
}

// phoneNumber returns the i-th of some valid numbers.
func phoneNumber(tb testing.TB, i int) recipient.Recipient {
	tb.Helper()
	return to(tb, fmt.Sprintf("+43664%07d", 1000000+i))
}

func (r *rig) send(to recipient.Recipient, client string) (otp.Receipt, error) {
	return r.Send(context.Background(), otp.SendRequest{Caller: r.caller(client), To: to, Channel: otp.SMS})
}

func (r *rig) verify(to recipient.Recipient, client string) error {
	_, err := r.Verify(context.Background(), otp.VerifyRequest{Caller: r.caller(client), To: to, PIN: "123456"})
	return err
}

// want checks the reason of a refusal; an empty one means none.
func want(tb testing.TB, what string, err error, reason otp.Reason) *otp.Error {
	tb.Helper()
	if err == nil && reason == "" {
		return nil
	}
	failure, ok := errors.AsType[*otp.Error](err)
	if !ok || failure.Reason != reason {
		tb.Fatalf("%s: %v, want %q", what, err, reason)
	}
	return failure
}

// calls checks how often the provider was asked.
func (r *rig) calls(want int) {
	r.tb.Helper()
	if r.provider.calls != want {
		r.tb.Errorf("the provider was asked %d times, want %d", r.provider.calls, want)
	}
}

// slowCells and slowStore take their time, as a table does.
type slowCells struct {
	guard.Cells
	latency time.Duration
}

func (s *slowCells) Read(ctx context.Context, keys []string) ([]guard.Cell, error) {
	time.Sleep(s.latency)
	return s.Cells.Read(ctx, keys)
}

func (s *slowCells) Apply(ctx context.Context, key string, c guard.Change) (guard.Cell, bool, error) {
	time.Sleep(s.latency)
	return s.Cells.Apply(ctx, key, c)
}

type slowStore struct {
	otp.Store
	latency time.Duration
}

func (s *slowStore) Load(ctx context.Context, key string) (otp.Ledger, otp.Revision, error) {
	time.Sleep(s.latency)
	return s.Store.Load(ctx, key)
}

func (s *slowStore) Save(ctx context.Context, key string, l otp.Ledger, was otp.Revision) (otp.Revision, error) {
	time.Sleep(s.latency)
	return s.Store.Save(ctx, key, l, was)
}

// countedCells count their calls.
type countedCells struct {
	guard.Cells
	mu             sync.Mutex
	reads, applies int
}

func (c *countedCells) Read(ctx context.Context, keys []string) ([]guard.Cell, error) {
	c.mu.Lock()
	c.reads++
	c.mu.Unlock()
	return c.Cells.Read(ctx, keys)
}

func (c *countedCells) Apply(ctx context.Context, key string, change guard.Change) (guard.Cell, bool, error) {
	c.mu.Lock()
	c.applies++
	c.mu.Unlock()
	return c.Cells.Apply(ctx, key, change)
}

// since returns the calls since it was last asked.
func (c *countedCells) since() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := fmt.Sprintf("%d reads, %d changes", c.reads, c.applies)
	c.reads, c.applies = 0, 0
	return text
}

// stuckCells cannot be written to, under some keys.
type stuckCells struct {
	guard.Cells
	stuck string // in a key
}

func (s *stuckCells) Apply(ctx context.Context, key string, c guard.Change) (guard.Cell, bool, error) {
	if s.stuck != "" && strings.Contains(key, s.stuck) {
		return guard.Cell{}, false, fmt.Errorf("changing a cell: %w", otp.ErrUnavailable)
	}
	return s.Cells.Apply(ctx, key, c)
}

// brokenCells cannot be read.
type brokenCells struct{ guard.Cells }

func (brokenCells) Read(context.Context, []string) ([]guard.Cell, error) {
	return nil, fmt.Errorf("reading cells: %w", otp.ErrUnavailable)
}
