package locale

import "strings"

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

// grammar reads a tag in lower case, subtag by subtag.
type grammar struct {
	language, script, region string
	// extlangs are written behind the language, rest behind the region. Both begin with
	// their hyphen.
	extlangs, rest string

	last part
	// count of extlangs.
	count int
	// open: a singleton (x is one) wants a subtag behind it.
	open bool
}

// read reports whether RFC 5646's ABNF has the text, which holds letters in lower case,
// digits and hyphens.
func (g *grammar) read(text string) bool {
	first, _, _ := strings.Cut(text, "-")
	g.language = first
	switch {
	case first == "x":
		g.last, g.open = private, true
	case len(first) < shortestLanguage || len(first) > longestSubtag || !all(first, isLetter):
		return false
	}
	for at := len(first); at < len(text); {
		subtag, _, _ := strings.Cut(text[at+1:], "-")
		if subtag == "" || len(subtag) > longestSubtag || !g.take(subtag) {
			return false
		}
		end := at + 1 + len(subtag)
		switch {
		case g.last == extlang:
			g.extlangs = text[len(first):end]
		case g.last >= variant && g.rest == "":
			g.rest = text[at:]
		}
		at = end
	}
	return !g.open
}

// take reports whether a subtag may stand behind what was read.
func (g *grammar) take(subtag string) bool {
	switch {
	case g.last == private:
		g.open = false
	case len(subtag) == 1: // a singleton ends what is before it
		if g.open {
			return false
		}
		g.last, g.open = extension, true
		if subtag == "x" {
			g.last = private
		}
	case g.last == extension:
		g.open = false
	case g.isExtlang(subtag):
		g.last = extlang
		g.count++
	case g.last < script && len(subtag) == scriptLength && all(subtag, isLetter):
		g.last, g.script = script, subtag
	case g.last < region && (len(subtag) == letterRegion && all(subtag, isLetter) || len(subtag) == digitRegion && all(subtag, isDigit)):
		g.last, g.region = region, subtag
	case len(subtag) >= shortestVariant || len(subtag) == digitVariant && isDigit(subtag[0]):
		g.last = variant
	default:
		return false
	}
	return true
}

func (g *grammar) isExtlang(subtag string) bool {
	return g.last <= extlang && g.count < mostExtlangs && len(g.language) <= longestCode &&
		len(subtag) == longestCode && all(subtag, isLetter)
}

// canonical writes a tag in the case of RFC 5646, 2.1.1, and in the one name of its
// language: Hebrew, Indonesian and Yiddish by the codes that replaced those of older Java,
// the two written forms of Norwegian as one language, and Chinese as it is written in
// Taiwan, Hong Kong and Macao with its script.
func (g *grammar) canonical() string {
	switch g.language {
	case "iw":
		g.language = "he"
	case "in":
		g.language = "id"
	case "ji":
		g.language = "yi"
	case "nb", "nn":
		g.language = "no"
	case "zh":
		traditional := g.region == "tw" || g.region == "hk" || g.region == "mo"
		if traditional && g.script == "" && g.extlangs == "" {
			g.script = "hant"
		}
	}
	text := g.language + g.extlangs
	if g.script != "" {
		text += "-" + strings.ToUpper(g.script[:1]) + g.script[1:]
	}
	if g.region != "" {
		text += "-" + strings.ToUpper(g.region)
	}
	return text + g.rest
}

// all reports whether every byte of a text is of a kind.
func all(text string, is func(byte) bool) bool {
	for i := range len(text) {
		if !is(text[i]) {
			return false
		}
	}
	return true
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
