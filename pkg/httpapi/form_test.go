package httpapi_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-lambda-go/events"

	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// The sentences of the contract that several routes share.
const (
	bodyInvalid   = `{"error":"Request body must be a JSON object.","code":"body_invalid"}`
	wrongType     = `{"error":"Content-Type must be application/json.","code":"content_type_unsupported"}`
	tooLarge      = `{"error":"Request body too large.","code":"body_too_large"}`
	noNumber      = `{"error":"Phone number is required.","code":"phone_number_required"}`
	noNumberOrID  = `{"error":"Phone number and verification ID are required.","code":"verification_id_required"}`
	noID          = `{"error":"Verification ID is required.","code":"verification_id_required"}`
	noNumberOrPIN = `{"error":"Phone number and PIN code are required.","code":"phone_number_and_pin_required"}`
	badNumberSend = `{"error":"Invalid phone number format. Use E.164 format (e.g., +14155552671).","code":"phone_number_invalid"}`
	badNumber     = `{"error":"Invalid phone number format. Use E.164 format.","code":"phone_number_invalid"}`
	unassigned    = `{"error":"This phone number is not in service.","code":"phone_number_unassigned"}`
	badPIN        = `{"error":"Invalid PIN format. Expecting 6 digits.","code":"pin_invalid"}`
	badNonce      = `{"error":"Invalid nonce.","code":"nonce_invalid"}`
	badID         = `{"error":"Invalid verification ID.","code":"verification_id_invalid"}`
	badKey        = `{"error":"Invalid Idempotency-Key: use 1 to 255 printable ASCII characters.","code":"idempotency_key_invalid"}`
	unauthorized  = `{"error":"Invalid or expired OTP.","code":"invalid_or_expired"}`
)

var badChannel = `{"error":"Unknown channel: use ` + otp.Alternatives() + `.","code":"channel_unknown"}`

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

// check asks, and checks that this cost its sender nothing: the provider was not asked,
// the number's state not touched, and the address not counted.
func (c *refusal) check(t *testing.T) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		got := r.post(c.path, c.body, c.changes...)
		got.want(t, c.status, c.want)
		r.wantFree(got)
	})
}

// wantFree checks that the rig has seen nothing but refusals that cost nothing, of which
// got is the last.
func (r *rig) wantFree(got response) {
	r.tb.Helper()
	r.wantCalls("", 0)
	if n := r.store.save.calls + r.store.load.calls; n != 0 {
		r.tb.Errorf("the store was asked %d times about a request that is refused", n)
	}
	if r.counter.calls != 0 {
		r.tb.Errorf("the address was counted %d times, want not at all", r.counter.calls)
	}
	for name := range got.Headers {
		if strings.HasPrefix(name, "RateLimit") {
			r.tb.Errorf("an answer that did not count has the header %s", name)
		}
	}
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
		"a second document":              `{"phoneNumber":"+14155552671"}{"phoneNumber":"+41781234567"}`,
		"trailing text":                  `{"phoneNumber":"+14155552671"} x`,
		"trailing comma":                 `{"phoneNumber":"+14155552671",}`,
		"trailing NUL":                   "{\"phoneNumber\":\"+14155552671\"}\x00",
		"single quotes":                  `{'phoneNumber':'+14155552671'}`,
		"comment":                        `{/* to */"phoneNumber":"+14155552671"}`,
		"byte order mark":                "\ufeff" + `{"phoneNumber":"+14155552671"}`,
		"UTF-16":                         "{\x00\"\x00p\x00",
		"duplicate name":                 `{"phoneNumber":"+14155552671","phoneNumber":"+41781234567"}`,
		"duplicate name, same value":     `{"phoneNumber":"+14155552671","phoneNumber":"+14155552671"}`,
		"duplicate name, escaped":        `{"phoneNumber":"+14155552671","\u0070honeNumber":"+41781234567"}`,
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

// TestLocales: the form of a language tag is checked, before the channel, and whether there
// is such a language is not.
func TestLocales(t *testing.T) {
	const invalid = `{"error":"Invalid locale.","code":"locale_invalid"}`
	for _, locale := range []string{
		"de", "DE", "pt-BR", "zh-Hant-TW", "es-419", "sl-rozaj-biske-1994", "de-CH-1901", "zh-cmn-Hans-CN", "en-u-hc-h23", "ar-x-private", "x-whatever", "qaa", "tlh",
		"pt_BR", "de_AT.UTF-8", "ca_ES@valencia", "ca_ES.UTF-8@valencia", "zh_TW_#Hant", "sr__#Latn", "nn_",
	} {
		synctest.Test(t, func(t *testing.T) {
			newRig(t).post(httpapi.RouteSend, `{"phoneNumber":"+14155552671","locale":"`+locale+`"}`).wantOK(t)
		})
	}
	for _, locale := range []string{
		"", "-", "_", "d", "C", "POSIX-", "de-", "-de", "de--AT", "de AT", "de,en", "*", "en;q=0.5", "dé", "deutsch!", "germanlanguage", "de-AT-", "de-a", "x", "de-x",
		"de-\\u0000", "\\ud83c\\udde6", "@valencia", ".UTF-8", "_#Latn", "de__AT", "i-klingon", "1234",
		strings.Repeat("de-", 99) + "de", "de,en-US;q=0.7",
	} {
		c := refusal{name: locale, path: httpapi.RouteSend, body: `{"phoneNumber":"+14155552671","locale":"` + locale + `","channel":"fax"}`, status: 400, want: invalid}
		t.Run(c.name, c.check)
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
