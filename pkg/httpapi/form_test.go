package httpapi_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-lambda-go/events"

	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
)

// The sentences of the contract that several routes share.
const (
	bodyInvalid   = `{"error":"Request body must be a JSON object.","code":"body_invalid"}`
	wrongType     = `{"error":"Content-Type must be application/json.","code":"content_type_unsupported"}`
	tooLarge      = `{"error":"Request body too large.","code":"body_too_large"}`
	noNumber      = `{"error":"Phone number is required.","code":"phone_number_required"}`
	noNumberOrID  = `{"error":"Phone number and verification ID are required.","code":"verification_id_invalid"}`
	noNumberOrPIN = `{"error":"Phone number and PIN code are required.","code":"phone_number_and_pin_required"}`
	badNumberSend = `{"error":"Invalid phone number format. Use E.164 format (e.g., +14155552671).","code":"phone_number_invalid"}`
	badNumber     = `{"error":"Invalid phone number format. Use E.164 format.","code":"phone_number_invalid"}`
	badPIN        = `{"error":"Invalid PIN format. Expecting 6 digits.","code":"pin_invalid"}`
	badID         = `{"error":"Invalid verification ID.","code":"verification_id_invalid"}`
	badChannel    = `{"error":"Unknown channel: use sms or voice.","code":"channel_unknown"}`
	badKey        = `{"error":"Invalid Idempotency-Key: use 1 to 255 printable ASCII characters.","code":"idempotency_key_invalid"}`
	unauthorized  = `{"error":"Invalid or expired OTP.","code":"invalid_or_expired"}`
)

const possibleID = "AAAAAAAAAAAAAAAAAAAAAA" // nobody was given it

// posts are the three routes with a body each that is right in form.
var posts = map[string]string{
	httpapi.RouteSend:   sendBody(number),
	httpapi.RouteResend: resendBody(number, possibleID),
	httpapi.RouteVerify: verifyBody(number, "123456"),
}

// refusal is a malformed request and the one answer to it.
type refusal struct {
	name    string
	path    string
	body    string
	changes []change
	status  int
	want    string
}

// check asks, and checks that the provider was not, that the address was counted all
// the same, and that the number's state was not touched.
func (c *refusal) check(t *testing.T) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		got := r.post(c.path, c.body, c.changes...)
		got.want(t, c.status, c.want)
		r.wantCalls("", 0)
		if r.store.save.calls+r.store.load.calls != 0 {
			t.Errorf("the store was asked about a malformed request")
		}
		limit := "5"
		if c.path == httpapi.RouteVerify {
			limit = "10"
		}
		if got.Headers["RateLimit-Limit"] != limit || r.counter.calls != 1 {
			t.Errorf("the address was counted %d times with RateLimit-Limit %q, want once and %s",
				r.counter.calls, got.Headers["RateLimit-Limit"], limit)
		}
	})
}

func TestBodiesThatAreNoObject(t *testing.T) {
	bodies := map[string]string{
		"empty":                          "",
		"blank":                          " \n\t",
		"null":                           "null",
		"array":                          `["phoneNumber"]`,
		"text":                           `"+14155552671"`,
		"number":                         `14155552671`,
		"true":                           `true`,
		"cut short":                      `{"phoneNumber":"+14155552671"`,
		"cut within a string":            `{"phoneNumber":"+1415`,
		"form":                           `phoneNumber=%2B14155552671`,
		"XML":                            `<phoneNumber>+14155552671</phoneNumber>`,
		"a second document":              `{"phoneNumber":"+14155552671"}{"phoneNumber":"+41446681800"}`,
		"trailing text":                  `{"phoneNumber":"+14155552671"} x`,
		"trailing comma":                 `{"phoneNumber":"+14155552671",}`,
		"trailing NUL":                   "{\"phoneNumber\":\"+14155552671\"}\x00",
		"single quotes":                  `{'phoneNumber':'+14155552671'}`,
		"comment":                        `{/* to */"phoneNumber":"+14155552671"}`,
		"byte order mark":                "\ufeff" + `{"phoneNumber":"+14155552671"}`,
		"UTF-16":                         "{\x00\"\x00p\x00",
		"duplicate name":                 `{"phoneNumber":"+14155552671","phoneNumber":"+41446681800"}`,
		"duplicate name, same value":     `{"phoneNumber":"+14155552671","phoneNumber":"+14155552671"}`,
		"duplicate name, escaped":        `{"phoneNumber":"+14155552671","\u0070honeNumber":"+41446681800"}`,
		"duplicate name, null first":     `{"phoneNumber":null,"phoneNumber":"+14155552671"}`,
		"invalid UTF-8":                  "{\"phoneNumber\":\"+1415555267\xff\"}",
		"invalid UTF-8 in a name":        "{\"phoneNumber\":\"+14155552671\",\"x\xc3\":\"\"}",
		"overlong UTF-8":                 "{\"phoneNumber\":\"\xc0\xab14155552671\"}",
		"lone high surrogate":            `{"phoneNumber":"\ud800"}`,
		"lone low surrogate":             `{"phoneNumber":"+14155552671\udc00"}`,
		"lone surrogate in a name":       `{"\ud800":"x"}`,
		"control character in a string":  "{\"phoneNumber\":\"+1415555\n2671\"}",
		"unescaped tab in a name":        "{\"phone\tNumber\":\"+14155552671\"}",
		"unknown escape":                 `{"phoneNumber":"\+14155552671"}`,
		"leading zero":                   `{"phoneNumber":014155552671}`,
		"plus before a number":           `{"phoneNumber":+14155552671}`,
		"NaN":                            `{"phoneNumber":NaN}`,
		"deep nesting without an end":    `{"phoneNumber":` + strings.Repeat("[", 3000),
		"deep objects without an end":    strings.Repeat(`{"phoneNumber":`, 200),
		"nested duplicate, unknown name": `{"x":{"a":1,"a":2}}`,
	}
	for path := range posts {
		for name, body := range bodies {
			t.Run(path+"/"+name, func(t *testing.T) {
				c := refusal{path: path, body: body, status: http.StatusBadRequest, want: bodyInvalid}
				c.check(t)
			})
		}
	}
}

func TestBodiesTooLarge(t *testing.T) {
	const most = 4096
	for path, body := range posts {
		for name, encode := range map[string]func(string) (string, change){
			"text": func(s string) (string, change) { return s, func(*events.APIGatewayV2HTTPRequest) {} },
			"base64": func(s string) (string, change) {
				return base64.StdEncoding.EncodeToString([]byte(s)), func(e *events.APIGatewayV2HTTPRequest) { e.IsBase64Encoded = true }
			},
		} {
			t.Run(path+"/"+name, func(t *testing.T) {
				for _, size := range []int{most + 1, most + 2, most + 3, 1 << 20} {
					text, encoded := encode(body + strings.Repeat(" ", size-len(body)))
					c := refusal{path: path, body: text, changes: []change{encoded}, status: http.StatusRequestEntityTooLarge, want: tooLarge}
					c.check(t)
				}
				text, encoded := encode(body + strings.Repeat(" ", most-len(body)))
				synctest.Test(t, func(t *testing.T) {
					got := newRig(t).post(path, text, encoded)
					if got.StatusCode != http.StatusOK && got.Code != "invalid_or_expired" {
						t.Errorf("a body of %d bytes got %d %s", most, got.StatusCode, got.Body)
					}
				})
			})
		}
	}
}

func TestContentTypes(t *testing.T) {
	refusedTypes := []string{
		"", "text/plain", "application/x-www-form-urlencoded", "text/json", "application/jsonp", "application/json2",
		"application/vnd.api+json", "application/json;charset=iso-8859-1", "application/json; charset=utf-16", "json", "*/*",
		"application/json,application/json", "application/json, text/plain", "application/ json", "application/json; charset",
	}
	for path, body := range posts {
		for _, contentType := range refusedTypes {
			t.Run(path+"/"+contentType, func(t *testing.T) {
				c := refusal{
					path: path, body: body, changes: []change{withHeader("content-type", contentType)},
					status: http.StatusUnsupportedMediaType, want: wrongType,
				}
				c.check(t)
			})
		}
		t.Run(path+"/none", func(t *testing.T) {
			c := refusal{
				path: path, body: body, changes: []change{withoutHeader("content-type")},
				status: http.StatusUnsupportedMediaType, want: wrongType,
			}
			c.check(t)
		})
		t.Run(path+"/no headers at all", func(t *testing.T) {
			c := refusal{
				path: path, body: body, changes: []change{func(e *events.APIGatewayV2HTTPRequest) { e.Headers = nil }},
				status: http.StatusUnsupportedMediaType, want: wrongType,
			}
			c.check(t)
		})
	}
	for _, header := range [][2]string{
		{"content-type", "application/json"}, {"Content-Type", "application/json"}, {"CONTENT-TYPE", "application/json"},
		{"content-type", "application/json; charset=utf-8"}, {"content-type", "Application/JSON;charset=UTF-8"},
		{"content-type", `application/json; charset="utf-8"`}, {"content-type", " application/json "},
		{"content-type", "application/json; profile=x"},
	} {
		t.Run("accepted/"+header[0]+" "+header[1], func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				newRig(t).post(httpapi.RouteSend, sendBody(number), withoutHeader("content-type"), withHeader(header[0], header[1])).wantOK(t)
			})
		})
	}
}

// impossibleNumbers are refused, not repaired: each is a slip or a trick away from a
// number that is somebody's.
var impossibleNumbers = map[string]string{
	"words":                    "my number",
	"letters after":            "+436641234567abc",
	"letters within":           "+1415555ABCD",
	"vanity":                   "+1800FLOWERS",
	"tel scheme":               "tel:+14155552671",
	"phone context":            "5552671;phone-context=+1415",
	"extension ;ext":           "+14155552671;ext=5",
	"extension x":              "+14155552671x5",
	"extension #":              "+14155552671#5",
	"pause":                    "+14155552671,5",
	"leading space":            " +14155552671",
	"trailing space":           "+14155552671 ",
	"inner space":              "+1 4155552671",
	"hyphens":                  "+1-415-555-2671",
	"brackets":                 "+1(415)5552671",
	"dots":                     "+1.415.555.2671",
	"trailing newline":         `+14155552671\n`,
	"leading newline":          `\n+14155552671`,
	"NUL":                      `+14155552671\u0000`,
	"zero-width space":         `+1415\u200b5552671`,
	"right-to-left mark":       `\u200f+14155552671`,
	"no-break space":           `+1\u00a04155552671`,
	"full-width digits":        `+１４１５５５５２６７１`,
	"full-width plus":          `＋14155552671`,
	"Arabic digits":            `+١٤١٥٥٥٥٢٦٧١`,
	"Devanagari digits":        `+१४१५५५५२६७१`,
	"superscript":              `+1415555267¹`,
	"two pluses":               "++14155552671",
	"plus within":              "1+4155552671",
	"plus alone":               "+",
	"minus":                    "-14155552671",
	"00 prefix":                "0014155552671",
	"011 prefix":               "01114155552671",
	"national, US":             "4155552671",
	"national, leading zero":   "0446681800",
	"national prefix, +41 0":   "+410446681800",
	"national prefix, +44 (0)": "+4407400123456",
	"national prefix, +1 1":    "+114155552671",
	"leading zero":             "+04155552671",
	"too short":                "+1",
	"two digits":               "+14",
	"a digit short":            "+1415555267",
	"a digit long":             "+141555526711",
	"sixteen digits":           "+1415555267100000",
	"thousand digits":          "+1" + strings.Repeat("4", 1000),
	"no such country code":     "+21014155552671",
	"fictitious area code":     "+10005552671",
	"decimal":                  "+1415555267.1",
	"exponent":                 "+1e10",
	"wild card":                "+1415555267*",
	"quoted":                   `\"+14155552671\"`,
	"two numbers":              "+14155552671+14155552671",
	"list":                     "+14155552671;+14155552672",
	"template":                 "${phone}",
}

func TestImpossibleNumbers(t *testing.T) {
	for name, value := range impossibleNumbers {
		for _, c := range []refusal{
			{path: httpapi.RouteSend, body: `{"phoneNumber":"` + value + `"}`, want: badNumberSend},
			{path: httpapi.RouteResend, body: `{"phoneNumber":"` + value + `","verificationId":"` + possibleID + `"}`, want: badNumberSend},
			{path: httpapi.RouteVerify, body: `{"phoneNumber":"` + value + `","pin":"123456"}`, want: badNumber},
		} {
			t.Run(c.path+"/"+name, func(t *testing.T) {
				c.status = http.StatusBadRequest
				c.check(t)
			})
		}
	}
}

func TestImpossiblePINs(t *testing.T) {
	for name, pin := range map[string]string{
		"letters": "abcdef", "five digits": "12345", "seven digits": "1234567", "leading space": " 12345", "trailing space": "12345 ",
		"padded": " 123456 ", "sign": "+12345", "minus": "-12345", "decimal": "123.45", "hexadecimal": "0x1234", "exponent": "1e5000",
		"newline": `12345\n`, "NUL": `12345\u0000`, "full-width": "１２３４５６", "one full-width": "12345６", "Arabic": "١٢٣٤٥٦",
		"superscript": "12345¹", "two characters of three bytes": "１２", "hyphen": "123-456", "long": strings.Repeat("1", 3000),
	} {
		t.Run(name, func(t *testing.T) {
			c := refusal{path: httpapi.RouteVerify, body: `{"phoneNumber":"+14155552671","pin":"` + pin + `"}`, status: http.StatusBadRequest, want: badPIN}
			c.check(t)
		})
	}
}

func TestMembers(t *testing.T) {
	const send, resend, verify = httpapi.RouteSend, httpapi.RouteResend, httpapi.RouteVerify
	unknown := func(name string) string { return refused("Unknown field: "+name+".", "field_unknown") }
	kind := func(name string) string { return refused(name+" must be a string.", "field_type") }
	long := strings.Repeat("A", 23)
	for _, c := range []refusal{
		{name: "none", path: send, body: `{}`, want: noNumber},
		{name: "null number", path: send, body: `{"phoneNumber":null}`, want: noNumber},
		{name: "empty number", path: send, body: `{"phoneNumber":""}`, want: noNumber},
		{name: "only a channel", path: send, body: `{"channel":"sms"}`, want: noNumber},
		{name: "wrong case", path: send, body: `{"phonenumber":"+14155552671"}`, want: unknown("phonenumber")},
		{name: "wrong case beside right", path: send, body: `{"phoneNumber":"+14155552671","PhoneNumber":"+41446681800"}`, want: unknown("PhoneNumber")},
		{name: "long s", path: verify, body: `{"phoneNumber":"+14155552671","pin":"123456","pinſ":"x"}`, want: `{"error":"Unknown field: pinſ.","code":"field_unknown"}`},
		{name: "unknown member", path: send, body: `{"phoneNumber":"+14155552671","to":"x"}`, want: unknown("to")},
		{name: "unknown null member", path: send, body: `{"phoneNumber":"+14155552671","to":null}`, want: unknown("to")},
		{name: "empty name", path: send, body: `{"":"x"}`, want: unknown("")},
		{name: "unknown before missing", path: send, body: `{"x":1}`, want: unknown("x")},
		{name: "deep nesting under an unknown name", path: send, body: `{"x":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `}`, want: unknown("x")},
		{name: "prototype", path: send, body: `{"__proto__":{"phoneNumber":"+14155552671"}}`, want: unknown("__proto__")},
		{name: "name with mark-up", path: send, body: `{"<script>":"x"}`, want: `{"error":"Unknown field: \u003cscript\u003e.","code":"field_unknown"}`},
		{name: "pin to send", path: send, body: `{"phoneNumber":"+14155552671","pin":"123456"}`, want: unknown("pin")},
		{name: "verificationID", path: verify, body: `{"phoneNumber":"+14155552671","pin":"123456","verificationID":"x"}`, want: unknown("verificationID")},
		{name: "channel to verify", path: verify, body: `{"phoneNumber":"+14155552671","pin":"123456","channel":"sms"}`, want: unknown("channel")},
		{name: "locale to resend", path: resend, body: `{"phoneNumber":"+14155552671","verificationId":"x","locale":"en"}`, want: unknown("locale")},
		{name: "numeric number", path: send, body: `{"phoneNumber":14155552671}`, want: kind("phoneNumber")},
		{name: "deep nesting", path: send, body: `{"phoneNumber":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `}`, want: kind("phoneNumber")},
		{name: "number in a list", path: send, body: `{"phoneNumber":["+14155552671"]}`, want: kind("phoneNumber")},
		{name: "number in an object", path: send, body: `{"phoneNumber":{"$ne":""}}`, want: kind("phoneNumber")},
		{name: "true", path: send, body: `{"phoneNumber":true}`, want: kind("phoneNumber")},
		{name: "false", path: send, body: `{"phoneNumber":false}`, want: kind("phoneNumber")},
		{name: "numeric channel", path: send, body: `{"phoneNumber":"+14155552671","channel":1}`, want: kind("channel")},
		{name: "numeric locale", path: send, body: `{"phoneNumber":"+14155552671","locale":1}`, want: kind("locale")},
		{name: "numeric PIN", path: verify, body: `{"phoneNumber":"+14155552671","pin":123456}`, want: kind("pin")},
		{name: "numeric id", path: verify, body: `{"phoneNumber":"+14155552671","pin":"123456","verificationId":1}`, want: kind("verificationId")},
		{name: "unknown channel", path: send, body: `{"phoneNumber":"+14155552671","channel":"email"}`, want: badChannel},
		{name: "channel in capitals", path: send, body: `{"phoneNumber":"+14155552671","channel":"SMS"}`, want: badChannel},
		{name: "empty channel", path: send, body: `{"phoneNumber":"+14155552671","channel":""}`, want: badChannel},
		{name: "resend, none", path: resend, body: `{}`, want: noNumberOrID},
		{name: "resend, no id", path: resend, body: `{"phoneNumber":"+14155552671"}`, want: noNumberOrID},
		{name: "resend, null id", path: resend, body: `{"phoneNumber":"+14155552671","verificationId":null}`, want: noNumberOrID},
		{name: "resend, empty id", path: resend, body: `{"phoneNumber":"+14155552671","verificationId":""}`, want: noNumberOrID},
		{name: "resend, no number", path: resend, body: `{"verificationId":"` + possibleID + `"}`, want: noNumberOrID},
		{name: "resend, short id", path: resend, body: resendBody(number, possibleID[1:]), want: badID},
		{name: "resend, long id", path: resend, body: resendBody(number, long), want: badID},
		{name: "resend, unknown channel", path: resend, body: `{"phoneNumber":"+14155552671","verificationId":"` + possibleID + `","channel":"fax"}`, want: badChannel},
		{name: "verify, none", path: verify, body: `{}`, want: noNumberOrPIN},
		{name: "verify, no PIN", path: verify, body: `{"phoneNumber":"+14155552671"}`, want: noNumberOrPIN},
		{name: "verify, empty PIN", path: verify, body: `{"phoneNumber":"+14155552671","pin":""}`, want: noNumberOrPIN},
		{name: "verify, null PIN", path: verify, body: `{"phoneNumber":"+14155552671","pin":null}`, want: noNumberOrPIN},
		{name: "verify, no number", path: verify, body: `{"pin":"123456"}`, want: noNumberOrPIN},
		{name: "verify, empty id", path: verify, body: verifyBodyID(number, "123456", ""), want: badID},
		{name: "verify, short id", path: verify, body: verifyBodyID(number, "123456", "abc"), want: badID},
		{name: "verify, standard base64", path: verify, body: verifyBodyID(number, "123456", "AAAAAAAAAAAAAAAAAAAA+/"), want: badID},
		{name: "verify, padded id", path: verify, body: verifyBodyID(number, "123456", possibleID+"=="), want: badID},
		{name: "verify, bits beyond the 128", path: verify, body: verifyBodyID(number, "123456", "AAAAAAAAAAAAAAAAAAAAAB"), want: badID},
		{name: "verify, newline in the id", path: verify, body: `{"phoneNumber":"+14155552671","pin":"123456","verificationId":"AAAAAAAAAAA\nAAAAAAAAAAA"}`, want: badID},
	} {
		t.Run(c.path+"/"+c.name, func(t *testing.T) {
			c.status = http.StatusBadRequest
			c.check(t)
		})
	}
}

func TestIdempotencyKeyForm(t *testing.T) {
	refusedKeys := map[string]string{
		"empty": "", "256 characters": strings.Repeat("k", 256), "control character": "a\tb", "newline": "a\nb", "NUL": "a\x00b", "DEL": "a\x7f",
		"not ASCII": "schlüssel", "invalid UTF-8": "a\xff", "repeated header": "a,b", "repeated with a space": "a, b", "comma alone": ",",
	}
	for path, body := range posts {
		for name, key := range refusedKeys {
			t.Run(path+"/"+name, func(t *testing.T) {
				c := refusal{
					path: path, body: body, changes: []change{withHeader("idempotency-key", key)},
					status: http.StatusBadRequest, want: badKey,
				}
				c.check(t)
			})
		}
		t.Run(path+"/two spellings", func(t *testing.T) {
			c := refusal{
				path: path, body: body, changes: []change{withHeader("idempotency-key", "a"), withHeader("Idempotency-Key", "b")},
				status: http.StatusBadRequest, want: badKey,
			}
			c.check(t)
		})
	}
	for _, key := range []string{"k", strings.Repeat("k", 255), " ", `~!@#$%^&*()_+"quoted"`, "8e03978e-40d5-43e8-bc93-6894a57f9324"} {
		t.Run("accepted/"+key[:1], func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				newRig(t).post(httpapi.RouteSend, sendBody(number), withHeader("Idempotency-Key", key)).wantOK(t)
			})
		})
	}
}

// TestOrderOfChecks breaks every rule at once and mends one after the other: what is
// refused is always the first of the contract's order.
func TestOrderOfChecks(t *testing.T) {
	base64Encoded := func(e *events.APIGatewayV2HTTPRequest) { e.IsBase64Encoded = true }
	noType := withHeader("content-type", "text/plain")
	badKeyHeader := withHeader("idempotency-key", "")
	for _, c := range []struct {
		name    string
		path    string
		body    string
		changes []change
		status  int
		want    string
	}{
		{"type before size", httpapi.RouteVerify, strings.Repeat("x", 5000), []change{noType}, 415, wrongType},
		{"size before JSON", httpapi.RouteVerify, strings.Repeat("x", 5000), nil, 413, tooLarge},
		{"size before base64", httpapi.RouteVerify, strings.Repeat("!", 10000), []change{base64Encoded}, 413, tooLarge},
		{"JSON before members", httpapi.RouteVerify, `{"x":1,"x":2}`, nil, 400, bodyInvalid},
		{"JSON before members, trailing data", httpapi.RouteVerify, `{"x":1} {`, nil, 400, bodyInvalid},
		{"members before presence", httpapi.RouteVerify, `{"x":1}`, nil, 400, refused("Unknown field: x.", "field_unknown")},
		{"types before presence", httpapi.RouteVerify, `{"pin":1}`, nil, 400, refused("pin must be a string.", "field_type")},
		{"presence before PIN form", httpapi.RouteVerify, `{"pin":"abc"}`, nil, 400, noNumberOrPIN},
		{"PIN form before number form", httpapi.RouteVerify, verifyBody("abc", "abc"), nil, 400, badPIN},
		{"number form before id", httpapi.RouteVerify, verifyBodyID("abc", "123456", "x"), nil, 400, badNumber},
		{"id before key", httpapi.RouteVerify, verifyBodyID(number, "123456", "x"), []change{badKeyHeader}, 400, badID},
		{"number before channel", httpapi.RouteSend, `{"phoneNumber":"abc","channel":"fax"}`, nil, 400, badNumberSend},
		{"channel before key", httpapi.RouteSend, `{"phoneNumber":"+14155552671","channel":"fax"}`, []change{badKeyHeader}, 400, badChannel},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				// The limits come last: an address that is over its limit is told of
				// its form all the same.
				r := newRig(t)
				for range 11 {
					r.post(c.path, `{}`)
				}
				r.post(c.path, c.body, c.changes...).want(t, c.status, c.want)
				r.wantCalls("", 0)
			})
		})
	}
}

func TestPathsAndMethods(t *testing.T) {
	const notFound = `{"error":"Not found.","code":"not_found"}`
	const notAllowed = `{"error":"Method not allowed.","code":"method_not_allowed"}`
	for _, path := range []string{
		"", "//", "/index.html", "/send-otp/", "/Send-OTP", "/send-otp%2f", "/../send-otp", "/verify-otp/1", "/health", "/send-otp?x", "/favicon.ico", "/\x00",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
			t.Run(method+" "+path, func(t *testing.T) {
				r := newRig(t)
				got := r.do(event(method, path, `{}`))
				got.want(t, http.StatusNotFound, notFound)
				if _, limited := got.Headers["RateLimit-Limit"]; limited {
					t.Error("an unknown path has RateLimit headers")
				}
			})
		}
	}
	for path, allow := range map[string]string{"/": "GET", httpapi.RouteSend: "POST", httpapi.RouteResend: "POST", httpapi.RouteVerify: "POST"} {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "post", ""} {
			if method == allow {
				continue
			}
			t.Run(method+" "+path, func(t *testing.T) {
				r := newRig(t)
				e := event(method, path, posts[path])
				for name, handler := range map[string]*httpapi.Handler{"discovery": r.discovery, "send": r.send, "verify": r.verify} {
					answer, err := handler.Handle(t.Context(), e)
					if err != nil {
						t.Fatal(err)
					}
					got := r.parse(answer)
					got.want(t, http.StatusMethodNotAllowed, notAllowed)
					if got.Headers["Allow"] != allow {
						t.Errorf("%s: Allow is %q, want %q", name, got.Headers["Allow"], allow)
					}
				}
				r.wantCalls("", 0)
			})
		}
	}
}

func TestBanner(t *testing.T) {
	r := newRig(t)
	got := r.do(event(http.MethodGet, "/", ""))
	got.want(t, http.StatusOK, "Infobip OTP Service Running!")
	if contentType := got.Headers["Content-Type"]; contentType != "text/plain; charset=utf-8" {
		t.Errorf("Content-Type is %q", contentType)
	}
}

func TestBase64Bodies(t *testing.T) {
	base64Encoded := func(e *events.APIGatewayV2HTTPRequest) { e.IsBase64Encoded = true }
	encode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	t.Run("served", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			r.post(httpapi.RouteSend, encode(sendBody(number)), base64Encoded).wantOK(t)
			r.wantCalls("send", 1)
			r.post(httpapi.RouteVerify, encode(verifyBody(number, r.pin())), base64Encoded).wantOK(t)
		})
	})
	text := encode(sendBody(number))
	for name, body := range map[string]string{
		"not base64": "!!!!", "plain JSON": sendBody(number), "cut": text[:len(text)-1], "URL alphabet": "__-_", "no padding": strings.TrimRight(encode("{}"), "="),
		"stray bits": "e31=", "trailing text": text + "A", "padding within": "e30=e30=", "not UTF-8 within": encode("{\"phoneNumber\":\"\xff\"}"), "empty": "",
	} {
		t.Run("broken/"+name, func(t *testing.T) {
			c := refusal{path: httpapi.RouteSend, body: body, changes: []change{base64Encoded}, status: http.StatusBadRequest, want: bodyInvalid}
			c.check(t)
		})
	}
}

// TestPINLengthInSentence: numbers inside the sentences follow the settings.
func TestPINLengthInSentence(t *testing.T) {
	for _, length := range []int{4, 8} {
		t.Run(fmt.Sprint(length), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, func(s *setup) { s.pinLength = length })
				r.post(httpapi.RouteVerify, verifyBody(number, "123456")).want(t, http.StatusBadRequest,
					refused(fmt.Sprintf("Invalid PIN format. Expecting %d digits.", length), "pin_invalid"))
				r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
				r.post(httpapi.RouteVerify, verifyBody(number, r.pin())).wantOK(t)
			})
		})
	}
}
