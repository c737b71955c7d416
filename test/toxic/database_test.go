package toxic

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// databaseTroubles is what can happen on the way to DynamoDB. Each try of a call has a
// second, and there are two.
var databaseTroubles = []struct {
	trouble
	harmless bool
}{
	{trouble{name: "latency with jitter", toxics: []string{`{"type":"latency","attributes":{"latency":150,"jitter":100}}`}}, true},
	{trouble{name: "an answer in small pieces", toxics: []string{`{"type":"slicer","attributes":{"average_size":32,"size_variation":8,"delay":500}}`}}, true},
	{trouble{name: "a slow close", toxics: []string{`{"type":"slow_close","attributes":{"delay":60000}}`}}, true},
	{trouble{name: "an answer that takes too long", toxics: []string{`{"type":"latency","attributes":{"latency":1500}}`}}, false},
	{trouble{name: "a request that takes too long", toxics: []string{`{"type":"latency","stream":"upstream","attributes":{"latency":1500}}`}}, false},
	{trouble{name: "a black hole for answers", toxics: []string{`{"type":"timeout","attributes":{"timeout":0}}`}}, false},
	{trouble{name: "a black hole for requests", toxics: []string{`{"type":"timeout","stream":"upstream","attributes":{"timeout":0}}`}}, false},
	{trouble{name: "resets", toxics: []string{`{"type":"reset_peer","attributes":{"timeout":0}}`}}, false},
	{trouble{name: "answers cut in their headers", toxics: []string{`{"type":"limit_data","attributes":{"bytes":60}}`}}, false},
	{trouble{name: "answers without their last byte", toxics: []string{`{"type":"cut_last"}`}}, false},
	{trouble{name: "nobody listens", down: true}, false},
}

// Without its state the service does nothing at all: no message, no comparison.
func TestNoStateNoEffect(t *testing.T) {
	for _, x := range databaseTroubles {
		for _, route := range []string{"send", "resend", "verify"} {
			t.Run(route+", "+x.name, func(t *testing.T) {
				t.Parallel()
				r := newRig(t)
				id := r.sent(t)
				pin := r.pin(t)
				r.app.Warm(t.Context()) // the trouble meets connections that are open
				ask := func(within time.Duration) answer {
					switch route {
					case "send":
						return r.send(t, within, idempotencyKey)
					case "resend":
						return r.resend(t, within, id, idempotencyKey)
					}
					return r.verify(t, within, pin, idempotencyKey)
				}
				before := r.state(t)
				r.database.add(t, x.trouble)
				first := ask(deadline)
				r.database.clear(t)
				if x.harmless {
					first.wants(t, "the request in trouble", "200")
					r.well(t)
					return
				}
				first.wants(t, "the request in trouble", "503 unavailable")
				if r.calls("send") != 1 || r.calls("resend") != 0 || r.calls("verify") != 0 {
					t.Errorf("the provider was asked although there was no state: %d sends, %d resends, %d verifies",
						r.calls("send")-1, r.calls("resend"), r.calls("verify"))
				}
				after := r.state(t)
				r.wantCharged(t, before.Sends, before.Total)
				if after.Verifications[0].Attempts != 0 || len(after.Failures) != 0 || !after.NextSendAt.Equal(before.NextSendAt) {
					t.Errorf("charged: %d attempts, failures %v, a cooldown until %s; want nothing and %s",
						after.Verifications[0].Attempts, after.Failures, after.NextSendAt, before.NextSendAt)
				}
				ask(functionTimeout).wants(t, "the same request when all is well again", "200")
			})
		}
	}
}

// One kind of call alone gets no answer. None can be done without.
func TestNoEffectWithoutAnyOneCall(t *testing.T) {
	for _, call := range []string{"UpdateItem", "GetItem", "PutItem"} {
		lose := trouble{toxics: []string{`{"type":"lose_kind","stream":"upstream","attributes":{"word":"DynamoDB_20120810.` + call + `"}}`}}
		t.Run("send without "+call, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.database.add(t, lose)
			r.send(t, deadline, idempotencyKey).wants(t, "the send", "503 unavailable")
			if got := r.calls("send"); got != 0 {
				t.Errorf("sends that reached the provider = %d, want none", got)
			}
			r.database.clear(t)
			r.well(t)
		})
		t.Run("verify without "+call, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.sent(t)
			r.database.add(t, lose)
			r.verify(t, deadline, r.pin(t), "").wants(t, "the verify", "503 unavailable")
			if got := r.calls("verify"); got != 0 {
				t.Errorf("verifies that reached the provider = %d, want none", got)
			}
			r.database.clear(t)
			r.verify(t, functionTimeout, r.pin(t), "").wants(t, "the verify when all is well again", "200")
		})
	}
}

// The state goes away while the provider is being asked. If it comes back in time, the
// outcome is recorded and the client learns it. If not, the charge stands, nothing is
// repeated, and the client is told that nobody knows.
func TestStateLostWhileTheProviderIsAsked(t *testing.T) {
	for _, x := range databaseTroubles {
		if x.harmless {
			continue
		}
		for _, back := range []bool{true, false} {
			name := fmt.Sprintf("%s, back in time %t", x.name, back)
			// during runs a request with the trouble in its middle.
			during := func(t *testing.T, r *rig, operation string, ask func(time.Duration) answer) answer {
				t.Helper()
				within := deadline
				if back {
					within = functionTimeout
				}
				provider := r.hold(map[string]string{"send": "/pin", "verify": "/verify"}[operation])
				answered := make(chan answer, 1)
				go func() { answered <- ask(within) }()
				select {
				case <-provider.asked:
				case a := <-answered:
					t.Fatalf("answered %s before the provider was asked", a)
				}
				r.database.add(t, x.trouble)
				close(provider.release)
				if !back {
					a := <-answered
					r.database.clear(t)
					return a
				}
				time.Sleep(1200 * time.Millisecond)
				r.database.clear(t)
				return <-answered
			}
			t.Run("send, "+name, func(t *testing.T) {
				t.Parallel()
				r := newRig(t)
				a := during(t, r, "send", func(within time.Duration) answer { return r.send(t, within, idempotencyKey) })
				if back {
					a.wants(t, "the send", "200")
				} else {
					r.unrecorded(t, a)
				}
				if got := r.messages(); got != 1 {
					t.Errorf("messages = %d, want 1", got)
				}
				r.wantCharged(t, 1, 1)
				r.well(t)
			})
			t.Run("verify, "+name, func(t *testing.T) {
				t.Parallel()
				r := newRig(t)
				r.sent(t)
				pin := r.pin(t)
				a := during(t, r, "verify", func(within time.Duration) answer { return r.verify(t, within, pin, idempotencyKey) })
				if back {
					a.wants(t, "the verify", "200")
				} else if a.status != 200 { // a write whose answer was lost may have been made
					a.wants(t, "the verify", "503 unavailable")
				}
				l := r.state(t)
				v, charged := l.Verifications[0], 1
				if v.State == otp.StateVerified { // it has ended, and nothing is charged to it
					charged = 0
				}
				if v.Attempts != charged || failures(l) != charged || (a.status == 200) && charged > 0 {
					t.Errorf("answered %s, the code is %s with %d attempts and %d failures charged, want %d", a, v.State, v.Attempts, failures(l), charged)
				}
				again := r.verify(t, functionTimeout, pin, idempotencyKey)
				if charged > 0 && again.status == 409 { // nobody knows that the first run has ended
					r.clock.Advance(functionTimeout)
					again = r.verify(t, functionTimeout, pin, idempotencyKey)
				}
				again.wants(t, "the same verify again", "200")
				r.verify(t, functionTimeout, pin, "").wants(t, "the same PIN without the key", "401 invalid_or_expired")
				r.well(t)
			})
		}
	}
}

// unrecorded: the message is out and its handle lost, unless a write was made although
// its answer never came.
func (r *rig) unrecorded(t *testing.T, a answer) {
	t.Helper()
	a.wants(t, "the send", "500 send_unconfirmed")
	v := r.state(t).Verifications[0]
	if v.Progress == otp.Sent {
		r.send(t, functionTimeout, idempotencyKey).wants(t, "the send again", "200")
		return
	}
	r.send(t, functionTimeout, idempotencyKey).wants(t, "the send again at once", "409 idempotency_key_in_use")
	r.clock.Advance(functionTimeout + time.Second)
	r.send(t, functionTimeout, idempotencyKey).wants(t, "the send again after the function's timeout", "500 send_unconfirmed")
}

// noConflict: nobody else wrote, so a write that was made and made again must not look as
// if somebody had.
func (r *rig) noConflict(t *testing.T) {
	t.Helper()
	if strings.Contains(r.logs.String(), `"conflicts"`) {
		t.Error("the log tells of a conflict: our own write was not recognised")
	}
}

// One message to or from DynamoDB is lost, whichever it is: the SDK tries again, a write
// that was made already is recognised, and the client sees nothing of it.
func TestOneLostMessageAtTheDatabase(t *testing.T) {
	const callsOfARequest = 4
	for nth := 1; nth <= callsOfARequest; nth++ {
		for _, stream := range []string{"upstream", "downstream"} {
			lose := trouble{toxics: []string{fmt.Sprintf(`{"type":"lose_one","stream":%q,"attributes":{"nth":%d}}`, stream, nth)}}
			t.Run(fmt.Sprintf("send, %s %d", stream, nth), func(t *testing.T) {
				t.Parallel()
				r := newPatientRig(t)
				r.database.add(t, lose)
				r.send(t, functionTimeout, idempotencyKey).wants(t, "the send", "200")
				r.database.lostOne(t)
				r.noConflict(t)
				if got := r.messages(); got != 1 {
					t.Errorf("messages = %d, want 1", got)
				}
				r.wantCharged(t, 1, 1)
				r.verify(t, functionTimeout, r.pin(t), "").wants(t, "verify", "200")
			})
			t.Run(fmt.Sprintf("verify, %s %d", stream, nth), func(t *testing.T) {
				t.Parallel()
				r := newPatientRig(t)
				r.sent(t)
				pin := r.pin(t)
				r.database.add(t, lose)
				r.verify(t, functionTimeout, pin, "").wants(t, "the verify", "200")
				r.database.lostOne(t)
				r.noConflict(t)
				if l := r.state(t); l.Verifications[0].State != otp.StateVerified || failures(l) != 0 {
					t.Errorf("the code is %s with %d failures charged, want it verified and none", l.Verifications[0].State, failures(l))
				}
				r.verify(t, functionTimeout, pin, "").wants(t, "the same PIN again", "401 invalid_or_expired")
			})
			t.Run(fmt.Sprintf("wrong verify, %s %d", stream, nth), func(t *testing.T) {
				t.Parallel()
				r := newPatientRig(t)
				r.sent(t)
				pin := r.pin(t)
				r.database.add(t, lose)
				r.verify(t, functionTimeout, otherPIN(pin), "").wants(t, "the verify", "401 invalid_or_expired")
				r.database.lostOne(t)
				r.noConflict(t)
				if l := r.state(t); l.Verifications[0].Attempts != 1 || failures(l) != 1 {
					t.Errorf("%d attempts and %d failures are charged, want 1 of each", l.Verifications[0].Attempts, failures(l))
				}
				r.verify(t, functionTimeout, pin, "").wants(t, "the right PIN", "200")
			})
		}
	}
}
