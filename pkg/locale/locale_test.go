package locale

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	xtext "golang.org/x/text/language"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		// As BCP 47 has them, in any case.
		"de": "de", "DE": "de", "pt-BR": "pt-BR", "PT-br": "pt-BR", "es-419": "es-419", "ZH-hANT-tw": "zh-Hant-TW", "qaa": "qaa", "tlh": "tlh",
		"sl-rozaj-biske-1994": "sl-rozaj-biske-1994", "de-CH-1901": "de-CH-1901", "zh-cmn-Hans-CN": "zh-cmn-Hans-CN", "SL-ROZAJ": "sl-rozaj",
		"en-US-u-hc-h23": "en-US-u-hc-h23", "EN-us-U-HC-H23": "en-US-u-hc-h23", "ar-x-Private": "ar-x-private", "x-whatever": "x-whatever", "x-a-b": "x-a-b",
		"de-a-aa-b-bb-x-c": "de-a-aa-b-bb-x-c", "zh-aaa-bbb-ccc": "zh-aaa-bbb-ccc", "abcd": "abcd", "abcdefgh": "abcdefgh", "abcd-Latn": "abcd-Latn",
		// As Java, POSIX and iOS write them.
		"pt_BR": "pt-BR", "de_AT.UTF-8": "de-AT", "ca_ES@valencia": "ca-ES", "ca_ES.UTF-8@valencia": "ca-ES", "en_US@calendar=gregorian;x": "en-US", "zh_TW_#Hant": "zh-Hant-TW",
		"sr__#Latn": "sr", "sr_RS_#Latn_x": "sr-RS", "nn_": "no", "de_AT_": "de-AT", "de.": "de", "de_@euro": "de", "POSIX": "posix", "en-US_1994": "en-US-1994",
		// Names of one language.
		"iw": "he", "IW_il": "he-IL", "in-ID": "id-ID", "ji": "yi", "nb-NO": "no-NO", "nn": "no", "no": "no", "nbl": "nbl", "in-x-nb": "id-x-nb",
		"zh-TW": "zh-Hant-TW", "zh-HK": "zh-Hant-HK", "zh_MO": "zh-Hant-MO", "zh-CN": "zh-CN", "zh-SG": "zh-SG", "zh": "zh", "zh-Hans-TW": "zh-Hans-TW", "yue-HK": "yue-HK",
		"zh-yue-HK": "zh-yue-HK", "zh-TW-u-co-stroke": "zh-Hant-TW-u-co-stroke", "de-TW": "de-TW",
	} {
		tag, err := Parse(text)
		if err != nil || tag.String() != want {
			t.Errorf("Parse(%q) = %q, %v, want %q", text, tag, err, want)
		}
		again, err := Parse(want)
		if err != nil || again != tag {
			t.Errorf("Parse(%q) = %q, %v; it is the spelling of %q", want, again, err, text)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		"", "-", "_", "__", "d", "C", "C.UTF-8", "1", "12", "1234", "d1", "POSIX-", "de-", "-de", "de--AT", "de__AT", "de AT", " de", "de\n", "de,en", "de;en", "*", "de-*", "en;q=0.5",
		"dé", "ｄｅ", "de\x00", "de-\xff", "deutsch!", "germanlanguage", "de-AT-", "de-a", "de-a-b", "de-u-x-a", "x", "de-x", "x-", "x-a-", "de-x-123456789", "i-klingon",
		"@valencia", ".UTF-8", "_#Latn", "#de", "de#Latn", "de-AT-DE", "de-Latn-Latn", "de-AT-Latn", "de-1994-AT", "de-1994-Latn", "de-abc-def-ghi-jkl", "abcd-abc", "de-Latn-abc", "de-12", "de-1",
		"de-abcdefghi", "de-19", "de-a1b2", "de-AT-abc", "de-a-123456789", "/de", "de/", "../de", `"de"`, "[de]", "{{de}}", "${de}", "de\r\nX: y", "🇦🇹",
		strings.Repeat("a", 300), "de" + strings.Repeat("-abcde", 21) + "-x", strings.Repeat("de,", 100), "de." + strings.Repeat("x", maxLength),
	} {
		tag, err := Parse(text)
		if err != ErrInvalid || !tag.IsZero() { //nolint:errorlint // it is returned as it is
			t.Errorf("Parse(%q) = %q, %v, want %v", text, tag, err, ErrInvalid)
		}
	}
}

// TestLength: what is too long is refused, also where only the canonical spelling is.
func TestLength(t *testing.T) {
	tail := strings.Repeat("-abcdefgh", 13)
	for text, want := range map[string]bool{
		"zh-CN" + tail + "-abcde":  true, // 128 - 1
		"zh-CNN" + tail + "-abcde": false,
		"de-419" + tail + "-abcde": false,
		"zh-TW" + tail:             true,
		"zh-TW" + tail + "-abcde":  false, // with its script
	} {
		if _, err := Parse(text); (err == nil) != want {
			t.Errorf("Parse of %d characters, %q: %v", len(text), text, err)
		}
	}
}

func chain(tag Tag) []string {
	var all []string
	for ; !tag.IsZero(); tag = tag.Parent() {
		all = append(all, tag.String())
	}
	return all
}

// TestParent: the order of RFC 4647, 3.4, whose own example is the second.
func TestParent(t *testing.T) {
	for text, want := range map[string][]string{
		"zh-TW":                     {"zh-Hant-TW", "zh-Hant", "zh"},
		"zh-Hant-CN-x-private1-pr2": {"zh-Hant-CN-x-private1-pr2", "zh-Hant-CN-x-private1", "zh-Hant-CN", "zh-Hant", "zh"},
		"nb-NO":                     {"no-NO", "no"},
		"de-a-bbb-c-ddd-x-1":        {"de-a-bbb-c-ddd-x-1", "de-a-bbb-c-ddd", "de-a-bbb", "de"},
		"de-x-a-b-c":                {"de-x-a-b-c", "de"},
		"x-a-b":                     {"x-a-b"},
		"x-1":                       {"x-1"},
		"de":                        {"de"},
	} {
		tag, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, chain(tag)); diff != "" {
			t.Errorf("chain of %s (-want +got):\n%s", text, diff)
		}
	}
}

// TestLibrary compares with x/text, which knows the languages there are, where the two
// agree: on the case of a tag, on forms that are none, on names that mean one language, and
// on what comes after Chinese of Taiwan and Hong Kong.
func TestLibrary(t *testing.T) {
	for _, text := range []string{
		"de", "DE-at", "pt_br", "zh-hant-tw", "zh-hans-cn", "sr-latn-rs", "es-419", "en-gb", "fr-CA", "uz-Arab-AF", "de-CH-1901", "sl-IT-nedis", "en-us-u-hc-h23", "de-x-private", "ar-EG-u-nu-latn-x-a",
	} {
		ours, err := Parse(text)
		theirs, err2 := xtext.Raw.Parse(text)
		if err != nil || err2 != nil || ours.String() != theirs.String() {
			t.Errorf("Parse(%q) = %q, %v; x/text: %q, %v", text, ours, err, theirs, err2)
		}
	}
	for _, text := range []string{"de-", "d", "de--AT", "de-a", "x", "de-x", "de AT", "de,en", "germanlanguage", "de-AT-Latn", "dé"} {
		_, err := Parse(text)
		_, err2 := xtext.Raw.Parse(text)
		if err == nil || err2 == nil {
			t.Errorf("Parse(%q): %v; x/text: %v", text, err, err2)
		}
	}
	// The names that mean one language mean it there too.
	for _, text := range []string{"iw", "in", "ji", "iw-IL"} {
		theirs, err := xtext.DeprecatedBase.Parse(text)
		if err != nil || theirs.String() != must(t, text).String() {
			t.Errorf("%q is %q; x/text: %q, %v", text, must(t, text), theirs, err)
		}
	}
	for _, text := range []string{"zh-TW", "zh-HK"} {
		if parent := xtext.Make(text).Parent().String(); parent != must(t, text).Parent().String() {
			t.Errorf("after %q comes %q; x/text: %q", text, must(t, text).Parent(), parent)
		}
	}
}

func must(t *testing.T, text string) Tag {
	t.Helper()
	tag, err := Parse(text)
	if err != nil {
		t.Fatalf("Parse(%q): %v", text, err)
	}
	return tag
}

// abnf is RFC 5646's grammar as a regular expression, to compare with.
var abnf = regexp.MustCompile(`(?i)\A(?:` +
	`(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})` + // language
	`(?:-[a-z]{4})?` + // script
	`(?:-(?:[a-z]{2}|[0-9]{3}))?` + // region
	`(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*` + // variants
	`(?:-[0-9a-wy-z](?:-[a-z0-9]{2,8})+)*` + // extensions
	`(?:-x(?:-[a-z0-9]{1,8})+)?` + // private use
	`|x(?:-[a-z0-9]{1,8})+)\z`)

// FuzzParse: what is read is what the grammar has, in a spelling that is its own, and the
// chain of what is looked for is short, of tags, and ends.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"de", "pt_BR", "zh-Hant-TW", "zh_TW_#Hant", "sr__#Latn", "de_AT.UTF-8", "ca_ES@valencia", "en-u-hc-h23-x-a", "x-a-b", "sl-rozaj-biske-1994", "zh-cmn-hans-cn",
		"nb-NO", "C", "de--AT", "de-a", "*", "de\x00", strings.Repeat("de-", 60), "zh-abc-abc-abc", "1234",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tag, err := Parse(text)
		plain, _, _ := strings.Cut(text, "_#")
		if end := strings.IndexAny(plain, ".@"); end >= 0 {
			plain = plain[:end]
		}
		plain = strings.ReplaceAll(strings.TrimSuffix(plain, "_"), "_", "-")
		if long := len(text) > maxLength-len("-Hant"); (err == nil) != abnf.MatchString(plain) && !long {
			t.Fatalf("Parse(%q): %v, and the grammar's answer is the other", text, err)
		}
		if err != nil {
			return
		}
		if again, err := Parse(tag.String()); err != nil || again != tag {
			t.Fatalf("%q became %q, which is read as %q, %v", text, tag, again, err)
		}
		if lower, err := Parse(strings.ToLower(plain)); err != nil || lower != tag {
			t.Errorf("%q became %q, in lower case %q, %v", text, tag, lower, err)
		}
		steps := 0
		for at := tag; !at.IsZero(); at = at.Parent() {
			if _, err := Parse(at.String()); err != nil || !strings.HasPrefix(tag.String(), at.String()) {
				t.Fatalf("%q is looked for as %q: %v", tag, at, err)
			}
			if steps++; steps > maxLength/2 {
				t.Fatalf("%q is looked for without end", tag)
			}
		}
	})
}

// TestReadingIsCheap: a tag costs no memory where it is in its own spelling, else its text; a
// step of its chain costs none.
func TestReadingIsCheap(t *testing.T) {
	for text, want := range map[string]float64{"de-AT": 0, "zh-Hant-TW": 0, "de_AT.UTF-8": 1, "zh-TW": 1, "canary": 0} {
		if got := testing.AllocsPerRun(100, func() { _, _ = Parse(text) }); got != want {
			t.Errorf("reading %s takes %v allocations, want %v", text, got, want)
		}
	}
	tag := must(t, "zh-Hant-TW-x-private1")
	if got := testing.AllocsPerRun(100, func() {
		for at := tag; !at.IsZero(); at = at.Parent() {
			_ = at
		}
	}); got != 0 {
		t.Errorf("a chain takes %v allocations", got)
	}
}
