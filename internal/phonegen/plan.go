package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/nyaruka/phonenumbers"
)

// callingCode is one country calling code with what decides about its numbers.
type callingCode struct {
	code    int
	regions []region // in the order libphonenumber asks them
	prefix  *prefixRule
}

// maxDigits is E.164's limit: calling code and national number together.
const maxDigits = 15

func (c callingCode) maxNational() int { return maxDigits - len(strconv.Itoa(c.code)) }

// region is the numbering plan of one country or territory.
type region struct {
	id      string
	leading *matcher // nil: the region is found by its patterns alone
	general description
	types   [typeCount]description
	// sameFixedAndMobile: libphonenumber cannot tell the two apart here.
	sameFixedAndMobile bool
}

// description is one pattern with the lengths it holds for.
type description struct {
	matcher *matcher
	lengths lengths
}

// The types in the order in which libphonenumber tries them.
const (
	premiumRate = iota
	tollFree
	sharedCost
	voip
	personalNumber
	pager
	uan
	voicemail
	fixedLine
	mobile
	typeCount
	fixedLineOrMobile
	noType
)

// lengths are the possible lengths of a national number.
type lengths struct{ all, local []int32 }

// allow reports whether a number of this length may match. A type without lengths
// has those of the general description; one with the length -1 has no numbers.
func (l lengths) allow(length int) bool {
	return len(l.all) == 0 || slices.Contains(l.all, int32(length))
}

// allowStripped reports whether the parser keeps a number that has this length after
// the national prefix is gone: libphonenumber refuses one that is too short, in a
// gap, or of local length, and so it keeps one that is too long.
func (l lengths) allowStripped(length int) bool {
	if slices.Contains(l.local, int32(length)) {
		return false
	}
	return slices.Contains(l.all, int32(length)) || int32(length) > l.all[len(l.all)-1]
}

// reader builds the plans. Regions have many patterns in common, so each is
// compiled once.
type reader struct{ matchers map[string]*matcher }

// readPlans reads the library's metadata, in ascending order of calling codes.
func readPlans() ([]callingCode, error) {
	collection, err := phonenumbers.MetadataCollection()
	if err != nil {
		return nil, fmt.Errorf("reading the library's metadata: %w", err)
	}
	type key struct {
		code int
		id   string
	}
	metadata := make(map[key]*phonenumbers.PhoneMetadata)
	for _, m := range collection.GetMetadata() {
		metadata[key{int(m.GetCountryCode()), m.GetId()}] = m
	}
	r := &reader{matchers: make(map[string]*matcher)}
	var plans []callingCode
	for code := range phonenumbers.GetSupportedCallingCodes() {
		plan := callingCode{code: code}
		for i, id := range phonenumbers.GetRegionCodesForCountryCode(code) {
			m := metadata[key{code, id}]
			if m == nil {
				return nil, fmt.Errorf("calling code %d: no metadata for region %s", code, id)
			}
			region, err := r.region(m)
			if err != nil {
				return nil, fmt.Errorf("region %s of calling code %d: %w", id, code, err)
			}
			plan.regions = append(plan.regions, region)
			if i > 0 {
				continue
			}
			// The parser takes the national prefix of a code's main region for them all.
			plan.prefix, err = newPrefixRule(m.GetNationalPrefixForParsing(), m.GetNationalPrefixTransformRule(),
				region.general.matcher, region.general.lengths)
			if err != nil {
				return nil, fmt.Errorf("region %s: %w", id, err)
			}
		}
		if len(plan.regions) == 1 {
			plan.regions[0].leading = nil // there is nothing to choose
		}
		plans = append(plans, plan)
	}
	slices.SortFunc(plans, func(a, b callingCode) int { return cmp.Compare(a.code, b.code) })
	return plans, nil
}

func (r *reader) region(m *phonenumbers.PhoneMetadata) (region, error) {
	general, err := r.description(m.GetGeneralDesc())
	if err != nil {
		return region{}, err
	}
	if len(general.lengths.all) == 0 || !slices.IsSorted(general.lengths.all) {
		return region{}, fmt.Errorf("general lengths %v are missing or out of order", general.lengths.all)
	}
	out := region{id: m.GetId(), general: general, sameFixedAndMobile: m.GetSameMobileAndFixedLinePattern()}
	for typ, desc := range typesOf(m) {
		out.types[typ], err = r.description(desc)
		if err != nil {
			return region{}, err
		}
	}
	if m.GetLeadingDigits() != "" {
		out.leading, err = r.matcher(m.GetLeadingDigits())
		if err != nil {
			return region{}, err
		}
	}
	return out, nil
}

// typesOf returns the descriptions of the types that have one of their own.
func typesOf(m *phonenumbers.PhoneMetadata) [typeCount]*phonenumbers.PhoneNumberDesc {
	return [...]*phonenumbers.PhoneNumberDesc{
		premiumRate: m.GetPremiumRate(), tollFree: m.GetTollFree(), sharedCost: m.GetSharedCost(), voip: m.GetVoip(),
		personalNumber: m.GetPersonalNumber(), pager: m.GetPager(), uan: m.GetUan(), voicemail: m.GetVoicemail(),
		fixedLine: m.GetFixedLine(), mobile: m.GetMobile(),
	}
}

func (r *reader) description(desc *phonenumbers.PhoneNumberDesc) (description, error) {
	m, err := r.matcher(desc.GetNationalNumberPattern())
	if err != nil {
		return description{}, err
	}
	return description{matcher: m, lengths: lengths{all: desc.GetPossibleLength(), local: desc.GetPossibleLengthLocalOnly()}}, nil
}

func (r *reader) matcher(pattern string) (*matcher, error) {
	if m, ok := r.matchers[pattern]; ok {
		return m, nil
	}
	m, err := newMatcher(pattern)
	if err != nil {
		return nil, err
	}
	r.matchers[pattern] = m
	return m, nil
}

// typeOf is libphonenumber's choice among the types whose description matches.
func (r *region) typeOf(matches func(typ int) bool) int {
	for typ := premiumRate; typ < fixedLine; typ++ {
		if matches(typ) {
			return typ
		}
	}
	switch {
	case matches(fixedLine) && (r.sameFixedAndMobile || matches(mobile)):
		return fixedLineOrMobile
	case matches(fixedLine):
		return fixedLine
	case matches(mobile) && !r.sameFixedAndMobile:
		return mobile
	default:
		return noType
	}
}
