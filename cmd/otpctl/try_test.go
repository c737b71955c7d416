package main

import (
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
)

// clientCodes are the codes that docs/api.md explains.
func clientCodes() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, explanation := range httpapi.Explanations() {
			for _, code := range explanation.Codes {
				if !yield(code) {
					return
				}
			}
		}
	}
}

// An answer that was lost, or that is not ready, is asked for again under the same key.
func TestLostAnswersAreAskedForAgain(t *testing.T) {
	for name, test := range map[string]struct {
		answers []string // cut, or a status and a body
		calls   int32
		says    string
	}{
		"lost":               {[]string{"cut", `200 {"verificationId":"id"}`}, 2, ""},
		"lost twice":         {[]string{"cut", "cut", `200 {}`}, 2, "cannot be reached"},
		"still running":      {[]string{`409 {"error":"x","code":"idempotency_key_in_use","retryAfter":1}`, `200 {"verificationId":"id"}`}, 2, ""},
		"refused":            {[]string{`429 {"error":"Please wait.","code":"too_soon","retryAfter":61}`}, 1, "429 too_soon: Please wait; try again in 1m01s"},
		"an escape":          {[]string{`429 {"error":"x\u001b[2J","code":"\u001b"}`}, 1, "answers 429, and not as infobip-otp does"},
		"an escape in words": {[]string{`429 {"error":"x\u001b[2J","code":"too_soon"}`}, 1, "answers 429 too_soon: x[2J"},
		"the gateway":        {[]string{`503 {"message":"Service Unavailable"}`}, 1, "API Gateway itself answers 503: Service Unavailable"},
		"somebody else":      {[]string{`200 <html>`}, 1, "answers 200, and not as infobip-otp does"},
	} {
		t.Run(name, func(t *testing.T) {
			var calls, others atomic.Int32 // others came under another key
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				answer := test.answers[calls.Add(1)-1]
				if r.Header.Get("Idempotency-Key") != "the key" {
					others.Add(1)
				}
				if answer == "cut" {
					panic(http.ErrAbortHandler)
				}
				status, body, _ := strings.Cut(answer, " ")
				w.WriteHeader(seconds(status))
				_, _ = io.WriteString(w, body)
			}))
			defer server.Close()
			api, err := newTryAPI(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			got, err := api.post(t.Context(), "/send-otp", "the key", map[string]string{"phoneNumber": canaryNumber})
			if calls.Load() != test.calls || others.Load() != 0 {
				t.Errorf("%d calls, %d of them under another key, want %d under the one", calls.Load(), others.Load(), test.calls)
			}
			switch {
			case test.says == "" && (err != nil || got.VerificationID != "id"):
				t.Errorf("got %+v, %v", got, err)
			case test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "123456")):
				t.Errorf("got %v, want %q", err, test.says)
			}
		})
	}
}

// A number and a code do not travel in clear, but on this machine.
func TestTryAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"https://otp.example.com":     "https://otp.example.com",
		"https://otp.example.com/":    "https://otp.example.com",
		"https://example.com/otp/":    "https://example.com/otp",
		"http://localhost:3000":       "http://localhost:3000",
		"http://127.0.0.1:3000":       "http://127.0.0.1:3000",
		"http://otp.example.com":      "",
		"http://127.0.0.1.evil.com":   "",
		"otp.example.com":             "",
		"ftp://otp.example.com":       "",
		"https://me@otp.example.com":  "",
		"https://otp.example.com?a=b": "",
		"":                            "",
	} {
		got, err := httpAddress(address)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v, want %q", address, got, err, want)
		}
	}
}

// What takes longer than a second is said once it does, and again; what does not is not.
func TestDuring(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		said := &strings.Builder{}
		ui := &tui{err: said}
		done := ui.during("looking")
		time.Sleep(slow - 1)
		done()
		if said.Len() != 0 {
			t.Errorf("within a second: %q", said)
		}
		done = ui.during("looking")
		time.Sleep(12 * time.Second)
		done()
		if got, want := said.String(), "otpctl: looking …\notpctl: still looking (11s)\n"; got != want {
			t.Errorf("after twelve seconds: %q, want %q", got, want)
		}
	})
}
