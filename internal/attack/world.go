package main

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/guard/cells"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
	"github.com/seed-a131a524/infobip-otp/pkg/ratelimit"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
	"github.com/seed-a131a524/infobip-otp/pkg/store"
)

// world is a deployment, whose time is stepped from event to event: the domain and the guard
// as they ship, on stores in memory, beside a provider that delivers everything. One event
// runs at a time, so a world is the same whenever it is made with the same seed.
type world struct {
	now    time.Time
	random *rand.Rand
	events agenda
	nextID int

	service  *otp.Service
	rules    guard.Rules
	cells    *cells.Memory
	provider *provider
	key      pseudonym.Key
	address  addressLimit
	parties  map[string]*party
	// members are the people who were verified.
	members []member
}

// Now implements otp.Clock.
func (w *world) Now() time.Time { return w.now }

// event is something that happens at a time; of those at one time the first made is first.
type event struct {
	at time.Time
	id int
	do func()
}

type agenda []event

func (e agenda) Len() int      { return len(e) }
func (e agenda) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e agenda) Less(i, j int) bool {
	if !e[i].at.Equal(e[j].at) {
		return e[i].at.Before(e[j].at)
	}
	return e[i].id < e[j].id
}
func (e *agenda) Push(x any) { *e = append(*e, x.(event)) } //nolint:forcetypeassert // container/heap's interface
func (e *agenda) Pop() any {
	last := len(*e) - 1
	x := (*e)[last]
	*e = (*e)[:last]
	return x
}

// at has something happen at a time, or now if that is past.
func (w *world) at(t time.Time, do func()) {
	if t.Before(w.now) {
		t = w.now
	}
	w.nextID++
	heap.Push(&w.events, event{t, w.nextID, do})
}

func (w *world) after(d time.Duration, do func()) { w.at(w.now.Add(d), do) }

// run lets everything happen until a time.
func (w *world) run(until time.Time) {
	for len(w.events) > 0 && w.events[0].at.Before(until) {
		next := heap.Pop(&w.events).(event) //nolint:forcetypeassert // see Push
		w.now = next.at
		next.do()
	}
	w.now = until
}

// provider delivers everything while it is up, and compares PINs as it is told.
type provider struct {
	world *world
	down  bool
	right bool
	price guard.Amount
	by    *party
	calls int
}

var errDown = errors.New("the provider is down")

func (p *provider) deliver() (string, error) {
	if p.down {
		return "", &otp.ProviderError{Effect: otp.Unknown, Err: errDown}
	}
	p.calls++
	p.by.sent(p.world.now, p.price, p.world.window())
	return fmt.Sprint("pin-", p.calls), nil
}

func (p *provider) Send(context.Context, recipient.Recipient, otp.Channel, otp.Message) (string, error) {
	return p.deliver()
}

func (p *provider) Resend(context.Context, string, otp.Channel) (string, error) { return p.deliver() }

func (p *provider) Verify(context.Context, string, recipient.Recipient, string) (otp.Verdict, error) {
	if p.right {
		return otp.Verified, nil
	}
	return otp.Wrong, nil
}

// window returns the end of the money's running window.
func (w *world) window() time.Time {
	found, err := w.cells.Read(context.Background(), guard.ServiceKeys()[:1])
	if err != nil {
		panic(err) // a memory can be read
	}
	return found[0].Purse.Ends
}

// pass is a checker of challenges: whoever solves one has this token.
type pass struct{}

const solved = "pass"

func (pass) Check(_ context.Context, token string) error {
	if token != solved {
		return errors.New("not solved")
	}
	return nil
}

// setup is what an owner decided.
type setup struct {
	rules      guard.Rules
	policy     otp.Policy
	ipLimit    int
	ipWindow   time.Duration
	unverified bool // IP_SEND_COUNTS
}

func newWorld(seed uint64, s setup) *world {
	key, err := pseudonym.NewKey("1", make([]byte, pseudonym.KeySize))
	if err != nil {
		panic(err) // a key of 32 bytes is one
	}
	w := &world{
		now:     time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC),
		random:  rand.New(rand.NewPCG(seed, 1)), //nolint:gosec // to be the same each time is the point
		rules:   s.rules,
		key:     key,
		address: addressLimit{limit: s.ipLimit, window: s.ipWindow, unverified: s.unverified, hits: map[string]*hits{}, sent: map[string][]string{}},
		parties: map[string]*party{},
	}
	w.provider = &provider{world: w}
	w.cells = cells.NewMemory(w)
	w.service = &otp.Service{
		Store: store.NewMemory(w), Provider: w.provider, Clock: w, Policy: s.policy,
		Guard: guard.New(s.rules, w.cells, pass{}, w),
	}
	return w
}

// addressLimit is IP_SEND_LIMIT, with IP_SEND_COUNTS.
type addressLimit struct {
	limit      int
	window     time.Duration
	unverified bool
	hits       map[string]*hits
	sent       map[string][]string // by recipient, the addresses that sent to it
}

type hits struct {
	count int
	ends  time.Time
}

var errAddress = errors.New("the address has sent too often")

func (a *addressLimit) hit(now time.Time, address, to string) error {
	h := a.hits[address]
	if h == nil || !now.Before(h.ends) {
		h = &hits{ends: now.Add(a.window)}
		a.hits[address] = h
	}
	h.count++
	if h.count > a.limit {
		return errAddress
	}
	if a.unverified {
		a.sent[to] = append(a.sent[to], address)
	}
	return nil
}

// verified gives the addresses back what they sent to a number.
func (a *addressLimit) verified(to string) {
	for _, address := range a.sent[to] {
		if h := a.hits[address]; h != nil && h.count > 0 {
			h.count--
		}
	}
	delete(a.sent, to)
}

// send is one request to send, of a party, and what became of it.
func (w *world) send(by *party, to recipient.Recipient, address string, channel otp.Channel, token string) otp.Reason {
	request := otp.SendRequest{Caller: w.caller(to, address), To: to, Channel: channel, Challenge: token}
	w.provider.by, w.provider.price = by, w.price(to, channel)
	_, err := w.service.Send(context.Background(), request)
	return by.asked(w.now, err)
}

func (w *world) price(to recipient.Recipient, channel otp.Channel) guard.Amount {
	prices := w.rules.Prices.SMS
	switch channel {
	case otp.Voice:
		prices = w.rules.Prices.Voice
	case otp.Email:
		prices = w.rules.Prices.Mail
	}
	if price, ok := prices[to.Region()]; ok {
		return price
	}
	return prices["*"]
}

func (w *world) caller(to recipient.Recipient, address string) otp.Caller {
	return otp.Caller{
		Keyrings: []otp.Keyring{w.key}, Names: w.key, Client: ratelimit.Site(address),
		Count: func(context.Context) func() (string, error) {
			err := w.address.hit(w.now, ratelimit.Bucket(address), to.Canonical())
			return func() (string, error) { return "", err }
		},
	}
}

// verify is one guess, which is right or wrong.
func (w *world) verify(by *party, to recipient.Recipient, address string, right bool) bool {
	w.provider.right = right
	caller := w.caller(to, address)
	caller.Count = nil // another limit, which no attack on money needs
	_, err := w.service.Verify(context.Background(), otp.VerifyRequest{Caller: caller, To: to, PIN: "123456"})
	if err == nil {
		w.address.verified(to.Canonical())
		by.verified++
	}
	return err == nil
}
