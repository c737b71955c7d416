package infobip

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// delivery makes one of the delivering calls.
type delivery struct {
	name   string
	call   func(context.Context, *Client) (string, error)
	target string
	body   string
}

var deliveries = []delivery{
	{
		"send by SMS",
		func(ctx context.Context, c *Client) (string, error) {
			return c.Send(ctx, testRecipient, otp.SMS, otp.Message{})
		},
		"/2fa/2/pin?ncNeeded=false",
		`{"applicationId":"app-1","messageId":"msg-1","to":"14155552671"}`,
	},
	{
		"send by voice",
		func(ctx context.Context, c *Client) (string, error) {
			return c.Send(ctx, testRecipient, otp.Voice, otp.Message{})
		},
		"/2fa/2/pin/voice",
		`{"applicationId":"app-1","messageId":"msg-1","to":"14155552671"}`,
	},
	{
		"send by e-mail",
		func(ctx context.Context, c *Client) (string, error) {
			return c.Send(ctx, testMailbox, otp.Email, otp.Message{ID: "mail-1"})
		},
		"/2fa/2/pin/email",
		`{"applicationId":"app-1","messageId":"mail-1","to":"canary+tag@example.com"}`,
	},
	{
		"resend by e-mail",
		func(ctx context.Context, c *Client) (string, error) { return c.Resend(ctx, testPinID, otp.Email) },
		"/2fa/2/pin/" + testPinID + "/resend/email",
		`{}`,
	},
	{
		"resend by SMS",
		func(ctx context.Context, c *Client) (string, error) { return c.Resend(ctx, testPinID, otp.SMS) },
		"/2fa/2/pin/" + testPinID + "/resend",
		`{}`,
	},
	{
		"resend by voice",
		func(ctx context.Context, c *Client) (string, error) { return c.Resend(ctx, testPinID, otp.Voice) },
		"/2fa/2/pin/" + testPinID + "/resend/voice",
		`{}`,
	},
}

func TestDeliveryRequests(t *testing.T) {
	for _, d := range deliveries {
		t.Run(d.name, func(t *testing.T) {
			s := serve(t, says(200, `{"pinId":"NEW","to":"14155552671","smsStatus":"MESSAGE_SENT"}`))
			pinID, err := d.call(t.Context(), clientOf(t, s))
			if err != nil || pinID != "NEW" {
				t.Fatalf("got %q, %v, want NEW", pinID, err)
			}
			want := []seen{{
				method: "POST", target: d.target, proto: "HTTP/1.1", body: d.body,
				header: http.Header{
					"Accept":         {"application/json"},
					"Authorization":  {"App " + testKey},
					"Connection":     {"close"},
					"Content-Length": {strconv.Itoa(len(d.body))},
					"Content-Type":   {"application/json"},
					"User-Agent":     {"infobip-otp"},
				},
			}}
			if diff := cmp.Diff(want, s.got(), cmp.AllowUnexported(seen{})); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

// refusals are answers that mean the same for every call.
var refusals = []struct {
	name   string
	answer http.HandlerFunc
	want   otp.Effect
}{
	{"400 legacy", says(400, `{"requestError":{"serviceException":{"messageId":"BAD_REQUEST","text":"Bad request","validationErrors":{"pin":["must not be blank"]}}}}`), otp.Refused},
	{"400 newer envelope", says(400, `{"errorCode":"E400","description":"Bad request","action":"Ask for a higher limit","violations":[{"property":"pin","violation":"blank"}],"resources":[]}`), otp.Refused},
	{"400 HTML", says(400, `<html>limit</html>`), otp.Refused},
	{"400 empty", says(400, ``), otp.Refused},
	{"400 with nulls", says(400, `{"requestError":{"serviceException":null,"policyException":null},"errorCode":null}`), otp.Refused},
	{"400 wrong types", says(400, `{"requestError":[{"serviceException":7}],"errorCode":{"limit":1}}`), otp.Refused},
	{"400 cut in the body", cutBody(400), otp.Refused},
	{"404 cut in the body", cutBody(404), otp.Refused},
	{"403 FORBIDDEN", says(403, `{"requestError":{"serviceException":{"messageId":"FORBIDDEN","text":"Forbidden"}}}`), otp.Refused},
	{"403 UNAUTHORIZED", says(403, `{"requestError":{"serviceException":{"messageId":"UNAUTHORIZED","text":"Unauthorized access"}}}`), otp.Refused},
	{"401 again and again", says(401, `{"requestError":{"serviceException":{"messageId":"UNAUTHORIZED","text":"Invalid login details"}}}`), otp.Refused},
	{"405", says(405, ``), otp.Refused},
	{"418", says(418, `{}`), otp.Refused},
	{"429 legacy", says(429, `{"requestError":{"serviceException":{"messageId":"TOO_MANY_REQUESTS","text":"Too many requests"}}}`), otp.Throttled},
	{"429 newer envelope", says(429, `{"errorCode":"E429","description":"..","action":"..","violations":[],"resources":[]}`), otp.Throttled},
	{"429 HTML", says(429, `<html></html>`), otp.Throttled},
	{"429 empty", says(429, ``), otp.Throttled},
	{"400 E429", says(400, `{"errorCode":"E429","description":".."}`), otp.Throttled},
	{"400 too many in the id", says(400, `{"requestError":{"serviceException":{"messageId":"TOO_MANY_REQUESTS","text":".."}}}`), otp.Throttled},
	{"400 limit in the text", says(400, `{"requestError":{"serviceException":{"messageId":"BAD_REQUEST","text":"Send limit per phone number reached"}}}`), otp.Throttled},
	{"403 throttled in the text", says(403, `{"requestError":{"serviceException":{"messageId":"FORBIDDEN","text":"Requests are being Throttled"}}}`), otp.Throttled},
	{"403 policyException", says(403, `{"requestError":{"policyException":{"messageId":"POL0001","text":"LIMIT_EXCEEDED"}}}`), otp.Throttled},
	{"400 limit in the description", says(400, `{"errorCode":"E400","description":"The limit of pins is exceeded"}`), otp.Throttled},
	{"408", says(408, `{"requestError":{"serviceException":{"messageId":"TOO_MANY_REQUESTS","text":"limit"}}}`), otp.Unknown},
	{"300", says(300, ``), otp.Unknown},
	{"500", says(500, `{"requestError":{"serviceException":{"messageId":"GENERAL_ERROR","text":"Something went wrong."}}}`), otp.Unknown},
	{"502 HTML", says(502, `<html><body>Bad gateway</body></html>`), otp.Unknown},
	{"503 about limits", says(503, `{"requestError":{"serviceException":{"messageId":"0","text":"too many requests"}}}`), otp.Unknown},
	{"599", says(599, ``), otp.Unknown},
	{"cut before the answer", hangUp, otp.Unknown},
	{"cut in the answer", cutBody(200), otp.Unknown},
	{"200 empty", says(200, ``), otp.Unknown},
	{"204", says(204, ``), otp.Unknown},
	{"200 HTML", says(200, `<html></html>`), otp.Unknown},
	{"200 null", says(200, `null`), otp.Unknown},
	{"200 array", says(200, `[]`), otp.Unknown},
	{"200 truncated JSON", says(200, `{"pinId":"NEW","verified":true,"msisdn":"14155552671"`), otp.Unknown},
	{"200 two documents", says(200, `{"pinId":"NEW"}{"pinId":"NEW"}`), otp.Unknown},
	{"200 a member twice", says(200, `{"pinId":"NEW","pinId":"NEW","verified":false,"verified":true,"msisdn":"14155552671"}`), otp.Unknown},
	{"200 invalid UTF-8", says(200, "{\"pinId\":\"NEW\",\"verified\":true,\"msisdn\":\"14155552671\",\"x\":\"\xff\"}"), otp.Unknown},
	{"200 oversized", says(200, `{"pinId":"NEW","verified":true,"msisdn":"14155552671"}`+strings.Repeat(" ", maxAnswer)), otp.Unknown},
	{"200 wrong case", says(200, `{"PINID":"NEW","Verified":true,"msisdn":"14155552671"}`), otp.Unknown},
	{"200 in an object of its own", says(200, `{"result":{"pinId":"NEW","verified":true,"msisdn":"14155552671"}}`), otp.Unknown},
}

func TestDeliveryRefusals(t *testing.T) {
	for _, d := range deliveries {
		for _, test := range refusals {
			t.Run(d.name+"/"+test.name, func(t *testing.T) {
				s := serve(t, test.answer)
				pinID, err := d.call(t.Context(), clientOf(t, s))
				if got := effectOf(t, err); got != test.want || pinID != "" {
					t.Errorf("got %q, %v (%v), want %v", pinID, got, err, test.want)
				}
				calls := 1
				if strings.HasPrefix(test.name, "401") {
					calls = 2
				}
				if got := len(s.got()); got != calls {
					t.Errorf("%d requests reached the provider, want %d", got, calls)
				}
			})
		}
	}
}

func TestDeliveryAnswers(t *testing.T) {
	const notSent, unknown = otp.NotSent, otp.Unknown
	for _, test := range []struct {
		name  string
		body  string
		pinID string // empty: want is the effect
		want  otp.Effect
	}{
		{"sent", `{"pinId":"A","to":"14155552671","ncStatus":"NC_DESTINATION_REACHABLE","smsStatus":"MESSAGE_SENT"}`, "A", 0},
		{"without statuses", `{"pinId":"A"}`, "A", 0},
		{"nulls", `{"pinId":"A","to":null,"ncStatus":null,"smsStatus":null}`, "A", 0},
		{"extra members", `{"x":[1,{"y":null}],"pinId":"A","z":{}}`, "A", 0},
		{"wrong types", `{"pinId":"A","ncStatus":7,"smsStatus":["MESSAGE_NOT_SENT"],"to":1}`, "A", 0},
		{"unknown smsStatus", `{"pinId":"A","smsStatus":"MESSAGE_QUEUED"}`, "A", 0},
		{"voice", `{"pinId":"A","to":"14155552671","callStatus":"PENDING_ACCEPTED"}`, "A", 0},
		{"a callStatus is not branched on", `{"pinId":"A","callStatus":"MESSAGE_NOT_SENT"}`, "A", 0},
		{"an escaped pinId", `{"pinId":"A\/B\u00e9"}`, "A/Bé", 0},
		{"e-mail", `{"pinId":"A","to":"a@example.com","emailStatus":{"name":"PENDING_ACCEPTED","description":"rejected"}}`, "A", 0},
		{"e-mail, a status that is none", `{"pinId":"A","emailStatus":"REJECTED"}`, "A", 0},
		{"e-mail, a word within", `{"pinId":"A","emailStatus":{"name":"PENDING_REJECTED"}}`, "A", 0},
		{"e-mail rejected", `{"pinId":"A","emailStatus":{"name":"REJECTED_DESTINATION"}}`, "", notSent},
		{"e-mail undeliverable, no pinId", `{"emailStatus":{"name":"UNDELIVERABLE_NOT_DELIVERED"}}`, "", notSent},
		{"not sent", `{"pinId":"A","smsStatus":"MESSAGE_NOT_SENT"}`, "", notSent},
		{"not sent, no pinId", `{"smsStatus":"MESSAGE_NOT_SENT"}`, "", notSent},
		{"not reachable", `{"pinId":"A","ncStatus":"NC_DESTINATION_NOT_REACHABLE","smsStatus":"MESSAGE_SENT"}`, "", notSent},
		{"not reachable, other spelling", `{"pinId":"A","ncStatus":"NC_NOT_REACHABLE"}`, "", notSent},
		{"no pinId", `{"smsStatus":"MESSAGE_SENT"}`, "", unknown},
		{"empty pinId", `{"pinId":""}`, "", unknown},
		{"null pinId", `{"pinId":null}`, "", unknown},
		{"numeric pinId", `{"pinId":1234567}`, "", unknown},
		{"a pinId that is a folder", `{"pinId":".."}`, "", unknown},
		{"a pinId too long to keep", `{"pinId":"` + strings.Repeat("A", maxPinID+1) + `"}`, "", unknown},
	} {
		for _, d := range deliveries {
			t.Run(d.name+"/"+test.name, func(t *testing.T) {
				s := serve(t, says(200, test.body))
				pinID, err := d.call(t.Context(), clientOf(t, s))
				if test.pinID != "" {
					if err != nil || pinID != test.pinID {
						t.Fatalf("got %q, %v, want %q", pinID, err, test.pinID)
					}
					return
				}
				if got := effectOf(t, err); got != test.want || pinID != "" {
					t.Errorf("got %q, %v (%v), want %v", pinID, got, err, test.want)
				}
			})
		}
	}
}

func TestAcceptsAny2xx(t *testing.T) {
	s := serve(t, says(202, `{"pinId":"A"}`))
	pinID, err := clientOf(t, s).Send(t.Context(), testRecipient, otp.SMS, otp.Message{})
	if err != nil || pinID != "A" {
		t.Errorf("got %q, %v, want A", pinID, err)
	}
}

// A pinId is opaque, so it is encoded.
func TestResendPath(t *testing.T) {
	s := serve(t, says(200, `{"pinId":"A"}`))
	_, err := clientOf(t, s).Resend(t.Context(), "A/..?b% é", otp.SMS)
	if err != nil {
		t.Fatal(err)
	}
	const want = "/2fa/2/pin/A%2F..%3Fb%25%20%C3%A9/resend"
	if got := s.got()[0].target; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// What makes no sense is not asked.
func TestNotBegun(t *testing.T) {
	s := serve(t, says(200, verified))
	client := clientOf(t, s)
	short, cancel := context.WithTimeout(t.Context(), stateReserve+leastCall/2)
	defer cancel()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range map[string]func() error{
		"send without a number": func() error {
			_, err := client.Send(t.Context(), recipient.Recipient{}, otp.SMS, otp.Message{})
			return err
		},
		"send by an unknown channel": func() error { _, err := client.Send(t.Context(), testRecipient, "fax", otp.Message{}); return err },
		"e-mail to a number":         func() error { _, err := client.Send(t.Context(), testRecipient, otp.Email, otp.Message{}); return err },
		"SMS to an address":          func() error { _, err := client.Send(t.Context(), testMailbox, otp.SMS, otp.Message{}); return err },
		"e-mail without a template":  func() error { _, err := client.Send(t.Context(), testMailbox, otp.Email, otp.Message{}); return err },
		"resend by one":              func() error { _, err := client.Resend(t.Context(), testPinID, ""); return err },
		"resend without a pinId":     func() error { _, err := client.Resend(t.Context(), "", otp.SMS); return err },
		"resend of a folder":         func() error { _, err := client.Resend(t.Context(), "..", otp.SMS); return err },
		"verify without a pinId":     func() error { _, err := client.Verify(t.Context(), "", testRecipient, testPIN); return err },
		"verify of a folder":         func() error { _, err := client.Verify(t.Context(), ".", testRecipient, testPIN); return err },
		"verify without a number": func() error {
			_, err := client.Verify(t.Context(), testPinID, recipient.Recipient{}, testPIN)
			return err
		},
		"verify of what is no text":   func() error { _, err := client.Verify(t.Context(), testPinID, testRecipient, "\xff"); return err },
		"verify with too little time": func() error { _, err := client.Verify(short, testPinID, testRecipient, testPIN); return err },
		"send with too little time":   func() error { _, err := client.Send(short, testRecipient, otp.SMS, otp.Message{}); return err },
		"send for nobody":             func() error { _, err := client.Send(over, testRecipient, otp.SMS, otp.Message{}); return err },
	} {
		if got := effectOf(t, call()); got != otp.NotSent {
			t.Errorf("%s: got %v, want %v", name, got, otp.NotSent)
		}
	}
	if got := s.got(); len(got) != 0 {
		t.Errorf("the provider was asked: %v", got)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		value string
		want  time.Duration
	}{
		{"", 0},
		{"0", 0},
		{"7", 7 * time.Second},
		{"3600", time.Hour},
		{"86401", maxRetryAfter},
		{"18446744073709551615", maxRetryAfter},
		{"18446744073709551616", 0},
		{"-1", 0},
		{"1.5", 0},
		{"soon", 0},
		{"Tue, 24 Nov 2026 12:00:30 GMT", 30 * time.Second},
		{"Tuesday, 24-Nov-26 12:01:00 GMT", time.Minute},
		{"Tue, 24 Nov 2026 11:59:00 GMT", 0},
		{"Tue, 24 Nov 2037 12:00:30 GMT", maxRetryAfter},
	} {
		header := http.Header{}
		header.Set("Retry-After", test.value)
		if got := retryAfter(header, now); got != test.want {
			t.Errorf("retryAfter(%q) = %v, want %v", test.value, got, test.want)
		}
	}

	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "42")
		says(429, ``)(w, r)
	})
	_, err := clientOf(t, s).Send(t.Context(), testRecipient, otp.SMS, otp.Message{})
	if got := providerError(t, err).RetryAfter; got != 42*time.Second {
		t.Errorf("the error has a RetryAfter of %v, want 42s", got)
	}
}
