package infobip

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

// Every member of each kind of template arrives, stays where a change does not name it, and
// comes back in the one list of both kinds.
func TestTemplatesOfBothKinds(t *testing.T) {
	a := newAccount(t, simulator.Options{}, nil)
	of := a.application.ID
	call := Message{
		ApplicationID: of, Text: new("Olá {{pin}}"), PinType: new("NUMERIC"), PinLength: new(8), SenderID: new("18335550100"),
		Language: new("pt_br"), VoiceName: new("Camila"), RepeatDTMF: new("1#"), SpeechRate: new(0.75),
		Regional: json.RawMessage(`{"indiaDlt":{"principalEntityId":"1101","contentTemplateId":"1107","teleMarketerId":"1102"}}`),
	}
	mail := Message{
		ApplicationID: of, PinType: new("NUMERIC"), PinLength: new(8),
		EmailTemplateID: new(int64(1234)), From: new("Example <codes@example.com>"), LandingPageID: new("page"),
	}
	if !mail.IsEmail() || call.IsEmail() {
		t.Error("the kinds are not told apart")
	}
	var want []Message
	for _, m := range []Message{call, mail} {
		created, err := a.api.CreateMessage(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		m.ID = created.ID
		if diff := cmp.Diff(m, created); diff != "" {
			t.Errorf("created (-wanted +got):\n%s", diff)
		}
		want = append(want, m)
	}
	for i, change := range []Message{
		{Text: new("{{pin}}"), SpeechRate: new(1.25)},
		{EmailTemplateID: new(int64(99)), LandingPageID: new("other")},
	} {
		change.ID, change.ApplicationID = want[i].ID, of
		changed, err := a.api.UpdateMessage(t.Context(), change)
		if err != nil {
			t.Fatal(err)
		}
		if change.Text != nil {
			want[i].Text, want[i].SpeechRate = change.Text, change.SpeechRate
		} else {
			want[i].EmailTemplateID, want[i].LandingPageID = change.EmailTemplateID, change.LandingPageID
		}
		if diff := cmp.Diff(want[i], changed); diff != "" {
			t.Errorf("changed (-wanted +got):\n%s", diff)
		}
	}
	got, err := a.api.Messages(t.Context(), of)
	if diff := cmp.Diff(append([]Message{a.message}, want...), got); diff != "" || err != nil {
		t.Errorf("the list, %v (-want +got):\n%s", err, diff)
	}
}

// A throttle says how long, and nothing else of the kind does.
func TestProvisioningThrottle(t *testing.T) {
	for status, want := range map[int]time.Duration{http.StatusTooManyRequests: 42 * time.Second, http.StatusServiceUnavailable: 0} {
		api, err := NewProvisioner(serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "42")
			w.WriteHeader(status)
		}).URL, false, testKey)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(api.Close)
		_, err = api.CreateMessage(t.Context(), Message{ApplicationID: "A", EmailTemplateID: new(int64(1))})
		call, ok := errors.AsType[*CallError](err)
		if !ok || call.Status != status || call.RetryAfter != want || call.Operation != "create e-mail template" {
			t.Errorf("%d: got %+v, want a wait of %s", status, call, want)
		}
	}
}

// Nothing is ever deleted at the provider, so a list grows, far above the answer to a PIN's call.
func TestLongListOfTemplates(t *testing.T) {
	const many = 2000
	var list strings.Builder
	for i := range many {
		fmt.Fprintf(&list, `,{"messageId":"M%d","messageText":"%s{{pin}}"}`, i, strings.Repeat("x", 100))
	}
	api, err := NewProvisioner(serve(t, says(200, "["+list.String()[1:]+"]")).URL, false, testKey)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(api.Close)
	got, err := api.Messages(t.Context(), "A")
	if err != nil || len(got) != many || list.Len() < 2*maxAnswer {
		t.Errorf("%d of %d templates in %d bytes, %v", len(got), many, list.Len(), err)
	}
}
