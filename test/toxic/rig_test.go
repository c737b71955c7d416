// Package toxic puts a bad network between the service and what it talks to: toxiproxy
// before the Infobip simulator, and before DynamoDB Local. Whatever it does to a
// connection, a request ends with an answer of the contract before its deadline, nothing
// is sent twice, the state is known or marked as unknown, and once the network is well
// the same process works again.
package toxic

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2/toxics"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/rs/zerolog"

	"github.com/seed-a131a524/infobip-otp/internal/lockedbuffer"
	"github.com/seed-a131a524/infobip-otp/pkg/app"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/otp/otptest"
	"github.com/seed-a131a524/infobip-otp/pkg/telemetry"
	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// oversleep is how long this process did not run when it was to, in nanoseconds.
var oversleep atomic.Int64

const nap = 10 * time.Millisecond

// watch measures it.
func watch() {
	const usual = 5 * time.Millisecond
	for {
		began := time.Now()
		time.Sleep(nap)
		if late := time.Since(began) - nap; late > usual {
			oversleep.Add(int64(late))
		}
	}
}

func TestMain(m *testing.M) {
	go watch()
	flag.Parse()
	// These tests wait far more than they work.
	if err := flag.Set("test.parallel", "16"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	toxics.Register("lose_one", new(loseOne))
	toxics.Register("lose_kind", new(loseKind))
	toxics.Register("cut_last", new(cutLast))
	toxics.Register("gone", new(gone))
	zerolog.SetGlobalLevel(zerolog.Disabled) // some toxics log without being asked
	harness.Main(m)
}

const (
	number = "+14155552671"
	// deadline is a request's, shorter than a function's 20 s so that tests end soon. It
	// leaves the provider about 2.5 s and no room to ask it a second time.
	deadline = 5 * time.Second
)

// rig is the product but for its process, over a bad network.
type rig struct {
	clock     *otptest.Clock
	simulator *simulator.Simulator
	provider  *proxy
	database  *proxy
	app       *app.App
	calm      *app.App // the same, with nothing on its way and with more time
	logs      *lockedbuffer.Buffer
	// held, if set, keeps an answer of the provider's.
	held atomic.Pointer[held]

	// A way to the state that no toxic is on.
	client *dynamodb.Client
	table  string
}

// newRig makes one whose calls to DynamoDB have what they have in AWS: two attempts of a second.
func newRig(t *testing.T) *rig {
	t.Helper()
	return newRigWith(t, 0)
}

// newPatientRig makes one for what is not about those seconds, which a busy machine lets pass.
func newPatientRig(t *testing.T) *rig {
	t.Helper()
	return newRigWith(t, patience)
}

const patience = 20 * time.Second

func newRigWith(t *testing.T, attempt time.Duration) *rig {
	t.Helper()
	r := &rig{clock: otptest.NewClock(), logs: &lockedbuffer.Buffer{}}
	r.simulator = simulator.New(simulator.Options{Key: harness.SimulatorKey, Strict: true, Clock: r.clock})
	s := simulator.DefaultSettings()
	s.VerifySpacing = 0
	appID, messageID, err := r.simulator.Provision(s)
	if err != nil {
		t.Fatal(err)
	}
	api := httptest.NewServer(r.holding(r.simulator.API()))
	t.Cleanup(func() {
		r.simulator.Close()
		api.CloseClientConnections()
		api.Close()
	})
	endpoint := harness.DynamoDBLocal(t)
	r.table, r.client = harness.Table(t, endpoint), harness.DynamoDB(endpoint)
	r.provider, r.database = newProxy(t, api.URL), newProxy(t, endpoint)
	env := map[string]string{
		"INFOBIP_BASE_URL": r.provider.url(), "INFOBIP_API_KEY": harness.SimulatorKey,
		"INFOBIP_2FA_APP_ID": appID, "INFOBIP_2FA_MSG_ID": messageID,
		"TABLE_NAME": r.table, "AWS_ENDPOINT_URL_DYNAMODB": r.database.url(),
		"VERIFY_SPACING": "0s", "IP_SEND_LIMIT": "100/15m", "IP_VERIFY_LIMIT": "100/5m",
	}
	config, err := app.ReadConfig(func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	config.AWS.Attempt = attempt
	r.app, err = app.New(config, r.clock, telemetry.NewLogger(r.logs, "DEBUG"))
	if err != nil {
		t.Fatal(err)
	}
	config.AWS.Attempt, config.AWS.DynamoDB, config.Infobip.BaseURL = patience, endpoint, api.URL
	r.calm, err = app.New(config, r.clock, telemetry.NewLogger(r.logs, "DEBUG"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.nothingLeaked(t) })
	return r
}

// held is an answer that the provider keeps after it has done what it was asked.
type held struct {
	operation string // the end of its path
	asked     chan struct{}
	release   chan struct{}
}

// hold has the provider keep its answer to the next call of an operation until release is closed.
func (r *rig) hold(operation string) *held {
	h := &held{operation, make(chan struct{}), make(chan struct{})}
	r.held.Store(h)
	return h
}

func (r *rig) holding(provider http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		h := r.held.Load()
		if h == nil || !strings.HasSuffix(request.URL.Path, h.operation) || !r.held.CompareAndSwap(h, nil) {
			provider.ServeHTTP(w, request)
			return
		}
		answer := httptest.NewRecorder()
		provider.ServeHTTP(answer, request)
		close(h.asked)
		select {
		case <-h.release:
		case <-request.Context().Done():
		}
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	})
}

// nothingLeaked: errors of the network quote addresses and requests, and the log has to
// do without them.
func (r *rig) nothingLeaked(t *testing.T) {
	t.Helper()
	canaries := []string{strings.TrimPrefix(number, "+"), harness.SimulatorKey, idempotencyKey}
	for _, m := range r.simulator.Outbox("") {
		canaries = append(canaries, m.PINID)
	}
	printed := r.logs.String()
	for _, canary := range canaries {
		if strings.Contains(printed, canary) {
			t.Error("the log has a number, a pinId or a key in it")
		}
	}
}

// state returns what is kept about the number, which is the only one in the table.
func (r *rig) state(t *testing.T) otp.Ledger {
	t.Helper()
	ledger, _ := harness.OnlyLedger(t, r.client, r.table)
	return ledger
}

// failures counts all failures in a row, whosever they are.
func failures(l otp.Ledger) int {
	sum := 0
	for _, f := range l.Failures {
		sum += f.Count
	}
	return sum
}

// wantCharged checks what one client's deliveries were charged: to the number and to the
// client's share of it, and to the total.
func (r *rig) wantCharged(t *testing.T, sends, total int) {
	t.Helper()
	l := r.state(t)
	share := 0
	for _, s := range l.Senders {
		share += s.Sends
	}
	if l.Sends != sends || share != sends || l.Total != total {
		t.Errorf("charged are %d sends, %d of them to clients, and a total of %d; want %d, %d and %d", l.Sends, share, l.Total, sends, sends, total)
	}
}

func (r *rig) messages() int { return len(r.simulator.Outbox(number)) }

// calls is how often the provider was asked for something.
func (r *rig) calls(operation string) int { return len(r.simulator.Requests(operation)) }

func (r *rig) pin(t *testing.T) string {
	t.Helper()
	outbox := r.simulator.Outbox(number)
	if len(outbox) == 0 {
		t.Fatal("no message went out")
	}
	return outbox[len(outbox)-1].PIN
}

// otherPIN returns a PIN of the same form that is not this one.
func otherPIN(pin string) string {
	if pin[0] == '0' {
		return "1" + pin[1:]
	}
	return "0" + pin[1:]
}

// idempotencyKey is the key of the request that meets the trouble.
const idempotencyKey = "key-of-the-request-in-trouble"

// answer is what a client gets.
type answer struct {
	status     int
	code       string
	id         string
	retryAfter string
	took       time.Duration
}

func (a answer) String() string { return strings.TrimSpace(fmt.Sprintf("%d %s", a.status, a.code)) }

// post has the function that owns a route answer within a time. It may run in a
// goroutine.
func (r *rig) post(t *testing.T, within time.Duration, path, key string, body map[string]string) answer {
	t.Helper()
	return r.postTo(t, r.app, within, path, key, body)
}

func (r *rig) postTo(t *testing.T, to *app.App, within time.Duration, path, key string, body map[string]string) answer {
	t.Helper()
	event := harness.Event(t, "send")
	event.RawPath, event.RequestContext.HTTP.Path = path, path
	event.Body = string(harness.JSON(t, body))
	if key != "" {
		event.Headers["idempotency-key"] = key
	}
	handler := to.Send
	if path == "/verify-otp" {
		handler = to.Verify
	}
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	started, before := time.Now(), oversleep.Load()
	response, err := handler.Handle(ctx, event)
	a := answer{status: response.StatusCode, retryAfter: response.Headers["Retry-After"], took: time.Since(started)}
	var members struct {
		Code           string `json:"code"`
		VerificationID string `json:"verificationId"`
	}
	if err == nil {
		err = json.Unmarshal([]byte(response.Body), &members)
	}
	if err != nil {
		t.Errorf("%s has no proper answer: %v", path, err)
	}
	a.code, a.id = members.Code, members.VerificationID
	if a.took >= within {
		// A machine that lets nobody run lets nobody answer.
		time.Sleep(10 * nap) // the watch may be the last to wake up
		if stood := time.Duration(oversleep.Load() - before); a.took >= within+stood {
			t.Errorf("%s was answered after %v, and had %v (the machine stood for %v)", path, a.took, within, stood)
		}
	}
	mustWait := a.status == 409 || a.status == 429 || a.status == 503 || a.code == "send_unconfirmed"
	if mustWait && a.retryAfter == "" {
		t.Errorf("%s: %s has no Retry-After", path, a)
	}
	return a
}

func (r *rig) send(t *testing.T, within time.Duration, key string) answer {
	t.Helper()
	return r.post(t, within, "/send-otp", key, map[string]string{"phoneNumber": number})
}

func (r *rig) resend(t *testing.T, within time.Duration, id, key string) answer {
	t.Helper()
	return r.post(t, within, "/resend-otp", key, map[string]string{"phoneNumber": number, "verificationId": id})
}

func (r *rig) verify(t *testing.T, within time.Duration, pin, key string) answer {
	t.Helper()
	return r.post(t, within, "/verify-otp", key, map[string]string{"phoneNumber": number, "pin": pin})
}

// wants compares an answer with "200" or "500 send_unconfirmed".
func (a answer) wants(t *testing.T, what, want string) answer {
	t.Helper()
	if a.String() != want {
		t.Errorf("%s = %s, want %s", what, a, want)
	}
	return a
}

// functionTimeout is what a request has in AWS.
const functionTimeout = app.FunctionTimeout

// sent returns a rig whose number has a code, with the cooldown over.
func (r *rig) sent(t *testing.T) string {
	t.Helper()
	id := r.postTo(t, r.calm, functionTimeout, "/send-otp", "", map[string]string{"phoneNumber": number}).wants(t, "the send before", "200").id
	r.clock.Advance(31 * time.Second)
	return id
}

// well wants the same process to work once the network does: a new code, verified once.
func (r *rig) well(t *testing.T) {
	t.Helper()
	messages := r.messages()
	// whole asks again where the table has not answered in its two seconds, which a busy machine makes of it too.
	whole := func(ask func() answer) answer {
		const tries = 3 // within the life of a code
		var a answer
		for range tries {
			r.clock.Advance(2 * time.Minute) // past the cooldown
			if a = ask(); a.code != "unavailable" {
				break
			}
		}
		return a
	}
	whole(func() answer { return r.send(t, functionTimeout, "") }).wants(t, "a send when all is well again", "200")
	if got := r.messages(); got != messages+1 {
		t.Errorf("it made %d messages, want 1", got-messages)
	}
	pin := r.pin(t)
	whole(func() answer { return r.verify(t, functionTimeout, pin, "") }).wants(t, "a verify when all is well again", "200")
	whole(func() answer { return r.verify(t, functionTimeout, pin, "") }).wants(t, "the same verify once more", "401 invalid_or_expired")
}
