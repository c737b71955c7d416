package app

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/settings"
	"github.com/seed-a131a524/infobip-otp/pkg/telemetry"
)

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
	if took := time.Since(started); took > warmBudget+30*time.Second {
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
