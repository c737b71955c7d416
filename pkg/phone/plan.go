package phone

import (
	"cmp"
	"slices"
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

// IsRegion reports whether libphonenumber has a numbering plan for the region: an
// ISO 3166-1 alpha-2 code in capitals, AC, TA or XK, which ISO does not assign, or
// "001". A region need not have numbers that [Number.Region] names: those of Western
// Sahara (EH) are all found in Morocco.
func IsRegion(region string) bool {
	return slices.ContainsFunc(callingCodes[:], func(c callingCode) bool {
		return slices.Contains(c.regions, region)
	})
}

// lookUp finds a number, given as ASCII digits, in the plans. It neither allocates
// nor keeps anything, so the first number of a region costs what the next one does.
func lookUp(digits string) (string, LineType, bool) {
	plan, national, ok := splitCallingCode(digits)
	if !ok {
		return "", Unknown, false
	}
	at := &nodes[plan.start]
	for i := range len(national) {
		at = &nodes[at[national[i]-'0']]
	}
	found := at[10]
	if found == 0 {
		return "", Unknown, false
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
