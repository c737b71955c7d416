package infobip

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// A provider that echoes all it was told, in every place where an error's
// text could come from.
func TestErrorsShowNothing(t *testing.T) {
	echo := func(status int, format string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			all := r.RequestURI + " " + string(body) + " " + r.Header.Get("Authorization") + testPinID + testPIN + testDigits + testAddress
			all = strings.ReplaceAll(all, `"`, ``)
			w.Header().Set("Retry-After", all)
			w.Header().Set("Location", r.RequestURI)
			w.Header().Set("X-Request-Id", all)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, strings.ReplaceAll(format, "%", all))
		}
	}
	raw := func(line string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			_, _ = io.WriteString(conn, line)
		}
	}
	answers := map[string]http.HandlerFunc{
		"malformed status line": raw("HTTP/1.1 " + testPIN + testPinID + testDigits + "\r\n\r\n"),
		"malformed header":      raw("HTTP/1.1 200 OK\r\n" + testPIN + testPinID + testDigits + "\r\n\r\n"),
		"malformed length":      raw("HTTP/1.1 200 OK\r\nContent-Length: " + testPinID + testPIN + "\r\n\r\n"),
		"malformed chunk":       raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + testPinID + testPIN + "\r\n"),
		"malformed encoding":    raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: " + testPinID + "\r\n\r\n"),
	}
	for _, status := range []int{200, 204, 302, 400, 401, 403, 404, 408, 429, 500, 503} {
		for i, format := range []string{
			`%`, `{"%":"%"}`, `{"pinId":"%%%%","verified":true,"msisdn":"%"}`, `{"pinError":"%","verified":"%"}`,
			`{"requestError":{"serviceException":{"messageId":"%","text":"%","validationErrors":{"%":["%"]}}}}`,
			`{"errorCode":"%","description":"%","action":"%"}`,
			`{"errorCode":"` + testPinID + `"}`, `{"errorCode":"` + testPIN + `"}`, `{"errorCode":"PIN_` + testPIN + `"}`,
			`{"errorCode":"` + testDigits + `"}`, `{"errorCode":"` + strings.ToUpper(testAddress) + `"}`, `{"errorCode":"` + strings.ToUpper(testKey[:32]) + `"}`,
		} {
			answers[fmt.Sprintf("%d with body %d", status, i)] = echo(status, format)
		}
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := clientOf(t, serve(t, answer))
			_, err := client.Send(t.Context(), testRecipient, otp.SMS, otp.Message{})
			showsNothing(t, err)
			_, err = client.Resend(t.Context(), testPinID, otp.SMS)
			showsNothing(t, err)
			_, err = client.Send(t.Context(), testMailbox, otp.Email, otp.Message{ID: "mail-1"})
			showsNothing(t, err)
			_, err = client.Verify(t.Context(), testPinID, testMailbox, testPIN)
			showsNothing(t, err)
			_, err = client.Verify(t.Context(), testPinID, testRecipient, testPIN)
			showsNothing(t, err)
		})
	}
}

// showsNothing looks at an error and at all that it wraps.
func showsNothing(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return // a 404 to a verify is a verdict
	}
	noCanary(t, fmt.Sprintf("%v %+v %#v %q", err, err, err, err))
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		noCanary(t, fmt.Sprintf("%v %+v", inner, inner))
		if len(inner.Error()) > 300 {
			t.Errorf("a long error: %v", inner)
		}
	}
}

// What an operator needs is there: operation, status, the provider's word.
func TestErrorsSayWhatHappened(t *testing.T) {
	s := serve(t, says(400, `{"requestError":{"serviceException":{"messageId":"BAD_REQUEST","text":"Bad request"}}}`))
	_, err := clientOf(t, s).Send(t.Context(), testRecipient, otp.SMS, otp.Message{})
	const want = "provider: refused: infobip send: status 400: BAD_REQUEST: refused"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	call, ok := errors.AsType[*CallError](err)
	if !ok || call.Status != 400 || call.MessageID != "BAD_REQUEST" || call.Operation != "send" {
		t.Errorf("got %+v", call)
	}
}

func TestWord(t *testing.T) {
	secrets := []string{"", "abc_def", "1234"}
	for in, want := range map[string]string{
		"": "", "BAD_REQUEST": "BAD_REQUEST", "E429": "E429", "POL0001": "POL0001", "0": "0",
		"bad_request": "", "BAD REQUEST": "", "BAD-REQUEST": "", "É": "", "A\n": "", "12345": "", "A1B2C3D4E5": "",
		"PIN_1234": "", "X_ABC_DEF_X": "", strings.Repeat("A", maxWord): strings.Repeat("A", maxWord), strings.Repeat("A", maxWord+1): "",
	} {
		if got := word(in, secrets); got != want {
			t.Errorf("word(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestNoGoroutineIsLeft(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Run("calls", func(t *testing.T) {
		slow := func(http.ResponseWriter, *http.Request) { time.Sleep(300 * time.Millisecond) }
		for _, answer := range []http.HandlerFunc{says(200, verified), says(500, ``), hangUp, cutBody(200), slow, says(200, strings.Repeat("x", 2*maxAnswer))} {
			s := serve(t, answer)
			config := testConfig(s.URL)
			config.Timeout = 100 * time.Millisecond
			client := newClient(t, config)
			for range 3 {
				_, _ = client.Send(t.Context(), testRecipient, otp.SMS, otp.Message{})
			}
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(20*time.Millisecond, cancel)
			_, _ = client.Verify(ctx, testPinID, testRecipient, testPIN)
			_ = client.Warm(t.Context())
			client.Close()
		}
	})
	for wait := time.Now(); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
		if time.Since(wait) > 30*time.Second {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, want %d:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
	}
}
