package simulator_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

func TestWaitTakesWhatIsThere(t *testing.T) {
	r := newRig(t, simulator.Options{})
	first, other, second := r.sent(number), r.sent(otherNumber), r.sent(number)
	for _, c := range []struct {
		name, query string
		want        int64
	}{
		{"anybody's newest", "", second.ID},
		{"anybody's newest, asked with empty parameters", "?to=&after=&timeout=", second.ID},
		{"the newest to a number", "?to=" + otherNumber, other.ID},
		{"the next after one", "?after=" + url.QueryEscape(first.At.Format(time.RFC3339Nano)), other.ID},
		{"the next to a number after one", "?to=" + number + "&after=" + url.QueryEscape(first.At.Format(time.RFC3339Nano)), second.ID},
		{"the first after the past", "?after=2020-01-01T00:00:00Z", first.ID},
	} {
		r.control("GET", "/outbox/wait"+c.query, "").want(200, map[string]any{"id": float64(c.want)})
	}
	got := r.control("GET", "/outbox/wait?timeout=1ms&after="+url.QueryEscape(second.At.Format(time.RFC3339Nano)), "")
	if got.status != 204 || len(got.body) != 0 {
		t.Errorf("with nothing new: %d %s, want 204 and no body", got.status, got.body)
	}
	if !first.At.Before(other.At) || !other.At.Before(second.At) {
		t.Errorf("under a standing clock messages came at %v, %v, %v: want each later", first.At, other.At, second.At)
	}
}

// TestWaitAnswersWhenAMessageComes: on the wire, with the waiters there before it.
func TestWaitAnswersWhenAMessageComes(t *testing.T) {
	r := newRig(t, simulator.Options{})
	before := r.sent(number)
	const waiters = 20
	got := make(chan reply, waiters)
	var ready sync.WaitGroup
	for range waiters {
		ready.Add(1)
		go func() {
			ready.Done()
			query := "?timeout=1m&to=" + number + "&after=" + url.QueryEscape(before.At.Format(time.RFC3339Nano))
			answer, err := r.exchange("GET", r.controlURL+"/outbox/wait"+query, "", http.Header{})
			if err != nil {
				t.Error(err)
			}
			got <- answer
		}()
	}
	ready.Wait()
	r.sent(otherNumber) // wakes them for nothing
	message := r.sent(number)
	for range waiters {
		(<-got).want(200, map[string]any{"pin": message.PIN, "to": number})
	}
}

func TestWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := simulator.New(simulator.Options{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		if _, came := s.Wait(ctx, "", time.Time{}); came || time.Since(began) != time.Minute {
			t.Errorf("came %t after %v, want none after a minute", came, time.Since(began))
		}
		time.AfterFunc(time.Second, s.Close)
		began = time.Now()
		if _, came := s.Wait(t.Context(), "", time.Time{}); came || time.Since(began) != time.Second {
			t.Errorf("came %t after %v, want none when the simulator ends", came, time.Since(began))
		}
	})
}

func TestForget(t *testing.T) {
	r := newRig(t, simulator.Options{})
	first, other, second, third := r.sent(number), r.sent(otherNumber), r.sent(number), r.sent(number)
	for _, c := range []struct {
		query     string
		forgotten float64
		left      []int64
	}{
		{fmt.Sprintf("?id=%d", second.ID), 1, []int64{first.ID, other.ID, third.ID}},
		{fmt.Sprintf("?id=%d", second.ID), 0, []int64{first.ID, other.ID, third.ID}},
		{fmt.Sprintf("?id=%d&to=%s", first.ID, otherNumber), 0, []int64{first.ID, other.ID, third.ID}},
		{"?to=+" + number, 2, []int64{other.ID}},
		{"?to=nobody", 0, []int64{other.ID}},
		{"", 1, []int64{}},
	} {
		r.control("DELETE", "/outbox"+c.query, "").want(200, map[string]any{"forgotten": c.forgotten})
		left := []int64{}
		for _, message := range r.Outbox("") {
			left = append(left, message.ID)
		}
		if !slices.Equal(left, c.left) {
			t.Errorf("after %q there are %v, want %v", c.query, left, c.left)
		}
	}
	if again := r.sent(otherNumber); again.ID != third.ID+1 {
		t.Errorf("the next message has id %d, want %d", again.ID, third.ID+1)
	}
	r.verify(first.PINID, first.PIN).want(200, map[string]any{"verified": true}) // a phone forgets no PIN
}

func TestDeliveredIsTold(t *testing.T) {
	var told []simulator.Message
	r := newRig(t, simulator.Options{Delivered: func(m simulator.Message) { told = append(told, m) }})
	r.fault(`{"smsStatus":"MESSAGE_NOT_SENT"}`)
	r.send(number).want(200, nil)
	r.sent(number)
	r.sent(otherNumber)
	if want := r.Outbox(""); !slices.Equal(told, want) {
		t.Errorf("told %+v, want %+v", told, want)
	}
}
