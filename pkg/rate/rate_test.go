package rate_test

import (
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

func TestParseDuration(t *testing.T) {
	for _, test := range []struct {
		in   string
		want time.Duration
	}{
		{"10m", 10 * time.Minute},
		{"15m", 15 * time.Minute},
		{"500ms", 500 * time.Millisecond},
		{"3s", 3 * time.Second},
		{"12h", 12 * time.Hour},
		{"1d", 24 * time.Hour},
		{"365d", 365 * 24 * time.Hour},
		{"ms", time.Millisecond},
		{"s", time.Second},
		{"m", time.Minute},
		{"h", time.Hour},
		{"d", 24 * time.Hour},
		{"0s", 0},
		{"007s", 7 * time.Second},
		{"106751d", 106751 * 24 * time.Hour}, // the most days that fit in a time.Duration
	} {
		got, err := rate.ParseDuration(test.in)
		if err != nil {
			t.Errorf("ParseDuration(%q): %v", test.in, err)
			continue
		}
		if got != test.want {
			t.Errorf("ParseDuration(%q) = %v, want %v", test.in, got, test.want)
		}
	}
}

func TestParseDurationRefuses(t *testing.T) {
	for _, in := range []string{
		"", " ", "10", "10 m", " 10m", "10m ", "10m\n", "+10m", "-10m", "1.5h", "1h30m", "10M", "10min", "10ns",
		"10us", "1w", "1y", "10sm", "10mss", "1_0m", "0x1m", "1e3s", "٣m", "１０m",
		"106752d", "9223372036854775807d", "9223372036854775808ms", strings.Repeat("9", 100) + "ms",
	} {
		got, err := rate.ParseDuration(in)
		if err == nil {
			t.Errorf("ParseDuration(%q) = %v, want an error", in, got)
		}
	}
}

func TestParseRate(t *testing.T) {
	for _, test := range []struct {
		in   string
		want rate.Rate
		form string
	}{
		{"1/3s", rate.Rate{Attempts: 1, Window: 3 * time.Second}, "1/3s"},
		{"5/15m", rate.Rate{Attempts: 5, Window: 15 * time.Minute}, "5/15m"},
		{"10/5m", rate.Rate{Attempts: 10, Window: 5 * time.Minute}, "10/5m"},
		{"10000/1d", rate.Rate{Attempts: 10000, Window: rate.Day}, "10000/1d"},
		{"3/1d", rate.Rate{Attempts: 3, Window: rate.Day}, "3/1d"},
		{"5000/12h", rate.Rate{Attempts: 5000, Window: 12 * time.Hour}, "5000/12h"},
		{"5/h", rate.Rate{Attempts: 5, Window: time.Hour}, "5/1h"},
		{"2/60s", rate.Rate{Attempts: 2, Window: time.Minute}, "2/1m"},
		{"0/1d", rate.Rate{Attempts: 0, Window: rate.Day}, "0/1d"},
		{"1/90s", rate.Rate{Attempts: 1, Window: 90 * time.Second}, "1/90s"},
		{"1/1500ms", rate.Rate{Attempts: 1, Window: 1500 * time.Millisecond}, "1/1500ms"},
	} {
		got, err := rate.Parse(test.in)
		if err != nil {
			t.Errorf("Parse(%q): %v", test.in, err)
			continue
		}
		if got != test.want {
			t.Errorf("Parse(%q) = %+v, want %+v", test.in, got, test.want)
		}
		if got.String() != test.form {
			t.Errorf("Parse(%q).String() = %q, want %q", test.in, got.String(), test.form)
		}
	}
}

func TestParseRateRefuses(t *testing.T) {
	for _, in := range []string{
		"", "/", "/3s", "1/", "1", "3s", "1/3", "1//3s", "1/2/3s", "-1/3s", "+1/3s", "1/-3s", "1 /3s", "1/ 3s", "1/3S",
		"1.5/3s", "a/3s", "1/0s", "1/0d", "٣/3s", "9223372036854775808/1s", strings.Repeat("1", 30) + "/1s", "1/106752d",
	} {
		got, err := rate.Parse(in)
		if err == nil {
			t.Errorf("Parse(%q) = %+v, want an error", in, got)
		}
	}
}

func TestErrorsQuoteTheValueAndStayShort(t *testing.T) {
	_, err := rate.Parse("five per day")
	if err == nil || !strings.Contains(err.Error(), `"five per day"`) || !strings.Contains(err.Error(), "5/15m") {
		t.Errorf("error = %v, want the value and an example", err)
	}
	_, err = rate.ParseDuration(strings.Repeat("x", 1<<16))
	if err == nil || len(err.Error()) > 200 {
		t.Errorf("error for a long value is %d bytes, want at most 200", len(err.Error()))
	}
}

func TestFormatDuration(t *testing.T) {
	for _, test := range []struct {
		in   time.Duration
		want string
	}{
		{0, "0s"},
		{-time.Second, "0s"},
		{time.Microsecond, "0s"},
		{1500 * time.Microsecond, "1ms"},
		{time.Minute, "1m"},
		{90 * time.Minute, "90m"},
		{48 * time.Hour, "2d"},
		{math.MaxInt64, "9223372036854ms"},
	} {
		if got := rate.FormatDuration(test.in); got != test.want {
			t.Errorf("FormatDuration(%v) = %q, want %q", test.in, got, test.want)
		}
	}
}

// The two expressions are the contract; the hand-written parser is held to them.
var (
	durationForm = regexp.MustCompile(`\A(\d*)(ms|s|m|h|d)\z`)
	rateForm     = regexp.MustCompile(`\A(\d+)/(\d*)(ms|s|m|h|d)\z`)
)

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "10m", "m", "1/3s", "5/h", "10000/1d", "5/15m", "0s", "1/0s", "10mss", "9999999999999999999d", "1/106751d", "+1/3s", "٣m"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		duration, err := rate.ParseDuration(s)
		if err == nil {
			if !durationForm.MatchString(s) || duration < 0 {
				t.Fatalf("ParseDuration(%q) = %v, though it is not a duration", s, duration)
			}
			again, err := rate.ParseDuration(rate.FormatDuration(duration))
			if err != nil || again != duration {
				t.Fatalf("round trip of %q: %v, %v, want %v", s, again, err, duration)
			}
		} else if durationForm.MatchString(s) && len(s) < 7 {
			t.Fatalf("ParseDuration(%q): %v", s, err) // short enough to fit whatever its unit
		}

		parsed, err := rate.Parse(s)
		if err != nil {
			return
		}
		if !rateForm.MatchString(s) || parsed.Attempts < 0 || parsed.Window <= 0 {
			t.Fatalf("Parse(%q) = %+v, though it is not a rate", s, parsed)
		}
		again, err := rate.Parse(parsed.String())
		if err != nil || again != parsed {
			t.Fatalf("round trip of %q: %+v, %v, want %+v", s, again, err, parsed)
		}
	})
}
