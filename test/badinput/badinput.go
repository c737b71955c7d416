// Package badinput is what strangers and broken clients send: requests that must be
// refused with a sentence, before any of them costs a call to the provider. The tests of
// the laptop's gateway and of the compiled functions send the same ones.
package badinput

import (
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// Case is one request and how it is refused.
type Case struct {
	Name   string
	Method string // POST if empty
	Path   string
	// Headers, besides Content-Type: application/json, which an entry here replaces; an
	// empty Content-Type sends none.
	Headers map[string]string
	Body    string

	Status   int
	Code     string
	Sentence string
}

const (
	send   = "/send-otp"
	resend = "/resend-otp"
	verify = "/verify-otp"

	phone = "+14155552671"
	id    = "BJGZI-GpWkZ7nIs2ZT3oaQ"
)

// maxBody is the contract's limit on a body.
const maxBody = 4 << 10

// All returns every case that can be sent as plain HTTP.
func All() []Case {
	return concat(syntax(), members(), missing(), numbers(), addresses(), pins(), others(), headers(), routes())
}

// AsEvent returns the cases that API Gateway can pass on and plain HTTP cannot.
func AsEvent() []Case {
	return []Case{
		{Name: "an Idempotency-Key with a line feed", Path: send, Headers: map[string]string{"idempotency-key": "a\nb"}, Body: sendBody(phone),
			Status: http.StatusBadRequest, Code: "idempotency_key_invalid", Sentence: sentenceKey},
		{Name: "a method of another route", Method: http.MethodPut, Path: verify, Body: verifyBody(phone, "123456"),
			Status: http.StatusMethodNotAllowed, Code: "method_not_allowed", Sentence: "Method not allowed."},
	}
}

// BrokenBase64 returns bodies that claim to be base64 and are not.
func BrokenBase64() map[string]string {
	whole := base64.StdEncoding.EncodeToString([]byte(sendBody(phone)))
	return map[string]string{
		"no base64 at all": sendBody(phone),
		"cut":              whole[:len(whole)-3],
		"URL alphabet":     base64.URLEncoding.EncodeToString([]byte(`{"phoneNumber":"??>>~~"}`)),
		"trailing bytes":   whole + "!",
	}
}

const (
	sentenceKey    = "Invalid Idempotency-Key: use 1 to 255 printable ASCII characters."
	sentenceBody   = "Request body must be a JSON object."
	sentenceSend   = "Invalid phone number format. Use E.164 format (e.g., +14155552671)."
	sentenceVerify = "Invalid phone number format. Use E.164 format."
	sentencePIN    = "Invalid PIN format. Expecting 6 digits."
)

func sendBody(number string) string { return `{"phoneNumber":"` + number + `"}` }
func verifyBody(number, pin string) string {
	return `{"phoneNumber":"` + number + `","pin":"` + pin + `"}`
}

func concat(groups ...[]Case) []Case {
	var all []Case
	for _, group := range groups {
		all = append(all, group...)
	}
	return all
}

// syntax returns bodies that are no JSON object.
func syntax() []Case {
	var cases []Case
	for name, body := range map[string]string{
		"an empty body":                   "",
		"white space":                     " \n",
		"no JSON":                         "phoneNumber=%2B14155552671",
		"a cut object":                    `{"phoneNumber":"+14155552671"`,
		"an array":                        `["+14155552671"]`,
		"a string":                        `"+14155552671"`,
		"null":                            "null",
		"a number":                        "14155552671",
		"trailing data":                   sendBody(phone) + "x",
		"a second object":                 sendBody(phone) + sendBody(phone),
		"a trailing comma":                `{"phoneNumber":"+14155552671",}`,
		"a comment":                       `{"phoneNumber":"+14155552671"/**/}`,
		"single quotes":                   `{'phoneNumber':'+14155552671'}`,
		"a duplicate name":                `{"phoneNumber":"+14155552671","phoneNumber":"+41446681800"}`,
		"a duplicate name, escaped":       `{"phoneNumber":"+14155552671","phone\u004eumber":"+41446681800"}`,
		"a byte order mark":               "\ufeff" + sendBody(phone),
		"a lone surrogate":                `{"phoneNumber":"\ud800"}`,
		"an invalid escape":               `{"phoneNumber":"\x41"}`,
		"a control character in a string": "{\"phoneNumber\":\"+1415555\x012671\"}",
		"invalid UTF-8":                   "{\"phoneNumber\":\"+1415555267\xff\"}",
		"overlong UTF-8":                  "{\"phoneNumber\":\"+1415555267\xc0\xb1\"}",
		"UTF-16":                          "\xff\xfe{\x00}\x00",
	} {
		cases = append(cases, Case{Name: name, Path: send, Body: body,
			Status: http.StatusBadRequest, Code: "body_invalid", Sentence: sentenceBody})
		cases = append(cases, Case{Name: name, Path: verify, Body: body,
			Status: http.StatusBadRequest, Code: "body_invalid", Sentence: sentenceBody})
	}
	deep := strings.Repeat("[", 2000) + strings.Repeat("]", 2000)
	return append(cases,
		Case{Name: "deep nesting", Path: send, Body: `{"phoneNumber":` + deep + "}",
			Status: http.StatusBadRequest, Code: "field_type", Sentence: "phoneNumber must be a string."},
		Case{Name: "deep nesting without an end", Path: send, Body: strings.Repeat("[", maxBody),
			Status: http.StatusBadRequest, Code: "body_invalid", Sentence: sentenceBody},
		Case{Name: "a body of 4 KiB and a byte", Path: send, Body: padded(sendBody(phone), maxBody+1),
			Status: http.StatusRequestEntityTooLarge, Code: "body_too_large", Sentence: "Request body too large."},
		Case{Name: "a body of 512 KiB", Path: verify, Body: padded(verifyBody(phone, "123456"), 512<<10),
			Status: http.StatusRequestEntityTooLarge, Code: "body_too_large", Sentence: "Request body too large."},
	)
}

func padded(body string, size int) string { return body + strings.Repeat(" ", size-len(body)) }

// members returns objects with members that the route does not have, or of other types.
func members() []Case {
	var cases []Case
	for _, c := range []struct{ path, body, name string }{
		{send, `{"phonenumber":"+14155552671"}`, "phonenumber"},
		{send, `{"PhoneNumber":"+14155552671"}`, "PhoneNumber"},
		{send, `{"phone_number":"+14155552671"}`, "phone_number"},
		{send, `{"phoneNumber":"+14155552671","pin":"123456"}`, "pin"},
		{send, `{"phoneNumber":"+14155552671","__proto__":{}}`, "__proto__"},
		{verify, `{"phoneNumber":"+14155552671","PIN":"123456"}`, "PIN"},
		{verify, `{"phoneNumber":"+14155552671","p\u0131n":"123456"}`, "pın"},
		{verify, `{"phoneNumber":"+14155552671","pin":"123456","verificationID":"` + id + `"}`, "verificationID"},
		{resend, `{"phoneNumber":"+14155552671","verificationId":"` + id + `","locale":"de"}`, "locale"},
	} {
		cases = append(cases, Case{Name: "the member " + c.name, Path: c.path, Body: c.body,
			Status: http.StatusBadRequest, Code: "field_unknown", Sentence: "Unknown field: " + c.name + "."})
	}
	for _, value := range []string{"14155552671", "1e10", "true", "{}", `["+14155552671"]`} {
		cases = append(cases, Case{Name: "phoneNumber is " + value, Path: send, Body: `{"phoneNumber":` + value + `}`,
			Status: http.StatusBadRequest, Code: "field_type", Sentence: "phoneNumber must be a string."})
	}
	for _, value := range []string{"123456", "false", `["123456"]`, `{"$ne":""}`} {
		cases = append(cases, Case{Name: "pin is " + value, Path: verify, Body: `{"phoneNumber":"+14155552671","pin":` + value + `}`,
			Status: http.StatusBadRequest, Code: "field_type", Sentence: "pin must be a string."})
	}
	return cases
}

// missing returns objects without what the route needs.
func missing() []Case {
	var cases []Case
	for _, body := range []string{`{}`, `{"phoneNumber":null}`, `{"phoneNumber":""}`} {
		cases = append(cases, Case{Name: "send " + body, Path: send, Body: body,
			Status: http.StatusBadRequest, Code: "phone_number_required", Sentence: "Phone number is required."})
	}
	for _, body := range []string{`{}`, `{"phoneNumber":"+14155552671"}`, `{"pin":"123456"}`, `{"phoneNumber":"","pin":""}`,
		`{"phoneNumber":"+14155552671","pin":null}`} {
		cases = append(cases, Case{Name: "verify " + body, Path: verify, Body: body,
			Status: http.StatusBadRequest, Code: "phone_number_and_pin_required", Sentence: "Phone number and PIN code are required."})
	}
	for _, body := range []string{`{}`, `{"phoneNumber":"+14155552671"}`, `{"verificationId":"` + id + `"}`} {
		cases = append(cases, Case{Name: "resend " + body, Path: resend, Body: body,
			Status: http.StatusBadRequest, Code: "verification_id_required", Sentence: "Phone number and verification ID are required."})
	}
	return cases
}

// numbers returns what looks like a phone number and is none, or needs a repair.
func numbers() []Case {
	var cases []Case
	for name, number := range map[string]string{
		"letters at the end":      "+436641234567abc",
		"a vanity number":         "+1415555CALL",
		"a tel: URI":              "tel:+14155552671",
		"an extension":            "+14155552671;ext=1",
		"an extension with x":     "+14155552671x1",
		"spaces":                  "+1 415 555 2671",
		"dashes":                  "+1-415-555-2671",
		"brackets":                "+1(415)5552671",
		"a space before":          " +14155552671",
		"a space after":           "+14155552671 ",
		"a line feed after":       `+14155552671\n`,
		"a NUL after":             `+14155552671\u0000`,
		"a zero-width space":      `+1415555\u200b2671`,
		"a right-to-left mark":    `\u200f+14155552671`,
		"Arabic-Indic digits":     "+١٤١٥٥٥٥٢٦٧١",
		"full-width digits":       "＋１４１５５５５２６７１",
		"a mathematical digit":    "+1415555267\U0001d7cf",
		"two plus signs":          "++14155552671",
		"a plus alone":            "+",
		"an international prefix": "0014155552671",
		"a national number":       "06641234567",
		"a leading zero":          "+04155552671",
		"too few digits":          "+1",
		"too many digits":         "+1234567890123456",
		"ten thousand digits":     "+1" + strings.Repeat("5", 3000),
		"an e-mail address":       "a@example.com",
		"two numbers":             "+14155552671,+41446681800",
		"a negative number":       "-14155552671",
	} {
		cases = append(cases,
			Case{Name: "a number with " + name, Path: send, Body: sendBody(number),
				Status: http.StatusBadRequest, Code: "phone_number_invalid", Sentence: sentenceSend},
			Case{Name: "a number with " + name, Path: verify, Body: verifyBody(number, "123456"),
				Status: http.StatusBadRequest, Code: "phone_number_invalid", Sentence: sentenceVerify})
	}
	// Right in form, and nobody's.
	for name, number := range map[string]string{
		"a national prefix inside":   "+4402079460958",
		"an unassigned calling code": "+9991234567",
		"an impossible length":       "+1415555267",
		"an impossible area":         "+11155552671",
	} {
		for path, body := range map[string]string{send: sendBody(number), verify: verifyBody(number, "123456")} {
			cases = append(cases, Case{Name: "a number with " + name, Path: path, Body: body,
				Status: http.StatusBadRequest, Code: "phone_number_unassigned", Sentence: "This phone number is not in service."})
		}
	}
	return cases
}

// pins returns what is not six ASCII digits.
func pins() []Case {
	var cases []Case
	for name, pin := range map[string]string{
		"five digits":          "12345",
		"seven digits":         "1234567",
		"letters":              "12345a",
		"a space before":       " 12345",
		"a space after":        "123456 ",
		"a sign":               "+12345",
		"an exponent":          "1e0000",
		"a point":              "12.456",
		"Arabic-Indic digits":  "١٢٣٤٥٦",
		"full-width digits":    "１２３４５６",
		"three two-byte runes": "٠٠٠",
		"a NUL":                `12345\u0000`,
		"a path":               "../../",
	} {
		cases = append(cases, Case{Name: "a PIN of " + name, Path: verify, Body: verifyBody(phone, pin),
			Status: http.StatusBadRequest, Code: "pin_invalid", Sentence: sentencePIN})
	}
	// The PIN's form is looked at before the number's.
	return append(cases, Case{Name: "neither number nor PIN", Path: verify, Body: verifyBody("abc", "abc"),
		Status: http.StatusBadRequest, Code: "pin_invalid", Sentence: sentencePIN})
}

// addresses returns what is no e-mail address, and requests that name two recipients, or none.
func addresses() []Case {
	var cases []Case
	for name, wrong := range map[string]string{
		"an address with a space":            "jane doe@example.com",
		"an address with a space before it":  " jane@example.com",
		"an address in quotes":               `\"jane doe\"@example.com`,
		"an address with a display name":     "Jane <jane@example.com>",
		"an address in another script":       "jäne@example.com",
		"a domain in another script":         "jane@bücher.example",
		"an address with a trailing dot":     "jane@example.com.",
		"an address with two dots":           "jane..doe@example.com",
		"a domain without a dot":             "jane@localhost",
		"an address with a header behind it": `jane@example.com\r\nBcc: mallory@example.com`,
		"an address with a NUL":              `jane\u0000@example.com`,
		"two addresses":                      "jane@example.com,mallory@example.com",
		"an address of 255 bytes":            "a@" + strings.Repeat(strings.Repeat("d", 49)+".", 5) + "abc",
		"an address literal":                 "jane@[192.0.2.1]",
		"an address as a URL":                "mailto:jane@example.com",
	} {
		for path, more := range map[string]string{send: "", resend: `,"verificationId":"` + id + `"`, verify: `,"pin":"123456"`} {
			cases = append(cases, Case{Name: name, Path: path, Body: `{"email":"` + wrong + `"` + more + `}`,
				Status: http.StatusBadRequest, Code: "email_invalid", Sentence: "Invalid email address."})
		}
	}
	for _, c := range []Case{
		{Name: "two recipients", Path: send, Body: `{"phoneNumber":"+14155552671","email":"jane@example.com"}`,
			Code: "recipient_ambiguous", Sentence: "Give either a phone number or an email address."},
		{Name: "two recipients", Path: verify, Body: `{"phoneNumber":"+14155552671","email":"jane@example.com","pin":"123456"}`,
			Code: "recipient_ambiguous", Sentence: "Give either a phone number or an email address."},
		{Name: "nobody by e-mail", Path: send, Body: `{"channel":"email"}`,
			Code: "email_required", Sentence: "Email address is required."},
		{Name: "an address without its PIN", Path: verify, Body: `{"email":"jane@example.com"}`,
			Code: "email_and_pin_required", Sentence: "Email address and PIN code are required."},
		{Name: "an address without its verification", Path: resend, Body: `{"email":"jane@example.com"}`,
			Code: "verification_id_required", Sentence: "Email address and verification ID are required."},
	} {
		c.Status = http.StatusBadRequest
		cases = append(cases, c)
	}
	return cases
}

// others returns unknown channels and impossible verification ids.
func others() []Case {
	var cases []Case
	for _, channel := range []string{"", "SMS", "sms ", "whatsapp"} {
		cases = append(cases, Case{Name: "the channel " + channel, Path: send,
			Body:   `{"phoneNumber":"+14155552671","channel":"` + channel + `"}`,
			Status: http.StatusBadRequest, Code: "channel_unknown", Sentence: "Unknown channel: use " + otp.Alternatives() + "."})
	}
	for _, wrong := range []string{"x", id + "x", id[1:], id[:21] + "!", strings.Repeat("A", 1000), "../" + id[3:]} {
		cases = append(cases,
			Case{Name: "an impossible verification id", Path: verify,
				Body:   `{"phoneNumber":"+14155552671","pin":"123456","verificationId":"` + wrong + `"}`,
				Status: http.StatusBadRequest, Code: "verification_id_invalid", Sentence: "Invalid verification ID."},
			Case{Name: "an impossible verification id", Path: resend,
				Body:   `{"phoneNumber":"+14155552671","verificationId":"` + wrong + `"}`,
				Status: http.StatusBadRequest, Code: "verification_id_invalid", Sentence: "Invalid verification ID."})
	}
	return cases
}

// headers returns content types and idempotency keys that are refused.
func headers() []Case {
	var cases []Case
	for _, contentType := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/jsonp",
		"application/json; charset=utf-16", "application/json, text/plain", "multipart/form-data; boundary=x"} {
		cases = append(cases, Case{Name: "the content type " + contentType, Path: send, Body: sendBody(phone),
			Headers: map[string]string{"Content-Type": contentType}, Status: http.StatusUnsupportedMediaType,
			Code: "content_type_unsupported", Sentence: "Content-Type must be application/json."})
	}
	for name, key := range map[string]string{
		"too long an Idempotency-Key":          strings.Repeat("k", 256),
		"an Idempotency-Key beyond ASCII":      "schlüssel",
		"an empty Idempotency-Key":             "",
		"two Idempotency-Keys":                 "a,b",
		"an Idempotency-Key with a tab inside": "a\tb",
	} {
		cases = append(cases, Case{Name: name, Path: send, Body: sendBody(phone), Headers: map[string]string{"Idempotency-Key": key},
			Status: http.StatusBadRequest, Code: "idempotency_key_invalid", Sentence: sentenceKey})
	}
	return cases
}

// routes returns paths and methods that are none of ours.
func routes() []Case {
	var cases []Case
	for _, path := range []string{"/send-otp/", "/send-otp//", "/./send-otp", "/SEND-OTP", "/send-otp/..%2Fverify-otp", "/%73end-otp-", "/.env", "/otp"} {
		cases = append(cases, Case{Name: "the path " + path, Path: path, Body: sendBody(phone),
			Status: http.StatusNotFound, Code: "not_found", Sentence: "Not found."})
	}
	for _, c := range []struct{ method, path string }{
		{http.MethodGet, send}, {http.MethodPut, send}, {http.MethodDelete, verify}, {http.MethodPatch, resend}, {http.MethodPost, "/"},
		{"PROPFIND", verify},
	} {
		cases = append(cases, Case{Name: c.method + " " + c.path, Method: c.method, Path: c.path, Body: sendBody(phone),
			Status: http.StatusMethodNotAllowed, Code: "method_not_allowed", Sentence: "Method not allowed."})
	}
	return cases
}
