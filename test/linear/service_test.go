package linear

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/phone"
	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
	"github.com/seed-a131a524/infobip-otp/pkg/store"
	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// truthful is a provider that knows one right PIN.
type truthful struct{ sends atomic.Int64 }

const rightPIN, wrongPIN = "246802", "135791"

func (p *truthful) Send(context.Context, recipient.Recipient, otp.Channel, otp.Message) (string, error) {
	return fmt.Sprint("handle-", p.sends.Add(1)), nil
}

func (p *truthful) Resend(_ context.Context, pinID string, _ otp.Channel) (string, error) {
	return pinID, nil
}

func (p *truthful) Verify(_ context.Context, _ string, _ recipient.Recipient, pin string) (otp.Verdict, error) {
	if pin == rightPIN {
		return otp.Verified, nil
	}
	return otp.Wrong, nil
}

type realTime struct{}

func (realTime) Now() time.Time { return time.Now() }

// serviceInput is a send under a key, or a verify of the code that it was answered with.
type serviceInput struct {
	verify bool
	right  bool
	key    string // of a verify; empty without one
}

// serviceOutput is how it ended; the zero value is not known.
type serviceOutput int

const (
	unknown serviceOutput = iota
	succeeded
	refused // of a verify: invalid or expired; of a send: its code is over
	running // the same request is under way: it had no effect
)

// The states of serviceModel's one code. Of one that is used stands behind it by which key.
const (
	none = "none"
	sent = "sent"
	used = "used by "
)

// serviceModel is one code: not sent, sent, or used.
var serviceModel = porcupine.NondeterministicModel{
	Init: func() []any { return []any{none} },
	Step: func(state, in, out any) []any {
		current, input, output := state.(string), in.(serviceInput), out.(serviceOutput)
		if input.verify {
			return afterVerify(current, input, output)
		}
		over := strings.HasPrefix(current, used)
		switch {
		case output == unknown && current == none:
			return []any{none, sent}
		case output == unknown, output == refused && over:
			return []any{current}
		case output == succeeded && !over: // the first, or a repeat under its key
			return []any{sent}
		}
		return nil
	},
}

func afterVerify(current string, input serviceInput, output serviceOutput) []any {
	succeeds := input.right && current == sent
	repeats := input.right && input.key != "" && current == used+input.key
	switch {
	case output == unknown && succeeds:
		return []any{sent, used + input.key}
	case output == unknown, output == running && input.key != "":
		return []any{current}
	case output == succeeded && succeeds:
		return []any{used + input.key}
	case output == succeeded && repeats, output == refused && !succeeds && !repeats:
		return []any{current}
	}
	return nil
}

func TestServiceIsLinearizable(t *testing.T) {
	endpoint := harness.DynamoDBLocal(t)
	parsed, err := phone.Parse("+14155552671")
	if err != nil {
		t.Fatal(err)
	}
	number := recipient.OfPhone(parsed)
	policy := otp.DefaultPolicy()
	policy.SendCooldown, policy.VerifySpacing = 0, 0
	policy.PINAttempts, policy.FailureLimit = 1000, 1000
	const rounds, clients, steps = 15, 5, 4
	successes, repeats, lostAnswers := 0, 0, &lossy{oneIn: 40}
	for range rounds {
		provider := &truthful{}
		service := &otp.Service{
			Store: store.NewDynamoDB(client(endpoint, lostAnswers), harness.Table(t, endpoint)), Provider: provider,
			Clock: realTime{}, Policy: policy,
		}
		secret := make([]byte, pseudonym.KeySize)
		_, _ = rand.Read(secret)
		key, err := pseudonym.NewKey("1", secret)
		if err != nil {
			t.Fatal(err)
		}
		h := &history{began: time.Now()}
		send := func(c int) string {
			var id string
			h.record(c, serviceInput{}, func() (any, bool) {
				receipt, err := service.Send(t.Context(), otp.SendRequest{
					Caller: otp.Caller{Keyrings: []otp.Keyring{key}, IdempotencyKey: "one"}, To: number, Channel: otp.SMS,
				})
				id = receipt.VerificationID
				output := outputOf(err, otp.KeyExpired)
				return output, output != unknown
			})
			return id
		}
		id := send(0)
		if id == "" {
			continue // its answer was lost: nothing to verify
		}
		var won, repeated atomic.Int64
		var group sync.WaitGroup
		for c := range clients {
			group.Go(func() {
				for step := range steps {
					input := serviceInput{verify: true, right: (c+step)%2 == 0}
					if c%2 == 0 {
						input.key = "shared"
					}
					h.record(c, input, func() (any, bool) {
						success, output := verify(t, service, key, number, id, input)
						switch {
						case success.Repeat:
							repeated.Add(1)
						case output == succeeded:
							won.Add(1)
						}
						return output, output != unknown
					})
				}
				send(c)
			})
		}
		group.Wait()
		successes += int(won.Load())
		repeats += int(repeated.Load())
		if won.Load() > 1 || provider.sends.Load() != 1 {
			t.Fatalf("%d successes and %d messages for one code under one key", won.Load(), provider.sends.Load())
		}
		h.check(t, serviceModel.ToModel())
	}
	t.Logf("%d successes and %d repeats of them in %d rounds, %d answers lost", successes, repeats, rounds, lostAnswers.lost.Load())
	if successes == 0 || repeats == 0 {
		t.Error("no code was ever verified, or no success repeated")
	}
}

func verify(t *testing.T, service *otp.Service, key pseudonym.Key, number recipient.Recipient, id string, input serviceInput) (otp.Success, serviceOutput) {
	t.Helper()
	pin := wrongPIN
	if input.right {
		pin = rightPIN
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	success, err := service.Verify(ctx, otp.VerifyRequest{
		Caller: otp.Caller{Keyrings: []otp.Keyring{key}, IdempotencyKey: input.key}, To: number, PIN: pin, VerificationID: id,
	})
	return success, outputOf(err, otp.InvalidOrExpired)
}

// outputOf reads a result; no is the reason of a refusal that the model knows.
func outputOf(err error, no otp.Reason) serviceOutput {
	failure, ok := errors.AsType[*otp.Error](err)
	switch {
	case err == nil:
		return succeeded
	case ok && failure.Reason == no:
		return refused
	case ok && failure.Reason == otp.KeyInUse:
		return running
	}
	return unknown
}
