package toxic

import (
	"errors"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// effect is what a trouble leaves of a call to the provider.
type effect int

const (
	unharmed    effect = iota // the answer arrives
	answerLost                // it takes effect, and the answer is lost
	requestLost               // it takes no effect, and the client cannot know
	late                      // it takes effect after the client has given up
	refused                   // there is no connection, and the client knows
)

// providerTroubles is what can happen to a call to the provider.
var providerTroubles = []struct {
	trouble
	effect effect
}{
	{trouble{name: "latency with jitter", toxics: []string{`{"type":"latency","attributes":{"latency":200,"jitter":150}}`}}, unharmed},
	{trouble{name: "a slow connection", toxics: []string{`{"type":"bandwidth","attributes":{"rate":1}}`}}, unharmed},
	{trouble{name: "an answer in small pieces", toxics: []string{`{"type":"slicer","attributes":{"average_size":16,"size_variation":8,"delay":2000}}`}}, unharmed},
	{trouble{name: "a slow close", toxics: []string{`{"type":"slow_close","attributes":{"delay":60000}}`}}, unharmed},
	{trouble{name: "an answer that takes a minute", toxics: []string{`{"type":"latency","attributes":{"latency":60000}}`}}, answerLost},
	{trouble{name: "a black hole for answers", toxics: []string{`{"type":"timeout","attributes":{"timeout":0}}`}}, answerLost},
	{trouble{name: "a reset in place of an answer", toxics: []string{`{"type":"reset_peer","attributes":{"timeout":0}}`}}, answerLost},
	{trouble{name: "a reset after a while", toxics: []string{`{"type":"reset_peer","attributes":{"timeout":300}}`}}, answerLost},
	{trouble{name: "an answer cut at once", toxics: []string{`{"type":"limit_data","attributes":{"bytes":0}}`}}, answerLost},
	{trouble{name: "an answer cut in its first line", toxics: []string{`{"type":"limit_data","attributes":{"bytes":12}}`}}, answerLost},
	{trouble{name: "an answer cut in its headers", toxics: []string{`{"type":"limit_data","attributes":{"bytes":60}}`}}, answerLost},
	{trouble{name: "an answer without its last byte", toxics: []string{`{"type":"cut_last"}`}}, answerLost},
	{trouble{name: "an answer without its last byte, and no end", toxics: []string{
		`{"type":"cut_last"}`, `{"type":"slow_close","attributes":{"delay":60000}}`,
	}}, answerLost},
	{trouble{name: "a black hole for requests", toxics: []string{`{"type":"timeout","stream":"upstream","attributes":{"timeout":0}}`}}, requestLost},
	{trouble{name: "a reset in place of the request", toxics: []string{`{"type":"reset_peer","stream":"upstream","attributes":{"timeout":0}}`}}, requestLost},
	{trouble{name: "a request cut in its headers", toxics: []string{`{"type":"limit_data","stream":"upstream","attributes":{"bytes":100}}`}}, requestLost},
	{trouble{name: "a request without its last byte", toxics: []string{`{"type":"cut_last","stream":"upstream"}`}}, requestLost},
	{trouble{name: "a request that arrives when nobody waits", toxics: []string{`{"type":"latency","stream":"upstream","attributes":{"latency":3500}}`}}, late},
	{trouble{name: "nobody listens", down: true}, refused},
}

// A connection to the provider is open before the trouble comes, or it is not.
const (
	newConnection  = "new connection"
	openConnection = "open connection"
)

// eachProviderTrouble runs a test for each trouble, on each kind of connection that there
// can be. A send dials, whatever is open.
func eachProviderTrouble(t *testing.T, connections []string, test func(*testing.T, *rig, trouble, effect)) {
	t.Helper()
	for _, x := range providerTroubles {
		for _, connection := range connections {
			t.Run(x.name+", "+connection, func(t *testing.T) {
				t.Parallel()
				r := newPatientRig(t)
				if connection == openConnection {
					r.app.Warm(t.Context())
				}
				test(t, r, x.trouble, x.effect)
			})
		}
	}
}

func TestSendOverABadNetwork(t *testing.T) {
	eachProviderTrouble(t, []string{newConnection}, func(t *testing.T, r *rig, x trouble, e effect) {
		r.provider.add(t, x)
		first := r.send(t, deadline, idempotencyKey)
		r.provider.clear(t)
		r.checkDelivery(t, e, first, 0, func() answer { return r.send(t, functionTimeout, idempotencyKey) })
		r.well(t)
	})
}

func TestResendOverABadNetwork(t *testing.T) {
	eachProviderTrouble(t, []string{newConnection}, func(t *testing.T, r *rig, x trouble, e effect) {
		id := r.sent(t)
		r.provider.add(t, x)
		first := r.resend(t, deadline, id, idempotencyKey)
		r.provider.clear(t)
		r.checkDelivery(t, e, first, 1, func() answer { return r.resend(t, functionTimeout, id, idempotencyKey) })
		// Whatever became of the resend, the code lives, and it is the same one.
		r.verify(t, functionTimeout, r.simulator.Outbox(number)[0].PIN, "").wants(t, "verify", "200")
	})
}

// The connection that the warm-up or a verify has left is dead, and nobody knows: the
// process was frozen between two requests. What must not happen twice does not go there. A
// verify does, and is asked again on another one.
func TestOpenConnectionsWhosePeerIsGone(t *testing.T) {
	for _, route := range []string{"send", "resend", "verify"} {
		t.Run(route, func(t *testing.T) {
			t.Parallel()
			r := newPatientRig(t)
			id := r.sent(t)
			pin := r.pin(t)
			r.app.Warm(t.Context())
			swallowed := r.provider.freeze(t)
			lost := int64(0)
			switch route {
			case "send":
				r.send(t, deadline, "").wants(t, "the send", "200")
			case "resend":
				r.resend(t, deadline, id, "").wants(t, "the resend", "200")
			case "verify":
				r.verify(t, functionTimeout, pin, "").wants(t, "the verify", "200")
				lost = 1
			}
			if got := swallowed.Load(); got != lost {
				t.Errorf("%d messages went to a peer that is gone, want %d", got, lost)
			}
			r.well(t)
		})
	}
}

// checkDelivery looks at a send or resend that met trouble: at the answer, the messages,
// the state, and what a repeat under the same key gets. Before is how many messages there
// were already.
func (r *rig) checkDelivery(t *testing.T, e effect, first answer, before int, repeat func() answer) {
	t.Helper()
	// What nobody knows of stays in the total, and is given back to the person.
	type outcome struct {
		answer   string
		progress otp.Progress
		sends    int
		total    int
		messages int
	}
	want := map[effect]outcome{
		unharmed:    {"200", otp.Sent, 1, 1, 1},
		answerLost:  {"500 send_unconfirmed", otp.Unconfirmed, 0, 1, 1},
		requestLost: {"500 send_unconfirmed", otp.Unconfirmed, 0, 1, 0},
		late:        {"500 send_unconfirmed", otp.Unconfirmed, 0, 1, 1},
		refused:     {"500 send_failed", otp.NotDelivered, 0, 0, 0},
	}[e]
	first.wants(t, "the request in trouble", want.answer)
	if e == late {
		harness.Eventually(t, time.Minute, func() error {
			if r.messages() == before {
				return errors.New("the late request has not arrived")
			}
			return nil
		})
	}
	again := repeat().wants(t, "the same request again", want.answer)
	if again.id != first.id {
		t.Error("the repeat got another verification id")
	}
	if got := r.messages() - before; got != want.messages {
		t.Errorf("messages = %d, want %d", got, want.messages)
	}
	state := r.state(t)
	if len(state.Verifications) != 1 {
		t.Fatalf("verifications = %d, want 1", len(state.Verifications))
	}
	last := state.Verifications[0].Delivery
	if resends := state.Verifications[0].Resends; len(resends) > 0 {
		last = resends[len(resends)-1]
	}
	if last.Progress != want.progress {
		t.Errorf("the delivery is %s, want %s", last.Progress, want.progress)
	}
	r.wantCharged(t, before+want.sends, before+want.total)
	if unconfirmed := want.total - want.sends; state.Unconfirmed != unconfirmed {
		t.Errorf("%d deliveries count as unconfirmed, want %d", state.Unconfirmed, unconfirmed)
	}
	r.send(t, functionTimeout, "another-key").wants(t, "another send at once", "429 too_soon")
}

func TestVerifyOverABadNetwork(t *testing.T) {
	eachProviderTrouble(t, []string{newConnection, openConnection}, func(t *testing.T, r *rig, x trouble, e effect) {
		r.sent(t)
		pin := r.pin(t)
		r.provider.add(t, x)
		first := r.verify(t, deadline, pin, idempotencyKey)
		r.provider.clear(t)
		type outcome struct {
			answer   string
			state    otp.State
			attempts int // of a code that has not ended
		}
		lost := outcome{"500 verify_failed", otp.StateActive, 1}
		want := map[effect]outcome{
			unharmed:   {"200", otp.StateVerified, 0},
			answerLost: lost, requestLost: lost, late: lost,
			refused: {"500 verify_failed", otp.StateActive, 0},
		}[e]
		first.wants(t, "the verify in trouble", want.answer)
		state := r.state(t)
		if v := state.Verifications[0]; v.State != want.state || v.Attempts != want.attempts || failures(state) != want.attempts {
			t.Errorf("the code is %s with %d attempts and %d failures charged, want %s and %d of each", v.State, v.Attempts, failures(state), want.state, want.attempts)
		}
		// Whoever was told "verified" is told so again under the same key. For everybody else the
		// key is free again, and the right PIN is taken now, once.
		r.verify(t, functionTimeout, pin, idempotencyKey).wants(t, "the same verify at once", "200")
		r.verify(t, functionTimeout, pin, "").wants(t, "the same PIN without the key", "401 invalid_or_expired")
		if got := r.messages(); got != 1 {
			t.Errorf("messages = %d, want 1", got)
		}
		r.well(t)
	})
}

// One lost message: a verify is asked again, once, under the same attempt; a send never.
func TestOneLostMessageAtTheProvider(t *testing.T) {
	for _, stream := range []string{"upstream", "downstream"} {
		lose := trouble{toxics: []string{`{"type":"lose_one","stream":"` + stream + `","attributes":{"nth":1}}`}}
		t.Run("verify "+stream, func(t *testing.T) {
			t.Parallel()
			r := newPatientRig(t)
			r.sent(t)
			r.provider.add(t, lose)
			r.verify(t, functionTimeout, otherPIN(r.pin(t)), "").wants(t, "the verify", "401 invalid_or_expired")
			if l := r.state(t); l.Verifications[0].Attempts != 1 || failures(l) != 1 {
				t.Errorf("%d attempts and %d failures are charged, want 1 of each", l.Verifications[0].Attempts, failures(l))
			}
			calls := map[string]int{"upstream": 1, "downstream": 2}[stream]
			if got := r.calls("verify"); got != calls {
				t.Errorf("verifies that reached the provider = %d, want %d", got, calls)
			}
			r.verify(t, functionTimeout, r.pin(t), "").wants(t, "the right PIN", "200")
		})
		t.Run("send "+stream, func(t *testing.T) {
			t.Parallel()
			r := newPatientRig(t)
			r.provider.add(t, lose)
			r.send(t, functionTimeout, idempotencyKey).wants(t, "the send", "500 send_unconfirmed")
			r.send(t, functionTimeout, idempotencyKey).wants(t, "the send again", "500 send_unconfirmed")
			r.wantCharged(t, 0, 1)
			calls := map[string]int{"upstream": 0, "downstream": 1}[stream]
			if got := r.calls("send"); got != calls {
				t.Errorf("sends that reached the provider = %d, want %d", got, calls)
			}
			r.provider.clear(t)
			r.well(t)
		})
	}
}
