package linear

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
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

func (p *truthful) Send(context.Context, recipient.Recipient, otp.Channel) (string, error) {
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
}

type serviceOutput struct{ ok, refused bool } // neither: not known

// serviceModel is one code: not sent, sent, or used.
var serviceModel = porcupine.NondeterministicModel{
	Init: func() []any { return []any{"none"} },
	Step: func(state, in, out any) []any {
		current, input, output := state.(string), in.(serviceInput), out.(serviceOutput)
		unknown := !output.ok && !output.refused
		switch {
		case !input.verify && current == "none":
			return []any{"sent"}
		case !input.verify:
			return []any{current} // a repeat under the key
		case unknown && input.right && current == "sent":
			return []any{"sent", "used"}
		case unknown:
			return []any{current}
		case output.ok && input.right && current == "sent":
			return []any{"used"}
		case output.refused && (!input.right || current != "sent"):
			return []any{current}
		}
		return nil
	},
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
	successes, lostAnswers := 0, &lossy{oneIn: 40}
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
				return serviceOutput{ok: err == nil}, err == nil
			})
			return id
		}
		id := send(0)
		if id == "" {
			continue // its answer was lost: nothing to verify
		}
		var won atomic.Int64
		var group sync.WaitGroup
		for c := range clients {
			group.Go(func() {
				for step := range steps {
					input := serviceInput{verify: true, right: (c+step)%2 == 0}
					h.record(c, input, func() (any, bool) {
						output := verify(t, service, key, number, id, input.right)
						if output.ok {
							won.Add(1)
						}
						return output, output.ok || output.refused
					})
				}
				send(c)
			})
		}
		group.Wait()
		successes += int(won.Load())
		if won.Load() > 1 || provider.sends.Load() != 1 {
			t.Fatalf("%d successes and %d messages for one code under one key", won.Load(), provider.sends.Load())
		}
		h.check(t, serviceModel.ToModel())
	}
	t.Logf("%d successes in %d rounds, %d answers lost", successes, rounds, lostAnswers.lost.Load())
	if successes == 0 {
		t.Error("no code was ever verified")
	}
}

func verify(t *testing.T, service *otp.Service, key pseudonym.Key, number recipient.Recipient, id string, right bool) serviceOutput {
	t.Helper()
	pin := wrongPIN
	if right {
		pin = rightPIN
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err := service.Verify(ctx, otp.VerifyRequest{
		Caller: otp.Caller{Keyrings: []otp.Keyring{key}}, To: number, PIN: pin, VerificationID: id,
	})
	failure, ok := errors.AsType[*otp.Error](err)
	return serviceOutput{ok: err == nil, refused: ok && failure.Reason == otp.InvalidOrExpired}
}
