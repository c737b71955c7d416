package simulator

import (
	"crypto/rand"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-a131a524/infobip-otp/internal/loopback"
)

// mostKept bounds what is remembered of each kind (outbox rows, requests, PINs,
// applications and templates): a simulator that runs for days must not grow
// without end. Of the first three the oldest are forgotten.
const mostKept = 100_000

// Simulator holds the state of one simulated Infobip account. Make it with New;
// it is safe for concurrent use.
type Simulator struct {
	options Options
	random  io.Reader
	closed  chan struct{}
	closing sync.Once
	// requestIDs numbers the answers (X-Request-Id).
	requestIDs atomic.Int64

	// mu guards everything below. It is never held while a fault delays a call.
	mu           sync.Mutex
	applications keptInOrder[*application]
	templates    keptInOrder[*template]
	// emails are texts by EmailTemplateID: the API has none.
	emails    map[int64]string
	pins      keptInOrder[*pin]
	windows   *windows
	throttles *windows
	outbox    []Message
	// delivered counts messages; arrived is closed and replaced with each of them.
	delivered int64
	arrived   chan struct{}
	requests  []*Request
	faults    []*activeFault
}

// New returns a simulator without applications.
func New(options Options) *Simulator {
	s := &Simulator{
		options: options.withDefaults(),
		random:  rand.Reader,
		closed:  make(chan struct{}),
		arrived: make(chan struct{}),
	}
	s.forgetAll()
	s.applications = newKept[*application]()
	s.templates = newKept[*template]()
	s.emails = map[int64]string{}
	return s
}

// API is the listener that a client of Infobip 2FA talks to.
func (s *Simulator) API() http.Handler { return http.HandlerFunc(s.serveAPI) }

// Control is the listener for tests and developers. It answers only requests that
// name a loopback host with its own port and do not come from a foreign web page.
func (s *Simulator) Control() http.Handler { return loopback.Handler(http.HandlerFunc(s.serveControl)) }

// Close ends every call that a fault is delaying, by cutting its connection.
// A delay that starts later ends at once.
func (s *Simulator) Close() {
	s.closing.Do(func() { close(s.closed) })
}

// Reset forgets everything but applications and templates: PINs, limits, the
// outbox, the request log and faults. The clock stays where it is.
func (s *Simulator) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgetAll()
}

// forgetAll needs s.mu.
func (s *Simulator) forgetAll() {
	s.pins = newKept[*pin]()
	s.windows = newWindows(s.options.SlidingWindows)
	s.throttles = newWindows(s.options.SlidingWindows)
	s.outbox = nil
	s.requests = nil
	s.faults = nil
}

// now is the simulator's time in UTC, without a monotonic part: moments are
// compared across an advance of the clock.
func (s *Simulator) now() time.Time { return s.options.Clock.Now().UTC().Round(0) }

// keptInOrder is a map that remembers the order in which keys came.
type keptInOrder[V any] struct {
	byID map[string]V
	ids  []string
}

func newKept[V any]() keptInOrder[V] { return keptInOrder[V]{byID: map[string]V{}} }

func (k *keptInOrder[V]) put(id string, value V) {
	if _, known := k.byID[id]; !known {
		k.ids = append(k.ids, id)
	}
	k.byID[id] = value
}

// rename moves a value to another id, at the end of the order.
func (k *keptInOrder[V]) rename(from, to string) {
	value := k.byID[from]
	k.remove(from)
	k.put(to, value)
}

func (k *keptInOrder[V]) remove(id string) {
	delete(k.byID, id)
	k.ids = slices.DeleteFunc(k.ids, func(known string) bool { return known == id })
}

// trim forgets the oldest tenth once there are more than most.
func (k *keptInOrder[V]) trim(most int) {
	if len(k.ids) <= most {
		return
	}
	oldest := most/10 + 1
	for _, id := range k.ids[:oldest] {
		delete(k.byID, id)
	}
	k.ids = slices.Clone(k.ids[oldest:])
}

// all yields the values in order.
func (k *keptInOrder[V]) all() []V {
	values := make([]V, 0, len(k.ids))
	for _, id := range k.ids {
		values = append(values, k.byID[id])
	}
	return values
}

// trimOldest is keptInOrder.trim for a plain list.
func trimOldest[V any](list []V, most int) []V {
	if len(list) <= most {
		return list
	}
	return slices.Clone(list[most/10+1:])
}

func sortedKeys[V any](values map[string]V) []string {
	return slices.Sorted(maps.Keys(values))
}
