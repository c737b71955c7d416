package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
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

// broken is an AWS that answers every call with 503 and counts them.
func broken(t *testing.T) (string, *atomic.Int32) {
	t.Helper()
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	t.Cleanup(server.Close)
	return server.URL, &calls
}

// TestBadSettingsStopAStart of each function that reads them, with the variable's name and
// the accepted form, and without what may be a secret.
func TestBadSettingsStopAStart(t *testing.T) {
	logger := telemetry.NewLogger(io.Discard, "")
	const (
		regions    = "ALLOWED_REGIONS must be a list of region codes such as AT,DE, or all"
		lineTypes  = "ALLOWED_LINE_TYPES must be a list of line types such as mobile,fixed_line_or_mobile, or all"
		channels   = "CHANNELS must be a list of channels such as sms,voice, or all"
		clientRate = "NUMBER_CLIENT_SEND_LIMIT must be a rate such as 5/15m or 3/1d, with 1 to 1000 attempts in 1s to 365d"
		header     = "CLIENT_ADDRESS_HEADER must be the name of a header that holds one address, such as CloudFront-Viewer-Address or X-Client-Address (X-Forwarded-For holds a list)"
		originKeys = "ORIGIN_KEYS must be origin keys of 32 to 256 printable ASCII characters without spaces, with commas between them"
	)
	for _, c := range []struct{ name, value, want string }{
		{"ALLOWED_REGIONS", "AT;DE", regions},
		{"ALLOWED_REGIONS", "AT,,DE", regions},
		{"ALLOWED_REGIONS", "AT,XY", regions + ": XY is none"},
		{"ALLOWED_REGIONS", "UK", regions + ": UK is none"},
		{"ALLOWED_LINE_TYPES", "mobile fixed_line", lineTypes},
		{"ALLOWED_LINE_TYPES", "mobile,landline", lineTypes},
		{"CHANNELS", "sms,fax", channels},
		{"NUMBER_CLIENT_SEND_LIMIT", "3 a day", clientRate},
		{"NUMBER_CLIENT_SEND_LIMIT", "0/1d", clientRate},
		{"IP_SEND_COUNTS", "failed", "IP_SEND_COUNTS must be one of all, unverified"},
		{"REQUIRE_PLUS", "yes", "REQUIRE_PLUS must be true or false"},
		{"NUMBER_DISABLED_MEMORY", "59m", "NUMBER_DISABLED_MEMORY must be a duration such as 30s, 10m or 1d, from 1h to 3650d"},
		{"CLIENT_ADDRESS_HEADER", "Client Address", header},
		{"CLIENT_ADDRESS_HEADER", "X-Forwarded-For", header},
		{"ORIGIN_KEYS", strings.Repeat("k", 31), originKeys},
		{"ORIGIN_KEYS", strings.Repeat("k", 32) + "," + strings.Repeat("k", 31), originKeys},
	} {
		for _, function := range []settings.Program{settings.Send, settings.Verify} {
			_, err := start(function, env(map[string]string{c.name: c.value}), logger)
			if err == nil || err.Error() != c.want {
				t.Errorf("%s=%s: %v, want %s", c.name, c.value, err, c.want)
			}
		}
	}
}

// TestStart is what a function does at its start: bad settings stop it, a bad
// neighbour does not.
func TestStart(t *testing.T) {
	var log bytes.Buffer
	logger := telemetry.NewLogger(&log, "")
	if _, err := start(settings.Send, env(map[string]string{"PIN_LENGTH": "canary"}), logger); err == nil || !strings.HasPrefix(err.Error(), "PIN_LENGTH must be ") {
		t.Errorf("a bad setting: %v", err)
	}
	if _, err := start(settings.Send, env(nil), logger); err == nil || !strings.Contains(err.Error(), "TABLE_NAME must be set") || !strings.Contains(err.Error(), "INFOBIP_2FA_MSG_ID must be set") {
		t.Errorf("missing settings: %v", err)
	}
	address, calls := broken(t)
	variables := map[string]string{
		"INFOBIP_BASE_URL": address, "INFOBIP_2FA_APP_ID": "a", "INFOBIP_2FA_MSG_ID": "m", "TABLE_NAME": "t", "AWS_REGION": "eu-central-1",
		"SECRET_ID": "s", "AWS_ENDPOINT_URL": address, "AWS_ACCESS_KEY_ID": "canary-id", "AWS_SECRET_ACCESS_KEY": "canary-secret",
	}
	variables["CHANNELS"] = "sms,email"
	if _, err := start(settings.Send, env(variables), logger); err == nil || !strings.HasPrefix(err.Error(), "INFOBIP_2FA_MESSAGES must have email/*: CHANNELS offers email") {
		t.Errorf("a channel without a message: %v", err)
	}
	delete(variables, "CHANNELS")
	started := time.Now()
	a, err := start(settings.Send, env(variables), logger)
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(started); took > warmBudget+time.Second {
		t.Errorf("the start took %s", took)
	}
	for _, what := range []string{`"what":"secret"`, `"what":"table"`} {
		if strings.Count(log.String(), what) != 1 {
			t.Errorf("the log does not say once that %s failed:\n%s", what, log.String())
		}
	}
	if strings.Contains(log.String(), "canary") {
		t.Errorf("the log shows a credential: %s", log.String())
	}
	if calls.Load() == 0 {
		t.Error("nothing was called to warm up")
	}
	answer := ask(t, a.Send.Handle, "/send-otp", `{"phoneNumber":"+14155552671"}`)
	if answer.StatusCode != http.StatusServiceUnavailable || answer.Headers["Retry-After"] == "" {
		t.Errorf("without its secret the function answers %d %s", answer.StatusCode, answer.Body)
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
	if !errors.Is(err, otp.ErrUnavailable) || calls.Load() != 2 || took < 1900*time.Millisecond || took > 4*time.Second {
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

// TestChannelsHaveMessages: what is offered has one, or who sends does not start, in AWS as under
// `sam local`. Verify is told neither channels nor messages.
func TestChannelsHaveMessages(t *testing.T) {
	address, _ := broken(t)
	const (
		sms   = "INFOBIP_2FA_MSG_ID must be set, or INFOBIP_2FA_MESSAGES have sms/*: CHANNELS offers sms"
		email = "INFOBIP_2FA_MESSAGES must have email/*: CHANNELS offers email"
	)
	for _, c := range []struct {
		function                     settings.Program
		channels, messages, standard string
		lacks                        []string
	}{
		{settings.Send, "sms,email", "", "M", []string{email}},
		{settings.Send, "sms,email", "email/de=M", "M", []string{email}},
		{settings.Send, "sms,email", "email/*=M", "M", nil},
		{settings.Send, "sms,email", "email/*=M", "", []string{sms}},
		{settings.Send, "sms,email", "", "", []string{sms, email}},
		{settings.Send, "sms,email", "sms/*=M,email/*=M", "", nil},
		{settings.Send, "email", "email/*=M", "", nil},
		{settings.Verify, "", "", "", nil},
	} {
		for _, sam := range []string{"", "true"} {
			_, err := start(c.function, env(map[string]string{
				"INFOBIP_BASE_URL": address, "INFOBIP_2FA_APP_ID": "a", "TABLE_NAME": "t", "AWS_REGION": "eu-central-1", "INFOBIP_API_KEY": "k",
				"AWS_ENDPOINT_URL": address, "CHANNELS": c.channels, "INFOBIP_2FA_MESSAGES": c.messages, "INFOBIP_2FA_MSG_ID": c.standard, samLocal: sam,
			}), slog.New(slog.DiscardHandler))
			var said []string
			if err != nil {
				for line := range strings.SplitSeq(err.Error(), "\n") {
					sentence, _, _ := strings.Cut(line, ", and ")
					said = append(said, sentence)
				}
			}
			if diff := cmp.Diff(c.lacks, said); diff != "" {
				t.Errorf("function %d with %q, %q and %q, sam local %q (-want +got):\n%s", c.function, c.channels, c.messages, c.standard, sam, diff)
			}
		}
	}
}
