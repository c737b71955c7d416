package infobip

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

const spacing = 3 * time.Second

// timed makes a client in a bubble whose calls go through the given steps, and
// notes when each began and how long it was allowed to take.
type timed struct {
	client *Client
	start  time.Time
	began  []time.Duration
	limit  []time.Duration
}

func newTimed(t *testing.T, steps ...roundTrip) *timed {
	t.Helper()
	timed := &timed{start: time.Now()}
	config := testConfig("https://example.com")
	config.VerifyRetryAfter = spacing
	config.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
		deadline, _ := r.Context().Deadline()
		timed.began = append(timed.began, time.Since(timed.start))
		timed.limit = append(timed.limit, time.Until(deadline))
		if len(timed.began) > len(steps) {
			t.Fatalf("call %d was not expected", len(timed.began))
		}
		return steps[len(timed.began)-1](r)
	})
	timed.client = newClient(t, config)
	return timed
}

func step(status int, body string) roundTrip {
	return func(*http.Request) (*http.Response, error) { return answer(status, body), nil }
}

func within(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

func (c *timed) verify(ctx context.Context) (otp.Verdict, error) {
	return c.client.Verify(ctx, testPinID, testRecipient, testPIN)
}

func TestVerifyWaitsBeforeItAsksAgain(t *testing.T) {
	jitters := map[time.Duration]bool{}
	for name, test := range map[string]struct {
		first roundTrip
		after time.Duration // the first call's end
	}{
		"5xx":     {step(500, ``), 0},
		"timeout": {never, callTimeout},
		"cut":     {func(*http.Request) (*http.Response, error) { return nil, errors.New("cut") }, 0},
	} {
		for range 20 {
			synctest.Test(t, func(t *testing.T) {
				c := newTimed(t, test.first, step(200, verified))
				verdict, err := c.verify(within(t, 20*time.Second))
				if err != nil || verdict != otp.Verified {
					t.Fatalf("%s: got %v, %v, want verified", name, verdict, err)
				}
				jitter := c.began[1] - test.after - spacing
				if jitter < 0 || jitter >= verifyJitter {
					t.Errorf("%s: asked again %v after the first call's end", name, c.began[1]-test.after)
				}
				jitters[jitter] = true
			})
		}
	}
	if len(jitters) < 10 {
		t.Errorf("%d different jitters in 60 repeats", len(jitters))
	}
}

func TestVerifyAsksAtMostTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTimed(t, never, never) // a third call fails the test
		_, err := c.verify(t.Context())
		if got := effectOf(t, err); got != otp.Unknown || len(c.began) != 2 {
			t.Errorf("got %v after %d calls, want unknown after 2", got, len(c.began))
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v is no deadline exceeded", err)
		}
	})
}

// The repeat needs its wait, a whole call, and the reserve for the state.
func TestVerifyNeedsRoomToAskAgain(t *testing.T) {
	const enough = spacing + verifyJitter + callTimeout + stateReserve
	for _, test := range []struct {
		deadline time.Duration
		calls    int
	}{
		{enough, 2},
		{enough - verifyJitter - time.Millisecond, 1},
		{stateReserve + leastCall, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := newTimed(t, step(500, ``), step(500, ``))
			_, err := c.verify(within(t, test.deadline))
			if got := effectOf(t, err); got != otp.Unknown || len(c.began) != test.calls {
				t.Errorf("deadline %v: got %v after %d calls, want unknown after %d", test.deadline, got, len(c.began), test.calls)
			}
			if took := time.Since(c.start); test.calls == 1 && took != 0 {
				t.Errorf("deadline %v: waited %v for nothing", test.deadline, took)
			}
		})
	}
}

func TestVerifyHeedsRetryAfter(t *testing.T) {
	for _, test := range []struct {
		value string
		calls int
		wait  time.Duration
	}{
		{"1", 2, spacing},
		{"5", 2, 5 * time.Second},
		{"6", 1, 0},
		{"86400", 1, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			busy := func(*http.Request) (*http.Response, error) {
				res := answer(503, ``)
				res.Header.Set("Retry-After", test.value)
				return res, nil
			}
			c := newTimed(t, busy, step(200, verified))
			_, err := c.verify(t.Context())
			if (err == nil) != (test.calls == 2) || len(c.began) != test.calls {
				t.Errorf("Retry-After %s: %v after %d calls, want %d", test.value, err, len(c.began), test.calls)
			}
			if test.calls == 2 && (c.began[1] < test.wait || c.began[1] >= test.wait+verifyJitter) {
				t.Errorf("Retry-After %s: asked again after %v, want %v and a jitter", test.value, c.began[1], test.wait)
			}
		})
	}
}

func TestVerifyIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTimed(t, step(500, ``))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err := c.verify(ctx)
		if got := effectOf(t, err); got != otp.Unknown || time.Since(c.start) != time.Second {
			t.Errorf("got %v after %v, want unknown after 1s", got, time.Since(c.start))
		}
	})
}

// A call takes its 5 s, or what is left when the state's write has its share.
func TestCallsLeaveTimeForTheState(t *testing.T) {
	for _, test := range []struct{ deadline, limit time.Duration }{
		{0, callTimeout},
		{20 * time.Second, callTimeout},
		{callTimeout + stateReserve, callTimeout},
		{callTimeout + stateReserve - time.Second, callTimeout - time.Second},
		{stateReserve + leastCall, leastCall},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := newTimed(t, never)
			ctx := t.Context()
			if test.deadline != 0 {
				ctx = within(t, test.deadline)
			}
			_, err := c.client.Send(ctx, testRecipient, otp.SMS, otp.Message{})
			if got := effectOf(t, err); got != otp.Unknown {
				t.Errorf("deadline %v: got %v, want %v", test.deadline, got, otp.Unknown)
			}
			if c.limit[0] != test.limit || time.Since(c.start) != test.limit {
				t.Errorf("deadline %v: a limit of %v and %v taken, want %v", test.deadline, c.limit[0], time.Since(c.start), test.limit)
			}
		})
	}
}

func TestSendIsNotRepeatedAfterATimeout(t *testing.T) {
	for _, d := range deliveries {
		synctest.Test(t, func(t *testing.T) {
			c := newTimed(t, never) // a second call fails the test
			_, err := d.call(t.Context(), c.client)
			if got := effectOf(t, err); got != otp.Unknown {
				t.Errorf("%s: got %v, want %v", d.name, got, otp.Unknown)
			}
		})
	}
}
