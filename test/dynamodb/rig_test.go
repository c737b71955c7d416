// Package dynamodb tests the product on the real DynamoDB Local: the stores' contracts,
// races through the handlers, what requests cost, and answers that get lost.
package dynamodb

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/seed-a131a524/infobip-otp/pkg/app"
	"github.com/seed-a131a524/infobip-otp/pkg/catalog"
	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/otp/otptest"
	"github.com/seed-a131a524/infobip-otp/pkg/telemetry"
	"github.com/seed-a131a524/infobip-otp/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

const (
	number = "+14155552671"
	digits = "14155552671"
)

// patience is what an attempt of a call gets in place of its second: on a busy machine one that
// runs out is repeated, and counted.
const patience = 20 * time.Second

// rig is the object graph of the functions, on a table of its own, beside a simulator.
type rig struct {
	*app.App
	tb    testing.TB
	clock *otptest.Clock
	sim   *simulator.Simulator
	proxy *harness.DynamoDBProxy
	table string
	// address is where requests come from.
	address string
	// verifying, if set, is what each verify waits for at the provider, before that looks at it.
	verifying *atomic.Pointer[func(context.Context)]
}

// from returns the same rig for requests from another address.
func (r *rig) from(address string) *rig {
	other := *r
	other.address = address
	return &other
}

// ledger returns what is kept about the number.
func (r *rig) ledger() otp.Ledger {
	r.tb.Helper()
	l, _ := harness.OnlyLedger(r.tb, harness.DynamoDB(r.proxy.Upstream), r.table)
	return l
}

// wantCharged checks what the number's budgets hold: sends of its window, all of them from
// the rig's one client, and sends whatever succeeded.
func (r *rig) wantCharged(sends, total int) {
	r.tb.Helper()
	l := r.ledger()
	share := 0
	for _, s := range l.Senders {
		share = max(share, s.Sends)
	}
	if l.Sends != sends || share != sends || l.Total != total {
		r.tb.Errorf("charged are %d sends, %d of the client and a total of %d, want %d, %d and %d", l.Sends, share, l.Total, sends, sends, total)
	}
}

// newRig makes one. Settings are the product's own variables.
func newRig(tb testing.TB, settings map[string]string) *rig {
	tb.Helper()
	endpoint := harness.DynamoDBLocal(tb)
	clock := otptest.NewClock()
	r := &rig{
		tb: tb, clock: clock, table: harness.Table(tb, endpoint), proxy: harness.StartDynamoDBProxy(tb, endpoint), address: "203.0.113.1",
		sim: simulator.New(simulator.Options{Strict: true, Clock: clock}), verifying: &atomic.Pointer[func(context.Context)]{},
	}
	variables := map[string]string{"TABLE_NAME": r.table, "AWS_ENDPOINT_URL_DYNAMODB": r.proxy.URL}
	maps.Copy(variables, settings)
	c, err := app.ReadConfig(func(name string) string { return variables[name] })
	if err != nil {
		tb.Fatal(err)
	}
	c.AWS.Attempt = patience
	r.provision(&c)
	r.App, err = app.New(c, clock, telemetry.NewLogger(io.Discard, ""))
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func (r *rig) provision(c *app.Config) {
	r.tb.Helper()
	appID, messageID, err := r.sim.Provision(simulator.Settings{
		PINLength: c.Form.PINLength, PINAttempts: 2 * c.Policy.PINAttempts, PINTTL: c.Policy.PINTTL,
		VerifySpacing: c.Policy.VerifySpacing, NumberSendLimit: c.Policy.TotalLimit,
	})
	if err != nil {
		r.tb.Fatal(err)
	}
	api := r.sim.API()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		wait := r.verifying.Load()
		if wait != nil && strings.HasSuffix(request.URL.Path, "/verify") {
			// Once the body is read, net/http notices that the client is gone.
			body, err := io.ReadAll(request.Body)
			if err != nil {
				panic(http.ErrAbortHandler)
			}
			request.Body = io.NopCloser(bytes.NewReader(body))
			(*wait)(request.Context())
		}
		api.ServeHTTP(w, request)
	}))
	r.tb.Cleanup(func() {
		r.sim.Close()
		server.Close()
	})
	c.Infobip = app.Infobip{BaseURL: server.URL, APIKey: simulator.DefaultKey, ApplicationID: appID, MessageID: messageID}
	emails, err := r.sim.ProvisionTemplates(appID, c.Form.PINLength, []simulator.Template{{EmailTemplateID: 1, From: "codes@example.com"}})
	if err != nil {
		r.tb.Fatal(err)
	}
	c.Messages = catalog.List{{Channel: otp.Email, ID: emails[0]}}
}

// answer is what a client gets.
type answer struct {
	events.APIGatewayV2HTTPResponse
	VerificationID, Error, Code string
	AttemptsRemaining           *int
	ResendIn, RetryAfter        int // seconds
}

func (a answer) want(tb testing.TB, status int, code string) answer {
	tb.Helper()
	if a.StatusCode != status || a.Code != code {
		tb.Fatalf("got %d %s, want %d %s", a.StatusCode, a.Body, status, code)
	}
	return a
}

// post sends a JSON body; headers come in pairs.
func (r *rig) post(path, body string, headers ...string) answer {
	r.tb.Helper()
	e := events.APIGatewayV2HTTPRequest{Version: "2.0", RawPath: path, Body: body, Headers: map[string]string{"content-type": "application/json"}}
	for i := 0; i+1 < len(headers); i += 2 {
		e.Headers[headers[i]] = headers[i+1]
	}
	e.RequestContext.HTTP.Method = http.MethodPost
	e.RequestContext.HTTP.SourceIP = r.address
	handler := r.Send
	if path == httpapi.RouteVerify {
		handler = r.Verify
	}
	ctx, cancel := context.WithTimeout(context.Background(), app.FunctionTimeout)
	defer cancel()
	response, err := handler.Handle(ctx, e)
	if err != nil {
		r.tb.Errorf("Handle: %v", err)
	}
	a := answer{APIGatewayV2HTTPResponse: response}
	if err := json.Unmarshal([]byte(response.Body), &a); err != nil {
		r.tb.Errorf("the body %q: %v", response.Body, err)
	}
	return a
}

func (r *rig) send(headers ...string) answer {
	r.tb.Helper()
	return r.post(httpapi.RouteSend, fmt.Sprintf(`{"phoneNumber":%q}`, number), headers...)
}

func (r *rig) verify(pin string, headers ...string) answer {
	r.tb.Helper()
	return r.post(httpapi.RouteVerify, fmt.Sprintf(`{"phoneNumber":%q,"pin":%q}`, number, pin), headers...)
}

// verifyNamed names the verification, as who started it may.
func (r *rig) verifyNamed(id, pin string, headers ...string) answer {
	r.tb.Helper()
	return r.post(httpapi.RouteVerify, fmt.Sprintf(`{"phoneNumber":%q,"pin":%q,"verificationId":%q}`, number, pin, id), headers...)
}

func (r *rig) resend(id string, headers ...string) answer {
	r.tb.Helper()
	return r.post(httpapi.RouteResend, fmt.Sprintf(`{"phoneNumber":%q,"verificationId":%q}`, number, id), headers...)
}

// pin is the newest that arrived.
func (r *rig) pin() string {
	r.tb.Helper()
	messages := r.sim.Outbox(digits)
	if len(messages) == 0 {
		r.tb.Fatal("no message arrived")
	}
	return messages[len(messages)-1].PIN
}

func wrong(pin string) string {
	if pin[0] == '9' {
		return "0" + pin[1:]
	}
	return string(pin[0]+1) + pin[1:]
}

func (r *rig) wantCalls(operation string, want int) {
	r.tb.Helper()
	if got := len(r.sim.Requests(operation)); got != want {
		r.tb.Errorf("the provider saw %d calls (%s), want %d", got, operation, want)
	}
}

func (r *rig) fault(f simulator.Fault) {
	r.tb.Helper()
	if err := r.sim.AddFault(f); err != nil {
		r.tb.Fatal(err)
	}
}

// advance moves the clock of the product and of the simulator; DynamoDB Local has its
// own.
func (r *rig) advance(d time.Duration) { r.clock.Advance(d) }

// free has no limits but those that a test is about.
func free(settings ...string) map[string]string {
	all := map[string]string{
		"IP_SEND_LIMIT": "1000000/1d", "IP_VERIFY_LIMIT": "1000000/1d", "VERIFY_SPACING": "0s",
		"NETWORK_ALLOWANCE": "off", "PREFIX_ALLOWANCE": "off", "REGION_ALLOWANCE": "off", "SERVICE_ALLOWANCE": "off",
	}
	for i := 0; i+1 < len(settings); i += 2 {
		all[settings[i]] = settings[i+1]
	}
	return all
}
