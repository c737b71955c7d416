// Package crash kills the compiled functions between any two of their effects and asks
// the next process, on the same table and provider, what it knows: that nothing is sent
// twice, nothing is verified twice, and no limit is forgotten. It also sends them bursts
// and bad input.
package crash

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/phone"
	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
	"github.com/seed-a131a524/infobip-otp/pkg/secrets"
	"github.com/seed-a131a524/infobip-otp/pkg/store"
	"github.com/seed-a131a524/infobip-otp/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// attempts is PIN_ATTEMPTS of the functions under test.
const attempts = 3

// phoneKey is the HMAC key in the secret.
var phoneKey = base64.StdEncoding.EncodeToString([]byte("a-phone-key-of-32-bytes-in-tests"))

// service is what outlives a process: the table and the provider, each behind a gate;
// and the environment for functions on them.
type service struct {
	simulator *simulator.Simulator
	database  *gate
	provider  *gate
	store     *store.DynamoDB
	table     string
	key       pseudonym.Key
	env       []string
}

func newService(t *testing.T) *service {
	t.Helper()
	s := &service{simulator: simulator.New(simulator.Options{Key: harness.SimulatorKey, Strict: true})}
	appID, messageID, err := s.simulator.Provision(simulator.Settings{
		PINLength: 6, PINAttempts: attempts, PINTTL: 10 * time.Minute,
		NumberSendLimit: rate.Rate{Attempts: 5, Window: rate.Day},
	})
	if err != nil {
		t.Fatal(err)
	}
	api := httptest.NewServer(s.simulator.API())
	t.Cleanup(func() {
		s.simulator.Close()
		api.Close()
	})
	s.provider = newGate(t, api.URL, providerCall)

	dynamodb, moto := harness.DynamoDBLocal(t), harness.Moto(t)
	s.database = newGate(t, dynamodb, dynamoDBCall)
	s.table = harness.Table(t, dynamodb)
	s.store = store.NewDynamoDB(harness.DynamoDB(dynamodb), s.table)

	value := string(harness.JSON(t, map[string]any{
		"infobipApiKey": harness.SimulatorKey,
		"phoneKeys":     map[string]string{"1": phoneKey},
		"phoneKey":      "1",
	}))
	secret, err := secrets.Parse(value)
	if err != nil {
		t.Fatal(err)
	}
	s.key = secret.PhoneKeys(time.Now(), 0).Ledgers[0]
	s.env = []string{
		"TABLE_NAME=" + s.table, "SECRET_ID=" + harness.Secret(t, moto, value),
		"INFOBIP_BASE_URL=" + s.provider.server.URL, "INFOBIP_2FA_APP_ID=" + appID, "INFOBIP_2FA_MSG_ID=" + messageID,
		"AWS_ENDPOINT_URL_DYNAMODB=" + s.database.server.URL, "AWS_ENDPOINT_URL_SECRETS_MANAGER=" + moto,
		"IP_SEND_LIMIT=100000/15m", "IP_VERIFY_LIMIT=100000/5m", "NUMBER_SEND_LIMIT=5/1d",
		"NETWORK_ALLOWANCE=off", "PREFIX_ALLOWANCE=off", "REGION_ALLOWANCE=off", "SERVICE_ALLOWANCE=off",
		fmt.Sprintf("PIN_ATTEMPTS=%d", attempts), "VERIFY_SPACING=0s",
	}
	return s
}

// start starts a function, and at the end wants it to have printed nothing of what it was
// told, killed or not.
func (s *service) start(t *testing.T, function string, env ...string) *harness.Function {
	t.Helper()
	f := harness.StartFunction(t, function, slices.Concat(s.env, env)...)
	t.Cleanup(func() {
		printed := f.Process.Raw()
		canaries := []string{harness.SimulatorKey, phoneKey}
		for _, m := range s.simulator.Outbox("") {
			canaries = append(canaries, m.To, m.PINID)
		}
		for _, canary := range canaries {
			if strings.Contains(printed, canary) {
				t.Errorf("%s printed a number, a pinId or a key", f.Process.Name)
				return
			}
		}
	})
	return f
}

// numbers counts the numbers that were given out.
var numbers atomic.Int64

// newNumber returns a number that no other test has: from 555-0100 to 555-0199 they belong
// to nobody.
func newNumber(t *testing.T) phone.Number {
	t.Helper()
	n := numbers.Add(1) - 1
	if n > 99 {
		t.Fatal("the numbers that belong to nobody are used up")
	}
	number, err := phone.Parse(fmt.Sprintf("+1415555%04d", 100+n))
	if err != nil {
		t.Fatal(err)
	}
	return number
}

// state returns what is kept about a number.
func (s *service) state(t *testing.T, n phone.Number) otp.Ledger {
	t.Helper()
	state, _, err := s.store.Load(t.Context(), s.key.LedgerKey(recipient.OfPhone(n)))
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// age moves everything that is kept about a number into the past: the clock of a compiled
// function cannot be moved.
func (s *service) age(t *testing.T, n phone.Number, by time.Duration) {
	t.Helper()
	state, revision, err := s.store.Load(t.Context(), s.key.LedgerKey(recipient.OfPhone(n)))
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []*time.Time{
		&state.WindowEnds, &state.TotalEnds, &state.NextSendAt, &state.NextVerifyAt, &state.LastFailureAt, &state.DisabledAt, &state.VerifiedAt,
	} {
		earlier(at, by)
	}
	for i := range state.Senders {
		earlier(&state.Senders[i].Ends, by)
	}
	for i := range state.Verifications {
		v := &state.Verifications[i]
		earlier(&v.ExpiresAt, by)
		earlier(&v.SettledAt, by)
		for j := range v.Charges {
			earlier(&v.Charges[j].At, by)
		}
		deliveries := []*otp.Delivery{&v.Delivery}
		for j := range v.Resends {
			deliveries = append(deliveries, &v.Resends[j])
		}
		for _, d := range deliveries {
			earlier(&d.StartedAt, by)
			earlier(&d.ResendAt, by)
		}
	}
	_, err = s.store.Save(t.Context(), s.key.LedgerKey(recipient.OfPhone(n)), state, revision)
	if err != nil {
		t.Fatal(err)
	}
}

// failures counts all failures in a row, whosever they are.
func failures(l otp.Ledger) int {
	sum := 0
	for _, f := range l.Failures {
		sum += f.Count
	}
	return sum
}

func earlier(at *time.Time, by time.Duration) {
	if !at.IsZero() {
		*at = at.Add(-by)
	}
}

// messages is how many SMS went out to a number.
func (s *service) messages(n phone.Number) int { return len(s.simulator.Outbox(n.E164())) }

// pin returns the newest PIN that was sent to a number.
func (s *service) pin(t *testing.T, n phone.Number) string {
	t.Helper()
	outbox := s.simulator.Outbox(n.E164())
	if len(outbox) == 0 {
		t.Fatal("no message went out to the number")
	}
	return outbox[len(outbox)-1].PIN
}

func (s *service) verifies() int { return len(s.simulator.Requests("verify")) }

// request is one POST to a function.
type request struct {
	path string
	body map[string]string
	// key is the Idempotency-Key, if not empty.
	key string
	// address is the client's; empty is that of the event.
	address string
}

// from returns the same request of another client.
func (r request) from(address string) request {
	r.address = address
	return r
}

func (r request) event(t *testing.T) []byte {
	t.Helper()
	event := harness.Event(t, "send")
	event.RawPath, event.RequestContext.HTTP.Path = r.path, r.path
	event.RouteKey, event.RequestContext.RouteKey = "POST "+r.path, "POST "+r.path
	event.Body = string(harness.JSON(t, r.body))
	if r.key != "" {
		event.Headers["idempotency-key"] = r.key
	}
	if r.address != "" {
		event.RequestContext.HTTP.SourceIP = r.address
	}
	return harness.JSON(t, event)
}

func send(n phone.Number, key string) request {
	return request{path: "/send-otp", body: map[string]string{"phoneNumber": n.E164()}, key: key}
}

func resend(n phone.Number, id, key string) request {
	return request{path: "/resend-otp", body: map[string]string{"phoneNumber": n.E164(), "verificationId": id}, key: key}
}

func verify(n phone.Number, pin, id, key string) request {
	body := map[string]string{"phoneNumber": n.E164(), "pin": pin}
	if id != "" {
		body["verificationId"] = id
	}
	return request{path: "/verify-otp", body: body, key: key}
}

// answer is what a client gets.
type answer struct {
	status     int
	code       string
	id         string // verificationId
	remaining  *int
	retryAfter string
}

func (a answer) String() string { return strings.TrimSpace(fmt.Sprintf("%d %s", a.status, a.code)) }

func decoded(response events.APIGatewayV2HTTPResponse) (answer, error) {
	var members struct {
		Code           string `json:"code"`
		VerificationID string `json:"verificationId"`
		Remaining      *int   `json:"attemptsRemaining"`
	}
	err := json.Unmarshal([]byte(response.Body), &members)
	if err != nil {
		return answer{}, fmt.Errorf("the body is not JSON: %w", err)
	}
	return answer{
		status: response.StatusCode, code: members.Code, id: members.VerificationID,
		remaining: members.Remaining, retryAfter: response.Headers["Retry-After"],
	}, nil
}

// ask sends a request to a function and returns its answer.
func ask(t *testing.T, f *harness.Function, r request) answer {
	t.Helper()
	a, err := decoded(f.Invoke(t, r.event(t)))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// wants compares an answer with "200" or "409 idempotency_key_in_use".
func (a answer) wants(t *testing.T, what, want string) answer {
	t.Helper()
	if a.String() != want {
		t.Errorf("%s = %s, want %s", what, a, want)
	}
	return a
}

// point is a place between two effects of a request.
type point struct {
	gate   func(*service) *gate
	kind   string
	nth    int
	moment moment
}

func atDatabase(s *service) *gate { return s.database }
func atProvider(s *service) *gate { return s.provider }

// crash sends a request to a function, kills the function's process at that point, and
// wants the client to be left without an answer.
func (s *service) crash(t *testing.T, f *harness.Function, r request, p point) {
	t.Helper()
	g := p.gate(s)
	h := g.hold(p.kind, p.nth, p.moment)
	event := r.event(t)
	type result struct {
		response events.APIGatewayV2HTTPResponse
		err      error
	}
	ended := make(chan result, 1)
	go func() {
		response, err := f.TryInvoke(context.WithoutCancel(t.Context()), event)
		ended <- result{response, err}
	}()
	h.wait(t)
	f.Kill(t)
	if got := <-ended; got.err == nil {
		t.Fatalf("the function answered %d although it was killed", got.response.StatusCode)
	}
	g.open()
}
