package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/store"
	"github.com/seed-a131a524/infobip-otp/pkg/telemetry"
)

// account starts a simulator with an application, and returns the variables that lead
// there.
func account(t *testing.T) (*simulator.Simulator, map[string]string) {
	t.Helper()
	sim := simulator.New(simulator.Options{Strict: true})
	appID, messageID, err := sim.Provision(simulator.DefaultSettings())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim.API())
	t.Cleanup(func() {
		sim.Close()
		server.Close()
	})
	return sim, map[string]string{
		"INFOBIP_BASE_URL": server.URL, "INFOBIP_API_KEY": simulator.DefaultKey,
		"INFOBIP_2FA_APP_ID": appID, "INFOBIP_2FA_MSG_ID": messageID,
	}
}

func newApp(t *testing.T, variables map[string]string, log *bytes.Buffer) *App {
	t.Helper()
	c, err := ReadConfig(env(variables))
	if err != nil {
		t.Fatal(err)
	}
	a, err := New(c, Clock{}, telemetry.NewLogger(log, ""))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func ask(t *testing.T, handle func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error), path, body string) events.APIGatewayV2HTTPResponse {
	t.Helper()
	e := events.APIGatewayV2HTTPRequest{Version: "2.0", RawPath: path, Body: body, Headers: map[string]string{"content-type": "application/json"}}
	e.RequestContext.HTTP.Method = http.MethodPost
	e.RequestContext.HTTP.SourceIP = "203.0.113.1"
	answer, err := handle(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// TestWholeGraph goes once through all that New puts together.
func TestWholeGraph(t *testing.T) {
	sim, variables := account(t)
	var log bytes.Buffer
	a := newApp(t, variables, &log)
	a.Warm(t.Context())
	if log.Len() > 0 {
		t.Errorf("warming up wrote %s", log.String())
	}
	if answer := ask(t, a.Send.Handle, "/send-otp", `{"phoneNumber":"+14155552671"}`); answer.StatusCode != http.StatusOK {
		t.Fatalf("send got %d %s", answer.StatusCode, answer.Body)
	}
	pin := sim.Outbox("14155552671")[0].PIN
	if answer := ask(t, a.Verify.Handle, "/verify-otp", `{"phoneNumber":"+14155552671","pin":"`+pin+`"}`); answer.StatusCode != http.StatusOK {
		t.Fatalf("verify got %d %s", answer.StatusCode, answer.Body)
	}
	if lines := strings.Count(log.String(), "\n"); lines != 2 {
		t.Errorf("two requests wrote %d lines:\n%s", lines, log.String())
	}
}

// TestEveryChannel sends, resends and verifies by each.
func TestEveryChannel(t *testing.T) {
	for _, channel := range otp.Channels() {
		t.Run(string(channel), func(t *testing.T) {
			sim, variables := account(t)
			variables["CHANNELS"], variables["SEND_COOLDOWN"] = string(channel), "0s"
			member, destination := `"phoneNumber":"+14155552671"`, "14155552671"
			if channel == otp.Email {
				member, destination = `"email":"jane@example.com"`, "jane@example.com"
				emails, err := sim.ProvisionTemplates(variables["INFOBIP_2FA_APP_ID"], 6, []simulator.Template{{EmailTemplateID: 1, From: "codes@example.com"}})
				if err != nil {
					t.Fatal(err)
				}
				variables["INFOBIP_2FA_MESSAGES"] = "email/*=" + emails[0]
			}
			var log bytes.Buffer
			a := newApp(t, variables, &log)
			sent := ask(t, a.Send.Handle, "/send-otp", `{`+member+`,"channel":"`+string(channel)+`"}`)
			var receipt struct{ VerificationID string }
			if err := json.Unmarshal([]byte(sent.Body), &receipt); err != nil || sent.StatusCode != http.StatusOK {
				t.Fatalf("send got %d %s", sent.StatusCode, sent.Body)
			}
			again := ask(t, a.Send.Handle, "/resend-otp", `{`+member+`,"verificationId":"`+receipt.VerificationID+`"}`)
			outbox := sim.Outbox(destination)
			if again.StatusCode != http.StatusOK || len(outbox) != 2 || outbox[0].Channel != string(channel) || outbox[1].Channel != string(channel) {
				t.Fatalf("resend got %d %s, and there are %d messages", again.StatusCode, again.Body, len(outbox))
			}
			if got := ask(t, a.Verify.Handle, "/verify-otp", `{`+member+`,"pin":"`+outbox[1].PIN+`"}`); got.StatusCode != http.StatusOK {
				t.Errorf("verify got %d %s", got.StatusCode, got.Body)
			}
		})
	}
}

// TestSettingsReachTheHandlers: a setting that is read and then left out of the graph
// would guard nothing.
func TestSettingsReachTheHandlers(t *testing.T) {
	const send = `{"phoneNumber":"+14155552671"}`
	for _, c := range []struct {
		name, value, path, body string
		status                  int
		says                    string
	}{
		{"ALLOWED_REGIONS", "AT,DE", "/send-otp", send, http.StatusBadRequest, "region_not_allowed"},
		{"ALLOWED_REGIONS", "AT,US", "/send-otp", send, http.StatusOK, "OTP sent successfully."},
		{"IP_SEND_LIMIT", "7/2h", "/send-otp", send, http.StatusOK, "RateLimit-Policy:7;w=7200"},
		{"ALLOWED_LINE_TYPES", "mobile", "/send-otp", send, http.StatusBadRequest, "line_type_not_allowed"},
		{"CHANNELS", "voice", "/send-otp", send, http.StatusBadRequest, "channel_not_allowed"},
		{"IP_VERIFY_LIMIT", "8/1h", "/verify-otp", `{"phoneNumber":"+14155552671","pin":"123456"}`, http.StatusUnauthorized, "RateLimit-Policy:8;w=3600"},
		{"PIN_LENGTH", "8", "/verify-otp", `{"phoneNumber":"+14155552671","pin":"123456"}`, http.StatusBadRequest, "Expecting 8 digits."},
		{"REQUIRE_VERIFICATION_ID", "true", "/verify-otp", `{"phoneNumber":"+14155552671","pin":"123456"}`, http.StatusBadRequest, "verification_id_required"},
		{"REQUIRE_PLUS", "true", "/send-otp", `{"phoneNumber":"14155552671"}`, http.StatusBadRequest, "phone_number_invalid"},
		{"INFOBIP_2FA_APP_ID", "another", "/send-otp", send, http.StatusInternalServerError, "send_failed"},
		{"INFOBIP_2FA_MSG_ID", "another", "/send-otp", send, http.StatusInternalServerError, "send_failed"},
		{"INFOBIP_2FA_MESSAGES", "sms/*=another,sms/de=another", "/send-otp", send, http.StatusInternalServerError, "send_failed"},
		{"INFOBIP_2FA_MESSAGES", "voice/*=another,sms/de=another", "/send-otp", send, http.StatusOK, "OTP sent successfully."},
		{"INFOBIP_API_KEY", "another", "/send-otp", send, http.StatusInternalServerError, "send_failed"},
	} {
		t.Run(c.name+"="+c.value, func(t *testing.T) {
			_, variables := account(t)
			variables[c.name] = c.value
			var log bytes.Buffer
			a := newApp(t, variables, &log)
			handle := a.Send.Handle
			if c.path == "/verify-otp" {
				handle = a.Verify.Handle
			}
			got := ask(t, handle, c.path, c.body)
			text := got.Body + " RateLimit-Policy:" + got.Headers["RateLimit-Policy"]
			if got.StatusCode != c.status || !strings.Contains(text, c.says) {
				t.Errorf("got %d %s, want %d with %s", got.StatusCode, text, c.status, c.says)
			}
		})
	}
}

// TestSendCountsReachTheHandlers: a success gives its send back to the address, or not.
func TestSendCountsReachTheHandlers(t *testing.T) {
	for counts, want := range map[SendCounts]int{CountAll: http.StatusTooManyRequests, CountUnverified: http.StatusOK} {
		sim, variables := account(t)
		variables["IP_SEND_LIMIT"], variables["IP_SEND_COUNTS"] = "1/1h", string(counts)
		var log bytes.Buffer
		a := newApp(t, variables, &log)
		ask(t, a.Send.Handle, "/send-otp", `{"phoneNumber":"+14155552671"}`)
		pin := sim.Outbox("14155552671")[0].PIN
		if got := ask(t, a.Verify.Handle, "/verify-otp", `{"phoneNumber":"+14155552671","pin":"`+pin+`"}`); got.StatusCode != http.StatusOK {
			t.Fatalf("verify got %d %s", got.StatusCode, got.Body)
		}
		if got := ask(t, a.Send.Handle, "/send-otp", `{"phoneNumber":"+436641234567"}`); got.StatusCode != want {
			t.Errorf("IP_SEND_COUNTS=%s: a send after a success got %d %s, want %d", counts, got.StatusCode, got.Body, want)
		}
	}
}

// TestPolicyReachesTheService: every number of the policy, at once.
func TestPolicyReachesTheService(t *testing.T) {
	_, variables := account(t)
	variables["SEND_COOLDOWN"], variables["NUMBER_SEND_LIMIT"], variables["PIN_TTL"] = "0s", "2/1d", "1m"
	var log bytes.Buffer
	a := newApp(t, variables, &log)
	want := []int{http.StatusOK, http.StatusOK, http.StatusTooManyRequests}
	for i, status := range want {
		got := ask(t, a.Send.Handle, "/send-otp", `{"phoneNumber":"+14155552671"}`)
		if got.StatusCode != status {
			t.Errorf("send %d got %d %s, want %d", i+1, got.StatusCode, got.Body, status)
		}
		if status != http.StatusOK {
			continue
		}
		var sent struct{ ExpiresAt time.Time }
		if err := json.Unmarshal([]byte(got.Body), &sent); err != nil {
			t.Fatal(err)
		}
		if life := time.Until(sent.ExpiresAt); life > time.Minute || life < 50*time.Second {
			t.Errorf("the code lives %s, want a minute", life)
		}
	}
}

// TestLocalPhoneKey: without a secret, names come from the API key, the same after a
// restart and others with another key.
func TestLocalPhoneKey(t *testing.T) {
	name := func(apiKey string) string {
		reader, err := SecretReader(Config{Infobip: Infobip{APIKey: apiKey}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		secret, err := reader.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return secret.PhoneKeys(time.Now(), 0).Oldest.ClientKey("send", "203.0.113.1")
	}
	before, after := name("a"), name("a")
	if before != after || before == name("b") {
		t.Error("names do not follow the API key")
	}
	if strings.Contains(name("a"), "203.0.113") {
		t.Error("a name shows the address")
	}
}

func TestNewNeedsAKey(t *testing.T) {
	_, variables := account(t)
	delete(variables, "INFOBIP_API_KEY")
	c, err := ReadConfig(env(variables))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(c, Clock{}, telemetry.NewLogger(&bytes.Buffer{}, "")); err == nil || err.Error() != "neither SECRET_ID nor INFOBIP_API_KEY is set" {
		t.Errorf("got %v", err)
	}
}

func TestAllowHTTPIsLogged(t *testing.T) {
	_, variables := account(t)
	var log bytes.Buffer
	newApp(t, variables, &log)
	if log.Len() > 0 {
		t.Errorf("a plain start wrote %s", log.String())
	}
	variables["INFOBIP_ALLOW_HTTP"] = "true"
	newApp(t, variables, &log)
	if !strings.Contains(log.String(), `"level":"WARN"`) || !strings.Contains(log.String(), "INFOBIP_ALLOW_HTTP is set") {
		t.Errorf("plain http is allowed without a warning: %s", log.String())
	}
}

// TestOneRepeat: the SDK's clients make two attempts, whatever its defaults are.
func TestOneRepeat(t *testing.T) {
	address, calls := broken(t)
	_, _, err := store.NewDynamoDB(NewDynamoDB(AWS{DynamoDB: address}), "table").Load(t.Context(), "key")
	if !errors.Is(err, otp.ErrUnavailable) || calls.Load() != 2 {
		t.Errorf("after %d calls: %v", calls.Load(), err)
	}
}

// TestAttemptEndsWithinASecond: a table that hangs costs two attempts of a second.
func TestAttemptEndsWithinASecond(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	defer close(release)
	started := time.Now()
	_, _, err := store.NewDynamoDB(NewDynamoDB(AWS{DynamoDB: server.URL}), "table").Load(t.Context(), "key")
	took := time.Since(started)
	if !errors.Is(err, otp.ErrUnavailable) || calls.Load() != 2 || took < 1900*time.Millisecond {
		t.Errorf("after %s and %d calls: %v", took, calls.Load(), err)
	}
}

// TestNoCredentials: without credentials a call to AWS fails with their names; an
// emulator takes any.
func TestNoCredentials(t *testing.T) {
	if _, err := (AWS{}).credentials("").Retrieve(t.Context()); err == nil || !strings.Contains(err.Error(), "AWS_ACCESS_KEY_ID") {
		t.Errorf("got %v", err)
	}
	found, err := AWS{}.credentials("http://127.0.0.1:1").Retrieve(t.Context())
	if err != nil || !found.HasKeys() {
		t.Errorf("an emulator's credentials: %v", err)
	}
	found, err = AWS{AccessKeyID: "a", SecretAccessKey: "b", SessionToken: "c"}.credentials("http://127.0.0.1:1").Retrieve(t.Context())
	if err != nil || found.AccessKeyID != "a" || found.SecretAccessKey != "b" || found.SessionToken != "c" {
		t.Errorf("given credentials are not used: %v", err)
	}
}
