// Package lambda tests the Lambda functions as they are deployed: the compiled
// bootstraps under AWS's runtime interface emulator, with DynamoDB Local, a Secrets
// Manager and the Infobip simulator behind them.
package lambda

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

const phone = "+14155552671"

// phoneKey is the HMAC key in the secret: 32 bytes that occur nowhere else.
var phoneKey = base64.StdEncoding.EncodeToString([]byte("canary-phone-key-canary-phone-ke"))

// service is all functions over one table, one secret and one provider.
type service struct {
	simulator               *harness.Simulator
	send, verify, discovery *harness.Function
}

func startService(t *testing.T, env ...string) *service {
	t.Helper()
	return startServiceWith(t, nil, func(*harness.Simulator) []string { return env }, env...)
}

// startServiceWith starts a simulator, and the functions with what an operator sets after a
// look at it, and with what the secret has beside the keys.
func startServiceWith(t *testing.T, inSecret map[string]string, settings func(*harness.Simulator) []string, ofSimulator ...string) *service {
	t.Helper()
	s := &service{simulator: harness.StartSimulator(t, ofSimulator...)}
	env := settings(s.simulator)
	dynamodb, moto := harness.DynamoDBLocal(t), harness.Moto(t)
	members := map[string]any{
		"infobipApiKey": harness.SimulatorKey,
		"phoneKeys":     map[string]string{"1": phoneKey},
		"phoneKey":      "1",
	}
	for name, text := range inSecret {
		members[name] = text
	}
	secret := harness.Secret(t, moto, string(harness.JSON(t, members)))
	common := append([]string{
		"TABLE_NAME=" + harness.Table(t, dynamodb),
		"SECRET_ID=" + secret,
		"INFOBIP_BASE_URL=" + s.simulator.API,
		"INFOBIP_2FA_APP_ID=" + s.simulator.AppID,
		"INFOBIP_2FA_MSG_ID=" + s.simulator.MessageID,
		"AWS_ENDPOINT_URL_DYNAMODB=" + dynamodb,
		"AWS_ENDPOINT_URL_SECRETS_MANAGER=" + moto,
	}, env...)
	s.send = harness.StartFunction(t, "send", common...)
	s.verify = harness.StartFunction(t, "verify", common...)
	s.discovery = harness.StartFunction(t, "discovery", env...)
	return s
}

// post sends a body to a route and gives status, members and headers of the answer.
func (s *service) post(t *testing.T, path string, body any) (int, map[string]any, map[string]string) {
	t.Helper()
	name, function := "send", s.send
	if path == "/verify-otp" {
		name, function = "verify", s.verify
	}
	event := harness.Event(t, name)
	event.RawPath, event.RequestContext.HTTP.Path = path, path
	event.RouteKey, event.RequestContext.RouteKey = "POST "+path, "POST "+path
	event.Body = string(harness.JSON(t, body))
	return decoded(t, function.Invoke(t, harness.JSON(t, event)))
}

func decoded(t *testing.T, answer events.APIGatewayV2HTTPResponse) (int, map[string]any, map[string]string) {
	t.Helper()
	var members map[string]any
	err := json.Unmarshal([]byte(answer.Body), &members)
	if err != nil {
		t.Fatalf("body = %q, want JSON: %v", answer.Body, err)
	}
	headers := map[string]string{}
	for name, value := range answer.Headers {
		headers[strings.ToLower(name)] = value
	}
	if got := headers["content-type"]; got != "application/json" {
		t.Errorf("content type = %q, want application/json", got)
	}
	if got := headers["cache-control"]; got != "no-store" {
		t.Errorf("cache control = %q, want no-store", got)
	}
	return answer.StatusCode, members, headers
}

func TestMainJob(t *testing.T) {
	s := startService(t)

	status, sent, _ := s.post(t, "/send-otp", map[string]string{"phoneNumber": phone})
	if status != http.StatusOK || sent["message"] != "OTP sent successfully." {
		t.Fatalf("send = %d %v, want 200 OTP sent successfully.", status, sent)
	}
	for _, member := range []string{"verificationId", "expiresAt", "resendAt"} {
		if value, ok := sent[member].(string); !ok || value == "" {
			t.Errorf("%s = %v, want a value", member, sent[member])
		}
	}
	message := s.simulator.Newest(t, phone)

	status, refused, _ := s.post(t, "/verify-otp", map[string]string{
		"phoneNumber": "+41446681800", "pin": message.PIN,
	})
	if status != http.StatusUnauthorized || refused["error"] != "Invalid or expired OTP." {
		t.Errorf("the PIN under another number = %d %v, want 401", status, refused)
	}
	status, verified, _ := s.post(t, "/verify-otp", map[string]string{"phoneNumber": phone, "pin": message.PIN})
	if status != http.StatusOK || verified["message"] != "OTP verified successfully." {
		t.Fatalf("verify = %d %v, want 200 OTP verified successfully.", status, verified)
	}
	status, again, _ := s.post(t, "/verify-otp", map[string]string{"phoneNumber": phone, "pin": message.PIN})
	if status != http.StatusUnauthorized || again["error"] != "Invalid or expired OTP." || again["code"] != "invalid_or_expired" {
		t.Errorf("verify again = %d %v, want 401 Invalid or expired OTP.", status, again)
	}
	if calls := s.simulator.Calls(t, "send"); len(calls) != 1 {
		t.Errorf("sends at the provider = %d, want 1", len(calls))
	}
	if calls := s.simulator.Calls(t, "verify"); len(calls) != 1 {
		t.Errorf("verifies at the provider = %d, want 1", len(calls))
	}

	s.discoveryAnswers(t)
	s.nothingLeaked(t, map[string]string{
		"the number": strings.TrimPrefix(phone, "+"), "the national number": "4155552671", "the other number": "41446681800",
		"the PIN": message.PIN, "the pinId": message.PINID, "the API key": harness.SimulatorKey, "the HMAC key": phoneKey,
		"the verification id": sent["verificationId"].(string), "the client address": "203.0.113.7",
	})
}

// discoveryAnswers checks the function behind GET / and $default.
func (s *service) discoveryAnswers(t *testing.T) {
	t.Helper()
	banner := s.discovery.Invoke(t, harness.JSON(t, harness.Event(t, "banner")))
	if banner.StatusCode != http.StatusOK || banner.Body != "Infobip OTP Service Running!" {
		t.Errorf("GET / = %d %q, want 200 Infobip OTP Service Running!", banner.StatusCode, banner.Body)
	}
	for _, tt := range []struct {
		method, path string
		status       int
		code         string
	}{
		{http.MethodGet, "/nothing-here", http.StatusNotFound, "not_found"},
		{http.MethodGet, "/send-otp", http.StatusMethodNotAllowed, "method_not_allowed"},
		{http.MethodDelete, "/", http.StatusMethodNotAllowed, "method_not_allowed"},
	} {
		event := harness.Event(t, "banner")
		event.RouteKey, event.RequestContext.RouteKey = "$default", "$default"
		event.RawPath, event.RequestContext.HTTP.Path = tt.path, tt.path
		event.RequestContext.HTTP.Method = tt.method
		status, members, headers := decoded(t, s.discovery.Invoke(t, harness.JSON(t, event)))
		if status != tt.status || members["code"] != tt.code {
			t.Errorf("%s %s = %d %v, want %d %s", tt.method, tt.path, status, members, tt.status, tt.code)
		}
		if tt.status == http.StatusMethodNotAllowed && headers["allow"] == "" {
			t.Errorf("%s %s has no Allow header", tt.method, tt.path)
		}
	}
}

// nothingLeaked searches every byte that the functions printed, and asks each for its
// one line a request.
func (s *service) nothingLeaked(t *testing.T, canaries map[string]string) {
	t.Helper()
	for _, function := range []*harness.Function{s.send, s.verify, s.discovery} {
		printed := function.Process.Raw()
		for what, canary := range canaries {
			if strings.Contains(printed, canary) {
				t.Errorf("%s printed %s", function.Process.Name, what)
			}
		}
		if len(requestLines(printed)) == 0 {
			t.Errorf("%s logged no request", function.Process.Name)
		}
	}
}

// requestLines are the JSON lines with the message request.
func requestLines(printed string) []map[string]any {
	var lines []map[string]any
	for line := range strings.Lines(printed) {
		var members map[string]any
		if json.Unmarshal([]byte(line), &members) == nil && members["msg"] == "request" || members["message"] == "request" {
			lines = append(lines, maps.Clone(members))
		}
	}
	return lines
}
