package lambda

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/seed-a131a524/infobip-otp/test/badinput"
	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// functionFor routes as both templates do.
func (s *service) functionFor(method, path string) (*harness.Function, string) {
	if method == http.MethodPost {
		switch path {
		case "/send-otp", "/resend-otp":
			return s.send, "POST " + path
		case "/verify-otp":
			return s.verify, "POST " + path
		}
	}
	return s.discovery, "$default"
}

// eventOf is what API Gateway makes of a request: header names in lower case.
func eventOf(t *testing.T, c badinput.Case) events.APIGatewayV2HTTPRequest {
	t.Helper()
	method := c.Method
	if method == "" {
		method = http.MethodPost
	}
	event := harness.Event(t, "send")
	event.RawPath, event.RequestContext.HTTP.Path, event.RequestContext.HTTP.Method = c.Path, c.Path, method
	for name, value := range c.Headers {
		event.Headers[strings.ToLower(name)] = value
	}
	if event.Headers["content-type"] == "" {
		delete(event.Headers, "content-type")
	}
	event.Body = c.Body
	if strings.ToValidUTF8(c.Body, "") != c.Body {
		event.Body, event.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte(c.Body)), true
	}
	return event
}

func TestBadInputIsRefusedBeforeTheProvider(t *testing.T) {
	s := startService(t, "IP_SEND_LIMIT=100000/15m", "IP_VERIFY_LIMIT=100000/5m")
	for _, c := range append(badinput.All(), badinput.AsEvent()...) {
		t.Run(c.Path+" "+c.Name, func(t *testing.T) {
			event := eventOf(t, c)
			function, key := s.functionFor(event.RequestContext.HTTP.Method, c.Path)
			event.RouteKey, event.RequestContext.RouteKey = key, key
			status, members, _ := decoded(t, function.Invoke(t, harness.JSON(t, event)))
			if status != c.Status || members["code"] != c.Code || members["error"] != c.Sentence {
				t.Errorf("answer = %d %v\nwant %d %s: %s", status, members, c.Status, c.Code, c.Sentence)
			}
		})
	}
	for name, body := range badinput.BrokenBase64() {
		t.Run("base64 "+name, func(t *testing.T) {
			event := harness.Event(t, "send")
			event.Body, event.IsBase64Encoded = body, true
			status, members, _ := decoded(t, s.send.Invoke(t, harness.JSON(t, event)))
			if status != http.StatusBadRequest || members["code"] != "body_invalid" {
				t.Errorf("answer = %d %v, want 400 body_invalid", status, members)
			}
		})
	}
	// Each function opens its connection with a HEAD when it starts; that costs nothing.
	for _, call := range s.simulator.Calls(t, "*") {
		if call.Method != http.MethodHead {
			t.Errorf("call to the provider: %+v, want none", call)
		}
	}

	// After all that a good request is served, also in base64.
	event := harness.Event(t, "send")
	event.Body, event.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte(event.Body)), true
	if status, members, _ := decoded(t, s.send.Invoke(t, harness.JSON(t, event))); status != http.StatusOK {
		t.Errorf("a good request in base64 = %d %v, want 200", status, members)
	}
	if calls := s.simulator.Calls(t, "send"); len(calls) != 1 {
		t.Errorf("sends at the provider = %d, want 1", len(calls))
	}
}

func TestBadConfigurationNamesItsVariableInTheLog(t *testing.T) {
	f := harness.StartFunction(t, "send", "PIN_TTL=forever")
	if answer, err := f.TryInvoke(t.Context(), harness.JSON(t, harness.Event(t, "send"))); err == nil {
		t.Errorf("the function answered %d with a bad setting", answer.StatusCode)
	}
	harness.Eventually(t, 30*time.Second, func() error {
		if !strings.Contains(f.Process.Raw(), "PIN_TTL must be") {
			return errors.New("the log does not name PIN_TTL")
		}
		return nil
	})
}
