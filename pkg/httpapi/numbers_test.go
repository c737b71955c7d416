package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
)

// impossibleNumbers are refused, not repaired: each is a slip or a trick away from a
// number that is somebody's.
var impossibleNumbers = map[string]string{
	"words":                  "my number",
	"letters after":          "+436641234567abc",
	"letters within":         "+1415555ABCD",
	"vanity":                 "+1800FLOWERS",
	"tel scheme":             "tel:+14155552671",
	"phone context":          "5552671;phone-context=+1415",
	"extension ;ext":         "+14155552671;ext=5",
	"extension x":            "+14155552671x5",
	"extension #":            "+14155552671#5",
	"pause":                  "+14155552671,5",
	"leading space":          " +14155552671",
	"trailing space":         "+14155552671 ",
	"inner space":            "+1 4155552671",
	"hyphens":                "+1-415-555-2671",
	"brackets":               "+1(415)5552671",
	"dots":                   "+1.415.555.2671",
	"trailing newline":       `+14155552671\n`,
	"leading newline":        `\n+14155552671`,
	"NUL":                    `+14155552671\u0000`,
	"zero-width space":       `+1415\u200b5552671`,
	"right-to-left mark":     `\u200f+14155552671`,
	"no-break space":         `+1\u00a04155552671`,
	"full-width digits":      `+１４１５５５５２６７１`,
	"full-width plus":        `＋14155552671`,
	"Arabic digits":          `+١٤١٥٥٥٥٢٦٧١`,
	"Devanagari digits":      `+१४१५५५५२६७१`,
	"superscript":            `+1415555267¹`,
	"two pluses":             "++14155552671",
	"plus within":            "1+4155552671",
	"plus alone":             "+",
	"minus":                  "-14155552671",
	"00 prefix":              "0014155552671",
	"011 prefix":             "01114155552671",
	"national, leading zero": "0446681800",
	"leading zero":           "+04155552671",
	"too short":              "+1",
	"sixteen digits":         "+1415555267100000",
	"thousand digits":        "+1" + strings.Repeat("4", 1000),
	"decimal":                "+1415555267.1",
	"exponent":               "+1e10",
	"wild card":              "+1415555267*",
	"quoted":                 `\"+14155552671\"`,
	"two numbers":            "+14155552671+14155552671",
	"list":                   "+14155552671;+14155552672",
	"template":               "${phone}",
}

// unassignedNumbers have the right form, and no numbering plan has them.
var unassignedNumbers = map[string]string{
	"national, US":             "4155552671",
	"national prefix, +41 0":   "+410446681800",
	"national prefix, +44 (0)": "+4407400123456",
	"national prefix, +1 1":    "+114155552671",
	"two digits":               "+14",
	"a digit short":            "+1415555267",
	"a digit long":             "+141555526711",
	"no such country code":     "+21014155552671",
	"fictitious area code":     "+10005552671",
	"area code of nobody":      "+18612345678",
	"Mexico's old mobile 1":    "+5215512345678",
	"the same, without a plus": "5215512345678",
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

func TestUnassignedNumbers(t *testing.T) {
	for name, value := range unassignedNumbers {
		for path, body := range map[string]string{
			httpapi.RouteSend: sendBody(value), httpapi.RouteResend: resendBody(value, possibleID), httpapi.RouteVerify: verifyBody(value, "123456"),
		} {
			t.Run(path+"/"+name, func(t *testing.T) {
				c := refusal{path: path, body: body, status: http.StatusBadRequest, want: unassigned}
				c.check(t)
			})
		}
	}
}

// TestRequirePlus: a number without its plus is often a national one, and another
// country's in E.164.
func TestRequirePlus(t *testing.T) {
	plus := func(s *setup) { s.form.RequirePlus = true }
	for path, c := range map[string]struct {
		body func(number string) string
		want string
	}{
		httpapi.RouteSend:   {sendBody, badNumberSend},
		httpapi.RouteResend: {func(n string) string { return resendBody(n, possibleID) }, badNumberSend},
		httpapi.RouteVerify: {func(n string) string { return verifyBody(n, "123456") }, badNumber},
	} {
		t.Run(path, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, plus)
				for _, n := range []string{digits, "4155552671", "436641234567"} { // the second is in no plan either
					got := r.post(path, c.body(n))
					got.want(t, http.StatusBadRequest, c.want)
					r.wantFree(got)
				}
				r.post(path, c.body("+18612345678")).want(t, http.StatusBadRequest, unassigned)
				if got := r.post(path, c.body(number)); got.StatusCode == http.StatusBadRequest {
					t.Errorf("a number with its plus got %d %s", got.StatusCode, got.Body)
				}
			})
		})
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

// TestPINLengthInSentence: numbers inside the sentences follow the settings.
func TestPINLengthInSentence(t *testing.T) {
	for _, length := range []int{4, 8} {
		t.Run(fmt.Sprint(length), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, func(s *setup) { s.form.PINLength = length })
				r.post(httpapi.RouteVerify, verifyBody(number, "123456")).want(t, http.StatusBadRequest,
					refused(fmt.Sprintf("Invalid PIN format. Expecting %d digits.", length), "pin_invalid"))
				r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
				r.post(httpapi.RouteVerify, verifyBody(number, r.pin())).wantOK(t)
			})
		})
	}
}
