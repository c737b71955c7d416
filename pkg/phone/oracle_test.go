package phone

import (
	"regexp"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

// answer is all that is known of a string: why it is refused, or what number it is.
type answer struct {
	refusal      error
	e164, region string
	lineType     LineType
}

func parsed(s string) answer {
	n, err := Parse(s)
	if err != nil {
		return answer{refusal: err}
	}
	return answer{e164: n.E164(), region: n.Region(), lineType: n.LineType()}
}

var e164Form = regexp.MustCompile(`^\+?[1-9][0-9]{1,14}$`)

// oracle answers as Parse promises to, by means of the library itself.
func oracle(s string) answer {
	if !e164Form.MatchString(s) {
		return answer{refusal: ErrInvalid}
	}
	e164 := s
	if e164[0] != '+' {
		e164 = "+" + e164
	}
	n, err := phonenumbers.Parse(e164, "")
	if err != nil || !phonenumbers.IsValidNumber(n) {
		return answer{refusal: ErrUnassigned}
	}
	// The library drops a national prefix ("+44 0 20 …"): that would be a repair.
	if phonenumbers.Format(n, phonenumbers.E164) != e164 {
		return answer{refusal: ErrUnassigned}
	}
	return answer{
		e164:     e164,
		region:   phonenumbers.GetRegionCodeForNumber(n),
		lineType: lineTypes[phonenumbers.GetNumberType(n)],
	}
}

var lineTypes = map[phonenumbers.PhoneNumberType]LineType{
	phonenumbers.FIXED_LINE:           FixedLine,
	phonenumbers.MOBILE:               Mobile,
	phonenumbers.FIXED_LINE_OR_MOBILE: FixedLineOrMobile,
	phonenumbers.TOLL_FREE:            TollFree,
	phonenumbers.PREMIUM_RATE:         PremiumRate,
	phonenumbers.SHARED_COST:          SharedCost,
	phonenumbers.VOIP:                 VoIP,
	phonenumbers.PERSONAL_NUMBER:      Personal,
	phonenumbers.PAGER:                Pager,
	phonenumbers.UAN:                  UAN,
	phonenumbers.VOICEMAIL:            Voicemail,
	phonenumbers.UNKNOWN:              Unknown, // IsValidNumber refuses these
}

// comparison counts what a differential test has asked, so that a test that
// compared nothing, or only refusals, cannot pass.
type comparison struct {
	t              *testing.T
	valid, asked   int
	regions        map[string]bool
	lineTypes      map[LineType]bool
	differences    int
	maxDifferences int
}

func compareWithLibrary(t *testing.T) *comparison {
	t.Helper()
	return &comparison{t: t, regions: make(map[string]bool), lineTypes: make(map[LineType]bool), maxDifferences: 20}
}

// ask compares both answers on one string.
func (c *comparison) ask(s string) {
	c.t.Helper()
	got, want := parsed(s), oracle(s)
	c.asked++
	if want.refusal == nil {
		c.valid++
		c.regions[want.region] = true
		c.lineTypes[want.lineType] = true
	}
	if got != want {
		c.differences++
		c.t.Errorf("Parse(%q) = %+v, the library says %+v", s, got, want)
		if c.differences == c.maxDifferences {
			c.t.Fatalf("%d differences: enough", c.differences)
		}
	}
}

// isBrief reports whether to compare a sample only: in the fast inner loop, and under
// the race detector, which makes the library twenty times slower and has nothing to
// find here, since nothing is shared that changes. The full run is plain go test.
func isBrief(t *testing.T) bool {
	t.Helper()
	if testing.Short() {
		return true
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || !slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		return false
	}
	t.Log("race detector: a sample only; go test ./pkg/phone compares all")
	return true
}

// report fails a comparison with too few valid numbers to mean anything.
func (c *comparison) report(minValid int) {
	c.t.Helper()
	c.t.Logf("%d numbers compared, %d of them valid, in %d regions and %d line types",
		c.asked, c.valid, len(c.regions), len(c.lineTypes))
	if c.lineTypes[Unknown] {
		c.t.Error("the library calls numbers of unknown type valid")
	}
	if c.valid < minValid {
		c.t.Errorf("only %d valid numbers among %d, want at least %d", c.valid, c.asked, minValid)
	}
}
