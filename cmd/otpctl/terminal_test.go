package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode"
)

// commanding is what a terminal obeys: a title, a colour, the escape of eight bits, and a
// line that looks like one of ours.
const commanding = "\x1b]0;x\a\x1b[31m\u009b2J\notpctl: all is well"

// commandingProvider has a word to a terminal in all that it answers but, where it knows how
// ids look, in ids.
type commandingProvider struct{ honestIDs bool }

func (c commandingProvider) id(id string) string {
	if c.honestIDs {
		return id
	}
	return id + commanding
}

func (c commandingProvider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer := map[string]any{}
	if body, err := io.ReadAll(r.Body); err == nil && len(body) > 0 {
		_ = json.Unmarshal(body, &answer)
	}
	member := func(name string) string { text, _ := answer[name].(string); return text + commanding }
	isMessage := strings.Contains(r.URL.Path, "/messages")
	if isMessage {
		answer["messageId"] = c.id("M" + strings.Repeat("A", int(r.ContentLength)%50))
		for _, name := range []string{"messageText", "pinType", "language", "senderId", "voiceName"} {
			answer[name] = member(name)
		}
	} else {
		answer["applicationId"], answer["name"] = c.id("A"), "infobip-otp"
		answer["configuration"] = map[string]any{"pinTimeToLive": commanding, "verifyPinLimit": commanding, "sendPinPerApplicationLimit": commanding}
	}
	var encoded []byte
	if r.Method == http.MethodGet && (isMessage || strings.HasSuffix(r.URL.Path, "/applications")) {
		encoded, _ = json.Marshal([]any{answer})
	} else {
		encoded, _ = json.Marshal(answer)
	}
	_, _ = w.Write(encoded) // maps of texts, to a test
}

// TestNoTerminalIsCommanded: whatever a provider says, nothing of it reaches the terminal, or the
// file of settings that standard output is appended to, but printable text in lines of ours.
func TestNoTerminalIsCommanded(t *testing.T) {
	for _, honest := range []bool{true, false} {
		for _, args := range [][]string{nil, {"--dry-run"}, {"--messages="}, {"--messages=", "--dry-run"}} {
			api := httptest.NewServer(commandingProvider{honest})
			o := newOperatorRig(t, threeChannels)
			o.environment["INFOBIP_BASE_URL"] = api.URL
			got := o.provision(args...)
			api.Close()
			for line := range strings.Lines(got.stdout + got.stderr) {
				if strings.ContainsFunc(strings.TrimSuffix(line, "\n"), unicode.IsControl) || strings.HasPrefix(line, "otpctl: all is well") {
					t.Errorf("honest ids %t, %q: a terminal sees %q", honest, args, line)
				}
			}
			if !strings.Contains(got.stderr, "otpctl: ") || honest == strings.Contains(got.stderr, "the answer is not what the documentation has") {
				t.Errorf("honest ids %t, %q: exit code %d\n%s", honest, args, got.code, got.stderr)
			}
		}
	}
}

// TestHarmless: a terminal's commands of seven and of eight bits, and nothing of a language.
func TestHarmless(t *testing.T) {
	for text, want := range map[string]string{
		"\x1b[2J\a\r\x7f\u009b": "·[2J····",
		"two\nlines":            "two\nlines",
		"رمز التحقق: {{pin}}":   "رمز التحقق: {{pin}}",
	} {
		if got := harmless(text); got != want {
			t.Errorf("harmless(%q) = %q, want %q", text, got, want)
		}
	}
}

// TestNothingIsWrittenUnseen: each way to write goes past harmless.
func TestNothingIsWrittenUnseen(t *testing.T) {
	var out, errs strings.Builder
	ui := &tui{out: &out, err: &errs}
	ui.say("%s", "\x1bA")
	ui.emit("%s", "\x1bB")
	err := ui.table(func(line func(string, string, ...any)) { line("\x1bC", "%s", "\x1bD") })
	if want := "otpctl: ·A\n"; err != nil || errs.String() != want {
		t.Errorf("standard error has %q, want %q (%v)", errs.String(), want, err)
	}
	if want := "·B\n·C  ·D\n"; out.String() != want {
		t.Errorf("standard output has %q, want %q", out.String(), want)
	}
}
