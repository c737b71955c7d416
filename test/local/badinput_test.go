package local

import (
	"net/http"
	"strings"
	"testing"

	"github.com/seed-a131a524/infobip-otp/test/badinput"
	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// noAddressLimits lets one address send what a test has to send.
var noAddressLimits = []string{"IP_SEND_LIMIT=100000/15m", "IP_VERIFY_LIMIT=100000/5m"}

func TestBadInputIsRefusedBeforeTheProvider(t *testing.T) {
	g := harness.StartGateway(t, noAddressLimits...)
	for _, c := range badinput.All() {
		t.Run(c.Path+" "+c.Name, func(t *testing.T) {
			method := c.Method
			if method == "" {
				method = http.MethodPost
			}
			headers := map[string]string{"Content-Type": "application/json"}
			for name, value := range c.Headers {
				headers[name] = value
			}
			got := g.Do(t, method, c.Path, headers, c.Body)
			if got.Status != c.Status || got.Members["code"] != c.Code || got.Members["error"] != c.Sentence {
				t.Errorf("answer = %d %s\nwant %d %s: %s", got.Status, got.Body, c.Status, c.Code, c.Sentence)
			}
			if got.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("Cache-Control = %q, want no-store", got.Header.Get("Cache-Control"))
			}
		})
	}
	if calls := g.Calls(t, "*"); len(calls) != 0 {
		t.Errorf("calls to the provider = %v, want none", calls)
	}
	if got := g.Post(t, "/send-otp", `{"phoneNumber":"`+phone+`"}`); got.Status != http.StatusOK {
		t.Errorf("a good request after all that = %d %s, want 200", got.Status, got.Body)
	}
}

func TestUnusualButGoodInputIsServed(t *testing.T) {
	const size = 4 << 10
	body := `{"phoneNumber":"` + phone + `"}`
	for name, request := range map[string]struct {
		contentType, body string
	}{
		"a body of 4 KiB":           {"application/json", body + strings.Repeat(" ", size-len(body))},
		"a charset":                 {"application/json; charset=utf-8", body},
		"a charset in capitals":     {"application/json;charset=UTF-8", body},
		"a media type in capitals":  {"Application/JSON", body},
		"a number without the plus": {"application/json", `{"phoneNumber":"14155552671"}`},
		"escapes":                   {"application/json", `{"phone\u004eumber":"\u002b14155552671"}`},
		"null for what is optional": {"application/json", `{"phoneNumber":"+14155552671","channel":null,"locale":null}`},
	} {
		t.Run(name, func(t *testing.T) {
			g := harness.StartGateway(t)
			got := g.Do(t, http.MethodPost, "/send-otp", map[string]string{"Content-Type": request.contentType}, request.body)
			if got.Status != http.StatusOK {
				t.Fatalf("answer = %d %s, want 200", got.Status, got.Body)
			}
			if to := g.Newest(t, phone).To; to != "14155552671" {
				t.Errorf("sent to %s, want 14155552671", to)
			}
		})
	}
}
