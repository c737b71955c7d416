package sms

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// TestAlphabet holds the two tables against those of 3GPP TS 23.038, over all of Unicode.
func TestAlphabet(t *testing.T) {
	file, err := os.Open("testdata/gsm0338.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	want := map[rune]int{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var septets []byte
		var r rune
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		_, err = fmt.Sscanf(lines.Text(), "%X U+%X", &septets, &r)
		if err != nil {
			t.Fatalf("%q: %v", lines.Text(), err)
		}
		want[r] = len(septets)
	}
	if len(want) != 127+10 {
		t.Fatalf("the table has %d characters, want all septets but the escape, and ten behind it", len(want))
	}
	for r := range rune(utf8.MaxRune + 1) {
		if !utf8.ValidRune(r) {
			continue
		}
		got := Measure(string(r))
		wantSize := Size{Encoding: GSM7, Characters: want[r], Segments: 1, Bytes: want[r]}
		if want[r] == 0 {
			units := utf16.RuneLen(r)
			wantSize = Size{Encoding: UCS2, Characters: units, Segments: 1, Bytes: 2 * units}
		}
		if got != wantSize {
			t.Fatalf("%U: got %+v, want %+v", r, got, wantSize)
		}
		if outside := len(Outside(string(r))) == 1; outside != (want[r] == 0) {
			t.Fatalf("%U is outside the alphabet: %t", r, outside)
		}
	}
}

func TestMeasure(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want Size
	}{
		"nothing":                        {"", Size{GSM7, 0, 1, 0}},
		"eight septets in seven bytes":   {"12345678", Size{GSM7, 8, 1, 7}},
		"one full message":               {strings.Repeat("a", 160), Size{GSM7, 160, 1, 140}},
		"one more":                       {strings.Repeat("a", 161), Size{GSM7, 161, 2, 140 + 14}},
		"two full messages":              {strings.Repeat("a", 306), Size{GSM7, 306, 2, 280}},
		"one more than two":              {strings.Repeat("a", 307), Size{GSM7, 307, 3, 280 + 7}},
		"extension":                      {strings.Repeat("€", 80), Size{GSM7, 160, 1, 140}},
		"an escape is not parted":        {strings.Repeat("a", 152) + "€" + strings.Repeat("a", 152), Size{GSM7, 306, 3, 140 + 139 + 8}},
		"one full message of UCS-2":      {strings.Repeat("ж", 70), Size{UCS2, 70, 1, 140}},
		"one more of UCS-2":              {strings.Repeat("ж", 71), Size{UCS2, 71, 2, 140 + 14}},
		"two full messages of UCS-2":     {strings.Repeat("ж", 134), Size{UCS2, 134, 2, 280}},
		"one more than two of UCS-2":     {strings.Repeat("ж", 135), Size{UCS2, 135, 3, 280 + 8}},
		"one emoji makes all of it UCS2": {strings.Repeat("a", 68) + "🔑", Size{UCS2, 70, 1, 140}},
		"a surrogate is not parted":      {strings.Repeat("ж", 66) + "🔑" + strings.Repeat("ж", 66), Size{UCS2, 134, 3, 138 + 140 + 8}},
		"extension characters in UCS-2":  {"€ж", Size{UCS2, 2, 1, 4}},
		"invalid UTF-8":                  {"\xff", Size{UCS2, 1, 1, 2}},
	} {
		if got := Measure(c.text); got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}

func TestOutside(t *testing.T) {
	got := Outside("ça va? 🔑 ça, c'est l’été {1}")
	if diff := cmp.Diff([]rune("ç🔑’"), got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := Outside("Código"); string(got) != "ó" {
		t.Errorf("got %q", got)
	}
}
