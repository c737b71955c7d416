package console

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Exchange is one HTTP request and what it was answered with.
type Exchange struct {
	// ID numbers the exchanges in the order in which they began, from 1.
	ID int64 `json:"id"`
	// Side is who was called: gateway or infobip.
	Side     string    `json:"side"`
	At       time.Time `json:"at"`
	Method   string    `json:"method"`
	URL      string    `json:"url"`
	Request  Part      `json:"request"`
	Status   int       `json:"status"`
	Response Part      `json:"response"`
	// State is open (under way), answered, or cut (the connection ended before an answer did).
	State string `json:"state"`
	// Took is how long it lasted, in whole milliseconds.
	Took int64 `json:"took"`
}

// Part is one half of an exchange.
type Part struct {
	// Header has the names and values in the order of the names.
	Header [][2]string `json:"header"`
	// Body is the text, or its beginning.
	Body string `json:"body"`
}

// The sides and states of an exchange.
const (
	SideGateway   = "gateway"
	SideInfobip   = "infobip"
	stateOpen     = "open"
	stateAnswered = "answered"
	stateCut      = "cut"
)

const (
	exchangesKept = 200
	largestShown  = 16 << 10 // of a body
	masked        = "•••"
)

// Exchanges is the log of the last of them. It never holds credentials; with Masked neither PINs
// nor proofs.
type Exchanges struct {
	// Now is the time that entries bear. Default: time.Now.
	Now func() time.Time
	// Feed is told each exchange when it begins and when it has ended.
	Feed *Feed
	// Masked is set with the real provider: PINs, proofs and challenge tokens of JSON bodies
	// are masked, and a body that is no JSON object is left out.
	Masked bool

	mu    sync.Mutex
	began int64
	kept  []*Exchange
}

// Observe logs what goes through a handler.
func (l *Exchanges) Observe(side string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		heard := &heardBody{ReadCloser: r.Body}
		r.Body = heard
		entry := l.begin(side, r)
		said := &recorder{ResponseWriter: w}
		clock := time.Now()
		answered := false
		defer func() { // a handler that cuts the connection panics
			l.end(entry, heard, said, time.Since(clock), answered)
		}()
		next.ServeHTTP(said, r)
		answered = true
	})
}

// All returns a copy of what is kept, oldest first.
func (l *Exchanges) All() []Exchange {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]Exchange, 0, len(l.kept))
	for _, entry := range l.kept {
		all = append(all, *entry)
	}
	return all
}

// Forget empties the log.
func (l *Exchanges) Forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = nil
}

func (l *Exchanges) begin(side string, r *http.Request) *Exchange {
	now := l.Now
	if now == nil {
		now = time.Now
	}
	header := r.Header.Clone()
	header.Set("Host", r.Host)
	url := r.URL.EscapedPath()
	if r.URL.RawQuery != "" && !l.Masked {
		url += "?" + r.URL.RawQuery
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.began++
	entry := &Exchange{
		ID: l.began, Side: side, At: now().UTC().Round(0), Method: r.Method, URL: cut(url), State: stateOpen,
		Request: Part{Header: fields(header)}, Response: Part{Header: [][2]string{}},
	}
	l.kept = append(l.kept, entry)
	if len(l.kept) > exchangesKept {
		l.kept = slices.Clone(l.kept[len(l.kept)-exchangesKept:])
	}
	l.Feed.Publish(KindExchange, entry)
	return entry
}

func (l *Exchanges) end(entry *Exchange, heard *heardBody, said *recorder, took time.Duration, answered bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	entry.State, entry.Status = stateCut, said.status
	if answered {
		entry.State = stateAnswered
		if said.status == 0 {
			entry.Status = http.StatusOK // net/http's own choice
		}
	}
	entry.Took = took.Milliseconds()
	entry.Request.Body = l.shown(heard.text())
	entry.Response = Part{Header: fields(said.header), Body: l.shown(cut(said.body.String()))}
	l.Feed.Publish(KindExchange, entry)
}

// credentials are headers whose values are nobody's business, the simulator's own included: a
// key of the real provider may be in use there.
var credentials = []string{"Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "X-Origin-Key"}

// fields writes a header in the order of its names.
func fields(header http.Header) [][2]string {
	all := [][2]string{}
	for _, name := range slices.Sorted(maps.Keys(header)) {
		for _, value := range header[name] {
			if slices.Contains(credentials, http.CanonicalHeaderKey(name)) {
				scheme, _, found := strings.Cut(value, " ")
				value = masked
				if found && http.CanonicalHeaderKey(name) == "Authorization" {
					value = scheme + " " + masked
				}
			}
			all = append(all, [2]string{name, cut(value)})
		}
	}
	return all
}

// secretMembers are those of a JSON body that a log with the real provider does not show.
var secretMembers = []string{"pin", "proof", "challengeToken"}

func (l *Exchanges) shown(body string) string {
	if !l.Masked || body == "" {
		return body
	}
	var members map[string]any
	if json.Unmarshal([]byte(body), &members) != nil {
		return masked
	}
	mask(members)
	written, _ := json.Marshal(members) // it came from JSON
	return string(written)
}

// mask works at any depth: what stands where no member belongs is refused, and is in the log all the same.
func mask(value any) {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			if slices.ContainsFunc(secretMembers, func(secret string) bool { return strings.EqualFold(secret, name) }) {
				value[name] = masked
				continue
			}
			mask(member)
		}
	case []any:
		for _, element := range value {
			mask(element)
		}
	}
}

// cut bounds what is kept of a text.
func cut(text string) string {
	if len(text) <= largestShown {
		return text
	}
	return strings.ToValidUTF8(text[:largestShown], "") + "…"
}

// heardBody keeps the beginning of what a handler reads of a request. net/http may read
// on after the handler, so it has a lock.
type heardBody struct {
	io.ReadCloser
	mu    sync.Mutex
	heard bytes.Buffer
}

func (b *heardBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.heard.Write(p[:min(n, largestShown+1-min(b.heard.Len(), largestShown+1))])
	return n, err
}

func (b *heardBody) text() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return cut(b.heard.String())
}

// recorder keeps the beginning of an answer.
type recorder struct {
	http.ResponseWriter
	status int
	header http.Header
	body   bytes.Buffer
}

// Unwrap is for http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status, w.header = status, w.Header().Clone()
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status, w.header = http.StatusOK, w.Header().Clone()
	}
	if room := largestShown + 1 - w.body.Len(); room > 0 {
		w.body.Write(p[:min(len(p), room)])
	}
	return w.ResponseWriter.Write(p)
}
