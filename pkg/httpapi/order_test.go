package httpapi_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-lambda-go/events"

	infobipotp "github.com/seed-a131a524/infobip-otp"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
)

// TestOrderOfChecks breaks every rule at once and mends one after the other: what is
// refused is always the first of the contract's order.
func TestOrderOfChecks(t *testing.T) {
	const send, resend, verify = httpapi.RouteSend, httpapi.RouteResend, httpapi.RouteVerify
	base64Encoded := func(e *events.APIGatewayV2HTTPRequest) { e.IsBase64Encoded = true }
	method := func(name string) change {
		return func(e *events.APIGatewayV2HTTPRequest) { e.RequestContext.HTTP.Method = name }
	}
	noType := withHeader("content-type", "text/plain")
	badKeyHeader := withHeader("idempotency-key", "")
	noOrigin := withoutHeader("x-origin-key")
	noClient := withHeader("x-client-address", "nobody")
	long := strings.Repeat("x", 5000)
	premium := "+19002345678"
	voice := `,"channel":"voice"}`
	with := func(body, more string) string { return strings.TrimSuffix(body, "}") + more }
	for _, c := range []struct {
		name    string
		path    string
		body    string
		changes []change
		status  int
		want    string
	}{
		{"path before method", "/send", long, []change{method("PUT"), noOrigin, noType}, 404, notFound},
		{"method before origin", send, long, []change{method("PUT"), noOrigin, noType}, 405, notAllowed},
		{"origin before client's address", send, long, []change{noOrigin, noClient, noType}, 403, forbidden},
		{"client's address before type", send, long, []change{noClient, noType}, 400, noAddress},
		{"type before size", verify, long, []change{noType}, 415, wrongType},
		{"size before JSON", verify, long, nil, 413, tooLarge},
		{"size before base64", verify, strings.Repeat("!", 10000), []change{base64Encoded}, 413, tooLarge},
		{"JSON before members", verify, `{"x":1,"x":2}`, nil, 400, bodyInvalid},
		{"JSON before members, trailing data", verify, `{"x":1} {`, nil, 400, bodyInvalid},
		{"members before presence", verify, `{"x":1}`, nil, 400, refused("Unknown field: x.", "field_unknown")},
		{"types before presence", verify, `{"pin":1}`, nil, 400, refused("pin must be a string.", "field_type")},
		{"presence before PIN form", verify, `{"pin":"abc"}`, nil, 400, noNumberOrPIN},
		{"types before ambiguity", verify, `{"phoneNumber":"abc","email":"abc","pin":1}`, nil, 400, refused("pin must be a string.", "field_type")},
		{"ambiguity before PIN form", verify, `{"phoneNumber":"abc","email":"abc","pin":"abc"}`, nil, 400, ambiguous},
		{"ambiguity before presence", verify, `{"phoneNumber":"abc","email":"abc"}`, nil, 400, ambiguous},
		{"presence before PIN form, by e-mail", verify, `{"email":"abc"}`, nil, 400, noEmailOrPIN},
		{"PIN form before the address's form", verify, `{"email":"abc","pin":"abc"}`, nil, 400, badPIN},
		{"the address's form before id", verify, `{"email":"abc","pin":"123456","verificationId":"x"}`, nil, 400, badEmail},
		{"the address's form before locale", send, `{"email":"abc","locale":"-","channel":"fax"}`, nil, 400, badEmail},
		{"locale before channel", send, `{"email":"a@example.com","locale":"-","channel":"fax"}`, []change{badKeyHeader}, 400, refused("Invalid locale.", "locale_invalid")},
		{"key before channel offered, by e-mail", send, `{"email":"a@example.com"}`, []change{badKeyHeader}, 400, badKey},
		{"channel offered before channel fits", send, `{"email":"a@example.com","channel":"voice"}`, nil, 400, noChannel},
		{"channel fits before the client's limit", send, `{"email":"a@example.com","channel":"sms"}`, nil, 400, mismatch},
		{"PIN form before number form", verify, verifyBody("abc", "abc"), nil, 400, badPIN},
		{"number form before id", verify, verifyBodyID("abc", "123456", "x"), nil, 400, badNumber},
		{"number in no plan before id", verify, verifyBodyID("+18612345678", "123456", "x"), nil, 400, unassigned},
		{"id before key", verify, verifyBodyID(number, "123456", "x"), []change{badKeyHeader}, 400, badID},
		{"id before nonce", verify, with(verifyBodyID(number, "123456", "x"), `,"nonce":""}`), nil, 400, badID},
		{"nonce before key", verify, with(verifyBodyID(number, "123456", possibleID), `,"nonce":""}`), []change{badKeyHeader}, 400, badNonce},
		{"id before channel", resend, with(resendBody(number, "x"), `,"channel":"fax"}`), nil, 400, badID},
		{"number before channel", send, `{"phoneNumber":"abc","channel":"fax"}`, nil, 400, badNumberSend},
		{"channel before key", send, `{"phoneNumber":"+14155552671","channel":"fax"}`, []change{badKeyHeader}, 400, badChannel},
		{"key before channel offered", send, with(sendBody(premium), voice), []change{badKeyHeader}, 400, badKey},
		{"channel offered before region", send, with(sendBody(premium), voice), nil, 400, noChannel},
		{"region before line type", send, sendBody("+443412345678"), nil, 400, noRegion},
		{"line type before the address's limit", send, sendBody(premium), nil, 400, noLineType},
		{"the address's limit before the number's", send, sendBody(number), nil, 429, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				// The limits come last: an address that is over its limit is told of
				// its form all the same.
				r := newRig(t, func(s *setup) {
					s.client = httpapi.ClientAddress{Header: "X-Client-Address", Keys: originKeys{originKey}}
					s.guard = guard.Rules{Regions: []string{"US"}}
				})
				fromOrigin := []change{withHeader("x-origin-key", originKey), withHeader("x-client-address", "203.0.113.9")}
				for range 11 {
					r.post(verify, posts[verify], fromOrigin...)
					r.post(resend, posts[resend], fromOrigin...)
				}
				counted := r.counter.calls
				got := r.post(c.path, c.body, append(fromOrigin, c.changes...)...)
				if c.want != "" {
					got.want(t, c.status, c.want)
				} else {
					got.wantCode(t, c.status, "address_limited")
					counted++
				}
				if r.counter.calls != counted {
					t.Errorf("it counted %d times more than it should", r.counter.calls-counted)
				}
				r.wantCalls("", 0)
			})
		})
	}
}

// TestOrderIsDescribed: openapi.yaml names the checks in the order in which they are made.
func TestOrderIsDescribed(t *testing.T) {
	_, text, _ := strings.Cut(infobipotp.OpenAPI, "**Order of checks**: ")
	text, _, found := strings.Cut(text, "\n\n")
	if !found {
		t.Fatal("openapi.yaml has no order of checks")
	}
	text = strings.Join(strings.Fields(text), " ")
	const want = "method, path, origin, content type, size, JSON, members, presence, form of the PIN, of the number or address, " +
		"of the verification id, of the locale, of the nonce, channel's word, Idempotency-Key, channel offered, " +
		"channel fits recipient, region, line type, the client address's limit, the number's own, challenge and allowances."
	if !strings.HasPrefix(text, want) {
		t.Errorf("openapi.yaml says %q, want %q", text, want)
	}
}
