package locale

// part is a part of a tag, in the order in which they may stand.
type part int

const (
	language part = iota
	extlang
	script
	region
	variant
	extension
	private
)

// Lengths of subtags (RFC 5646, 2.1).
const (
	shortestLanguage = 2
	longestCode      = 3 // ISO 639; longer ones are reserved, and extended by nothing
	longestSubtag    = 8
	mostExtlangs     = 3
	scriptLength     = 4
	letterRegion     = 2
	digitRegion      = 3
	shortestVariant  = 5
	digitVariant     = 4
)

// span is where a part stands in a text; empty for one that is not there. (Slices in its
// place would move the text to the heap.)
type span struct{ from, to int }

func (s span) of(text []byte) []byte { return text[s.from:s.to] }

// grammar reads a tag in lower case, subtag by subtag.
type grammar struct {
	language, script, region span
	// extlangs are written behind the language, rest behind the region. Both begin with
	// their hyphen.
	extlangs, rest span

	last part
	// count of extlangs.
	count int
	// open: a singleton (x is one) wants a subtag behind it.
	open bool
}

// read reports whether RFC 5646's ABNF has the text, which holds letters in lower case,
// digits and hyphens.
func (g *grammar) read(text []byte) bool {
	first := firstSubtag(text)
	g.language = span{0, len(first)}
	switch {
	case string(first) == "x":
		g.last, g.open = private, true
	case len(first) < shortestLanguage || len(first) > longestSubtag || !all(first, isLetter):
		return false
	}
	for at := len(first); at < len(text); {
		subtag := firstSubtag(text[at+1:])
		if len(subtag) == 0 || len(subtag) > longestSubtag || !g.take(subtag) {
			return false
		}
		end := at + 1 + len(subtag)
		switch {
		case g.last == extlang:
			g.extlangs = span{len(first), end}
		case g.last == script:
			g.script = span{at + 1, end}
		case g.last == region:
			g.region = span{at + 1, end}
		case g.rest == span{}:
			g.rest = span{at, len(text)}
		}
		at = end
	}
	return !g.open
}

// take reports whether a subtag may stand behind what was read.
func (g *grammar) take(subtag []byte) bool {
	switch {
	case g.last == private:
		g.open = false
	case len(subtag) == 1: // a singleton ends what is before it
		if g.open {
			return false
		}
		g.last, g.open = extension, true
		if subtag[0] == 'x' {
			g.last = private
		}
	case g.last == extension:
		g.open = false
	case g.isExtlang(subtag):
		g.last = extlang
		g.count++
	case g.last < script && len(subtag) == scriptLength && all(subtag, isLetter):
		g.last = script
	case g.last < region && (len(subtag) == letterRegion && all(subtag, isLetter) || len(subtag) == digitRegion && all(subtag, isDigit)):
		g.last = region
	case len(subtag) >= shortestVariant || len(subtag) == digitVariant && isDigit(subtag[0]):
		g.last = variant
	default:
		return false
	}
	return true
}

func (g *grammar) isExtlang(subtag []byte) bool {
	return g.last <= extlang && g.count < mostExtlangs && g.language.to <= longestCode &&
		len(subtag) == longestCode && all(subtag, isLetter)
}

// canonical appends the tag that was read in the case of RFC 5646, 2.1.1, and in the one
// name of its language: Hebrew, Indonesian and Yiddish by the codes that replaced those of
// older Java, the two written forms of Norwegian as one language, and Chinese as it is
// written in Taiwan, Hong Kong and Macao with its script.
func (g *grammar) canonical(tag, text []byte) []byte {
	switch language := g.language.of(text); string(language) {
	case "iw":
		tag = append(tag, "he"...)
	case "in":
		tag = append(tag, "id"...)
	case "ji":
		tag = append(tag, "yi"...)
	case "nb", "nn":
		tag = append(tag, "no"...)
	default:
		tag = append(tag, language...)
	}
	tag = append(tag, g.extlangs.of(text)...)
	if script := g.script.of(text); len(script) > 0 {
		tag = append(tag, '-', upper(script[0]))
		tag = append(tag, script[1:]...)
	} else if g.traditional(text) {
		tag = append(tag, "-Hant"...)
	}
	if region := g.region.of(text); len(region) > 0 {
		tag = append(tag, '-')
		for _, c := range region {
			tag = append(tag, upper(c))
		}
	}
	return append(tag, g.rest.of(text)...)
}

// traditional reports whether the tag is Chinese of where another script than the usual one
// is written.
func (g *grammar) traditional(text []byte) bool {
	if string(g.language.of(text)) != "zh" || g.count > 0 {
		return false
	}
	region := string(g.region.of(text))
	return region == "tw" || region == "hk" || region == "mo"
}

// firstSubtag returns what is before the first hyphen. (A subtag is so short that a search
// for it costs more than a look at each byte.)
func firstSubtag(text []byte) []byte {
	for i, c := range text {
		if c == '-' {
			return text[:i]
		}
	}
	return text
}

func upper(c byte) byte {
	if isLetter(c) {
		return c - 'a' + 'A'
	}
	return c
}

// all reports whether every byte of a text is of a kind.
func all(text []byte, is func(byte) bool) bool {
	for _, c := range text {
		if !is(c) {
			return false
		}
	}
	return true
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
