package console

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Feed tells what happens to everybody who listens, and waits for none of them.
type Feed struct {
	mu        sync.Mutex
	listeners map[chan Event]struct{}
}

// Event is one thing that happened: message (a simulator.Message), exchange (an Exchange, when
// it begins and when it has ended) or change (what a call of the control listener changed).
type Event struct {
	Kind string
	Data json.RawMessage
}

// The kinds of events.
const (
	KindMessage  = "message"
	KindExchange = "exchange"
	KindChange   = "change"
)

// behind is how many events a listener may be late by. One that is later loses its
// channel; a page then connects again and reads everything anew.
const behind = 256

// NewFeed returns a feed that nobody listens to yet.
func NewFeed() *Feed { return &Feed{listeners: map[chan Event]struct{}{}} }

// Publish tells an event. It does not block, so it may be called under a lock.
func (f *Feed) Publish(kind string, data any) {
	raw, err := json.Marshal(data)
	if err != nil {
		panic("console: an event that JSON cannot hold: " + err.Error()) // they are this program's own types
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for listener := range f.listeners {
		select {
		case listener <- Event{kind, raw}:
		default:
			delete(f.listeners, listener)
			close(listener)
		}
	}
}

// Listen returns a channel of what happens from now on until stop is called. It is closed
// if its reader falls behind.
func (f *Feed) Listen() (<-chan Event, func()) {
	listener := make(chan Event, behind)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.listeners[listener] = struct{}{}
	return listener, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.listeners, listener)
	}
}

// heartbeat is how often a stream says that it is alive: a client that has gone is then
// noticed, and a page knows that the program still runs.
const heartbeat = 15 * time.Second

// stream writes events as text/event-stream until the client leaves or ctx ends.
func (f *Feed) stream(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	events, stop := f.Listen()
	defer stop()
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	out := http.NewResponseController(w)
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	text := "retry: 1000\n\n"
	for {
		if _, err := fmt.Fprint(w, text); err != nil {
			return
		}
		if err := out.Flush(); err != nil {
			return
		}
		select {
		case event, open := <-events:
			if !open {
				return
			}
			text = fmt.Sprintf("event: %s\ndata: %s\n\n", event.Kind, event.Data)
		case <-beat.C:
			text = ": alive\n\n"
		case <-r.Context().Done():
			return
		case <-ctx.Done():
			return
		}
	}
}
