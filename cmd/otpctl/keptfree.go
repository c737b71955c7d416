package main

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// exampleTypes are the kinds of number that libphonenumber has an example of.
var exampleTypes = []phonenumbers.PhoneNumberType{
	phonenumbers.FIXED_LINE, phonenumbers.MOBILE, phonenumbers.TOLL_FREE, phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST,
	phonenumbers.VOIP, phonenumbers.PERSONAL_NUMBER, phonenumbers.PAGER, phonenumbers.UAN, phonenumbers.VOICEMAIL,
}

// keptFree reports whether a number in E.164 is one that nobody has for certain: of
// libphonenumber's examples, or of the exchange 555 of the North American plan, whose lines
// have no subscribers. Of any other it cannot be told.
func keptFree(e164, region string) bool {
	const american, areaCode = "+1", 3
	if rest, found := strings.CutPrefix(e164, american); found && strings.HasPrefix(rest[areaCode:], "555") {
		return true
	}
	for _, kind := range exampleTypes {
		if example := phonenumbers.GetExampleNumberForType(region, kind); example != nil && phonenumbers.Format(example, phonenumbers.E164) == e164 {
			return true
		}
	}
	return false
}
