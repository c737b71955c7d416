package phone

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// Settings, answers and logs are written with these words, so none may change.
func TestLineTypeWords(t *testing.T) {
	words := map[LineType]string{
		Unknown: "unknown", Mobile: "mobile", FixedLine: "fixed_line", FixedLineOrMobile: "fixed_line_or_mobile",
		PremiumRate: "premium_rate", SharedCost: "shared_cost", TollFree: "toll_free", UAN: "uan", Pager: "pager",
		Voicemail: "voicemail", Personal: "personal", VoIP: "voip",
	}
	if len(lineTypeWords) != len(words) {
		t.Errorf("%d line types, want %d", len(lineTypeWords), len(words))
	}
	for lineType, word := range words {
		if got := lineType.String(); got != word {
			t.Errorf("line type %d is called %q, want %q", uint8(lineType), got, word)
		}
		got, err := ParseLineType(word)
		if err != nil || got != lineType {
			t.Errorf("ParseLineType(%q) = %v, %v, want %v", word, got, err, lineType)
		}
	}
}

func TestParseLineTypeRefuses(t *testing.T) {
	for _, word := range []string{"", "Mobile", "mobile ", "fixed-line", "personal_number", "all", "1"} {
		got, err := ParseLineType(word)
		if err == nil || got != Unknown {
			t.Errorf("ParseLineType(%q) = %v, %v, want an error", word, got, err)
			continue
		}
		for _, part := range []string{fmt.Sprintf("%q", word), "mobile", "voip"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("ParseLineType(%q) says %q, without %s", word, err, part)
			}
		}
	}
}

// A log line with a number instead of a word would be read wrong.
func TestLineTypeIsWrittenAsItsWord(t *testing.T) {
	out := &strings.Builder{}
	slog.New(slog.NewTextHandler(out, nil)).Info("text", "type", SharedCost)
	slog.New(slog.NewJSONHandler(out, nil)).Info("JSON", "type", SharedCost)
	err := json.NewEncoder(out).Encode(map[LineType]LineType{SharedCost: SharedCost})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(out, SharedCost)
	if got := strings.Count(out.String(), "shared_cost"); got != 5 {
		t.Errorf("the word stands %d times, want 5, in %s", got, out)
	}
}
