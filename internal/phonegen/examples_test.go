package main

import (
	"slices"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

// The file holds all that the library returns when it is asked for an example.
func TestExamplesAreComplete(t *testing.T) {
	examples, err := readExamples()
	if err != nil {
		t.Fatal(err)
	}
	missing := make(map[string]bool)
	want := func(n *phonenumbers.PhoneNumber) {
		if n != nil {
			missing[phonenumbers.Format(n, phonenumbers.E164)] = true
		}
	}
	for region := range phonenumbers.GetSupportedRegions() {
		for _, typ := range lineTypes {
			want(phonenumbers.GetExampleNumberForType(region, typ.library))
		}
	}
	for code := range phonenumbers.GetSupportedGlobalNetworkCallingCodes() {
		want(phonenumbers.GetExampleNumberForNonGeoEntity(code))
	}
	if len(missing) < 1000 {
		t.Fatalf("the library returns %d examples, want at least 1000", len(missing))
	}
	seen := make(map[string]bool)
	for _, e := range examples {
		if seen[e.number] {
			t.Errorf("%s stands twice", e.number)
		}
		seen[e.number] = true
		delete(missing, e.number)
	}
	for number := range missing {
		t.Errorf("%s is missing", number)
	}
	if !slices.IsSortedFunc(examples, example.compare) {
		t.Error("the examples are out of order")
	}
}

// What the default settings send to, number by number.
func TestExpectedAnswers(t *testing.T) {
	for _, test := range []struct{ number, region, typ, sms, voice string }{
		{"+436641234567", "AT", "mobile", "ok", "ok"},
		{"+12015550123", "US", "fixed_line_or_mobile", "ok", "ok"},
		{"+431234567890", "AT", "fixed_line", "line_type", "ok"},
		{"+19002345678", "US", "premium_rate", "line_type", "line_type"},
		{"+449012345678", "GB", "premium_rate", "line_type", "line_type"},
		{"+41840123456", "CH", "shared_cost", "line_type", "line_type"},
		{"+18002345678", "US", "toll_free", "line_type", "line_type"},
		{"+445512345678", "GB", "uan", "line_type", "line_type"},
		{"+447640123456", "GB", "pager", "line_type", "line_type"},
		{"+4781212345", "NO", "voicemail", "line_type", "line_type"},
		{"+447012345678", "GB", "personal", "line_type", "line_type"},
		{"+445612345678", "GB", "voip", "line_type", "line_type"},
		{"+881612345678", "001", "mobile", "region", "region"},
		{"+979123456789", "001", "premium_rate", "region", "region"},
		{"+80012345678", "001", "toll_free", "region", "region"},
	} {
		e, err := newExample(test.number)
		if err != nil {
			t.Error(err)
			continue
		}
		got := [...]string{e.region, lineTypes[e.typ].word, e.bySMS(), e.byVoice()}
		want := [...]string{test.region, test.typ, test.sms, test.voice}
		if got != want {
			t.Errorf("%s: %q, want %q", test.number, got, want)
		}
	}
}

// An example that is no number of any type must stop the generator.
func TestExamplesThatAreNone(t *testing.T) {
	for _, number := range []string{"", "+1", "+18612345678", "+99912345678"} {
		e, err := newExample(number)
		if err == nil {
			t.Errorf("%q became the example %+v", number, e)
		}
	}
}
