package console

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestFeedTellsEveryListener(t *testing.T) {
	f := NewFeed()
	f.Publish(KindChange, "/nobody/listens")
	one, stopOne := f.Listen()
	other, stopOther := f.Listen()
	defer stopOther()
	f.Publish(KindChange, "/clock")
	stopOne()
	f.Publish(KindChange, "/faults")
	if got := drain(one); got != `change "/clock"` {
		t.Errorf("who stopped was told %s", got)
	}
	if got := drain(other); got != `change "/clock", change "/faults"` {
		t.Errorf("who listens was told %s", got)
	}
}

// drain returns what a channel holds now.
func drain(events <-chan Event) string {
	var got []string
	for {
		select {
		case event, open := <-events:
			if !open {
				return strings.Join(append(got, "closed"), ", ")
			}
			got = append(got, event.Kind+" "+string(event.Data))
		default:
			return strings.Join(got, ", ")
		}
	}
}

// TestFeedWaitsForNobody: a listener that does not read is dropped, and its stop is no trouble.
func TestFeedWaitsForNobody(t *testing.T) {
	f := NewFeed()
	slow, stop := f.Listen()
	for range behind + 1 {
		f.Publish(KindChange, "/clock")
	}
	f.Publish(KindChange, "/clock")
	stop()
	count := 0
	for range slow { // ends, because it is closed
		count++
	}
	if count != behind {
		t.Errorf("the slow listener got %d events, want %d and then the end", count, behind)
	}
}

func TestStreamIsServerSentEvents(t *testing.T) {
	f := NewFeed()
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f.stream(ctx, w, r) }))
	defer server.Close()
	response, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if got := response.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("content type %q", got)
	}
	f.Publish(KindMessage, map[string]string{"text": "one\ntwo</script>"})
	lines := bufio.NewScanner(response.Body)
	var got []string
	for len(got) < 5 && lines.Scan() {
		got = append(got, lines.Text())
	}
	want := []string{"retry: 1000", "", "event: message", `data: {"text":"one\ntwo\u003c/script\u003e"}`, ""}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("the stream says %q, want %q", got, want)
	}
	cancel() // the program ends
	if lines.Scan() {
		t.Errorf("after the end the stream says %q", lines.Text())
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.listeners) != 0 {
		t.Errorf("%d listeners are left", len(f.listeners))
	}
}

// TestStreamBeats: a client that has gone is noticed, since writing to it fails.
func TestStreamBeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*heartbeat+time.Second)
		defer cancel()
		recorder := httptest.NewRecorder()
		NewFeed().stream(ctx, recorder, httptest.NewRequestWithContext(t.Context(), "GET", "/events", nil))
		if got := recorder.Body.String(); got != "retry: 1000\n\n: alive\n\n: alive\n\n" {
			t.Errorf("the stream says %q", got)
		}
	})
}
