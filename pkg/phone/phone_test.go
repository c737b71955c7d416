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
		{"+525512345678", "MX", FixedLineOrMobile},
		{"+19002345678", "US", PremiumRate},
		{"+449012345678", "GB", PremiumRate},
		{"+80012345678", "001", TollFree},
		{"+80812345678", "001", SharedCost},
		{"+870301234567", "001", Mobile},
		{"+878101234567890", "001", VoIP},
		{"+881612345678", "001", Mobile},
		{"+8823421234", "001", Mobile},
		{"+883510012345", "001", VoIP},
		{"+88812345678901", "001", UAN},
		{"+979123456789", "001", PremiumRate},
	} {
		for _, input := range []string{test.number, test.number[1:]} {
			n, err := Parse(input)
			if err != nil {
				t.Errorf("Parse(%q): %v", input, err)
				continue
			}
			got := [4]string{n.E164(), n.Digits(), n.Region(), n.LineType().String()}
			want := [4]string{test.number, test.number[1:], test.region, test.lineType.String()}
			if got != want {
				t.Errorf("Parse(%q) = %q, want %q", input, got, want)
			}
		}
	}
}

// A sender hears whether to look at the form or at the digits.
func TestParseRefuses(t *testing.T) {
	for _, test := range []struct {
		name, input string
		want        error
	}{
		{"nothing", "", ErrInvalid},
		{"a plus alone", "+", ErrInvalid},
		{"two pluses", "++14155552671", ErrInvalid},
		{"plus inside", "1+4155552671", ErrInvalid},
		{"one digit", "+1", ErrInvalid},
		{"leading zero", "+014155552671", ErrInvalid},
		{"international prefix", "0014155552671", ErrInvalid},
		{"sixteen digits", "+1415555267112345", ErrInvalid},
		{"leading space", " +14155552671", ErrInvalid},
		{"space", "+1 4155552671", ErrInvalid},
		{"trailing space", "+14155552671 ", ErrInvalid},
		{"line feed", "+14155552671\n", ErrInvalid},
		{"letters", "+1415555CALL", ErrInvalid},
		{"letters at the end", "+436641234567abc", ErrInvalid},
		{"a letter behind what nobody has", "+99912345678a", ErrInvalid},
		{"extension", "+14155552671;ext=1", ErrInvalid},
		{"tel URI", "tel:+14155552671", ErrInvalid},
		{"fullwidth plus", "\uff0b14155552671", ErrInvalid},
		{"Arabic digits", "+١٤١٥٥٥٥٢٦٧١", ErrInvalid},
		{"fullwidth digit at end", "+1415555267\uff11", ErrInvalid},
		{"NUL", "+14155552671\x00", ErrInvalid},
		{"invalid UTF-8", "+1415555267\xff", ErrInvalid},

		{"two digits", "+12", ErrUnassigned},
		{"fifteen digits", "+141555526711234", ErrUnassigned},
		{"a calling code alone", "+358", ErrUnassigned},
		{"no such calling code", "+99912345678", ErrUnassigned},
		{"national form", "4155552671", ErrUnassigned}, // +41 is Switzerland
		{"national prefix", "+4402079460000", ErrUnassigned},
		{"what 8 hides", "+3758104809982", ErrUnassigned}, // Belarus: a premium pattern behind a national prefix
		{"impossible area code", "+11155552671", ErrUnassigned},
		{"too short", "+1415555267", ErrUnassigned},
		{"too long", "+141555526711", ErrUnassigned},
		{"a mobile of China behind +1", "+18612345678", ErrUnassigned},
		{"the same without plus", "18612345678", ErrUnassigned},
		{"Mexico's old 1 of mobiles", "+5215512345678", ErrUnassigned},
	} {
		n, err := Parse(test.input)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: Parse(%q) returns the error %v, want %v", test.name, test.input, err, test.want)
		}
		if n != (Number{}) {
			t.Errorf("%s: Parse(%q) returns a number beside its error", test.name, test.input)
		}
	}
}

func TestZeroNumber(t *testing.T) {
	var n Number
	if n.E164() != "" || n.Digits() != "" || n.Region() != "" || n.LineType() != Unknown {
		t.Errorf("the zero Number is %q %q %q %v, want nothing", n.E164(), n.Digits(), n.Region(), n.LineType())
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
		{"+881612345678", 0},
		{"+18612345678", 0},
		{"+99912345678", 0},
		{"+1415555CALL", 0},
	} {
		got := testing.AllocsPerRun(100, func() {
			n, _ := Parse(test.input)
			_, _, _ = n.Region(), n.LineType().String(), n.Digits()
		})
		if got != test.want {
			t.Errorf("Parse(%q) and what it knows allocate %v times, want %v", test.input, got, test.want)
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
