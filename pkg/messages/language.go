package messages

import (
	"slices"
	"strings"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip"
	"github.com/seed-a131a524/infobip-otp/pkg/locale"
)

// languageOf returns the language in which Infobip speaks a locale's texts, in the API's
// spelling, and whether it has one. Portuguese is that of Portugal wherever a region other
// than Brazil is named, as CLDR has it; Chinese goes by its script.
func languageOf(tag locale.Tag) (string, bool) {
	subtags := strings.Split(tag.String(), "-")
	language := subtags[0]
	switch language {
	case "pt":
		language = "pt_br"
		if region := regionOf(subtags); region != "" && region != "BR" {
			language = "pt_pt"
		}
	case "zh":
		language = "zh_cn"
		if slices.Contains(subtags, "Hant") {
			language = "zh_tw"
		}
	}
	if !slices.Contains(infobip.Languages, language) {
		return "", false
	}
	return language, true
}

// regionOf returns the region among the subtags of a tag, which is the only one in capitals.
func regionOf(subtags []string) string {
	for _, subtag := range subtags[1:] {
		if len(subtag) == 2 && subtag == strings.ToUpper(subtag) {
			return subtag
		}
	}
	return ""
}
