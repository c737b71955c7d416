package simulator

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// putMessage delivers a message to the outbox, and to whoever waits for one. It
// needs s.mu.
func (s *Simulator) putMessage(m Message) {
	if last := len(s.outbox) - 1; last >= 0 && !m.At.After(s.outbox[last].At) {
		m.At = s.outbox[last].At.Add(1) // so that `after` names one message, whatever the clock does
	}
	if m.Channel == channelSMS {
		m.Size = sizeOf(m.Text)
	}
	s.delivered++
	m.ID = s.delivered
	s.outbox = trimOldest(append(s.outbox, m), mostKept)
	s.options.Delivered(m)
	close(s.arrived)
	s.arrived = make(chan struct{})
}

// Forget removes messages from the outbox: the one with an id, and all of a
// destination; without either, all. It reports how many those were. The PINs stay
// as good as they are.
func (s *Simulator) Forget(id int64, to string) int {
	key := destinationKey(to)
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.outbox)
	s.outbox = slices.DeleteFunc(s.outbox, func(m Message) bool {
		return (id == 0 || m.ID == id) && (to == "" || destinationKey(m.To) == key)
	})
	return before - len(s.outbox)
}

// Wait returns the first message to a destination (to anybody if `to` is empty) that
// came later than `after`, as soon as there is one; with a zero `after`, the newest
// there is. It reports false if ctx or the simulator ended before.
func (s *Simulator) Wait(ctx context.Context, to string, after time.Time) (Message, bool) {
	for {
		found, arrived := s.next(to, after)
		if found != nil {
			return *found, true
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			return Message{}, false
		case <-s.closed:
			return Message{}, false
		}
	}
}

// next is one look of Wait; the channel is closed when another is worth it.
func (s *Simulator) next(to string, after time.Time) (*Message, <-chan struct{}) {
	key := destinationKey(to)
	s.mu.Lock()
	defer s.mu.Unlock()
	var found *Message
	for i := len(s.outbox) - 1; i >= 0 && s.outbox[i].At.After(after); i-- {
		if to != "" && destinationKey(s.outbox[i].To) != key {
			continue
		}
		found = new(s.outbox[i])
		if after.IsZero() {
			break
		}
	}
	return found, s.arrived
}

// The time that a call of /outbox/wait may take.
const (
	usualWait   = 10 * time.Second
	longestWait = 10 * time.Minute
)

// controlWait returns nil, which is answered with 204, if nothing came in time.
func (s *Simulator) controlWait(r *http.Request) (any, error) {
	query, err := controlQuery(r, "to", "after", "timeout")
	if err != nil {
		return nil, err
	}
	after := time.Time{}
	if query.Get("after") != "" {
		after, err = time.Parse(time.RFC3339, query.Get("after"))
		if err != nil {
			return nil, errors.New("after must be the `at` of a message (RFC 3339)")
		}
	}
	timeout := usualWait
	if query.Get("timeout") != "" {
		timeout, err = parseSpan("timeout", query.Get("timeout"))
		if err != nil {
			return nil, err
		}
		if timeout > longestWait {
			return nil, errors.New("timeout must be at most ten minutes")
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	message, came := s.Wait(ctx, query.Get("to"), after)
	if !came {
		return nil, nil
	}
	return message, nil
}

func (s *Simulator) controlForget(r *http.Request) (any, error) {
	query, err := controlQuery(r, "id", "to")
	if err != nil {
		return nil, err
	}
	var id int64
	if query.Has("id") {
		id, err = strconv.ParseInt(query.Get("id"), 10, 64)
		if err != nil || id < 1 {
			return nil, errors.New("id must be that of a message")
		}
	}
	return map[string]int{"forgotten": s.Forget(id, query.Get("to"))}, nil
}
