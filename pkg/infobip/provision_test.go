package infobip

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

func TestProvisioning(t *testing.T) {
	a := newAccount(t, simulator.Options{}, nil)
	got, err := a.api.Application(t.Context(), a.application.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a.application, got); diff != "" || *got.Configuration.PinAttempts != 3 {
		t.Errorf("application (-created +read):\n%s", diff)
	}
	changed := a.application
	changed.Name, changed.Enabled = "renamed", new(false)
	changed.Configuration.PinAttempts = new(7)
	got, err = a.api.UpdateApplication(t.Context(), changed)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(changed, got); diff != "" {
		t.Errorf("application (-wanted +updated):\n%s", diff)
	}
	all, err := a.api.Applications(t.Context())
	if diff := cmp.Diff([]Application{changed}, all); diff != "" || err != nil {
		t.Errorf("applications, %v (-want +got):\n%s", err, diff)
	}

	wanted := a.message
	wanted.Text, wanted.SenderID, wanted.Language = new("{{pin}}!"), new("Example"), new("zh_tw")
	message, err := a.api.UpdateMessage(t.Context(), wanted)
	if diff := cmp.Diff(wanted, message); diff != "" || err != nil {
		t.Errorf("template, %v (-wanted +updated):\n%s", err, diff)
	}
	message, err = a.api.Message(t.Context(), a.application.ID, a.message.ID)
	if diff := cmp.Diff(wanted, message); diff != "" || err != nil {
		t.Errorf("template, %v (-updated +read):\n%s", err, diff)
	}
	messages, err := a.api.Messages(t.Context(), a.application.ID)
	if diff := cmp.Diff([]Message{wanted}, messages); diff != "" || err != nil {
		t.Errorf("templates, %v (-want +got):\n%s", err, diff)
	}
}

func TestProvisioningRefusals(t *testing.T) {
	a := newAccount(t, simulator.Options{}, nil)
	bad := a.application
	bad.Configuration.PinTimeToLive, bad.Configuration.VerifyPinLimit = new("2y"), new("1/2d")
	_, err := a.api.UpdateApplication(t.Context(), bad)
	call, ok := errors.AsType[*CallError](err)
	if !ok || call.Status != 400 || call.MessageID != "BAD_REQUEST" || !call.Sent {
		t.Fatalf("got %v, want a 400", err)
	}
	want := []string{
		"configuration.pinTimeToLive: must be a duration such as 10m",
		"configuration.verifyPinLimit: must not exceed 1d",
	}
	if !slices.Equal(call.Details, want) {
		t.Errorf("details %q, want %q", call.Details, want)
	}
	_, err = a.api.Message(t.Context(), a.application.ID, "../../x")
	if call, ok := errors.AsType[*CallError](err); !ok || call.Status != 404 {
		t.Errorf("got %v, want a 404", err)
	}
	for _, key := range []string{"", "two words"} {
		_, err = NewProvisioner("https://xxxxx.api.infobip.com", false, key)
		if err == nil {
			t.Errorf("the key %q is taken", key)
		}
	}
	_, err = NewProvisioner("http://xxxxx.api.infobip.com", false, testKey)
	if err == nil {
		t.Error("plain http to another machine is taken")
	}
}

// A PIN that Infobip might not make is not asked for.
func TestProvisioningPINLength(t *testing.T) {
	a := newAccount(t, simulator.Options{}, nil)
	before := len(a.Requests(""))
	for _, length := range []int{-1, 0, MaxPINLength + 1, 64} {
		m := a.message
		m.PinLength = &length
		_, created := a.api.CreateMessage(t.Context(), m)
		_, updated := a.api.UpdateMessage(t.Context(), m)
		for _, err := range []error{created, updated} {
			call, ok := errors.AsType[*CallError](err)
			if !ok || call.Sent || call.Reason != "not begun: a PIN has 1 to 8 characters" {
				t.Errorf("%d: got %v, want a call that is not begun", length, err)
			}
		}
	}
	if got := len(a.Requests("")); got != before {
		t.Errorf("%d calls reached the provider", got-before)
	}
	for _, length := range []int{1, MaxPINLength} {
		m := a.message
		m.PinLength = &length
		got, err := a.api.UpdateMessage(t.Context(), m)
		if err != nil || *got.PinLength != length {
			t.Errorf("%d: got %v", length, err)
		}
	}
}

// What is made must not be made twice, so it travels on a connection of its own.
func TestProvisioningDialsAnew(t *testing.T) {
	s := serve(t, says(201, `{"applicationId":"A","messageId":"M"}`))
	api, err := NewProvisioner(s.URL, false, testKey)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(api.Close)
	for range 2 {
		if _, err = api.CreateApplication(t.Context(), Application{Name: "a"}); err != nil {
			t.Fatal(err)
		}
		if _, err = api.CreateMessage(t.Context(), Message{}); err != nil {
			t.Fatal(err)
		}
		if _, err = api.Application(t.Context(), "A"); err != nil {
			t.Fatal(err)
		}
	}
	var alone []bool
	for _, r := range s.got() {
		alone = append(alone, r.header.Get("Connection") == "close")
	}
	if want := []bool{true, true, false, true, true, false}; !slices.Equal(alone, want) {
		t.Errorf("on connections of their own: %v, want %v", alone, want)
	}
}

// What the operator is told of a call that was refused.
func TestProvisioningReasons(t *testing.T) {
	for body, want := range map[string]string{
		`{"requestError":{"serviceException":{"messageId":"NOT_FOUND","text":"Not found"}}}`:                     "not known to the provider",
		`{"requestError":{"serviceException":{"messageId":"NOT_FOUND","text":"Requested URL not found: /2fa"}}}`: wrongURL.reason,
		`<html></html>`: notTheAPI.reason,
	} {
		api, err := NewProvisioner(serve(t, says(404, body)).URL, false, testKey)
		if err != nil {
			t.Fatal(err)
		}
		_, err = api.Applications(t.Context())
		if call, ok := errors.AsType[*CallError](err); !ok || call.Reason != want {
			t.Errorf("%s: got %v, want %s", body, err, want)
		}
		api.Close()
	}
}

// Both envelopes tell the operator the reasons, and nothing that could be a secret
// or a terminal's command.
func TestDetails(t *testing.T) {
	for body, want := range map[string][]string{
		`{"requestError":{"serviceException":{"messageId":"BAD_REQUEST","text":"Bad request"}}}`:                         {"Bad request"},
		`{"requestError":{"serviceException":{"validationErrors":{"b":["x","y"],"a":["z"]}}}}`:                           {"a: z", "b: x", "b: y"},
		`{"requestError":{"policyException":{"text":"no"}}}`:                                                             {"no"},
		`{"errorCode":"E400","description":"Bad","violations":[{"property":"name","violation":"is ` + testKey + `"},7]}`: {"name: is …"},
		`{"errorCode":"E400","description":"Bad\u001b[31m\n","violations":null}`:                                         {"Bad [31m "},
		`{"errorCode":"E400","description":"` + strings.Repeat("é", 300) + `"}`:                                          {strings.Repeat("é", 200) + "…"},
		`{"requestError":{"serviceException":{"validationErrors":{"a":[` + strings.Repeat(`"x",`, 20) + `"x"]}}}}`:       slices.Repeat([]string{"a: x"}, 10),
		`{"requestError":{"serviceException":{"validationErrors":["a"],"text":5}}}`:                                      nil,
		`<html></html>`: nil,
	} {
		got := readRefusal([]byte(body)).details([]string{testKey})
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", body, got, want)
		}
	}
}

// An id goes to a terminal and into a file of settings: it is one word, or the answer is none.
func TestIDsAreWords(t *testing.T) {
	ids := map[string]bool{
		"8F0792F86035A9F4290821F1EE6BC06A": true, strings.Repeat("A", maxPinID): true,
		"": false, "A\nB": false, "A\x1b[2J": false, "A B": false, "Ä": false, `A\`: false, "A'": false, "A,B": true, "A$(id)B": false, strings.Repeat("A", maxPinID+1): false,
	}
	for id, want := range ids {
		name, _ := json.Marshal(id)
		one := `{"applicationId":` + string(name) + `,"messageId":` + string(name) + `}`
		single, list := serve(t, says(200, one)), serve(t, says(200, "["+one+"]"))
		ask := func(url string, call func(*Provisioner) error) {
			api, err := NewProvisioner(url, false, testKey)
			if err != nil {
				t.Fatal(err)
			}
			defer api.Close()
			err = call(api)
			if failed, _ := errors.AsType[*CallError](err); (err == nil) != want || !want && failed.Reason != "the answer is not what the documentation has" {
				t.Errorf("%q: got %v, want it taken: %t", id, err, want)
			}
		}
		ask(single.URL, func(p *Provisioner) error { _, err := p.Application(t.Context(), "A"); return err })
		ask(single.URL, func(p *Provisioner) error { _, err := p.CreateMessage(t.Context(), Message{}); return err })
		ask(list.URL, func(p *Provisioner) error { _, err := p.Applications(t.Context()); return err })
		ask(list.URL, func(p *Provisioner) error { _, err := p.Messages(t.Context(), "A"); return err })
	}
}
