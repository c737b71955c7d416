package main

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestFilesAreCurrent(t *testing.T) {
	for file, generate := range map[string]func() ([]byte, error){
		"metadata.go":           generatePlans,
		"testdata/examples.txt": generateExamples,
	} {
		got, err := os.ReadFile("../../pkg/phone/" + file)
		if err != nil {
			t.Fatal(err)
		}
		want, err := generate()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("pkg/phone/%s is not what the library in go.mod leads to: run go generate ./pkg/phone", file)
		}
	}
}

// allDigits calls f with every string of up to that many of these digits.
func allDigits(digits string, length int, f func(s string)) {
	var grow func(s string)
	grow = func(s string) {
		f(s)
		if len(s) == length {
			return
		}
		for _, d := range digits {
			grow(s + string(d))
		}
	}
	grow("")
}

func TestMatcherMatchesAsRegexpDoes(t *testing.T) {
	for _, pattern := range []string{
		"", "1", `\d`, `\d{2,4}`, "1?2", "(?:1|12)2?", "[13-5]1{2}", "1(?:2(?:3|12)|[12]1)?", `(1|2\d)\d?`, "1*2", "1+|3",
	} {
		m, err := newMatcher(pattern)
		if err != nil {
			t.Errorf("%q: %v", pattern, err)
			continue
		}
		want := regexp.MustCompile("^(?:" + pattern + ")$")
		allDigits("12359", 5, func(s string) {
			if got := m.accepts[m.run(m.start, s)]; got != want.MatchString(s) {
				t.Errorf("%q matches %q: %t, want %t", pattern, s, got, !got)
			}
		})
	}
}

// strip is the library's rule as regexp runs it, in its own words.
func strip(s string, prefix, general *regexp.Regexp, transform string, allowed lengths) string {
	at := prefix.FindStringSubmatchIndex(s)
	if at == nil || s == "" {
		return s
	}
	last := len(at)/2 - 1
	stripped := s[at[1]:]
	if transform != "" && at[2*last] >= 0 {
		stripped = prefix.ReplaceAllString(s, transform)
	}
	if general.MatchString(s) && !general.MatchString(stripped) {
		return s
	}
	if !allowed.allowStripped(len(stripped)) {
		return s
	}
	return stripped
}

func TestPrefixRuleChangesWhatRegexpStrips(t *testing.T) {
	allowed := lengths{all: []int32{3, 5}, local: []int32{2}}
	for _, test := range []struct{ prefix, transform, general string }{
		{"0", "", `[1-9]\d{2,4}`},
		{"0|01", "", `[1-9]\d{2,4}`},
		{"01|0", "", `[1-9]\d{2,4}`},
		{"01?", "", `\d{3,5}`},
		{"(01)|0", "", `\d{3,5}`},
		{"0(1)?", "$1", `[01]\d{2,4}`},
		{"0?(?:(1|12)22)?", "9$1", `9?\d{3,5}`},
		{"0?(?:(12|1)22)?", "9$1", `9\d{2,4}|[12]\d\d`},
		{`(?:0|20)(?:(1)(2\d))?`, "$2", `[12]\d{2,4}`},
		{`(0\d{2})$|0`, "$1", `\d{3}`},
		{`([12]\d)$|0`, "29$1", `29\d\d|\d{3}`},
		{`([12]\d)$`, "0$1", `0?\d{3}`},
	} {
		general, err := newMatcher(test.general)
		if err != nil {
			t.Fatal(err)
		}
		rule, err := newPrefixRule(test.prefix, test.transform, general, allowed)
		if err != nil {
			t.Errorf("%q -> %q: %v", test.prefix, test.transform, err)
			continue
		}
		prefix := regexp.MustCompile("^(?:" + test.prefix + ")")
		viable := regexp.MustCompile("^(?:" + test.general + ")$")
		allDigits("0129", 6, func(s string) {
			threads := rule.start()
			for i := range len(s) {
				threads = rule.step(threads, int(s[i]-'0'))
			}
			got := rule.changes(threads, len(s), viable.MatchString(s))
			stripped := strip(s, prefix, viable, test.transform, allowed)
			if want := stripped != s; got != want {
				t.Errorf("%q -> %q: changes %q: %t, but regexp gives %q", test.prefix, test.transform, s, got, stripped)
			}
		})
	}
}

// Metadata that means something else than this program would write must stop it.
func TestUnknownMetadataStops(t *testing.T) {
	general, err := newMatcher(`\d{3}`)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ prefix, transform, want string }{
		{"0(1)(2)?", "$1", "last group"},
		{"0", "9$1", "last group"},
		{"0(1)", "$1x", "last group"},
		{"0(1)", "x$1", "last group"},
		{`0\b`, "", "anchor"},
		{"0(", "", "parsing"},
	} {
		_, err := newPrefixRule(test.prefix, test.transform, general, lengths{})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("national prefix %q -> %q gives the error %v, want one about %q", test.prefix, test.transform, err, test.want)
		}
	}
	for _, pattern := range []string{"1$", "^1", "1("} {
		_, err := newMatcher(pattern)
		if err == nil || !strings.Contains(fmt.Sprint(err), "pattern") {
			t.Errorf("pattern %q gives the error %v, want one that names it", pattern, err)
		}
	}
}

// A prefix may not be replaced by one of its own length: whether that changes the
// number depends on digits that the rule has not kept.
func TestEqualReplacementStops(t *testing.T) {
	general, err := newMatcher(`\d{3}`)
	if err != nil {
		t.Fatal(err)
	}
	rule, err := newPrefixRule(`0(\d)`, "9$1", general, lengths{all: []int32{3}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("a prefix replaced by another of its length did not stop the generator")
		}
	}()
	rule.changes(rule.step(rule.step(rule.start(), 0), 1), 2, false)
}

func TestLengthsAfterStripping(t *testing.T) {
	allowed := lengths{all: []int32{5, 7}, local: []int32{3, 9}}
	for length, want := range map[int]bool{
		0: false, 2: false, 4: false, // too short
		3: false, 9: false, // only within an area
		5: true, 7: true,
		6: false,          // in a gap
		8: true, 10: true, // too long, which the parser lets pass
	} {
		if got := allowed.allowStripped(length); got != want {
			t.Errorf("length %d is kept: %t, want %t", length, got, want)
		}
	}
}

func TestTypeOf(t *testing.T) {
	for _, test := range []struct {
		matching []int
		same     bool
		want     int
	}{
		{nil, false, noType},
		{[]int{mobile}, false, mobile},
		{[]int{mobile}, true, noType}, // the one pattern stands under fixed line
		{[]int{fixedLine}, false, fixedLine},
		{[]int{fixedLine}, true, fixedLineOrMobile},
		{[]int{fixedLine, mobile}, false, fixedLineOrMobile},
		{[]int{mobile, tollFree, premiumRate}, false, premiumRate},
		{[]int{fixedLine, mobile, voicemail}, false, voicemail},
	} {
		r := region{sameFixedAndMobile: test.same}
		got := r.typeOf(func(typ int) bool { return slices.Contains(test.matching, typ) })
		if got != test.want {
			t.Errorf("matching %v, same pattern %t: type %d, want %d", test.matching, test.same, got, test.want)
		}
	}
}

// Two regions share a calling code: leading digits decide for the first one, even
// about numbers that are not valid there.
func TestLeadingDigitsDecide(t *testing.T) {
	describe := func(pattern string, all ...int32) description {
		m, err := newMatcher(pattern)
		if err != nil {
			t.Fatal(err)
		}
		return description{matcher: m, lengths: lengths{all: all}}
	}
	plan := callingCode{code: 999}
	for _, pattern := range []string{`2[1-5]\d`, `\d{2,3}`} {
		r := region{general: describe(pattern, 3)}
		for typ := range r.types {
			r.types[typ] = describe("", -1)
		}
		r.types[mobile] = describe(pattern)
		plan.regions = append(plan.regions, r)
	}
	plan.regions[0].leading = describe("2[0-5]").matcher
	a := newAutomaton()
	start := a.add(plan)
	for number, region := range map[string]int{
		"214": 0, "259": 0, "263": 1, "999": 1,
		"204": -1,                               // the first region's by its leading digits, but not valid there
		"21":  -1, "99": -1, "2144": -1, "": -1, // by their lengths
	} {
		at := start
		for _, digit := range number {
			at = a.nodes[at].next[digit-'0']
		}
		if got := a.verdicts[a.nodes[at].verdict].region; got != region {
			t.Errorf("%q is of region %d, want %d", number, got, region)
		}
	}
}
