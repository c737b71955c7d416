package main

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip"
)

// An update may replace the whole template, so it has what the policy leaves alone.
func TestOverlayKeepsTheRest(t *testing.T) {
	found := infobip.Message{
		ID: "M", ApplicationID: "A", Text: new("old {{pin}}"), PinType: new("ALPHA"), PinLength: new(4),
		SenderID: new("Example"), Language: new("hr"), VoiceName: new("Matej"), RepeatDTMF: new("1#"), SpeechRate: new(0.75),
		Regional: json.RawMessage(`{"indiaDlt":{"principalEntityId":"1"}}`),
	}
	want := found
	want.Text, want.PinType, want.PinLength = new("new {{pin}}"), new("NUMERIC"), new(6)
	got := overlay(found, infobip.Message{Text: want.Text, PinType: want.PinType, PinLength: want.PinLength})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	want.SenderID, want.Language = new("Other"), new("en")
	got = overlay(found, want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
