package web_test

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

var (
	serverCode = regexp.MustCompile(`(?:code:\s*|badRequest\()"([a-z_]+)"`)
	clientList = regexp.MustCompile(`(?s)export const codes = .*?\]\)\)`)
	quotedWord = regexp.MustCompile(`'([a-z_]+)'`)
)

// TestEveryCodeOfTheServiceIsKnown holds otp.js to the table of refusals.
func TestEveryCodeOfTheServiceIsKnown(t *testing.T) {
	known := words(t, quotedWord, string(clientList.Find(read(t, "otp.js"))))
	if len(known) < 40 {
		t.Fatalf("otp.js has %d codes: %v", len(known), known)
	}
	served := words(t, serverCode, string(read(t, "../pkg/httpapi/refusals.go")))
	if len(served) < 20 {
		t.Fatalf("refusals.go has %d codes: %v", len(served), served)
	}
	for _, code := range served {
		if !slices.Contains(known, code) {
			t.Errorf("otp.js does not know %s", code)
		}
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func words(t *testing.T, pattern *regexp.Regexp, text string) []string {
	t.Helper()
	var found []string
	for _, match := range pattern.FindAllStringSubmatch(text, -1) {
		found = append(found, match[1])
	}
	slices.Sort(found)
	return slices.Compact(found)
}
