package infobip

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode"
)

// refusal is what the body of an error says, in either of the provider's two
// envelopes. The zero value is a body that is neither.
type refusal struct {
	id   string
	text string
	// reasons are what is wrong with which member of our request. Provisioning shows
	// them to the operator.
	reasons []string
	// invalid reports whether the envelope blames members of our request, in a form
	// that we understand or not.
	invalid bool
}

// readRefusal reads an error's body as far as it makes sense.
func readRefusal(body []byte) refusal {
	answer, ok := parseObject(body)
	if !ok {
		return refusal{}
	}
	if code := answer.text("errorCode"); code != "" {
		return refusal{
			id:      code,
			text:    answer.text("description"),
			reasons: violations(answer),
			invalid: answer.holds("violations"),
		}
	}
	legacy := answer.object("requestError")
	exception := legacy.object("serviceException")
	if len(exception) == 0 {
		exception = legacy.object("policyException")
	}
	text := exception.text("text")
	return refusal{
		id:      exception.text("messageId"),
		text:    text,
		reasons: validationErrors(exception),
		// An older form has the reasons in the text: "[pin : must not be blank]".
		invalid: exception.holds("validationErrors") || strings.HasPrefix(strings.TrimSpace(text), "["),
	}
}

// fromAPI reports whether the body is an error of the 2FA API at all, and not that
// of a proxy or of another host.
func (r refusal) fromAPI() bool { return r.id != "" || r.text != "" }

// noSuchURL reports whether it is the path that is not known. The text goes on with
// that path, and so with the pinId.
func (r refusal) noSuchURL() bool {
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(r.text)), "requested url not found")
}

// notFound are the ids of what is not known, of the current API and of the older one.
var notFound = []string{"NOT_FOUND", "RESOURCE_NOT_FOUND", "E404"}

func (r refusal) notFound() bool { return slices.Contains(notFound, strings.ToUpper(r.id)) }

// badRequest reports whether it is a bad request without a reason: it blames no
// member, and neither the application nor the account.
func (r refusal) badRequest() bool {
	id := strings.ToUpper(r.id)
	return (id == "BAD_REQUEST" || id == "E400") && !r.invalid && !r.aboutAccount()
}

// aboutAccount reports whether the text is about what sends, not about a PIN.
func (r refusal) aboutAccount() bool {
	said := strings.ToLower(r.text)
	return strings.Contains(said, "application") || strings.Contains(said, "account")
}

// aboutLimits reports whether a refusal is about the provider's limits. Infobip does
// not say with which status and word the limits of an application refuse. "Too many
// attempts" is about one PIN, and no limit.
func (r refusal) aboutLimits() bool {
	said := strings.ToLower(strings.ReplaceAll(r.id+" "+r.text, "_", " "))
	return r.id == "E429" || namesLimit(said) ||
		strings.Contains(said, "too many") && !strings.Contains(said, "attempt")
}

func namesLimit(said string) bool {
	said = strings.ToLower(said)
	return strings.Contains(said, "limit") || strings.Contains(said, "throttl") || strings.Contains(said, "too many requests")
}

// idVerdict returns what an error's id says of the PIN; nil if it says nothing.
func (r refusal) idVerdict(status int) *meaning {
	if namesLimit(r.id) || aboutCaller(status) && !namesPIN(r.id) {
		return nil
	}
	return pinMeaning(r.id)
}

// textVerdict is idVerdict for the text, which is prose: "attempted" is no word of
// it, and neither is what blames our request or the account.
func (r refusal) textVerdict(status int) *meaning {
	if r.invalid || r.aboutAccount() || aboutCaller(status) && !namesPIN(r.text) {
		return nil
	}
	found := pinMeaning(r.text)
	if found == &exhaustedPIN && !strings.Contains(asWord(r.text), "ATTEMPTS") {
		return nil
	}
	return found
}

// aboutCaller reports whether a status is about who asks: keys and trials expire as
// PINs do, and logins have attempts.
func aboutCaller(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusForbidden
}

// namesPIN reports whether words are about a PIN.
func namesPIN(said string) bool {
	words := strings.FieldsFunc(asWord(said), func(c rune) bool { return !unicode.IsLetter(c) })
	return slices.Contains(words, "PIN") || slices.Contains(words, "TTL")
}

// asWord writes text as the provider writes its words.
func asWord(text string) string {
	return strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToUpper(text))
}

// pinMeaning returns what a word of the provider's says of a PIN; nil if it is none
// of the failures that we know. There is no list of Infobip's that is complete, so
// words are known by their parts.
func pinMeaning(said string) *meaning {
	word := asWord(said)
	switch {
	case strings.Contains(word, "ALREADY_VERIFIED"):
		return &usedPIN
	case strings.Contains(word, "EXPIRED"), strings.Contains(word, "PIN_NOT_FOUND"):
		return &gonePIN
	case strings.Contains(word, "ATTEMPT"):
		return &exhaustedPIN
	case strings.Contains(word, "WRONG_PIN"):
		return &wrongPIN
	}
	return nil
}

// validationErrors reads the legacy envelope's reasons, which are an object of lists
// of sentences by member.
func validationErrors(exception object) []string {
	var reasons []string
	members := exception.object("validationErrors")
	for _, member := range slices.Sorted(maps.Keys(members)) {
		for _, why := range parseArray(members[member]) {
			reasons = append(reasons, member+": "+textOf(why))
		}
	}
	return reasons
}

// violations reads the newer envelope's reasons.
func violations(answer object) []string {
	var reasons []string
	for _, value := range parseArray(answer["violations"]) {
		violation, _ := parseObject(value)
		if len(violation) > 0 {
			reasons = append(reasons, violation.text("property")+": "+violation.text("violation"))
		}
	}
	return reasons
}

// details returns the reasons for refused settings, or else the text, as lines:
// printable, short, few, and without the secrets.
func (r refusal) details(secrets []string) []string {
	const most, longest = 10, 200
	reasons := r.reasons
	if len(reasons) == 0 && r.text != "" {
		reasons = []string{r.text}
	}
	var lines []string
	for _, line := range reasons {
		for _, secret := range secrets {
			line = strings.ReplaceAll(line, secret, "…")
		}
		line = strings.Map(func(c rune) rune {
			if !unicode.IsPrint(c) {
				return ' '
			}
			return c
		}, line)
		if runes := []rune(line); len(runes) > longest {
			line = string(runes[:longest]) + "…"
		}
		if len(lines) < most {
			lines = append(lines, line)
		}
	}
	return lines
}
