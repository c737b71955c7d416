package phone

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, test := range []struct {
		number   string
		region   string
		lineType LineType
	}{
		{"+14155552671", "US", FixedLineOrMobile},
		{"+18762101234", "JM", Mobile},
		{"+15062345678", "CA", FixedLineOrMobile},
		{"+447400123456", "GB", Mobile},
		{"+447781123456", "GG", Mobile},
		{"+447624123456", "IM", Mobile},
		{"+447797712345", "JE", Mobile},
		{"+41446681800", "CH", FixedLine},
		{"+4915123456789", "DE", Mobile},
		{"+390612345678", "IT", FixedLine},
		{"+390669812345", "VA", FixedLine},
		{"+79123456789", "RU", Mobile},
		{"+77710009998", "KZ", Mobile},
		{"+5491123456789", "AR", Mobile},
		{"+61412345678", "AU", Mobile},
		{"+80012345678", "001", TollFree},
		{"+979123456789", "001", PremiumRate},
	} {
		for _, input := range []string{test.number, test.number[1:]} {
			n, err := Parse(input)
			if err != nil {
				t.Errorf("Parse(%q): %v", input, err)
				continue
			}
			got := [4]string{n.E164(), n.Digits(), n.Region(), string(n.LineType())}
			want := [4]string{test.number, test.number[1:], test.region, string(test.lineType)}
			if got != want {
				t.Errorf("Parse(%q) = %q, want %q", input, got, want)
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for name, input := range map[string]string{
		"nothing":                "",
		"a plus alone":           "+",
		"two pluses":             "++14155552671",
		"plus inside":            "1+4155552671",
		"one digit":              "1",
		"two digits":             "+12",
		"a calling code alone":   "+358",
		"no such calling code":   "+99912345678",
		"leading zero":           "+014155552671",
		"international prefix":   "0014155552671",
		"national form":          "4155552671",
		"national prefix":        "+4402079460000",
		"what 8 hides":           "+3758104809982", // Belarus: a premium pattern behind a national prefix
		"impossible area code":   "+11155552671",
		"too short":              "+1415555267",
		"too long":               "+141555526711",
		"sixteen digits":         "+1415555267112345",
		"space":                  "+1 4155552671",
		"trailing space":         "+14155552671 ",
		"line feed":              "+14155552671\n",
		"letters":                "+1415555CALL",
		"letters at the end":     "+436641234567abc",
		"extension":              "+14155552671;ext=1",
		"tel URI":                "tel:+14155552671",
		"fullwidth plus":         "\uff0b14155552671",
		"Arabic digits":          "+١٤١٥٥٥٥٢٦٧١",
		"fullwidth digit at end": "+1415555267\uff11",
		"NUL":                    "+14155552671\x00",
		"invalid UTF-8":          "+1415555267\xff",
	} {
		n, err := Parse(input)
		if !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: Parse(%q) gives the error %v, want ErrInvalid", name, input, err)
		}
		if n != (Number{}) {
			t.Errorf("%s: Parse(%q) gives a number beside its error", name, input)
		}
	}
}

func TestZeroNumber(t *testing.T) {
	var n Number
	if n.E164() != "" || n.Digits() != "" || n.Region() != "" || n.LineType() != "" {
		t.Errorf("the zero Number is %q %q %q %q, want nothing", n.E164(), n.Digits(), n.Region(), n.LineType())
	}
}

// A Number in a log line, an error or a body is a mistake; it must not leak the number.
func TestNumberDoesNotPrintItself(t *testing.T) {
	n, err := Parse("+14155552671")
	if err != nil {
		t.Fatal(err)
	}
	out := &bytes.Buffer{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(out, verb+" ", n)
		fmt.Fprintf(out, verb+" ", &n)
		fmt.Fprintf(out, verb+" ", struct{ To Number }{n})
	}
	slog.New(slog.NewTextHandler(out, nil)).Info("text", "to", n, "in", []Number{n})
	slog.New(slog.NewJSONHandler(out, nil)).Info("JSON", "to", n, "in", map[string]any{"to": n})
	err = json.NewEncoder(out).Encode(map[Number]Number{n: n})
	if err != nil {
		t.Fatal(err)
	}
	printed := out.String()
	for _, part := range []string{"4155552671", "5552671", "2b3134313535"} {
		if strings.Contains(printed, part) {
			t.Errorf("a printed Number shows %s: %s", part, printed)
		}
	}
	if got := strings.Count(printed, redacted); got < 20 {
		t.Errorf("the placeholder stands %d times in %s", got, printed)
	}
}

func TestParseAllocations(t *testing.T) {
	for _, test := range []struct {
		input string
		want  float64
	}{
		{"+14155552671", 0},
		{"14155552671", 1}, // the + in front
		{"+18765550123", 0},
		{"+99912345678", 0},
		{"+1415555CALL", 0},
	} {
		got := testing.AllocsPerRun(100, func() { _, _ = Parse(test.input) })
		if got != test.want {
			t.Errorf("Parse(%q) allocates %v times, want %v", test.input, got, test.want)
		}
	}
}

// BenchmarkParse/same asks for one number again and again; /codes for the next
// calling code each time, so that hardly anything of the last call helps.
func BenchmarkParse(b *testing.B) {
	b.Run("same", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := Parse("+14155552671")
			if err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("codes", func(b *testing.B) {
		b.ReportAllocs()
		numbers := make([]string, len(callingCodes))
		for i := range callingCodes {
			numbers[i] = fmt.Sprintf("+%d612345678", callingCodes[i].code)
		}
		for i := 0; b.Loop(); i++ {
			_, _ = Parse(numbers[i%len(numbers)])
		}
	})
}
