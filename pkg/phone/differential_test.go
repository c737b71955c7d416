package phone

import (
	"slices"
	"strconv"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

// The tests of this file ask the library and Parse about the same strings. Seeds
// are fixed, so a failure can be repeated.

// plans returns the library's metadata, one per region or non-geographic code.
func plans(t *testing.T) []*phonenumbers.PhoneMetadata {
	t.Helper()
	collection, err := phonenumbers.MetadataCollection()
	if err != nil {
		t.Fatal(err)
	}
	if len(collection.GetMetadata()) < 250 {
		t.Fatalf("the library has %d plans, want at least 250", len(collection.GetMetadata()))
	}
	return collection.GetMetadata()
}

func descriptions(m *phonenumbers.PhoneMetadata) []*phonenumbers.PhoneNumberDesc {
	all := []*phonenumbers.PhoneNumberDesc{
		m.GetGeneralDesc(), m.GetFixedLine(), m.GetMobile(), m.GetTollFree(), m.GetPremiumRate(), m.GetSharedCost(),
		m.GetPersonalNumber(), m.GetVoip(), m.GetPager(), m.GetUan(), m.GetVoicemail(),
	}
	return slices.DeleteFunc(all, func(d *phonenumbers.PhoneNumberDesc) bool { return d.GetNationalNumberPattern() == "" })
}

func TestExampleNumbersMatchLibrary(t *testing.T) {
	every := 1
	if isBrief(t) {
		every = 5
	}
	c := compareWithLibrary(t)
	examples := 0
	for _, m := range plans(t) {
		code := strconv.Itoa(int(m.GetCountryCode()))
		for _, d := range descriptions(m) {
			if d.GetExampleNumber() == "" {
				continue
			}
			examples++
			e164 := "+" + code + d.GetExampleNumber()
			if err := parsed(e164).refusal; err != nil {
				t.Errorf("Parse(%q) refuses an example number of %s: %v", e164, m.GetId(), err)
			}
			c.ask(e164)
			c.ask(e164[1:])
			for i, changed := range neighbours(d.GetExampleNumber()) {
				if i%every == 0 {
					c.ask("+" + code + changed)
				}
			}
			for _, prefix := range []string{"0", "00", "1", "8", "06", "9", "15", code, m.GetNationalPrefix()} {
				c.ask("+" + code + prefix + d.GetExampleNumber())
			}
		}
	}
	c.report(examples)
	if len(c.lineTypes) != len(lineTypes)-1 {
		t.Errorf("examples of the line types %v, want all", c.lineTypes)
	}
	if every > 1 {
		return // a sample need not meet the few numbers that are, say, Saint Martin's alone
	}
	for region := range phonenumbers.GetSupportedRegions() {
		// Morocco's leading digits take all numbers of +212, so the library never
		// answers Western Sahara.
		if want := region != "EH"; c.regions[region] != want {
			t.Errorf("numbers of region %s among the examples: %t, want %t", region, !want, want)
		}
	}
}

// neighbours returns what one slip makes of a number: a digit changed, missing or too many.
func neighbours(number string) []string {
	var out []string
	for i := range len(number) {
		out = append(out, number[:i]+number[i+1:])
		for digit := '0'; digit <= '9'; digit++ {
			out = append(out, number[:i]+string(digit)+number[i+1:])
		}
	}
	for digit := '0'; digit <= '9'; digit++ {
		out = append(out, number+string(digit), string(digit)+number)
	}
	return out
}

// Numbers drawn from each pattern of each region, on their own, with every slip,
// and behind what the region's parser takes for a national prefix.
func TestPatternNumbersMatchLibrary(t *testing.T) {
	draws, prefixes, brief := 8, 60, isBrief(t)
	if brief {
		draws, prefixes = 1, 4
	}
	c := compareWithLibrary(t)
	s := newSampler(1)
	for _, m := range plans(t) {
		code := strconv.Itoa(int(m.GetCountryCode()))
		for _, d := range descriptions(m) {
			for i := range draws {
				national := s.draw(t, d.GetNationalNumberPattern())
				c.ask("+" + code + national)
				if brief || i >= draws/2 {
					continue
				}
				for _, changed := range neighbours(national) {
					c.ask("+" + code + changed)
				}
			}
			main := mainPlan(t, m)
			if main.GetNationalPrefixForParsing() == "" {
				continue
			}
			for range prefixes {
				prefix := s.draw(t, main.GetNationalPrefixForParsing())
				national := s.draw(t, d.GetNationalNumberPattern())
				c.ask("+" + code + prefix)
				c.ask("+" + code + prefix + national)
				// The prefix's group may hold the beginning of the number itself.
				c.ask("+" + code + prefix + national[min(len(prefix), len(national)):])
				c.ask("+" + code + prefix + s.digits(s.random.IntN(12)))
			}
		}
	}
	c.report(1000)
}

// mainPlan returns the plan whose national prefix the parser knows for the calling code.
func mainPlan(t *testing.T, m *phonenumbers.PhoneMetadata) *phonenumbers.PhoneMetadata {
	t.Helper()
	main := phonenumbers.GetRegionCodeForCountryCode(int(m.GetCountryCode()))
	for _, other := range plans(t) {
		if other.GetId() == main && other.GetCountryCode() == m.GetCountryCode() {
			return other
		}
	}
	t.Fatalf("calling code %d has no main plan", m.GetCountryCode())
	return nil
}

func TestRandomNumbersMatchLibrary(t *testing.T) {
	random := 1_000_000
	if isBrief(t) {
		random = 10_000
	}
	c := compareWithLibrary(t)
	s := newSampler(2)
	for i := range random {
		length := 2 + s.random.IntN(maxDigits-1)
		switch i % 4 {
		case 0: // any digits
			c.ask("+" + s.digits(length))
		default: // a calling code that exists, and digits to a length that is common
			code := strconv.Itoa(int(callingCodes[s.random.IntN(len(callingCodes))].code))
			c.ask(code + s.digits(min(5+s.random.IntN(8), maxDigits-len(code))))
		}
	}
	c.report(random / 100)
}

// The parser's own corners, by name, so that a failure says which rule is broken.
func TestNationalPrefixesMatchLibrary(t *testing.T) {
	c := compareWithLibrary(t)
	for _, numbers := range [][]string{
		{"+442079460000", "+4402079460000", "+441800205012345", "+44180020"},                               // United Kingdom, 0 and a text relay
		{"+390612345678", "+39612345678", "+393123456789", "+3903123456789", "+390669812345", "+39066981"}, // Italy keeps its 0; Vatican
		{"+14155552671", "+114155552671", "+115552671", "+18765550123", "+18095550123"},                    // NANP 1
		{"+3611234567", "+360611234567", "+3606201234567", "+36201234567"},                                 // Hungary 06
		{"+541123456789", "+5491123456789", "+5401123456789", "+54111523456789", "+540111523456789", "+5493435551234", "+54343155551234"},
		{"+525512345678", "+5215512345678", "+520155123456", "+5204455123456"},                             // Mexico
		{"+5511961234567", "+55011961234567", "+5501511961234567", "+550211961234567", "+559015119612345"}, // Brazil, carriers
		{"+81312345678", "+810312345678", "+8100777012", "+8100256123", "+81003768012345678"},              // Japan
		{"+261321234567", "+2612012345", "+26122123456", "+2614212345", "+2610321234567"},                  // Madagascar, 20 put in
		{"+37866661212", "+3780549886377", "+378886377", "+378986377"},                                     // San Marino, 0549 put in
		{"+672322123", "+67222123", "+67252123"},                                                           // Norfolk Island, 3 put in
		{"+24106031234", "+241011123456", "+24111123456", "+241061123456"},                                 // Gabon
		{"+79161234567", "+789161234567", "+77011234567", "+787011234567"},                                 // Russia, Kazakhstan
		{"+4779123456", "+4721234567", "+61891641234", "+61891621234", "+61212345678", "+611831212345678"}, // Svalbard, Cocos, Christmas
		{"+212520123456", "+212528812345", "+262262161234", "+262269601234", "+29022158", "+2908999"},      // EH, RE, YT, SH, TA
		{"+358412345678", "+358181234567", "+590590201234", "+590590271234", "+5997151234", "+59994351234"},
		{"+3758012345678", "+3758104809982", "+3758100710240", "+37581048099"}, // Belarus: 8 is a prefix, and 810 a premium range
		{"+80012345678", "+80812345678", "+870301234567", "+87810123456789", "+881612345678", "+8823421234", "+883510012345", "+88812345678", "+979123456789"},
	} {
		for _, number := range numbers {
			c.ask(number)
		}
	}
	c.report(30)
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "+", "+1", "+0", "14155552671", "+4402079460000", "+99912345678", "+441624aaaaaa", "+٣٤٥"} {
		f.Add(seed)
	}
	for i := range callingCodes {
		f.Add("+" + strconv.Itoa(int(callingCodes[i].code)) + "612345678")
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, want := parsed(s), oracle(s)
		if got != want {
			t.Errorf("Parse(%q) = %+v, the library says %+v", s, got, want)
		}
	})
}
