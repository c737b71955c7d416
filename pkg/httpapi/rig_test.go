package httpapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/seed-a131a524/infobip-otp/internal/lockedbuffer"
	"github.com/seed-a131a524/infobip-otp/pkg/catalog"
	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/guard/cells"
	"github.com/seed-a131a524/infobip-otp/pkg/guard/challenge"
	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/proof"
	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
	"github.com/seed-a131a524/infobip-otp/pkg/ratelimit"
	"github.com/seed-a131a524/infobip-otp/pkg/secrets"
	"github.com/seed-a131a524/infobip-otp/pkg/store"
	"github.com/seed-a131a524/infobip-otp/pkg/telemetry"
)

// Canaries: none of these may show in a log, whatever happens. Each is as unlike
// ordinary text as the real thing.
const (
	number     = "+14155552671"
	digits     = "14155552671"
	number2    = "+41781234567" // somebody else's
	mailbox    = "canary.person+tag@example.com"
	apiKey     = "ca9a41e5ca9a41e5ca9a41e5ca9a41e5-1b2c3d4e-5f60-4718-8293-a4b5c6d7e8f9"
	phoneKey   = "canary-phone-key-of-32-bytes-!!!"
	sourceIP   = "203.0.113.77"
	idempotent = "canary-idempotency-key-3f9a"
)

// setup is what a test may change before the rig is put together.
type setup struct {
	policy      otp.Policy
	sendLimit   rate.Rate
	verifyLimit rate.Rate
	form        httpapi.Form
	guard       guard.Rules
	cells       guard.Cells // in memory, if nil
	client      httpapi.ClientAddress
	sender      httpapi.Sender
	verifier    httpapi.Verifier
	proofs      httpapi.Proofs
	published   *proof.Published
	tests       otp.TestRecipients
	logLevel    string
	// texts of messages, by channel and language as a list has them; one that is empty is
	// in another application. Without any all go in one template.
	texts  map[string]string
	ending string
}

// rig is the product but for its process: the handlers over the memory store and the
// Infobip client, which talks to the simulator over pipes. In a synctest bubble its
// hours take no time.
type rig struct {
	tb      testing.TB
	clock   *simulator.MovableClock
	sim     *simulator.Simulator
	secret  *secretReader
	store   *faultyStore
	counter *faultyCounter
	logs    *lockedbuffer.Buffer

	send, verify, discovery *httpapi.Handler
}

func newRig(tb testing.TB, change ...func(*setup)) *rig {
	tb.Helper()
	s := setup{
		policy:      otp.DefaultPolicy(),
		sendLimit:   rate.Rate{Attempts: 5, Window: 15 * time.Minute},
		verifyLimit: rate.Rate{Attempts: 10, Window: 5 * time.Minute},
		form:        httpapi.Form{PINLength: 6},
		guard:       guard.Rules{Channels: otp.Channels()},
		logLevel:    "DEBUG",
	}
	for _, f := range change {
		f(&s)
	}
	key, err := pseudonym.NewKey("1", []byte(phoneKey))
	if err != nil {
		tb.Fatal(err)
	}
	clock := simulator.NewClock()
	r := &rig{
		tb:      tb,
		clock:   clock,
		sim:     simulator.New(simulator.Options{Key: apiKey, Strict: true, Clock: clock}),
		secret:  &secretReader{secret: secrets.New(apiKey, key)},
		store:   &faultyStore{Store: store.NewMemory(clock)},
		counter: &faultyCounter{Counter: ratelimit.NewMemory()},
		logs:    &lockedbuffer.Buffer{},
	}
	source := secrets.NewSource(r.secret, clock)
	if s.cells == nil {
		s.cells = cells.NewMemory(clock)
	}
	service := &otp.Service{Store: r.store, Guard: guard.New(s.guard, s.cells, challenge.Pass{}, clock), Tests: s.tests, Clock: clock, Policy: s.policy}
	service.Provider, service.Messages = r.provider(source, &s)
	if s.sender == nil {
		s.sender = service
	}
	if s.verifier == nil {
		s.verifier = service
	}
	logger := telemetry.NewLogger(r.logs, s.logLevel)
	edge := httpapi.Edge{Keys: source, Counter: r.counter, Clock: clock, Logger: logger, Client: s.client}
	r.send = httpapi.NewSend(edge, s.form, s.sendLimit, s.sender)
	r.verify = httpapi.NewVerify(edge, s.form, s.verifyLimit, s.verifier, s.proofs)
	r.discovery = httpapi.NewDiscovery(logger, s.published)
	for _, h := range []*httpapi.Handler{r.send, r.verify, r.discovery} {
		h.Emitting(telemetry.NewEmitter(metricsTarget))
	}
	return r
}

// provider connects the Infobip client with the simulator, and lists its messages.
func (r *rig) provider(keys infobip.KeySource, s *setup) (*infobip.Client, catalog.Catalog) {
	r.tb.Helper()
	settings := simulator.Settings{
		PINLength: s.form.PINLength, PINAttempts: 2 * s.policy.PINAttempts, PINTTL: s.policy.PINTTL,
		VerifySpacing: s.policy.VerifySpacing, NumberSendLimit: s.policy.TotalLimit,
	}
	appID, messageID, err := r.sim.Provision(settings)
	if err != nil {
		r.tb.Fatal(err)
	}
	emails, err := r.sim.ProvisionTemplates(appID, s.form.PINLength, []simulator.Template{{EmailTemplateID: 1, From: "codes@example.com"}})
	if err != nil {
		r.tb.Fatal(err)
	}
	messages := catalog.Catalog{List: catalog.List{{Channel: otp.Email, ID: emails[0]}}, Standard: true}
	for name, text := range s.texts {
		settings.ApplicationID, settings.MessageText = appID, text
		if text == "" {
			settings.ApplicationID = ""
		}
		_, id, err := r.sim.Provision(settings)
		if err != nil {
			r.tb.Fatal(err)
		}
		entry, err := catalog.Parse(name + "=" + id)
		if err != nil {
			r.tb.Fatal(err)
		}
		messages.List = append(messages.List, entry...)
	}
	var ending catalog.Ending
	if s.ending != "" {
		ending, err = catalog.ParseEnding(s.ending)
		if err != nil {
			r.tb.Fatal(err)
		}
	}
	pipes := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: r.sim.API(), ReadHeaderTimeout: time.Minute, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(pipes) })
	transport := &http.Transport{DialContext: pipes.dial}
	client, err := infobip.New(infobip.Config{
		BaseURL: "http://localhost", ApplicationID: appID, MessageID: messageID, Keys: keys,
		VerifyRetryAfter: s.policy.VerifySpacing, Transport: transport, Ending: ending,
	})
	if err != nil {
		r.tb.Fatal(err)
	}
	r.tb.Cleanup(func() {
		r.sim.Close()
		client.Close()
		_ = server.Close()
		serving.Wait()
	})
	return client, messages
}

// event is a request as API Gateway hands it over.
func event(method, path, body string) events.APIGatewayV2HTTPRequest {
	e := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: "$default", RawPath: path, Body: body,
		Headers: map[string]string{"content-type": "application/json"},
	}
	e.RequestContext.RequestID = "request-1"
	e.RequestContext.Stage = "$default"
	e.RequestContext.HTTP.Method = method
	e.RequestContext.HTTP.Path = path
	e.RequestContext.HTTP.SourceIP = sourceIP
	return e
}

type change func(*events.APIGatewayV2HTTPRequest)

func withHeader(name, value string) change {
	return func(e *events.APIGatewayV2HTTPRequest) { e.Headers[name] = value }
}

func withoutHeader(name string) change {
	return func(e *events.APIGatewayV2HTTPRequest) { delete(e.Headers, name) }
}

func from(ip string) change {
	return func(e *events.APIGatewayV2HTTPRequest) { e.RequestContext.HTTP.SourceIP = ip }
}

// response is an answer, taken apart.
type response struct {
	events.APIGatewayV2HTTPResponse
	Message, VerificationID, ExpiresAt, ResendAt, Error, Code, State string
	ExpiresIn, ResendIn, RetryAfter, AttemptsRemaining               *int
}

// post sends a JSON body to a route.
func (r *rig) post(path, body string, changes ...change) response {
	r.tb.Helper()
	e := event(http.MethodPost, path, body)
	for _, f := range changes {
		f(&e)
	}
	return r.do(e)
}

// functionTimeout is the time that Lambda gives a request.
const functionTimeout = 20 * time.Second

// answerTime is what has to be left of it at the end: at the deadline Lambda kills the
// function, and the line and the answer with it.
const answerTime = 100 * time.Millisecond

// do has the function that owns the path answer, and checks what is true of every
// answer.
func (r *rig) do(e events.APIGatewayV2HTTPRequest) response {
	r.tb.Helper()
	handler := r.discovery
	if e.RequestContext.HTTP.Method == http.MethodPost {
		switch e.RawPath {
		case httpapi.RouteSend, httpapi.RouteResend:
			handler = r.send
		case httpapi.RouteVerify:
			handler = r.verify
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), functionTimeout)
	defer cancel()
	started := time.Now()
	answer, err := handler.Handle(ctx, e)
	if err != nil {
		r.tb.Fatalf("%s: Handle gave an error: %v", e.RawPath, err)
	}
	if took := time.Since(started); took > functionTimeout-answerTime {
		r.tb.Errorf("%s took %s, which leaves no time to log and answer", e.RawPath, took)
	}
	return r.parse(answer)
}

func (r *rig) parse(answer events.APIGatewayV2HTTPResponse) response {
	r.tb.Helper()
	parsed := response{APIGatewayV2HTTPResponse: answer}
	if answer.Headers["Content-Type"] == "application/json" && answer.Body != "" {
		if err := json.Unmarshal([]byte(answer.Body), &parsed); err != nil {
			r.tb.Fatalf("the body %q is not JSON: %v", answer.Body, err)
		}
	}
	if got := answer.Headers["Cache-Control"]; got != "no-store" {
		r.tb.Errorf("Cache-Control is %q, want no-store", got)
	}
	refused := answer.StatusCode >= http.StatusBadRequest && answer.Body != ""
	if refused != (parsed.Error != "") || refused != (parsed.Code != "") {
		r.tb.Errorf("status %d goes with error %q and code %q", answer.StatusCode, parsed.Error, parsed.Code)
	}
	inBody := ""
	if parsed.RetryAfter != nil {
		inBody = strconv.Itoa(*parsed.RetryAfter)
	}
	if inHeader := answer.Headers["Retry-After"]; inHeader != inBody {
		r.tb.Errorf("Retry-After is %q and retryAfter %q: want them equal", inHeader, inBody)
	}
	waits := []int{http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusConflict}
	if mustWait := slices.Contains(waits, answer.StatusCode); mustWait && (parsed.RetryAfter == nil || *parsed.RetryAfter < 1) {
		r.tb.Errorf("a %d has no Retry-After of a second or more: %s", answer.StatusCode, answer.Body)
	}
	if parsed.AttemptsRemaining != nil && answer.StatusCode != http.StatusUnauthorized {
		r.tb.Errorf("attemptsRemaining stands beside a %d", answer.StatusCode)
	}
	if (parsed.AttemptsRemaining != nil) != (parsed.State != "") {
		r.tb.Errorf("attemptsRemaining and state do not stand together: %s", answer.Body)
	}
	return parsed
}

// want checks status and body of an answer, the body to the byte.
func (got response) want(tb testing.TB, status int, body string) {
	tb.Helper()
	if got.StatusCode != status || got.Body != body {
		tb.Errorf("got %d %s\nwant %d %s", got.StatusCode, got.Body, status, body)
	}
}

func (got response) wantCode(tb testing.TB, status int, code string) {
	tb.Helper()
	if got.StatusCode != status || got.Code != code {
		tb.Errorf("got %d %s, want %d with code %q", got.StatusCode, got.Body, status, code)
	}
}

func (got response) wantOK(tb testing.TB) response {
	tb.Helper()
	if got.StatusCode != http.StatusOK {
		tb.Fatalf("got %d %s, want 200", got.StatusCode, got.Body)
	}
	return got
}

// refused is the body of a refusal without further members.
func refused(sentence, code string) string {
	return fmt.Sprintf(`{"error":%q,"code":%q}`, sentence, code)
}

func sendBody(n string) string { return fmt.Sprintf(`{"phoneNumber":%q}`, n) }

func resendBody(n, id string) string {
	return fmt.Sprintf(`{"phoneNumber":%q,"verificationId":%q}`, n, id)
}

func verifyBody(n, pin string) string { return fmt.Sprintf(`{"phoneNumber":%q,"pin":%q}`, n, pin) }

func verifyBodyID(n, pin, id string) string {
	return fmt.Sprintf(`{"phoneNumber":%q,"pin":%q,"verificationId":%q}`, n, pin, id)
}

// pin is the newest PIN that arrived at the phone.
func (r *rig) pin() string {
	r.tb.Helper()
	messages := r.sim.Outbox("")
	if len(messages) == 0 {
		r.tb.Fatal("no message arrived")
	}
	return messages[len(messages)-1].PIN
}

// wrong is a PIN that the phone did not get.
func wrong(pin string) string {
	if pin[0] == '9' {
		return "0" + pin[1:]
	}
	return string(pin[0]+1) + pin[1:]
}

// calls is how many calls of an operation the provider saw; of all for "".
func (r *rig) calls(operation string) int { return len(r.sim.Requests(operation)) }

func (r *rig) wantCalls(operation string, want int) {
	r.tb.Helper()
	if got := r.calls(operation); got != want {
		r.tb.Errorf("the provider saw %d calls (%s), want %d", got, operation, want)
	}
}

func (r *rig) fault(f simulator.Fault) {
	r.tb.Helper()
	if err := r.sim.AddFault(f); err != nil {
		r.tb.Fatal(err)
	}
}

// lastLine returns the newest line of the log.
func (r *rig) lastLine() map[string]any {
	r.tb.Helper()
	lines := strings.Split(strings.TrimSpace(r.logs.String()), "\n")
	line := map[string]any{}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &line); err != nil {
		r.tb.Fatalf("the log line %q is not JSON: %v", lines[len(lines)-1], err)
	}
	return line
}

var errBroken = errors.New("broken for the test")

func headerNames(r response) []string {
	return slices.Sorted(maps.Keys(r.Headers))
}

// mend ends all faults of our own.
func (r *rig) mend() {
	for _, b := range []*broken{&r.store.load, &r.store.save, &r.counter.broken, &r.secret.broken} {
		b.set(nil)
	}
	r.store.setStorm(false)
}
