// Package linear shows with porcupine that the store, and the service above it, behave
// under parallel requests as if these came one after another, on the real DynamoDB
// Local and with answers that get lost.
package linear

import (
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// lossy loses every nth answer or so, after its request took effect.
type lossy struct {
	oneIn int
	lost  atomic.Int64
}

var errLost = errors.New("the answer got lost")

func (l *lossy) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || rand.IntN(l.oneIn) > 0 {
		return response, err
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	l.lost.Add(1)
	return nil, errLost
}

// client repeats a call once, as the functions' does.
func client(endpoint string, transport http.RoundTripper) *dynamodb.Client {
	const attempts = 2
	return dynamodb.New(harness.DynamoDB(endpoint).Options(), func(o *dynamodb.Options) {
		o.HTTPClient = &http.Client{Transport: transport}
		o.RetryMaxAttempts = attempts
	})
}

// history is what the clients saw.
type history struct {
	mu         sync.Mutex
	began      time.Time
	operations []porcupine.Operation
}

// record runs one operation. One whose outcome is not known may take effect at any
// later time, so it is still under way when the history ends.
func (h *history) record(client int, input any, run func() (output any, known bool)) {
	call := time.Since(h.began).Nanoseconds()
	output, known := run()
	back := time.Since(h.began).Nanoseconds()
	if !known {
		back = time.Hour.Nanoseconds()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.operations = append(h.operations, porcupine.Operation{
		ClientId: client, Input: input, Call: call, Output: output, Return: back,
	})
}

func (h *history) check(t *testing.T, model porcupine.Model) {
	t.Helper()
	const patience = time.Minute
	if result := porcupine.CheckOperationsTimeout(model, h.operations, patience); result != porcupine.Ok {
		t.Fatalf("a history of %d operations is not linearizable: %s", len(h.operations), result)
	}
}

func TestMain(m *testing.M) { harness.Main(m) }
