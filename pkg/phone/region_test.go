package phone

import (
	"testing"

	"github.com/nyaruka/phonenumbers"
)

// All of the library's regions, and nothing else of that form.
func TestIsRegion(t *testing.T) {
	supported := phonenumbers.GetSupportedRegions()
	if len(supported) < 240 {
		t.Fatalf("the library has %d regions, want at least 240", len(supported))
	}
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for _, first := range letters {
		for _, second := range letters {
			region := string(first) + string(second)
			if got, want := IsRegion(region), supported[region]; got != want {
				t.Errorf("IsRegion(%q) = %t, the library says %t", region, got, want)
			}
		}
	}
	for region, want := range map[string]bool{
		"001": true, "AT": true, "EH": true, "XK": true,
		"": false, "000": false, "002": false, "at": false, "At": false, "A": false, "AUT": false, " AT": false, "AT ": false, "ZZ": false, "UK": false, "EU": false,
	} {
		if got := IsRegion(region); got != want {
			t.Errorf("IsRegion(%q) = %t, want %t", region, got, want)
		}
	}
}

// What belongs to no country has the region 001, whatever its line type.
func TestNonGeographicCodes(t *testing.T) {
	codes := phonenumbers.GetSupportedGlobalNetworkCallingCodes()
	if len(codes) < 9 {
		t.Fatalf("the library has %d calling codes without a country, want at least 9", len(codes))
	}
	for i := range callingCodes {
		c := &callingCodes[i]
		isNonGeographic := len(c.regions) == 1 && c.regions[0] == "001"
		if want := codes[int(c.code)]; isNonGeographic != want {
			t.Errorf("+%d is of the regions %v; without a country: %t, want %t", c.code, c.regions, isNonGeographic, want)
		}
	}
}
