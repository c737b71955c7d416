package phone

import (
	"cmp"
	"slices"
)

// LineType is what a numbering plan reserves a number for. It says nothing about
// the number's present use: satellite and premium ranges can be listed as Mobile.
type LineType string

// The line types of libphonenumber. In some countries, the United States among
// them, a number does not tell fixed from mobile.
const (
	FixedLine         LineType = "fixed_line"
	Mobile            LineType = "mobile"
	FixedLineOrMobile LineType = "fixed_line_or_mobile"
	TollFree          LineType = "toll_free"
	PremiumRate       LineType = "premium_rate"
	SharedCost        LineType = "shared_cost"
	VoIP              LineType = "voip"
	PersonalNumber    LineType = "personal_number"
	Pager             LineType = "pager"
	UAN               LineType = "uan"
	Voicemail         LineType = "voicemail"
)

// callingCode is a country calling code: where its automaton starts, and the
// regions that share it.
type callingCode struct {
	code    uint16
	start   uint16
	regions []string
}

// node is a state of the automaton. node[d] is the index of the node after digit d
// (0: no valid number goes on so), node[10] that of the verdict on a number that
// ends here (0: not valid).
type node [11]uint16

// verdict is what is known of a valid number: the index of its region among those
// of its calling code, and its line type.
type verdict struct {
	region   uint8
	lineType LineType
}

// lookUp finds a number, given as ASCII digits, in the plans. It neither allocates
// nor keeps anything, so the first number of a region costs what the next one does.
func lookUp(digits string) (string, LineType, bool) {
	plan, national, ok := splitCallingCode(digits)
	if !ok {
		return "", "", false
	}
	at := &nodes[plan.start]
	for i := range len(national) {
		at = &nodes[at[national[i]-'0']]
	}
	found := at[10]
	if found == 0 {
		return "", "", false
	}
	v := verdicts[found]
	return plan.regions[v.region], v.lineType, true
}

// maxCallingCodeDigits is E.164's limit. No calling code is the beginning of another.
const maxCallingCodeDigits = 3

func splitCallingCode(digits string) (*callingCode, string, bool) {
	code := uint16(0)
	for i := range min(len(digits), maxCallingCodeDigits) {
		code = code*10 + uint16(digits[i]-'0')
		at, ok := slices.BinarySearchFunc(callingCodes[:], code, func(c callingCode, code uint16) int {
			return cmp.Compare(c.code, code)
		})
		if ok {
			return &callingCodes[at], digits[i+1:], true
		}
	}
	return nil, "", false
}
